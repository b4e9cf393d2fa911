//! Signs of life, protocol 4.

use crate::support::{Client, GET, config, ms, post};

#[test]
fn a_ping_is_answered_and_moves_the_deadline() {
    let mut client = Client::polling(config());
    client.advance(ms(25_000));
    client.answer_get("2");
    assert_eq!(client.events(), ["ping"]);
    assert_eq!(client.commands(), [&post("3"), GET]);
    client.answer_post();
    client.advance(ms(44_999));
    assert_eq!(client.events(), [""; 0]);
    client.advance(ms(1));
    assert_eq!(client.events(), ["closed: ping timeout"]);
    assert_eq!(client.commands(), [post("1")]);
    client.answer_post();
    assert_eq!(client.commands(), ["CANCEL GET"]);
    client.assert_closed();
}

#[test]
fn only_pings_count() {
    let mut client = Client::websocket(config());
    for _ in 0..44 {
        client.advance(ms(1_000));
        client.text("4still here");
        client.text("3");
        client.text("6");
    }
    assert_eq!(client.events(), ["message still here"; 44]);
    client.advance(ms(1_000));
    assert_eq!(client.events(), ["closed: ping timeout"]);
    assert_eq!(client.frames(), ["FIN"]);
    client.assert_closed();
}

#[test]
fn pings_in_a_row_are_answered_once() {
    let mut client = Client::websocket(config());
    for _ in 0..1_000 {
        client.text("2");
    }
    assert_eq!(client.events().len(), 1_000);
    assert_eq!(client.frames(), ["3"]);
    client.text("2");
    assert_eq!(client.frames(), ["3"]);
}

#[test]
fn the_deadline_stands_across_an_upgrade() {
    let mut client = Client::probing(config());
    client.text("3probe");
    client.answer_get("6");
    assert_eq!(client.frames(), ["5"]);
    client.advance(ms(45_000));
    assert_eq!(
        client.events(),
        ["polling to websocket", "closed: ping timeout"]
    );
}
