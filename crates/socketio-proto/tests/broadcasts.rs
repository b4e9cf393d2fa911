//! One event for many: who gets it, in what form, and who answers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use client::{Client, answer, event, millis, namespace, secs};
use engineio_proto::config::ServerConfig;
use engineio_proto::{CloseReason, Frame};
use socketio_proto::acks::RequestId;
use socketio_proto::broadcast::{Draft, Flags};
use socketio_proto::rooms::{Member, Room, Target};
use socketio_proto::server::{
    Config, Delivery, Event, NamespaceCore, NamespaceEvent, NamespaceLimits, Share, Socket,
};
use socketio_proto::{AckId, EmitError, Instant, Json, Payload, SocketId, Text};
use std::sync::Arc;
use std::time::Duration;

/// The namespace `/chat` with its clients, by place of their members: a small adapter.
struct Chat {
    core: NamespaceCore,
    clients: Vec<(Client, Socket, Member)>,
    now: Instant,
}

impl Chat {
    fn with(clients: usize) -> Self {
        Self::with_limits(clients, NamespaceLimits::default())
    }

    fn with_limits(clients: usize, limits: NamespaceLimits) -> Self {
        let core = NamespaceCore::new(namespace("/chat"), Arc::new(Json), limits);
        let mut chat = Self {
            core,
            clients: Vec::new(),
            now: Instant::ZERO,
        };
        for _ in 0..clients {
            chat.enter(Client::new());
        }
        chat
    }

    fn enter(&mut self, mut client: Client) -> Member {
        let socket = client.join("/chat");
        let member = self
            .core
            .admit(&SocketId(Text::from(format!("id{}", self.clients.len()))));
        self.core.register(member);
        self.clients.push((client, socket, member));
        member
    }

    fn join(&mut self, client: usize, room: &str) {
        let (_, _, member) = self.clients[client];
        self.core.join(member, Room::from(room)).unwrap();
    }

    fn broadcast(&mut self, payload: Payload, target: Target, flags: Flags) -> Option<RequestId> {
        let draft = Draft {
            payload,
            target,
            flags,
        };
        let request = self.core.broadcast(draft, self.now).unwrap();
        self.deliver();
        request
    }

    fn deliver(&mut self) {
        while let Some((member, delivery)) = self.core.poll_delivery() {
            let Delivery::Encoded { encoded, how } = delivery else {
                unreachable!()
            };
            let ack = how.ack;
            let (client, socket, _) = self
                .clients
                .iter_mut()
                .find(|(_, _, of)| *of == member)
                .unwrap();
            let result =
                client.apply(|connection, _| connection.emit_encoded(*socket, encoded, &how));
            if let (Err(_), Some((_, request))) = (result, ack) {
                self.core.handle_undelivered(request, member);
            }
        }
    }

    /// Carries the clients' events to the namespace.
    fn collect(&mut self) {
        for (client, _, member) in &mut self.clients {
            for event in client.events() {
                match event {
                    Event::BroadcastAcked {
                        request, payload, ..
                    } => {
                        self.core.handle_ack(request, *member, payload, self.now);
                    }
                    Event::Disconnected { .. } => self.core.remove(*member, self.now),
                    _ => {}
                }
            }
        }
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
        for (client, ..) in &mut self.clients {
            client.advance(by);
        }
        self.core.handle_timeout(self.now);
    }

    fn received(&mut self) -> Vec<Vec<String>> {
        self.clients
            .iter_mut()
            .map(|(client, ..)| client.received())
            .collect()
    }

    /// The end of a broadcast with acknowledgements, if that is all there is to tell.
    fn responses(&mut self) -> Option<(RequestId, Vec<String>, usize)> {
        let NamespaceEvent::Responses {
            request,
            responses,
            missing,
        } = self.core.poll_event()?
        else {
            unreachable!()
        };
        let json = |payload: &Payload| payload.as_json().unwrap().to_owned();
        Some((request, responses.iter().map(json).collect(), missing))
    }
}

