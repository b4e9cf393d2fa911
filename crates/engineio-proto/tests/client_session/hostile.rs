//! Servers that are broken, silent or malicious.

use crate::support::{Client, GET, OPEN, OPEN_WS, config, ms, post, websocket_only};
use engineio_proto::{
    CloseReason, DecodeError, Outgoing, Transport,
    client::{Event, TransportError},
};

/// The handshake is answered with this body: what went wrong?
fn refusal(body: &str) -> DecodeError {
    let mut client = Client::connect(config());
    client.commands();
    client.answer_get(body);
    let Some(Event::Closed {
        reason: CloseReason::TransportError,
        error: Some(TransportError::Server(polled)),
    }) = client.session.poll_event()
    else {
        panic!("taken: {body}");
    };
    assert!(client.commands().is_empty());
    client.assert_closed();

    let mut client = Client::connect(websocket_only());
    client.commands();
    client.open_link();
    client.text(body);
    assert_eq!(
        client.session.poll_event(),
        Some(Event::Closed {
            reason: CloseReason::TransportError,
            error: Some(TransportError::Server(polled.clone())),
        })
    );
    assert_eq!(client.frames(), ["FIN"]);
    client.assert_closed();
    polled
}

#[test]
fn eb_04_a_handshake_with_impossible_intervals_is_refused() {
    for field in ["pingInterval", "pingTimeout"] {
        let with = |value: &str| {
            let open = OPEN_WS
                .replace(
                    &format!(r#""{field}":25000"#),
                    &format!(r#""{field}":{value}"#),
                )
                .replace(
                    &format!(r#""{field}":20000"#),
                    &format!(r#""{field}":{value}"#),
                );
            refusal(&open)
        };
        for millis in [0, 9, 1 << 31, u64::MAX] {
            assert_eq!(
                with(&millis.to_string()),
                DecodeError::Heartbeat(ms(millis))
            );
        }
        for bad in [
            "-1",
            "NaN",
            "null",
            "\"1000\"",
            "99999999999999999999",
            "{}",
        ] {
            assert_eq!(with(bad), DecodeError::Open, "{bad}");
        }
        let missing = OPEN_WS.replace(field, "other");
        assert_eq!(refusal(&missing), DecodeError::Open);
    }
    // The bounds are settings.
    let mut client = Client::connect(config().min_heartbeat(ms(0)).upgrade(false));
    client.commands();
    client.answer_get(OPEN_WS.replace("25000", "0").replace("20000", "0"));
    assert_eq!(client.events(), ["opened S"]);
    client.advance(ms(0));
    assert_eq!(client.events(), ["closed: ping timeout"]);
}

#[test]
fn cl_01_garbage_is_a_typed_error() {
    assert_eq!(refusal(""), DecodeError::Empty);
    assert_eq!(
        refusal("<html><h1>It works!</h1>"),
        DecodeError::UnknownType(b'<')
    );
    assert_eq!(refusal("{}"), DecodeError::UnknownType(b'{'));
    assert_eq!(refusal("0"), DecodeError::Open);
    assert_eq!(refusal("0<html>"), DecodeError::Open);

    // Once the session is open it is told.
    for body in ["", "x", "4a\u{1e}", "b!!"] {
        let mut client = Client::polling(config());
        client.answer_get(body);
        let events = client.events();
        assert_eq!(
            events.last().unwrap(),
            "closed: transport error, server error",
            "{body}"
        );
        assert_eq!(client.commands(), [post("1")]);
        client.answer_post();
        client.assert_closed();
    }
    let mut client = Client::polling(config());
    client.answer_get(b"4\xff");
    assert_eq!(client.events(), ["closed: transport error, server error"]);
}

#[test]
fn cl_01_any_status_but_200_is_a_failure() {
    for status in [204, 206, 301, 302, 304, 400, 403, 404, 500, 502, 503] {
        let mut client = Client::connect(config());
        client.commands();
        let get = client.get.unwrap();
        client
            .session
            .handle_response(get, status, OPEN.into(), client.now);
        assert_eq!(
            client.session.poll_event(),
            Some(Event::Closed {
                reason: CloseReason::TransportError,
                error: Some(TransportError::Poll {
                    status: Some(status)
                }),
            })
        );
        client.assert_closed();
    }
}

#[test]
fn cl_01_an_endless_body_is_read_up_to_the_limit() {
    for (len, fits) in [(100, true), (101, false)] {
        let mut client = Client::polling(config().max_payload(100));
        client.answer_get(format!("4{}", "x".repeat(len - 1)));
        let events = client.events();
        assert_eq!(events[0].starts_with("message"), fits);

        let mut client = Client::websocket(config().max_payload(100));
        client.text(&format!("4{}", "x".repeat(len - 1)));
        let events = client.events();
        assert_eq!(events[0].starts_with("message"), fits);
    }
    let error = DecodeError::TooLarge { len: 101, max: 100 };
    let mut client = Client::polling(config().max_payload(100));
    client.answer_get("4".repeat(101));
    assert_eq!(
        client.session.poll_event(),
        Some(Event::Closed {
            reason: CloseReason::TransportError,
            error: Some(TransportError::Server(error)),
        })
    );
}

#[test]
fn cl_02_the_fields_of_the_open_packet_are_checked() {
    for bad in [
        r#"{"upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#,
        r#"{"sid":"","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#,
        r#"{"sid":7,"upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#,
        r#"{"sid":"a b","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#,
        r#"{"sid":"a\r\nX: y","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#,
        r#"["sid"]"#,
        "null",
    ] {
        assert_eq!(refusal(&format!("0{bad}")), DecodeError::Open, "{bad}");
    }
    let long = format!(
        r#"0{{"sid":"{}","pingInterval":25000,"pingTimeout":20000}}"#,
        "x".repeat(65)
    );
    assert_eq!(refusal(&long), DecodeError::Open);

    // Whatever a newer server adds is skipped, and nothing is probed that is not known.
    let mut client = Client::connect(config());
    client.commands();
    client.answer_get(
        r#"0{"sid":"S","upgrades":["smoke","websocket","websocket"],"pingInterval":25000,"pingTimeout":20000,"more":[],"x":null}"#,
    );
    assert_eq!(client.events(), ["opened S"]);
    assert_eq!(
        client.commands(),
        [GET, "WS EIO=4&transport=websocket&sid=S"]
    );
}

#[test]
fn cl_03_a_silent_server_is_noticed_at_every_stage() {
    // No answer to the handshake, on either transport, nor an open packet on an open link.
    for (config, opens, end) in [
        (config(), false, "CANCEL GET"),
        (websocket_only(), false, "CANCEL LINK"),
        (websocket_only(), true, ""),
    ] {
        let mut client = Client::connect(config);
        client.commands();
        if opens {
            client.open_link();
        }
        client.advance(ms(29_999));
        assert_eq!(client.events(), [""; 0]);
        client.advance(ms(1));
        assert_eq!(client.events(), ["closed: transport error, timeout"]);
        if opens {
            assert_eq!(client.frames(), ["FIN"]);
        } else {
            assert_eq!(client.commands(), [end]);
        }
        client.assert_closed();
    }

    // No answer to a POST, though the GETs are answered.
    let mut client = Client::polling(config());
    client.send("a");
    client.commands();
    client.advance(ms(10_000));
    client.answer_get("2");
    client.commands();
    client.advance(ms(30_000));
    assert_eq!(
        client.events(),
        ["ping", "closed: transport error, timeout"]
    );
    assert_eq!(client.commands(), ["CANCEL GET", "CANCEL POST"]);
    client.assert_closed();

    // No answer to a GET.
    let mut client = Client::polling(config());
    client.advance(ms(45_000));
    assert_eq!(client.events(), ["closed: ping timeout"]);
    client.commands();
    client.advance(ms(10_000));
    client.commands();
    client.assert_closed();

    // Nothing on the link.
    let mut client = Client::websocket(config());
    client.advance(ms(45_000));
    assert_eq!(client.events(), ["closed: ping timeout"]);
    client.advance(ms(10_000));
    assert_eq!(client.commands(), ["CANCEL LINK"]);
    client.assert_closed();
}

#[test]
fn cl_07_close_is_the_end_at_every_stage() {
    // While opening.
    for config in [
        config(),
        websocket_only(),
        config().try_all_transports(true),
    ] {
        let mut client = Client::connect(config);
        client.commands();
        client.send("dropped");
        client.close();
        assert_eq!(client.events(), ["closed: forced close"]);
        assert!(client.commands()[0].starts_with("CANCEL"));
        client.assert_closed();
    }
    // While the link of the probe opens, while it is probed, and after its answer.
    for stage in 0..3 {
        let mut client = Client::connect(config());
        client.commands();
        client.answer_get(OPEN);
        client.commands();
        if stage > 0 {
            client.open_link();
            client.frames();
        }
        if stage > 1 {
            client.text("3probe");
        }
        client.close();
        client.close();
        client.advance(ms(10_000));
        let events = client.events();
        let ends = events.iter().filter(|event| event.starts_with("closed"));
        assert_eq!(ends.count(), 1, "{events:?}");
        assert_eq!(events.last().unwrap(), "closed: forced close");
        client.advance(ms(10_000));
        client.commands();
        client.frames();
        client.assert_closed();
    }
}

#[test]
fn cl_09_a_suspended_machine_is_told_before_it_sends() {
    let mut client = Client::websocket(config());
    let awake = client.now + ms(44_999);
    assert!(!client.session.is_expired(awake));
    // The timer did not run meanwhile.
    let later = client.now + ms(3_600_000);
    assert!(client.session.is_expired(later));
    client.session.handle_timeout(later);
    assert_eq!(client.events(), ["closed: ping timeout"]);
    assert!(!client.session.is_expired(later), "it is over");
}

#[test]
fn cl_11_max_payload_of_0_1_and_huge() {
    for (max_payload, bodies) in [
        ("0", vec!["4a␞4b␞4c"]),
        ("1", vec!["4a", "4b", "4c"]),
        ("18446744073709551615", vec!["4a␞4b␞4c"]),
    ] {
        let mut client = Client::connect(config().upgrade(false));
        client.commands();
        client.answer_get(OPEN.replace("1000000", max_payload));
        for text in ["a", "b", "c"] {
            client.send(text);
        }
        for body in bodies {
            assert_eq!(client.commands()[0], post(body));
            client.answer_post();
        }
        assert_eq!(client.session.buffered(), 0);
    }
}

#[test]
fn cl_11_a_flood_in_one_body_is_cut_off() {
    let mut client = Client::polling(config().max_packets(3));
    client.answer_get("4a\u{1e}2\u{1e}6\u{1e}4b");
    assert_eq!(
        client.events(),
        ["message a", "ping", "closed: transport error, server error"]
    );
    let mut client = Client::polling(config().max_packets(3));
    client.answer_get("4a\u{1e}2\u{1e}4b");
    assert_eq!(client.events(), ["message a", "ping", "message b"]);
}

#[test]
fn cl_11_a_server_that_answers_with_noops_is_not_asked_in_a_loop() {
    let mut client = Client::polling(config());
    let mut gets = 0;
    for _ in 0..1_000 {
        client.answer_get("6\u{1e}6");
        while client.commands().is_empty() {
            client.advance(ms(10));
        }
        gets += 1;
        if client.now - engineio_proto::Instant::ZERO >= ms(10_000) {
            break;
        }
    }
    assert_eq!(gets, 100, "in ten seconds");
}

#[test]
fn cl_14_packets_out_of_place_are_ignored() {
    for packet in [
        "3",
        "3probe",
        "5",
        "6",
        "1",
        OPEN,
        &OPEN.replace("\"S\"", "\"T\""),
    ] {
        let mut client = Client::websocket(config());
        client.text(packet);
        assert_eq!(client.events(), [""; 0], "{packet}");
        assert_eq!(client.frames(), [""; 0]);
        client.text("4x");
        assert_eq!(client.events(), ["message x"]);
        assert_eq!(client.session.sid().unwrap().as_str(), "S");

        if packet != "1" {
            let mut client = Client::polling(config());
            client.answer_get(format!("{packet}\u{1e}4x"));
            assert_eq!(client.events(), ["message x"]);
            assert_eq!(client.commands(), [GET]);
        }
    }
}

#[test]
fn cl_14_before_the_open_packet_nothing_else_has_a_meaning() {
    for packet in ["1", "2", "3", "3probe", "4x", "bAQID", "5", "6"] {
        assert_eq!(refusal(packet), DecodeError::Open, "{packet}");
    }
    let mut client = Client::connect(websocket_only());
    client.commands();
    client.open_link();
    client.binary(&[0]);
    assert_eq!(client.events(), ["closed: transport error, server error"]);
}

#[test]
fn what_a_server_answers_to_a_post_is_of_no_meaning() {
    let mut client = Client::polling(config());
    client.send("a");
    client.commands();
    let post = client.post.unwrap();
    client
        .session
        .handle_response(post, 200, "1".into(), client.now);
    assert_eq!(client.events(), [""; 0]);
    // And a number that was answered is nobody's.
    client.session.handle_failed(post, client.now);
    assert_eq!(client.events(), [""; 0]);
}

#[test]
fn a_clock_that_goes_backwards_stands_still() {
    let mut client = Client::polling(config());
    client.advance(ms(44_000));
    client.session.handle_timeout(engineio_proto::Instant::ZERO);
    client.session.send([Outgoing::text("x")]).unwrap();
    client.commands();
    let at = client.session.poll_timeout().unwrap();
    assert_eq!(at, engineio_proto::Instant::ZERO + ms(45_000));
    assert_eq!(client.session.transport(), Transport::Polling);
}
