//! Meets other implementations of Socket.IO: the programs and tests of this package drive ours with
//! theirs.
