//! Functions, whose parameters are taken from an event.

use crate::context::{EventContext, Provides, ProvidesBeside, Source};
use crate::error::HandlerError;
use serde::de::DeserializeOwned;
use socketio_proto::typed::TypedEvent;

/// A function, or a closure, of up to eight parameters, `A`, of which `S` [provides](Provides) each.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of an event",
    note = "it has to be a function of up to eight parameters, of which each is `FromEvent`"
)]
pub trait Function<S: Source, A>: Send + Sync + 'static {
    /// What it returns: of an async function, a future.
    type Output;

    /// Takes the parameters from the event and calls the function.
    ///
    /// # Errors
    /// When a parameter can't be had; the function is not called then.
    fn call(&self, context: &mut EventContext<'_, S>) -> Result<Self::Output, HandlerError>;
}

/// A function, or a closure, whose last parameter is a [`TypedEvent`]. Up to eight before it leave
/// the event's arguments [alone](ProvidesBeside).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of a typed event",
    note = "the last parameter has to be the event, those before it from its `Surroundings`"
)]
pub trait TypedFunction<S: Source, E, A>: Send + Sync + 'static {
    /// What it returns: of an async function, a future.
    type Output;

    /// Takes the parameters from the event and calls the function.
    ///
    /// # Errors
    /// When a parameter can't be had; the function is not called then.
    fn call(&self, context: &mut EventContext<'_, S>) -> Result<Self::Output, HandlerError>;
}

macro_rules! functions {
    ($($parameter:ident)*) => {
        impl<S, F, R, $($parameter,)*> Function<S, ($($parameter,)*)> for F
        where
            S: Source $(+ Provides<$parameter>)*,
            F: Fn($($parameter),*) -> R + Send + Sync + 'static,
        {
            type Output = R;

            #[allow(non_snake_case, unused_variables)]
            fn call(&self, context: &mut EventContext<'_, S>) -> Result<R, HandlerError> {
                $(let $parameter = <S as Provides<$parameter>>::provide(context)?;)*
                Ok(self($($parameter),*))
            }
        }

        impl<S, F, R, E, $($parameter,)*> TypedFunction<S, E, ($($parameter,)* E,)> for F
        where
            S: Source $(+ ProvidesBeside<$parameter>)*,
            F: Fn($($parameter,)* E) -> R + Send + Sync + 'static,
            E: TypedEvent + DeserializeOwned,
        {
            type Output = R;

            #[allow(non_snake_case)]
            fn call(&self, context: &mut EventContext<'_, S>) -> Result<R, HandlerError> {
                $(let $parameter = <S as Provides<$parameter>>::provide(context)?;)*
                let event = context.typed_event()?;
                Ok(self($($parameter,)* event))
            }
        }
    };
}

functions!();
functions!(A);
functions!(A B);
functions!(A B C);
functions!(A B C D);
functions!(A B C D G);
functions!(A B C D G H);
functions!(A B C D G H I);
functions!(A B C D G H I J);
