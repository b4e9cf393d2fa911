//! From polling to a framed transport.

use crate::support::{Client, GET, OPEN, config, ms, post};
use engineio_proto::{Transport, client::Transmit};

const BOTH: &str = r#"0{"sid":"S","upgrades":["websocket","webtransport"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

#[test]
fn probe_pause_switch_flush() {
    let mut client = Client::probing(config());
    assert!(!client.session.has_websocket_worked());
    client.send("before");
    assert_eq!(client.commands(), [post("4before")], "polling goes on");

    client.text("3probe");
    assert!(client.session.has_websocket_worked());
    client.send("during");
    assert_eq!(client.commands(), [""; 0], "no request begins any more");
    assert_eq!(client.frames(), [""; 0], "the GET and the POST still run");
    client.answer_get("4last");
    assert_eq!(client.events(), ["message last"]);
    assert_eq!(client.frames(), [""; 0], "the POST still runs");
    client.answer_post();
    assert_eq!(client.events(), ["polling to websocket"]);
    assert_eq!(client.frames(), ["5", "4during"]);
    assert_eq!(client.session.transport(), Transport::WebSocket);

    client.text("4hello");
    assert_eq!(client.events(), ["message hello"]);
    client.advance(ms(20_000));
    assert_eq!(client.commands(), [""; 0], "polling is over");
}

#[test]
fn a_noop_releases_the_get_and_the_session_moves_at_once() {
    let mut client = Client::probing(config());
    client.answer_get("6");
    assert_eq!(client.commands(), [""; 0], "after noops a GET rests");
    client.text("3probe");
    assert_eq!(client.events(), ["polling to websocket"]);
    assert_eq!(client.frames(), ["5"]);
}

#[test]
fn a_ping_is_answered_wherever_the_session_is() {
    let mut client = Client::probing(config());
    client.text("3probe");
    client.answer_get("2");
    assert_eq!(client.events(), ["ping", "polling to websocket"]);
    assert_eq!(client.frames(), ["5", "3"]);
}

#[test]
fn any_other_answer_than_3probe_leaves_the_session_on_polling() {
    for answer in ["3", "2probe", "4x", "6", "1", "", "x", "3prob", "3probe "] {
        let mut client = Client::probing(config());
        client.text(answer);
        assert_eq!(client.events(), ["no websocket: probe error"], "{answer}");
        assert_eq!(client.frames(), ["FIN"]);
        client.text("3probe");
        client.lose_link(false);
        client.answer_get("4x");
        assert_eq!(client.events(), ["message x"]);
        assert_eq!(client.commands(), [GET]);
        client.advance(ms(20_000));
        assert_eq!(client.events(), [""; 0]);
    }
}

#[test]
fn a_probe_that_cannot_be_opened_or_is_lost_leaves_the_session_on_polling() {
    for (opens, answered) in [(false, false), (true, false), (true, true)] {
        let mut client = Client::connect(config());
        client.commands();
        client.answer_get(OPEN);
        client.commands();
        if opens {
            client.open_link();
            client.frames();
        }
        if answered {
            client.text("3probe");
        }
        client.lose_link(true);
        assert_eq!(
            client.events(),
            ["opened S", "no websocket: websocket error"]
        );
        assert!(!client.session.has_websocket_worked());
        client.send("x");
        assert_eq!(client.commands(), [post("4x")], "requests go on");
    }
}

#[test]
fn a_silent_probe_is_given_up() {
    // Not opened; opened and not answered; answered, but the GET never ends.
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
        client.advance(ms(9_999));
        assert_eq!(client.events(), ["opened S"]);
        client.advance(ms(1));
        assert_eq!(client.events(), ["no websocket: timeout"], "stage {stage}");
        if stage == 0 {
            assert_eq!(client.commands(), ["CANCEL LINK"]);
        } else {
            assert_eq!(client.frames(), ["FIN"]);
        }
        client.send("x");
        assert_eq!(client.commands(), [post("4x")]);
    }
}

#[test]
fn what_is_not_offered_or_not_wanted_is_not_probed() {
    for (config, open) in [
        (config().upgrade(false), OPEN),
        (config().transports([Transport::Polling]), OPEN),
        (config(), &OPEN.replace("websocket", "webtransport")),
        (config(), &OPEN.replace("websocket", "polling")),
    ] {
        let mut client = Client::connect(config);
        client.commands();
        client.answer_get(open);
        assert_eq!(client.commands(), [GET]);
    }
}

#[test]
fn webtransport_has_a_head_start_and_the_first_answer_wins() {
    let all = [
        Transport::Polling,
        Transport::WebSocket,
        Transport::WebTransport,
    ];
    let mut client = Client::connect(config().transports(all));
    client.commands();
    client.answer_get(BOTH);
    assert_eq!(client.commands(), [GET, "WT"]);
    client.open_link();
    assert_eq!(client.frames(), [r#"0{"sid":"S"}"#, "2probe"]);
    client.advance(ms(199));
    assert_eq!(client.commands(), [""; 0]);
    client.advance(ms(1));
    assert_eq!(client.commands(), ["WS EIO=4&transport=websocket&sid=S"]);
    client.open_link();
    assert_eq!(client.frames(), ["2probe"]);

    client.text("3probe");
    let webtransport = client.other.unwrap();
    assert_eq!(
        client.session.poll_transmit(webtransport),
        Some(Transmit::Finish)
    );
    client.answer_get("6");
    assert_eq!(client.frames(), ["5"]);
    assert_eq!(client.events(), ["opened S", "polling to websocket"]);
}

#[test]
fn if_webtransport_answers_in_its_head_start_websocket_is_not_probed() {
    let all = [
        Transport::Polling,
        Transport::WebSocket,
        Transport::WebTransport,
    ];
    let mut client = Client::connect(config().transports(all));
    client.commands();
    client.answer_get(BOTH);
    client.commands();
    client.open_link();
    client.frames();
    client.text("3probe");
    client.answer_get("6");
    client.advance(ms(1_000));
    assert_eq!(client.commands(), [""; 0]);
    assert_eq!(client.events(), ["opened S", "polling to webtransport"]);
    assert_eq!(client.frames(), ["5"]);
    client.lose_link(true);
    assert_eq!(
        client.events(),
        ["closed: transport error, webtransport error"]
    );
}

#[test]
fn a_session_that_ends_takes_its_probe_along() {
    let mut client = Client::probing(config());
    client.answer_get("1");
    assert_eq!(client.events(), ["closed: transport close"]);
    assert_eq!(client.frames(), ["FIN"]);
    assert_eq!(client.commands(), [""; 0]);
    client.assert_closed();

    // Not even begun.
    let mut client = Client::connect(config());
    client.commands();
    client.answer_get(format!("{OPEN}\u{1e}1"));
    assert_eq!(client.events(), ["opened S", "closed: transport close"]);
    assert_eq!(client.commands(), [""; 0]);
    client.assert_closed();
}
