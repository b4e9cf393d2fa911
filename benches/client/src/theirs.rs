//! `rust_socketio`, as its documentation shows it.

use crate::{Count, Echo};
use futures_util::FutureExt;
use rust_socketio::asynchronous::{Client, ClientBuilder};
use rust_socketio::{Payload, TransportType};
use serde_json::{Value, json};
use std::any::Any;
use std::sync::Arc;

pub(crate) async fn echo(url: &str, depth: usize, text: String, count: Arc<Count>) {
    let client = builder(url)
        .on("echo", move |payload: Payload, client: Client| {
            let count = Arc::clone(&count);
            async move {
                count.add();
                let Payload::Text(mut values) = payload else {
                    return;
                };
                let echo: Echo = serde_json::from_value(values.swap_remove(0)).expect("an echo");
                client
                    .emit("echo", message(echo.number + 1, &echo.text))
                    .await
                    .expect("it is sent");
            }
            .boxed()
        })
        .connect()
        .await
        .expect("it connects");
    // It returns before it is connected to the namespace.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    for number in 0..depth as u64 {
        client
            .emit("echo", message(number, &text))
            .await
            .expect("it is sent");
    }
    // For as long as the process lives.
    std::mem::forget(client);
}

pub(crate) async fn idle(url: &str) -> Box<dyn Any> {
    Box::new(builder(url).connect().await.expect("it connects"))
}

fn builder(url: &str) -> ClientBuilder {
    ClientBuilder::new(url).transport_type(TransportType::Websocket)
}

fn message(number: u64, text: &str) -> Value {
    json!({ "number": number, "text": text })
}
