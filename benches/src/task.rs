//! Work that can be measured, and what measures it.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Something that watches a region of code: a clock, a counter.
pub trait Gauge {
    /// Calls `region` once, and takes note of what it costs.
    fn around(&mut self, region: &mut dyn FnMut());
}

/// The time that was spent in all regions so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock(pub Duration);

impl Gauge for Clock {
    #[allow(
        clippy::disallowed_methods,
        reason = "a bench is there to read the clock"
    )]
    fn around(&mut self, region: &mut dyn FnMut()) {
        let start = Instant::now();
        region();
        self.0 += start.elapsed();
    }
}

/// One contender's way to do the work of a row.
pub trait Task {
    /// Does it so many times. Only the work itself is inside the gauge: inputs are made before,
    /// but whatever the work consumes or makes is dropped inside.
    fn run(&mut self, times: u64, gauge: &mut dyn Gauge);

    /// Does it once and shows the result, in a form that all contenders agree on.
    fn outcome(&mut self) -> Vec<u8>;
}

/// A [`Task`] of three closures: one makes an input, one does the work on it, one shows the result.
pub fn operation<I: 'static, R: 'static>(
    input: impl FnMut() -> I + 'static,
    work: impl FnMut(I) -> R + 'static,
    show: impl FnMut(R) -> Vec<u8> + 'static,
) -> Box<dyn Task> {
    Box::new(Operation { input, work, show })
}

struct Operation<M, W, S> {
    input: M,
    work: W,
    show: S,
}

/// Inputs that are made at once: many enough to hide the gauge, few enough for the first cache.
const BATCH: u64 = 128;

impl<I, R, M, W, S> Task for Operation<M, W, S>
where
    M: FnMut() -> I,
    W: FnMut(I) -> R,
    S: FnMut(R) -> Vec<u8>,
{
    fn run(&mut self, times: u64, gauge: &mut dyn Gauge) {
        let batch = if size_of::<I>() == 0 { times } else { BATCH };
        let mut inputs = Vec::new();
        let mut left = times;
        while left > 0 {
            let now = left.min(batch);
            inputs.extend((0..now).map(|_| (self.input)()));
            gauge.around(&mut || {
                for input in inputs.drain(..) {
                    black_box((self.work)(black_box(input)));
                }
            });
            left -= now;
        }
    }

    fn outcome(&mut self) -> Vec<u8> {
        let input = (self.input)();
        (self.show)((self.work)(input))
    }
}