fn rooms(rooms: &[&str], except: &[&str]) -> Target {
    let rooms = rooms.iter().map(|&room| Room::from(room)).collect();
    Target {
        rooms,
        except: except.iter().map(|&room| Room::from(room)).collect(),
    }
}

fn everybody() -> Target {
    Target::default()
}

fn acks(within: Duration) -> Flags {
    Flags::default().ack(Some(within))
}

const NOTHING: [&str; 0] = [];

#[test]
fn everybody_or_a_room_or_all_but_some() {
    let mut chat = Chat::with(3);
    chat.join(0, "lobby");
    chat.join(1, "lobby");
    chat.broadcast(event("a", 1), everybody(), Flags::default());
    chat.broadcast(event("b", 2), rooms(&["lobby"], &[]), Flags::default());
    chat.broadcast(event("c", 3), rooms(&["lobby"], &["id0"]), Flags::default());
    chat.broadcast(
        event("d", 4),
        rooms(&["lobby", "id2"], &[]),
        Flags::default(),
    );
    let [a, b, c, d] = [
        r#"42/chat,["a",1]"#,
        r#"42/chat,["b",2]"#,
        r#"42/chat,["c",3]"#,
        r#"42/chat,["d",4]"#,
    ];
    assert_eq!(
        chat.received(),
        [vec![a, b, d], vec![a, b, c, d], vec![a, d]]
    );
}

#[test]
fn sb_11_attachments_follow_their_header_whoever_else_emits() {
    let mut chat = Chat::with(2);
    let bytes = serde_bytes::Bytes::new(&[1, 2]);
    for _ in 0..2 {
        chat.broadcast(event("file", (bytes, bytes)), everybody(), Flags::default());
        chat.broadcast(event("text", ()), everybody(), Flags::default());
    }
    let header =
        r#"452-/chat,["file",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    let once = [header, "<bin 0102>", "<bin 0102>", r#"42/chat,["text"]"#];
    assert_eq!(
        chat.received(),
        [[once, once].concat(), [once, once].concat()]
    );
}

#[test]
fn the_packet_is_encoded_once_and_shared() {
    let mut chat = Chat::with(3);
    let draft = Draft {
        payload: event("a", "long"),
        target: everybody(),
        flags: Flags::default(),
    };
    chat.core.broadcast(draft, chat.now).unwrap();
    let mut texts = Vec::new();
    while let Some((_, Delivery::Encoded { encoded, .. })) = chat.core.poll_delivery() {
        let Frame::Text(text) = encoded.messages()[0].clone().into_frame() else {
            unreachable!()
        };
        texts.push(text);
    }
    let places: Vec<_> = texts.iter().map(|text| text.as_str().as_ptr()).collect();
    assert_eq!(places, [places[0]; 3], "the same bytes in the same place");
}

