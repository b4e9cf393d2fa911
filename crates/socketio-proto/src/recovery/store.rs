//! The log of a namespace, and the sessions of its sockets.

use super::log::{Audience, Bounds, Log, cloned, total, weight};
use super::sessions::{Places, Saved, Sessions, is_late};
use super::{Claim, Config, Failure, PrivateId};
use crate::rooms::{Member, Room};
use crate::server::Credit;
use crate::{Encoded, Instant, SocketId, Value};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What recovery keeps of one namespace: the events that went out, and the sessions of the sockets
/// that are here or were a short while ago.
///
/// Make one for each namespace and give it to
/// [`NamespaceCore::with_recovery`](crate::server::NamespaceCore::with_recovery), which does all
/// else with it.
#[derive(Debug)]
pub struct Store {
    config: Config,
    log: Log,
    saved: Sessions,
    /// By place of the member.
    here: Vec<Option<Here>>,
    /// The sockets that are here, by private id and by id.
    by_private: BTreeMap<PrivateId, Member>,
    by_id: BTreeMap<SocketId, Member>,
    /// The end of the log, as far as a session has been told it: up to there places are taken.
    told: u64,
    /// To whom the newest event went that may be retracted, and where that session was before.
    unsure: Option<(Member, u64)>,
    cleanup: Option<Instant>,
}

/// The session of a socket that is here.
#[derive(Debug)]
struct Here {
    member: Member,
    id: SocketId,
    private: PrivateId,
    places: Places,
    entry: Entry,
}

#[derive(Debug)]
enum Entry {
    /// Its middlewares run. There is nothing to save yet.
    Fresh,
    /// It claimed a saved session, which goes back if it is not let in; it has seen the log up
    /// to `from`.
    Returning { from: u64, saved: Saved },
    /// It gets events.
    Joined,
}

/// What became of a claim.
pub(crate) enum Granted {
    /// The session, for a member that is to be [bound](Store::bind).
    Session(Returning),
    /// Its socket is still here.
    Occupied(Member),
    Failed(Failure),
}

/// A session that has left the store for its client.
pub(crate) struct Returning {
    private: PrivateId,
    from: u64,
    saved: Saved,
}

impl Returning {
    pub(crate) fn private(&self) -> &PrivateId {
        &self.private
    }

    pub(crate) fn id(&self) -> &SocketId {
        &self.saved.id
    }

    pub(crate) fn data(&self) -> &Value {
        &self.saved.data
    }

    pub(crate) fn rooms(&self) -> &[Room] {
        &self.saved.rooms
    }
}

/// How long what is due for removal may stay, so that it is removed in batches. Nobody can tell,
/// as ages are looked at, too, when a session is claimed.
const CLEANUP: Duration = Duration::from_secs(10);

impl Store {
    /// An empty store. `tag` is a random number: offsets of other stores, on other servers or
    /// before a restart, are told by it. It is no secret.
    pub fn new(config: Config, tag: u64) -> Self {
        Self {
            config,
            log: Log::new(tag),
            saved: Sessions::default(),
            here: Vec::new(),
            by_private: BTreeMap::new(),
            by_id: BTreeMap::new(),
            told: 0,
            unsure: None,
            cleanup: None,
        }
    }

    /// Its limits.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Events in the log.
    pub fn packets(&self) -> usize {
        self.log.len()
    }

    /// Bytes of the log.
    pub fn packet_bytes(&self) -> usize {
        self.log.bytes()
    }

    /// Sessions that wait for their clients.
    pub fn sessions(&self) -> usize {
        self.saved.len()
    }

    /// Bytes of these sessions.
    pub fn session_bytes(&self) -> usize {
        self.saved.bytes()
    }

    /// The session of a fresh socket, which is not let in yet.
    pub(crate) fn open(&mut self, member: Member, id: SocketId, private: PrivateId) {
        self.enter(Here {
            member,
            id,
            private,
            places: Places::default(),
            entry: Entry::Fresh,
        });
    }

    /// The session that is claimed, if what was missed fits into `room`.
    pub(crate) fn claim(&mut self, claim: &Claim, room: Credit, now: Instant) -> Granted {
        let Claim { private, offset } = claim;
        if let Some(&member) = self.by_private.get(private) {
            return Granted::Occupied(member);
        }
        let Some(saved) = self.saved.take(private) else {
            return Granted::Failed(self.saved.why_over(private));
        };
        match self.first_missed(&saved, offset.as_deref(), room, now) {
            Ok(from) => Granted::Session(Returning {
                private: private.clone(),
                from,
                saved,
            }),
            Err(why) => {
                self.saved.end(private.clone(), why, &self.config);
                Granted::Failed(why)
            }
        }
    }

