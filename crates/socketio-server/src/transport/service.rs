//! From one HTTP request to one answer: routing, and the polling transport.

use super::client::Reader;
use super::request::client_address;
use super::upgrade;
use super::{App, Client, HandshakeRequest, Host, Origin, Seat};
use crate::telemetry::{self, Direction};
use bytes::{Buf, Bytes, BytesMut};
use engineio_proto::http::{self as engine, Handshake, Method, Reject, Route};
use engineio_proto::server::{Exchange, Session};
use engineio_proto::{Sid, Text, Transport};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::BodyExt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Bytes of a refused body that are read before the answer.
const MOST_DISCARDED: usize = 64 << 20;

/// How long the rest of a refused body is waited for.
const LONGEST_DISCARDING: Duration = Duration::from_secs(5);

/// Answers one request of the endpoint.
pub(crate) async fn respond<A: App, B>(host: Arc<Host<A>>, request: Request<B>) -> Response<Bytes>
where
    B: Body + Send,
    B::Data: Send,
{
    host.env().runtime.capture();
    let (mut parts, body) = request.into_parts();
    let mut body = pin!(body);
    let mut response = match answer(&host, &mut parts, body.as_mut()).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(&host, &parts),
    };
    add_cors(&host, &parts, response.headers_mut());
    if response.status().is_client_error() {
        discard(&parts, body).await;
    }
    response
}

/// A request that gets no session's answer.
struct Refused {
    reject: Reject,
    /// The request asked for an upgrade: it is refused in plain text.
    upgrade: bool,
}

impl Refused {
    fn into_response<A: App>(self, host: &Host<A>, parts: &Parts) -> Response<Bytes> {
        telemetry::refused(&self.reject);
        if let Some(told) = &host.options().on_connection_error {
            told(&self.reject, parts);
        }
        let response = if self.upgrade {
            self.reject.upgrade_response()
        } else {
            self.reject.response()
        };
        into_http(response)
    }
}

async fn answer<A: App, B>(
    host: &Arc<Host<A>>,
    parts: &mut Parts,
    body: Pin<&mut B>,
) -> Result<Response<Bytes>, Refused>
where
    B: Body + Send,
    B::Data: Send,
{
    let bundle = host.options().bundle.as_ref();
    if let Some(file) = bundle.and_then(|it| it.answer(&host.config().path, parts)) {
        return Ok(file);
    }
    let is_upgrade = upgrade::is_requested(parts);
    let refused = |reject| Refused {
        reject,
        upgrade: is_upgrade,
    };
    let route = engine::route(host.config(), &describe(parts, is_upgrade)).map_err(refused)?;
    let client = match route.sid() {
        Some(sid) => {
            let client = host
                .table()
                .get(sid)
                .ok_or_else(|| refused(Reject::UnknownSid))?;
            client
                .peek(|state| engine_of(state).check(&route))
                .map_err(refused)?;
            Some(client)
        }
        None => None,
    };
    match (route, client) {
        (Route::Preflight, _) => Ok(into_http(engine::Response::preflight())),
        (Route::MethodNotAllowed { .. }, _) => {
            Ok(into_http(engine::Response::method_not_allowed()))
        }
        (Route::Handshake(handshake), _) => {
            let (request, seat) = admit(host, &handshake, parts).await.map_err(refused)?;
            if handshake.transport == Transport::Polling && !is_upgrade {
                let client = open(host, &handshake, request, seat).map_err(refused)?;
                Ok(poll(host, parts, &client, true).await)
            } else {
                let response =
                    upgrade::open(host, parts, handshake, request, seat).map_err(refused)?;
                Ok(with_hook(host, parts, response, true))
            }
        }
        (Route::Poll { .. }, Some(client)) => Ok(poll(host, parts, &client, false).await),
        (Route::Push { encoding, .. }, Some(client)) => {
            let exchange =
                client.exchange(|session, id, now| session.handle_push_begin(id, encoding, now));
            let response = push(host, &client, exchange, parts, body).await;
            Ok(session_response(host, parts, response, false))
        }
        (Route::Upgrade { transport, b64, .. }, Some(client)) => {
            let response = upgrade::join(host, parts, client, transport, b64).map_err(refused)?;
            Ok(with_hook(host, parts, response, false))
        }
        _ => Err(refused(Reject::BadRequest)),
    }
}

fn engine_of<A: App>(state: &super::State<A>) -> &Session {
    use super::Machine;
    state.machine.engine()
}

