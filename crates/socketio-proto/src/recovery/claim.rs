//! What a client says to get its session back, and why it does not.

use crate::{Payload, Text};
use core::fmt;
use serde::Deserialize;
use thiserror::Error;

/// The secret by which a client proves that a session is its own. `Debug` does not show it.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub struct PrivateId(pub Text);

impl PrivateId {
    /// The secret as it goes over the wire.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for PrivateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateId(..)")
    }
}

/// A client's claim to a session that it had before, a part of the credentials in its CONNECT.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Which session.
    pub private: PrivateId,
    /// The place of the last event that the client has seen. `None`: it has seen none.
    pub offset: Option<Text>,
}

impl Claim {
    /// The claim in these credentials: `pid` is a string, and `offset` is one or is not there.
    ///
    /// The reference needs both, and so recovers no client that has not received an event.
    ///
    /// ```
    /// use socketio_proto::recovery::Claim;
    /// use socketio_proto::{Format, Payload};
    ///
    /// let auth = serde_json::json!({ "pid": "secret", "offset": "4.x", "token": "1b" });
    /// let auth = Payload::value(Format::Json, &auth)?;
    /// let claim = Claim::of(&auth).expect("a claim");
    /// assert_eq!(claim.private.as_str(), "secret");
    /// assert_eq!(claim.offset.as_deref(), Some("4.x"));
    /// # Ok::<(), socketio_proto::PayloadError>(())
    /// ```
    pub fn of(auth: &Payload) -> Option<Self> {
        #[derive(Deserialize)]
        struct Members {
            pid: alloc::string::String,
            #[serde(default)]
            offset: Option<alloc::string::String>,
        }
        let Members { pid, offset } = auth.decode().ok()?;
        Some(Self {
            private: PrivateId(Text::from(pid)),
            offset: offset.map(Text::from),
        })
    }
}

/// Why a session was not recovered. The client gets a fresh one and is not told.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// The private id is none of this namespace on this server, or one of long ago.
    #[error("the session is not known")]
    Unknown,
    /// The client came back later than
    /// [`max_disconnection_duration`](super::Config::max_disconnection_duration).
    #[error("the session has expired")]
    Expired,
    /// The session was dropped because others went after it; see
    /// [`max_sessions`](super::Config::max_sessions) and
    /// [`max_session_bytes`](super::Config::max_session_bytes).
    #[error("the session was dropped in favour of others")]
    Evicted,
    /// The socket had left the namespace, by the client's will or the server's, or its engine session
    /// ended for something that is no packet of Engine.IO
    /// ([`CloseReason::Parse`](engineio_proto::CloseReason::Parse)). What is no packet of Socket.IO
    /// ends it by [`CloseReason::Forced`](engineio_proto::CloseReason::Forced), after which it may be
    /// recovered.
    #[error("the session was ended on purpose")]
    Ended,
    /// The offset is none of the log's. Most likely it is the last argument of a volatile event,
    /// which the client has taken for one.
    #[error("the offset is not known")]
    UnknownOffset,
    /// The log has forgotten events that the client may have missed; see
    /// [`max_packets`](super::Config::max_packets) and
    /// [`max_packet_bytes`](super::Config::max_packet_bytes).
    #[error("the log does not reach back to the offset")]
    LogTrimmed,
    /// What was missed does not fit into the client's send buffer. So it is, as a rule, for a client
    /// that was closed because there was no room for a broadcast: it has missed all that waited, and
    /// the broadcast.
    #[error("more was missed than the send buffer takes")]
    TooMuch,
}
