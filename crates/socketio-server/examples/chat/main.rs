//! A chat with rooms: `cargo run --example chat`, then open <http://127.0.0.1:3000> in two windows.
//!
//! `HOST` and `PORT` choose another address. The page is in `index.html`, its events are in
//! `protocol.md`.

mod page;
mod rooms;

use rooms::{Member, Rooms};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use socketio_server::{Ack, EmitError, Socket, SocketIo, State};
use std::sync::Arc;

type Server = State<Arc<Rooms>>;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (layer, io) = SocketIo::builder()
        .state(Arc::new(Rooms::default()))
        .on_error(|socket, event, error| eprintln!("{event} of {}: {error}", socket.id()))
        .build();

    io.on("enter", enter);
    io.on("switch", switch);
    io.on("say", say);
    io.on("image", image);
    io.on("typing", typing);
    io.on_disconnecting(leave);

    let setting =
        |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.into());
    let address = format!(
        "{}:{}",
        setting("HOST", "127.0.0.1"),
        setting("PORT", "3000")
    );
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("The chat is on http://{}", listener.local_addr()?);
    tokio::select! {
        result = async { axum::serve(listener, page::routes().layer(layer)).await } => result,
        _ = tokio::signal::ctrl_c() => {
            io.shutdown().await;
            Ok(())
        }
    }
}

#[derive(Deserialize)]
struct Enter {
    nick: String,
    room: String,
}

async fn enter(socket: Socket, rooms: Server, request: Enter, ack: Ack) -> Result<(), EmitError> {
    let nick = request.nick.trim();
    if nick.is_empty() || nick.chars().count() > 24 {
        return refuse(ack, "A nickname has 1 to 24 characters.");
    }
    go(&socket, &rooms.0, nick, &request.room, ack)
}

#[derive(Deserialize)]
struct Switch {
    room: String,
}

async fn switch(socket: Socket, rooms: Server, request: Switch, ack: Ack) -> Result<(), EmitError> {
    match socket.extensions().get::<Member>() {
        Some(member) => go(&socket, &rooms.0, &member.nick, &request.room, ack),
        None => refuse(ack, "Enter first."),
    }
}

#[derive(Deserialize)]
struct Say {
    text: String,
}

async fn say(socket: Socket, rooms: Server, said: Say, ack: Ack) -> Result<(), EmitError> {
    let Some(member) = socket.extensions().get::<Member>() else {
        return refuse(ack, "Enter first.");
    };
    if said.text.trim().is_empty() || said.text.chars().count() > 2000 {
        return refuse(ack, "A message has 1 to 2,000 characters.");
    }
    let message = rooms.0.say(&member, socket.id(), said.text);
    socket.to(&member.room).emit("message", &message)?;
    ack.send(json!({ "ok": true, "id": message.id, "at": message.at }))
}

#[derive(Deserialize)]
struct Picture {
    name: String,
    r#type: String,
    bytes: ByteBuf,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: u64,
    from: &'a str,
    nick: &'a str,
    name: &'a str,
    r#type: &'a str,
    bytes: &'a ByteBuf,
    at: u64,
}

async fn image(socket: Socket, rooms: Server, picture: Picture, ack: Ack) -> Result<(), EmitError> {
    const TYPES: [&str; 5] = [
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
    ];
    let Some(member) = socket.extensions().get::<Member>() else {
        return refuse(ack, "Enter first.");
    };
    if !TYPES.contains(&picture.r#type.as_str()) {
        return refuse(ack, "This is no image that browsers show.");
    }
    if picture.bytes.len() > 700_000 {
        return refuse(ack, "The image is too large.");
    }
    let (id, at) = rooms.0.stamp();
    let shown = Shown {
        id,
        from: socket.id(),
        nick: &member.nick,
        name: &picture.name,
        r#type: &picture.r#type,
        bytes: &picture.bytes,
        at,
    };
    socket.to(&member.room).emit("image", &shown)?;
    ack.send(json!({ "ok": true, "id": id, "at": at }))
}

#[derive(Deserialize)]
struct Typing {
    on: bool,
}

async fn typing(socket: Socket, typing: Typing) -> Result<(), EmitError> {
    let Some(member) = socket.extensions().get::<Member>() else {
        return Ok(());
    };
    let note = json!({ "id": socket.id(), "nick": member.nick, "on": typing.on });
    socket.to(&member.room).emit("typing", note)
}

async fn leave(socket: Socket, rooms: Server) -> Result<(), EmitError> {
    let Some(member) = socket.extensions().remove::<Member>() else {
        return Ok(());
    };
    rooms.0.leave(&member.room, socket.id());
    announce(&socket, &rooms.0, &member.room)
}

/// Takes a client from the room that it is in, if any, to another.
fn go(socket: &Socket, rooms: &Rooms, nick: &str, room: &str, ack: Ack) -> Result<(), EmitError> {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if room.is_empty() || room.len() > 24 || !room.bytes().all(is_name) {
        return refuse(ack, "A room's name has 1 to 24 of a-z, 0-9 and -.");
    }
    let member = Member {
        nick: nick.to_owned(),
        room: room.to_owned(),
    };
    if let Some(before) = socket.extensions().insert(member) {
        socket.leave(&before.room);
        rooms.leave(&before.room, socket.id());
        announce(socket, rooms, &before.room)?;
    }
    if socket.join(room).is_err() {
        return refuse(ack, "This room can't be entered.");
    }
    let history = rooms.enter(room, socket.id(), nick);
    ack.send(json!({
        "ok": true,
        "room": room,
        "members": rooms.members(room),
        "rooms": rooms.list(),
        "history": history,
    }))?;
    announce(socket, rooms, room)
}

/// Tells a room who is in it, and everybody how full the rooms are.
fn announce(socket: &Socket, rooms: &Rooms, room: &str) -> Result<(), EmitError> {
    let presence = json!({ "room": room, "members": rooms.members(room) });
    socket.to(room).emit("presence", presence)?;
    socket.namespace().emit("rooms", (rooms.list(),))
}

fn refuse(ack: Ack, error: &str) -> Result<(), EmitError> {
    ack.send(Value::from_iter([
        ("ok", Value::from(false)),
        ("error", Value::from(error)),
    ]))
}
