//! Functions as handlers of Socket.IO events: what `socketio-server` and `socketio-client` have in
//! common, for any adapter around [`socketio_proto`].
//!
//! Who wants a server or a client takes these crates, which show all this as their own. Who writes
//! another adapter says in two impls what its handlers may ask for, and gets the rest:
//!
//! ```
//! use socketio_handler::{
//!     Ack, EventContext, FromAnyEvent, HandlerError, Listener, Provides, Rest, Source,
//! };
//! use socketio_proto::{Format, Payload};
//!
//! /// What the events of this adapter belong to.
//! #[derive(Debug)]
//! struct Socket;
//!
//! impl Source for Socket {
//!     type Cause = ();
//! }
//!
//! // Handlers may ask for arguments, `Rest`, `Event` and their like. One that offers more has a
//! // trait of its own here, with an impl for all that is `FromAnyEvent`.
//! impl<T: FromAnyEvent> Provides<T> for Socket {
//!     fn provide(context: &mut EventContext<'_, Self>) -> Result<T, HandlerError> {
//!         T::from_any_event(context)
//!     }
//! }
//!
//! let listener = Listener::<Socket>::new(async |name: String, Rest(scores): Rest<Vec<u32>>| {
//!     assert_eq!((name.as_str(), scores.iter().sum()), ("ann", 42));
//! });
//!
//! let payload = Payload::new(Format::Json, Some("scores"), &("ann", 20, 22))?;
//! let ack = Ack::default();
//! let mut context = EventContext::new(&Socket, "scores", Some(&payload), &ack, None);
//! let started = listener.call(&mut context)?;
//! # futures_util::FutureExt::now_or_never(started).unwrap()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! There is no runtime in here: [`run`] calls code of the user and polls it, and whoever uses that
//! spawns what is left.

mod ack;
mod context;
mod error;
mod extract;
mod function;
mod handler;
mod listener;
pub mod run;
pub mod sync;

pub use ack::{Ack, Acknowledge};
pub use context::{EventContext, Provides, ProvidesBeside, Source};
pub use error::{AckError, EmitError, HandlerError, Refusal};
pub use extract::{Attachments, Event, FromAnyEvent, Rest, Values};
pub use function::{Function, TypedFunction};
pub use handler::{Handler, Outcome, TypedHandler};
pub use listener::Listener;
