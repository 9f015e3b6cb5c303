//! What the benchmarks share: rounds in which the candidates take turns, and the table of what they took.
//!
//! Each benchmark compares with a floor in the same process, because a busy machine slows both down alike. A candidate
//! is shown by the median and the spread of its rounds, and by the median of its ratios to the floor, round by round.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "each benchmark uses a part, and ends by panicking"
)]

pub mod app;
pub mod judging;
pub mod large;
pub mod manifests;
pub mod rounds;
pub mod table;

/// How much to do. Cargo gives `--bench` to benchmarks that it runs as such, and nothing to those that it only tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A trial in seconds, that each part works: its figures mean nothing.
    Trial,
    /// The measurement.
    Full,
}

impl Effort {
    /// As the arguments of the process say.
    pub fn from_arguments() -> Self {
        if std::env::args().any(|argument| argument == "--bench") { Effort::Full } else { Effort::Trial }
    }

    /// One of two sizes.
    pub fn pick<T>(self, trial: T, full: T) -> T {
        match self {
            Effort::Trial => trial,
            Effort::Full => full,
        }
    }
}
