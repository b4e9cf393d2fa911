//! Servers that say whatever they like.

use crate::support::{Client, event, plain, secs, with_ack};
use engineio_proto::Transport;
use engineio_proto::client::{ClientConfig, Command};
use engineio_proto::http::Method;
use proptest::prelude::*;
use socketio_proto::client::{Auth, ClientEvent, Config, Event, Manager, SocketOptions};
use socketio_proto::{Instant, Json, Limits};
use std::sync::Arc;

/// A client that polls, connecting to `/`.
fn polling() -> Manager {
    let engine = ClientConfig::default().transports([Transport::Polling]);
    let config = Arc::new(Config::default());
    let mut manager = Manager::new(config, Arc::new(engine), Arc::new(Json), 1);
    let root = crate::support::namespace("/");
    let socket = manager.add(root, Auth::None, SocketOptions::default());
    manager.connect(socket.unwrap(), Instant::ZERO);
    manager
}

#[test]
fn cl_01_answers_that_are_no_answers_lead_to_another_attempt() {
    let cases: [(u16, &str, &str); 8] = [
        (200, "<html>Hello</html>", "server error"),
        (200, "", "server error"),
        (200, "0{\"sid\"", "server error"),
        (200, "{}", "server error"),
        (301, "moved", "xhr poll error"),
        (403, r#"{"code":4,"message":"Forbidden"}"#, "xhr poll error"),
        (502, "<html>Bad gateway</html>", "xhr poll error"),
        (0, "", "xhr poll error"),
    ];
    for (status, body, told) in cases {
        let mut manager = polling();
        let mut now = Instant::ZERO;
        for attempt in 0..3 {
            let Some(Command::Request { exchange, .. }) = manager.poll_command() else {
                panic!("a handshake");
            };
            manager.drive(now, |it| {
                it.handle_response(exchange, status, body.into(), now);
            });
            let events: Vec<_> = std::iter::from_fn(|| manager.poll_event()).collect();
            let failure = events.iter().find_map(|it| match it {
                Event::Connection(ClientEvent::Error(failure)) => Some(failure.to_string()),
                _ => None,
            });
            assert_eq!(failure.as_deref(), Some(told), "{status} {body}");
            while manager.poll_command().is_some() {}
            now = manager.poll_timeout().expect("the next attempt");
            assert!(now >= Instant::ZERO + secs(attempt) / 2, "not at once");
            manager.handle_timeout(now);
        }
    }
}

#[test]
fn cl_01_a_server_that_answers_every_poll_with_nothing_does_not_make_it_spin() {
    for answer in ["6", ""] {
        let mut manager = polling();
        let mut now = Instant::ZERO;
        let mut requests = 0;
        while now < Instant::ZERO + secs(60) {
            while let Some(command) = manager.poll_command() {
                let Command::Request {
                    exchange,
                    method,
                    query,
                    ..
                } = command
                else {
                    continue;
                };
                requests += 1;
                let body = match method {
                    Method::Get if !query.contains("sid=") => crate::support::OPEN,
                    Method::Get => answer,
                    _ => "ok",
                };
                manager.drive(now, |it| {
                    it.handle_response(exchange, 200, body.into(), now);
                });
                assert!(requests < 2000, "a busy loop");
            }
            while manager.poll_event().is_some() {}
            let Some(next) = manager.poll_timeout() else {
                break;
            };
            now = now.max(next);
            manager.handle_timeout(now);
        }
    }
}

#[test]
fn cl_02_open_packets_that_cannot_be_are_refused() {
    for open in [
        "0",
        "0{}",
        r#"0{"sid":"","upgrades":[],"pingInterval":1000,"pingTimeout":1000,"maxPayload":1}"#,
        r#"0{"sid":"x","upgrades":[],"pingTimeout":1000,"maxPayload":1}"#,
        r#"0{"sid":"x","upgrades":[],"pingInterval":0,"pingTimeout":0,"maxPayload":1}"#,
        r#"0{"sid":"x","upgrades":[],"pingInterval":-1,"pingTimeout":1000,"maxPayload":1}"#,
        r#"0{"sid":7,"upgrades":[],"pingInterval":1000,"pingTimeout":1000,"maxPayload":1}"#,
        r#"42["no","handshake"]"#,
        "40",
    ] {
        let mut client = Client::new();
        let socket = client.add("/");
        client.connect(socket);
        client.accept();
        client.say(open);
        let events = client.events();
        assert!(
            events.iter().any(|it| it.starts_with("connect_error")),
            "{open}: {events:?}"
        );
        assert!(!client.manager.is_connected(socket));
        client.advance(secs(1));
        client.serve();
        client.say(r#"40{"sid":"id"}"#);
        assert!(client.manager.is_connected(socket), "{open}");
    }
}

#[test]
fn packets_that_cannot_be_read_end_the_connection_and_no_more() {
    for packet in [
        "4",
        "49",
        "4x",
        "42",
        "42[",
        r#"42[""#,
        r#"42["a","#,
        r#"42["connect"]"#,
        "42{}",
        "45-[]",
        r#"451-["a",{"_placeholder":true,"num":5}]"#,
        "41[]",
        "43{}",
        "40[]",
        r#"40/a"x"#,
    ] {
        let (mut client, socket) = Client::connected();
        client.say(packet);
        if packet.starts_with("451") {
            client.say_binary(&[1]);
        }
        if client.manager.is_connected(socket) {
            assert_eq!(packet, r#"40/a"x"#, "a namespace of its own, for nobody");
            continue;
        }
        assert_eq!(
            client.events(),
            ["disconnect / parse error", "close parse error"],
            "{packet}"
        );
        client.advance(secs(1));
        client.serve();
        client.say(r#"40{"sid":"id"}"#);
        assert!(client.manager.is_connected(socket));
    }
}

#[test]
fn a_reply_that_cannot_be_read_ends_the_connection() {
    for reply in [
        r#"40{"sid":5}"#,
        r#"40{"sid":"x","pid":[]}"#,
        r#"40{"sid"}"#,
    ] {
        let mut client = Client::new();
        let socket = client.add("/");
        client.connect(socket);
        client.serve();
        client.say(reply);
        assert_eq!(
            client.events(),
            ["open", "connect_error / parse error", "close parse error"]
        );
    }
}

#[test]
fn cl_11_floods_meet_the_limits_of_a_packet() {
    let deep = format!(r#"42["a",{}{}]"#, "[".repeat(200), "]".repeat(200));
    let long = format!(r#"42["a","{}"]"#, "x".repeat(2000));
    for (packet, what) in [
        (r#"4511-["a"]"#, "attachments"),
        (deep.as_str(), "depth"),
        (long.as_str(), "bytes"),
    ] {
        let config = Config::default().limits(Limits::default().max_bytes(1000));
        let mut client = Client::with(config);
        let socket = client.add("/");
        client.connect(socket);
        client.serve();
        client.say(r#"40{"sid":"id"}"#);
        while client.manager.poll_event().is_some() {}
        client.say(packet);
        let told = client.manager.poll_event();
        let text = format!("{told:?}");
        assert!(text.contains("Parse") && text.contains(what), "{text}");
    }
}

#[test]
fn cl_11_attachments_that_do_not_come_are_not_waited_for() {
    let (mut client, _) = Client::connected();
    client.say(r#"452-["a"]"#);
    client.say_binary(&[1]);
    client.advance(secs(29));
    assert_eq!(client.events(), [""; 0]);
    client.advance(secs(1));
    assert_eq!(
        client.events(),
        ["disconnect / parse error", "close parse error"]
    );
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"id"}"#);
    client.say(r#"42["whole"]"#);
    assert!(
        client
            .events()
            .contains(&r#"message / ["whole"]"#.to_owned()),
        "nothing of the half packet is left"
    );
}

#[test]
fn cl_14_packets_of_the_engine_at_any_moment_do_no_harm() {
    for packet in ["3", "3probe", "5", "6", "1", crate::support::OPEN, "2probe"] {
        for phase in 0..3 {
            let mut client = Client::new();
            let socket = client.add("/");
            client.connect(socket);
            client.accept();
            if phase > 0 {
                client.say(crate::support::OPEN);
            }
            if phase > 1 {
                client.say(r#"40{"sid":"id"}"#);
            }
            client.say(packet);
            // Whatever became of it: the client gets to its server in the end.
            for _ in 0..3 {
                if !client.manager.is_connected(socket) {
                    client.advance(secs(25));
                    if client.link.is_some() {
                        client.serve();
                        client.say(r#"40{"sid":"id"}"#);
                    }
                }
            }
            assert!(client.manager.is_connected(socket), "{packet} in {phase}");
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Say(String),
    Binary,
    Cut,
    Serve,
    Advance(u64),
    Emit(usize, u8),
    Connect(usize),
    Disconnect(usize),
    Answer(usize, u64),
    Authorize(usize),
    Open,
    Close,
    CloseEngine,
    Stall(bool),
}

fn frame() -> impl Strategy<Value = String> {
    let fitting = [
        r#"40{"sid":"id"}"#,
        r#"40{"sid":"id","pid":"p"}"#,
        r#"40/a,{"sid":"ida"}"#,
        r#"44{"message":"no"}"#,
        r#"44/a,{"message":"no"}"#,
        "41",
        "41/a,",
        r#"42["e","text"]"#,
        r#"42/a,3["e"]"#,
        r#"451-["b",{"_placeholder":true,"num":0}]"#,
        "430[]",
        "431[]",
        "43/a,0[]",
        "2",
        "3",
        "1",
        "6",
    ];
    prop_oneof![
        20 => prop::sample::select(fitting.to_vec()).prop_map(str::to_owned),
        1 => "[0-6b]{0,3}.{0,8}",
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let socket = 0_usize..3;
    prop_oneof![
        20 => frame().prop_map(Op::Say),
        1 => Just(Op::Binary),
        2 => Just(Op::Cut),
        8 => Just(Op::Serve),
        6 => (0_u64..30_000).prop_map(Op::Advance),
        10 => (socket.clone(), any::<u8>()).prop_map(|(it, how)| Op::Emit(it, how)),
        5 => socket.clone().prop_map(Op::Connect),
        2 => socket.clone().prop_map(Op::Disconnect),
        2 => (socket.clone(), 0_u64..5).prop_map(|(it, id)| Op::Answer(it, id)),
        4 => socket.prop_map(Op::Authorize),
        1 => Just(Op::Open),
        1 => Just(Op::Close),
        1 => Just(Op::CloseEngine),
        2 => any::<bool>().prop_map(Op::Stall),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever the server says and the application does: no panic, no busy loop, one link at a
    /// time, each acknowledgement settled once, connected and disconnected in turn, and after a
    /// close nothing.
    #[test]
    fn cl_11_whatever_happens_the_books_balance(ops in prop::collection::vec(op(), 1..80)) {
        let mut client = Client::new();
        let sockets = [
            client.add("/"),
            client.add_with("/a", Auth::Ask, SocketOptions::default()),
            client.add_with("/b", Auth::None, SocketOptions::default().retries(Some(1))),
        ];
        let mut waiting = Vec::new();
        let mut connected = Vec::new();
        for op in ops.into_iter().chain([Op::Close]) {
            match op {
                Op::Say(frame) => client.say(&frame),
                Op::Binary => client.say_binary(&[1]),
                Op::Cut if client.link.is_some() => client.cut(),
                Op::Serve if client.link.is_some() => drop(client.serve()),
                Op::Cut | Op::Serve => {}
                Op::Advance(by) => client.advance(crate::support::millis(by)),
                Op::Emit(socket, how) => {
                    let mut emit = if how & 1 > 0 { with_ack() } else { plain() };
                    emit.volatile = how & 2 > 0;
                    emit.timeout = (how & 4 > 0).then_some(secs(3));
                    emit.retries = (how & 8 > 0).then_some(2);
                    let result = client.emit(sockets[socket], event("e", ()), emit);
                    waiting.extend(result.ok().flatten());
                }
                Op::Connect(socket) => client.connect(sockets[socket]),
                Op::Disconnect(socket) => client.disconnect(sockets[socket]),
                Op::Answer(socket, id) => {
                    let id = socketio_proto::AckId(id);
                    let answer = crate::support::answer(());
                    let _ = client.manager.ack(sockets[socket], id, answer, client.now);
                }
                Op::Authorize(socket) => {
                    client.manager.authorize(sockets[socket], None, client.now).unwrap();
                }
                Op::Open => client.manager.open(client.now),
                Op::Close => client.manager.close(client.now),
                Op::CloseEngine => client.manager.close_engine(client.now),
                Op::Stall(is_stalled) => client.is_stalled = is_stalled,
            }
            client.pull();
            while let Some(event) = client.manager.poll_event() {
                match event {
                    Event::Acked { token, .. } => {
                        let place = waiting.iter().position(|it| *it == token);
                        waiting.swap_remove(place.expect("asked for, and once"));
                    }
                    Event::Connected { socket, .. } => {
                        prop_assert!(!connected.contains(&socket));
                        connected.push(socket);
                    }
                    Event::Disconnected { socket, .. } => {
                        let place = connected.iter().position(|it| *it == socket);
                        connected.swap_remove(place.expect("connected before"));
                    }
                    _ => {}
                }
            }
        }
        client.is_stalled = false;
        for socket in sockets {
            client.manager.remove(socket, client.now);
        }
        client.pull();
        client.advance(secs(60));
        while let Some(event) = client.manager.poll_event() {
            if let Event::Acked { token, .. } = event {
                let place = waiting.iter().position(|it| *it == token);
                waiting.swap_remove(place.expect("asked for, and once"));
            }
        }
        prop_assert!(waiting.is_empty());
        prop_assert!(connected.is_empty());
        client.assert_idle();
    }
}
