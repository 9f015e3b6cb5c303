//! Rounds of candidates that take turns.

use std::time::{Duration, Instant};

/// Something to measure: a name, and what it does in one round.
pub struct Candidate<'a> {
    /// As it stands in the table.
    pub name: &'static str,
    /// One round. What it gives back is dropped when the clock no longer runs.
    pub run: Box<dyn FnMut() -> Box<dyn Left + 'a> + 'a>,
}

/// Whatever a round leaves behind.
pub trait Left {}

impl<T> Left for T {}

/// What a candidate took, round by round.
pub struct Taken {
    /// As it stands in the table.
    pub name: &'static str,
    /// One for each round.
    pub times: Vec<Duration>,
}

/// A median with the least and the greatest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The value in the middle, or the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

impl<'a> Candidate<'a> {
    /// A candidate of this name.
    pub fn new<T: 'a>(name: &'static str, mut run: impl FnMut() -> T + 'a) -> Self {
        Self { name, run: Box::new(move || Box::new(run())) }
    }
}

/// Runs all candidates `rounds` times, each round in another order, after a round that does not count.
pub fn take_turns(rounds: usize, mut candidates: Vec<Candidate<'_>>) -> Vec<Taken> {
    candidates.iter_mut().for_each(|candidate| drop((candidate.run)()));
    let mut taken: Vec<Taken> =
        candidates.iter().map(|candidate| Taken { name: candidate.name, times: Vec::new() }).collect();
    let count = candidates.len();
    for round in 0..rounds {
        for turn in 0..count {
            let index = (round + turn) % count;
            let begun = Instant::now();
            let left = (candidates[index].run)();
            taken[index].times.push(begun.elapsed());
            drop(left);
        }
    }
    taken
}

impl Taken {
    /// Milliseconds of a round.
    pub fn milliseconds(&self) -> Spread {
        Spread::of(self.times.iter().map(|time| time.as_secs_f64() * 1e3))
    }

    /// How many such rounds fit into a second, times `per_round`.
    pub fn rate(&self, per_round: f64) -> Spread {
        Spread::of(self.times.iter().map(|time| per_round / time.as_secs_f64()))
    }

    /// How many times the time of another, round by round.
    pub fn times_of(&self, other: &Taken) -> Spread {
        let pairs = self.times.iter().zip(&other.times);
        Spread::of(pairs.map(|(own, other)| own.as_secs_f64() / other.as_secs_f64()))
    }
}

impl Spread {
    /// Of some values, at least one.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let middle = |index: usize| values[index.min(values.len() - 1)];
        let median = f64::midpoint(middle((values.len() - 1) / 2), middle(values.len() / 2));
        Self { median, least: values[0], greatest: values[values.len() - 1] }
    }
}
