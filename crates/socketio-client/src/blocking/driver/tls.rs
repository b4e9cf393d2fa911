//! TLS on streams that don't block.

#[cfg(feature = "blocking")]
use super::stream::TlsStream;
use super::stream::{Kind, Stream};
use mio::net::TcpStream;
use std::io;
#[cfg(feature = "blocking")]
use std::sync::Arc;

crate::tls::tls_choice!("blocking", "blocking-native-tls");

/// A connection on its way to being secure.
pub(crate) enum Securing {
    Done(Stream),
    #[cfg(feature = "blocking")]
    Rustls(Box<TlsStream>),
    #[cfg(feature = "blocking-native-tls")]
    Native(native_tls::MidHandshakeTlsStream<TcpStream>),
}

impl Connector {
    /// Begins the handshake, if there is one.
    pub(crate) fn secure(&self, stream: TcpStream) -> io::Result<Securing> {
        match self {
            Self::Plain => Ok(Securing::Done(Stream::new(Kind::Plain(stream)))),
            #[cfg(feature = "blocking")]
            Self::Rustls(config, name) => {
                let session = rustls::ClientConnection::new(Arc::clone(config), name.clone());
                let session = session.map_err(io::Error::other)?;
                Ok(Securing::Rustls(Box::new(TlsStream::new(session, stream))))
            }
            #[cfg(feature = "blocking-native-tls")]
            Self::Native(connector, host) => by_native_tls(connector.connect(host, stream)),
        }
    }
}

impl Securing {
    /// Takes the handshake as far as it goes.
    pub(crate) fn advance(self) -> io::Result<Self> {
        match self {
            Self::Done(stream) => Ok(Self::Done(stream)),
            #[cfg(feature = "blocking")]
            Self::Rustls(mut stream) => match stream.shake_hands() {
                Ok(()) => Ok(Self::Done(Stream::new(Kind::Rustls(stream)))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Self::Rustls(stream)),
                Err(error) => Err(error),
            },
            #[cfg(feature = "blocking-native-tls")]
            Self::Native(middle) => by_native_tls(middle.handshake()),
        }
    }
}

#[cfg(feature = "blocking-native-tls")]
fn by_native_tls(
    result: Result<native_tls::TlsStream<TcpStream>, native_tls::HandshakeError<TcpStream>>,
) -> io::Result<Securing> {
    match result {
        Ok(stream) => Ok(Securing::Done(Stream::new(Kind::Native(Box::new(stream))))),
        Err(native_tls::HandshakeError::WouldBlock(middle)) => Ok(Securing::Native(middle)),
        Err(native_tls::HandshakeError::Failure(error)) => Err(io::Error::other(error)),
    }
}
