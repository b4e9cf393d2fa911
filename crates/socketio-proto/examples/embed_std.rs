//! A Socket.IO server on the threads and sockets of `std`: the core does not care what drives it.
//!
//! `cargo run -p socketio-proto --example embed-std` serves polling, WebSocket and the upgrade
//! between them at any path, and sends events back. Each TCP connection has a thread, a GET that waits has
//! none, and one lock serves all. A public server would also limit its threads, give requests a
//! time to arrive, and keep connections open.
#![allow(clippy::unwrap_used, reason = "no thread panics with a lock")]

use engineio_proto::http::{Method, Reject, Request, Response, Route, route};
use engineio_proto::server::{Exchange, Session, Transmit};
use engineio_proto::{Frame, Sid, Transport, config::ServerConfig};
use socketio_proto::server::{Connection, Emit, Event, Peer, Revision};
use socketio_proto::{Instant, Json, SocketId, Text};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, ErrorKind, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::{thread, time::Duration};
use tungstenite::{Error, Message, WebSocket, handshake::derive_accept_key, protocol::Role};

/// How often deadlines are looked at, and whether there is something to write to a WebSocket.
const TICK: Duration = Duration::from_millis(10);

struct Server {
    config: Arc<ServerConfig>,
    started: std::time::Instant,
    peers: Mutex<HashMap<Sid, Peer>>,
    /// Locked after the peers, if both are.
    waiting: Mutex<HashMap<Exchange, TcpStream>>,
}

/// Serves until the listener fails.
#[expect(clippy::disallowed_methods, reason = "the clock of this adapter")]
pub fn serve(listener: &TcpListener) -> Result<()> {
    // As the threads, it lives until the process ends.
    let server: &Server = Box::leak(Box::new(Server {
        config: Arc::default(),
        started: std::time::Instant::now(),
        peers: Mutex::default(),
        waiting: Mutex::default(),
    }));
    thread::spawn(|| {
        loop {
            thread::park_timeout(TICK);
            let sids: Vec<_> = server.peers.lock().unwrap().keys().cloned().collect();
            sids.iter().for_each(|sid| _ = server.step(sid, |_, _| ()));
        }
    });
    for (number, stream) in (0..).zip(listener.incoming()) {
        let stream = BufReader::new(stream?);
        // One that fails concerns its session, which has been told, and nobody else.
        thread::spawn(move || server.serve_request(Exchange(number), stream));
    }
    Ok(())
}

impl Server {
    /// One step of a client's machine, with all that comes of it but the frames.
    fn step<R>(&self, sid: &Sid, input: impl FnOnce(&mut Session, Instant) -> R) -> Option<R> {
        let mut peers = self.peers.lock().unwrap();
        let now = Instant::ZERO + self.started.elapsed();
        let peer = peers.get_mut(sid)?;
        peer.handle_timeout(now);
        let result = peer.drive(now, |session| input(session, now));
        while let Some(event) = peer.poll_event() {
            peer.apply(now, |connection| handle(connection, event, now));
        }
        while let Some((id, answer)) = peer.poll_response() {
            if let Some(stream) = self.waiting.lock().unwrap().remove(&id) {
                thread::spawn(move || respond(stream, &answer));
            }
        }
        if peer.engine().is_closed() {
            peers.remove(sid);
        }
        Some(result)
    }

    /// Hands a request to its session, or turns it into a WebSocket.
    fn serve_request(&self, id: Exchange, mut stream: BufReader<TcpStream>) -> Result<()> {
        let lines = stream.by_ref().take(16 * 1024).lines();
        let lines = lines.map_while(|line| line.ok().filter(|line| !line.is_empty()));
        let head: Vec<_> = lines.collect();
        let header = |name: &str| {
            let mut headers = head.iter().filter_map(|line| line.split_once(": "));
            Some(headers.find(|it| it.0.eq_ignore_ascii_case(name))?.1)
        };
        let key = header("sec-websocket-key");
        let (route, sid) = match self.find(head.first().map_or("", |it| it), key.is_some()) {
            Ok(found) => found,
            Err(reject) => return respond(stream.into_inner(), &reject.response()),
        };
        if let Some(key) = key {
            return self.websocket(&sid, stream.into_inner(), key);
        }
        let length = header("content-length").and_then(|it| it.parse().ok());
        // One byte beyond the limit is enough to be refused.
        let mut body = vec![0; length.unwrap_or(0).min(self.config.max_payload + 1)];
        stream.read_exact(&mut body)?;
        self.waiting.lock().unwrap().insert(id, stream.into_inner());
        self.step(&sid, |session, now| match route {
            Route::Push { encoding, .. } => {
                session.handle_push_begin(id, encoding, now);
                session.handle_push(id, body.into(), now);
            }
            _ => session.handle_poll(id, now),
        });
        Ok(())
    }

