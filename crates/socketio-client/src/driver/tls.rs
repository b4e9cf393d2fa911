//! TLS on the streams of tokio.

use super::dial::Stream;
use std::io;

crate::tls::tls_choice!("rustls", "native-tls");

impl Connector {
    pub(crate) async fn secure(&self, stream: Stream) -> io::Result<Stream> {
        match self {
            Self::Plain => Ok(stream),
            #[cfg(feature = "rustls")]
            Self::Rustls(config, name) => {
                let connector = tokio_rustls::TlsConnector::from(config.clone());
                Ok(Box::new(connector.connect(name.clone(), stream).await?))
            }
            #[cfg(feature = "native-tls")]
            Self::Native(connector, host) => {
                let connector = tokio_native_tls::TlsConnector::from(connector.clone());
                let stream = connector.connect(host, stream).await;
                Ok(Box::new(stream.map_err(io::Error::other)?))
            }
        }
    }
}
