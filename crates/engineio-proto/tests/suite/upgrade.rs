use crate::support::{Server, closed, config, ms, text};
use engineio_proto::{CloseReason, DecodeError, Outgoing, Transport, server::Event};

fn upgraded() -> Event {
    Event::Upgraded {
        from: Transport::Polling,
        to: Transport::WebSocket,
    }
}

#[test]
fn the_dialogue() {
    let mut server = Server::polling(config());
    let get = server.get();
    let link = server.link().unwrap();
    assert!(
        server.is_waiting(get),
        "an open WebSocket alone changes nothing"
    );
    server.text(link, "2probe");
    assert_eq!(server.frames(link), ["3probe"]);
    assert_eq!(server.body(get), "6", "the waiting GET is released at once");
    assert_eq!(server.session.transport(), Transport::Polling);
    server.text(link, "5");
    assert_eq!(server.session.transport(), Transport::WebSocket);
    assert_eq!(server.events(), [upgraded()]);
    server.send("a");
    server.text(link, "4b");
    assert_eq!(server.frames(link), ["4a"]);
    assert_eq!(server.events(), [text("b")]);
}

#[test]
fn eu_01_a_silent_candidate_is_dropped_and_another_may_try() {
    for probe in [false, true] {
        let mut server = Server::polling(config());
        let link = server.link().unwrap();
        if probe {
            server.text(link, "2probe");
            assert_eq!(server.frames(link), ["3probe"]);
        }
        server.advance(ms(9_999));
        assert!(server.frames(link).is_empty());
        server.advance(ms(1));
        assert_eq!(server.frames(link), ["FIN"]);
        assert!(server.frames(link).is_empty(), "once");
        assert_eq!(server.events(), []);

        let second = server.link().unwrap();
        server.text(link, "5");
        assert_eq!(
            server.session.transport(),
            Transport::Polling,
            "a late frame of a dead link"
        );
        server.text(second, "2probe");
        server.text(second, "5");
        assert_eq!(server.events(), [upgraded()]);
    }
}

#[test]
fn ep_07_eu_02_anything_but_the_dialogue_drops_the_candidate() {
    for frame in ["2", "2prob", "3probe", "4hi", "6", "1", "0", "x", "", "b"] {
        let mut server = Server::polling(config());
        let link = server.link().unwrap();
        server.text(link, frame);
        assert_eq!(server.frames(link), ["FIN"], "{frame:?}");
        assert_eq!(server.events(), []);
        assert!(server.link().is_some());
    }
    for frame in ["2probe", "2", "3probe", "4hi", "6", "1", "x"] {
        let (mut server, link) = Server::probing(config());
        server.text(link, frame);
        assert_eq!(server.frames(link), ["FIN"], "{frame:?} after the probe");
        let get = server.get();
        assert!(server.is_waiting(get), "polling goes on");
        server.advance(ms(1_000));
        assert!(server.is_waiting(get));
    }
}

#[test]
fn eu_02_an_upgrade_without_a_probe_is_accepted() {
    let mut server = Server::polling(config());
    let get = server.get();
    let link = server.link().unwrap();
    server.text(link, "5");
    assert_eq!(
        server.body(get),
        "1",
        "the poll that still waits, as in the reference"
    );
    assert_eq!(server.events(), [upgraded()]);
}

#[test]
fn eu_03_a_second_link_is_refused_and_harmless() {
    let (mut server, link) = Server::probing(config());
    assert_eq!(server.link(), None);
    server.text(link, "5");
    assert_eq!(server.link(), None);
    server.send("still here");
    assert_eq!(server.frames(link), ["4still here"]);

    let (mut server, _link) = Server::websocket(config());
    assert_eq!(server.link(), None);
}

#[test]
fn eu_04_polls_during_the_probe_neither_stall_nor_spin() {
    let (mut server, _link) = Server::probing(config());
    for _ in 0..10 {
        let get = server.get();
        server.advance(ms(99));
        assert!(server.is_waiting(get));
        server.advance(ms(1));
        assert_eq!(server.body(get), "6");
    }
    let get = server.get();
    server.send("data");
    assert_eq!(server.body(get), "4data", "at once");
    server.send("more");
    let get = server.get();
    assert_eq!(server.body(get), "4more", "at once");
}

