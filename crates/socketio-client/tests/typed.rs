//! Events that both sides have declared once.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_client::{Socket, SocketEvent, events};
use socketio_server::{Socket as Peer, SocketIo};
use std::time::Duration;
use support::{Log, Server, soon};

/// What a client says.
mod to_server {
    use super::events;

    events! {
        pub(crate) Say = "say"(room: String, text: String) -> usize;
        pub(crate) Quiz = "quiz"(question: String) -> String;
    }
}

/// What a server says.
mod to_client {
    use super::events;

    events! {
        #[derive(Debug, PartialEq)]
        pub(crate) Said = "said"(from: String, text: String);
        pub(crate) Question = "question"(text: String) -> (String, u32);
    }
}

use to_client::{Question, Said};
use to_server::{Quiz, Say};

/// A server that repeats what is said, and passes questions on to who sent them.
async fn server() -> Server {
    let server = Server::start(SocketIo::builder()).await;
    server
        .io
        .on_typed(async |peer: Peer, Say { room, text }: Say| {
            let length = text.len();
            peer.emit_typed(&Said { from: room, text }).map(|()| length)
        });
    server
        .io
        .on_typed(async |peer: Peer, Quiz { question }: Quiz| {
            let question = Question { text: question };
            let brief = peer.timeout(Duration::from_secs(10));
            let (answer, sure) = brief.emit_typed_with_ack(&question).await?;
            Ok::<_, socketio_server::AckError>(format!("{answer} ({sure} %)"))
        });
    server
}

fn say(text: &str) -> Say {
    Say {
        room: "lobby".into(),
        text: text.into(),
    }
}

#[tokio::test]
async fn both_sides_speak_of_the_same_events() {
    let server = server().await;
    let (log, mut lines) = Log::new();
    let socket = server
        .client("/")
        .on_typed(move |said: Said| {
            log.add(format!("{}: {}", said.from, said.text));
            std::future::ready(())
        })
        .on_typed(async |_: Socket, question: Question| (question.text.to_uppercase(), 99))
        .connect()
        .await
        .unwrap();

    assert_eq!(socket.emit_typed_with_ack(&say("hello")).await.unwrap(), 5);
    assert_eq!(lines.next().await, "lobby: hello");
    socket.emit_typed(&say("again")).unwrap();
    assert_eq!(lines.next().await, "lobby: again");
    let quiz = Quiz {
        question: "why".into(),
    };
    let answer = socket.timeout(Duration::from_secs(10));
    let answer = answer.emit_typed_with_ack(&quiz).await.unwrap();
    assert_eq!(answer, "WHY (99 %)");
}

#[tokio::test]
async fn a_handler_that_is_added_later_can_be_taken_off() {
    let server = server().await;
    let socket = server.client("/").connect().await.unwrap();
    let (log, mut lines) = Log::new();
    let listener = socket.on_typed(move |said: Said| {
        log.add(said.text);
        std::future::ready(())
    });
    socket.emit_typed_with_ack(&say("one")).await.unwrap();
    assert_eq!(lines.next().await, "one");
    assert!(socket.off(listener));
    socket.emit_typed_with_ack(&say("two")).await.unwrap();
    assert!(lines.rest().is_empty());
}

#[tokio::test]
async fn a_failure_is_reported_and_not_sent() {
    let server = server().await;
    let (log, mut lines) = Log::new();
    let socket = server
        .client("/")
        .on_typed(async |question: Question| Err::<(String, u32), _>(question.text))
        .on_error(move |_, event, error| log.add(format!("{event}: {error}")))
        .connect()
        .await
        .unwrap();
    let quiz = Quiz {
        question: "why".into(),
    };
    let answer = socket.timeout(Duration::from_millis(50));
    assert!(answer.emit_typed_with_ack(&quiz).await.is_err());
    assert_eq!(lines.next().await, "question: the handler failed");
}

#[tokio::test]
async fn pulled_events_are_read_by_type() {
    let server = server().await;
    let socket = server.client("/").connect().await.unwrap();
    let mut events = socket.events();
    socket.emit_typed(&say("hello")).unwrap();
    let SocketEvent::Message(incoming) = soon("the event", events.next()).await else {
        panic!("another event");
    };
    assert!(incoming.typed::<Question>().unwrap().is_none());
    let said = Said {
        from: "lobby".into(),
        text: "hello".into(),
    };
    assert_eq!(incoming.typed().unwrap(), Some(said));
}
