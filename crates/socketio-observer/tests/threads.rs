//! The parts that may cross threads do, and parallel emissions agree on who is called.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use socketio_observer::{ListenerId, Observers, Removed, Resolved, Snapshot, TooDeep, sync};

#[test]
fn what_should_cross_threads_may() {
    fn crosses<T: Send + Sync>() {}
    crosses::<Observers<String, Arc<dyn Fn() + Send + Sync>>>();
    crosses::<Snapshot<u8>>();
    crosses::<Removed<u8>>();
    crosses::<(ListenerId, Resolved, TooDeep)>();
    crosses::<sync::EventEmitter<str>>();
    crosses::<sync::WeakEmitter<str>>();
    crosses::<sync::Event<str>>();
    crosses::<sync::Subscription>();
    // Arguments and answers stay on the thread of the emission.
    crosses::<sync::EventEmitter<std::rc::Rc<u8>, std::cell::Cell<u8>>>();
}

#[test]
fn a_once_listener_is_called_once_by_parallel_emissions() {
    const THREADS: usize = 4;
    const ROUNDS: usize = 500;
    let emitter = sync::EventEmitter::<()>::new();
    let (calls, once_calls) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let count = |counter: &Arc<AtomicUsize>| {
        let counter = counter.clone();
        move |(): &()| {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    };
    emitter.on("x", count(&calls));
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (emitter, barrier, once) = (&emitter, &barrier, count(&once_calls));
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    if thread == 0 {
                        emitter.once("x", once.clone());
                    }
                    barrier.wait();
                    emitter.emit("x", &()).unwrap();
                }
            });
        }
    });
    assert_eq!(calls.load(Ordering::Relaxed), THREADS * ROUNDS);
    assert_eq!(once_calls.load(Ordering::Relaxed), ROUNDS);
    assert_eq!(emitter.len(), 1);
}

#[test]
fn listeners_come_and_go_while_others_emit() {
    let emitter = sync::EventEmitter::<()>::new();
    let event = emitter.event("x");
    emitter.on("x", |()| {});
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    drop(emitter.subscribe("x", |()| {}));
                }
            });
            scope.spawn(|| {
                for _ in 0..2_000 {
                    let called = event.emit(&()).unwrap();
                    assert!((1..=3).contains(&called), "{called} were called");
                }
            });
        }
    });
    assert_eq!(emitter.len(), 1);
}
