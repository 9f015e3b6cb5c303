//! Layer 4: rules and objects brought together. Same input, same verdict: time is a parameter, and nothing is read.

pub mod allowed;
mod binding;
mod bound;
mod drawn;
#[cfg(test)]
mod ending_fixes_tests;
mod fixing;
pub mod fixture;
mod identity;
mod ignores;
mod job_end;
mod judge;
mod load;
mod plan;
mod remedy;
mod repair;
mod scene;
mod session;
mod verdict;

pub use bound::{BoundRule, Engine, UnboundRule};
pub use fixing::{Choice, FixOutcome, FixedFile, Left, Why, fix};
pub use identity::finding_identity;
pub use ignores::{IGNORE_ANNOTATION, Reason};
pub use judge::{Judgement, RuleError, mode_label_mistake};
pub use load::{known_checks, read_rules};
pub use plan::Plan;
pub use repair::{APPLIED_ANNOTATION, Missed, Repair, RepairError};
pub use session::{Counts, Input, Kept, Outcome, check, check_keeping};
pub use verdict::{Decided, Verdict};
