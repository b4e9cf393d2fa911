//! The rows do what they say: all contenders come to the same result, which is that of the corpus.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use socketio_benches::{Gauge, Role, rows};
use std::collections::HashSet;

struct Counted(u64);

impl Gauge for Counted {
    fn around(&mut self, region: &mut dyn FnMut()) {
        self.0 += 1;
        region();
    }
}

#[test]
fn all_contenders_of_a_row_come_to_the_same_result() {
    for (_, row) in rows::all() {
        let mut first: Option<Vec<u8>> = None;
        for mut contender in row.contenders {
            if matches!(contender.role, Role::Limit(_)) {
                continue;
            }
            let outcome = contender.task.outcome();
            match &first {
                Some(first) => assert!(*first == outcome, "{}: {}", row.name, contender.role),
                None => first = Some(outcome),
            }
        }
    }
}

#[test]
fn every_contender_runs_under_the_gauge() {
    for (_, row) in rows::all() {
        for mut contender in row.contenders {
            let mut gauge = Counted(0);
            contender.task.run(3, &mut gauge);
            assert_eq!(gauge.0, 1, "{}: {}", row.name, contender.role);
        }
    }
}

#[test]
fn every_row_has_a_name_of_its_own_a_way_of_ours_and_a_limit() {
    let mut names = HashSet::new();
    for (_, row) in rows::all() {
        let roles: Vec<_> = row.contenders.iter().map(|it| it.role).collect();
        let has = |is: fn(&Role) -> bool| roles.iter().any(is);
        assert!(has(|role| matches!(role, Role::Ours(..))), "{}", row.name);
        assert!(has(|role| matches!(role, Role::Limit(_))), "{}", row.name);
        if cfg!(feature = "peers") {
            assert!(has(|role| matches!(role, Role::Peer(_))), "{}", row.name);
        }
        assert!(names.insert(row.name.clone()), "twice: {}", row.name);
    }
}
