//! From rows to criterion: a group for each row, a bench for each contender.

use criterion::Criterion;
use socketio_benches::{Clock, rows};

pub(crate) fn group(name: &str) {
    let mut criterion = Criterion::default().configure_from_args();
    let group = rows::GROUPS.into_iter().find(|group| group.name == name);
    for row in (group.expect("one of the groups").rows)() {
        let mut group = criterion.benchmark_group(&row.name);
        for mut contender in row.contenders {
            group.bench_function(contender.role.to_string(), |bencher| {
                bencher.iter_custom(|times| {
                    let mut clock = Clock::default();
                    contender.task.run(times, &mut clock);
                    clock.0
                });
            });
        }
    }
    criterion.final_summary();
}
