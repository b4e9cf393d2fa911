//! Runs commands, one after the other.

use crate::actor::{Actor, Failed, innermost};
use crate::commands::{Action, Command, Flow};
use crate::observations::Observations;
use crate::options::Options;
use futures_util::future::{BoxFuture, join_all};
use serde_json::{Value as Json, json};
use socketio_client::ClientEvent;
use std::error::Error;
use std::process::exit;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Exit status when something that is waited for does not come.
const WAIT_TIMED_OUT: i32 = 2;

/// Longest time to take leave of the servers.
const FAREWELL: Duration = Duration::from_secs(1);

/// The sockets, and what they are seen to do.
pub(crate) struct Stage {
    url: String,
    observations: Observations,
    actors: Mutex<Vec<Arc<Actor>>>,
}

impl Stage {
    pub(crate) fn new(url: String) -> Arc<Self> {
        Arc::new(Self {
            url,
            observations: Observations::new(),
            actors: Mutex::default(),
        })
    }

    pub(crate) fn print(&self, line: Json) {
        self.observations.print(line);
    }

    /// Prints that a command for this socket has failed.
    pub(crate) fn print_error(&self, label: &str, error: &(dyn Error + 'static)) {
        let message = innermost(error).to_string();
        self.print(json!({ "t": "error", "s": label, "message": message }));
    }

    /// Runs a command. `turn`: the number of the turn in a `repeat`.
    pub(crate) fn run(
        self: &Arc<Self>,
        command: Command,
        turn: Option<u64>,
    ) -> BoxFuture<'static, ()> {
        let stage = Arc::clone(self);
        Box::pin(async move {
            match command {
                Command::Flow(flow) => stage.flow(flow).await,
                Command::For { s, action } => {
                    if let Err(error) = stage.act(&s, action, turn) {
                        stage.print_error(&s, &*error);
                    }
                }
            }
        })
    }

    /// Disconnects all sockets and tells the end.
    pub(crate) async fn finish(&self) {
        let leave = |actor: &Arc<Actor>| actor.socket.disconnect();
        let farewells: Vec<_> = self.with_actors(|actors| actors.iter().map(leave).collect());
        // A server that does not answer is left alone.
        let _ = tokio::time::timeout(FAREWELL, join_all(farewells)).await;
        self.print(json!({ "t": "done" }));
    }

    async fn flow(self: &Arc<Self>, flow: Flow) {
        match flow {
            Flow::Wait {
                r#for: wanted,
                count,
                timeout,
            } => {
                let wait = self.observations.wait(&wanted, count);
                let limit = Duration::from_millis(timeout);
                if tokio::time::timeout(limit, wait).await.is_err() {
                    self.print(json!({ "t": "wait_timeout", "for": wanted }));
                    exit(WAIT_TIMED_OUT);
                }
            }
            Flow::Sleep { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
            Flow::Repeat { n, commands } => {
                for turn in 0..n {
                    for command in &commands {
                        self.run(command.clone(), Some(turn)).await;
                    }
                }
            }
            Flow::Cue { name } => self.print(json!({ "t": "cue", "name": name })),
        }
    }

    fn act(self: &Arc<Self>, label: &str, action: Action, turn: Option<u64>) -> Result<(), Failed> {
        match action {
            Action::Open {
                nsp,
                auth,
                share,
                opts,
            } => self.open(label, &nsp, auth, share.as_deref(), &opts),
            other => self.actor(label)?.act(other, turn, self),
        }
    }

    fn open(
        self: &Arc<Self>,
        label: &str,
        namespace: &str,
        auth: Option<Json>,
        share: Option<&str>,
        options: &Options,
    ) -> Result<(), Failed> {
        let client = match share {
            Some(other) => self.actor(other)?.socket.client(),
            None => {
                let (stage, creator) = (Arc::clone(self), label.to_owned());
                let watcher = move |event: &ClientEvent| {
                    if let Some(line) = manager_line(&creator, event) {
                        stage.print(line);
                    }
                };
                let client = options.client(&self.url).on_event(watcher);
                client.on_error(report).build()?.client()
            }
        };
        let socket = client.socket_with(namespace, options.socket())?;
        let actor = Actor::new(label, socket);
        if let Some(auth) = auth {
            actor.socket.set_auth(auth)?;
        }
        actor.watch(self);
        self.with_actors(|actors| actors.push(Arc::clone(&actor)));
        if options.connects_by_itself() {
            drop(actor.socket.connect());
        }
        Ok(())
    }

    /// The socket that was opened last with this label.
    fn actor(&self, label: &str) -> Result<Arc<Actor>, Failed> {
        let found = self.with_actors(|actors| {
            let mut newest = actors.iter().rev();
            newest.find(|actor| actor.label == label).cloned()
        });
        found.ok_or_else(|| format!("there is no socket {label}").into())
    }

    fn with_actors<T>(&self, look: impl FnOnce(&mut Vec<Arc<Actor>>) -> T) -> T {
        look(&mut self.actors.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is printed of a connection; `creator` is the label of its first socket.
fn manager_line(creator: &str, event: &ClientEvent) -> Option<Json> {
    Some(match event {
        ClientEvent::Upgraded { to } => {
            json!({ "t": "upgrade", "s": creator, "to": to.name() })
        }
        ClientEvent::ReconnectAttempt { attempt } => {
            json!({ "t": "reconnect_attempt", "s": creator, "n": attempt })
        }
        ClientEvent::Reconnected { attempt } => {
            json!({ "t": "reconnect", "s": creator, "n": attempt })
        }
        ClientEvent::ReconnectError(failure) => {
            json!({ "t": "reconnect_error", "s": creator, "message": failure.to_string() })
        }
        ClientEvent::ReconnectFailed => json!({ "t": "reconnect_failed", "s": creator }),
        _ => return None,
    })
}

fn report(socket: &socketio_client::Socket, event: &str, error: socketio_client::HandlerError) {
    eprintln!("{event} of {socket:?}: {}", innermost(&error));
}