#[test]
fn eu_05_what_was_not_polled_goes_out_on_the_new_transport_in_order() {
    let (mut server, link) = Server::probing(config());
    server.send("1");
    server.send("2");
    assert!(server.frames(link).is_empty(), "never on both");
    let get = server.get();
    assert_eq!(server.body(get), "41\u{1e}42");
    server.send("3");
    server.text(link, "5");
    server.send("4");
    assert_eq!(server.frames(link), ["43", "44"]);
}

#[test]
fn eu_06_a_batch_stays_together_across_the_switch() {
    let (mut server, link) = Server::probing(config());
    let batch = [Outgoing::text("51-[0]"), Outgoing::binary(vec![7].into())];
    server.session.send(batch).unwrap();
    server.text(link, "5");
    server.send("next");
    assert_eq!(server.frames(link), ["451-[0]", "[7]", "4next"]);
}

#[test]
fn eu_07_a_session_that_ends_takes_its_candidate_along() {
    type End = fn(&mut Server);
    let ends: [(End, CloseReason); 4] = [
        (
            |server| assert_eq!(server.post("1"), 200),
            CloseReason::TransportClose,
        ),
        (
            |server| assert_eq!(server.post("x"), 200),
            CloseReason::Parse(DecodeError::UnknownType(b'x')),
        ),
        (
            |server| server.close(CloseReason::ShuttingDown),
            CloseReason::ShuttingDown,
        ),
        (
            |server| server.advance(ms(20_000)),
            CloseReason::PingTimeout,
        ),
    ];
    for (end, reason) in ends {
        let config = config().ping_interval(ms(1)).upgrade_timeout(ms(60_000));
        let (mut server, link) = Server::probing(config);
        server.advance(ms(1));
        end(&mut server);
        assert_eq!(server.events(), [closed(reason)]);
        assert!(!server.session.is_closed(), "the candidate is to be told");
        assert_eq!(server.frames(link), ["FIN"]);
        assert!(server.session.is_closed());
        assert_eq!(server.session.poll_timeout(), None);
    }
}

#[test]
fn eu_07_a_close_with_a_poll_waiting_needs_no_candidate() {
    let (mut server, link) = Server::probing(config());
    let get = server.get();
    server.close(CloseReason::Forced);
    assert_eq!(server.body(get), "1");
    assert_eq!(server.frames(link), ["FIN"]);
    assert_eq!(server.events(), [closed(CloseReason::Forced)]);
}

#[test]
fn eu_07_a_close_without_a_poll_is_carried_out_by_the_new_transport() {
    let (mut server, link) = Server::probing(config());
    server.send("last");
    server.close(CloseReason::Forced);
    assert_eq!(server.events(), [closed(CloseReason::ForcedServer)]);
    assert!(server.frames(link).is_empty());
    server.text(link, "5");
    assert_eq!(server.frames(link), ["4last", "FIN"]);
    assert_eq!(server.events(), [], "told already");
    assert!(server.session.is_closed());
}

#[test]
fn eu_08_a_noop_after_the_upgrade_is_ignored() {
    let (mut server, link) = Server::probing(config());
    server.text(link, "5");
    server.text(link, "6");
    server.text(link, "5");
    assert_eq!(server.events(), [upgraded()]);
}

#[test]
fn a_candidate_that_goes_away_is_forgotten() {
    let (mut server, link) = Server::probing(config());
    server.session.handle_link_closed(link, true, server.now);
    assert!(server.frames(link).is_empty());
    assert_eq!(server.events(), []);
    assert!(server.link().is_some());
}

#[test]
fn a_candidate_over_its_limit_is_dropped() {
    let (mut server, link) = Server::probing(config().max_payload(6));
    server.text(link, "5 and more");
    assert_eq!(server.frames(link), ["FIN"]);
    assert_eq!(server.events(), []);
}

#[test]
fn dropped_candidates_that_nobody_closes_are_bounded() {
    let mut server = Server::polling(config());
    let links: Vec<_> = (0..4)
        .map(|_| {
            let link = server.link().unwrap();
            server.text(link, "x");
            link
        })
        .collect();
    assert_eq!(server.link(), None);
    assert_eq!(server.frames(links[0]), ["FIN"]);
    assert!(server.link().is_some());
}

#[test]
fn a_post_that_began_before_the_switch_still_counts() {
    let (mut server, link) = Server::probing(config());
    let post = server.post_begin();
    server.text(link, "5");
    server.post_end(post, "4late");
    assert_eq!(server.events(), [upgraded(), text("late")]);
    assert_eq!(server.response(post).unwrap().status, 200);
}
