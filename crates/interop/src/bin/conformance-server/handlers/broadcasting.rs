//! Rooms, broadcasts, and operations on many sockets.

use super::streams::millis;
use super::{Done, Rooms, sorted_rooms};
use crate::diagnostics;
use serde::Deserialize;
use serde_json::Value as Json;
use socketio_server::{Ack, Broadcast, EmitError, Namespace, Socket, Value, Values};

/// Whom an event is for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    to: Vec<String>,
    except: Vec<String>,
    #[serde(rename = "self")]
    with_self: bool,
    volatile: bool,
    timeout: Option<f64>,
}

impl Target {
    /// From the namespace, or from the socket's broadcast, which leaves the socket out.
    fn operator(&self, socket: &Socket) -> Broadcast {
        let all = if self.with_self {
            socket.namespace().broadcast()
        } else {
            socket.broadcast()
        };
        let some = all.to(&self.to).except(&self.except);
        let some = if self.volatile { some.volatile() } else { some };
        some.timeout(millis(self.timeout.unwrap_or(1000.0)))
    }

    fn of_namespace(mut self, socket: &Socket) -> Broadcast {
        self.with_self = true;
        self.operator(socket)
    }
}

pub(super) fn register(namespace: &Namespace) {
    namespace.on(
        "join",
        async |socket: Socket, rooms: Rooms, ack: Ack| -> Done {
            if let Err(error) = socket.join(rooms.into_list()) {
                diagnostics::tell(&format!("join of {}: {error}", socket.id()));
            }
            ack.send(sorted_rooms(&socket))
        },
    );
    namespace.on("leave", async |socket: Socket, rooms: Rooms, ack: Ack| {
        socket.leave(rooms.into_list());
        ack.send(sorted_rooms(&socket))
    });
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
        async |socket: Socket, target: Option<Target>, ack: Ack| {
            let sockets = target
                .unwrap_or_default()
                .of_namespace(&socket)
                .fetch_sockets();
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
        async |socket: Socket, target: Option<Target>, rooms: Rooms, ack: Ack| {
            let target = target.unwrap_or_default().of_namespace(&socket);
            let _ = target.sockets_join(rooms.into_list());
            ack.send(())
        },
    );
    namespace.on(
        "socketsLeave",
        async |socket: Socket, target: Option<Target>, rooms: Rooms, ack: Ack| {
            target
                .unwrap_or_default()
                .of_namespace(&socket)
                .sockets_leave(rooms.into_list());
            ack.send(())
        },
    );
    namespace.on(
        "disconnectSockets",
        async |socket: Socket, target: Option<Target>, close: Option<bool>, ack: Ack| -> Done {
            ack.send(())?;
            let target = target.unwrap_or_default().of_namespace(&socket);
            target.disconnect_sockets(close.unwrap_or_default());
            Ok(())
        },
    );
}

async fn broadcast(
    socket: Socket,
    target: Option<Target>,
    event: String,
    values: Values,
    ack: Ack,
) -> Result<(), EmitError> {
    target
        .unwrap_or_default()
        .operator(&socket)
        .emit(&event, values)?;
    ack.send(())
}

async fn broadcast_with_ack(
    socket: Socket,
    target: Option<Target>,
    event: String,
    values: Values,
    ack: Ack,
) -> Result<(), EmitError> {
    let operator = target.unwrap_or_default().operator(&socket);
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
