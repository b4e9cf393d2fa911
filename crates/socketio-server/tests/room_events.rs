//! What an application is told of rooms, and in which order.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::{Namespace, Refusal, Room, RoomEvent, Socket, SocketId, SocketIo};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Log, Server, soon, until};
use tokio::task::JoinSet;

/// An event in the words of the reference, with `me` for the id of the only socket.
fn in_words(event: &RoomEvent, me: &str) -> String {
    match event {
        RoomEvent::Created { room } => format!("create {room}"),
        RoomEvent::Joined { room, socket } => format!("join {room} {socket}"),
        RoomEvent::Left { room, socket } => format!("leave {room} {socket}"),
        RoomEvent::Deleted { room } => format!("delete {room}"),
        other => panic!("{other:?}"),
    }
    .replace(me, "me")
}

/// The words of all events, as they are told.
fn told(events: &Mutex<Vec<RoomEvent>>, me: &str) -> Vec<String> {
    let events = std::mem::take(&mut *events.lock().unwrap());
    events.iter().map(|event| in_words(event, me)).collect()
}

/// Has a namespace tell its events into a list.
fn listen(namespace: &Namespace) -> Arc<Mutex<Vec<RoomEvent>>> {
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    namespace.on_room_event(move |_, event| told.lock().unwrap().push(event.clone()));
    events
}

#[tokio::test]
async fn rooms_are_told_as_by_the_adapter_of_the_reference() {
    let server = Server::new(SocketIo::builder());
    let events = listen(&server);
    let mut client = server.websocket().await;
    let me = client.join("/").await;
    until("its socket", || server.socket_count() == 1).await;
    let socket = server.socket(&me).unwrap();
    assert_eq!(told(&events, &me), ["create me", "join me me"]);

    socket.join(["r", "s"]).unwrap();
    socket.join("r").unwrap();
    socket.leave(["r", "unknown"]);
    assert_eq!(
        told(&events, &me),
        [
            "create r",
            "join r me",
            "create s",
            "join s me",
            "leave r me",
            "delete r"
        ]
    );
    server.to("s").sockets_join("all").unwrap();
    server.broadcast().sockets_leave("s");
    assert_eq!(
        told(&events, &me),
        ["create all", "join all me", "leave s me", "delete s"]
    );

    client.cut();
    until("its end", || server.rooms().is_empty()).await;
    let left = ["leave me me", "delete me", "leave all me", "delete all"];
    until("the word of it", || events.lock().unwrap().len() == 4).await;
    assert_eq!(told(&events, &me), left);
    // It has left, so it joins nothing.
    socket.join("r").unwrap();
    assert_eq!(told(&events, &me), [""; 0]);
}

#[tokio::test]
async fn what_a_socket_leaves_is_told_before_its_disconnect_handlers_run() {
    let (log, mut lines) = Log::new();
    let server = Server::new(SocketIo::builder());
    let words = log.clone();
    server.on_room_event(move |_, event| {
        if let RoomEvent::Left { room, .. } = event
            && room.as_str() == "r"
        {
            words.add("left");
        }
    });
    let words = log.clone();
    server.on_disconnecting(move |socket: Socket| {
        words.add(format!("disconnecting from {} rooms", socket.rooms().len()));
        async {}
    });
    server.on_disconnect(move || {
        log.add("disconnected");
        async {}
    });
    server.on_connection(async |socket: Socket| socket.join("r"));
    let mut client = server.client().await;
    client.send("41").await;
    assert_eq!(
        lines.take(3).await,
        ["disconnecting from 2 rooms", "left", "disconnected"]
    );
}

#[tokio::test]
async fn a_socket_that_is_refused_leaves_what_its_middlewares_joined() {
    let server = Server::new(SocketIo::builder());
    let events = listen(&server);
    server.middleware(async |socket: Socket| -> Result<(), Refusal> {
        socket.join("waiting").unwrap();
        Err(Refusal::new("no"))
    });
    let mut client = server.websocket().await;
    client.send("40").await;
    assert_eq!(client.text().await, r#"44{"message":"no"}"#);
    let told: Vec<_> = events.lock().unwrap().iter().map(kind).collect();
    assert_eq!(told, ["create", "join", "leave", "delete"]);
}

fn kind(event: &RoomEvent) -> &'static str {
    match event {
        RoomEvent::Created { .. } => "create",
        RoomEvent::Joined { .. } => "join",
        RoomEvent::Left { .. } => "leave",
        RoomEvent::Deleted { .. } => "delete",
        _ => "missed",
    }
}

