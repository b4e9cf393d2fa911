use crate::Frame;

/// What is to be written to a framed link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Transmit {
    /// This frame.
    Frame(Frame),
    /// Flush what went before, then close the link, without a status code. Nothing follows.
    Finish,
}