fn describe(parts: &Parts, is_upgrade: bool) -> engine::Request<'_> {
    let text = |name: HeaderName| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    engine::Request {
        method: match parts.method {
            http::Method::GET => Method::Get,
            http::Method::POST => Method::Post,
            http::Method::OPTIONS => Method::Options,
            _ => Method::Other,
        },
        query: parts.uri.query().unwrap_or_default(),
        content_type: text(header::CONTENT_TYPE),
        origin: parts.headers.get(header::ORIGIN).map(HeaderValue::as_bytes),
        user_agent: text(header::USER_AGENT),
        is_upgrade,
    }
}

/// The checks of a handshake that come after those of its form. Whoever comes too often is turned
/// away before anything is spent on it.
async fn admit<A: App>(
    host: &Arc<Host<A>>,
    handshake: &Handshake,
    parts: &Parts,
) -> Result<(Arc<HandshakeRequest>, Seat), Reject> {
    if host.is_draining() {
        return Err(Reject::ShuttingDown);
    }
    let options = host.options();
    let address = client_address(parts, options.client_address.as_ref());
    let seat = host.door().enter(address)?;
    let request = Arc::new(HandshakeRequest::new(parts, address));
    if let Some(allow) = &options.allow_request
        && let Err(message) = allow(Arc::clone(&request)).await
    {
        return Err(Reject::Forbidden(message.map(Text::from)));
    }
    // It may have taken its time.
    if host.is_draining() {
        return Err(Reject::ShuttingDown);
    }
    handshake.check(host.config())?;
    Ok((request, seat))
}

/// Makes the session of a handshake and enters it into the table.
pub(super) fn open<A: App>(
    host: &Arc<Host<A>>,
    handshake: &Handshake,
    request: Arc<HandshakeRequest>,
    seat: Seat,
) -> Result<Arc<Client<A>>, Reject> {
    let id = host.env().ids.next().map_err(|_| Reject::BadRequest)?;
    let sid = Sid::new(Text::from(id)).ok_or(Reject::BadRequest)?;
    let session = Session::accept(
        Arc::clone(host.config()),
        sid,
        handshake,
        host.env().clock.now(),
    );
    let client = Client::new(Arc::clone(host), session, request, seat);
    host.table().insert(&client);
    // A shutdown that began meanwhile may have passed over the table already.
    if host.is_draining() {
        client.close(engineio_proto::CloseReason::ShuttingDown);
    }
    Ok(client)
}

/// Waits for what a GET brings; `initial` tells that of the handshake.
async fn poll<A: App>(
    host: &Host<A>,
    parts: &Parts,
    client: &Arc<Client<A>>,
    initial: bool,
) -> Response<Bytes> {
    let exchange = if initial {
        client.first_exchange()
    } else {
        client.exchange(|session, id, now| session.handle_poll(id, now))
    };
    let response = finish(client, exchange).await;
    #[cfg(feature = "http-compression")]
    let response = match host.compressor() {
        Some(compressor) => compressor.compress(response, &parts.headers).await,
        None => response,
    };
    session_response(host, parts, response, initial)
}

/// Reads a POST's body up to the limit and hands it over. The session may answer before it is read.
async fn push<A: App, B>(
    host: &Arc<Host<A>>,
    client: &Arc<Client<A>>,
    (id, mut receiver): (Exchange, oneshot::Receiver<engine::Response>),
    parts: &Parts,
    body: Pin<&mut B>,
) -> engine::Response
where
    B: Body + Send,
    B::Data: Send,
{
    let mut guard = AbortGuard {
        client,
        exchange: Some(id),
    };
    let read = tokio::select! {
        biased;
        // The session refused the request at its head, or is over by now: the rest of the body does
        // not matter.
        response = &mut receiver => {
            guard.exchange = None;
            return response.unwrap_or_else(|_| engine::Response::bad_request());
        }
        read = take(client, parts, body, host.config().max_payload) => read,
    };
    let body = match read {
        Ok(body) => Some(body),
        Err(ReadError::TooLarge) => {
            telemetry::limit_hit("max_payload");
            None
        }
        // The guard tells the session, which answers nobody who is gone.
        Err(ReadError::Broken) => return engine::Response::bad_request(),
    };
    telemetry::carried_body(Direction::In, body.as_deref().unwrap_or_default());
    client.drive(Origin::Network, |session, now| match body {
        Some(body) => session.handle_push(id, body, now),
        None => session.handle_push_too_large(id, now),
    });
    guard.exchange = None;
    receiver
        .await
        .unwrap_or_else(|_| engine::Response::bad_request())
}