#[tokio::test]
async fn dynamic_namespaces_have_the_hooks_of_their_parent() {
    let server = Server::new(SocketIo::builder());
    let (log, mut lines) = Log::new();
    let parent = server.of_matching(|name, _| name.starts_with("/game-"));
    parent.on_room_event(move |namespace, event| {
        log.add(format!("{} {}", namespace.name(), kind(event)));
    });
    let mut client = server.websocket().await;
    client.join("/game-1").await;
    client.join("/").await;
    client.join("/game-2").await;
    assert_eq!(
        lines.take(4).await,
        [
            "/game-1 create",
            "/game-1 join",
            "/game-2 create",
            "/game-2 join"
        ]
    );
}

#[tokio::test]
async fn a_hook_may_change_rooms_emit_and_panic() {
    let server = Server::new(SocketIo::builder());
    let mut client = server.websocket().await;
    let me = client.join("/").await;
    until("its socket", || server.socket_count() == 1).await;
    let socket = server.socket(&me).unwrap();
    let member = socket.clone();
    server.on_room_event(move |namespace, event| {
        if let RoomEvent::Joined { room, .. } = event {
            assert!(namespace.rooms().contains(&room.to_string()));
            namespace.emit("joined", room.as_str()).unwrap();
            if room.as_str() == "a" {
                member.join("b").unwrap();
            }
        }
        panic!("no harm done");
    });
    let events = listen(&server);
    socket.join("a").unwrap();
    // What the hook did comes behind what it was told of, and both hooks hear all.
    assert_eq!(
        told(&events, &me),
        ["create a", "join a me", "create b", "join b me"]
    );
    assert_eq!(client.text().await, r#"42["joined","a"]"#);
    assert_eq!(client.text().await, r#"42["joined","b"]"#);
}

/// The rooms, as who has only heard of them knows them.
#[derive(Default)]
struct Hearsay {
    rooms: Mutex<BTreeMap<Room, BTreeSet<SocketId>>>,
    /// A call is under way.
    busy: AtomicBool,
    /// Something was told that could not be.
    wrong: AtomicBool,
}

impl Hearsay {
    fn hear(&self, event: &RoomEvent) {
        let alone = !self.busy.swap(true, Ordering::SeqCst);
        let mut rooms = self.rooms.lock().unwrap();
        let fits = match event {
            RoomEvent::Created { room } => rooms.insert(room.clone(), BTreeSet::new()).is_none(),
            RoomEvent::Joined { room, socket } => rooms
                .get_mut(room)
                .is_some_and(|members| members.insert(socket.clone())),
            RoomEvent::Left { room, socket } => rooms
                .get_mut(room)
                .is_some_and(|members| members.remove(socket)),
            RoomEvent::Deleted { room } => rooms.remove(room).is_some_and(|it| it.is_empty()),
            _ => false,
        };
        drop(rooms);
        self.busy.store(false, Ordering::SeqCst);
        if !(alone && fits) {
            self.wrong.store(true, Ordering::SeqCst);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_make_one_order_and_no_two_calls_overlap() {
    const ROOMS: [&str; 3] = ["a", "b", "c"];
    let builder = SocketIo::builder().ping_interval(Duration::from_secs(600));
    let server = Arc::new(Server::new(builder));
    let hearsay = Arc::new(Hearsay::default());
    let hook = Arc::clone(&hearsay);
    server.on_room_event(move |_, event| hook.hear(event));
    let mut clients = JoinSet::new();
    for n in 0..12_usize {
        let server = Arc::clone(&server);
        clients.spawn(async move {
            for round in 0..20 {
                let mut client = server.websocket().await;
                let id = client.join("/").await;
                let socket = soon("its socket", async {
                    loop {
                        if let Some(socket) = server.socket(&id) {
                            return socket;
                        }
                        tokio::task::yield_now().await;
                    }
                })
                .await;
                for step in 0..20 {
                    let room = ROOMS[(n + round * 7 + step * 5) % 3];
                    socket.join(room).unwrap();
                    if step % 3 == n % 3 {
                        socket.leave(ROOMS[step % 3]);
                    }
                }
                client.cut();
            }
        });
    }
    while let Some(result) = clients.join_next().await {
        result.unwrap();
    }
    until("the end of all", || {
        server.rooms().is_empty() && hearsay.rooms.lock().unwrap().is_empty()
    })
    .await;
    assert!(!hearsay.wrong.load(Ordering::SeqCst));
}
