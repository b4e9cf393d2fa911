//! The same over MessagePack.

use crate::support::{OPEN, namespace, secs};
use engineio_proto::client::{ClientConfig, Command, Link, Transmit};
use engineio_proto::{Frame, Transport};
use socketio_proto::client::{Auth, ClientEvent, Config, Emit, Event, Manager, SocketOptions};
use socketio_proto::{
    AckId, Body, Format, Instant, Limits, Message, MsgPack, Namespace, Packet, Parser, Payload,
    Text,
};
use std::sync::Arc;

fn said(manager: &mut Manager, link: Link) -> Vec<Body> {
    let mut decoder = MsgPack.decoder(Limits::default());
    let mut bodies = Vec::new();
    while let Some(transmit) = manager.poll_transmit(link) {
        if let Transmit::Frame(Frame::Binary(bytes)) = transmit {
            let packet = decoder.push(Message::Binary(bytes)).unwrap();
            bodies.push(packet.expect("a whole packet").body);
        }
    }
    bodies
}

fn say(manager: &mut Manager, link: Link, frame: Frame, now: Instant) {
    manager.drive(now, |it| it.handle_frame(link, frame, now));
}

fn packet(body: Body) -> Frame {
    let namespace = Namespace::root();
    let encoded = MsgPack.encode(&Packet { namespace, body }).unwrap();
    encoded.messages()[0].clone().into_frame()
}

/// The manager's link, open, behind the engine's handshake.
fn opened(manager: &mut Manager, now: Instant) -> Link {
    let link = loop {
        if let Some(Command::OpenLink { link, .. }) = manager.poll_command() {
            break link;
        }
    };
    manager.drive(now, |it| it.handle_link_open(link, now));
    say(manager, link, Frame::Text(Text::from(OPEN)), now);
    link
}

#[test]
fn a_session_is_connected_used_and_recovered() {
    let engine = ClientConfig::default().transports([Transport::WebSocket]);
    let config = Arc::new(Config::default());
    let mut manager = Manager::new(config, Arc::new(engine), Arc::new(MsgPack), 1);
    let token = serde_json::json!({ "token": [1, "x"] });
    let token = Payload::value(Format::MsgPack, &token).unwrap();
    let auth = Auth::Value(token.clone());
    let options = SocketOptions::default();
    let socket = manager.add(namespace("/"), auth, options).unwrap();
    let mut now = Instant::ZERO;
    manager.connect(socket, now);
    let link = opened(&mut manager, now);
    assert_eq!(said(&mut manager, link), [Body::Connect(Some(token))]);

    let granted = serde_json::json!({ "sid": "id", "pid": "private" });
    let granted = Payload::value(Format::MsgPack, &granted).unwrap();
    let accepted = packet(Body::Connect(Some(granted)));
    say(&mut manager, link, accepted, now);
    assert_eq!(manager.id(socket).unwrap().as_str(), "id");

    let data = serde_bytes::Bytes::new(&[1, 2, 3]);
    let event = Payload::new(Format::MsgPack, Some("m"), &data).unwrap();
    let how = Emit::default().ack(true);
    manager.emit(socket, event.clone(), how, now).unwrap();
    let id = Some(AckId(0));
    assert_eq!(
        said(&mut manager, link),
        [Body::Event { id, payload: event }]
    );
    let offset = Payload::new(Format::MsgPack, Some("e"), &(1, "offset")).unwrap();
    let missed = packet(Body::Event {
        id: None,
        payload: offset,
    });
    say(&mut manager, link, missed, now);

    manager.drive(now, |it| it.handle_link_closed(link, true, now));
    now += secs(5);
    manager.handle_timeout(now);
    let link = opened(&mut manager, now);
    let claim = serde_json::json!({ "pid": "private", "offset": "offset", "token": [1, "x"] });
    let said = said(&mut manager, link);
    let [Body::Connect(Some(claimed))] = said.as_slice() else {
        panic!("not a CONNECT: {said:?}");
    };
    assert_eq!(claimed.decode::<serde_json::Value>().unwrap(), claim);
}

#[test]
fn an_undefined_private_id_is_none() {
    let engine = ClientConfig::default().transports([Transport::WebSocket]);
    let config = Arc::new(Config::default());
    let mut manager = Manager::new(config, Arc::new(engine), Arc::new(MsgPack), 1);
    let options = SocketOptions::default();
    let socket = manager.add(namespace("/"), Auth::None, options).unwrap();
    let now = Instant::ZERO;
    manager.connect(socket, now);
    let link = opened(&mut manager, now);
    // As the reference writes it: the member is there, and what it has is `undefined`.
    let granted = b"\x83\xa4type\x00\xa4data\x82\xa3sid\xa1x\xa3pid\xd4\x00\x00\xa3nsp\xa1/";
    let frame = Frame::Binary(granted.as_slice().into());
    say(&mut manager, link, frame, now);
    assert!(manager.is_connected(socket));
    let connected = Event::Connected {
        socket,
        recovered: false,
    };
    let events: Vec<_> = std::iter::from_fn(|| manager.poll_event()).collect();
    let open = Event::Connection(ClientEvent::Opened);
    assert_eq!(events, [open, connected]);
}
