//! Dice that remember: what was rolled can be rolled again, or less of it, which makes a failing case smaller.

/// Numbers at random, or those of an earlier run.
#[derive(Debug)]
pub struct Dice {
    random: Option<u64>,
    rolled: Vec<u32>,
    at: usize,
}

impl Dice {
    /// The same rolls for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self { random: Some(seed), rolled: Vec::new(), at: 0 }
    }

    /// These rolls, and 0 behind them: the simplest choice.
    pub fn again(rolled: Vec<u32>) -> Self {
        Self { random: None, rolled, at: 0 }
    }

    /// Everything rolled up to now.
    pub fn rolled(self) -> Vec<u32> {
        let Self { mut rolled, at, .. } = self;
        rolled.truncate(at);
        rolled
    }

    /// A number below `sides`. Callers put the simplest of what they choose from at 0.
    pub fn roll(&mut self, sides: usize) -> usize {
        let sides = u32::try_from(sides).expect("few sides");
        if let Some(state) = &mut self.random {
            let high = splitmix(state) >> 33;
            self.rolled.push(u32::try_from(high % u64::from(sides)).expect("below `sides`"));
        }
        let number = self.rolled.get(self.at).map_or(0, |number| number % sides);
        self.at += 1;
        number as usize
    }

    /// True once in so many times; false is the simplest.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.roll(times) + 1 == times
    }

    /// One of these.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.roll(items.len())]
    }

    /// Another order; the simplest is the order that was.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in 1..items.len() {
            let back = self.roll(at + 1);
            items.swap(at, at - back);
        }
    }
}

/// <https://prng.di.unimi.it/splitmix64.c>
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
