//! The endpoint as a tower layer, a tower or hyper service, and a server of its own.

use crate::options::longest_silence;
use crate::stall::Unstalled;
use crate::transport::{App, ConnectionInfo, Host, ResponseBody, respond};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Empty;
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio_handler::run::poll_once;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower_service::Service;

/// Headers of one request; more are refused with 431.
const MAX_HEADERS: usize = 100;

/// Pause after a connection that could not be accepted, as when the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Time for a request's head to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a shutdown waits for the last frames and answers to be taken.
pub(crate) const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(2);

/// The service behind the endpoint when there is no other: answers 404.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotFound;

impl<B> Service<Request<B>> for NotFound {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Empty::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        std::future::ready(Ok(response))
    }
}

/// Answers the requests of the endpoint, hands all others to `inner`.
pub(crate) fn call<A, S, B, R>(
    host: &Arc<Host<A>>,
    inner: &S,
    request: Request<B>,
) -> BoxFuture<'static, Result<Response<ResponseBody<R>>, S::Error>>
where
    A: App,
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Send + 'static,
    B::Data: Send,
    R: 'static,
{
    if engineio_proto::http::matches(host.config(), request.uri().path()) {
        let host = Arc::clone(host);
        let mut answer: BoxFuture<'static, _> = Box::pin(respond(host, request));
        // A peer may hang up right behind its request, and hyper then drops a future that it never
        // polled. A poll that is given up ends its session, so the session has to hear of it: hence
        // the first step is made here.
        return match poll_once(&mut answer) {
            Poll::Ready(response) => Box::pin(async move { Ok(response.map(ResponseBody::own)) }),
            Poll::Pending => Box::pin(async move { Ok(answer.await.map(ResponseBody::own)) }),
        };
    }
    let mut inner = inner.clone();
    Box::pin(async move {
        std::future::poll_fn(|cx| inner.poll_ready(cx)).await?;
        Ok(inner.call(request).await?.map(ResponseBody::other))
    })
}

/// Accepts connections until the server is shut down, then lets their last answers go out.
pub(crate) async fn serve<A, S, R>(
    host: Arc<Host<A>>,
    listener: TcpListener,
    inner: S,
) -> std::io::Result<()>
where
    A: App,
    S: Service<Request<hyper::body::Incoming>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    R: Body<Data = Bytes> + Send + Unpin + 'static,
    R::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connections = JoinSet::new();
    // Who takes nothing for so long would not have answered a heartbeat either.
    let patience = longest_silence(host.config());
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Out of file descriptors, or the peer went away: the listener itself is fine.
                Err(error) if is_transient(&error) => {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error),
            },
            // Reaps those that ended.
            Some(_) = connections.join_next() => continue,
            () = host.closing() => break,
        };
        let _ = stream.set_nodelay(true);
        let info = ConnectionInfo::new(address);
        let (host, inner) = (Arc::clone(&host), inner.clone());
        connections.spawn(async move {
            let closing = Arc::clone(&host);
            let service = hyper::service::service_fn(move |mut request: Request<_>| {
                request.extensions_mut().insert(info);
                call(&host, &inner, request)
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .max_headers(MAX_HEADERS)
                .serve_connection(TokioIo::new(Unstalled::new(stream, patience)), service)
                .with_upgrades();
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => {}
                () = closing.closing() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
        });
    }
    drop(listener);
    // Dropping the set ends those that take longer.
    let rest = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(host.patience(), rest).await;
    Ok(())
}

fn is_transient(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    const OUT_OF_DESCRIPTORS: [i32; 2] = [23, 24];
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    ) || error
        .raw_os_error()
        .is_some_and(|code| OUT_OF_DESCRIPTORS.contains(&code))
}

/// Implements tower's and hyper's service traits, and tower's layer, for an application's service
/// and layer types.
macro_rules! endpoint {
    ($layer:ident, $service:ident) => {
        impl<S> tower_layer::Layer<S> for $layer {
            type Service = $service<S>;

            fn layer(&self, inner: S) -> $service<S> {
                $service {
                    host: Arc::clone(&self.host),
                    inner,
                }
            }
        }

        impl<S, B, R> tower_service::Service<http::Request<B>> for $service<S>
        where
            S: tower_service::Service<http::Request<B>, Response = http::Response<R>>
                + Clone
                + Send
                + 'static,
            S::Future: Send,
            B: http_body::Body + Send + 'static,
            B::Data: Send,
            R: 'static,
        {
            type Response = http::Response<ResponseBody<R>>;
            type Error = S::Error;
            type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

            fn poll_ready(
                &mut self,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), S::Error>> {
                // The inner service is asked once a request turns out to be for it.
                std::task::Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<B>) -> Self::Future {
                crate::service::call(&self.host, &self.inner, request)
            }
        }

        impl<S, B, R> hyper::service::Service<http::Request<B>> for $service<S>
        where
            S: tower_service::Service<http::Request<B>, Response = http::Response<R>>
                + Clone
                + Send
                + 'static,
            S::Future: Send,
            B: http_body::Body + Send + 'static,
            B::Data: Send,
            R: 'static,
        {
            type Response = http::Response<ResponseBody<R>>;
            type Error = S::Error;
            type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

            fn call(&self, request: http::Request<B>) -> Self::Future {
                crate::service::call(&self.host, &self.inner, request)
            }
        }

        impl<S: std::fmt::Debug> std::fmt::Debug for $service<S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($service))
                    .field("inner", &self.inner)
                    .finish_non_exhaustive()
            }
        }

        impl std::fmt::Debug for $layer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($layer)).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use endpoint;
