//! Plain functions as handlers.

use crate::handler::Listener;
use crate::socket_ref::SocketRef;
use serde::Serialize;
use socketio_handler::{Function, Outcome, TypedFunction};
use socketio_proto::typed::{Answer, TypedEvent};

/// A function, or a closure, of up to eight parameters of which each is
/// [`FromEvent`](crate::FromEvent), and which returns nothing or a result.
///
/// ```
/// use socketio_client::blocking::{Handler, Socket};
/// use socketio_client::{Ack, EmitError};
///
/// fn greet(socket: Socket, name: String, ack: Ack) -> Result<(), EmitError> {
///     socket.emit("greeted", &name)?;
///     ack.send(format!("hello, {name}"))
/// }
///
/// fn is_handler<A>(_: impl Handler<A>) {}
/// is_handler(greet);
/// is_handler(|a: u32, b: u32| drop(a + b));
/// ```
pub trait Handler<A>: Function<SocketRef, A, Output: Outcome> {}

impl<A, H: Function<SocketRef, A, Output: Outcome>> Handler<A> for H {}

/// A function, or a closure, whose last parameter is a [`TypedEvent`] and which returns its
/// acknowledgement, or a `Result` of it. Up to eight parameters before it come from the
/// [`Surroundings`](crate::Surroundings).
///
/// ```
/// use socketio_client::blocking::{Client, Socket};
/// use socketio_client::events;
///
/// events! {
///     pub Said = "said"(from: String, text: String);
///     pub Ask = "ask"(question: String) -> String;
/// }
///
/// let client = Client::builder("http://localhost:3000")
///     .on_typed(|Said { from, text }: Said| println!("{from}: {text}"))
///     .on_typed(|socket: Socket, ask: Ask| format!("{}? Ask {:?}", ask.question, socket.id()));
/// ```
///
/// What does not agree with the declaration does not compile:
///
/// ```compile_fail,E0277
/// # use socketio_client::{blocking::Client, events};
/// # events! { Ask = "ask"(question: String) -> String; }
/// let client = Client::builder("http://localhost:3000").on_typed(|ask: Ask| ask.question.len());
/// ```
pub trait TypedHandler<E: TypedEvent, A>:
    TypedFunction<SocketRef, E, A, Output: Answer<E::Ack>>
{
}

impl<E, A, H> TypedHandler<E, A> for H
where
    E: TypedEvent,
    H: TypedFunction<SocketRef, E, A, Output: Answer<E::Ack>>,
{
}

/// A handler that is done when it returns.
pub(crate) fn listener<A>(handler: impl Handler<A>) -> Listener {
    Listener::from_call(move |context| {
        handler.call(context)?.into_result()?;
        Ok(None)
    })
}

/// Of one that returns the acknowledgement.
pub(crate) fn typed_listener<E, A>(handler: impl TypedHandler<E, A>) -> Listener
where
    E: TypedEvent<Ack: Serialize>,
{
    Listener::from_call(move |context| {
        let ack = context.ack().clone();
        ack.answer::<E>(handler.call(context)?)?;
        Ok(None)
    })
}
