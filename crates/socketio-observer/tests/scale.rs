//! A million listeners, a million events: each test does some millions of steps and would run for hours if a step cost as much
//! as the registry is large.

use std::sync::Arc;

use socketio_observer::{ListenerId, Observers};

const MANY: u32 = 1_000_000;

/// Visits every position once, far from in order.
fn shuffled(ids: Vec<ListenerId>) -> impl Iterator<Item = ListenerId> {
    const STEP: usize = 611_953; // a prime that does not divide the number of ids
    let len = ids.len();
    (0..len).map(move |i| ids[i * STEP % len])
}

#[test]
fn se_07_a_million_listeners_of_one_event_leave_in_any_order() {
    type Order = fn(Vec<ListenerId>) -> Box<dyn Iterator<Item = ListenerId>>;
    let orders: [Order; 2] = [
        |ids| Box::new(ids.into_iter().rev()),
        |ids| Box::new(shuffled(ids)),
    ];
    for order in orders {
        let mut observers = Observers::new();
        let ids: Vec<_> = (0..MANY)
            .map(|i| match i % 4 {
                0 => observers.prepend("x", i),
                1 => observers.once("x", i),
                2 => observers.prepend_once("x", i),
                _ => observers.on("x", i),
            })
            .collect();
        assert_eq!(observers.listener_count("x"), MANY as usize);

        for id in order(ids) {
            assert!(observers.off(id));
        }
        assert!(observers.is_empty());
        assert_eq!(observers.events().count(), 0);
    }
}

#[test]
fn se_07_a_million_events_come_and_go() {
    let mut observers = Observers::new();
    let ids: Vec<_> = (0..MANY).map(|i| observers.on(i, i)).collect();
    assert_eq!(observers.events().count(), MANY as usize);
    assert!(observers.snapshot(&77).iter().eq([&77]));

    for id in shuffled(ids) {
        assert!(observers.off(id));
    }
    assert!(observers.is_empty());
}

#[test]
fn se_07_names_are_not_kept() {
    let mut observers = Observers::new();
    let name: Arc<str> = "name".into();
    let value = Arc::new(());
    // Each name is another key, though all share the text that counts them.
    for i in 0..100_000 {
        let key = (i, name.clone());
        match i % 3 {
            0 => {
                let id = observers.on(key, value.clone());
                observers.off(id);
            }
            1 => {
                observers.once(key.clone(), value.clone());
                assert_eq!(observers.snapshot(&key).iter().count(), 1);
            }
            _ => {
                observers.on(key.clone(), value.clone());
                observers.off_event(&key);
            }
        }
        assert!(Arc::strong_count(&name) < 64, "names pile up");
        assert!(Arc::strong_count(&value) < 64, "called listeners pile up");
    }
}

#[test]
fn se_07_called_once_listeners_of_a_busy_event_are_not_kept() {
    let mut observers = Observers::new();
    let value = Arc::new(());
    for _ in 0..1_000 {
        observers.on("x", value.clone());
    }
    for _ in 0..10_000 {
        observers.once("x", value.clone());
        assert_eq!(observers.snapshot("x").iter().count(), 1_001);
    }
    assert!(Arc::strong_count(&value) < 1_400);
}
