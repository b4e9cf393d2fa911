//! What our client costs beside `rust_socketio`, on one server: ours.
//!
//! The server and each client are processes of their own, so that processor time and memory are known of each. Clients
//! take turns, so that a slow spell of the machine hits both. A message is an event to the server and its echo: a number
//! and a text, which a handler reads and answers with the next.
//!
//! ```text
//! cd benches/client && cargo run --release
//! ```

mod ours;
mod process;
mod theirs;

use process::{Server, own_cpu, own_memory};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

const ROUNDS: usize = 7;
const SECONDS: u64 = 1;
const IDLE: usize = 200;

/// What is sent to and fro.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Echo {
    number: u64,
    text: String,
}

/// Echoes of one run, counted by the handlers.
#[derive(Default)]
struct Count {
    echoes: AtomicU64,
    first: Notify,
}

impl Count {
    fn add(&self) {
        if self.echoes.fetch_add(1, Ordering::Relaxed) == 0 {
            self.first.notify_one();
        }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => compare(),
        ["server"] => process::serve().await,
        ["echo", who, url, depth, length] => {
            let (depth, length) = (number(depth), number(length));
            echo(who, url, depth, length).await;
        }
        ["idle", who, url] => idle(who, url).await,
        _ => panic!("unknown arguments {arguments:?}"),
    }
    // Whoever was asked to end while messages are under way would report it.
    std::process::exit(0);
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// A client process: echoes for a while, with `depth` messages under way.
async fn echo(who: &str, url: &str, depth: usize, length: usize) {
    let count = Arc::new(Count::default());
    let text = "x".repeat(length);
    match who {
        "ours" => ours::echo(url, depth, text, Arc::clone(&count)).await,
        _ => theirs::echo(url, depth, text, Arc::clone(&count)).await,
    }
    count.first.notified().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (start, cpu, echoes) = (
        Instant::now(),
        own_cpu(),
        count.echoes.load(Ordering::Relaxed),
    );
    tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    let echoes = count.echoes.load(Ordering::Relaxed) - echoes;
    println!(
        "{} {} {}",
        echoes as f64 / start.elapsed().as_secs_f64(),
        own_cpu() - cpu,
        echoes
    );
}

/// A client process: how much memory is in use for each of many clients that do nothing.
async fn idle(who: &str, url: &str) {
    // What is made once for all is there before.
    let mut keep = Vec::new();
    let mut before = 0;
    for number in 0..IDLE + 10 {
        keep.push(match who {
            "ours" => ours::idle(url).await,
            _ => theirs::idle(url).await,
        });
        if number + 1 == 10 {
            before = own_memory();
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    println!("{}", (own_memory() - before) / IDLE as u64);
}

/// Runs all, and prints the medians.
fn compare() {
    println!(
        "{:<28} {:>14} {:>14} {:>7}",
        "", "ours", "rust_socketio", "ratio"
    );
    for (depth, length) in [(1, 64), (16, 64), (16, 4096)] {
        let server = Server::start();
        let mut rates = [Vec::new(), Vec::new()];
        let mut costs = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (which, who) in ["ours", "theirs"].into_iter().enumerate() {
                let arguments = [
                    "echo",
                    who,
                    server.url(),
                    &depth.to_string(),
                    &length.to_string(),
                ];
                let figures = process::figures(&arguments);
                rates[which].push(figures[0]);
                costs[which].push(figures[1] / figures[2] * 1e6);
            }
        }
        let [rate, cost] = [rates, costs].map(|each| each.map(median));
        let name = format!("{length} bytes, {depth} under way");
        println!("{name}");
        line("  echoes a second", rate, rate[0] / rate[1]);
        line("  CPU µs of the client each", cost, cost[1] / cost[0]);
    }
    let server = Server::start();
    let memory = ["ours", "theirs"].map(|who| {
        median(
            (0..3)
                .map(|_| process::figures(&["idle", who, server.url()])[0])
                .collect(),
        )
    });
    line("bytes of an idle client", memory, memory[1] / memory[0]);
}

fn line(name: &str, [ours, theirs]: [f64; 2], ratio: f64) {
    println!("{name:<28} {ours:>14.1} {theirs:>14.1} {ratio:>6.2}x");
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
