//! `rs_events`: the fastest emitter found among the crates.

use crate::limits::bump;
use crate::rows::{OTHERS, counted};
use crate::{Task, operation};
use rs_events::{Callback, EventEmitter, EventHandler as _};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub(crate) const NAME: &str = "rs_events";

pub(crate) fn emit(listeners: usize) -> Box<dyn Task> {
    let calls = Arc::new(AtomicU64::new(0));
    let mut emitter = with_others(listeners, &calls);
    let one = Arc::new(1);
    counted(calls, move |()| {
        emitter
            .emit(black_box("tick"), black_box(&one).clone())
            .unwrap();
    })
}

pub(crate) fn on_and_off() -> Box<dyn Task> {
    let calls = Arc::new(AtomicU64::new(0));
    let mut emitter = with_others(10, &calls);
    operation(
        || (),
        move |()| {
            let tag = Some("mine".to_owned());
            let listener = emitter.add("tick", tag, listener(&calls)).unwrap();
            emitter.remove_listener("tick", &listener).unwrap();
        },
        |()| Vec::new(),
    )
}

fn with_others(listeners: usize, calls: &Arc<AtomicU64>) -> EventEmitter<u64> {
    let mut emitter = EventEmitter::new(100_000);
    for other in OTHERS {
        emitter.add(other, None, Arc::new(|_| {})).unwrap();
    }
    for _ in 0..listeners {
        emitter.add("tick", None, listener(calls)).unwrap();
    }
    emitter
}

fn listener(calls: &Arc<AtomicU64>) -> Callback<u64> {
    let calls = calls.clone();
    Arc::new(move |step| bump(&calls, **step))
}
