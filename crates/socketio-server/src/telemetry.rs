//! What an operator sees: `tracing` where the reference has its debug output, and `metrics`.
//!
//! One function for each thing worth telling. Without the features they are empty, and their callers
//! need not care. Names and labels are in `docs/operations.md`; no label has a value that a client
//! can choose.
#![cfg_attr(
    not(all(feature = "tracing", feature = "metrics")),
    allow(unused_variables, reason = "each feature uses a part")
)]

use crate::error::HandlerError;
use crate::handler::Started;
use crate::socket::Socket;
use engineio_proto::admission::AdmissionError;
use engineio_proto::http::Reject;
use engineio_proto::{CloseReason, DecodeError, Sid, Transport};
use socketio_proto::DecodeError as PacketError;
use socketio_proto::rooms::RoomError;
use socketio_proto::server::ConnectLimit;
use std::time::Duration;

/// Which way something went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Direction {
    In,
    Out,
}

impl Direction {
    #[cfg(any(feature = "tracing", feature = "metrics"))]
    fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// Writes an event of `tracing`, if the feature is there.
macro_rules! trace {
    ($level:ident, $($rest:tt)*) => {
        #[cfg(feature = "tracing")]
        tracing::$level!(target: "socketio_server", $($rest)*);
    };
}

/// Counts for `metrics`, if the feature is there.
macro_rules! count {
    ($kind:ident!($($rest:tt)*).$method:ident($value:expr)) => {
        #[cfg(feature = "metrics")]
        metrics::$kind!($($rest)*).$method($value);
    };
}

/// What a figure is, for exporters that show it.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// All figures: as `docs/operations.md` lists them.
#[cfg(feature = "metrics")]
const FIGURES: [(Kind, &str, metrics::Unit, &str); 15] = {
    use Kind::{Counter, Gauge, Histogram};
    use metrics::Unit::{Bytes, Count, Seconds};
    [
        (Gauge, "engineio_sessions", Count, "sessions that live"),
        (
            Counter,
            "engineio_sessions_opened_total",
            Count,
            "sessions by the transport that they began with",
        ),
        (
            Counter,
            "engineio_sessions_closed_total",
            Count,
            "sessions by the reason of their end",
        ),
        (
            Counter,
            "engineio_upgrades_total",
            Count,
            "polling sessions that became WebSockets",
        ),
        (
            Counter,
            "engineio_refused_total",
            Count,
            "requests that got no session's answer",
        ),
        (
            Counter,
            "engineio_packets_total",
            Count,
            "packets of Engine.IO",
        ),
        (
            Counter,
            "engineio_bytes_total",
            Bytes,
            "bytes of frames and bodies",
        ),
        (
            Histogram,
            "engineio_queue_bytes",
            Bytes,
            "bytes that wait for one client",
        ),
        (
            Gauge,
            "socketio_sockets",
            Count,
            "sockets, over all namespaces",
        ),
        (
            Counter,
            "socketio_sockets_connected_total",
            Count,
            "sockets that got into their namespace",
        ),
        (
            Counter,
            "socketio_sockets_refused_total",
            Count,
            "CONNECTs that were refused",
        ),
        (
            Counter,
            "socketio_events_received_total",
            Count,
            "events of clients",
        ),
        (
            Counter,
            "socketio_handler_errors_total",
            Count,
            "handlers that failed",
        ),
        (
            Histogram,
            "socketio_ack_seconds",
            Seconds,
            "from an emit to one socket to its acknowledgement",
        ),
        (
            Counter,
            "socketio_limits_hit_total",
            Count,
            "bounds that were reached",
        ),
    ]
};

/// Tells the recorder that is installed what the figures mean.
pub(crate) fn describe() {
    #[cfg(feature = "metrics")]
    for (kind, name, unit, text) in FIGURES {
        match kind {
            Kind::Counter => metrics::describe_counter!(name, unit, text),
            Kind::Gauge => metrics::describe_gauge!(name, unit, text),
            Kind::Histogram => metrics::describe_histogram!(name, unit, text),
        }
    }
}

pub(crate) fn session_opened(sid: &Sid, transport: Transport) {
    trace!(debug, %sid, transport = transport.name(), "session opened");
    count!(
        counter!("engineio_sessions_opened_total", "transport" => transport.name()).increment(1)
    );
    count!(gauge!("engineio_sessions", "transport" => transport.name()).increment(1.0));
}

pub(crate) fn session_upgraded(sid: &Sid, from: Transport, to: Transport) {
    trace!(debug, %sid, from = from.name(), to = to.name(), "session upgraded");
    count!(counter!("engineio_upgrades_total").increment(1));
    count!(gauge!("engineio_sessions", "transport" => from.name()).decrement(1.0));
    count!(gauge!("engineio_sessions", "transport" => to.name()).increment(1.0));
}

/// No request can come for a session any more.
pub(crate) fn session_gone(sid: &Sid, transport: Transport) {
    trace!(trace, %sid, "session forgotten");
    count!(gauge!("engineio_sessions", "transport" => transport.name()).decrement(1.0));
}

/// Why a session has ended.
pub(crate) fn session_closed(sid: &Sid, reason: &CloseReason) {
    trace!(debug, %sid, %reason, "session closed");
    #[cfg(feature = "metrics")]
    {
        let label = match reason {
            CloseReason::TransportClose => "transport_close",
            CloseReason::TransportError | CloseReason::Frame(_) => "transport_error",
            CloseReason::PingTimeout => "ping_timeout",
            CloseReason::Parse(_) => "parse_error",
            CloseReason::Forced | CloseReason::ForcedServer => "forced",
            CloseReason::ShuttingDown => "shutting_down",
            CloseReason::Overflow => "overflow",
            CloseReason::PacketRate => "packet_rate",
            CloseReason::ByteRate => "byte_rate",
            _ => "other",
        };
        metrics::counter!("engineio_sessions_closed_total", "reason" => label).increment(1);
    }
    let limit = match reason {
        CloseReason::Overflow => "max_buffered",
        CloseReason::PacketRate => "packet_rate",
        CloseReason::ByteRate => "byte_rate",
        CloseReason::Parse(DecodeError::TooMany { .. }) => "max_packets",
        _ => return,
    };
    limit_hit(limit);
}

/// A request that gets no session's answer.
pub(crate) fn refused(reject: &Reject) {
    trace!(debug, code = reject.code(), reason = %reject, "request refused");
    #[cfg(feature = "metrics")]
    {
        let label = match reject {
            Reject::UnknownTransport => "unknown_transport",
            Reject::UnknownSid => "unknown_sid",
            Reject::BadHandshakeMethod => "bad_handshake_method",
            Reject::BadRequest => "bad_request",
            Reject::Forbidden(_) => "forbidden",
            Reject::UnsupportedVersion => "unsupported_version",
            Reject::ShuttingDown => "shutting_down",
            Reject::Admission(_) => "admission",
            _ => "other",
        };
        metrics::counter!("engineio_refused_total", "reason" => label).increment(1);
    }
    if let Reject::Admission(error) = reject {
        limit_hit(match error {
            AdmissionError::Sessions => "max_sessions",
            AdmissionError::AddressSessions => "max_sessions_per_address",
            AdmissionError::Rate { .. } => "handshake_rate",
            AdmissionError::AddressRate { .. } => "handshake_rate_per_address",
            _ => "admission",
        });
    }
}

/// A client, or the server itself, came up against a limit.
pub(crate) fn limit_hit(limit: &'static str) {
    trace!(warn, limit, "limit hit");
    count!(counter!("socketio_limits_hit_total", "limit" => limit).increment(1));
}

/// What became of an event for one socket: it may have found no room, or no place to wait for an
/// acknowledgement.
pub(crate) fn delivered<T>(result: &Result<T, socketio_proto::EmitError>) {
    use socketio_proto::EmitError::{Full, TooLarge, TooManyAcks};
    match result {
        Err(Full | TooLarge) => limit_hit("max_buffered"),
        Err(TooManyAcks) => limit_hit("max_pending_acks"),
        Ok(_) | Err(_) => {}
    }
}

/// A CONNECT was refused by the core.
pub(crate) fn connect_over_limit(sid: &Sid, limit: ConnectLimit) {
    let limit = match limit {
        ConnectLimit::Auth => "max_auth",
        ConnectLimit::Namespaces => "max_namespaces",
        _ => "other",
    };
    limit_hit(limit);
    trace!(debug, %sid, reason = limit, "socket refused");
    count!(counter!("socketio_sockets_refused_total", "reason" => limit).increment(1));
}

/// Nobody knows the namespace that a client has asked for.
pub(crate) fn namespace_unknown(sid: &Sid, namespace: &str) {
    trace!(debug, %sid, namespace, reason = "unknown_namespace", "socket refused");
    count!(
        counter!("socketio_sockets_refused_total", "reason" => "unknown_namespace").increment(1)
    );
}

/// What became of joining a room.
pub(crate) fn joined(result: &Result<(), RoomError>) {
    match result {
        Err(RoomError::TooMany { .. }) => limit_hit("max_rooms"),
        Err(RoomError::TooLong { .. }) => limit_hit("max_room_name"),
        Ok(()) | Err(_) => {}
    }
}

/// Packets of Engine.IO: one frame, or what a body holds.
pub(crate) fn carried(direction: Direction, transport: Transport, packets: u64, bytes: usize) {
    trace!(
        trace,
        direction = direction.name(),
        transport = transport.name(),
        packets,
        bytes,
        "carried"
    );
    count!(counter!("engineio_packets_total", "direction" => direction.name(), "transport" => transport.name()).increment(packets));
    count!(counter!("engineio_bytes_total", "direction" => direction.name(), "transport" => transport.name()).increment(bytes as u64));
}

/// Packets of a polling body. One of protocol 3 counts as one.
pub(crate) fn carried_body(direction: Direction, body: &[u8]) {
    #[cfg(any(feature = "tracing", feature = "metrics"))]
    {
        let packets = 1 + body.iter().filter(|byte| **byte == 0x1e).count() as u64;
        carried(direction, Transport::Polling, packets, body.len());
    }
}

/// Bytes that wait for a client after a step, if some do.
pub(crate) fn waiting(bytes: usize) {
    #[cfg(feature = "metrics")]
    if bytes > 0 {
        metrics::histogram!("engineio_queue_bytes").record(bytes as f64);
    }
}

pub(crate) fn socket_connected(socket: &Socket) {
    trace!(
        debug,
        sid = socket.inner().client().sid().as_str(),
        socket = socket.id(),
        namespace = socket.namespace().name(),
        "socket connected"
    );
    count!(counter!("socketio_sockets_connected_total").increment(1));
    count!(gauge!("socketio_sockets").increment(1.0));
}

/// A middleware has refused a socket.
pub(crate) fn socket_refused(sid: &Sid, namespace: &str, message: &str) {
    trace!(debug, %sid, namespace, message, reason = "middleware", "socket refused");
    count!(counter!("socketio_sockets_refused_total", "reason" => "middleware").increment(1));
}

pub(crate) fn socket_left(socket: &Socket, reason: &dyn std::fmt::Display) {
    trace!(debug, socket = socket.id(), namespace = socket.namespace().name(), %reason, "socket disconnected");
    count!(gauge!("socketio_sockets").decrement(1.0));
}

pub(crate) fn event_received(socket: &Socket, event: &str) {
    trace!(trace, socket = socket.id(), event, "event received");
    count!(counter!("socketio_events_received_total").increment(1));
}

pub(crate) fn packet_refused(sid: &Sid, error: &PacketError) {
    trace!(debug, %sid, %error, "packet refused");
    limit_hit(match error {
        PacketError::Limit {
            what: "attachments",
        } => "max_attachments",
        PacketError::AttachmentsTimeout => "attachments_timeout",
        PacketError::Limit { what: "bytes" } => "max_packet_bytes",
        PacketError::Limit { what: "depth" } => "max_depth",
        PacketError::Limit { what: "namespace" } => "max_namespace_name",
        PacketError::Limit { what: "event name" } => "max_event_name",
        PacketError::Limit { what: "query" } => "max_query",
        PacketError::Limit { what } => what,
        _ => return,
    });
}

pub(crate) fn handler_failed(socket: &Socket, event: &str, error: &HandlerError) {
    trace!(warn, socket = socket.id(), event, %error, "handler failed");
    count!(counter!("socketio_handler_errors_total").increment(1));
}

/// The client has answered an event after this time.
pub(crate) fn acknowledged(after: Duration) {
    trace!(trace, ?after, "acknowledged");
    count!(histogram!("socketio_ack_seconds").record(after.as_secs_f64()));
}

/// Runs a handler in a span that names its event, so that what it logs can be told apart.
pub(crate) fn in_span(socket: &Socket, event: &str, handler: Started) -> Started {
    #[cfg(feature = "tracing")]
    {
        let span = tracing::debug_span!(target: "socketio_server", "event", event,
            socket = socket.id(), namespace = socket.namespace().name());
        if !span.is_disabled() {
            return Box::pin(tracing::Instrument::instrument(handler, span));
        }
    }
    handler
}

/// What this file emits is what it describes and what the page lists. The texts are compared, so that
/// nothing has to be brought about for it.
#[cfg(test)]
#[cfg(feature = "metrics")]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    type Set = BTreeSet<String>;

