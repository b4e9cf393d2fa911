//! One socket: what it is told, and what it is seen to do.

use crate::commands::{Action, Command, Reply};
use crate::stage::Stage;
use crate::values::{sent, shown};
use futures_util::FutureExt;
use serde_json::{Value as Json, json};
use socketio_client::{
    Ack, AckError, ConnectError, DisconnectReason, EmitError, Event, Reason, Socket, Transport,
    Value, Values,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A command that has failed at once.
pub(crate) type Failed = Box<dyn Error + Send + Sync>;

pub(crate) struct Actor {
    pub(crate) label: String,
    pub(crate) socket: Socket,
    replies: Mutex<BTreeMap<String, Reply>>,
    on_connect: Mutex<Vec<Command>>,
    /// Not connected, though nobody has ended it: the connection could not be made, or was lost.
    is_lost: AtomicBool,
}

impl Actor {
    pub(crate) fn new(label: &str, socket: Socket) -> Arc<Self> {
        Arc::new(Self {
            label: label.to_owned(),
            socket,
            replies: Mutex::default(),
            on_connect: Mutex::default(),
            is_lost: AtomicBool::new(false),
        })
    }

    /// From now on prints what happens to the socket.
    pub(crate) fn watch(self: &Arc<Self>, stage: &Arc<Stage>) {
        let socket = &self.socket;
        let (actor, printer) = (Arc::clone(self), Arc::clone(stage));
        socket.on_connect(move || connected(Arc::clone(&actor), Arc::clone(&printer)));
        let (actor, printer) = (Arc::clone(self), Arc::clone(stage));
        socket.on_disconnect(move |Reason(reason): Reason| {
            let is_lost = !matches!(
                reason,
                DisconnectReason::ServerDisconnect | DisconnectReason::ClientDisconnect
            );
            actor.is_lost.store(is_lost, Relaxed);
            let reason = reason.to_string();
            printer.print(json!({ "t": "disconnect", "s": actor.label, "reason": reason }));
            async {}
        });
        let (actor, printer) = (Arc::clone(self), Arc::clone(stage));
        socket.on_connect_error(move |error: ConnectError| {
            let is_lost = matches!(error, ConnectError::Connection(_));
            actor.is_lost.store(is_lost, Relaxed);
            let data = match &error {
                ConnectError::Refused {
                    data: Some(data), ..
                } => shown(data),
                _ => Json::Null,
            };
            let message = error.to_string();
            printer.print(
                json!({ "t": "connect_error", "s": actor.label, "message": message, "data": data }),
            );
            async {}
        });
        let (actor, printer) = (Arc::clone(self), Arc::clone(stage));
        socket.on_any(move |Event(name): Event, values: Values, ack: Ack| {
            let args = all_shown(&values.0);
            printer.print(json!({ "t": "event", "s": actor.label, "name": name, "args": args }));
            let answered = actor.reply(&name, values, ack);
            async { answered }
        });
    }

    /// Does what it is told.
    pub(crate) fn act(
        self: &Arc<Self>,
        action: Action,
        turn: Option<u64>,
        stage: &Arc<Stage>,
    ) -> Result<(), Failed> {
        match action {
            // Then there is another socket.
            Action::Open { .. } => {}
            Action::Connect => drop(self.socket.connect()),
            Action::Disconnect => {
                self.is_lost.store(false, Relaxed);
                drop(self.socket.disconnect());
            }
            Action::Emit {
                event,
                args,
                volatile,
            } => {
                let values = all_sent(&args, turn);
                match volatile {
                    true => self.socket.volatile().emit(&event, values)?,
                    false => self.socket.emit(&event, values)?,
                }
            }
            Action::Call {
                label,
                event,
                args,
                timeout,
            } => {
                let values = all_sent(&args, turn);
                let limit = timeout.map(Duration::from_millis);
                let call = Arc::clone(self).call(label, event, values, limit, Arc::clone(stage));
                // Up to the emit at once, and in the order of the commands.
                let mut call = Box::pin(call);
                if (&mut call).now_or_never().is_none() {
                    tokio::spawn(call);
                }
            }
            Action::Reply { event, args } => drop(lock(&self.replies).insert(event, args)),
            Action::OnConnect { commands } => *lock(&self.on_connect) = commands,
            Action::Auth { auth } => self.socket.set_auth(auth)?,
            Action::CloseEngine => self.socket.client().close_engine(),
            Action::State => stage.print(self.state()),
        }
        Ok(())
    }

    /// Emits, waits for the acknowledgement and prints it.
    async fn call(
        self: Arc<Self>,
        label: String,
        event: String,
        values: Values,
        limit: Option<Duration>,
        stage: Arc<Stage>,
    ) {
        let answer = match limit {
            Some(limit) => {
                let emitter = self.socket.timeout(limit);
                emitter.emit_with_ack_raw(&event, values).await
            }
            None => self.socket.emit_with_ack_raw(&event, values).await,
        };
        let answer = answer.and_then(|answer| answer.values().map_err(AckError::Decode));
        let (error, args) = match answer {
            Ok(values) => (None, all_shown(&values)),
            Err(AckError::Timeout) => (Some("timeout"), Vec::new()),
            Err(AckError::Disconnected) => (Some("disconnected"), Vec::new()),
            Err(error) => return stage.print_error(&self.label, &error),
        };
        stage.print(
            json!({ "t": "ack", "s": self.label, "label": label, "error": error, "args": args }),
        );
    }

    /// Acknowledges an event, if it was told to.
    fn reply(&self, event: &str, values: Values, ack: Ack) -> Result<(), EmitError> {
        match lock(&self.replies).get(event) {
            None => Ok(()),
            Some(Reply::Echo(_)) => ack.send(values),
            Some(Reply::With(args)) => ack.send(all_sent(args, None)),
        }
    }

    /// The official client calls a socket active also after its connection was given up: it would
    /// come along if another socket made the connection again.
    fn state(&self) -> Json {
        let socket = &self.socket;
        let is_active = socket.is_active() || self.is_lost.load(Relaxed);
        json!({
            "t": "state",
            "s": self.label,
            "connected": socket.is_connected(),
            "active": is_active,
            "id": socket.id(),
            "recovered": socket.recovered(),
            "transport": socket.transport().map(Transport::name),
        })
    }
}

/// Prints the connection and does what is to be done at each.
async fn connected(actor: Arc<Actor>, stage: Arc<Stage>) {
    let socket = &actor.socket;
    actor.is_lost.store(false, Relaxed);
    stage.print(json!({
        "t": "connect",
        "s": actor.label,
        "id": socket.id(),
        "recovered": socket.recovered(),
        "transport": socket.transport().map(Transport::name),
    }));
    let commands = lock(&actor.on_connect).clone();
    for command in commands {
        stage.run(command, None).await;
    }
}

fn all_sent(args: &[Json], turn: Option<u64>) -> Values {
    Values(args.iter().map(|value| sent(value, turn)).collect())
}

fn all_shown(values: &[Value]) -> Vec<Json> {
    values.iter().map(shown).collect()
}

/// The cause of an error that says the most.
pub(crate) fn innermost<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
