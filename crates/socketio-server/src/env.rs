//! What a server has from its surroundings: clock, randomness, runtime, timers.

use crate::clock::Clock;
use crate::ids::Ids;
use crate::telemetry;
use crate::timers::{Runtime, Timers};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Env {
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) timers: Arc<Timers>,
}

impl Env {
    pub(crate) fn start() -> Arc<Self> {
        telemetry::describe();
        let clock = Clock::start();
        let runtime = Arc::new(Runtime::default());
        let timers = Timers::new(clock, Arc::clone(&runtime));
        Arc::new(Self {
            clock,
            ids: Ids::default(),
            runtime,
            timers,
        })
    }
}
