//! `https` and `wss`, with certificates of one's own.

use crate::support::{Server, WAYS, client, connect, settled, soon};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use socketio_client::Transport;
use socketio_server::SocketIo;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// TLS in front of our own server: its port.
fn front(inner: &Server, certified: &CertifiedKey<KeyPair>) -> u16 {
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())
        .unwrap();
    let (acceptor, address) = (TlsAcceptor::from(Arc::new(config)), inner.address());
    let listener = inner
        .runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    inner.runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Fails where the client does not trust us.
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut back = TcpStream::connect(address).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut back).await;
                }
            });
        }
    });
    port
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

fn server() -> Server {
    let server = Server::start(SocketIo::builder());
    server
        .io
        .on("echo", async |text: String, ack: socketio_server::Ack| {
            ack.send(text)
        });
    server
}

#[test]
fn a_trusted_certificate_connects_by_every_transport() {
    let inner = server();
    let certified = certificate();
    let port = front(&inner, &certified);
    for scheme in ["https", "wss"] {
        for way in WAYS {
            let builder = client(&format!("{scheme}://localhost:{port}/"))
                .transports(way.iter().copied())
                .rustls(trusting(&certified));
            let socket = connect(builder);
            settled(&socket, way);
            // More than the buffers of TLS and TCP hold.
            let text = "x".repeat(900_000);
            let expected = text.clone();
            let answer = soon("the answer", move || {
                let answer: String = socket.emit_with_ack("echo", text).unwrap();
                socket.disconnect();
                answer
            });
            assert!(answer == expected);
        }
    }
}

#[test]
fn a_certificate_of_somebody_unknown_does_not() {
    let inner = server();
    let port = front(&inner, &certificate());
    for (transport, message) in [
        (Transport::Polling, "xhr poll error"),
        (Transport::WebSocket, "websocket error"),
    ] {
        let builder = client(&format!("https://localhost:{port}/")).transports([transport]);
        let error = soon("the error", || builder.connect()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[cfg(feature = "blocking-native-tls")]
#[test]
fn the_platform_s_library_connects_too() {
    let inner = server();
    let certified = certificate();
    let port = front(&inner, &certified);
    let root = native_tls::Certificate::from_der(certified.cert.der()).unwrap();
    let mut connector = native_tls::TlsConnector::builder();
    let connector = connector.add_root_certificate(root).build().unwrap();
    for way in WAYS {
        let builder = client(&format!("https://localhost:{port}/"))
            .transports(way.iter().copied())
            .native_tls(connector.clone());
        let socket = connect(builder);
        settled(&socket, way);
        let text = "x".repeat(900_000);
        let answer = soon("the answer", move || {
            socket.emit_with_ack::<String>("echo", text)
        });
        assert_eq!(answer.unwrap().len(), 900_000);
    }
}
