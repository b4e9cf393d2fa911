//! In plain hyper: the endpoint is a service in front of one's own.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use socketio_server::{Ack, ConnectionInfo, SocketIo};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use tokio::net::TcpListener;

/// Answers whatever is not for the endpoint.
#[derive(Clone)]
struct Home;

impl tower_service::Service<Request<Incoming>> for Home {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Incoming>) -> Self::Future {
        ready(Ok(Response::new(Full::from("home"))))
    }
}

/// Serves until the listener fails.
pub async fn serve(listener: TcpListener, io: SocketIo) -> std::io::Result<()> {
    io.on("echo", async |ack: Ack, text: String| ack.send(text));
    loop {
        let (stream, address) = listener.accept().await?;
        let service = io.service(Home);
        // What HTTP does not tell: where the connection comes from.
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            let info = ConnectionInfo::new(address);
            request.extensions_mut().insert(info);
            hyper::service::Service::call(&service, request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            // Without it there are no WebSockets.
            .with_upgrades();
        tokio::spawn(connection);
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (_, io) = SocketIo::new();
    serve(TcpListener::bind("127.0.0.1:3000").await?, io).await
}
