//! Async functions as handlers.

use crate::socket_ref::SocketRef;
use socketio_proto::TypedEvent;

/// An async function, or a closure, of up to eight parameters of which each is
/// [`FromEvent`](crate::FromEvent).
///
/// ```
/// use socketio_client::{Ack, EmitError, Handler, Socket};
///
/// async fn greet(socket: Socket, name: String, ack: Ack) -> Result<(), EmitError> {
///     socket.emit("greeted", &name)?;
///     ack.send(format!("hello, {name}"))
/// }
///
/// fn is_handler<A>(_: impl Handler<A>) {}
/// is_handler(greet);
/// is_handler(async |a: u32, b: u32| drop(a + b));
/// ```
pub trait Handler<A>: socketio_handler::Handler<SocketRef, A> {}

impl<A, H: socketio_handler::Handler<SocketRef, A>> Handler<A> for H {}

/// An async function, or a closure, whose last parameter is a [`TypedEvent`] and which returns its
/// acknowledgement, or a `Result` of it. Up to eight parameters before it come from the
/// [`Surroundings`](crate::Surroundings).
///
/// ```
/// use socketio_client::{Client, Socket, events};
///
/// events! {
///     pub Said = "said"(from: String, text: String);
///     pub Ask = "ask"(question: String) -> String;
/// }
///
/// let client = Client::builder("http://localhost:3000")
///     .on_typed(async |Said { from, text }: Said| println!("{from}: {text}"))
///     .on_typed(async |socket: Socket, ask: Ask| format!("{}? Ask {:?}", ask.question, socket.id()));
/// ```
///
/// What does not agree with the declaration does not compile:
///
/// ```compile_fail,E0277
/// # use socketio_client::{Client, events};
/// # events! { Ask = "ask"(question: String) -> String; }
/// let client = Client::builder("http://localhost:3000")
///     .on_typed(async |ask: Ask| ask.question.len());
/// ```
pub trait TypedHandler<E: TypedEvent, A>: socketio_handler::TypedHandler<SocketRef, E, A> {}

impl<E, A, H> TypedHandler<E, A> for H
where
    E: TypedEvent,
    H: socketio_handler::TypedHandler<SocketRef, E, A>,
{
}
