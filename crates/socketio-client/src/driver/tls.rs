//! TLS, by whichever library is compiled in and chosen.

use super::dial::Stream;
use crate::error::BuildError;
use crate::target::Target;
use std::io;
#[cfg(any(feature = "native-tls", feature = "rustls"))]
use std::sync::Arc;

/// What the application has chosen.
#[derive(Clone, Default)]
pub(crate) enum Tls {
    /// The first of the features that there is.
    #[default]
    Usual,
    #[cfg(feature = "rustls")]
    Rustls(Arc<rustls::ClientConfig>),
    #[cfg(feature = "native-tls")]
    Native(native_tls::TlsConnector),
}

/// Puts TLS on a connection, if the server's URL asks for it.
#[derive(Clone)]
pub(crate) enum Connector {
    Plain,
    #[cfg(feature = "rustls")]
    Rustls(
        tokio_rustls::TlsConnector,
        rustls::pki_types::ServerName<'static>,
    ),
    #[cfg(feature = "native-tls")]
    Native(Arc<tokio_native_tls::TlsConnector>, String),
}

impl Connector {
    pub(crate) fn new(tls: Tls, target: &Target) -> Result<Self, BuildError> {
        if !target.is_secure {
            return Ok(Self::Plain);
        }
        match tls {
            Tls::Usual => usual(target),
            #[cfg(feature = "rustls")]
            Tls::Rustls(config) => by_rustls(config, target),
            #[cfg(feature = "native-tls")]
            Tls::Native(connector) => Ok(by_native_tls(connector, target)),
        }
    }

    pub(crate) async fn secure(&self, stream: Stream) -> io::Result<Stream> {
        match self {
            Self::Plain => Ok(stream),
            #[cfg(feature = "rustls")]
            Self::Rustls(connector, name) => {
                Ok(Box::new(connector.connect(name.clone(), stream).await?))
            }
            #[cfg(feature = "native-tls")]
            Self::Native(connector, host) => {
                let stream = connector.connect(host, stream).await;
                Ok(Box::new(stream.map_err(io::Error::other)?))
            }
        }
    }
}

#[cfg(feature = "rustls")]
fn usual(target: &Target) -> Result<Connector, BuildError> {
    by_rustls(crate::roots::config()?, target)
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
fn usual(target: &Target) -> Result<Connector, BuildError> {
    let connector = native_tls::TlsConnector::new();
    let connector = connector.map_err(|error| BuildError::Tls(Arc::new(error)))?;
    Ok(by_native_tls(connector, target))
}

#[cfg(not(any(feature = "native-tls", feature = "rustls")))]
fn usual(_target: &Target) -> Result<Connector, BuildError> {
    Err(BuildError::NoTls)
}

#[cfg(feature = "rustls")]
fn by_rustls(config: Arc<rustls::ClientConfig>, target: &Target) -> Result<Connector, BuildError> {
    let name = rustls::pki_types::ServerName::try_from(target.host.clone());
    let name = name.map_err(|error| BuildError::Tls(Arc::new(error)))?;
    Ok(Connector::Rustls(config.into(), name))
}

#[cfg(feature = "native-tls")]
fn by_native_tls(connector: native_tls::TlsConnector, target: &Target) -> Connector {
    Connector::Native(Arc::new(connector.into()), target.host.clone())
}
