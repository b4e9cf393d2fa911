//! Rooms, broadcasts, and operations on many sockets.

use super::arguments::{Flag, Number, Options, Rooms};
use super::{Done, sorted_rooms};
use crate::diagnostics;
use serde::Deserialize;
use serde_json::Value as Json;
use socketio_server::{Ack, Broadcast, EmitError, Namespace, Socket, Value, Values};
use std::time::Duration;

/// Whom an event is for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    to: Rooms,
    except: Rooms,
    #[serde(rename = "self")]
    with_self: Flag,
    volatile: Flag,
    timeout: Option<Number>,
}

impl Target {
    /// From the namespace, or from the socket's broadcast, which leaves the socket out.
    fn operator(&self, socket: &Socket) -> Broadcast {
        let all = if self.with_self.0 {
            socket.namespace().broadcast()
        } else {
            socket.broadcast()
        };
        let some = all.to(&self.to.0).except(&self.except.0);
        let some = if self.volatile.0 {
            some.volatile()
        } else {
            some
        };
        some.timeout(self.timeout.map_or(Duration::from_secs(1), Number::millis))
    }

    fn of_namespace(mut self, socket: &Socket) -> Broadcast {
        self.with_self = Flag(true);
        self.operator(socket)
    }
}

pub(super) fn register(namespace: &Namespace) {
    namespace.on(
        "join",
        async |socket: Socket, Rooms(rooms): Rooms, ack: Ack| -> Done {
            if let Err(error) = socket.join(rooms) {
                diagnostics::tell(&format!("join of {}: {error}", socket.id()));
            }
            ack.send(sorted_rooms(&socket))
        },
    );
    namespace.on(
        "leave",
        async |socket: Socket, Rooms(rooms): Rooms, ack: Ack| {
            socket.leave(rooms);
            ack.send(sorted_rooms(&socket))
        },
    );
    namespace.on("watch", async |socket: Socket, ack: Ack| {
        let _ = socket.join("watchers");
        ack.send(())
    });
    namespace.on("allRooms", async |socket: Socket, ack: Ack| {
        ack.send(socket.namespace().rooms())
    });
    namespace.on("broadcast", broadcast);
    namespace.on("broadcastWithAck", broadcast_with_ack);

    namespace.on(
        "fetchSockets",
        async |socket: Socket, Options(target): Options<Target>, ack: Ack| {
            let sockets = target.of_namespace(&socket).fetch_sockets();
            let mut ids: Vec<String> = sockets
                .iter()
                .map(|socket| socket.id().to_owned())
                .collect();
            ids.sort();
            ack.send(ids)
        },
    );
    namespace.on(
        "socketsJoin",
        async |socket: Socket, Options(target): Options<Target>, Rooms(rooms): Rooms, ack: Ack| {
            let target = target.of_namespace(&socket);
            let _ = target.sockets_join(rooms);
            ack.send(())
        },
    );
    namespace.on(
        "socketsLeave",
        async |socket: Socket, Options(target): Options<Target>, Rooms(rooms): Rooms, ack: Ack| {
            target.of_namespace(&socket).sockets_leave(rooms);
            ack.send(())
        },
    );
    namespace.on(
        "disconnectSockets",
        async |socket: Socket,
               Options(target): Options<Target>,
               Flag(close): Flag,
               ack: Ack|
               -> Done {
            ack.send(())?;
            let target = target.of_namespace(&socket);
            target.disconnect_sockets(close);
            Ok(())
        },
    );
}

async fn broadcast(
    socket: Socket,
    Options(target): Options<Target>,
    event: String,
    values: Values,
    ack: Ack,
) -> Result<(), EmitError> {
    target.operator(&socket).emit(&event, values)?;
    ack.send(())
}

async fn broadcast_with_ack(
    socket: Socket,
    Options(target): Options<Target>,
    event: String,
    values: Values,
    ack: Ack,
) -> Result<(), EmitError> {
    let operator = target.operator(&socket);
    let (answers, missing) = match operator.emit_with_ack::<Value>(&event, values).await {
        Ok(responses) => (responses.answers, responses.missing),
        Err(error) => {
            diagnostics::tell(&format!("broadcastWithAck: {error}"));
            return Ok(());
        }
    };
    let error = if missing == 0 {
        Json::Null
    } else {
        "operation has timed out".into()
    };
    ack.send((error, answers))
}
