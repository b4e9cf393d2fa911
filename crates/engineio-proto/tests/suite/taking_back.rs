//! Batches that wait and are taken back, so that something newer gets their room.

use crate::support::{Server, config};
use bytes::Bytes;
use engineio_proto::{
    Frame, Outgoing, SendError,
    server::{Event, Link, Mark, Transmit},
};
use proptest::{collection::vec, prelude::*};

fn batch(of: &[&str]) -> Vec<Outgoing> {
    of.iter().map(|text| Outgoing::text(text)).collect()
}

/// A session on WebSocket, its open packet pulled, with so much room.
fn server(max_buffered: usize) -> (Server, Link) {
    let (mut server, link) = Server::websocket(config().max_buffered(max_buffered));
    server.events();
    (server, link)
}

#[test]
fn what_waits_whole_is_taken_back_and_leaves_room() {
    let (mut server, link) = server(9);
    server.send("a");
    let marked = batch(&["bb", "c"]);
    server.session.send_marked(marked, Mark(1)).unwrap();
    server.send("d");
    let full = server.session.send(batch(&["ee"]));
    assert_eq!(full, Err(SendError::Full));

    assert!(server.session.take_back(Mark(1)));
    assert!(!server.session.take_back(Mark(1)), "it is gone");
    assert_eq!(server.session.buffered(), 4);
    server.send("ee");
    assert_eq!(server.frames(link), ["4a", "4d", "4ee"]);
}

#[test]
fn what_has_begun_to_leave_is_not_torn() {
    let (mut server, link) = server(100);
    let marked = batch(&["header", "attachment"]);
    server.session.send_marked(marked, Mark(1)).unwrap();
    assert_eq!(server.session.last_pulled(), Mark(0));
    assert!(server.session.poll_transmit(link).is_some());
    assert_eq!(server.session.last_pulled(), Mark(1));
    assert!(!server.session.take_back(Mark(1)));
    assert_eq!(server.frames(link), ["4attachment"]);
}

#[test]
fn a_response_takes_everything_at_once() {
    let mut server = Server::polling(config());
    server.session.send_marked(batch(&["a"]), Mark(1)).unwrap();
    server.session.send_marked(batch(&["b"]), Mark(2)).unwrap();
    assert!(server.session.take_back(Mark(1)));
    let get = server.get();
    assert_eq!(server.body(get), "4b");
    assert_eq!(server.session.last_pulled(), Mark(2));
    assert!(!server.session.take_back(Mark(2)));
}

#[test]
fn a_mark_is_given_once() {
    let (mut server, link) = server(100);
    server.session.send_marked(batch(&["a"]), Mark(5)).unwrap();
    for late in [Mark(5), Mark(4), Mark(0), Mark(u64::MAX)] {
        server.session.send_marked(batch(&["b"]), late).unwrap();
    }
    assert!(!server.session.take_back(Mark(4)));
    assert!(!server.session.take_back(Mark(0)));
    assert!(!server.session.take_back(Mark(u64::MAX)));
    assert!(server.session.take_back(Mark(5)));
    assert_eq!(server.frames(link), ["4b"; 4]);
}

#[test]
fn a_batch_that_was_refused_is_not_there() {
    let (mut server, link) = server(3);
    let refused = server.session.send_marked(batch(&["aa", "aa"]), Mark(1));
    assert_eq!(refused, Err(SendError::Full));
    assert!(!server.session.take_back(Mark(1)));
    server.send("b");
    assert_eq!(server.frames(link), ["4b"]);
}

#[test]
fn a_closed_session_takes_and_gives_nothing() {
    let (mut server, link) = server(100);
    server.session.send_marked(batch(&["a"]), Mark(1)).unwrap();
    server.session.handle_link_closed(link, false, server.now);
    let closed = server.session.send_marked(batch(&["b"]), Mark(2));
    assert_eq!(closed, Err(SendError::Closed));
    assert!(!server.session.take_back(Mark(1)), "nothing waits any more");
}

#[test]
fn whoever_expects_room_is_told_of_it() {
    let (mut server, link) = server(100);
    server.session.expect_drained();
    assert!(server.session.poll_transmit(link).is_none());
    assert_eq!(server.events(), [], "nothing waited");

    server.send("a");
    server.session.expect_drained();
    assert_eq!(server.frames(link), ["4a"]);
    assert_eq!(server.events(), [Event::Drained]);
}

#[derive(Clone, Debug)]
enum Op {
    Send { len: usize, marked: bool },
    TakeBack(u64),
    Pull,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (1..4usize, any::<bool>()).prop_map(|(len, marked)| Op::Send { len, marked }),
        (0..24u64).prop_map(Op::TakeBack),
        Just(Op::Pull),
    ]
}

proptest! {
    #[test]
    fn it_does_what_a_list_would_do(ops in vec(op(), 0..60)) {
        let (mut server, link) = server(1_000);
        // Mark, place in its batch, text.
        let mut list: Vec<(Option<u64>, usize, String)> = Vec::new();
        let (mut mark, mut number) = (0, 0);
        for op in ops {
            match op {
                Op::Send { len, marked } => {
                    let texts: Vec<String> = (0..len).map(|place| format!("{number}.{place}")).collect();
                    number += 1;
                    let batch: Vec<_> = texts.iter().map(|text| Outgoing::text(text)).collect();
                    if marked {
                        mark += 1;
                        server.session.send_marked(batch, Mark(mark)).unwrap();
                    } else {
                        server.session.send(batch).unwrap();
                    }
                    let mark = marked.then_some(mark);
                    list.extend(texts.into_iter().enumerate().map(|(place, text)| (mark, place, text)));
                }
                Op::TakeBack(mark) => {
                    let is_whole = list.iter().any(|it| (it.0, it.1) == (Some(mark), 0));
                    prop_assert_eq!(server.session.take_back(Mark(mark)), is_whole);
                    if is_whole {
                        list.retain(|it| it.0 != Some(mark));
                    }
                }
                Op::Pull => {
                    let frame = match server.session.poll_transmit(link) {
                        Some(Transmit::Frame(Frame::Text(text))) => Some(text.as_str().to_owned()),
                        other => { prop_assert_eq!(other, None); None }
                    };
                    let expected = (!list.is_empty()).then(|| list.remove(0));
                    prop_assert_eq!(frame, expected.map(|it| format!("4{}", it.2)));
                }
            }
            prop_assert_eq!(server.session.queued(), list.len());
            prop_assert_eq!(server.session.buffered(), list.iter().map(|it| it.2.len() + 1).sum::<usize>());
            let first = list.iter().find(|it| it.0.is_some_and(|_| it.1 == 0));
            prop_assert!(first.is_none_or(|it| it.0 > Some(server.session.last_pulled().0)));
        }
    }
}

#[test]
fn binary_messages_are_taken_back_as_well() {
    let (mut server, link) = server(100);
    let event = [
        Outgoing::text("51-"),
        Outgoing::binary(Bytes::from_static(b"data")),
    ];
    server.session.send_marked(event, Mark(1)).unwrap();
    assert!(server.session.take_back(Mark(1)));
    assert_eq!(server.session.buffered(), 0);
    assert_eq!(server.frames(link), [""; 0]);
}
