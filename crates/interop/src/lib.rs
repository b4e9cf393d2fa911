//! Meets other implementations of Socket.IO: the programs and tests of this package drive ours with
//! theirs.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
