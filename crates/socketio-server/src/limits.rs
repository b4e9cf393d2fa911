//! Every bound of a server, in one place.

use engineio_proto::Rate;
use engineio_proto::admission;
use engineio_proto::config::ServerConfig;
use socketio_proto::parser;
use socketio_proto::server::{Config, NamespaceLimits};
use std::time::Duration;

/// What clients can make grow, and how far.
///
/// Each bound has its default, what it is for, and what happens when it is reached: what the client
/// sees, and what the application sees. Besides, each counts under its name in the metric
/// `socketio_limits_hit_total` (`max_queued` under `max_buffered`). `docs/limits.md` of the
/// repository has them as a table, with a recipe for rates and what one client can cost in all.
///
/// Rates and admission are off unless they are set: what is too fast, or too many from one address,
/// depends on the application and on what is in front of it. The bounds on packets, namespaces,
/// rooms and acknowledgements mean nothing to a [raw engine](crate::engine).
///
/// What recovery may keep is in [`RecoveryConfig`](crate::RecoveryConfig), with its times; times
/// after which a silent client is gone are setters of the [builder](crate::SocketIoBuilder).
///
/// ```
/// use socketio_server::{Limits, Rate, SocketIo};
///
/// let limits = Limits::default()
///     .max_sessions_per_address(100)
///     .packet_rate(Rate::per_second(50).burst(500));
/// let (layer, io) = SocketIo::builder().limits(limits).build();
/// # let _ = (layer, io);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a POST's body and of a WebSocket message: 1,000,000, as in the reference, so that
    /// no message has to be held that nobody wants.
    ///
    /// The client sees 413 for a body, and its session lives on; a message closes it, with status
    /// 1009. The application sees `transport error`.
    pub max_payload: usize,
    /// Packets in the body of one POST: 10,000, an honest burst after a pause, so that a body does
    /// not cost more by what is made of it than by its bytes.
    ///
    /// The client sees the end of its session, the application `parse error`.
    pub max_packets: usize,
    /// Packets per second that a client may send, and at once: no limit. Each frame is one, and each
    /// packet in the body of a POST, heartbeats included.
    ///
    /// The client sees the end of its session, the application `packet rate exceeded`.
    pub packet_rate: Option<Rate>,
    /// Bytes per second that a client may send, and at once: no limit. The burst should not be below
    /// [`max_payload`](Self::max_payload), as no larger message can pass.
    ///
    /// The client sees the end of its session, the application `byte rate exceeded`.
    pub byte_rate: Option<Rate>,
    /// Bytes that wait to be sent to one client, by all its sockets: 4 MiB, what a reader that never
    /// reads can cost, beside what is just being written to it.
    ///
    /// Who emits to this client sees [`EmitError`](crate::EmitError). A broadcast closes the client
    /// that can't take it; the application sees `send buffer overflow`.
    pub max_buffered: usize,
    /// Messages that wait to be sent to one client: 65,536, so that empty ones cannot outgrow
    /// `max_buffered` by what it takes to keep them, some 40 bytes each. Beyond it as there.
    pub max_queued: usize,
    /// Attachments of one packet: 10, as in the reference. Looked at when they are announced.
    ///
    /// This and the bounds up to [`max_query`](Self::max_query): the client sees the end of its
    /// session, the application `forced close`.
    pub max_attachments: usize,
    /// Bytes of one packet, text and attachments together: `None`, the default, is eleven times
    /// [`max_payload`](Self::max_payload), a text and ten attachments. It is what a client can have
    /// kept by never sending the last one.
    pub max_packet_bytes: Option<usize>,
    /// Time from a packet's text to its last attachment: 30 s, so that half a packet is not kept for
    /// ever.
    pub attachments_timeout: Duration,
    /// Attachments of fewer bytes than this are copied when they arrive: 4,096. A larger one keeps
    /// the whole buffer that it came in, of up to `max_payload` bytes, as long as a handler keeps
    /// it. Nobody sees anything of it.
    pub copy_below: usize,
    /// Arrays and objects inside each other: 128, that of arguments included, so that neither the
    /// stack nor the parser runs out.
    pub max_depth: usize,
    /// Bytes of a namespace's name, as clients write it: 1,024.
    pub max_namespace_name: usize,
    /// Bytes of an event's name, as clients write it: 1,024.
    pub max_event_name: usize,
    /// Bytes of the query behind a namespace in which clients of Socket.IO 1 and 2 give their
    /// credentials: 8,192.
    pub max_query: usize,
    /// Bytes of the credentials of one CONNECT: 65,536, as they are kept as long as the socket.
    ///
    /// The client sees the refusal `credentials too large`, and stays connected.
    pub max_auth: usize,
    /// Namespaces that one client may be in, or on its way into, at a time: 64.
    ///
    /// The client sees the refusal `too many namespaces` for one more, and stays connected.
    pub max_namespaces: usize,
    /// Namespaces that exist because clients asked for them, see
    /// [`SocketIo::of_matching`](crate::SocketIo::of_matching): 10,000, as they stay without
    /// [`cleanup_empty_namespaces`](crate::SocketIoBuilder::cleanup_empty_namespaces).
    ///
    /// The client sees the refusal `Invalid namespace` for one more.
    pub max_dynamic_namespaces: usize,
    /// Rooms that one socket may be in, its own apart: 1,024, as handlers often join what a client
    /// names.
    ///
    /// Who joins one more sees [`RoomError::TooMany`](crate::RoomError::TooMany).
    pub max_rooms: usize,
    /// Bytes of a room's name: 1,024.
    ///
    /// Who joins sees [`RoomError::TooLong`](crate::RoomError::TooLong).
    pub max_room_name: usize,
    /// Acknowledgements that are waited for from one client, by all its sockets and by broadcasts:
    /// 1,024, as a client may never answer.
    ///
    /// Who emits sees [`AckError`](crate::AckError); a broadcast counts the client as one that did
    /// not answer.
    pub max_pending_acks: usize,
    /// Broadcasts of one namespace that wait for acknowledgements: 1,000.
    ///
    /// One more ends the waiting of that which would have timed out first: it gets the answers that
    /// have come.
    pub max_pending_broadcasts: usize,
    /// Events of rooms that wait in one namespace while a
    /// [hook](crate::Namespace::on_room_event) runs: 65,536.
    ///
    /// The hook sees [`RoomEvent::Missed`](crate::RoomEvent::Missed) in place of those beyond.
    pub max_room_events: usize,
    /// Handlers of one client that are suspended: 1,024, at least 1, so that a client can't start
    /// work faster than it is done.
    ///
    /// No more of its input is read until one of them has finished, which the client sees as a
    /// connection that takes no more. It is looked at before each frame and each body is taken, so
    /// all events of one body may be begun beyond it: up to [`max_packets`](Self::max_packets).
    pub max_pending_handlers: usize,
    /// Sessions at a time: no limit. Those count whose handshake is still being decided upon.
    ///
    /// The client sees 503 and `Too many sessions`.
    pub max_sessions: Option<usize>,
    /// Sessions at a time from one address: no limit. See [`admission`] for what is one address,
    /// and [`client_address`](crate::SocketIoBuilder::client_address) for where it is from.
    ///
    /// The client sees 429 and `Too many sessions from this address`.
    pub max_sessions_per_address: Option<usize>,
    /// Handshakes per second, and at once: no limit. Those that the application refuses count, too.
    ///
    /// The client sees 429, `retry-after` and `Too many handshakes`.
    pub handshake_rate: Option<Rate>,
    /// Handshakes per second, and at once, from one address: no limit.
    ///
    /// The client sees 429, `retry-after` and `Too many handshakes from this address`.
    pub handshake_rate_per_address: Option<Rate>,
    /// Addresses that are remembered for the two limits by address: 100,000, some 60 bytes each.
    ///
    /// Beyond it new ones are let in uncounted: only the limits in all hold for them.
    pub max_addresses: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let engine = ServerConfig::default();
        let connection = Config::default();
        let packet = connection.limits;
        let namespace = NamespaceLimits::default();
        let admission = admission::Config::default();
        Self {
            max_payload: engine.max_payload,
            max_packets: engine.max_packets,
            packet_rate: engine.packet_rate,
            byte_rate: engine.byte_rate,
            max_buffered: engine.max_buffered,
            max_queued: engine.max_queued,
            max_attachments: packet.max_attachments,
            max_packet_bytes: None,
            attachments_timeout: connection.attachments_timeout,
            copy_below: packet.copy_below,
            max_depth: packet.max_depth,
            max_namespace_name: packet.max_namespace,
            max_event_name: packet.max_event,
            max_query: connection.max_query,
            max_auth: connection.max_auth,
            max_namespaces: connection.max_namespaces,
            max_dynamic_namespaces: 10_000,
            max_rooms: namespace.max_rooms_per_socket,
            max_room_name: namespace.max_room_name,
            max_pending_acks: connection.max_pending_acks,
            max_pending_broadcasts: namespace.max_pending_broadcasts,
            max_room_events: namespace.max_room_events,
            max_pending_handlers: 1024,
            max_sessions: admission.max_sessions,
            max_sessions_per_address: admission.max_sessions_per_address,
            handshake_rate: admission.handshake_rate,
            handshake_rate_per_address: admission.handshake_rate_per_address,
            max_addresses: admission.max_addresses,
        }
    }
}

