//! How namespaces come into being, and how they go.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use futures_util::future::join_all;
use socketio_server::{Limits, Namespace, Socket, SocketIo, SocketIoBuilder, State, Value};
use std::time::Duration;
use support::{Lines, Log, Server, until};

const UNKNOWN: &str = r#"{"message":"Invalid namespace"}"#;

fn server(builder: SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    (Server::new(builder.state(log)), lines)
}

fn names(server: &Server) -> Vec<String> {
    let all = server.namespaces();
    all.iter().map(|it| it.name().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_empty_dynamic_namespace_goes_with_its_last_socket() {
    let (server, mut lines) = server(SocketIo::builder().cleanup_empty_namespaces(true));
    let dynamic = server.of_matching(|name, _| name.starts_with("/room-"));
    dynamic.on_disconnect(async |State(log): State<Log>, socket: Socket| {
        log.add(socket.namespace().name());
    });
    dynamic.middleware(async |socket: Socket| match socket.namespace().name() {
        "/room-closed" => Err("closed"),
        _ => Ok(()),
    });
    let _named = server.of("/room-named");
    let (mut one, mut two) = (server.client().await, server.client().await);
    one.join("/room-1").await;
    two.join("/room-1").await;
    two.join("/room-named").await;
    assert_eq!(names(&server), ["/", "/room-1", "/room-named"]);
    one.send("41/room-1,").await;
    assert_eq!(lines.next().await, "/room-1");
    assert_eq!(names(&server), ["/", "/room-1", "/room-named"]);
    two.send("41/room-1,").await;
    two.send("41/room-named,").await;
    assert_eq!(lines.next().await, "/room-1");
    // That with a name stays.
    assert_eq!(names(&server), ["/", "/room-named"]);
    // Whoever comes back finds a new one, and one that is refused leaves none behind.
    one.join("/room-1").await;
    two.send("40/room-closed,").await;
    assert!(two.text().await.starts_with("44/room-closed,"));
    assert_eq!(names(&server), ["/", "/room-1", "/room-named"]);
    one.cut();
    assert_eq!(lines.next().await, "/room-1");
    assert_eq!(names(&server), ["/", "/room-named"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_emitted_to_the_parent_goes_to_its_namespaces() {
    let (server, mut lines) = server(SocketIo::builder().cleanup_empty_namespaces(true));
    let parent = server.of_matching(|name, _| name.starts_with("/shop-"));
    parent.on_disconnect(async |State(log): State<Log>| log.add("left"));
    let (mut one, mut two) = (server.client().await, server.client().await);
    one.join("/shop-1").await;
    two.join("/shop-2").await;
    server
        .of("/shop-1")
        .broadcast()
        .sockets_join("sale")
        .unwrap();

    parent.emit("open", 9).unwrap();
    assert_eq!(one.text().await, r#"42/shop-1,["open",9]"#);
    assert_eq!(two.text().await, r#"42/shop-2,["open",9]"#);
    parent.to("sale").emit("cheap", ()).unwrap();
    parent.except("sale").emit("dear", ()).unwrap();
    assert_eq!(one.text().await, r#"42/shop-1,["cheap"]"#);
    assert_eq!(two.text().await, r#"42/shop-2,["dear"]"#);

    let asking = parent.clone();
    let asked = tokio::spawn(async move { asking.emit_with_ack::<u32>("q", ()).await });
    for (client, name) in [(&mut one, "/shop-1"), (&mut two, "/shop-2")] {
        let question = client.text().await;
        let id = question.strip_prefix(&format!("42{name},")).unwrap();
        let id = id.strip_suffix(r#"["q"]"#).unwrap();
        client.send(&format!("43{name},{id}[5]")).await;
    }
    let responses = asked.await.unwrap().unwrap();
    assert_eq!((responses.answers, responses.missing), (vec![5, 5], 0));

    // Those that are gone, and those that never were its own, are not meant.
    one.send("41/shop-1,").await;
    assert_eq!(lines.next().await, "left");
    server.emit("main", ()).unwrap();
    parent.emit("late", ()).unwrap();
    assert_eq!(one.text().await, r#"42["main"]"#);
    assert_eq!(two.text().await, r#"42["main"]"#);
    assert_eq!(two.text().await, r#"42/shop-2,["late"]"#);
    assert_eq!(parent.broadcast().fetch_sockets().len(), 1);
    parent.broadcast().disconnect_sockets(false);
    assert_eq!(two.text().await, "41/shop-2,");
}

#[tokio::test(start_paused = true)]
async fn cleaning_up_makes_room_for_other_dynamic_namespaces() {
    let builder = SocketIo::builder().limits(Limits::default().max_dynamic_namespaces(1));
    let (server, _) = server(builder.cleanup_empty_namespaces(true));
    let _ = server.of_matching(|_, _| true);
    let mut client = server.client().await;
    for n in 0..10 {
        client.join(&format!("/{n}")).await;
        client.send("40/other,").await;
        assert_eq!(client.text().await, format!("44/other,{UNKNOWN}"));
        client.send(&format!("41/{n},")).await;
        until("the end of the namespace", || names(&server).len() == 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_come_while_a_namespace_goes_are_together() {
    let (server, _) = server(SocketIo::builder().cleanup_empty_namespaces(true));
    let _ = server.of_matching(|name, _| name == "/here");
    let server = std::sync::Arc::new(server);
    let mut visits = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let server = std::sync::Arc::clone(&server);
        visits.spawn(async move {
            let mut client = server.client().await;
            for _ in 0..200 {
                let id = client.join("/here").await;
                // The namespace of that name is the one that the client is in.
                assert!(server.of("/here").socket(&id).is_some());
                client.send("41/here,").await;
            }
        });
    }
    while let Some(visit) = visits.join_next().await {
        visit.unwrap();
    }
}

/// Says when it is dropped.
struct Search(Log);

impl Drop for Search {
    fn drop(&mut self) {
        self.0.add("given up");
    }
}

#[tokio::test(start_paused = true)]
async fn sn_03_a_function_stops_looking_once_its_client_has_gone() {
    let (log, mut lines) = Log::new();
    let server = Server::new(SocketIo::builder().connect_timeout(Duration::from_secs(3600)));
    let _ = server.of_matching_async(move |_: String, _: Value| {
        let search = Search(log.clone());
        async move {
            search.0.add("looking");
            std::future::pending::<()>().await;
            true
        }
    });
    let mut client = server.client().await;
    client.send("40/lost,").await;
    assert_eq!(lines.next().await, "looking");
    client.cut();
    assert_eq!(lines.next().await, "given up");
    server.deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_function_may_take_its_time_to_accept_a_namespace() {
    let (server, mut lines) = server(SocketIo::builder());
    let first = server.of_matching(|name, _| name == "/tenant-first");
    first.on_connection(async |State(log): State<Log>| log.add("first"));
    let tenants = server.of_matching_async(async |name: String, auth: Value| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_ne!(name, "/tenant-panic");
        if name == "/tenant-slow" {
            std::future::pending::<()>().await;
        }
        let auth = serde_json::to_value(auth).unwrap();
        name.strip_prefix("/tenant-") == auth["key"].as_str()
    });
    tenants.on_connection(async |State(log): State<Log>, socket: Socket| {
        log.add(format!("tenant {}", socket.namespace().name()));
    });
    let last = server.of_matching(|name, _| name == "/tenant-last");
    last.on_connection(async |State(log): State<Log>| log.add("last"));

    let mut client = server.client().await;
    client.join("/tenant-first").await;
    assert_eq!(lines.next().await, "first");
    client.send(r#"40/tenant-a,{"key":"a"}"#).await;
    assert!(client.text().await.starts_with(r#"40/tenant-a,{"sid""#));
    assert_eq!(lines.next().await, "tenant /tenant-a");
    // Others are asked behind it, and those that exist are not asked about.
    client.join("/tenant-last").await;
    assert_eq!(lines.next().await, "last");
    let mut other = server.client().await;
    other.join("/tenant-a").await;
    assert_eq!(lines.next().await, "tenant /tenant-a");
    for name in ["/tenant-b", "/tenant-panic"] {
        client.send(&format!(r#"40{name},{{"key":"a"}}"#)).await;
        assert_eq!(client.text().await, format!("44{name},{UNKNOWN}"));
    }
    // It goes on meanwhile, and is told in the end.
    client.send("40/tenant-slow,").await;
    client.send("41/tenant-last,").await;
    assert_eq!(client.text().await, format!("44/tenant-slow,{UNKNOWN}"));

    // Whoever has left in the meantime does not get in.
    let mut gone = server.client().await;
    gone.send(r#"40/tenant-gone,{"key":"gone"}"#).await;
    gone.cut();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.of("/tenant-gone").socket_count(), 0);
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn new_namespaces_are_told() {
    let (server, mut lines) = server(SocketIo::builder());
    let (log, mut told) = Log::new();
    server.on_new_namespace(move |namespace: &Namespace| {
        log.add(format!("{} {}", namespace.name(), namespace.socket_count()));
        namespace.on_connection(async |State(log): State<Log>| log.add("connected"));
    });
    let _ = server.of_matching(|name, _| name == "/dynamic");
    let _ = (server.of("/named"), server.of("named"));
    assert_eq!(told.next().await, "/named 0");
    let mut client = server.client().await;
    client.join("/dynamic").await;
    client.join("/named").await;
    assert_eq!(told.next().await, "/dynamic 0");
    assert_eq!(lines.take(2).await, ["connected", "connected"]);
    assert!(told.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sn_06_a_namespace_may_be_removed_by_its_own_handlers() {
    let (server, mut lines) = server(SocketIo::builder());
    let io = (*server).clone();
    let news = server.of("/news");
    let remover = io.clone();
    news.on("remove", move |State(log): State<Log>| {
        let io = remover.clone();
        async move {
            log.add(format!(
                "{} {}",
                io.remove_namespace("/news"),
                io.remove_namespace("/news")
            ))
        }
    });
    news.on_disconnect(
        move |State(log): State<Log>, reason: socketio_server::Reason| {
            let again = io.remove_namespace("/news");
            async move { log.add(format!("{reason} {again}")) }
        },
    );
    news.on_connection(async |State(log): State<Log>| log.add("in"));
    // One that is on its way in when the namespace goes.
    news.middleware(async |socket: Socket| -> Result<(), &str> {
        if socket.auth::<serde_json::Value>().unwrap()["slow"] == true {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    });
    let (mut one, mut two) = (server.client().await, server.client().await);
    let mut late = server.client().await;
    one.join("/news").await;
    two.join("/news").await;
    late.send(r#"40/news,{"slow":true}"#).await;
    one.send(r#"42/news,["remove"]"#).await;
    assert_eq!(one.text().await, "41/news,");
    assert_eq!(two.text().await, "41/news,");
    let seen = lines.take(5).await;
    assert!(seen.contains(&"true false".to_owned()), "{seen:?}");
    assert!(late.text().await.starts_with("40/news,"));
    assert_eq!(late.text().await, "41/news,");
    // Whoever is told that it has left was told that it was there.
    let gone = "server namespace disconnect false";
    assert_eq!(lines.take(2).await, ["in", gone]);
    assert_eq!(names(&server), ["/"]);
    assert_eq!(news.socket_count(), 0);
    two.send("40/news,").await;
    assert_eq!(two.text().await, format!("44/news,{UNKNOWN}"));
    assert!(!server.remove_namespace("/") && !server.remove_namespace("unknown"));
    two.send(r#"421["x"]"#).await;
    assert_eq!(server.socket_count(), 3);
}

#[tokio::test(start_paused = true)]
async fn sn_06_a_namespace_may_be_removed_while_somebody_comes_in() {
    for place in ["connection", "middleware", "pattern"] {
        let (server, mut lines) = server(SocketIo::builder());
        let io = (*server).clone();
        let remove = move |State(log): State<Log>| {
            let removed = io.remove_namespace("/news");
            async move {
                log.add(format!("removed {removed}"));
                Ok::<_, &str>(())
            }
        };
        let news = match place {
            "pattern" => server.of_matching(|name, _| name == "/news"),
            _ => server.of("/news"),
        };
        if place == "middleware" {
            news.middleware(remove);
        } else {
            news.on_connection(remove);
        }
        news.on_disconnect(async |State(log): State<Log>| log.add("out"));
        let mut client = server.client().await;
        client.send("40/news,").await;
        let told = client.text().await;
        assert!(told.starts_with("40/news,{"), "{place}: {told}");
        assert_eq!(client.text().await, "41/news,", "{place}");
        assert_eq!(lines.take(2).await, ["removed true", "out"], "{place}");
        // It is gone for all, but what a pattern has made once it makes again.
        client.send("40/news,").await;
        let told = client.text().await;
        let begin = if place == "pattern" {
            "40/news,{"
        } else {
            "44/news,"
        };
        assert!(told.starts_with(begin), "{place}: {told}");
        client.cut();
        server.deserted().await;
    }
}

/// A hundred clients come and go in two thousand namespaces, of which some hundreds may be there at a time.
#[tokio::test(start_paused = true)]
async fn sn_02_a_crowd_that_joins_and_leaves_meets_the_limits_and_leaves_nothing() {
    const CLIENTS: usize = 100;
    const OWN: usize = 30;
    const DYNAMIC: usize = 420;
    const EACH: usize = 8;
    let limits = Limits::default()
        .max_dynamic_namespaces(DYNAMIC)
        .max_namespaces(EACH);
    let builder = SocketIo::builder()
        .limits(limits)
        .cleanup_empty_namespaces(true);
    let (server, _lines) = server(builder);
    let _ = server.of_matching(|name, _| name.starts_with("/room-"));
    let visit = async |client: usize| {
        let mut socket = server.client().await;
        let mut joined = Vec::new();
        let (mut full, mut many) = (0, 0);
        for n in 0..OWN {
            // Each has its own rooms, and one in three is everybody's.
            let name = match n % 3 {
                0 => format!("/room-{n}"),
                _ => format!("/room-{client}-{n}"),
            };
            socket.send(&format!("40{name},")).await;
            let answer = socket.text().await;
            assert!(server.namespaces().len() <= 1 + DYNAMIC);
            if answer.starts_with(&format!("40{name},{{")) {
                joined.push(name);
            } else if answer == format!("44{name},{UNKNOWN}") {
                full += 1;
            } else {
                assert_eq!(
                    answer,
                    format!(r#"44{name},{{"message":"too many namespaces"}}"#)
                );
                many += 1;
                // It has as many as it may have, the main one among them, and leaves half of them.
                assert_eq!(1 + joined.len(), EACH);
                for name in joined.drain(..EACH / 2) {
                    socket.send(&format!("41{name},")).await;
                }
            }
            tokio::task::yield_now().await;
        }
        socket.cut();
        (full, many)
    };
    for _ in 0..2 {
        let counts = join_all((0..CLIENTS).map(visit)).await;
        let (full, many): (Vec<usize>, Vec<usize>) = counts.into_iter().unzip();
        let (full, many) = (full.iter().sum::<usize>(), many.iter().sum::<usize>());
        assert!(full > 0 && many > 0, "{full} {many}");
        server.deserted().await;
        // An empty one goes with its last socket, and leaves room for others.
        assert_eq!(names(&server), ["/"]);
    }
}
