//! HTTP requests over connections that are used again.

use super::Hub;
use super::dial::Dial;
use super::stream::Stream;
use bytes::Bytes;
use engineio_proto::Transport;
use engineio_proto::client::Exchange;
use engineio_proto::http::Method;
use http::Request;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::task::Poll;
use ureq_proto::BodyMode;
use ureq_proto::client::state::{RecvBody, RecvResponse};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};

/// Bytes of a response's head, or of what stands between its chunks.
const MAX_HEAD: usize = 64 * 1024;

/// Bytes read at a time.
const READ: usize = 16 * 1024;

/// Connections at rest that are kept: as many as requests are in flight at a time.
const MAX_IDLE: usize = 2;

/// The requests of one client.
pub(crate) struct Requests {
    hub: Arc<Hub>,
    running: Vec<Running>,
    idle: Vec<Stream>,
}

struct Running {
    exchange: Exchange,
    /// Whether its answer brings messages.
    is_get: bool,
    request: Outgoing,
    stage: Stage,
}

enum Stage {
    Dialling(Dial),
    Talking(Stream),
    /// No request can be made of it.
    Failed,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    /// Whether the connection can be used again.
    is_reusable: bool,
}

impl Requests {
    pub(crate) fn new(hub: &Arc<Hub>) -> Self {
        Self {
            hub: Arc::clone(hub),
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
        let is_get = matches!(method, Method::Get);
        let request = Outgoing::new(&self.hub, method, query, content_type, body);
        let (request, stage) = match request {
            Ok(request) => (request, self.line()),
            Err(_) => (Outgoing::default(), Stage::Failed),
        };
        self.running.push(Running {
            exchange,
            is_get,
            request,
            stage,
        });
    }

    pub(crate) fn cancel(&mut self, exchange: Exchange) {
        self.running.retain(|running| running.exchange != exchange);
    }

    /// Whether requests are in flight.
    pub(crate) fn are_any(&self) -> bool {
        !self.running.is_empty()
    }

    /// Takes the requests as far as they go; those that bring messages only `with_reads`. True if
    /// there was anything.
    pub(crate) fn advance(&mut self, with_reads: bool) -> bool {
        let (mut done, mut any) = (Vec::new(), false);
        let hub = &self.hub;
        let idle = &mut self.idle;
        self.running.retain_mut(|running| {
            if running.is_get && !with_reads {
                return true;
            }
            let polled = running.advance(hub);
            let stage = &mut running.stage;
            let Poll::Ready(answer) = polled else {
                any |= matches!(stage, Stage::Talking(stream) if stream.is_spent());
                return true;
            };
            if let (
                Ok(Answer {
                    is_reusable: true, ..
                }),
                Stage::Talking(stream),
            ) = (&answer, std::mem::replace(stage, Stage::Failed))
            {
                idle.push(stream);
            }
            done.push((running.exchange, answer));
            false
        });
        self.idle.truncate(MAX_IDLE);
        any |= !done.is_empty();
        for (exchange, answer) in done {
            if let Ok(answer) = &answer {
                self.hub.core.settings.take_cookies(&answer.headers);
            }
            self.hub.core.drive(|session, now| match answer {
                Ok(answer) => session.handle_response(exchange, answer.status, answer.body, now),
                Err(_) => session.handle_failed(exchange, now),
            });
        }
        self.rest();
        any
    }

    /// A connection at rest that is still there, or a new one.
    fn line(&mut self) -> Stage {
        while let Some(mut stream) = self.idle.pop() {
            stream.refill();
            let rest = stream.read(&mut [0]);
            if rest.is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
                return Stage::Talking(stream);
            }
        }
        Stage::Dialling(Dial::new(&self.hub))
    }

    /// Closes the connections when nothing is polled any more.
    fn rest(&mut self) {
        if self.running.is_empty() && !self.idle.is_empty() {
            let transport = self.hub.core.peek(|state| state.manager.transport());
            if transport != Some(Transport::Polling) {
                self.idle.clear();
            }
        }
    }
}

impl Running {
    fn advance(&mut self, hub: &Hub) -> Poll<io::Result<Answer>> {
        loop {
            match &mut self.stage {
                Stage::Dialling(dial) => match dial.advance(hub) {
                    Poll::Ready(Ok(stream)) => self.stage = Stage::Talking(stream),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                },
                Stage::Talking(stream) => {
                    stream.refill();
                    let max = hub.core.settings.engine.max_payload;
                    return match self.request.advance(stream, max) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
                        result => Poll::Ready(result),
                    };
                }
                Stage::Failed => return Poll::Ready(Err(ErrorKind::InvalidInput.into())),
            }
        }
    }
}

/// A request, and what has come of its response.
#[derive(Default)]
struct Outgoing {
    /// What is left to be written of the head, and of the body.
    head: Bytes,
    body: Bytes,
    /// What was read and is not understood yet.
    input: Vec<u8>,
    response: Response,
}

#[derive(Default)]
enum Response {
    #[default]
    Ended,
    Head(Box<Call<RecvResponse>>),
    Body {
        call: Box<Call<RecvBody>>,
        status: u16,
        headers: HeaderMap,
        body: Vec<u8>,
    },
}

