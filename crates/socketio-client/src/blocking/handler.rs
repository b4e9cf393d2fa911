//! Plain functions as handlers.

use crate::error::HandlerError;
use crate::extract::{EventContext, FromEvent};
use crate::handler::{Listener, Outcome};

/// A function, or a closure, of up to eight parameters of which each is [`FromEvent`], and which
/// returns nothing or a result.
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
pub trait Handler<A>: Send + Sync + 'static {
    /// Takes the parameters from the event and calls the function.
    ///
    /// # Errors
    /// When a parameter can't be had, the function not being called then; and the function's own.
    fn call(&self, context: &mut EventContext<'_>) -> Result<(), HandlerError>;
}

macro_rules! functions {
    ($($parameter:ident)*) => {
        impl<F, R, $($parameter,)*> Handler<($($parameter,)*)> for F
        where
            F: Fn($($parameter),*) -> R + Send + Sync + 'static,
            R: Outcome,
            $($parameter: FromEvent,)*
        {
            #[allow(non_snake_case, unused_variables)]
            fn call(&self, context: &mut EventContext<'_>) -> Result<(), HandlerError> {
                $(let $parameter = $parameter::from_event(context)?;)*
                self($($parameter),*).into_result()
            }
        }
    };
}

functions!();
functions!(A);
functions!(A B);
functions!(A B C);
functions!(A B C D);
functions!(A B C D E);
functions!(A B C D E G);
functions!(A B C D E G H);
functions!(A B C D E G H I);

/// A handler that is done when it returns.
pub(crate) fn listener<A>(handler: impl Handler<A>) -> Listener {
    Listener::from_call(move |context| handler.call(context).map(|()| None))
}
