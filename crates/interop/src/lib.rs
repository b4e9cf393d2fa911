//! Meets other implementations of Socket.IO: the programs and tests of this package drive ours with
//! theirs.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The pages that have code in them.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/concurrency.md")]
    struct Concurrency;
    #[doc = include_str!("../../../docs/delivery.md")]
    struct Delivery;
    #[doc = include_str!("../../../docs/from-javascript.md")]
    struct FromJavaScript;
    #[doc = include_str!("../../../docs/from-rust-socketio.md")]
    struct FromRustSocketio;
    #[doc = include_str!("../../../docs/from-socketioxide.md")]
    struct FromSocketioxide;
    #[doc = include_str!("../../../docs/limits.md")]
    struct Limits;
    #[doc = include_str!("../../../docs/operations.md")]
    struct Operations;
}