    /// What a request is, and its session: a new one for a handshake.
    fn find(&self, line: &str, is_upgrade: bool) -> std::result::Result<(Route, Sid), Reject> {
        let is_post = line.starts_with("POST ");
        let request = Request {
            method: if is_post { Method::Post } else { Method::Get },
            query: line.split(['?', ' ']).nth(2).unwrap_or_default(),
            content_type: None,
            origin: None,
            user_agent: None,
            is_upgrade,
        };
        let route = route(&self.config, &request)?;
        let mut peers = self.peers.lock().unwrap();
        if let Route::Handshake(handshake) = &route {
            handshake.check(&self.config)?;
            let now = Instant::ZERO + self.started.elapsed();
            let sid = Sid::new(unguessable()).expect("hexadecimal");
            let session = Session::accept(self.config.clone(), sid.clone(), handshake, now);
            let connection = Connection::new(Arc::default(), Arc::new(Json), Revision::V5, now);
            peers.insert(sid.clone(), Peer::new(session, connection));
            return Ok((route, sid));
        }
        let sid = route.sid().ok_or(Reject::BadRequest)?.clone();
        let peer = peers.get(&sid).ok_or(Reject::UnknownSid)?;
        peer.engine().check(&route).map(|()| (route, sid))
    }

    /// Carries frames both ways until either side ends it.
    fn websocket(&self, sid: &Sid, mut stream: TcpStream, key: &str) -> Result<()> {
        let accept = derive_accept_key(key.as_bytes());
        let head = "HTTP/1.1 101 \r\nconnection: upgrade\r\nupgrade: websocket";
        write!(stream, "{head}\r\nsec-websocket-accept: {accept}\r\n\r\n")?;
        stream.set_read_timeout(Some(TICK))?;
        let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
        let link = self.step(sid, |it, now| it.handle_link(Transport::WebSocket, now));
        let link = link.flatten().ok_or(ErrorKind::NotConnected)?;
        let is_error = loop {
            while let Some(Some(transmit)) = self.step(sid, |it, _| it.poll_transmit(link)) {
                // A socket that can't be written to can't be read either, below.
                let _ = match transmit {
                    Transmit::Frame(Frame::Text(text)) => socket.write(text.as_str().into()),
                    Transmit::Frame(Frame::Binary(bytes)) => socket.write(bytes.into()),
                    Transmit::Finish => socket.close(None),
                };
            }
            let frame = match socket.flush().and_then(|()| socket.read()) {
                Ok(Message::Text(text)) => Frame::Text(Text::new(&text)),
                Ok(Message::Binary(bytes)) => Frame::Binary(bytes),
                Err(Error::Io(it)) if it.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => break !matches!(error, Error::ConnectionClosed),
                Ok(_) => continue,
            };
            self.step(sid, |it, now| it.handle_frame(link, frame, now));
        };
        self.step(sid, |it, now| it.handle_link_closed(link, is_error, now));
        Ok(())
    }
}

/// The application: lets everybody in, and sends events back.
fn handle(connection: &mut Connection, event: Event, now: Instant) {
    if let Event::Connect { socket, .. } = event {
        connection.accept(socket, SocketId(unguessable()));
    } else if let Event::Message {
        socket,
        payload: it,
        ..
    } = event
    {
        let _ = connection.emit(socket, it, Emit::default(), now);
    }
}

fn respond(mut stream: TcpStream, answer: &Response) -> Result<()> {
    let mut head = format!("HTTP/1.1 {} \r\nconnection: close\r\n", answer.status);
    for (name, value) in answer.headers() {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(&[head.as_bytes(), b"\r\n", &answer.body].concat())
}

fn unguessable() -> Text {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    Text::from(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

fn main() -> Result<()> {
    serve(&TcpListener::bind("127.0.0.1:3000")?)
}
