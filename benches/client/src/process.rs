//! Processes, and what they use.

use crate::Echo;
use socketio_server::{EmitError, Socket, SocketIo};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// The server as a process of its own.
pub(crate) struct Server {
    child: Child,
    url: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        let mut child = this(&["server"]);
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("it tells its address");
        Self {
            child,
            url: format!("http://{}", line.trim()),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends each event back, for ever.
pub(crate) async fn serve() {
    let io = SocketIo::builder().build().1;
    io.on(
        "echo",
        async |socket: Socket, echo: Echo| -> Result<(), EmitError> { socket.emit("echo", echo) },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    println!("{}", listener.local_addr().expect("an address"));
    io.serve(listener).await.expect("it serves");
}

/// Runs this program and reads the numbers that it prints.
pub(crate) fn figures(arguments: &[&str]) -> Vec<f64> {
    let output = this(arguments).wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("text");
    let figures: Vec<f64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    assert!(!figures.is_empty(), "{arguments:?} prints nothing");
    figures
}

fn this(arguments: &[&str]) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs")
}

/// Seconds of processor time that this process has used, in steps of a hundredth.
pub(crate) fn own_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // Behind the name, which may contain anything.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: f64 = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

/// Bytes of memory that this process has in use.
pub(crate) fn own_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .expect("its size");
    let kilobytes: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .expect("a number");
    kilobytes * 1024
}
