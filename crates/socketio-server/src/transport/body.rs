//! The body of a response: ours, or that of the service behind.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A response body of this crate's services: an own one, or that of the inner service.
#[derive(Debug)]
pub struct ResponseBody<B>(Inner<B>);

#[derive(Debug)]
enum Inner<B> {
    Own(Full<Bytes>),
    Other(B),
}

impl<B> ResponseBody<B> {
    pub(crate) fn own(bytes: Bytes) -> Self {
        Self(Inner::Own(Full::new(bytes)))
    }

    pub(crate) fn other(body: B) -> Self {
        Self(Inner::Other(body))
    }
}

impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::own(Bytes::new())
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.get_mut().0 {
            Inner::Own(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|result| result.map_err(|never| match never {}))),
            Inner::Other(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Own(body) => body.is_end_stream(),
            Inner::Other(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Own(body) => body.size_hint(),
            Inner::Other(body) => body.size_hint(),
        }
    }
}
