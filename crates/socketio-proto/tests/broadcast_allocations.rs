//! What a broadcast to a thousand clients costs in allocations.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use allocation_counter::measure;
use client::{event, namespace, peer};
use engineio_proto::config::ServerConfig;
use engineio_proto::server::{Link, Transmit};
use engineio_proto::{Frame, Transport};
use serde_bytes::Bytes;
use socketio_proto::broadcast::{Draft, Flags};
use socketio_proto::rooms::{Room, Target};
use socketio_proto::server::{
    Config, Delivery, Event, NamespaceCore, NamespaceLimits, Peer, Socket,
};
use socketio_proto::{Instant, Json, Payload, SocketId, Text};
use std::sync::Arc;

const NOW: Instant = Instant::ZERO;
const RECEIVERS: usize = 1000;

/// A namespace whose members have their places in a table.
struct Server {
    core: NamespaceCore,
    clients: Vec<(Peer, Link, Socket)>,
}

impl Server {
    fn with(clients: usize) -> Self {
        let core = NamespaceCore::new(namespace("/"), Arc::new(Json), NamespaceLimits::default());
        let mut server = Self {
            core,
            clients: Vec::new(),
        };
        for n in 0..clients {
            let query = "EIO=4&transport=websocket";
            let mut peer = peer(Config::default(), ServerConfig::default(), query, NOW);
            let link = peer.drive(NOW, |session| {
                session.handle_link(Transport::WebSocket, NOW)
            });
            let link = link.unwrap();
            let connect = Frame::Text(Text::from("40"));
            peer.drive(NOW, |session| session.handle_frame(link, connect, NOW));
            let Some(Event::Connect { socket, .. }) = peer.poll_event() else {
                panic!()
            };

            let id = SocketId(Text::from(format!("id{n}")));
            let member = server.core.admit(&id);
            assert_eq!(member.index(), n);
            server.core.register(member);
            server.core.join(member, Room::from("lobby")).unwrap();
            assert!(peer.apply(NOW, |connection| connection.accept(socket, id)));
            server.clients.push((peer, link, socket));
        }
        server.write();
        server
    }

    /// The broadcast itself, up to the outboxes of the receivers.
    fn broadcast(&mut self, payload: &Payload, room: Option<&Room>) {
        let target = Target {
            rooms: room.into_iter().cloned().collect(),
            ..Target::default()
        };
        let draft = Draft {
            payload: payload.clone(),
            target,
            flags: Flags::default(),
        };
        self.core.broadcast(draft, NOW).unwrap();
        while let Some((member, delivery)) = self.core.poll_delivery() {
            let (peer, _, socket) = &mut self.clients[member.index()];
            let Delivery::Encoded { encoded, how } = delivery else {
                unreachable!()
            };
            peer.apply(NOW, |it| it.emit_encoded(*socket, encoded, &how))
                .unwrap();
        }
    }

    /// Empties the outboxes: the number of frames.
    fn write(&mut self) -> usize {
        let mut frames = 0;
        for (peer, link, _) in &mut self.clients {
            while let Some(Transmit::Frame(_)) = peer.poll_transmit(*link) {
                frames += 1;
            }
        }
        frames
    }
}

/// Allocations that the receivers cause in the first broadcast, and in later ones.
fn allocations(payload: &Payload, room: Option<&Room>) -> (u64, u64) {
    let messages = 1 + payload.attachments().len();
    let count = |server: &mut Server| {
        let info = measure(|| server.broadcast(payload, room));
        assert_eq!(write_for_free(server), messages * server.clients.len());
        info.count_total
    };
    let (mut nobody, mut many) = (Server::with(0), Server::with(RECEIVERS));
    let first = count(&mut many) - count(&mut nobody);
    let warm = count(&mut many) - count(&mut nobody);
    (first, warm)
}

/// Writing a shared packet copies nothing either.
fn write_for_free(server: &mut Server) -> usize {
    let mut frames = 0;
    let info = measure(|| frames = server.write());
    assert_eq!(info.count_total, 0);
    frames
}

#[test]
fn a_broadcast_is_encoded_once_whatever_the_number_of_receivers() {
    let text = event("message", ("some text", 1));
    let bytes = vec![7; 1000];
    let bytes = Bytes::new(&bytes);
    let binary = event("file", (bytes, bytes, bytes));
    assert_eq!(binary.attachments().len(), 3);
    let lobby = Room::from("lobby");
    for payload in [text, binary] {
        for room in [None, Some(&lobby)] {
            let (first, warm) = allocations(&payload, room);
            assert!(first <= RECEIVERS as u64, "the first time: {first}");
            // The reference count that they all share; for a single owner there is none.
            assert!(warm <= 1, "with warm outboxes: {warm}");
        }
    }
}
