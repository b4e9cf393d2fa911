//! Connections that are lost and made again.

use crate::support::{Client, millis, plain, regular, secs, with_ack};
use socketio_proto::client::{Backoff, Config};

#[test]
fn repeated_failure_is_told_step_by_step() {
    let backoff = regular().attempts(Some(2));
    let mut client = Client::with(Config::default().reconnection(Some(backoff)));
    let socket = client.add("/");
    client.connect(socket);
    client.cut();
    assert_eq!(
        client.events(),
        ["error websocket error", "connect_error / websocket error"]
    );
    client.advance(millis(999));
    assert_eq!(client.events(), [""; 0]);
    client.advance(millis(1));
    assert_eq!(client.events(), ["reconnect_attempt 1"]);
    client.cut();
    let failed = [
        "error websocket error",
        "connect_error / websocket error",
        "reconnect_error websocket error",
    ];
    assert_eq!(client.events(), failed);
    assert!(client.manager.is_active(socket));

    client.advance(secs(2));
    assert_eq!(client.events(), ["reconnect_attempt 2"]);
    client.cut();
    assert_eq!(
        client.events(),
        [
            "error websocket error",
            "connect_error / websocket error",
            "reconnect_failed",
            "reconnect_error websocket error"
        ]
    );
    assert!(!client.manager.is_active(socket));
    client.assert_idle();

    // Asked again, it begins from the beginning.
    client.connect(socket);
    client.cut();
    client.events();
    client.advance(secs(1));
    assert_eq!(client.events(), ["reconnect_attempt 1"]);
}

