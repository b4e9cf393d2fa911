//! Answering an event.

use crate::socket::Socket;
use socketio_handler::Acknowledge;
use socketio_proto::{AckId, EmitError, Format, Payload};

impl Acknowledge for Socket {
    fn format(&self) -> Format {
        self.format()
    }

    fn acknowledge(&self, id: AckId, payload: Payload) -> Result<(), EmitError> {
        self.with(|connection, socket| connection.ack(socket, id, payload))
    }
}