/// Waits until the client is not too busy, then reads.
async fn take<A: App, B>(
    client: &Client<A>,
    parts: &Parts,
    body: Pin<&mut B>,
    max: usize,
) -> Result<Bytes, ReadError>
where
    B: Body + Send,
    B::Data: Send,
{
    poll_fn(|cx| client.poll_not_busy(cx, Reader::Push)).await;
    read(parts, body, max).await
}

enum ReadError {
    TooLarge,
    Broken,
}

async fn read<B>(parts: &Parts, mut body: Pin<&mut B>, max: usize) -> Result<Bytes, ReadError>
where
    B: Body + Send,
    B::Data: Send,
{
    let announced = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > max as u64) {
        return Err(ReadError::TooLarge);
    }
    // One chunk, the common case, is taken as it is. Several are gathered in one buffer, so that a
    // body in crumbs costs its bytes and not its chunks.
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame.map_err(|_| ReadError::Broken)?.into_data() else {
            continue;
        };
        let length = data.remaining();
        if length == 0 {
            continue;
        }
        if first.len() + all.len() + length > max {
            return Err(ReadError::TooLarge);
        }
        if first.is_empty() && all.is_empty() {
            first = data.copy_to_bytes(length);
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data.copy_to_bytes(length));
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Takes what is left of the body of a request that was refused, and keeps none of it. A connection
/// that closes on unread data is reset, and the answer may be lost with it. How much is taken, and for
/// how long, has a bound; who asked before sending waits for nothing but the answer.
async fn discard<B>(parts: &Parts, mut body: Pin<&mut B>)
where
    B: Body + Send,
    B::Data: Send,
{
    if parts.method != http::Method::POST
        || parts.headers.contains_key(header::EXPECT)
        || body.is_end_stream()
    {
        return;
    }
    let rest = async {
        let mut taken = 0;
        while let Some(Ok(frame)) = body.frame().await {
            taken += frame.data_ref().map_or(0, Buf::remaining);
            if taken > MOST_DISCARDED {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(LONGEST_DISCARDING, rest).await;
}

/// Waits for the answer of an exchange; tells the session if the HTTP peer goes away first.
async fn finish<A: App>(
    client: &Arc<Client<A>>,
    (id, receiver): (Exchange, oneshot::Receiver<engine::Response>),
) -> engine::Response {
    let mut guard = AbortGuard {
        client,
        exchange: Some(id),
    };
    let response = receiver.await;
    guard.exchange = None;
    let response = response.unwrap_or_else(|_| engine::Response::bad_request());
    telemetry::carried_body(Direction::Out, &response.body);
    response
}

/// The HTTP server drops a request's future when the peer goes away.
struct AbortGuard<'a, A: App> {
    client: &'a Arc<Client<A>>,
    exchange: Option<Exchange>,
}

impl<A: App> Drop for AbortGuard<'_, A> {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange {
            self.client.drive(Origin::Elsewhere, |session, now| {
                session.handle_abort(exchange, now)
            });
        }
    }
}

fn session_response<A: App>(
    host: &Host<A>,
    parts: &Parts,
    response: engine::Response,
    initial: bool,
) -> Response<Bytes> {
    with_hook(host, parts, into_http(response), initial)
}

fn with_hook<A: App>(
    host: &Host<A>,
    parts: &Parts,
    mut response: Response<Bytes>,
    initial: bool,
) -> Response<Bytes> {
    if let Some(hook) = &host.options().on_headers {
        hook(response.headers_mut(), parts, initial);
    }
    response
}

fn into_http(response: engine::Response) -> Response<Bytes> {
    let mut headers = HeaderMap::with_capacity(4);
    append(&mut headers, response.headers());
    let mut http = Response::new(response.body);
    *http.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *http.headers_mut() = headers;
    http
}

fn add_cors<A: App>(host: &Host<A>, parts: &Parts, headers: &mut HeaderMap) {
    let Some(cors) = &host.config().cors else {
        return;
    };
    let text = |name: HeaderName| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let preflight = (parts.method == http::Method::OPTIONS)
        .then(|| text(header::ACCESS_CONTROL_REQUEST_HEADERS));
    append(
        headers,
        engine::cors_headers(cors, text(header::ORIGIN), preflight),
    );
}

fn append<'a, V: AsRef<str>>(
    headers: &mut HeaderMap,
    pairs: impl Iterator<Item = (&'static str, V)> + 'a,
) {
    for (name, value) in pairs {
        // Values are made from the configuration; one that HTTP can't carry is left out.
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
}