#[test]
fn success_is_told_as_well() {
    let (mut client, _) = Client::connected();
    client.cut();
    assert_eq!(
        client.events(),
        [
            "error websocket error",
            "disconnect / transport error",
            "close transport error"
        ]
    );
    client.advance(secs(1));
    client.cut();
    client.advance(secs(2));
    client.events();
    client.serve();
    assert_eq!(client.events(), ["open", "reconnect 2"]);
    client.say(r#"40{"sid":"new"}"#);
    assert_eq!(client.events(), ["connect /"]);

    client.cut();
    client.events();
    client.advance(secs(1));
    assert_eq!(client.events(), ["reconnect_attempt 1"], "counted anew");
}

#[test]
fn each_way_to_lose_a_connection_has_its_reason() {
    let (mut client, _) = Client::connected();
    client.hang_up();
    let closed = ["disconnect / transport close", "close transport close"];
    assert_eq!(client.events(), closed);

    let (mut client, _) = Client::connected();
    client.advance(secs(45));
    let silent = ["disconnect / ping timeout", "close ping timeout"];
    assert_eq!(client.events(), silent);
    client.advance(secs(1));
    assert_eq!(client.events(), ["reconnect_attempt 1"]);

    let (mut client, _) = Client::connected();
    client.say("x");
    let events = client.events();
    assert!(
        events.contains(&"disconnect / transport error".to_owned()),
        "{events:?}"
    );

    let (mut client, _) = Client::connected();
    client.say("4x");
    let malformed = ["disconnect / parse error", "close parse error"];
    assert_eq!(client.events(), malformed);

    let (mut client, _) = Client::connected();
    client.manager.close_engine(client.now);
    client.heard();
    let forced = ["disconnect / forced close", "close forced close"];
    assert_eq!(client.events(), forced);
    client.advance(secs(1));
    assert_eq!(client.events(), ["reconnect_attempt 1"]);
}

#[test]
fn without_reconnection_a_loss_is_the_end() {
    let config = || Config::default().reconnection(None);
    let mut client = Client::with(config());
    let socket = client.add("/");
    client.connect(socket);
    client.cut();
    assert_eq!(
        client.events(),
        ["error websocket error", "connect_error / websocket error"]
    );
    client.assert_idle();

    let mut client = Client::with(config());
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    client.events();
    client.hang_up();
    let events = client.events();
    assert_eq!(
        events,
        ["connect_error / transport close", "close transport close"],
        "whoever waits for the answer learns that there is none"
    );
    assert!(!client.manager.is_active(socket));
    client.assert_idle();
}

#[test]
fn opening_again_does_not_wait_for_the_next_attempt() {
    let (mut client, socket) = Client::connected();
    client.cut();
    client.events();
    client.manager.open(client.now);
    assert_eq!(client.events(), ["reconnect_attempt 1"]);
    client.connect(socket);
    assert_eq!(client.serve(), ["40"]);
    assert_eq!(client.events(), ["open", "reconnect 1"]);
}

#[test]
fn connecting_again_waits_for_the_next_attempt() {
    let (mut client, socket) = Client::connected();
    client.cut();
    let links = client.links;
    client.connect(socket);
    let other = client.add("/other");
    client.connect(other);
    assert_eq!(client.links, links);
    client.advance(secs(1));
    assert_eq!(client.serve(), ["40", "40/other,"]);
}

#[test]
fn cl_08_a_server_that_restarts_in_a_loop_sees_one_connection_at_a_time() {
    let mut client = Client::with(Config::default());
    let socket = client.add("/");
    client.connect(socket);
    let mut waits = Vec::new();
    for round in 0..200 {
        // In each phase in turn. `pull` refuses a second link while the first is there.
        if round % 3 > 0 {
            client.serve();
        }
        if round % 3 > 1 {
            client.say(r#"40{"sid":"id"}"#);
            client.send(socket, "hello", plain());
        }
        client.cut();
        let next = client.manager.poll_timeout().expect("the next attempt");
        waits.push(next - client.now);
        client.advance(next - client.now);
        assert!(client.link.is_some());
    }
    assert_eq!(client.links, 201);
    waits.sort();
    waits.dedup();
    assert!(waits.len() > 50, "the jitter is kept");
    assert!(waits[0] >= millis(500));
    assert!(*waits.last().unwrap() <= secs(5));
}

#[test]
fn what_comes_late_of_an_old_connection_is_ignored() {
    use engineio_proto::Frame;
    use socketio_proto::Text;
    let (mut client, socket) = Client::connected();
    let old = client.link.unwrap();
    client.cut();
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"new"}"#);
    client.events();
    let now = client.now;
    client.manager.drive(now, |session| {
        session.handle_frame(old, Frame::Text(Text::from(r#"42["ghost"]"#)), now);
        session.handle_link_closed(old, true, now);
    });
    assert_eq!(client.events(), [""; 0]);
    assert!(client.manager.is_connected(socket));
}

#[test]
fn jitter_spreads_a_thousand_clients_over_the_window() {
    use engineio_proto::client::ClientConfig;
    use socketio_proto::client::{Auth, Manager, SocketOptions};
    use socketio_proto::{Instant, Json};
    use std::sync::Arc;

    let config = Arc::new(Config::default());
    let engine = Arc::new(ClientConfig::default().transports([]));
    let mut window = [0; 10];
    for seed in 0..1000 {
        let mut manager = Manager::new(config.clone(), engine.clone(), Arc::new(Json), seed);
        let root = crate::support::namespace("/");
        let socket = manager.add(root, Auth::None, SocketOptions::default());
        manager.connect(socket.unwrap(), Instant::ZERO);
        let wait = manager.poll_timeout().expect("an attempt") - Instant::ZERO;
        assert!((millis(500)..millis(1500)).contains(&wait), "{wait:?}");
        window[(wait.as_millis() as usize - 500) / 100] += 1;
    }
    // A hundred in each tenth, if the numbers were perfect.
    for part in window {
        assert!((60..=140).contains(&part), "{window:?}");
    }
}

#[test]
fn a_seed_gives_the_same_waits_again() {
    let waits = || {
        let mut client = Client::with(Config::default());
        let socket = client.add("/");
        client.connect(socket);
        let mut waits = Vec::new();
        for _ in 0..20 {
            client.cut();
            let next = client.manager.poll_timeout().unwrap();
            waits.push(next);
            client.advance(next - client.now);
        }
        waits
    };
    assert_eq!(waits(), waits());
}

#[test]
fn a_restless_configuration_is_no_busy_loop_of_ours() {
    let restless = Backoff::default()
        .delay(millis(0))
        .max(millis(0))
        .attempts(Some(5));
    let mut client = Client::with(Config::default().reconnection(Some(restless)));
    let socket = client.add("/");
    client.connect(socket);
    for _ in 0..6 {
        client.cut();
        client.advance(millis(0));
    }
    client.send(socket, "a", with_ack());
    client.events();
    client.assert_idle();
}