#[test]
fn a_socket_in_the_middleware_phase_gets_no_broadcast() {
    let mut chat = Chat::with(1);
    let mut client = Client::new();
    let socket = client.knock("/chat");
    let member = chat.core.admit(&SocketId(Text::from("new")));
    chat.core.join(member, Room::from("lobby")).unwrap();
    chat.clients.push((client, socket, member));
    chat.broadcast(event("a", ()), rooms(&["lobby"], &[]), Flags::default());
    chat.broadcast(event("b", ()), everybody(), Flags::default());
    assert_eq!(chat.received()[1], NOTHING);

    chat.core.register(member);
    assert!(chat.clients[1].0.accept(socket));
    chat.broadcast(event("c", ()), rooms(&["lobby"], &[]), Flags::default());
    assert_eq!(
        chat.received()[1],
        [r#"40/chat,{"sid":"id0"}"#, r#"42/chat,["c"]"#]
    );
}

#[test]
fn a_volatile_broadcast_passes_over_the_busy() {
    let mut chat = Chat::with(2);
    chat.broadcast(event("a", ()), rooms(&["id0"], &[]), Flags::default());
    chat.broadcast(event("v", ()), everybody(), Flags::default().volatile(true));
    let [a, v] = [r#"42/chat,["a"]"#, r#"42/chat,["v"]"#];
    assert_eq!(chat.received(), [vec![a], vec![v]]);
}

#[test]
fn sr_02_a_broadcast_goes_to_those_who_were_there_when_it_was_made() {
    let mut chat = Chat::with(3);
    chat.join(0, "r");
    chat.join(1, "r");
    let draft = Draft {
        payload: event("a", ()),
        target: rooms(&["r", "id0"], &[]),
        flags: Flags::default(),
    };
    chat.core.broadcast(draft, chat.now).unwrap();
    chat.join(2, "r");
    let (_, _, leaving) = chat.clients[0];
    chat.core.leave(leaving, &Room::from("r"));
    let (_, _, gone) = chat.clients[1];
    chat.core.remove(gone, chat.now);
    // The place of the one that is gone is taken by another.
    let heir = chat.enter(Client::new());
    assert_eq!(heir.index(), gone.index());

    chat.deliver();
    let a = [r#"42/chat,["a"]"#];
    assert_eq!(chat.received(), [&a[..], &NOTHING, &NOTHING, &NOTHING]);
}

#[test]
fn all_sockets_see_broadcasts_in_one_order() {
    let mut chat = Chat::with(2);
    for n in 0..3 {
        let draft = Draft {
            payload: event("n", n),
            target: everybody(),
            flags: Flags::default(),
        };
        chat.core.broadcast(draft, chat.now).unwrap();
    }
    chat.deliver();
    let received = chat.received();
    assert_eq!(
        received[0],
        [0, 1, 2].map(|n| format!(r#"42/chat,["n",{n}]"#))
    );
    assert_eq!(received[0], received[1]);
}

#[test]
fn sr_05_a_slow_reader_is_closed_and_the_others_go_on() {
    let mut chat = Chat::with(1);
    let engine = ServerConfig::default().max_buffered(300);
    chat.enter(Client::with_engine(Config::default(), engine));
    for n in 0..100 {
        chat.broadcast(event("n", (n, "some text")), everybody(), Flags::default());
        chat.clients[0].0.received();
    }
    assert!(chat.clients[0].0.events().is_empty());
    let events = chat.clients[1].0.events();
    assert!(
        matches!(
            events.as_slice(),
            [
                Event::Disconnected { .. },
                Event::Closed(CloseReason::Overflow)
            ]
        ),
        "{events:?}"
    );
    chat.clients[1].0.assert_gone();
}

#[test]
fn every_receiver_answers_once() {
    let mut chat = Chat::with(3);
    let request = chat.broadcast(event("q", ()), everybody(), acks(secs(5)));
    assert_eq!(
        chat.received(),
        [[r#"42/chat,0["q"]"#]; 3],
        "one id for all"
    );
    chat.clients[2].0.send(r#"43/chat,0["two"]"#);
    chat.clients[2].0.send(r#"43/chat,0["again"]"#);
    chat.clients[0].0.send(r#"43/chat,0["zero"]"#);
    chat.collect();
    assert_eq!(chat.responses(), None);
    assert_eq!(chat.core.poll_timeout(), Some(Instant::ZERO + secs(5)));

    chat.clients[1].0.send("43/chat,0[]");
    chat.collect();
    let [zero, one, two] = [r#"["zero"]"#, "[]", r#"["two"]"#].map(str::to_owned);
    assert_eq!(
        chat.responses(),
        Some((request.unwrap(), vec![zero, two, one], 0))
    );
    assert_eq!(
        (chat.core.pending_broadcasts(), chat.core.poll_timeout()),
        (0, None)
    );
}

#[test]
fn the_namespace_ignores_answers_that_nobody_waits_for() {
    let mut chat = Chat::with(2);
    chat.enter(Client::new());
    let asked = rooms(&["id0", "id1"], &[]);
    let request = chat
        .broadcast(event("q", ()), asked, acks(secs(5)))
        .unwrap();
    let [asked, slow, other] = [0, 1, 2].map(|client: usize| chat.clients[client].2);
    chat.core
        .handle_ack(request, other, answer("not asked"), chat.now);
    chat.core.handle_ack(request, asked, answer(1), chat.now);
    chat.core
        .handle_ack(request, asked, answer("again"), chat.now);
    assert_eq!(chat.responses(), None);
    chat.core.handle_ack(request, slow, answer(2), chat.now);
    let answers = vec!["[1]".to_owned(), "[2]".to_owned()];
    assert_eq!(chat.responses(), Some((request, answers, 0)));
    chat.core.handle_ack(request, asked, answer(2), chat.now);
    chat.core.handle_undelivered(request, asked);
    assert_eq!(chat.responses(), None, "it is over");
}

#[test]
fn sa_05_without_receivers_the_answer_is_at_once_and_empty() {
    let mut chat = Chat::with(1);
    let request = chat.broadcast(event("q", ()), rooms(&["nobody"], &[]), acks(secs(5)));
    assert_eq!(chat.responses(), Some((request.unwrap(), vec![], 0)));
    assert_eq!(chat.core.poll_timeout(), None);
}

#[test]
fn sa_05_who_leaves_is_missing_and_blocks_nobody() {
    let mut chat = Chat::with(3);
    let request = chat
        .broadcast(event("q", ()), everybody(), acks(secs(5)))
        .unwrap();
    chat.enter(Client::new());
    chat.clients[0].0.send("43/chat,0[0]");
    chat.clients[1].0.cut();
    chat.collect();
    assert_eq!(
        chat.responses(),
        None,
        "one is still expected, and who came later is not"
    );
    chat.clients[2].0.send("41/chat,");
    chat.collect();
    assert_eq!(chat.responses(), Some((request, vec!["[0]".to_owned()], 2)));
    for client in 0..3 {
        assert_eq!(chat.clients[client].0.peer.connection().pending_acks(), 0);
    }
}

#[test]
fn sa_05_in_the_end_the_silent_are_missing() {
    let mut chat = Chat::with(2);
    let request = chat
        .broadcast(event("q", ()), everybody(), acks(secs(5)))
        .unwrap();
    chat.clients[0].0.send("43/chat,0[0]");
    chat.collect();
    chat.advance(secs(5) - millis(1));
    assert_eq!(chat.responses(), None);
    chat.advance(millis(1));
    assert_eq!(chat.responses(), Some((request, vec!["[0]".to_owned()], 1)));
    assert_eq!(
        chat.clients[1].0.peer.connection().pending_acks(),
        0,
        "forgotten there, too"
    );
    chat.clients[1].0.send("43/chat,0[1]");
    chat.collect();
    assert_eq!(chat.responses(), None, "too late");
}

#[test]
fn an_answer_after_the_deadline_is_too_late_even_if_the_timer_is_late() {
    let mut chat = Chat::with(1);
    let request = chat
        .broadcast(event("q", ()), everybody(), acks(secs(5)))
        .unwrap();
    let (_, _, member) = chat.clients[0];
    chat.core
        .handle_ack(request, member, answer(1), Instant::ZERO + secs(5));
    assert_eq!(chat.responses(), Some((request, vec![], 1)));
}

#[test]
fn a_receiver_that_did_not_get_the_question_is_not_waited_for() {
    let mut chat = Chat::with(2);
    let flags = acks(secs(5)).volatile(true);
    chat.broadcast(event("a", ()), rooms(&["id1"], &[]), Flags::default());
    let request = chat.broadcast(event("q", ()), everybody(), flags).unwrap();
    chat.clients[0].0.send("43/chat,0[0]");
    chat.collect();
    assert_eq!(chat.responses(), Some((request, vec!["[0]".to_owned()], 1)));
}

#[test]
fn questions_to_one_and_to_many_share_a_counter() {
    let mut chat = Chat::with(1);
    assert_eq!(chat.core.next_ack(), AckId(0));
    chat.broadcast(event("a", ()), everybody(), Flags::default());
    chat.broadcast(event("q", ()), everybody(), acks(secs(5)));
    assert_eq!(chat.core.next_ack(), AckId(2));
    let broken = Draft {
        payload: answer(1),
        target: everybody(),
        flags: acks(secs(5)),
    };
    assert!(chat.core.broadcast(broken, chat.now).is_err());
    assert_eq!(
        chat.core.next_ack(),
        AckId(3),
        "what cannot be encoded uses no id"
    );
    assert_eq!(chat.received(), [[r#"42/chat,["a"]"#, r#"42/chat,1["q"]"#]]);
}

#[test]
fn broadcasts_that_wait_are_limited() {
    let mut chat = Chat::with_limits(1, NamespaceLimits::default().max_pending_broadcasts(2));
    let long = chat
        .broadcast(event("q", 0), everybody(), acks(secs(9)))
        .unwrap();
    let short = chat
        .broadcast(event("q", 1), everybody(), acks(secs(1)))
        .unwrap();
    assert_eq!(chat.core.pending_broadcasts(), 2);
    chat.broadcast(event("q", 2), everybody(), acks(secs(5)));
    assert_eq!(
        chat.responses(),
        Some((short, vec![], 1)),
        "the one with the least time left"
    );
    chat.clients[0].0.send("43/chat,0[0]");
    chat.collect();
    assert_eq!(chat.responses(), Some((long, vec!["[0]".to_owned()], 0)));
}

#[test]
fn a_client_that_answers_nothing_is_not_asked_for_ever() {
    let mut chat = Chat::with(0);
    chat.enter(Client::with(Config::default().max_pending_acks(3)));
    for _ in 0..10 {
        chat.broadcast(event("q", ()), everybody(), acks(secs(5)));
    }
    assert_eq!(chat.received()[0].len(), 3);
    let ended = std::iter::from_fn(|| chat.responses()).count();
    assert_eq!(ended, 7, "those that were not sent are over at once");
    chat.advance(secs(5));
    assert_eq!(chat.clients[0].0.peer.connection().pending_acks(), 0);
}

#[test]
fn a_socket_that_has_left_takes_no_broadcast() {
    let mut chat = Chat::with(1);
    let (client, socket, _) = &mut chat.clients[0];
    let draft = Draft {
        payload: event("a", ()),
        target: everybody(),
        flags: Flags::default(),
    };
    chat.core.broadcast(draft, chat.now).unwrap();
    client.apply(|connection, _| connection.disconnect(*socket, false));
    let Some((_, Delivery::Encoded { encoded, .. })) = chat.core.poll_delivery() else {
        panic!("the namespace has not heard yet");
    };
    let result = client.apply(|it, _| it.emit_encoded(*socket, encoded, &Share::default()));
    assert_eq!(result, Err(EmitError::NotConnected));
    assert_eq!(client.received(), ["41/chat,"]);
}

#[test]
fn members_are_known_by_their_id_while_they_are_there() {
    let mut chat = Chat::with(1);
    let (_, _, member) = chat.clients[0];
    assert_eq!(chat.core.id(member).map(SocketId::as_str), Some("id0"));
    assert_eq!(chat.core.select(&rooms(&["id0"], &[])), [member]);
    chat.core.remove(member, chat.now);
    assert_eq!(chat.core.id(member), None);
    assert_eq!(chat.core.select(&everybody()), []);
    assert!(chat.core.rooms().is_empty());
}
