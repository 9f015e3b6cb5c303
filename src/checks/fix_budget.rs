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
}

/// As many as the engine prints into the text of one object.
const MOST_FIXES: usize = 100;

impl Default for FixBudget {
    fn default() -> Self {
        Self { left: Cell::new(MOST_FIXES) }
    }
}

impl FixBudget {
    /// The fix, as long as there is something left for it.
    ///
    /// # Errors
    /// Why there is none, or that there are too many: one line for people.
    pub fn spend(&self, fix: impl FnOnce() -> Result<Fix, String>) -> Result<Fix, String> {
        let Some(left) = self.left.get().checked_sub(1) else { return Err(TOO_MANY.to_owned()) };
        let fix = fix();
        if fix.is_ok() {
            self.left.set(left);
        }
        fix
    }
}

/// Why a finding beyond the budget has no fix yet.
pub const TOO_MANY: &str = "the object has too many findings to fix them all at once: fix the others first";
