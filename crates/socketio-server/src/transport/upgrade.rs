//! From an HTTP request to a WebSocket.

use super::driver::Driver;
use super::service;
use super::{App, Client, HandshakeRequest, Host, Origin, Seat};
use bytes::Bytes;
use engineio_proto::Transport;
use engineio_proto::http::{Handshake, Reject};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, Version, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// Does the request ask for a WebSocket?
pub(super) fn is_requested(parts: &Parts) -> bool {
    let has = |name: header::HeaderName, token: &str| {
        parts
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|value| value.trim().eq_ignore_ascii_case(token))
    };
    has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket")
}

/// Answers 101 and opens a session once the connection has changed hands.
///
/// The session is made no earlier: a peer that goes away in between leaves nothing behind.
pub(super) fn open<A: App>(
    host: &Arc<Host<A>>,
    parts: &mut Parts,
    handshake: Handshake,
    request: Arc<HandshakeRequest>,
    seat: Seat,
) -> Result<Response<Bytes>, Reject> {
    let (response, upgrade) = switch(parts)?;
    let host = Arc::clone(host);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let socket = websocket(&host, upgraded).await;
        if handshake.transport != Transport::WebSocket {
            return super::driver::dismiss(socket).await;
        }
        if let Ok(client) = service::open(&host, &handshake, request, seat) {
            drive(client, handshake.b64, socket).await;
        }
    });
    Ok(response)
}

/// Answers 101 and offers the connection to a session that lives.
pub(super) fn join<A: App>(
    host: &Arc<Host<A>>,
    parts: &mut Parts,
    client: Arc<Client<A>>,
    transport: Transport,
    b64: bool,
) -> Result<Response<Bytes>, Reject> {
    let (response, upgrade) = switch(parts)?;
    let host = Arc::clone(host);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let socket = websocket(&host, upgraded).await;
        if transport != Transport::WebSocket {
            return super::driver::dismiss(socket).await;
        }
        drive(client, b64, socket).await;
    });
    Ok(response)
}

async fn drive<A: App>(
    client: Arc<Client<A>>,
    b64: bool,
    socket: WebSocketStream<TokioIo<Upgraded>>,
) {
    let link = client.drive(Origin::Network, |session, now| {
        session.handle_upgrade(Transport::WebSocket, b64, now)
    });
    match link {
        Some(link) => Driver::run(client, link, socket).await,
        // The session has one already, or is over.
        None => super::driver::dismiss(socket).await,
    }
}

/// Bytes of small frames that are written at once: the driver flushes behind the last one. Nothing is
/// allocated for more than there is.
const WRITE_BUFFER: usize = 16 * 1024;

async fn websocket<A: App>(
    host: &Host<A>,
    upgraded: Upgraded,
) -> WebSocketStream<TokioIo<Upgraded>> {
    let max = host.config().max_payload;
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(max))
        .max_frame_size(Some(max));
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await
}

/// Checks the WebSocket part of the request (RFC 6455, section 4.2.1) and makes the 101.
fn switch(parts: &mut Parts) -> Result<(Response<Bytes>, OnUpgrade), Reject> {
    let header = |name| parts.headers.get(name).map(HeaderValue::as_bytes);
    let key = header(header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key));
    // A body would be read as frames.
    let has_body = header(header::CONTENT_LENGTH).is_some_and(|length| length != b"0")
        || parts.headers.contains_key(header::TRANSFER_ENCODING);
    let is_right = parts.method == Method::GET
        && parts.version >= Version::HTTP_11
        && !has_body
        && header(header::SEC_WEBSOCKET_VERSION) == Some(b"13");
    let accept = key
        .filter(|_| is_right)
        .map(derive_accept_key)
        .ok_or(Reject::BadRequest)?;
    let upgrade = parts
        .extensions
        .remove::<OnUpgrade>()
        .ok_or(Reject::BadRequest)?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accept = HeaderValue::from_str(&accept).map_err(|_| Reject::BadRequest)?;
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok((response, upgrade))
}

/// Sixteen bytes in base64.
fn is_key(key: &[u8]) -> bool {
    key.len() == 24
        && key.ends_with(b"==")
        && key[..22]
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sixteen_bytes_in_base64() {
        assert!(is_key(b"dGhlIHNhbXBsZSBub25jZQ=="));
        assert!(!is_key(b"dGhlIHNhbXBsZSBub25jZQ="));
        assert!(!is_key(b""));
        assert!(!is_key("é".repeat(12).as_bytes()));
    }
}
