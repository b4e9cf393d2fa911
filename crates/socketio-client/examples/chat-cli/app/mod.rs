//! The program, without a terminal.

mod model;
mod protocol;
mod view;

use model::{Command, Model};
use protocol::{
    Answer, Count, Enter, Message, Picture, Presence, Room, Say, Sent, Shown, Switch, Typist,
};
use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_client::{
    BuildError, Client, ClientEvent, Events, Incoming, Socket, SocketEvent, Transport,
};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long the server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A chat: one socket, and what is on the screen.
pub(crate) struct App {
    model: Model,
    socket: Socket,
    events: Events,
    /// Requests that the server has not answered yet, and files.
    pending: JoinSet<Outcome>,
    images: PathBuf,
}

/// What became of a request.
enum Outcome {
    Entered(Room),
    Refused(String),
    Told(String),
    Done,
}

impl App {
    /// Connects, and goes on trying.
    pub(crate) fn start(
        url: &str,
        name: &str,
        room: &str,
        images: PathBuf,
    ) -> Result<Self, BuildError> {
        let socket = Client::builder(url).build()?;
        let events = socket.events();
        drop(socket.connect());
        Ok(Self {
            model: Model::new(name, room),
            socket,
            events,
            pending: JoinSet::new(),
            images,
        })
    }

    pub(crate) fn draw(&self, frame: &mut Frame<'_>) {
        view::draw(frame, &self.model);
    }

    /// A key was pressed.
    pub(crate) fn press(&mut self, key: KeyEvent) {
        match self.model.press(key, now()) {
            None => {}
            Some(Command::Typing(on)) => {
                // Nobody misses a note that has no room.
                let _ = self.socket.volatile().emit("typing", Typist::note(on));
            }
            Some(Command::Say(text)) => {
                let _ = self.socket.volatile().emit("typing", Typist::note(false));
                self.model.say(&text);
                self.request::<Sent>("say", Say { text }, |_| Outcome::Done);
            }
            Some(Command::Join(room)) => {
                self.request("switch", Switch { room }, Outcome::Entered);
            }
            Some(Command::Image(path)) => self.send_image(path.into()),
        }
    }

    /// Waits until something happens, and takes note of it. Dropping the future loses nothing.
    pub(crate) async fn turn(&mut self) {
        let forget = self.model.next_forgotten();
        let timer = tokio::time::sleep_until(forget.unwrap_or_else(far));
        tokio::select! {
            event = self.events.next() => self.take(event),
            Some(outcome) = self.pending.join_next() => {
                self.finish(outcome.unwrap_or_else(|error| Outcome::Refused(error.to_string())));
            }
            () = timer => self.model.forget(now()),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.model.is_over
    }

    /// Takes leave of the server.
    pub(crate) async fn leave(self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.socket.disconnect()).await;
    }

    fn take(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Connected { .. } => {
                let (nick, room) = (self.model.name.clone(), self.model.room.clone());
                self.request("enter", Enter { nick, room }, Outcome::Entered);
                self.show_transport();
            }
            SocketEvent::Message(message) => self.receive(&message),
            SocketEvent::Disconnected(reason) => {
                self.model.status = format!("connection lost: {reason}");
            }
            SocketEvent::ConnectError(error) => {
                self.model.status = format!("no connection: {error}");
            }
            SocketEvent::Connection(ClientEvent::ReconnectAttempt { attempt }) => {
                self.model.status = format!("connecting again, attempt {attempt}");
            }
            SocketEvent::Connection(ClientEvent::Upgraded { .. }) => self.show_transport(),
            SocketEvent::Lagged(count) => {
                self.model.note(format!("{count} messages were missed."));
            }
            _ => {}
        }
    }

    fn show_transport(&mut self) {
        let transport = self.socket.transport().map_or("nothing", Transport::name);
        self.model.status = format!("connected over {transport}");
    }

    /// An event of the server. What is not as it should be is left alone.
    fn receive(&mut self, message: &Incoming) {
        let now = now();
        match message.event() {
            "message" => {
                if let Ok(message) = message.decode::<Message>() {
                    self.model.hear(&message);
                }
            }
            "typing" => {
                if let Ok(typist) = message.decode::<Typist>() {
                    self.model.type_on(typist, now);
                }
            }
            "presence" => {
                if let Ok(presence) = message.decode::<Presence>() {
                    self.model.meet(presence);
                }
            }
            "rooms" => {
                if let Ok(rooms) = message.decode::<Vec<Count>>() {
                    self.model.rooms = rooms;
                }
            }
            "image" => {
                let Ok(picture) = message.decode::<Picture>() else {
                    return;
                };
                let Ok(bytes) = message.payload().attachment(picture.bytes) else {
                    return;
                };
                let path = self.images.join(picture.file_name());
                let nick = picture.nick;
                self.pending.spawn(async move {
                    match save(&path, &bytes).await {
                        Ok(()) => {
                            Outcome::Told(format!("{nick} has sent an image: {}", path.display()))
                        }
                        Err(error) => Outcome::Refused(format!("The image is lost: {error}")),
                    }
                });
            }
            _ => {}
        }
    }

    fn finish(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Entered(room) => self.model.enter(room),
            Outcome::Refused(error) | Outcome::Told(error) => self.model.note(error),
            Outcome::Done => {}
        }
    }

    /// Emits, and takes note of the answer when it comes.
    fn request<T: DeserializeOwned + Send + 'static>(
        &mut self,
        event: &'static str,
        argument: impl Serialize + Send + Sync + 'static,
        fine: fn(T) -> Outcome,
    ) {
        let socket = self.socket.clone();
        self.pending.spawn(async move {
            let answer = socket.timeout(PATIENCE).emit_with_ack(event, argument);
            match answer.await {
                Ok(Answer::Fine(answer)) => fine(answer),
                Ok(Answer::Refused { error }) => Outcome::Refused(error),
                Err(error) => Outcome::Refused(format!("{event}: {error}")),
            }
        });
    }

    fn send_image(&mut self, path: PathBuf) {
        let socket = self.socket.clone();
        self.pending.spawn(async move {
            let shown = match Shown::read(&path).await {
                Ok(shown) => shown,
                Err(error) => return Outcome::Refused(format!("{}: {error}", path.display())),
            };
            let within = socket.timeout(PATIENCE);
            match within.emit_with_ack("image", shown).await {
                Ok(Answer::Fine(Sent {})) => {
                    Outcome::Told(format!("You have sent {}.", path.display()))
                }
                Ok(Answer::Refused { error }) => Outcome::Refused(error),
                Err(error) => Outcome::Refused(format!("image: {error}")),
            }
        });
    }
}

async fn save(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        tokio::fs::create_dir_all(directory).await?;
    }
    tokio::fs::write(path, bytes).await
}

fn far() -> Instant {
    now() + Duration::from_secs(3600)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program's only look at the clock"
)]
fn now() -> Instant {
    Instant::now()
}