impl Outgoing {
    fn new(
        hub: &Hub,
        method: Method,
        query: &str,
        content_type: Option<&'static str>,
        body: Bytes,
    ) -> io::Result<Self> {
        let settings = &hub.core.settings;
        let path = settings.path_and_query(query);
        let mut headers = settings.headers();
        let any = HeaderValue::from_static("*/*");
        headers.entry(ACCEPT).or_insert(any);
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let is_post = matches!(method, Method::Post);
        if is_post {
            headers.insert(CONTENT_LENGTH, body.len().into());
        }
        // Room for the longest that they can be written.
        let lines = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4);
        let mut head = vec![0; path.len() + lines.sum::<usize>() + 32];

        let mut request = Request::new(());
        *request.method_mut() = match is_post {
            true => http::Method::POST,
            false => http::Method::GET,
        };
        *request.uri_mut() = path.parse().map_err(io::Error::other)?;
        *request.headers_mut() = headers;
        let mut call = Call::new(request).map_err(io::Error::other)?.proceed();
        let len = call.write(&mut head).map_err(io::Error::other)?;
        head.truncate(len);
        let call = match call.proceed().map_err(io::Error::other)? {
            Some(SendRequestResult::RecvResponse(call)) => call,
            Some(SendRequestResult::SendBody(mut call)) => {
                // It is written as it is.
                let written = call.consume_direct_write(body.len());
                written.map_err(io::Error::other)?;
                call.proceed().ok_or(ErrorKind::InvalidInput)?
            }
            _ => return Err(ErrorKind::InvalidInput.into()),
        };
        Ok(Self {
            head: head.into(),
            body,
            input: Vec::new(),
            response: Response::Head(Box::new(call)),
        })
    }

    /// Writes and reads as far as that goes; `WouldBlock` as long as there is no answer.
    fn advance(&mut self, stream: &mut Stream, max: usize) -> io::Result<Answer> {
        match self.write(stream) {
            // The server may answer before it has read everything.
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
        let mut buffer = [0; READ];
        loop {
            let read = stream.read(&mut buffer)?;
            self.input.extend_from_slice(&buffer[..read]);
            if let Some(answer) = self.parse(max, read == 0)? {
                return Ok(answer);
            }
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn write(&mut self, stream: &mut Stream) -> io::Result<()> {
        for part in [&mut self.head, &mut self.body] {
            while !part.is_empty() {
                let written = stream.write(part)?;
                if written == 0 {
                    return Err(ErrorKind::WriteZero.into());
                }
                drop(part.split_to(written));
            }
        }
        stream.flush()
    }

    /// Whether all of the request has been written.
    fn is_sent(&self) -> bool {
        self.head.is_empty() && self.body.is_empty()
    }

    /// Makes of the input what can be made; an answer, if it is whole or too long.
    fn parse(&mut self, max: usize, is_end: bool) -> io::Result<Option<Answer>> {
        loop {
            let before = self.input.len();
            self.response = match std::mem::take(&mut self.response) {
                Response::Head(mut call) => {
                    let parsed = call.try_response(&self.input, false);
                    let (used, response) = parsed.map_err(io::Error::other)?;
                    self.input.drain(..used);
                    match response {
                        None => Response::Head(call),
                        Some(response) => {
                            let (head, ()) = response.into_parts();
                            let status = head.status.as_u16();
                            match call.proceed() {
                                Some(RecvResponseResult::RecvBody(call)) => Response::Body {
                                    call: Box::new(call),
                                    status,
                                    headers: head.headers,
                                    body: Vec::new(),
                                },
                                // Without a body there is nothing for us in it.
                                _ => {
                                    return Ok(Some(Answer {
                                        status,
                                        headers: head.headers,
                                        body: Bytes::new(),
                                        is_reusable: false,
                                    }));
                                }
                            }
                        }
                    }
                }
                Response::Body {
                    mut call,
                    status,
                    headers,
                    mut body,
                } => {
                    // One byte over the limit is what tells the machine of it.
                    let room = max.saturating_add(1).saturating_sub(body.len());
                    let from = body.len();
                    body.resize(from + room.min(self.input.len()), 0);
                    let read = call.read(&self.input, &mut body[from..]);
                    let (used, made) = read.map_err(io::Error::other)?;
                    body.truncate(from + made);
                    self.input.drain(..used);
                    let is_over = body.len() > max;
                    let is_open = matches!(call.body_mode(), BodyMode::CloseDelimited);
                    let is_whole = if is_open { is_end } else { call.can_proceed() };
                    if is_over || is_whole {
                        return Ok(Some(Answer {
                            status,
                            headers,
                            body: body.into(),
                            is_reusable: !is_over
                                && self.input.is_empty()
                                && self.is_sent()
                                && may_be_reused(*call),
                        }));
                    }
                    Response::Body {
                        call,
                        status,
                        headers,
                        body,
                    }
                }
                Response::Ended => return Err(ErrorKind::InvalidData.into()),
            };
            if self.input.len() == before {
                break;
            }
        }
        match self.input.len() > MAX_HEAD {
            true => Err(ErrorKind::InvalidData.into()),
            false => Ok(None),
        }
    }
}

fn may_be_reused(call: Call<RecvBody>) -> bool {
    match call.proceed() {
        Some(RecvBodyResult::Cleanup(call)) => !call.must_close_connection(),
        _ => false,
    }
}
