//! Connections to the server: TCP, through a proxy if there is one, TLS if the URL asks for it.

use super::http::alongside;
use super::tls::Connector;
use crate::settings::Settings;
use crate::target::Proxy;
use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{Method, Request};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A connection, of whatever kind.
pub(crate) type Stream = Box<dyn Io>;

/// Bytes both ways.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Connects to the server. Time limits are the caller's, who drops the future.
pub(crate) async fn dial(settings: &Settings, connector: &Connector) -> io::Result<Stream> {
    let target = &settings.target;
    let stream: Stream = match &settings.proxy {
        None => Box::new(tcp(&target.host, target.port).await?),
        Some(proxy) => {
            let to = target.host_and_port();
            tunnel(tcp(&proxy.host, proxy.port).await?, proxy, &to).await?
        }
    };
    connector.secure(stream).await
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Has a proxy connect the stream to the server.
async fn tunnel(stream: TcpStream, proxy: &Proxy, to: &str) -> io::Result<Stream> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(to)
        .header(HOST, to);
    if let Some(credentials) = proxy.authorization() {
        request = request.header(PROXY_AUTHORIZATION, credentials);
    }
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let (mut connection, mut is_open) = (connection.with_upgrades(), true);
    let answer = pin!(sender.send_request(request));
    let response = alongside(&mut connection, &mut is_open, answer).await;
    let response = response.map_err(io::Error::other)?;
    let status = response.status();
    if !status.is_success() {
        return Err(io::Error::other(format!("the proxy answered {status}")));
    }
    let upgrade = pin!(hyper::upgrade::on(response));
    let upgraded = alongside(&mut connection, &mut is_open, upgrade).await;
    Ok(Box::new(TokioIo::new(upgraded.map_err(io::Error::other)?)))
}
