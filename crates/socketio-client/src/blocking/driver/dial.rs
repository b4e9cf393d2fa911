//! Connections to the server: TCP, through a proxy if there is one, TLS if the URL asks for it.

use super::resolve::Lookup;
use super::stream::Stream;
use super::tls::Securing;
use super::{CONNECTION, Hub};
use crate::target::{Proxy, Target};
use mio::Interest;
use mio::net::TcpStream;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use ureq_proto::parser::try_parse_response;

/// Bytes of a proxy's answers in all, and headers of one.
const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;

/// One connection on its way. Time limits are the machine's, which gives it up.
pub(crate) struct Dial(Option<Stage>);

enum Stage {
    Resolving(Arc<Lookup>),
    /// With the addresses that are left, if this one does not answer.
    Connecting(TcpStream, Vec<SocketAddr>),
    Tunnelling(Tunnel),
    Securing(Securing),
}

/// How far a stage has come.
enum Step {
    /// It waits for the network.
    Waiting(Stage),
    Next(Stage),
    Done(Stream),
}

impl Dial {
    pub(crate) fn new(hub: &Hub) -> Self {
        let settings = &hub.core.settings;
        let (host, port) = match &settings.proxy {
            Some(proxy) => (&proxy.host, proxy.port),
            None => (&settings.target.host, settings.target.port),
        };
        let lookup = hub.resolver.look_up(&hub.core, host, port);
        Self(Some(Stage::Resolving(lookup)))
    }

    /// Takes it as far as it goes.
    pub(crate) fn advance(&mut self, hub: &Hub) -> Poll<io::Result<Stream>> {
        while let Some(stage) = self.0.take() {
            match stage.advance(hub) {
                Ok(Step::Next(stage)) => self.0 = Some(stage),
                Ok(Step::Waiting(stage)) => {
                    self.0 = Some(stage);
                    return Poll::Pending;
                }
                Ok(Step::Done(stream)) => return Poll::Ready(Ok(stream)),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        // It is not asked again after it has ended.
        Poll::Ready(Err(ErrorKind::NotConnected.into()))
    }
}

impl Stage {
    fn advance(self, hub: &Hub) -> io::Result<Step> {
        match self {
            Self::Resolving(lookup) => match lookup.addresses() {
                None => Ok(Step::Waiting(Self::Resolving(lookup))),
                Some(addresses) => {
                    let mut addresses = addresses?;
                    addresses.reverse();
                    connect(hub, addresses, ErrorKind::NotFound.into())
                }
            },
            Self::Connecting(stream, rest) => match is_connected(&stream) {
                Ok(false) => Ok(Step::Waiting(Self::Connecting(stream, rest))),
                Ok(true) => connected(hub, stream),
                Err(error) => connect(hub, rest, error),
            },
            Self::Tunnelling(mut tunnel) => match tunnel.advance() {
                Ok(()) => Ok(Step::Next(Self::Securing(
                    hub.connector.secure(tunnel.stream)?,
                ))),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    Ok(Step::Waiting(Self::Tunnelling(tunnel)))
                }
                Err(error) => Err(error),
            },
            Self::Securing(securing) => match securing.advance()? {
                Securing::Done(stream) => Ok(Step::Done(stream)),
                waiting => Ok(Step::Waiting(Self::Securing(waiting))),
            },
        }
    }
}

/// Tries the last of the addresses, and the one before it if that is of no use.
fn connect(hub: &Hub, mut addresses: Vec<SocketAddr>, mut error: io::Error) -> io::Result<Step> {
    while let Some(address) = addresses.pop() {
        match begin(hub, address) {
            Ok(stream) => return Ok(Step::Next(Stage::Connecting(stream, addresses))),
            Err(other) => error = other,
        }
    }
    Err(error)
}

fn begin(hub: &Hub, address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    let both = Interest::READABLE | Interest::WRITABLE;
    hub.registry.register(&mut stream, CONNECTION, both)?;
    Ok(stream)
}

fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

fn connected(hub: &Hub, stream: TcpStream) -> io::Result<Step> {
    stream.set_nodelay(true)?;
    let settings = &hub.core.settings;
    Ok(Step::Next(match &settings.proxy {
        Some(proxy) => Stage::Tunnelling(Tunnel::new(stream, proxy, &settings.target)),
        None => Stage::Securing(hub.connector.secure(stream)?),
    }))
}

/// A proxy that is asked to connect us to the server.
struct Tunnel {
    stream: TcpStream,
    /// What is left of the request.
    request: Vec<u8>,
    /// What was read and is not understood yet.
    answer: Vec<u8>,
    received: usize,
}

impl Tunnel {
    fn new(stream: TcpStream, proxy: &Proxy, target: &Target) -> Self {
        let to = target.host_and_port();
        let mut request = format!("CONNECT {to} HTTP/1.1\r\nhost: {to}\r\n");
        if let Some(credentials) = proxy.authorization() {
            request += &format!("proxy-authorization: {credentials}\r\n");
        }
        request += "\r\n";
        Self {
            stream,
            request: request.into(),
            answer: Vec::new(),
            received: 0,
        }
    }

    /// Ends when the proxy agrees; `WouldBlock` as long as it has not answered.
    fn advance(&mut self) -> io::Result<()> {
        while !self.request.is_empty() {
            let written = self.stream.write(&self.request)?;
            self.request.drain(..written);
        }
        let mut buffer = [0; 4096];
        loop {
            let read = self.stream.read(&mut buffer)?;
            self.received += read;
            if read == 0 || self.received > MAX_HEAD {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.answer.extend_from_slice(&buffer[..read]);
            let parsed = try_parse_response::<MAX_HEADERS>(&self.answer);
            let Some((len, response)) = parsed.map_err(io::Error::other)? else {
                continue;
            };
            let status = response.status();
            if status.is_informational() {
                self.answer.drain(..len);
                continue;
            }
            // Whatever the server may be, it does not speak first.
            return match status.is_success() && len == self.answer.len() {
                true => Ok(()),
                false => Err(io::Error::other(format!("the proxy answered {status}"))),
            };
        }
    }
}