    /// The member to whom a claimed session goes.
    pub(crate) fn bind(&mut self, member: Member, returning: Returning) {
        let Returning {
            private,
            from,
            saved,
        } = returning;
        self.enter(Here {
            member,
            id: saved.id.clone(),
            private,
            places: saved.places,
            entry: Entry::Returning { from, saved },
        });
    }

    /// The socket is let in: it gets what it has missed, and events from now on.
    ///
    /// `None`: the log has forgotten some of that while middlewares ran.
    pub(crate) fn join(&mut self, member: Member) -> Option<Vec<Encoded>> {
        let place = self.here.get_mut(member.index());
        let Some(here) = place.and_then(Option::as_mut) else {
            return Some(Vec::new());
        };
        let missed = match &here.entry {
            Entry::Fresh => {
                let end = self.log.end();
                self.told = end;
                here.places = Places {
                    since: end,
                    sent: end,
                };
                Vec::new()
            }
            Entry::Returning { from, .. } if *from < self.log.start() => return None,
            Entry::Returning { from, saved } => {
                let missed = self.log.missed(*from, &saved.id, &saved.rooms);
                let (behind, packets) = cloned(missed);
                here.places.sent = here.places.sent.max(behind.unwrap_or_default());
                packets
            }
            Entry::Joined => Vec::new(),
        };
        here.entry = Entry::Joined;
        Some(missed)
    }

    /// Whether events for this id reach a socket, now or when it is back; and the member that is
    /// to be told now, if there is one.
    pub(crate) fn find(&self, id: &SocketId) -> Option<Option<Member>> {
        match self.by_id.get(id) {
            Some(&member) => {
                let here = self.here(member)?;
                // It gets all that it has missed in one go, when it is let in.
                let is_waiting = matches!(here.entry, Entry::Returning { .. });
                Some((!is_waiting).then_some(member))
            }
            None => self.saved.contains(id).then_some(None),
        }
    }

    /// The offset that the next event has to carry.
    pub(crate) fn next_offset(&self) -> String {
        self.log.next_offset()
    }

    /// Records an event for the one socket with this id: for a member that is there, to whom it may
    /// turn out not to go, or for one that is awaited. False: for that one no more than `max` bytes
    /// are kept.
    pub(crate) fn direct(
        &mut self,
        id: &SocketId,
        to: Option<Member>,
        encoded: Encoded,
        max: usize,
        now: Instant,
    ) -> bool {
        // Before, and not behind: what does not go out must cost no other event its place.
        self.log.trim(&bounds(&self.config), now);
        let audience = Audience::Only(id.clone());
        if to.is_none() && !self.keep(id, weight(&audience, &encoded), max) {
            return false;
        }
        self.log.push(audience, encoded, now);
        let end = self.log.end();
        let here = to.and_then(|member| self.here.get_mut(member.index())?.as_mut());
        self.unsure =
            here.map(|here| (here.member, core::mem::replace(&mut here.places.sent, end)));
        self.plan_cleanup(now);
        true
    }

    /// Counts what waits for one socket that is away.
    fn keep(&mut self, id: &SocketId, bytes: usize, max: usize) -> bool {
        let member = self.by_id.get(id);
        let here = member.and_then(|member| self.here.get_mut(member.index())?.as_mut());
        let saved = match here.map(|here| &mut here.entry) {
            Some(Entry::Returning { saved, .. }) => Some(saved),
            _ => self.saved.of(id),
        };
        let Some(saved) = saved.filter(|saved| saved.kept + bytes <= max) else {
            return false;
        };
        saved.kept += bytes;
        true
    }

    /// Records an event that goes out to these members now.
    pub(crate) fn record(
        &mut self,
        audience: Audience,
        encoded: Encoded,
        members: &[Member],
        now: Instant,
    ) {
        self.log.push(audience, encoded, now);
        let end = self.log.end();
        for member in members {
            if let Some(Some(here)) = self.here.get_mut(member.index()) {
                here.places.sent = end;
            }
        }
        self.log.trim(&bounds(&self.config), now);
        self.plan_cleanup(now);
    }

