//! What the codecs and the observers cost, beside other implementations and the physical limit.
//!
//! ```text
//!   corpus ──► rows ──► Row { Contender, Contender, .. } ──► gauge
//!   seeded     one      ours, peers, limit                   clock        criterion, `table`
//!              file a                                        allocations  `table`
//!              group                                         callgrind    `instructions`
//! ```
//!
//! A [`Row`] is one piece of work. Its contenders do it, on the same bytes of one [`corpus`], in
//! one process. Each is a [`Task`]: it can be run under any [`Gauge`], and it can show its result
//! in a form that is the same for all, which the tests compare. So whatever is measured is known
//! to be the same work.
//!
//! Peers are there with the feature `peers` only. How to run, and what came out, is in
//! `docs/performance.md`.
#![allow(
    clippy::unwrap_used,
    reason = "the corpus is known to be good, and a bench that fails has to stop"
)]

pub mod corpus;
mod limits;
#[cfg(feature = "peers")]
mod peers;
mod row;
pub mod rows;
mod task;

pub use row::{Contender, Goal, Role, Row};
pub use task::{Clock, Gauge, Task, operation};