/// Writes by-value setters, one for each field.
macro_rules! setters {
    ($($field:ident: $argument:ty,)*) => {
        /// By-value setters, one for each field.
        impl Limits {
            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
                #[must_use]
                pub fn $field(mut self, value: $argument) -> Self {
                    self.$field = value.into();
                    self
                }
            )*
        }
    };
}

setters! {
    max_payload: usize,
    max_packets: usize,
    packet_rate: impl Into<Option<Rate>>,
    byte_rate: impl Into<Option<Rate>>,
    max_buffered: usize,
    max_queued: usize,
    max_attachments: usize,
    max_packet_bytes: impl Into<Option<usize>>,
    attachments_timeout: Duration,
    copy_below: usize,
    max_depth: usize,
    max_namespace_name: usize,
    max_event_name: usize,
    max_query: usize,
    max_auth: usize,
    max_namespaces: usize,
    max_dynamic_namespaces: usize,
    max_rooms: usize,
    max_room_name: usize,
    max_pending_acks: usize,
    max_pending_broadcasts: usize,
    max_room_events: usize,
    max_pending_handlers: usize,
    max_sessions: impl Into<Option<usize>>,
    max_sessions_per_address: impl Into<Option<usize>>,
    handshake_rate: impl Into<Option<Rate>>,
    handshake_rate_per_address: impl Into<Option<Rate>>,
    max_addresses: usize,
}

