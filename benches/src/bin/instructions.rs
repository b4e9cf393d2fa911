//! Runs one contender of one row, for `instructions.sh` to count its instructions.
//!
//! ```text
//! instructions                        lists all rows and contenders
//! instructions ROW CONTENDER TIMES    runs one
//! ```

use socketio_benches::{Gauge, rows};

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [row, contender, times] = &arguments[..] else {
        return list();
    };
    let (_, row) = rows::all()
        .find(|(_, it)| it.name == *row)
        .expect("a row of the list");
    let mut contenders = row.contenders.into_iter();
    let mut contender = contenders
        .find(|it| it.role.to_string() == *contender)
        .expect("a contender of the list");
    let times = times.parse().expect("a number");
    contender.task.run(times, &mut Callgrind);
}

fn list() {
    for (_, row) in rows::all() {
        for contender in row.contenders {
            println!("{}\t{}", row.name, contender.role);
        }
    }
}

/// What callgrind looks for.
struct Callgrind;

impl Gauge for Callgrind {
    fn around(&mut self, region: &mut dyn FnMut()) {
        measured_region(region);
    }
}

/// By this name callgrind knows what to count.
#[inline(never)]
fn measured_region(region: &mut dyn FnMut()) {
    region();
}
