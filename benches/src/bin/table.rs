//! Prints the table: time of ours, of the best peer and of the limit, and allocations.
//!
//! ```text
//! cargo run -p socketio-benches --release --features peers --bin table [-- [--rounds N] [FILTER]..]
//! ```
//!
//! All contenders of a row take turns in many short rounds. A ratio is the median of the ratios
//! of the rounds, so that a slow moment of the machine, which slows all, drops out. Compare within
//! a row only. `FILTER` is a part of a row's name.

use socketio_benches::{Clock, Contender, Gauge, Goal, Role, Row, Task, rows};
use std::fmt::Write as _;
use std::time::Duration;

/// How long one contender runs in one round.
const SLICE: Duration = Duration::from_micros(400);

fn main() {
    let mut rounds = 21;
    let mut filters = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => {
                let number = arguments.next().and_then(|number| number.parse().ok());
                rounds = number.expect("--rounds takes a number");
            }
            _ => filters.push(argument),
        }
    }
    println!(
        "| row | way | ours ns | best peer ns | ratio | goal | limit ns | allocations ours / peer | peer |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    for (_, mut row) in rows::all() {
        if filters.is_empty() || filters.iter().any(|filter| row.name.contains(filter)) {
            print!("{}", lines(&mut row, rounds));
        }
    }
}

/// A line for each way of ours.
fn lines(row: &mut Row, rounds: usize) -> String {
    let measured = measure(&mut row.contenders, rounds);
    let peers = measured
        .iter()
        .filter(|it| matches!(it.role, Role::Peer(_)));
    let best = peers.min_by(|a, b| a.median().total_cmp(&b.median()));
    let limit = measured
        .iter()
        .find(|it| matches!(it.role, Role::Limit(_)))
        .expect("every row has a limit");
    let mut lines = String::new();
    for ours in &measured {
        let Role::Ours(way, goal) = ours.role else {
            continue;
        };
        let mut cells = vec![row.name.clone(), way.to_owned(), nanoseconds(ours.median())];
        let ratio = best.map(|peer| peer.ratio_to(ours));
        cells.push(best.map_or_else(dash, |peer| nanoseconds(peer.median())));
        cells.push(ratio.map_or_else(dash, |ratio| format!("**{ratio:.2}**")));
        cells.push(goal.map_or_else(dash, |goal| verdict(goal, ratio)));
        cells
            .push(format!("{} {}", nanoseconds(limit.median()), limit.role).replace("limit: ", ""));
        let theirs = best.map_or_else(dash, |peer| peer.allocations.to_string());
        cells.push(format!("{} / {theirs}", ours.allocations));
        cells.push(best.map_or_else(dash, |peer| peer.role.to_string()));
        let _ = writeln!(lines, "| {} |", cells.join(" | "));
    }
    lines
}

fn dash() -> String {
    "–".to_owned()
}

fn verdict(goal: Goal, ratio: Option<f64>) -> String {
    let Goal { at_least, aim } = goal;
    let verdict = match ratio {
        Some(ratio) if ratio >= aim => " ✓✓",
        Some(ratio) if ratio >= at_least => " ✓",
        Some(_) => " ✗",
        None => "",
    };
    format!("{at_least} – {aim}{verdict}")
}

fn nanoseconds(value: f64) -> String {
    if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// What one contender costs for each operation.
struct Measured {
    role: Role,
    /// By round.
    nanoseconds: Vec<f64>,
    allocations: u64,
}

impl Measured {
    fn median(&self) -> f64 {
        median(self.nanoseconds.iter().copied())
    }

    /// How many times as long as `other`.
    fn ratio_to(&self, other: &Self) -> f64 {
        let rounds = self.nanoseconds.iter().zip(&other.nanoseconds);
        median(rounds.map(|(this, other)| this / other))
    }
}

fn measure(contenders: &mut [Contender], rounds: usize) -> Vec<Measured> {
    let mut measured = Vec::new();
    let mut times = Vec::new();
    for Contender { role, task } in &mut *contenders {
        // Warm up before counting: what is built once is not part of the operation.
        times.push(times_in_a_slice(&mut **task));
        let mut allocations = Allocations(0);
        task.run(8, &mut allocations);
        // A buffer that grew in between does not count; what each operation does counts eight times.
        measured.push(Measured {
            role: *role,
            nanoseconds: Vec::new(),
            allocations: allocations.0 / 8,
        });
    }
    allocation_counter::opt_out(|| {
        for _ in 0..rounds {
            for ((it, times), contender) in measured.iter_mut().zip(&times).zip(&mut *contenders) {
                let mut clock = Clock::default();
                contender.task.run(*times, &mut clock);
                let spent = clock.0.as_secs_f64() * 1e9;
                it.nanoseconds.push(spent / *times as f64);
            }
        }
    });
    measured
}

fn times_in_a_slice(task: &mut dyn Task) -> u64 {
    let mut times = 1;
    loop {
        let mut clock = Clock::default();
        task.run(times, &mut clock);
        if clock.0 >= SLICE / 2 {
            return times;
        }
        times *= 2;
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Allocations in all regions so far.
struct Allocations(u64);

impl Gauge for Allocations {
    fn around(&mut self, region: &mut dyn FnMut()) {
        self.0 += allocation_counter::measure(region).count_total;
    }
}
