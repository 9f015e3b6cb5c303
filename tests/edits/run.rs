//! Running many cases, and making one that fails small.

use crate::dice::Dice;
use rayon::prelude::*;
use std::ops::{Add, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Each case rolls three dice: for the objects, for what is done to them, and for how they are written.
pub type CaseDice = [Dice; 3];

/// The dice of the case of this number.
pub fn dice(number: u64) -> CaseDice {
    [0, 1, 2].map(|die| Dice::seeded(number * 3 + die))
}

/// How many failing cases are made small and shown.
const SHOWN: usize = 3;

/// Runs these cases on all processors, and adds up what comes of them.
///
/// Fails where a case fails or panics, with the smallest form of some.
pub fn run<T>(numbers: Range<u64>, case: impl Fn(&mut CaseDice) -> Result<T, String> + Sync) -> T
where
    T: Default + Add<Output = T> + Send,
{
    let one = |number| outcome(&mut dice(number), &case).map_err(|_| vec![number]);
    let both = |one: Result<T, Vec<u64>>, other: Result<T, Vec<u64>>| match (one, other) {
        (Ok(one), Ok(other)) => Ok(one + other),
        (Err(one), Err(other)) => Err([one, other].concat()),
        (Err(failed), Ok(_)) | (Ok(_), Err(failed)) => Err(failed),
    };
    let failed = match numbers.clone().into_par_iter().map(one).reduce(|| Ok(T::default()), both) {
        Ok(sum) => return sum,
        Err(failed) => failed,
    };
    let shown: Vec<String> = failed.iter().take(SHOWN).map(|number| smallest(*number, &case)).collect();
    panic!("{} of {} cases fail, the smallest form of some:\n{}", failed.len(), numbers.count(), shown.join("\n"))
}

/// What comes of a case; a panic is a property that does not hold.
fn outcome<T>(dice: &mut CaseDice, case: impl Fn(&mut CaseDice) -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(|| case(dice))).unwrap_or_else(|_| Err("it panics".to_owned()))
}

/// How many smaller cases are tried.
const TRIES: usize = 3_000;

/// A failing case for people, as small as it can be made: with less rolls, and smaller ones.
fn smallest<T>(number: u64, case: impl Fn(&mut CaseDice) -> Result<T, String>) -> String {
    let mut dice = dice(number);
    let first = outcome(&mut dice, &case);
    let mut rolled = dice.map(Dice::rolled);
    let mut tries = 0;
    loop {
        let before = rolled.clone();
        for die in 0..rolled.len() {
            let mut keeps = |candidate: &[u32]| {
                let mut all = rolled.clone();
                all[die] = candidate.to_vec();
                tries += 1;
                tries <= TRIES && outcome(&mut all.map(Dice::again), &case).is_err()
            };
            rolled[die] = smaller(&rolled[die], &mut keeps);
        }
        if rolled == before {
            break;
        }
    }
    let last = outcome(&mut rolled.map(Dice::again), &case);
    format!("case {number:#x}: {}", last.err().or(first.err()).unwrap_or("fails, but not a second time".to_owned()))
}

/// The rolls of one die without those that are not needed; of the others as many as possible are 0.
fn smaller(rolled: &[u32], keeps: &mut impl FnMut(&[u32]) -> bool) -> Vec<u32> {
    let mut rolled = rolled.to_vec();
    let mut size = rolled.len().next_power_of_two();
    while size > 0 {
        let mut at = 0;
        while at < rolled.len() {
            let end = (at + size).min(rolled.len());
            let mut shorter = rolled.clone();
            shorter.drain(at..end);
            if keeps(&shorter) {
                rolled = shorter;
                continue;
            }
            let mut zeroed = rolled.clone();
            zeroed[at..end].fill(0);
            if zeroed != rolled && keeps(&zeroed) {
                rolled = zeroed;
            }
            at += size;
        }
        size /= 2;
    }
    rolled
}
