//! server (page to be written)

mod ack;
mod broadcast;
mod clock;
mod dispatch;
mod env;
mod error;
mod extensions;
mod extract;
mod handler;
mod ids;
mod namespace;
mod options;
mod service;
mod socket;
mod socket_io;
mod sync;
mod timers;
mod transport;

pub mod engine;

pub use ack::Ack;
pub use broadcast::{Broadcast, IntoRooms, Responses};
pub use error::{AckError, EmitError, HandlerError, Refusal};
pub use extensions::Extensions;
pub use extract::{
    Attachments, Auth, Event, EventContext, FromEvent, Handshake, Rest, State, Values,
};
pub use handler::{Handler, Outcome};
pub use namespace::Namespace;
pub use options::Forbidden;
pub use service::NotFound;
pub use socket::{Emitter, Reason, Socket};
pub use socket_io::{ConnectAuth, SocketIo, SocketIoBuilder, SocketIoLayer, SocketIoService};
pub use socketio_proto::rooms::RoomError;
pub use socketio_proto::{Attachment, Value};
pub use transport::{ConnectionInfo, HandshakeRequest, ResponseBody};

const SHUTDOWN_PATIENCE: core::time::Duration = core::time::Duration::from_secs(2);
