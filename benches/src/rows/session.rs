//! The whole way of an event through the state machines of one client's connection.

use super::codec_socketio::{payload, shown};
use crate::corpus::{Chat, Sample, corpus};
#[cfg(feature = "peers")]
use crate::peers::socketioxide;
use crate::{Row, Task, limits, operation};
use engineio_proto::config::ServerConfig;
use engineio_proto::http::{Method, Request, Route, route};
use engineio_proto::server::{Link, Session, Transmit};
use engineio_proto::{Frame, Sid, Transport};
use socketio_proto::server::{Config, Connection, Emit, Event, Peer, Revision, Socket};
use socketio_proto::{Instant, Json, SocketId, Text};
use std::hint::black_box;
use std::sync::Arc;

pub(super) fn rows() -> Vec<Row> {
    let sample = &corpus().event;
    vec![emit(sample), receive(sample)]
}

/// From the data to the frame that the socket writes.
fn emit(sample: &'static Sample<Chat>) -> Row {
    let text = format!("4{}", sample.text);
    let row = Row::new("emit an event, data to frame").ours("whole session", None, {
        let mut client = Client::connected();
        operation(
            || (),
            move |()| {
                let payload = payload(sample, &sample.data);
                client.emit(payload);
                client.frame()
            },
            |frame| match frame {
                Frame::Text(text) => text.as_bytes().to_vec(),
                Frame::Binary(_) => panic!("binary"),
            },
        )
    });
    #[cfg(feature = "peers")]
    let row = row.peer(
        "socketioxide (codecs only)",
        socketioxide::encode_frame(sample),
    );
    row.limit("memcpy", limits::memcpy(text))
}

/// From the frame to the data, with the check of the whole that a server makes.
fn receive(sample: &'static Sample<Chat>) -> Row {
    let text = format!("4{}", sample.text);
    let row = Row::new("receive an event, frame to data").ours(
        "whole session, owned",
        None,
        receive_owned(&text),
    );
    #[cfg(feature = "peers")]
    let row = row.peer(
        "socketioxide (codecs only)",
        socketioxide::decode_frame(sample),
    );
    row.limit("JSON scan", limits::json_scan(&text))
}

fn receive_owned(text: &str) -> Box<dyn Task> {
    let text = Text::new(text);
    let mut client = Client::connected();
    operation(
        move || Frame::Text(text.clone()),
        move |frame| {
            let Event::Message { payload, .. } = client.receive(frame) else {
                panic!("not an event")
            };
            black_box(payload.event());
            payload.decode::<Chat>().unwrap()
        },
        |data| shown(Some("message"), &data),
    )
}

/// A client over WebSocket that has joined `/`.
struct Client {
    peer: Peer,
    link: Link,
    socket: Socket,
}

const NOW: Instant = Instant::ZERO;

impl Client {
    fn connected() -> Self {
        let engine = ServerConfig::default();
        let request = Request {
            method: Method::Get,
            query: "EIO=4&transport=websocket",
            content_type: None,
            origin: None,
            user_agent: None,
            is_upgrade: true,
        };
        let Ok(Route::Handshake(handshake)) = route(&engine, &request) else {
            panic!("refused")
        };
        let sid = Sid::new(Text::from("engine")).unwrap();
        let session = Session::accept(Arc::new(engine), sid, &handshake, NOW);
        let config = Arc::new(Config::default());
        let connection = Connection::new(config, Arc::new(Json), Revision::V5, NOW);
        let mut peer = Peer::new(session, connection);
        let link = peer.drive(NOW, |session| {
            session.handle_link(Transport::WebSocket, NOW)
        });
        let link = link.unwrap();
        peer.drive(NOW, |session| {
            session.handle_frame(link, Frame::Text(Text::from("40")), NOW);
        });
        let Some(Event::Connect { socket, .. }) = peer.poll_event() else {
            panic!("not asked for `/`")
        };
        let id = SocketId(Text::from("socket"));
        assert!(peer.apply(NOW, |connection| connection.accept(socket, id)));
        while peer.poll_transmit(link).is_some() {}
        Self { peer, link, socket }
    }

    fn emit(&mut self, payload: socketio_proto::Payload) {
        let socket = self.socket;
        let sent = self.peer.apply(NOW, |connection| {
            connection.emit(socket, payload, Emit::default(), NOW)
        });
        sent.unwrap();
    }

    fn frame(&mut self) -> Frame {
        match self.peer.poll_transmit(self.link) {
            Some(Transmit::Frame(frame)) => frame,
            other => panic!("not a frame: {other:?}"),
        }
    }

    fn receive(&mut self, frame: Frame) -> Event {
        let link = self.link;
        self.peer
            .drive(NOW, |session| session.handle_frame(link, frame, NOW));
        self.peer.poll_event().expect("an event")
    }
}
