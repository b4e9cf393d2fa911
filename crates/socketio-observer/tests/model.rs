//! The registry against the obvious one: a list of all registrations, searched from end to end.

use proptest::prelude::*;
use socketio_observer::{ListenerId, Observers, Resolved, Snapshot};

const EVENTS: u8 = 4;

#[derive(Clone, Debug)]
enum Step {
    On {
        event: Option<u8>,
        once: bool,
        front: bool,
    },
    /// The registration made as the n-th, there or not.
    Off(usize),
    OffEvent(u8),
    OffAny,
    Clear,
    /// An emission that calls this many listeners and keeps its snapshot, so that later changes copy.
    Emit {
        event: u8,
        calls: usize,
    },
    /// Goes on with a kept emission.
    Resume {
        snapshot: usize,
        calls: usize,
    },
    DropSnapshots,
    /// Goes on with a clone.
    Clone,
}

fn step() -> impl Strategy<Value = Step> {
    let event = 0..EVENTS;
    prop_oneof![
        8 => (prop::option::weighted(0.8, event.clone()), any::<bool>(), any::<bool>())
            .prop_map(|(event, once, front)| Step::On { event, once, front: front && !(once && event.is_none()) }),
        6 => any::<prop::sample::Index>().prop_map(|i| Step::Off(i.index(64))),
        1 => event.clone().prop_map(Step::OffEvent),
        1 => Just(Step::OffAny),
        1 => Just(Step::Clear),
        6 => (event, 0..6usize).prop_map(|(event, calls)| Step::Emit { event, calls }),
        2 => (0..4usize, 0..6usize).prop_map(|(snapshot, calls)| Step::Resume { snapshot, calls }),
        2 => Just(Step::DropSnapshots),
        1 => Just(Step::Clone),
    ]
}

#[derive(Clone)]
struct Registration {
    number: usize,
    event: Option<u8>,
    once: bool,
}

/// Registrations in calling order.
#[derive(Default)]
struct Model {
    registrations: Vec<Registration>,
    called_once: Vec<usize>,
}

impl Model {
    fn of(&self, event: Option<u8>) -> Vec<Registration> {
        let of_event = |r: &&Registration| r.event == event && self.is_live(r);
        self.registrations
            .iter()
            .filter(of_event)
            .cloned()
            .collect()
    }

    fn snapshot(&self, event: u8) -> Vec<Registration> {
        [self.of(None), self.of(Some(event))].concat()
    }

    fn is_live(&self, registration: &Registration) -> bool {
        !self.called_once.contains(&registration.number)
    }

    /// Calls the next listeners of a snapshot, from the start: what is called once has left it.
    fn call(&mut self, snapshot: &[Registration], calls: usize) -> Vec<usize> {
        let mut called = Vec::new();
        for registration in snapshot {
            if called.len() == calls {
                break;
            }
            if self.is_live(registration) {
                called.push(registration.number);
                if registration.once {
                    self.called_once.push(registration.number);
                }
            }
        }
        called
    }
}

#[derive(Default)]
struct Twins {
    observers: Observers<u8, usize>,
    model: Model,
    ids: Vec<ListenerId>,
    resolved: Vec<Resolved>,
    snapshots: Vec<(Snapshot<usize>, Vec<Registration>)>,
}

impl Twins {
    fn new() -> Self {
        let mut twins = Self::default();
        // Half of the events are resolved before anybody listens.
        twins.resolved = (0..EVENTS / 2)
            .map(|event| twins.observers.resolve(event))
            .collect();
        twins
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::On { event, once, front } => self.register(event, once, front),
            Step::Off(number) => {
                let Some(&id) = self.ids.get(number) else {
                    return;
                };
                let live = |r: &Registration| r.number == number && self.model.is_live(r);
                let there = self.model.registrations.iter().any(live);
                self.model.registrations.retain(|r| r.number != number);
                assert_eq!(self.observers.off(id), there);
            }
            Step::OffEvent(event) => {
                self.observers.off_event(&event);
                self.model.registrations.retain(|r| r.event != Some(event));
            }
            Step::OffAny => {
                self.observers.off_any();
                self.model.registrations.retain(|r| r.event.is_some());
            }
            Step::Clear => {
                self.observers.clear();
                self.model.registrations.clear();
            }
            Step::Emit { event, calls } => {
                let snapshot = match self.resolved.get(usize::from(event)) {
                    Some(resolved) => self.observers.snapshot_of(resolved),
                    None => self.observers.snapshot(&event),
                };
                self.snapshots.push((snapshot, self.model.snapshot(event)));
                self.call(self.snapshots.len() - 1, calls);
            }
            Step::Resume { snapshot, calls } => {
                if snapshot < self.snapshots.len() {
                    self.call(snapshot, calls);
                }
            }
            Step::DropSnapshots => self.snapshots.clear(),
            Step::Clone => self.observers = self.observers.clone(),
        }
    }

    fn register(&mut self, event: Option<u8>, once: bool, front: bool) {
        let (observers, number) = (&mut self.observers, self.ids.len());
        self.ids.push(match (event, once, front) {
            (Some(event), false, false) => observers.on(event, number),
            (Some(event), false, true) => observers.prepend(event, number),
            (Some(event), true, false) => observers.once(event, number),
            (Some(event), true, true) => observers.prepend_once(event, number),
            (None, false, false) => observers.on_any(number),
            (None, false, true) => observers.prepend_any(number),
            (None, true, _) => observers.once_any(number),
        });
        let registration = Registration {
            number,
            event,
            once,
        };
        match front {
            true => self.model.registrations.insert(0, registration),
            false => self.model.registrations.push(registration),
        }
    }

    fn call(&mut self, snapshot: usize, calls: usize) {
        let (snapshot, expected) = &self.snapshots[snapshot];
        let called: Vec<_> = snapshot.iter().take(calls).copied().collect();
        assert_eq!(called, self.model.call(expected, calls));
        let left = expected.iter().any(|r| self.model.is_live(r));
        assert_eq!(snapshot.is_empty(), !left);
    }

    fn compare(&self) {
        let named: Vec<_> = (0..EVENTS)
            .filter(|e| !self.model.of(Some(*e)).is_empty())
            .collect();
        assert!(self.observers.events().eq(&named));
        for event in 0..EVENTS {
            let count = self.model.of(Some(event)).len();
            assert_eq!(self.observers.listener_count(&event), count);
        }
        assert_eq!(self.observers.any_count(), self.model.of(None).len());
        let all = self
            .model
            .registrations
            .iter()
            .filter(|r| self.model.is_live(r))
            .count();
        assert_eq!(self.observers.len(), all);
        assert_eq!(self.observers.is_empty(), all == 0);
    }
}

proptest! {
    #[test]
    fn the_registry_does_what_the_obvious_one_does(steps in prop::collection::vec(step(), 0..120)) {
        let mut twins = Twins::new();
        for step in steps {
            twins.apply(step);
            twins.compare();
        }
        for event in 0..EVENTS {
            twins.apply(Step::Emit { event, calls: usize::MAX });
        }
    }
}
