//! An adapter around a list of answers, and handlers that don't know it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_util::FutureExt;
use futures_util::future::ready;
use serde_json::json;
use socketio_handler::run::{Begun, Task, begin, finish};
use socketio_handler::{
    Ack, Acknowledge, Attachments, EmitError, Event, EventContext, FromAnyEvent, HandlerError,
    Listener, Provides, ProvidesBeside, Rest, Source, Values,
};
use socketio_proto::{AckId, Format, Payload, events};
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// What it was answered, as text; nobody is there any more once it is closed.
#[derive(Clone, Debug, Default)]
struct Socket(Arc<Mutex<Option<Vec<String>>>>);

impl Socket {
    fn open() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }

    fn answers(&self) -> Vec<String> {
        self.0.lock().unwrap().clone().unwrap_or_default()
    }

    /// Calls a handler with an event, and runs it to its end.
    fn receive(&self, listener: &Listener<Self>, payload: &Payload) -> Result<(), HandlerError> {
        let ack = Ack::new(self, Some(AckId(7)));
        let event = payload.event().unwrap();
        let mut context = EventContext::new(self, event, Some(payload), &ack, None);
        match begin(listener.call(&mut context)?)? {
            Begun::Done(()) => Ok(()),
            Begun::Suspended(rest) => finish(rest).now_or_never().expect("done by now"),
        }
    }
}

impl Acknowledge for Socket {
    fn format(&self) -> Format {
        Format::Json
    }

    fn acknowledge(&self, _: AckId, payload: Payload) -> Result<(), socketio_proto::EmitError> {
        let mut answers = self.0.lock().unwrap();
        let answers = answers
            .as_mut()
            .ok_or(socketio_proto::EmitError::NotConnected)?;
        answers.push(payload.as_json().unwrap().to_owned());
        Ok(())
    }
}

impl Source for Socket {
    type Cause = &'static str;
}

impl<T: FromAnyEvent> Provides<T> for Socket {
    fn provide(context: &mut EventContext<'_, Self>) -> Result<T, HandlerError> {
        T::from_any_event(context)
    }
}

impl ProvidesBeside<Event> for Socket {}

fn event(arguments: impl serde::Serialize) -> Payload {
    Payload::new(Format::Json, Some("said"), &arguments).unwrap()
}

#[test]
fn parameters_take_the_arguments_in_order() {
    let socket = Socket::open();
    let handler = Listener::new(
        async |a: u8, Event(name): Event, b: String, c: Option<u8>, ack: Ack| {
            ack.send((name, b, a, c))
        },
    );
    socket.receive(&handler, &event((1, "x"))).unwrap();
    assert_eq!(
        socket.answers(),
        [r#"["said","x",1,null]"#],
        "one that is missing is null"
    );

    let wrong = socket.receive(&handler, &event((1, 2)));
    assert!(matches!(
        wrong,
        Err(HandlerError::Argument { index: 1, .. })
    ));
}

#[test]
fn what_is_left_comes_as_a_type_or_as_values() {
    let socket = Socket::open();
    let sum = Listener::new(async |first: u8, Rest(others): Rest<Vec<u8>>, ack: Ack| {
        ack.send((first, others))
    });
    let echo = Listener::new(
        async |_: u8, values: Values, Attachments(none): Attachments, ack: Ack| {
            assert!(none.is_empty());
            ack.send(values)
        },
    );
    for handler in [sum, echo] {
        socket.receive(&handler, &event((1, 2, 3))).unwrap();
    }
    assert_eq!(socket.answers(), ["[1,[2,3]]", "[2,3]"]);
}

#[test]
fn what_came_over_no_wire_has_no_arguments() {
    let (socket, ack) = (Socket::open(), Ack::default());
    let mut context = EventContext::new(&socket, "disconnect", None, &ack, Some(&"gone"));
    assert_eq!(context.cause(), Some(&"gone"));
    let missing = u8::from_any_event(&mut context);
    assert!(matches!(missing, Err(HandlerError::Unavailable(_))));
    assert_eq!(
        Values::from_any_event(&mut context).unwrap(),
        Values::default()
    );
    assert!(!ack.is_wanted());
    ack.send(1).unwrap();
    assert!(socket.answers().is_empty());
}

#[test]
fn an_event_is_answered_once() {
    let socket = Socket::open();
    let ack = Ack::new(&socket, Some(AckId(1)));
    ack.clone().send(json!({ "n": 1 })).unwrap();
    ack.send(2).unwrap();
    assert_eq!(socket.answers(), [r#"[{"n":1}]"#]);
}

#[test]
fn an_answer_to_nobody_is_no_error() {
    let socket = Socket::default();
    Ack::new(&socket, Some(AckId(1))).send(1).unwrap();
    let error = Ack::new(&socket, Some(AckId(2))).send(Unwritable);
    assert!(
        matches!(error, Err(EmitError::Payload(_))),
        "one that can't be written is"
    );
}

struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

events! {
    Double = "said"(number: u8) -> u16;
}

#[test]
fn the_handler_of_a_typed_event_answers_with_what_it_returns() {
    let socket = Socket::open();
    let handler = Listener::typed(async |Event(name): Event, Double { number }: Double| {
        assert_eq!(name, "said");
        number.checked_mul(2).map(u16::from).ok_or("too much")
    });
    socket.receive(&handler, &event(21)).unwrap();
    assert_eq!(socket.answers(), ["[42]"]);

    let failed = socket.receive(&handler, &event(200));
    assert!(matches!(failed, Err(HandlerError::Failed(error)) if error.to_string() == "too much"));
    assert_eq!(socket.answers().len(), 1, "an error sends nothing");
}

#[test]
fn a_panic_is_an_error_wherever_it_comes() {
    let panics = |task: Task<()>| match begin(task) {
        Ok(Begun::Suspended(rest)) => finish(rest).now_or_never().expect("done by now"),
        Ok(Begun::Done(())) => Ok(()),
        Err(error) => Err(error),
    };
    let at_once = panics(Box::pin(async { panic!("first") }));
    assert!(matches!(at_once, Err(HandlerError::Panicked(text)) if text == "first"));
    let later = panics(Box::pin(async {
        let mut is_first = true;
        std::future::poll_fn(|_| match std::mem::take(&mut is_first) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
        panic!("then {}", 2)
    }));
    assert!(matches!(later, Err(HandlerError::Panicked(text)) if text == "then 2"));
    assert!(panics(Box::pin(ready(Ok(())))).is_ok());
}