/// Packets of the largest size that make up a packet with attachments: its text and ten of them.
const PARTS: usize = 11;

/// The bounds as those want them who keep to them.
#[derive(Debug)]
pub(crate) struct Shares {
    pub(crate) engine: ServerConfig,
    pub(crate) connection: Config,
    pub(crate) namespace: NamespaceLimits,
    pub(crate) host: Bounds,
    pub(crate) max_dynamic_namespaces: usize,
}

/// What the adapter itself keeps to.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) admission: admission::Config,
    pub(crate) max_pending_handlers: usize,
}

impl Limits {
    /// Hands each bound to whoever keeps to it, once, when the server is built. What else the two
    /// configurations say stays as it is.
    pub(crate) fn share(self, engine: ServerConfig, connection: Config) -> Shares {
        // Field by field, so that the compiler finds one that goes nowhere.
        let Self {
            max_payload,
            max_packets,
            packet_rate,
            byte_rate,
            max_buffered,
            max_queued,
            max_attachments,
            max_packet_bytes,
            attachments_timeout,
            copy_below,
            max_depth,
            max_namespace_name,
            max_event_name,
            max_query,
            max_auth,
            max_namespaces,
            max_dynamic_namespaces,
            max_rooms,
            max_room_name,
            max_pending_acks,
            max_pending_broadcasts,
            max_room_events,
            max_pending_handlers,
            max_sessions,
            max_sessions_per_address,
            handshake_rate,
            handshake_rate_per_address,
            max_addresses,
        } = self;
        let packet = parser::Limits::default()
            .max_attachments(max_attachments)
            .max_bytes(max_packet_bytes.unwrap_or(max_payload.saturating_mul(PARTS)))
            .max_depth(max_depth)
            .max_namespace(max_namespace_name)
            .max_event(max_event_name)
            .copy_below(copy_below);
        Shares {
            engine: engine
                .max_payload(max_payload)
                .max_packets(max_packets)
                .packet_rate(packet_rate)
                .byte_rate(byte_rate)
                .max_buffered(max_buffered)
                .max_queued(max_queued),
            connection: connection
                .limits(packet)
                .attachments_timeout(attachments_timeout)
                .max_query(max_query)
                .max_auth(max_auth)
                .max_namespaces(max_namespaces)
                .max_pending_acks(max_pending_acks),
            namespace: NamespaceLimits::default()
                .max_rooms_per_socket(max_rooms)
                .max_room_name(max_room_name)
                .max_pending_broadcasts(max_pending_broadcasts)
                .max_room_events(max_room_events)
                .max_buffered(max_buffered),
            host: Bounds {
                admission: admission::Config::default()
                    .max_sessions(max_sessions)
                    .max_sessions_per_address(max_sessions_per_address)
                    .handshake_rate(handshake_rate)
                    .handshake_rate_per_address(handshake_rate_per_address)
                    .max_addresses(max_addresses),
                max_pending_handlers: max_pending_handlers.max(1),
            },
            max_dynamic_namespaces,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(limits: Limits) -> Shares {
        limits.share(ServerConfig::default(), Config::default())
    }

    #[test]
    fn the_defaults_are_those_that_are_documented() {
        let shares = shares(Limits::default());
        let engine = shares.engine;
        assert_eq!(
            (engine.max_payload, engine.max_packets),
            (1_000_000, 10_000)
        );
        assert_eq!((engine.max_buffered, engine.max_queued), (4 << 20, 65_536));
        assert_eq!((engine.packet_rate, engine.byte_rate), (None, None));
        let connection = shares.connection;
        let packet = connection.limits;
        assert_eq!((packet.max_attachments, packet.max_bytes), (10, 11_000_000));
        assert_eq!((packet.max_depth, packet.copy_below), (128, 4096));
        assert_eq!((packet.max_namespace, packet.max_event), (1024, 1024));
        assert_eq!(connection.attachments_timeout, Duration::from_secs(30));
        assert_eq!(
            (connection.max_query, connection.max_namespaces),
            (8192, 64)
        );
        assert_eq!(connection.max_auth, 65_536);
        assert_eq!(connection.max_pending_acks, 1024);
        let namespace = shares.namespace;
        assert_eq!(namespace.max_rooms_per_socket, 1024);
        assert_eq!(namespace.max_room_name, 1024);
        assert_eq!(namespace.max_pending_broadcasts, 1000);
        assert_eq!(namespace.max_room_events, 65_536);
        assert_eq!(shares.max_dynamic_namespaces, 10_000);
        assert_eq!(shares.host.max_pending_handlers, 1024);
        assert_eq!(shares.host.admission, admission::Config::default());
        assert_eq!(shares.host.admission.max_addresses, 100_000);
    }

    #[test]
    fn each_bound_arrives_where_it_is_kept() {
        let [a, b, c, d] = [1, 2, 3, 4].map(Rate::per_second);
        let limits = Limits::default()
            .max_payload(101)
            .max_packets(102)
            .packet_rate(a)
            .byte_rate(b)
            .max_buffered(103)
            .max_queued(104)
            .max_attachments(105)
            .max_packet_bytes(106)
            .attachments_timeout(Duration::from_secs(107))
            .copy_below(108)
            .max_depth(109)
            .max_namespace_name(110)
            .max_event_name(111)
            .max_query(112)
            .max_auth(124)
            .max_namespaces(113)
            .max_dynamic_namespaces(114)
            .max_rooms(115)
            .max_room_name(116)
            .max_pending_acks(117)
            .max_pending_broadcasts(118)
            .max_pending_handlers(119)
            .max_room_events(123)
            .max_sessions(120)
            .max_sessions_per_address(121)
            .handshake_rate(c)
            .handshake_rate_per_address(d)
            .max_addresses(122);
        let shares = shares(limits);
        let engine = shares.engine;
        assert_eq!((engine.max_payload, engine.max_packets), (101, 102));
        assert_eq!((engine.packet_rate, engine.byte_rate), (Some(a), Some(b)));
        assert_eq!((engine.max_buffered, engine.max_queued), (103, 104));
        let packet = parser::Limits::default()
            .max_attachments(105)
            .max_bytes(106)
            .copy_below(108)
            .max_depth(109)
            .max_namespace(110)
            .max_event(111);
        let connection = Config::default()
            .limits(packet)
            .attachments_timeout(Duration::from_secs(107))
            .max_query(112)
            .max_auth(124)
            .max_namespaces(113)
            .max_pending_acks(117);
        assert_eq!(shares.connection, connection);
        let namespace = NamespaceLimits::default()
            .max_rooms_per_socket(115)
            .max_room_name(116)
            .max_pending_broadcasts(118)
            .max_room_events(123)
            .max_buffered(103);
        assert_eq!(shares.namespace, namespace);
        let admission = admission::Config::default()
            .max_sessions(120)
            .max_sessions_per_address(121)
            .handshake_rate(c)
            .handshake_rate_per_address(d)
            .max_addresses(122);
        assert_eq!(shares.host.admission, admission);
        assert_eq!(shares.max_dynamic_namespaces, 114);
        assert_eq!(shares.host.max_pending_handlers, 119);
    }

    #[test]
    fn a_packet_is_bounded_by_the_payload_unless_said_otherwise() {
        let max_bytes = |limits| shares(limits).connection.limits.max_bytes;
        assert_eq!(max_bytes(Limits::default().max_payload(10)), 110);
        assert_eq!(
            max_bytes(Limits::default().max_payload(usize::MAX)),
            usize::MAX
        );
        let own = Limits::default().max_payload(10).max_packet_bytes(7);
        assert_eq!(max_bytes(own), 7);
    }
}
