//! HTTP requests over connections that are used again. Nothing here runs in a task of its own: a
//! request in flight polls its connection, and a connection at rest is polled when it is needed.

use super::dial::{Stream, dial};
use super::tls::Connector;
use crate::core::Core;
use bytes::Bytes;
use engineio_proto::Transport;
use engineio_proto::client::Exchange;
use engineio_proto::http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

/// Bytes of a response's head, and of what is read ahead of its body.
const MAX_HEAD: usize = 64 * 1024;

/// Connections at rest that are kept: as many as requests are in flight at a time.
const MAX_IDLE: usize = 2;

/// The requests of one client.
pub(crate) struct Requests {
    core: Arc<Core>,
    connector: Connector,
    running: Vec<Running>,
    idle: Vec<Line>,
}

struct Running {
    exchange: Exchange,
    /// Whether its answer brings messages.
    is_get: bool,
    future: Pin<Box<dyn Future<Output = Outcome> + Send>>,
}

/// What became of a request, and the connection if it can be used again.
struct Outcome {
    answer: io::Result<Answer>,
    line: Option<Line>,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Requests {
    pub(crate) fn new(core: &Arc<Core>, connector: &Connector) -> Self {
        Self {
            core: Arc::clone(core),
            connector: connector.clone(),
            running: Vec::new(),
            idle: Vec::new(),
        }
    }

    pub(crate) fn start(
        &mut self,
        exchange: Exchange,
        method: Method,
        query: &str,
        content_type: Option<&'static str>,
        body: Bytes,
    ) {
        let settings = &self.core.settings;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = match method {
            Method::Post => http::Method::POST,
            _ => http::Method::GET,
        };
        let Ok(uri) = settings.path_and_query(query).parse() else {
            // No request can be made of such a path.
            return self.finish(exchange, Err(io::ErrorKind::InvalidInput.into()));
        };
        *request.uri_mut() = uri;
        let mut headers = settings.headers();
        let any = HeaderValue::from_static("*/*");
        headers.entry(ACCEPT).or_insert(any);
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        *request.headers_mut() = headers;
        let core = Arc::clone(&self.core);
        let future = send(core, self.connector.clone(), self.idle.pop(), request);
        self.running.push(Running {
            exchange,
            is_get: matches!(method, Method::Get),
            future: Box::pin(future),
        });
    }

    pub(crate) fn cancel(&mut self, exchange: Exchange) {
        self.running.retain(|running| running.exchange != exchange);
    }

    /// Takes the requests as far as they go; those that bring messages only `with_reads`. True if
    /// one has ended.
    pub(crate) fn poll(&mut self, with_reads: bool, cx: &mut Context<'_>) -> bool {
        let mut done = Vec::new();
        self.running.retain_mut(|running| {
            if running.is_get && !with_reads {
                return true;
            }
            let polled = running.future.as_mut().poll(cx);
            let is_pending = polled.is_pending();
            if let Poll::Ready(outcome) = polled {
                done.push((running.exchange, outcome));
            }
            is_pending
        });
        let any = !done.is_empty();
        for (exchange, outcome) in done {
            self.idle.extend(outcome.line);
            self.idle.truncate(MAX_IDLE);
            self.finish(exchange, outcome.answer);
        }
        self.rest();
        any
    }

    /// Whether requests are in flight.
    pub(crate) fn are_any(&self) -> bool {
        !self.running.is_empty()
    }

    fn finish(&self, exchange: Exchange, answer: io::Result<Answer>) {
        if let Ok(answer) = &answer {
            self.core.settings.take_cookies(&answer.headers);
        }
        self.core.drive(|session, now| match answer {
            Ok(answer) => session.handle_response(exchange, answer.status, answer.body, now),
            Err(_) => session.handle_failed(exchange, now),
        });
    }

    /// Closes the connections when nothing is polled any more.
    fn rest(&mut self) {
        if self.running.is_empty() && !self.idle.is_empty() {
            let transport = self.core.peek(|state| state.manager.transport());
            if transport != Some(Transport::Polling) {
                self.idle.clear();
            }
        }
    }
}

/// One connection.
struct Line {
    sender: SendRequest<Full<Bytes>>,
    connection: Connection<TokioIo<Stream>, Full<Bytes>>,
    is_open: bool,
}

impl Line {
    async fn open(core: &Core, connector: &Connector) -> io::Result<Self> {
        let stream = dial(&core.settings, connector).await?;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        Ok(Self {
            sender,
            connection,
            is_open: true,
        })
    }

    /// Whether a connection at rest is still there.
    async fn is_ready(&mut self) -> bool {
        let Self {
            sender,
            connection,
            is_open,
        } = self;
        alongside(connection, is_open, pin!(sender.ready()))
            .await
            .is_ok()
    }
}

/// Runs a future that needs its connection to be polled.
pub(crate) async fn alongside<C: Future + Unpin, F: Future>(
    connection: &mut C,
    is_open: &mut bool,
    mut future: Pin<&mut F>,
) -> F::Output {
    poll_fn(|cx| {
        // Its errors come out of the future, too.
        if *is_open && Pin::new(&mut *connection).poll(cx).is_ready() {
            *is_open = false;
        }
        future.as_mut().poll(cx)
    })
    .await
}

/// Sends a request over the given connection if that is still there, else over a new one.
async fn send(
    core: Arc<Core>,
    connector: Connector,
    at_rest: Option<Line>,
    mut request: Request<Full<Bytes>>,
) -> Outcome {
    let mut at_rest = at_rest;
    loop {
        let is_reused = at_rest.is_some();
        let mut line = match at_rest.take() {
            Some(mut line) => match line.is_ready().await {
                true => line,
                false => continue,
            },
            None => match Line::open(&core, &connector).await {
                Ok(line) => line,
                Err(error) => {
                    return Outcome {
                        answer: Err(error),
                        line: None,
                    };
                }
            },
        };
        let max = core.settings.engine.max_payload;
        let Line {
            sender,
            connection,
            is_open,
        } = &mut line;
        let sent = pin!(sender.try_send_request(request));
        let answer = match alongside(connection, is_open, sent).await {
            Ok(response) => alongside(connection, is_open, pin!(read(response, max))).await,
            Err(mut error) => match error.take_message() {
                // It was closed in the very moment; the request has not left.
                Some(unsent) if is_reused => {
                    request = unsent;
                    continue;
                }
                _ => Err(io::Error::other(error.into_error())),
            },
        };
        let is_whole = answer.as_ref().is_ok_and(|answer| answer.body.len() <= max);
        let line = (is_whole && line.is_open).then_some(line);
        return Outcome { answer, line };
    }
}

/// Reads a response to its end, or to its limit.
async fn read(response: Response<Incoming>, max: usize) -> io::Result<Answer> {
    let (head, mut body) = response.into_parts();
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(io::Error::other)?.into_data() else {
            continue;
        };
        // One byte over the limit is what tells the machine of it.
        let room = max.saturating_add(1).saturating_sub(whole.len());
        whole.extend_from_slice(&data[..data.len().min(room)]);
        if whole.len() > max {
            break;
        }
    }
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: whole.into(),
    })
}