    /// Takes the newest event back, which did not go out. If a session has counted it among those
    /// before its time its place is left, or the next event would be missed there.
    pub(crate) fn retract(&mut self) {
        if let Some((member, sent)) = self.unsure.take()
            && let Some(Some(here)) = self.here.get_mut(member.index())
            && here.member == member
        {
            here.places.sent = sent;
        }
        self.log.retract(self.told >= self.log.end());
    }

    /// A socket has gone whose client may come back.
    pub(crate) fn save(&mut self, member: Member, mut rooms: Vec<Room>, data: Value, now: Instant) {
        let Some(here) = self.leave(member) else {
            return;
        };
        if !matches!(here.entry, Entry::Joined) {
            return self.put_back(here, now);
        }
        rooms.sort_unstable();
        self.told = self.log.end();
        let saved = Saved {
            id: here.id,
            rooms,
            data,
            places: here.places,
            at: now,
            left: self.told,
            ticket: self.saved.ticket(),
            kept: 0,
        };
        self.saved.insert(here.private, saved, &self.config);
        self.plan_cleanup(now);
    }

    /// A socket has gone for good, or was not let in.
    pub(crate) fn forget(&mut self, member: Member, now: Instant) {
        let Some(here) = self.leave(member) else {
            return;
        };
        match here.entry {
            Entry::Joined => self.saved.end(here.private, Failure::Ended, &self.config),
            Entry::Fresh | Entry::Returning { .. } => self.put_back(here, now),
        }
    }

    /// Drops what is too old.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.cleanup.is_some_and(|at| at <= now) {
            self.cleanup = None;
            self.saved.expire(now, &self.config);
            self.log.trim(&bounds(&self.config), now);
            self.plan_cleanup(now);
        }
    }

    /// When there is something to drop.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.cleanup
    }

    /// From where on the log has what the client has missed.
    fn first_missed(
        &self,
        saved: &Saved,
        offset: Option<&str>,
        room: Credit,
        now: Instant,
    ) -> Result<u64, Failure> {
        if is_late(saved.at, now, &self.config) {
            return Err(Failure::Expired);
        }
        let seen = match offset {
            Some(offset) => {
                let place = self.log.place_behind(offset);
                place.ok_or(Failure::UnknownOffset)?
            }
            None => 0,
        };
        // What came before the session is no business of it.
        let seen = seen.max(saved.places.since);
        let from = if seen < saved.places.sent {
            seen
        } else {
            seen.max(saved.left)
        };
        if from < self.log.start() {
            return Err(Failure::LogTrimmed);
        }
        let missed = self.log.missed(from, &saved.id, &saved.rooms);
        let (bytes, messages) = total(missed.map(|(_, encoded)| encoded));
        if bytes > room.room_bytes || messages > room.room_packets {
            return Err(Failure::TooMuch);
        }
        Ok(from)
    }

    fn enter(&mut self, here: Here) {
        let member = here.member;
        self.by_private.insert(here.private.clone(), member);
        self.by_id.insert(here.id.clone(), member);
        if self.here.len() <= member.index() {
            self.here.resize_with(member.index() + 1, || None);
        }
        if let Some(place) = self.here.get_mut(member.index()) {
            *place = Some(here);
        }
    }

    fn leave(&mut self, member: Member) -> Option<Here> {
        self.here(member)?;
        let here = self.here.get_mut(member.index())?.take()?;
        self.by_private.remove(&here.private);
        self.by_id.remove(&here.id);
        Some(here)
    }

    /// The session of a socket that was not let in waits on, as before.
    fn put_back(&mut self, here: Here, now: Instant) {
        if let Entry::Returning { saved, .. } = here.entry {
            self.saved.insert(here.private, saved, &self.config);
            self.plan_cleanup(now);
        }
    }

    fn here(&self, member: Member) -> Option<&Here> {
        let here = self.here.get(member.index())?.as_ref()?;
        (here.member == member).then_some(here)
    }

    fn plan_cleanup(&mut self, now: Instant) {
        if self.cleanup.is_some() {
            return;
        }
        let sessions = self.saved.oldest();
        let sessions = sessions.map(|at| at + self.config.max_disconnection_duration);
        let packets = self.log.oldest().map(|at| at + self.config.packet_age());
        let first = sessions.into_iter().chain(packets).min();
        self.cleanup = first.map(|at| at.max(now) + CLEANUP);
    }
}

fn bounds(config: &Config) -> Bounds {
    Bounds {
        packets: config.max_packets,
        bytes: config.max_packet_bytes,
        age: config.packet_age(),
    }
}
