//! Events that both sides have declared once.

use crate::support::{Log, Server, connect};
use socketio_client::blocking::Socket;
use socketio_client::events;
use socketio_server::{Socket as Peer, SocketIo};

events! {
    pub(crate) Say = "say"(text: String) -> usize;
    pub(crate) Said = "said"(text: String);
    pub(crate) Question = "question"(text: String) -> (String, u32);
}

#[test]
fn both_sides_speak_of_the_same_events() {
    let server = Server::start(SocketIo::builder());
    server.io.on_typed(async |peer: Peer, Say { text }: Say| {
        let question = Question { text: text.clone() };
        let (answer, sure) = peer.emit_typed_with_ack(&question).await?;
        let text = format!("{answer} ({sure} %)");
        peer.emit_typed(&Said { text })?;
        Ok::<_, socketio_server::AckError>(question.text.len())
    });
    let (log, lines) = Log::new();
    let socket = connect(
        server
            .client("/")
            .on_typed(|_: Socket, question: Question| (question.text.to_uppercase(), 99))
            .on_typed(move |Said { text }: Said| log.add(text)),
    );

    let say = Say {
        text: "hello".into(),
    };
    assert_eq!(socket.emit_typed_with_ack(&say).unwrap(), 5);
    assert_eq!(lines.next(), "HELLO (99 %)");
}
