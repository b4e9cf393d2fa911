//! Typed events, as they are on the wire.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use socketio_proto::typed::Answer;
use socketio_proto::{Format, Payload, PayloadError, TypedEvent, events};

events! {
    #[derive(Debug, PartialEq)]
    Said = "said"(from: String, text: Option<String>);
    #[derive(Debug, PartialEq)]
    Count = "count"(room: String) -> (u32, bool);
    #[derive(Debug, PartialEq)]
    Points = "points"(points: Vec<(i32, i32)>);
    #[derive(Debug, PartialEq)]
    Ping = "ping"();
    #[derive(Debug, PartialEq)]
    Photo = "photo"(title: String, data: Bytes);
}

/// One argument, an object.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Moved<S = String> {
    player: S,
    x: i32,
}

impl<S> TypedEvent for Moved<S> {
    const NAME: &'static str = "moved";
    type Ack = ();
}

fn text<E: TypedEvent + Serialize>(event: &E) -> String {
    let payload = event.to_payload(Format::Json).unwrap();
    payload.as_json().unwrap().to_owned()
}

fn said(args: &impl Serialize) -> Result<Option<Said>, PayloadError> {
    Said::from_payload(&Payload::new(Format::Json, Some("said"), args).unwrap())
}

#[test]
fn each_field_is_an_argument() {
    let said = Said {
        from: "ann".into(),
        text: Some("hi".into()),
    };
    assert_eq!(text(&said), r#"["said","ann","hi"]"#);
    let count = Count { room: "a".into() };
    assert_eq!(text(&count), r#"["count","a"]"#);
    let points = Points {
        points: vec![(1, 2)],
    };
    assert_eq!(text(&points), r#"["points",[[1,2]]]"#);
    assert_eq!(text(&Ping {}), r#"["ping"]"#);
}

#[test]
fn a_struct_of_serde_is_one_argument() {
    let moved = Moved {
        player: "ann",
        x: 1,
    };
    assert_eq!(text(&moved), r#"["moved",{"player":"ann","x":1}]"#);
    let payload = moved.to_payload(Format::Json).unwrap();
    let received: Moved = Moved::from_payload(&payload).unwrap().unwrap();
    assert_eq!(received.player, "ann");
}

#[test]
fn what_was_sent_is_received() {
    fn there_and_back<E>(event: E)
    where
        E: TypedEvent + Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug,
    {
        let payload = event.to_payload(Format::Json).unwrap();
        assert_eq!(E::from_payload(&payload).unwrap(), Some(event));
    }
    there_and_back(Said {
        from: "ann".into(),
        text: None,
    });
    there_and_back(Count { room: "a".into() });
    there_and_back(Points {
        points: vec![(1, 2), (3, 4)],
    });
    there_and_back(Ping {});
    there_and_back(Photo {
        title: "cat".into(),
        data: Bytes::from_static(b"\xff\xd8"),
    });
}

#[test]
fn peers_that_know_no_types_may_send_less_or_more() {
    assert_eq!(said(&"ann").unwrap().unwrap().text, None);
    assert_eq!(said(&("ann", "hi", 3)).unwrap().unwrap().from, "ann");
    assert!(said(&()).is_err());
    assert!(said(&(1, "hi")).is_err());
}

#[test]
fn another_event_is_none_of_this_type() {
    let payload = Ping {}.to_payload(Format::Json).unwrap();
    assert_eq!(Said::from_payload(&payload).unwrap(), None);
    let answer = Payload::new(Format::Json, None, &("ann", "hi")).unwrap();
    assert_eq!(Said::from_payload(&answer).unwrap(), None);
}

#[test]
fn a_handler_returns_the_answer_or_a_result_of_it() {
    fn answer<E: TypedEvent>(outcome: impl Answer<E::Ack>) -> Result<E::Ack, String> {
        outcome.into_answer().map_err(|error| error.to_string())
    }
    assert_eq!(answer::<Count>((3, true)), Ok((3, true)));
    assert_eq!(answer::<Count>(Ok::<_, &str>((3, true))), Ok((3, true)));
    assert_eq!(
        answer::<Count>(Err::<(u32, bool), _>("no")),
        Err("no".into())
    );
    assert_eq!(answer::<Ping>(()), Ok(()));
}
