//! Calling closures by the name of an event.

use crate::limits::{self, bump};
#[cfg(feature = "peers")]
use crate::peers::rs_events;
use crate::{Goal, Row, Task, operation};
use socketio_observer::{local, sync};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Events that others have registered, too.
pub(crate) const OTHERS: [&str; 8] = [
    "connect",
    "disconnect",
    "error",
    "message",
    "stop typing",
    "typing",
    "user joined",
    "user left",
];

pub(super) fn rows() -> Vec<Row> {
    vec![
        emit(1, Goal::new(4.0, 6.0)),
        emit(10, Goal::new(2.0, 2.5)),
        emit(1000, Goal::new(1.3, 1.5)),
        on_and_off(),
    ]
}

/// The goal holds for the handle of an event; the two others are for comparison.
fn emit(listeners: usize, goal: Option<Goal>) -> Row {
    let row = Row::new(format!("emit to {listeners}"))
        .ours("event handle", goal, handle(listeners))
        .ours("by name", None, by_name(listeners))
        .ours("by name, Send + Sync", None, by_name_sync(listeners));
    #[cfg(feature = "peers")]
    let row = row.peer(rs_events::NAME, rs_events::emit(listeners));
    row.limit("call the closures", limits::calls(listeners))
}

fn handle(listeners: usize) -> Box<dyn Task> {
    let calls = Arc::new(AtomicU64::new(0));
    let emitter = with_others(listeners, &calls);
    let event = emitter.event("tick");
    let work = move |()| event.emit(black_box(&1)).unwrap();
    counted(calls, work)
}

fn by_name(listeners: usize) -> Box<dyn Task> {
    let calls = Arc::new(AtomicU64::new(0));
    let emitter = with_others(listeners, &calls);
    let work = move |()| emitter.emit(black_box("tick"), black_box(&1)).unwrap();
    counted(calls, work)
}

fn by_name_sync(listeners: usize) -> Box<dyn Task> {
    let calls = Arc::new(AtomicU64::new(0));
    let emitter = sync::EventEmitter::new();
    for other in OTHERS {
        emitter.on(other, |_: &u64| {});
    }
    for _ in 0..listeners {
        let calls = calls.clone();
        emitter.on("tick", move |step: &u64| bump(&calls, *step));
    }
    let work = move |()| emitter.emit(black_box("tick"), black_box(&1)).unwrap();
    counted(calls, work)
}

/// With ten listeners there, which stay. The goal holds for the handle of an event, as above.
fn on_and_off() -> Row {
    let row = Row::new("on and off")
        .ours("event handle", Goal::new(3.0, 3.5), on_and_off_handle())
        .ours("by name", None, on_and_off_by_name());
    #[cfg(feature = "peers")]
    let row = row.peer(rs_events::NAME, rs_events::on_and_off());
    row.limit("box, push and pop", limits::push_and_pop())
}

fn on_and_off_handle() -> Box<dyn Task> {
    let calls = Arc::new(AtomicU64::new(0));
    let emitter = with_others(10, &calls);
    let event = emitter.event("tick");
    let work = move |()| {
        let calls = calls.clone();
        let id = event.on(move |step: &u64| bump(&calls, *step));
        assert!(emitter.off(id));
    };
    operation(|| (), work, |()| Vec::new())
}

fn on_and_off_by_name() -> Box<dyn Task> {
    let calls = Arc::new(AtomicU64::new(0));
    let emitter = with_others(10, &calls);
    let work = move |()| {
        let calls = calls.clone();
        let id = emitter.on("tick", move |step: &u64| bump(&calls, *step));
        assert!(emitter.off(id));
    };
    operation(|| (), work, |()| Vec::new())
}

fn with_others(listeners: usize, calls: &Arc<AtomicU64>) -> local::EventEmitter<u64> {
    let emitter = local::EventEmitter::new();
    for other in OTHERS {
        emitter.on(other, |_: &u64| {});
    }
    for _ in 0..listeners {
        let calls = calls.clone();
        emitter.on("tick", move |step: &u64| bump(&calls, *step));
    }
    emitter
}

/// Shows how many listeners one emission called.
pub(crate) fn counted<R: 'static>(
    calls: Arc<AtomicU64>,
    work: impl FnMut(()) -> R + 'static,
) -> Box<dyn Task> {
    let reset = calls.clone();
    operation(
        move || reset.store(0, Relaxed),
        work,
        move |_| calls.load(Relaxed).to_string().into_bytes(),
    )
}
