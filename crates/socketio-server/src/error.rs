//! What can go wrong on the application's side.

pub(crate) use socketio_handler::{AckError, EmitError, HandlerError, Refusal};
