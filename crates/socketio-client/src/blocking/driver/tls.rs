//! TLS, by whichever library is compiled in and chosen.

#[cfg(feature = "blocking")]
use super::stream::TlsStream;
use super::stream::{Kind, Stream};
use crate::error::BuildError;
use crate::target::Target;
use mio::net::TcpStream;
use std::io;
#[cfg(any(feature = "blocking", feature = "blocking-native-tls"))]
use std::sync::Arc;

/// What the application has chosen.
#[derive(Clone, Default)]
pub(crate) enum Tls {
    /// rustls, if there is a choice.
    #[default]
    Usual,
    #[cfg(feature = "blocking")]
    Rustls(Arc<rustls::ClientConfig>),
    #[cfg(feature = "blocking-native-tls")]
    Native(native_tls::TlsConnector),
}

/// Puts TLS on a connection, if the server's URL asks for it.
#[derive(Clone)]
pub(crate) enum Connector {
    Plain,
    #[cfg(feature = "blocking")]
    Rustls(
        Arc<rustls::ClientConfig>,
        rustls::pki_types::ServerName<'static>,
    ),
    #[cfg(feature = "blocking-native-tls")]
    Native(native_tls::TlsConnector, String),
}

/// A connection on its way to being secure.
pub(crate) enum Securing {
    Done(Stream),
    #[cfg(feature = "blocking")]
    Rustls(Box<TlsStream>),
    #[cfg(feature = "blocking-native-tls")]
    Native(native_tls::MidHandshakeTlsStream<TcpStream>),
}

impl Connector {
    pub(crate) fn new(tls: Tls, target: &Target) -> Result<Self, BuildError> {
        if !target.is_secure {
            return Ok(Self::Plain);
        }
        match tls {
            Tls::Usual => usual(target),
            #[cfg(feature = "blocking")]
            Tls::Rustls(config) => by_rustls(config, target),
            #[cfg(feature = "blocking-native-tls")]
            Tls::Native(connector) => Ok(Self::Native(connector, target.host.clone())),
        }
    }

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

#[cfg(feature = "blocking")]
fn usual(target: &Target) -> Result<Connector, BuildError> {
    by_rustls(crate::roots::config()?, target)
}

#[cfg(all(feature = "blocking-native-tls", not(feature = "blocking")))]
fn usual(target: &Target) -> Result<Connector, BuildError> {
    let connector = native_tls::TlsConnector::new();
    let connector = connector.map_err(|error| BuildError::Tls(Arc::new(error)))?;
    Ok(Connector::Native(connector, target.host.clone()))
}

#[cfg(not(any(feature = "blocking", feature = "blocking-native-tls")))]
fn usual(_target: &Target) -> Result<Connector, BuildError> {
    Err(BuildError::NoTls)
}

#[cfg(feature = "blocking")]
fn by_rustls(config: Arc<rustls::ClientConfig>, target: &Target) -> Result<Connector, BuildError> {
    let name = rustls::pki_types::ServerName::try_from(target.host.clone());
    let name = name.map_err(|error| BuildError::Tls(Arc::new(error)))?;
    Ok(Connector::Rustls(config, name))
}