    /// What is emitted, without the tables above and the tests below.
    fn source() -> &'static str {
        let all = include_str!("telemetry.rs");
        let (_, emitting) = all.split_once("pub(crate) fn session_opened").unwrap();
        emitting.split_once("mod tests").unwrap().0
    }

    /// The rows of a table of the page, cell by cell.
    fn rows(heading: &str) -> Vec<Vec<String>> {
        // Read now, since an archive of this crate has the tests and not the page.
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
        let page = std::fs::read_to_string(path).expect("the page is in the repository");
        let lines = page.lines().skip_while(|line| !line.starts_with(heading));
        let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
        let cells = |row: &str| {
            let cells = row.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().to_owned()).collect()
        };
        let rows: Vec<_> = rows.map(cells).collect();
        assert!(!rows.is_empty());
        rows
    }

    /// What is between these quotes.
    fn quoted(text: &str, quote: char) -> Set {
        let parts = text.split(quote).skip(1).step_by(2);
        parts.map(ToOwned::to_owned).collect()
    }

    /// Each figure with its kind and the names of its labels.
    fn emitted() -> BTreeSet<(String, String, Set)> {
        let mut figures = BTreeSet::new();
        for kind in ["counter", "gauge", "histogram"] {
            for call in source().split(&format!("{kind}!(")).skip(1) {
                let end = [".increment", ".decrement", ".record"];
                let end = end.iter().filter_map(|it| call.find(it)).min();
                let call = &call[..end.unwrap()];
                let mut parts = call.trim().splitn(3, '"');
                let name = parts.nth(1).unwrap();
                let labels = call
                    .split("=>")
                    .map(|before| before.rsplit('"').nth(1).unwrap().to_owned());
                let count = call.matches("=>").count();
                let labels = labels.take(count).collect();
                figures.insert((name.to_owned(), kind.to_owned(), labels));
            }
        }
        figures
    }

    #[test]
    fn the_page_lists_each_figure_with_its_kind_and_labels() {
        let listed: BTreeSet<_> = rows("| name | kind |")
            .iter()
            .map(|row| {
                (
                    row[0].trim_matches('`').into(),
                    row[1].clone(),
                    quoted(&row[2], '`'),
                )
            })
            .collect();
        assert_eq!(listed, emitted());
    }

    #[test]
    fn each_figure_is_described() {
        let described: BTreeSet<_> = FIGURES
            .iter()
            .map(|(kind, name, ..)| ((*name).to_owned(), format!("{kind:?}").to_lowercase()))
            .collect();
        let emitted = emitted().into_iter().map(|(name, kind, _)| (name, kind));
        assert_eq!(described, emitted.collect());
    }

    #[test]
    fn the_page_lists_the_values_of_the_labels() {
        let rows = rows("| name | kind |");
        let values = |name: &str| {
            let row = rows
                .iter()
                .find(|row| row[0] == format!("`{name}`"))
                .unwrap();
            quoted(&row[3], '`')
        };
        // The arms of the two matches by which reasons become labels.
        let mut labels = source().split("let label = match").skip(1).map(|rest| {
            let arms = rest.split_once("};").unwrap().0;
            quoted(arms, '"')
        });
        assert_eq!(
            Some(values("engineio_sessions_closed_total")),
            labels.next()
        );
        assert_eq!(Some(values("engineio_refused_total")), labels.next());
        assert_eq!(labels.next(), None);
        let refused = values("socketio_sockets_refused_total");
        for reason in ["middleware", "unknown_namespace"] {
            assert!(source().contains(&format!(r#""reason" => "{reason}""#)));
            assert!(refused.contains(reason));
        }
        let limits = source().split_once("let limit = match limit").unwrap().1;
        let limits = quoted(limits.split_once("};").unwrap().0, '"');
        assert!(
            limits
                .iter()
                .filter(|it| *it != "other")
                .all(|it| refused.contains(it))
        );
        assert_eq!(refused.len(), limits.len() + 1);
    }

    #[test]
    fn the_page_lists_each_event_with_its_level() {
        let listed: BTreeSet<_> = rows("| level | events |")
            .iter()
            .flat_map(|row| {
                let level = row[0].trim_matches('`').to_owned();
                let events = quoted(&row[1], '`').into_iter();
                events.map(move |it| (level.clone(), it))
            })
            .collect();
        let mut told = BTreeSet::new();
        for level in ["warn", "debug", "trace"] {
            for call in source().split(&format!("trace!({level},")).skip(1).chain(
                source()
                    .split(&format!("trace!(\n        {level},"))
                    .skip(1),
            ) {
                let call = call.split_once(");").unwrap().0;
                let message = call
                    .trim_end()
                    .trim_end_matches('"')
                    .rsplit('"')
                    .next()
                    .unwrap();
                told.insert((level.to_owned(), message.to_owned()));
            }
        }
        assert_eq!(listed, told);
    }
}
