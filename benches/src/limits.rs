//! The least work of its kind, on the same bytes: what no implementation can be faster than.

use crate::{Task, operation};
use bytes::Bytes;
use serde::de::IgnoredAny;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Copies the bytes to a buffer that is there.
pub(crate) fn memcpy(bytes: impl Into<Vec<u8>>) -> Box<dyn Task> {
    let bytes = bytes.into();
    let mut copy = vec![0; bytes.len()];
    let work = move |()| {
        copy.copy_from_slice(black_box(&bytes));
        black_box(copy.as_ptr());
    };
    operation(|| (), work, nothing)
}

/// Takes the frame over, and lets it go.
pub(crate) fn take(frame: impl Into<Vec<u8>>) -> Box<dyn Task> {
    let frame = Bytes::from(frame.into());
    operation(
        move || frame.clone(),
        |frame| drop(black_box(frame)),
        nothing,
    )
}

/// Looks whether the bytes are UTF-8, and for each separator in them.
pub(crate) fn utf8_and_search(body: Bytes) -> Box<dyn Task> {
    let work = move |()| {
        let text = std::str::from_utf8(black_box(&body[..])).unwrap();
        memchr::memchr_iter(0x1e, text.as_bytes()).count()
    };
    operation(|| (), work, nothing)
}

/// Looks at every character of the JSON behind the header, and builds nothing.
pub(crate) fn json_scan(text: &str) -> Box<dyn Task> {
    let start = text.find(['[', '{']).unwrap();
    let json = text[start..].to_owned();
    let work = move |()| serde_json::from_str::<IgnoredAny>(black_box(&json)).is_ok();
    operation(|| (), work, nothing)
}

/// Calls so many closures, one after the other.
pub(crate) fn calls(count: usize) -> Box<dyn Task> {
    let counter = Arc::new(AtomicU64::new(0));
    let listeners: Vec<_> = (0..count).map(|_| listener(&counter)).collect();
    let work = move |()| listeners.iter().for_each(|call| call(black_box(&1)));
    operation(|| (), work, nothing)
}

/// Boxes a closure, puts it behind ten others and takes it off.
pub(crate) fn push_and_pop() -> Box<dyn Task> {
    let counter = Arc::new(AtomicU64::new(0));
    let mut listeners: Vec<_> = (0..10).map(|_| listener(&counter)).collect();
    listeners.reserve(1);
    let work = move |()| {
        listeners.push(black_box(listener(&counter)));
        listeners.pop()
    };
    operation(|| (), work, nothing)
}

fn listener(counter: &Arc<AtomicU64>) -> Box<dyn Fn(&u64)> {
    let counter = counter.clone();
    Box::new(move |step| bump(&counter, *step))
}

/// What a listener does: an addition that is not optimised away and takes no lock.
pub(crate) fn bump(counter: &AtomicU64, step: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(step), Relaxed);
}

fn nothing<R>(_: R) -> Vec<u8> {
    Vec::new()
}
