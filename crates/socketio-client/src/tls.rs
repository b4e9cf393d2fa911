//! TLS, by whichever library is compiled in and chosen: the same choice for both adapters, each
//! with features of its own.

#[cfg(any(
    feature = "_rustls",
    feature = "native-tls",
    feature = "blocking-native-tls"
))]
use crate::error::BuildError;
#[cfg(feature = "_rustls")]
use rustls::pki_types::ServerName;
#[cfg(feature = "_rustls")]
use rustls::{ClientConfig, RootCertStore};
#[cfg(any(
    feature = "_rustls",
    feature = "native-tls",
    feature = "blocking-native-tls"
))]
use std::sync::Arc;

/// Writes the choice between the libraries, `Tls`, and what comes of it, `Connector`, for an adapter
/// whose features for rustls and for the platform's library have these names.
macro_rules! tls_choice {
    ($rustls:literal, $native:literal) => {
        /// What the application has chosen.
        #[derive(Clone, Default)]
        pub(crate) enum Tls {
            /// rustls, if there is a choice.
            #[default]
            Usual,
            #[cfg(feature = $rustls)]
            Rustls(std::sync::Arc<rustls::ClientConfig>),
            #[cfg(feature = $native)]
            Native(native_tls::TlsConnector),
        }

        /// Puts TLS on a connection, if the server's URL asks for it.
        #[derive(Clone)]
        pub(crate) enum Connector {
            Plain,
            #[cfg(feature = $rustls)]
            Rustls(
                std::sync::Arc<rustls::ClientConfig>,
                rustls::pki_types::ServerName<'static>,
            ),
            #[cfg(feature = $native)]
            Native(native_tls::TlsConnector, String),
        }

        impl Connector {
            pub(crate) fn new(
                tls: Tls,
                target: &crate::target::Target,
            ) -> Result<Self, crate::error::BuildError> {
                if !target.is_secure {
                    return Ok(Self::Plain);
                }
                match tls {
                    #[cfg(feature = $rustls)]
                    Tls::Usual => Self::new(Tls::Rustls(crate::tls::rustls_config()?), target),
                    #[cfg(all(feature = $native, not(feature = $rustls)))]
                    Tls::Usual => Self::new(Tls::Native(crate::tls::native_connector()?), target),
                    #[cfg(not(any(feature = $rustls, feature = $native)))]
                    Tls::Usual => Err(crate::error::BuildError::NoTls),
                    #[cfg(feature = $rustls)]
                    Tls::Rustls(config) => {
                        let name = crate::tls::server_name(&target.host)?;
                        Ok(Self::Rustls(config, name))
                    }
                    #[cfg(feature = $native)]
                    Tls::Native(connector) => Ok(Self::Native(connector, target.host.clone())),
                }
            }
        }
    };
}

/// Writes the setters of that choice into a builder that has a field `tls: Tls`.
macro_rules! tls_options {
    ($rustls:literal, $native:literal) => {
        /// Settings of rustls in place of the default ones, which trust Mozilla's root
        /// certificates: to trust others, or to show one's own.
        #[cfg(feature = $rustls)]
        #[must_use]
        pub fn rustls(mut self, config: std::sync::Arc<rustls::ClientConfig>) -> Self {
            self.tls = Tls::Rustls(config);
            self
        }

        /// The platform's TLS library in place of rustls.
        #[cfg(feature = $native)]
        #[must_use]
        pub fn native_tls(mut self, connector: native_tls::TlsConnector) -> Self {
            self.tls = Tls::Native(connector);
            self
        }
    };
}

pub(crate) use {tls_choice, tls_options};

/// Mozilla's root certificates, as they are compiled in, and no certificate of our own.
#[cfg(feature = "_rustls")]
pub(crate) fn rustls_config() -> Result<Arc<ClientConfig>, BuildError> {
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // Named, since a program in which several libraries use rustls may have several.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| BuildError::Tls(Arc::new(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The name by which rustls knows the server.
#[cfg(feature = "_rustls")]
pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>, BuildError> {
    let name = ServerName::try_from(host.to_owned());
    name.map_err(|error| BuildError::Tls(Arc::new(error)))
}

/// The platform's library, with what the platform trusts.
#[cfg(any(
    all(feature = "native-tls", not(feature = "rustls")),
    all(feature = "blocking-native-tls", not(feature = "blocking"))
))]
pub(crate) fn native_connector() -> Result<native_tls::TlsConnector, BuildError> {
    native_tls::TlsConnector::new().map_err(|error| BuildError::Tls(Arc::new(error)))
}
