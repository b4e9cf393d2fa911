//! Socket.IO as a state machine: packets with binary attachments, namespaces, acknowledgements,
//! rooms. No socket, no clock, no randomness, no thread; `no_std` with `alloc`.
//!
//! Whoever owns the sockets (an *adapter*: a server, a client, a simulation, a test) hands in
//! what arrives and the time, and pulls out what is to be sent and what has happened. The crate
//! speaks revision 5 of the protocol over the Engine.IO sessions of [`engineio_proto`], and with
//! older clients revision 4: [`Revision`] tells what differs.
//!
//! ```text
//!     adapter            engine messages                    application
//!  ┌───────────┐  Text, Binary   ┌─────────┐   Packet    ┌─────────────┐
//!  │           │ ──────────────► │ Decoder │ ──────────► │  server or  │  events
//!  │  engine   │                 └─────────┘             │   client:   │ ─────────►
//!  │  session  │    Encoded      ┌─────────┐   Packet    │ namespaces, │  calls
//!  │           │ ◄────────────── │ Parser  │ ◄────────── │ acks, rooms │ ◄─────────
//!  └───────────┘                 └─────────┘             └─────────────┘
//! ```
//!
//! The left half is the codec: pure, and of use without the rest. The right half is
//! [`server`], what one client's connection holds and what a namespace's members share, or
//! [`client`], a connection that is kept up and the namespaces on it. Their pages have the run
//! loops.
//!
//! # Packets
//!
//! A [`Packet`] has a [`Namespace`] and a [`Body`]: connect, disconnect, event, acknowledgement
//! or refusal. An event's or acknowledgement's [`Payload`] is text in which nothing was looked
//! at but the event name, and binary attachments beside it. So relaying a packet parses nothing,
//! a handler parses its arguments once, straight to their types, and a clone is a few reference
//! counts.
//!
//! 1. A [`Parser`], usually [`Json`], makes a [`Decoder`](parser::Decoder) for each connection.
//! 2. Push each message of the engine into it. A packet comes out when it is complete: at once,
//!    or after its last attachment.
//! 3. [`Payload::check`] looks at the syntax of the whole, once, with a limit on depth. A server
//!    connection does so for every packet, since a malformed one has to end the connection.
//! 4. [`Payload::decode`] or [`Payload::arguments`] read the arguments, by serde.
//! 5. To send, [`Payload::new`] writes the arguments, by serde, lifting binary data out as it
//!    goes; [`Parser::encode_owned`] puts the header in front. The result is written once, whatever
//!    the number of receivers: the very bytes of each one's frame.
//!
//! ```
//! use socketio_proto::{Body, Format, Json, Limits, Message, Namespace, Packet, Parser};
//! use socketio_proto::{Payload, Text};
//!
//! let mut decoder = Json.decoder(Limits::default());
//! let message = Message::Text(Text::from(r#"27["add",1,2]"#));
//! let packet = decoder.push(message)?.expect("no attachments to wait for");
//! let Body::Event { id: Some(id), payload } = packet.body else { panic!() };
//! assert_eq!(payload.event(), Some("add"));
//! payload.check(Limits::default().max_depth)?;
//! let (a, b): (i32, i32) = payload.decode()?;
//!
//! let payload = Payload::new(Format::Json, None, &(a + b))?;
//! let answer = Packet { namespace: Namespace::root(), body: Body::Ack { id, payload } };
//! let encoded = Json.encode(&answer)?;
//! // The first `4` is the engine's: a message.
//! assert_eq!(encoded.messages(), [engineio_proto::Outgoing::text("37[3]")]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An event's name and types can be declared once, for both sides: [`typed`].
//!
//! To route without owning anything, [`parser::PacketRef`] is the header as a view of the message.
//!
//! # Limits and errors
//!
//! Whatever a peer can make grow has a limit: a packet in [`Limits`], a connection in
//! [`server::Config`] and [`client::Config`], rooms in [`server::NamespaceLimits`]. What the peer
//! does wrong is never an `Err` of the machine: it becomes an event with a [`DecodeError`] and
//! the end of the connection. What the application does wrong is an `Err` of that one call:
//! [`PayloadError`], [`EmitError`].
//!
//! # Features
//!
//! * `std`, by default: chooses the fastest instructions when the program runs.
//! * `msgpack`: the parser `MsgPack`, which speaks with `socket.io-msgpack-parser`.
//!
//! # Features of others
//!
//! Of serde_json, `arbitrary_precision` and `raw_value` rely on a private agreement with its own
//! serializer. Neither send nor read its `RawValue` ([`next_raw`](payload::Arguments::next_raw)
//! gives the JSON of an argument), and do not enable `arbitrary_precision` in a program
//! that uses this crate.
#![no_std]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::string_slice))]

extern crate alloc;

pub mod acks;
pub mod broadcast;
pub mod client;
pub mod error;
pub mod packet;
pub mod parser;
pub mod payload;
pub mod recovery;
pub mod rooms;
pub mod server;
pub mod typed;
pub mod value;

pub use engineio_proto::{Instant, Message, Text};
pub use error::{AckError, BroadcastError, DecodeError, DisconnectReason, EmitError, PayloadError};
pub use packet::{AckId, Body, Namespace, Packet, Revision, SocketId};
#[cfg(feature = "msgpack")]
pub use parser::msgpack::MsgPack;
pub use parser::{Encoded, Json, Limits, Parser};
pub use payload::{Attachment, Format, Payload};
pub use typed::TypedEvent;
pub use value::Value;

/// For the code that [`events!`] writes.
#[doc(hidden)]
pub use serde as __serde;
