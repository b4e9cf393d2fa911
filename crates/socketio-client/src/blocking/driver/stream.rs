//! A connection, of whatever kind, that never blocks.

use mio::net::TcpStream;
use std::io::{self, Read, Write};

/// Reads in one go, before what else there is has its turn. A server that never lets us wait, with
/// whatever comes to nothing, does not hold up the time.
const READS: u32 = 64;

pub(crate) struct Stream {
    kind: Kind,
    /// Reads that are left.
    reads: u32,
}

pub(crate) enum Kind {
    Plain(TcpStream),
    #[cfg(feature = "blocking")]
    Rustls(Box<TlsStream>),
    #[cfg(feature = "blocking-native-tls")]
    Native(Box<native_tls::TlsStream<TcpStream>>),
}

impl Stream {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, reads: READS }
    }

    /// Its turn begins.
    pub(crate) fn refill(&mut self) {
        self.reads = READS;
    }

    /// Whether it has to be asked again, though it said that it would block.
    pub(crate) fn is_spent(&self) -> bool {
        self.reads == 0
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.reads.checked_sub(1);
        self.reads = left.ok_or(io::ErrorKind::WouldBlock)?;
        match &mut self.kind {
            Kind::Plain(stream) => stream.read(buffer),
            #[cfg(feature = "blocking")]
            Kind::Rustls(stream) => stream.read(buffer),
            #[cfg(feature = "blocking-native-tls")]
            Kind::Native(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.kind {
            Kind::Plain(stream) => stream.write(bytes),
            #[cfg(feature = "blocking")]
            Kind::Rustls(stream) => stream.write(bytes),
            #[cfg(feature = "blocking-native-tls")]
            Kind::Native(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.kind {
            Kind::Plain(stream) => stream.flush(),
            #[cfg(feature = "blocking")]
            Kind::Rustls(stream) => stream.flush(),
            #[cfg(feature = "blocking-native-tls")]
            Kind::Native(stream) => stream.flush(),
        }
    }
}

/// TLS by rustls. Other than rustls' own stream, it reads also while what it has written does not
/// leave: a server that waits to be read is not kept waiting for us to read.
#[cfg(feature = "blocking")]
pub(crate) struct TlsStream {
    session: rustls::ClientConnection,
    stream: TcpStream,
}

#[cfg(feature = "blocking")]
impl TlsStream {
    pub(crate) fn new(session: rustls::ClientConnection, stream: TcpStream) -> Self {
        Self { session, stream }
    }

    /// Goes on with the handshake; `WouldBlock` as long as that is not done.
    pub(crate) fn shake_hands(&mut self) -> io::Result<()> {
        loop {
            self.push()?;
            if !self.session.is_handshaking() {
                return Ok(());
            }
            self.pull()?;
        }
    }

    /// Writes what is ready to leave, as far as it does.
    fn push(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut self.stream) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once.
    fn pull(&mut self) -> io::Result<()> {
        let is_end = self.session.read_tls(&mut self.stream)? == 0;
        if let Err(error) = self.session.process_new_packets() {
            // The alert that tells the server, if it still goes.
            let _ = self.push();
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        match is_end && self.session.is_handshaking() {
            true => Err(io::ErrorKind::UnexpectedEof.into()),
            false => Ok(()),
        }
    }
}

#[cfg(feature = "blocking")]
impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Reports the end, too.
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            self.pull()?;
            self.push()?;
        }
    }
}

#[cfg(feature = "blocking")]
impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // What is written and has not left is limited by the session.
        let taken = self.session.writer().write(bytes)?;
        self.push()?;
        match taken {
            0 if !bytes.is_empty() && self.session.wants_write() => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            0 if !bytes.is_empty() => self.session.writer().write(bytes),
            taken => Ok(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.push()?;
        match self.session.wants_write() {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => Ok(()),
        }
    }
}
