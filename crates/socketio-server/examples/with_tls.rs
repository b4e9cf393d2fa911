//! With TLS by rustls: `https` and `wss` on one port.
//!
//! `cargo run -p socketio-server --example with_tls -- cert.pem key.pem`

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio_server::{Ack, ConnectionInfo, NotFound, SocketIo};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

/// Time for a client to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The settings of a server with these certificates, its own first.
pub fn config(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, tokio_rustls::rustls::Error> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    Ok(Arc::new(config))
}

/// Serves until the listener fails.
pub async fn serve(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    io: SocketIo,
) -> std::io::Result<()> {
    io.on("echo", async |ack: Ack, text: String| ack.send(text));
    let acceptor = TlsAcceptor::from(config);
    loop {
        let (stream, address) = listener.accept().await?;
        let (acceptor, service) = (acceptor.clone(), io.service(NotFound));
        tokio::spawn(async move {
            let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await else {
                return;
            };
            // What handlers find as `request.address` and `request.secure`.
            let info = ConnectionInfo::new(address).secure(true);
            let service =
                hyper::service::service_fn(move |mut request: http::Request<Incoming>| {
                    request.extensions_mut().insert(info);
                    hyper::service::Service::call(&service, request)
                });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            // It fails if the client goes away, which its session has heard of.
            let _ = connection.await;
        });
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = std::env::args().skip(1);
    let (Some(certificates), Some(key)) = (paths.next(), paths.next()) else {
        return Err("usage: with_tls CERTIFICATES KEY, both in PEM".into());
    };
    let certificates = CertificateDer::pem_file_iter(certificates)?.collect::<Result<_, _>>()?;
    let config = config(certificates, PrivateKeyDer::from_pem_file(key)?)?;
    let (_, io) = SocketIo::new();
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    serve(listener, config, io).await?;
    Ok(())
}
