//! One client and many threads: nothing waits for ever, whoever is woken when.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use futures_util::future::join_all;
use socketio_client::AckError;
use socketio_server::{Ack, SocketIo};
use support::{Server, WAYS, soon};

async fn server() -> Server {
    let server = Server::start(SocketIo::builder()).await;
    server
        .io
        .on("echo", async |number: u32, ack: Ack| ack.send(number));
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_ask_at_once_and_all_are_answered() {
    let server = server().await;
    for way in WAYS {
        let client = server.client("/").transports(way.iter().copied());
        let socket = client.connect().await.unwrap();
        let askers = (0..8).map(|asker| {
            let socket = socket.clone();
            tokio::spawn(async move {
                for turn in 0..100 {
                    let number = asker * 1_000 + turn;
                    let answer: u32 = socket.emit_with_ack("echo", number).await.unwrap();
                    assert_eq!(answer, number);
                }
            })
        });
        for asker in soon("all answers", join_all(askers)).await {
            asker.unwrap();
        }
        soon("the end", socket.disconnect()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cl_08_many_ask_while_the_connection_comes_and_goes() {
    let server = server().await;
    for way in WAYS {
        let client = server.client("/").transports(way.iter().copied());
        let socket = client.connect().await.unwrap();
        let askers = (0..8).map(|_| {
            let socket = socket.clone();
            tokio::spawn(async move {
                let mut answered = 0;
                while answered < 50 {
                    match socket.emit_with_ack::<u32>("echo", answered).await {
                        Ok(answer) => {
                            assert_eq!(answer, answered);
                            answered += 1;
                        }
                        Err(AckError::Disconnected) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        });
        let asking = join_all(askers);
        let breaking = async {
            for _ in 0..5 {
                support::until("a connection", || socket.is_connected()).await;
                let _: Result<u32, _> = socket.emit_with_ack("echo", 0).await;
                assert!(
                    server.io.client_count() <= 2,
                    "one lives, one may be leaving"
                );
                socket.client().close_engine();
            }
        };
        let (askers, ()) = soon("all answers", futures_util::future::join(asking, breaking)).await;
        for asker in askers {
            asker.unwrap();
        }
        soon("the end", socket.disconnect()).await;
        support::until("no connection", || server.io.client_count() == 0).await;
    }
}
