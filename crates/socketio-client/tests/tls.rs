//! `https` and `wss`, with certificates of one's own.
#![cfg(feature = "rustls")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use socketio_client::Transport;
use socketio_server::SocketIo;
use std::sync::Arc;
use support::{Raw, Server, WAYS, client, settled, soon};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// TLS in front of our own server.
async fn front(inner: &Server, certified: &CertifiedKey<KeyPair>) -> Raw {
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())
        .unwrap();
    let (acceptor, address) = (TlsAcceptor::from(Arc::new(config)), inner.address());
    Raw::start(move |wire| {
        let acceptor = acceptor.clone();
        async move {
            // Fails where the client does not trust us.
            if let Ok(mut stream) = acceptor.accept(wire.0.into_inner()).await {
                let mut back = TcpStream::connect(address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut back).await;
            }
        }
    })
    .await
}

fn trusting(certified: &CertifiedKey<KeyPair>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()]).unwrap()
}

#[tokio::test]
async fn a_trusted_certificate_connects_by_every_transport() {
    let inner = Server::start(SocketIo::builder()).await;
    inner
        .io
        .on("echo", async |text: String, ack: socketio_server::Ack| {
            ack.send(text)
        });
    let certified = certificate();
    let front = front(&inner, &certified).await;
    for scheme in ["https", "wss"] {
        for way in WAYS {
            let url = format!("{scheme}://localhost:{}/", front.address().port());
            let builder = client(&url).transports(way.iter().copied());
            let builder = builder.rustls(trusting(&certified));
            let socket = soon("the connection", builder.connect()).await.unwrap();
            settled(&socket, way).await;
            let answer: String = soon("the answer", socket.emit_with_ack("echo", "x"))
                .await
                .unwrap();
            assert_eq!(answer, "x");
        }
    }
}

#[tokio::test]
async fn a_certificate_of_somebody_unknown_does_not() {
    let inner = Server::start(SocketIo::builder()).await;
    let certified = certificate();
    let front = front(&inner, &certified).await;
    let url = format!("https://localhost:{}/", front.address().port());
    for (transport, message) in [
        (Transport::Polling, "xhr poll error"),
        (Transport::WebSocket, "websocket error"),
    ] {
        let builder = client(&url).transports([transport]);
        let error = soon("the refusal", builder.connect()).await.unwrap_err();
        assert_eq!(error.to_string(), message);
        let other = client(&url)
            .transports([transport])
            .rustls(trusting(&certificate()));
        let error = soon("the refusal", other.connect()).await.unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[tokio::test]
async fn tls_goes_through_a_proxy() {
    let inner = Server::start(SocketIo::builder()).await;
    let certified = certificate();
    let front = front(&inner, &certified).await;
    let to = front.address();
    let proxy = Raw::start(move |mut wire| async move {
        let request = wire.request().await.unwrap();
        assert_eq!(
            request.line,
            format!("CONNECT localhost:{} HTTP/1.1", to.port())
        );
        let mut server = TcpStream::connect(to).await.unwrap();
        wire.write("HTTP/1.1 200 OK\r\n\r\n").await;
        let _ = tokio::io::copy_bidirectional(&mut wire.0, &mut server).await;
    })
    .await;
    let url = format!("https://localhost:{}/", to.port());
    for way in WAYS {
        let builder = client(&url).transports(way.iter().copied());
        let builder = builder.rustls(trusting(&certified));
        let builder = builder.proxy(format!("http://{}", proxy.address()));
        let socket = soon("the connection", builder.connect()).await.unwrap();
        settled(&socket, way).await;
    }
}

#[cfg(feature = "native-tls")]
#[tokio::test]
async fn the_platforms_library_serves_as_well() {
    let inner = Server::start(SocketIo::builder()).await;
    let certified = certificate();
    let front = front(&inner, &certified).await;
    let url = format!("https://localhost:{}/", front.address().port());
    let root = native_tls::Certificate::from_pem(certified.cert.pem().as_bytes()).unwrap();
    for way in WAYS {
        let connector = native_tls::TlsConnector::builder()
            .add_root_certificate(root.clone())
            .build()
            .unwrap();
        let builder = client(&url)
            .transports(way.iter().copied())
            .native_tls(connector);
        let socket = soon("the connection", builder.connect()).await.unwrap();
        settled(&socket, way).await;
    }
}
