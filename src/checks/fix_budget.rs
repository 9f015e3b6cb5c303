//! How many fixes of one rule are worked out for one pod.
//!
//! A fix may have to look at the whole pod. Whoever makes one up with thousands of containers, each with a finding, must
//! not keep anybody waiting for it: findings beyond the budget come without, and get theirs when the others are done.

use crate::base::Fix;
use std::cell::Cell;

/// What is left of the budget of one run of a check.
#[derive(Debug)]
pub struct FixBudget {
    left: Cell<usize>,
    tries: Cell<usize>,
}

/// As many as the engine prints into the text of one object.
const MOST_FIXES: usize = 100;
/// To find that there is no fix takes as long. With so many in one pod whoever wrote it has other cares than each single reason.
const MOST_TRIES: usize = 2 * MOST_FIXES;

impl Default for FixBudget {
    fn default() -> Self {
        Self { left: Cell::new(MOST_FIXES), tries: Cell::new(MOST_TRIES) }
    }
}

impl FixBudget {
    /// The fix, as long as there is something left for it.
    ///
    /// # Errors
    /// Why there is none, or that there are too many: one line for people.
    pub fn spend(&self, fix: impl FnOnce() -> Result<Fix, String>) -> Result<Fix, String> {
        let (left, tries) = (self.left.get().checked_sub(1), self.tries.get().checked_sub(1));
        let (Some(left), Some(tries)) = (left, tries) else { return Err(TOO_MANY.to_owned()) };
        self.tries.set(tries);
        let fix = fix();
        if fix.is_ok() {
            self.left.set(left);
        }
        fix
    }
}

/// Why a finding beyond the budget has no fix yet.
pub const TOO_MANY: &str = "the object has too many findings to fix them all at once: fix the others first";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_and_tries_come_to_an_end() {
        let spent = |is_fixable: fn(usize) -> bool| {
            let budget = FixBudget::default();
            let fix =
                |number: usize| if is_fixable(number) { Ok(Fix::safe("a", Vec::new())) } else { Err(String::new()) };
            let all: Vec<_> = (0..1000).map(|number| budget.spend(|| fix(number))).collect();
            let asked = all.iter().filter(|it| !matches!(it, Err(reason) if reason == TOO_MANY)).count();
            (all.iter().filter(|it| it.is_ok()).count(), asked)
        };
        assert_eq!(spent(|_| true), (100, 100));
        assert_eq!(spent(|_| false), (0, 200));
        assert_eq!(spent(|number| number % 4 == 3), (50, 200));
    }
}
