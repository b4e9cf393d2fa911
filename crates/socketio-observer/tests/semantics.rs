//! What an emitter promises, told once and held by both forms.

#![allow(
    clippy::unwrap_used,
    reason = "the lint spares tests, yet not their helpers"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use socketio_observer::{MAX_DEPTH, TooDeep, local, sync};

/// What happened, in order.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    /// What happened since the last call.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// A listener that writes its name down.
    fn noting<A: ?Sized>(&self, name: &'static str) -> impl Fn(&A) + Send + Sync + 'static {
        let journal = self.clone();
        move |_| journal.note(name)
    }
}

/// Runs something when dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

macro_rules! semantics {
    ($module:ident, $form:ident) => {
        mod $module {
            use super::*;
            use socketio_observer::$form::{EventEmitter, Subscription};

            #[test]
            fn se_01_a_listener_adds_another_which_waits_for_the_next_emission() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let (weak, notes) = (emitter.downgrade(), journal.clone());
                emitter.once("x", move |_| {
                    notes.note("first");
                    weak.upgrade().unwrap().on("x", notes.noting("added"));
                });
                emitter.on("x", journal.noting("second"));

                assert_eq!(emitter.emit("x", &0), Ok(2));
                assert_eq!(journal.take(), ["first", "second"]);
                assert_eq!(emitter.emit("x", &0), Ok(2));
                assert_eq!(journal.take(), ["second", "added"]);
            }

            #[test]
            fn se_01_a_listener_takes_itself_and_the_next_off_and_none_is_skipped() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let ids = Arc::new(Mutex::new(Vec::new()));
                let (weak, notes, own) = (emitter.downgrade(), journal.clone(), ids.clone());
                let first = emitter.on("x", move |_| {
                    notes.note("first");
                    for id in own.lock().unwrap().drain(..) {
                        assert!(weak.upgrade().unwrap().off(id));
                    }
                });
                let second = emitter.on("x", journal.noting("second"));
                emitter.on("x", journal.noting("third"));
                ids.lock().unwrap().extend([first, second]);

                assert_eq!(emitter.emit("x", &0), Ok(3));
                assert_eq!(journal.take(), ["first", "second", "third"]);
                assert_eq!(emitter.emit("x", &0), Ok(1));
                assert_eq!(journal.take(), ["third"]);
            }

            #[test]
            fn se_01_a_listener_takes_all_off_and_this_emission_goes_on() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let weak = emitter.downgrade();
                emitter.on("x", move |_| weak.upgrade().unwrap().clear());
                emitter.on("x", journal.noting("second"));

                assert_eq!(emitter.emit("x", &0), Ok(2));
                assert_eq!(journal.take(), ["second"]);
                assert!(emitter.is_empty());
                assert_eq!(emitter.emit("x", &0), Ok(0));
            }

            #[test]
            fn se_01_a_listener_emits_and_the_inner_emission_comes_first() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let (weak, notes) = (emitter.downgrade(), journal.clone());
                emitter.on("x", move |depth| {
                    notes.note(format!("a{depth}"));
                    if *depth < 2 {
                        assert_eq!(weak.upgrade().unwrap().emit("x", &(depth + 1)), Ok(2));
                    }
                });
                let notes = journal.clone();
                emitter.on("x", move |depth| notes.note(format!("b{depth}")));

                assert_eq!(emitter.emit("x", &0), Ok(2));
                assert_eq!(journal.take(), ["a0", "a1", "a2", "b2", "b1", "b0"]);
            }

            #[test]
            fn se_02_a_once_listener_that_emits_its_own_event_runs_once() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let (weak, notes) = (emitter.downgrade(), journal.clone());
                emitter.on("x", {
                    let (weak, notes) = (weak.clone(), journal.clone());
                    move |depth| {
                        notes.note(format!("outer {depth}"));
                        if *depth == 0 {
                            assert_eq!(weak.upgrade().unwrap().emit("x", &1), Ok(2));
                        }
                    }
                });
                let once = emitter.once("x", move |depth| {
                    notes.note(format!("once {depth}"));
                    assert_eq!(weak.upgrade().unwrap().emit("x", &2), Ok(1));
                });

                // The inner emission claims it, so that the outer one finds it gone.
                assert_eq!(emitter.emit("x", &0), Ok(1));
                assert_eq!(journal.take(), ["outer 0", "outer 1", "once 1", "outer 2"]);
                assert!(!emitter.off(once));
                assert_eq!(emitter.listener_count("x"), 1);
            }

            #[test]
            fn se_03_endless_recursion_ends_at_the_limit() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let (weak, notes) = (emitter.downgrade(), journal.clone());
                emitter.on("x", move |depth| {
                    if weak.upgrade().unwrap().emit("x", &(depth + 1)) == Err(TooDeep) {
                        notes.note(depth.to_string());
                    }
                });

                for _ in 0..2 {
                    assert_eq!(emitter.emit("x", &1), Ok(1));
                    assert_eq!(journal.take(), [MAX_DEPTH.to_string()]);
                }
            }

            #[test]
            fn se_04_a_listener_that_fails_stops_no_other_and_is_heard() {
                let emitter = EventEmitter::<u32, Result<(), &str>>::new();
                emitter.on("x", |_| Err("first"));
                emitter.on("x", |_| Ok(()));
                emitter.on("x", |_| Err("third"));

                let mut answers = Vec::new();
                assert_eq!(
                    emitter.emit_each("x", &0, |answer| answers.push(answer)),
                    Ok(3)
                );
                assert_eq!(answers, [Err("first"), Ok(()), Err("third")]);
            }

            #[test]
            fn se_04_a_panic_reaches_the_emitter_of_the_event_and_leaves_all_usable() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let bad = emitter.on("x", |_| panic!("bad listener"));
                emitter.on("x", journal.noting("good"));

                // Many times: a depth that is counted up and not down would reach the limit.
                for _ in 0..2 * MAX_DEPTH {
                    let panic = catch_unwind(AssertUnwindSafe(|| emitter.emit("x", &0)));
                    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"bad listener"));
                }
                journal.take();
                assert!(emitter.off(bad));
                assert_eq!(emitter.emit("x", &0), Ok(1));
                assert_eq!(journal.take(), ["good"]);
            }

            #[test]
            fn se_05_the_same_closure_twice_is_two_registrations() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let notes = journal.clone();
                let listener = move |_: &u32| notes.note("called");
                let first = emitter.on("x", listener.clone());
                let second = emitter.on("x", listener);

                assert_eq!(emitter.emit("x", &0), Ok(2));
                assert!(emitter.off(first));
                assert!(!emitter.off(first));
                assert_eq!(emitter.emit("x", &0), Ok(1));
                assert!(emitter.off(second));
                assert_eq!(emitter.emit("x", &0), Ok(0));
                assert_eq!(journal.take().len(), 3);
            }

            #[test]
            fn se_06_a_guard_may_go_while_its_listener_runs() {
                let emitter = EventEmitter::<u32>::new();
                let guard = Arc::new(Mutex::new(None::<Subscription>));
                let own = guard.clone();
                let owned = Arc::new("what the listener owns");
                let subscription = emitter.subscribe("x", {
                    let owned = owned.clone();
                    move |_| {
                        let guard = own.lock().unwrap().take();
                        drop(guard);
                        assert_eq!(*owned, "what the listener owns");
                    }
                });
                *guard.lock().unwrap() = Some(subscription);

                assert_eq!(emitter.emit("x", &0), Ok(1));
                assert_eq!(emitter.emit("x", &0), Ok(0));
                assert_eq!(Arc::strong_count(&owned), 1);
            }

            #[test]
            fn se_06_a_listener_may_own_the_guard_of_another() {
                let emitter = EventEmitter::<u32>::new();
                let guard = emitter.subscribe("y", |_| {});
                let owner = emitter.on("x", move |_| {
                    let _owned = &guard;
                });
                assert_eq!(emitter.len(), 2);

                // The guard goes while the emitter takes its owner off: no dead lock, no double borrow.
                assert!(emitter.off(owner));
                assert!(emitter.is_empty());
            }

            #[test]
            fn se_08_the_last_handle_may_go_in_a_listener() {
                let journal = Journal::default();
                let emitter = EventEmitter::<u32>::new();
                let weak = emitter.downgrade();
                let slot = Arc::new(Mutex::new(Some(emitter.clone())));
                let (inside, notes) = (slot.clone(), journal.clone());
                let guard = emitter.subscribe("x", move |_| {
                    let last = inside.lock().unwrap().take();
                    drop(last);
                    notes.note("dropped");
                });
                emitter.on("x", journal.noting("second"));

                let event = emitter.event("x");
                drop(emitter);
                assert_eq!(event.emit(&0), Ok(2));
                assert_eq!(journal.take(), ["dropped", "second"]);
                drop(event);
                assert!(weak.upgrade().is_none());
                // The guard outlives its emitter.
                drop(guard);
            }

            #[test]
            fn listeners_are_called_catch_all_first_then_in_order_with_the_prepended_in_front() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                emitter.on("x", journal.noting("a"));
                emitter.prepend("x", journal.noting("b"));
                emitter.prepend_once("x", journal.noting("c"));
                emitter.on_any(journal.noting("any"));

                assert_eq!(emitter.emit("x", &0), Ok(4));
                assert_eq!(journal.take(), ["any", "c", "b", "a"]);
                assert_eq!(emitter.emit("y", &0), Ok(1));
                assert_eq!(emitter.emit("x", &0), Ok(3));
                assert_eq!(journal.take(), ["any", "any", "b", "a"]);

                emitter.off_any();
                emitter.off_event("x");
                assert_eq!(emitter.emit("x", &0), Ok(0));
            }

            #[test]
            fn names_and_counts_follow_the_listeners() {
                let emitter = EventEmitter::<u32>::new();
                emitter.on("b", |_| {});
                emitter.once(String::from("a"), |_| {});
                emitter.on("b", |_| {});
                assert_eq!(emitter.events(), ["a", "b"]);
                assert_eq!((emitter.listener_count("b"), emitter.len()), (2, 3));

                emitter.emit("a", &0).unwrap();
                assert_eq!(emitter.events(), ["b"]);
                assert_eq!((emitter.listener_count("a"), emitter.len()), (0, 2));
            }

            #[test]
            fn a_resolved_event_takes_listeners_as_its_emitter_does() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let event = emitter.event("x");
                emitter.on("x", journal.noting("a"));
                let b = event.on(journal.noting("b"));
                emitter.on("x", journal.noting("c"));
                assert_eq!(emitter.emit("x", &0), Ok(3));
                assert_eq!(journal.take(), ["a", "b", "c"]);

                assert!(emitter.off(b));
                assert!(!emitter.off(b));
                assert_eq!(event.emit(&0), Ok(2));
                emitter.clear();
                event.on(journal.noting("again"));
                assert_eq!((emitter.events(), emitter.len()), (vec!["x".into()], 1));
            }

            #[test]
            fn a_resolved_event_sees_every_later_change() {
                let (emitter, journal) = (EventEmitter::<u32>::new(), Journal::default());
                let event = emitter.event("x");
                assert_eq!(event.emit(&0), Ok(0));

                let id = emitter.on("x", journal.noting("on"));
                assert_eq!(event.emit(&0), Ok(1));
                emitter.off(id);
                // Enough comings and goings for the registry to clear up several times.
                for name in 0..1_000 {
                    emitter.off(emitter.on(name.to_string(), |_| {}));
                }
                emitter.clear();
                assert_eq!(event.emit(&0), Ok(0));

                emitter.on("x", journal.noting("again"));
                emitter.on("y", journal.noting("other"));
                let copy = event.clone();
                drop(event);
                assert_eq!(copy.emit(&0), Ok(1));
                assert_eq!(
                    (copy.name(), journal.take().as_slice()),
                    ("x", &["on".into(), "again".into()][..])
                );
            }

            #[test]
            fn a_detached_guard_leaves_its_listener() {
                let emitter = EventEmitter::<u32>::new();
                let id = emitter.subscribe("x", |_| {}).detach();
                assert_eq!(emitter.emit("x", &0), Ok(1));
                drop(emitter.guard(id));
                assert_eq!(emitter.emit("x", &0), Ok(0));
            }

            #[test]
            fn what_a_listener_owned_may_come_back_when_it_goes() {
                let emitter = EventEmitter::<u32>::new();
                let goodbye = || {
                    let weak = emitter.downgrade();
                    let on_drop = OnDrop(move || {
                        weak.upgrade().unwrap().once("gone", |_| {});
                    });
                    move |_: &u32| {
                        let _owned = &on_drop;
                    }
                };

                let off = emitter.on("off", goodbye());
                emitter.off(off);
                emitter.on("off_event", goodbye());
                emitter.off_event("off_event");
                emitter.on_any(goodbye());
                emitter.off_any();
                assert_eq!(emitter.listener_count("gone"), 3);

                // A listener that was called once goes at a later change.
                emitter.once("once", goodbye());
                assert_eq!(emitter.emit("once", &0), Ok(1));
                emitter.on("once", |_| {});
                assert_eq!(emitter.listener_count("gone"), 4);

                emitter.on("clear", goodbye());
                emitter.clear();
                assert_eq!(emitter.listener_count("gone"), 1);
            }
        }
    };
}

semantics!(local_emitter, local);
semantics!(sync_emitter, sync);

#[test]
fn se_04_local_a_panic_ends_its_emission() {
    let (emitter, journal) = (local::EventEmitter::<u32>::new(), Journal::default());
    emitter.on("x", journal.noting("before"));
    emitter.on("x", |_| panic!("bad listener"));
    emitter.on("x", journal.noting("behind"));

    assert!(catch_unwind(AssertUnwindSafe(|| emitter.emit("x", &0))).is_err());
    assert_eq!(journal.take(), ["before"]);
}

#[test]
fn se_04_sync_the_others_run_before_the_first_panic_goes_on() {
    let (emitter, journal) = (sync::EventEmitter::<u32>::new(), Journal::default());
    emitter.on("x", |_| panic!("first"));
    emitter.on("x", journal.noting("between"));
    emitter.on("x", |_| panic!("second"));
    emitter.on("x", journal.noting("behind"));

    let panic = catch_unwind(AssertUnwindSafe(|| emitter.emit("x", &0))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"first"));
    assert_eq!(journal.take(), ["between", "behind"]);
}
