//! Answering an event.

use crate::socket_ref::SocketRef;
use socketio_handler::Acknowledge;
use socketio_proto::{AckId, EmitError, Format, Payload};

impl Acknowledge for SocketRef {
    fn format(&self) -> Format {
        self.format()
    }

    fn acknowledge(&self, id: AckId, payload: Payload) -> Result<(), EmitError> {
        let socket = self.inner.id;
        self.core()
            .step(|state, now| state.manager.ack(socket, id, payload, now))
    }
}
