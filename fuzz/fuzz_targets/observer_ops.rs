//! Operations on a registry of listeners, and on a list of all registrations that is searched
//! from end to end.
//!
//! | record | operation |
//! | --- | --- |
//! | `a` event, `A` | add a listener to an event, to all; then `1` once, `f` in front |
//! | `o` n | take the n-th registration off |
//! | `e` event, `E`, `C` | take off those of an event, the catch-all ones, all |
//! | `r` event, `R` n | resolve an event, release the n-th handle |
//! | `s` event, `S` n | take a snapshot by name, by the n-th handle |
//! | `c` n m | call the first m live listeners of the n-th snapshot |
//! | `d` n | drop the n-th snapshot |
//! | `x` | go on with a clone |
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{Args, records};
use socketio_observer::{ListenerId, Observers, Resolved, Snapshot};
use std::collections::BTreeSet;

const EVENTS: u8 = 6;

fuzz_target!(|data: &[u8]| {
    let mut twins = Twins::default();
    for (letter, args) in records(data).filter_map(Args::of) {
        twins.apply(letter, args);
        twins.compare();
    }
    twins.release_all();
    twins.compare();
});

#[derive(Clone, Copy)]
struct Registration {
    number: usize,
    /// `None` listens to all.
    event: Option<u8>,
    once: bool,
}

#[derive(Default)]
struct Twins {
    observers: Observers<u8, usize>,
    ids: Vec<ListenerId>,
    snapshots: Vec<(Snapshot<usize>, Vec<Registration>)>,
    resolved: Vec<(Resolved, u8)>,
    /// In calling order.
    registered: Vec<Registration>,
    /// Listeners for one call that have had it.
    spent: BTreeSet<usize>,
}

impl Twins {
    fn apply(&mut self, letter: u8, mut args: Args<'_>) {
        match letter {
            b'a' => {
                let event = event(&mut args);
                self.add(Some(event), args);
            }
            b'A' => self.add(None, args),
            b'o' => self.off(args.digit()),
            b'e' => {
                let event = event(&mut args);
                self.observers.off_event(&event);
                self.registered.retain(|it| it.event != Some(event));
            }
            b'E' => {
                self.observers.off_any();
                self.registered.retain(|it| it.event.is_some());
            }
            b'C' => {
                self.observers.clear();
                self.registered.clear();
            }
            b'r' => {
                let event = event(&mut args);
                self.resolved.push((self.observers.resolve(event), event));
            }
            b'R' => {
                let n = args.digit();
                if n < self.resolved.len() {
                    let (resolved, _) = self.resolved.swap_remove(n);
                    self.observers.release(resolved);
                }
            }
            b's' => {
                let event = event(&mut args);
                self.snapshots
                    .push((self.observers.snapshot(&event), self.called_by(event)));
            }
            b'S' => {
                if let Some((resolved, event)) = self.resolved.get(args.digit()) {
                    let snapshot = self.observers.snapshot_of(resolved);
                    self.snapshots.push((snapshot, self.called_by(*event)));
                }
            }
            b'c' => self.call(args.digit(), args.digit()),
            b'd' => {
                let n = args.digit();
                if n < self.snapshots.len() {
                    self.snapshots.swap_remove(n);
                }
            }
            b'x' => self.observers = self.observers.clone(),
            _ => {}
        }
    }

    fn add(&mut self, event: Option<u8>, mut args: Args<'_>) {
        let (once, mut front) = (args.flag(b'1'), args.flag(b'f'));
        let number = self.ids.len();
        let observers = &mut self.observers;
        self.ids.push(match (event, once, front) {
            (Some(event), false, false) => observers.on(event, number),
            (Some(event), true, false) => observers.once(event, number),
            (Some(event), false, true) => observers.prepend(event, number),
            (Some(event), true, true) => observers.prepend_once(event, number),
            (None, false, false) => observers.on_any(number),
            (None, false, true) => observers.prepend_any(number),
            (None, true, _) => {
                front = false;
                observers.once_any(number)
            }
        });
        let place = if front { 0 } else { self.registered.len() };
        let registration = Registration {
            number,
            event,
            once,
        };
        self.registered.insert(place, registration);
    }

    fn off(&mut self, number: usize) {
        let Some(id) = self.ids.get(number) else {
            return;
        };
        let was_there = self.live().any(|it| it.number == number);
        assert_eq!(self.observers.off(*id), was_there);
        assert!(!self.observers.off(*id), "off once");
        self.registered.retain(|it| it.number != number);
    }

    fn call(&mut self, snapshot: usize, max: usize) {
        let Some((snapshot, expected)) = self.snapshots.get(snapshot) else {
            return;
        };
        let mut called = Vec::new();
        for listener in snapshot.iter().take(max) {
            called.push(*listener);
        }
        let left = expected
            .iter()
            .filter(|it| !self.spent.contains(&it.number));
        let expected_calls: Vec<_> = left.take(max).copied().collect();
        assert!(called.iter().eq(expected_calls.iter().map(|it| &it.number)));
        let once = expected_calls.iter().filter(|it| it.once);
        self.spent.extend(once.map(|it| it.number));
        let is_empty = expected.iter().all(|it| self.spent.contains(&it.number));
        assert_eq!(snapshot.is_empty(), is_empty);
    }

    fn live(&self) -> impl Iterator<Item = &Registration> {
        self.registered
            .iter()
            .filter(|it| !self.spent.contains(&it.number))
    }

    fn of(&self, event: Option<u8>) -> impl Iterator<Item = &Registration> {
        self.live().filter(move |it| it.event == event)
    }

    fn called_by(&self, event: u8) -> Vec<Registration> {
        self.of(None).chain(self.of(Some(event))).copied().collect()
    }

    fn compare(&self) {
        let mut named = Vec::new();
        for event in 0..EVENTS {
            let count = self.of(Some(event)).count();
            assert_eq!(self.observers.listener_count(&event), count);
            if count > 0 {
                named.push(event);
            }
        }
        assert!(self.observers.events().eq(&named));
        assert_eq!(self.observers.any_count(), self.of(None).count());
        assert_eq!(self.observers.len(), self.live().count());
        assert_eq!(self.observers.is_empty(), self.live().next().is_none());
    }

    fn release_all(&mut self) {
        for (resolved, _) in self.resolved.drain(..) {
            self.observers.release(resolved);
        }
    }
}

fn event(args: &mut Args<'_>) -> u8 {
    (args.digit() % usize::from(EVENTS)) as u8
}
