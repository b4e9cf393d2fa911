//! Functions as handlers, of this crate's sockets.

use crate::socket::Socket;
use socketio_handler::run::Task;
use socketio_proto::typed::TypedEvent;

/// A handler whose parameters are forgotten.
pub(crate) type Listener = socketio_handler::Listener<Socket>;

/// A started handler.
pub(crate) type Started = Task<()>;

/// An async function, or a closure, of up to eight parameters of which each is
/// [`FromEvent`](crate::FromEvent).
///
/// ```
/// use socketio_server::{Ack, EmitError, Handler, Socket, State};
///
/// async fn greet(socket: Socket, name: String, ack: Ack) -> Result<(), EmitError> {
///     socket.to("lobby").emit("joined", &name)?;
///     ack.send(format!("hello, {name}"))
/// }
///
/// fn is_handler<A>(_: impl Handler<A>) {}
/// is_handler(greet);
/// is_handler(async |State(limit): State<u32>, number: u32| drop((limit, number)));
/// ```
pub trait Handler<A>: socketio_handler::Handler<Socket, A> {}

impl<A, H: socketio_handler::Handler<Socket, A>> Handler<A> for H {}

/// An async function, or a closure, whose last parameter is a [`TypedEvent`] and which returns its
/// acknowledgement, or a `Result` of it. Up to eight parameters before it come from the
/// [`Surroundings`](crate::Surroundings).
///
/// ```
/// use socketio_server::{Socket, SocketIo, events};
///
/// events! {
///     pub Said = "said"(from: String, text: String);
///     pub Say = "say"(room: String, text: String) -> usize;
/// }
///
/// let (_layer, io) = SocketIo::new();
/// io.on_typed(async |socket: Socket, Say { room, text }: Say| {
///     let from = socket.id().to_owned();
///     let others = socket.to(&room);
///     let count = others.fetch_sockets().len();
///     others.emit_typed(&Said { from, text }).map(|()| count)
/// });
/// ```
///
/// What does not agree with the declaration does not compile: another acknowledgement,
///
/// ```compile_fail,E0277
/// # use socketio_server::{SocketIo, events};
/// # events! { Say = "say"(room: String, text: String) -> usize; }
/// # let (_layer, io) = SocketIo::new();
/// io.on_typed(async |say: Say| say.text);
/// ```
///
/// no acknowledgement where one is declared,
///
/// ```compile_fail,E0277
/// # use socketio_server::{SocketIo, events};
/// # events! { Say = "say"(room: String, text: String) -> usize; }
/// # let (_layer, io) = SocketIo::new();
/// io.on_typed(async |say: Say| drop(say.text));
/// ```
///
/// or a further argument.
///
/// ```compile_fail,E0277
/// # use socketio_server::{SocketIo, events};
/// # events! { Say = "say"(room: String, text: String) -> usize; }
/// # let (_layer, io) = SocketIo::new();
/// io.on_typed(async |volume: f64, say: Say| say.text.len());
/// ```
pub trait TypedHandler<E: TypedEvent, A>: socketio_handler::TypedHandler<Socket, E, A> {}

impl<E, A, H> TypedHandler<E, A> for H
where
    E: TypedEvent,
    H: socketio_handler::TypedHandler<Socket, E, A>,
{
}
