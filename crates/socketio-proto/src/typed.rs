//! Events as types: name, arguments and acknowledgement in one place, which both sides share and
//! the compiler checks.
//!
//! A [`TypedEvent`] is a value, the arguments of one event, and knows the name of the event and the
//! type of its acknowledgement. [`events!`](crate::events) declares several, as an interface of
//! TypeScript would; on the wire they are what any client sends, so typed and untyped events, and
//! typed and untyped peers, go together.
//!
//! ```
//! use socketio_proto::{Format, TypedEvent, events};
//!
//! events! {
//!     /// Somebody said something in a room.
//!     #[derive(Debug, PartialEq)]
//!     pub Said = "said"(room: String, text: String);
//!
//!     /// How many are in a room?
//!     pub Count = "count"(room: String) -> u32;
//! }
//!
//! let said = Said { room: "lobby".into(), text: "hi".into() };
//! let payload = said.to_payload(Format::Json)?;
//! assert_eq!(payload.as_json(), Some(r#"["said","lobby","hi"]"#));
//! assert_eq!(Said::from_payload(&payload)?, Some(said));
//! assert!(Count::from_payload(&payload)?.is_none());
//! # Ok::<(), socketio_proto::PayloadError>(())
//! ```
//!
//! An adapter calls a handler with the event, and acknowledges with what it returns: an
//! [`Answer`].
//!
//! # Without the macro
//!
//! Any type of serde's can be an event. As with all [payloads](crate::Payload), a tuple struct is
//! as many arguments as it has fields, a struct with named fields is one argument, an object.
//! Type parameters let the sender borrow what the receiver owns:
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use socketio_proto::{Format, TypedEvent};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Moved<S = String> { player: S, x: f64, y: f64 }
//!
//! impl<S> TypedEvent for Moved<S> {
//!     const NAME: &'static str = "moved";
//!     type Ack = ();
//! }
//!
//! let payload = Moved { player: "ann", x: 1.0, y: 2.5 }.to_payload(Format::Json)?;
//! assert_eq!(payload.as_json(), Some(r#"["moved",{"player":"ann","x":1,"y":2.5}]"#));
//! # Ok::<(), socketio_proto::PayloadError>(())
//! ```

use crate::payload::is_reserved;
use crate::{Format, Payload, PayloadError};
use alloc::boxed::Box;
use core::error::Error;
use serde::{Serialize, de::DeserializeOwned};

/// The arguments of one event, with its name and the type of its acknowledgement.
///
/// Whoever sends it needs [`Serialize`], whoever receives it [`DeserializeOwned`].
pub trait TypedEvent {
    /// The event's name. A name that the protocol keeps to itself does not compile where the event
    /// is used.
    const NAME: &'static str;

    /// What the receiver acknowledges with: a tuple is several arguments, anything else is one,
    /// `()` is none.
    ///
    /// An acknowledgement is sent only to those who ask for it.
    type Ack;

    /// The event as a payload.
    ///
    /// # Errors
    ///
    /// As for [`Payload::new`].
    fn to_payload(&self, format: Format) -> Result<Payload, PayloadError>
    where
        Self: Serialize,
    {
        Payload::new(format, Some(name::<Self>()), self)
    }

    /// Reads a payload, if it is of this event.
    ///
    /// # Errors
    ///
    /// The name is this event's, and the arguments do not have its types.
    fn from_payload(payload: &Payload) -> Result<Option<Self>, PayloadError>
    where
        Self: DeserializeOwned,
    {
        match payload.event() {
            Some(event) if event == name::<Self>() => payload.decode().map(Some),
            _ => Ok(None),
        }
    }
}

/// The name of an event, which was looked at when the program was compiled.
///
/// ```compile_fail,E0080
/// use socketio_proto::typed::name;
///
/// struct Bye;
/// impl socketio_proto::TypedEvent for Bye {
///     const NAME: &'static str = "disconnect";
///     type Ack = ();
/// }
/// name::<Bye>();
/// ```
pub const fn name<E: TypedEvent + ?Sized>() -> &'static str {
    const {
        assert!(
            !is_reserved(E::NAME),
            "the protocol keeps this name to itself"
        )
    };
    E::NAME
}

/// What the handler of a typed event may return: the acknowledgement, or a result whose error is
/// reported, and not sent.
#[diagnostic::on_unimplemented(
    message = "the handler of this event has to return its acknowledgement, `{T}`",
    label = "returns `{Self}`",
    note = "it may be a `Result<{T}, E>` as well"
)]
pub trait Answer<T> {
    /// The acknowledgement.
    ///
    /// # Errors
    ///
    /// The handler's own.
    fn into_answer(self) -> Result<T, Box<dyn Error + Send + Sync>>;
}

impl<T> Answer<T> for T {
    fn into_answer(self) -> Result<T, Box<dyn Error + Send + Sync>> {
        Ok(self)
    }
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> Answer<T> for Result<T, E> {
    fn into_answer(self) -> Result<T, Box<dyn Error + Send + Sync>> {
        self.map_err(Into::into)
    }
}

/// Declares [typed events](crate::typed): for each a struct with a public field for each
/// argument, in the order of the wire.
///
/// ```
/// socketio_proto::events! {
///     /// Attributes and documentation go to the struct.
///     #[derive(Clone, Debug)]
///     pub Said = "said"(from: String, text: String);
///     /// What the other side answers with stands behind an arrow.
///     pub Count = "count"(room: String) -> u32;
///     /// An event may have no arguments, and fewer readers.
///     pub(crate) Ping = "ping"();
/// }
///
/// let said = Said { from: "ann".into(), text: "hi".into() };
/// # drop(said);
/// ```
///
/// A missing argument is an error, but for an `Option`; more than there are fields are ignored.
/// The types are those of the receiver: owned. Two modules, say `to_server` and `to_client`, tell
/// the directions apart.
#[macro_export]
macro_rules! events {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis $event:ident = $name:literal($($argument:ident: $type:ty),* $(,)?)
            $(-> $ack:ty)?;
    )*) => {$(
        $(#[$attribute])*
        $visibility struct $event {
            $(#[allow(missing_docs)] pub $argument: $type,)*
        }

        impl $crate::TypedEvent for $event {
            const NAME: &'static str = $name;
            type Ack = $crate::__ack!($($ack)?);
        }

        impl $crate::__serde::Serialize for $event {
            fn serialize<S: $crate::__serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__serde::Serialize::serialize(&($(&self.$argument,)*), serializer)
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $event {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let ($($argument,)*): ($($type,)*) =
                    $crate::__serde::Deserialize::deserialize(deserializer)?;
                ::core::result::Result::Ok(Self { $($argument),* })
            }
        }
    )*};
}

/// The type behind the arrow, if there is one.
#[doc(hidden)]
#[macro_export]
macro_rules! __ack {
    () => {
        ()
    };
    ($ack:ty) => {
        $ack
    };
}
