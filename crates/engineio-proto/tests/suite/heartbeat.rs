use crate::support::{Server, closed, config, ms};
use engineio_proto::{CloseReason, Instant, Outgoing, config::ServerConfig};

fn quick() -> ServerConfig {
    config().ping_interval(ms(100)).ping_timeout(ms(80))
}

#[test]
fn eb_05_the_first_ping_comes_one_interval_after_the_handshake_and_once() {
    let (mut server, link) = Server::websocket(quick());
    server.advance(ms(99));
    assert!(server.frames(link).is_empty());
    server.advance(ms(1));
    assert_eq!(server.frames(link), ["2"]);
    server.advance(ms(79));
    assert!(server.frames(link).is_empty());
    assert_eq!(server.events(), []);
    server.advance(ms(1));
    assert_eq!(server.frames(link), ["FIN"]);
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
}

#[test]
fn the_interval_counts_from_the_pong() {
    let (mut server, link) = Server::websocket(quick());
    server.advance(ms(100));
    assert_eq!(server.frames(link), ["2"]);
    server.advance(ms(30));
    server.text(link, "3");
    server.advance(ms(99));
    assert!(server.frames(link).is_empty());
    server.advance(ms(1));
    assert_eq!(server.frames(link), ["2"]);
    server.advance(ms(80));
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
    assert_eq!(server.now, Instant::ZERO + ms(310));
}

#[test]
fn other_packets_extend_the_deadline_once_for_each_ping() {
    let (mut server, link) = Server::websocket(quick());
    server.advance(ms(100));
    server.advance(ms(70));
    server.text(link, "6");
    server.advance(ms(70));
    server.text(link, "6");
    server.advance(ms(9));
    assert_eq!(server.events(), []);
    server.advance(ms(1));
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
}

#[test]
fn on_polling_the_ping_waits_for_a_get_and_the_pong_is_posted() {
    let mut server = Server::polling(quick());
    server.advance(ms(100));
    let get = server.get();
    assert_eq!(server.body(get), "2");
    let get = server.get();
    assert_eq!(server.post("3"), 200);
    server.advance(ms(100));
    assert_eq!(server.body(get), "2");
    let get = server.get();
    server.advance(ms(80));
    assert_eq!(server.body(get), "1");
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
}

#[test]
fn eh_10_an_abandoned_polling_session_ends_by_itself() {
    let mut server = Server::polling(config());
    server.advance(ms(45_000));
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
    assert!(server.session.is_closed());
    assert_eq!(server.session.poll_timeout(), None);
}

#[test]
fn eb_01_surplus_pongs_only_postpone_the_next_ping() {
    let (mut server, link) = Server::websocket(quick());
    for _ in 0..1000 {
        server.advance(ms(99));
        server.text(link, "3");
    }
    assert!(server.frames(link).is_empty());
    assert_eq!(server.events(), []);
}

#[test]
fn eb_01_a_ping_from_the_client_is_fatal() {
    let (mut server, link) = Server::websocket(quick());
    server.text(link, "2");
    server.text(link, "2");
    assert_eq!(server.events(), [closed(CloseReason::TransportError)]);
    assert_eq!(server.frames(link), ["FIN"]);
}

#[test]
fn eb_02_an_early_pong_does_not_answer_a_later_ping() {
    let (mut server, link) = Server::websocket(quick());
    server.advance(ms(50));
    server.text(link, "3");
    server.text(link, "3");
    server.advance(ms(100));
    assert_eq!(server.frames(link), ["2"]);
    server.advance(ms(80));
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
}

#[test]
fn eb_03_a_clock_that_jumps_gives_one_ping_and_one_timeout() {
    let (mut server, link) = Server::websocket(quick());
    let hour = ms(3_600_000);
    server.now += hour;
    server.session.handle_timeout(server.now);
    assert_eq!(server.frames(link), ["2"]);
    server.now += hour;
    server.session.handle_timeout(server.now);
    server.session.handle_timeout(server.now);
    assert_eq!(server.frames(link), ["FIN"]);
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
}

#[test]
fn eb_03_a_clock_that_goes_back_stands_still() {
    let (mut server, link) = Server::websocket(quick());
    server.advance(ms(100));
    assert_eq!(server.frames(link), ["2"]);
    server.session.handle_timeout(Instant::ZERO);
    assert!(server.frames(link).is_empty());
    server.advance(ms(80));
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
}

#[test]
fn eb_06_a_ping_passes_a_full_buffer_and_its_timeout_holds() {
    let (mut server, link) = Server::websocket(quick().max_buffered(4));
    server.send("abc");
    assert!(server.session.send([Outgoing::text("d")]).is_err());
    server.advance(ms(100));
    assert_eq!(server.frames(link), ["4abc", "2"]);

    let (mut server, link) = Server::websocket(quick().max_buffered(4));
    server.send("abc");
    server.advance(ms(180));
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
    assert_eq!(
        server.frames(link),
        ["FIN"],
        "nobody reads: what waited is dropped"
    );
}

#[test]
fn the_deadline_survives_the_upgrade() {
    let (mut server, link) = Server::probing(quick());
    server.advance(ms(100));
    let get = server.get();
    assert_eq!(server.body(get), "2");
    server.text(link, "5");
    server.advance(ms(80));
    assert!(server.events().contains(&closed(CloseReason::PingTimeout)));
    assert_eq!(server.frames(link), ["FIN"]);
}
