//! From what was found to what is done about it: two types, and one table between them.

use crate::base::{Finding, Mode, Severity};

/// What came of running one rule on one object.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluation {
    /// The rule holds.
    Pass,
    /// The rule is broken at these places.
    Fail(Vec<Finding>),
    /// The rule could not be run to its end: an internal error, never a silent pass.
    Error(String),
    /// The rule does not speak about this object.
    Skip,
}

/// What is done about a finding, ordered by strictness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Nothing.
    Admit,
    /// Written to the audit annotations and the metrics.
    Audit,
    /// Shown to the user.
    Warn,
    /// The request is refused.
    Deny,
}

/// All that decides the action for one finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// How bad it is.
    pub severity: Severity,
    /// What is to be done about this rule here.
    pub mode: Mode,
    /// Whether it is unknown that the pod is in the mesh.
    pub membership_unknown: bool,
    /// Whether the webhook will repair it when the Pod starts.
    pub repaired: bool,
    /// Whether the old object of an UPDATE had it already.
    pub had_before: bool,
    /// Whether an UPDATE brings it, and it rests on what another object of the cluster says, which may be about to change too.
    pub beside_others: bool,
    /// Whether an exception names it.
    pub excepted: bool,
}

/// One row of the table; `None` stands for any value. The first row that fits decides.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Fits this severity.
    pub severity: Option<Severity>,
    /// Fits this mode.
    pub mode: Option<Mode>,
    /// Fits this knowledge of membership.
    pub membership_unknown: Option<bool>,
    /// Fits this repair.
    pub repaired: Option<bool>,
    /// Fits this ratchet.
    pub had_before: Option<bool>,
    /// Fits what it rests on.
    pub beside_others: Option<bool>,
    /// Fits this exception.
    pub excepted: Option<bool>,
    /// What is done.
    pub action: Action,
    /// Why, for the documentation.
    pub reason: &'static str,
}

/// The modes from the mildest to the strictest.
pub const MODES_BY_STRICTNESS: [Mode; 4] = [Mode::Off, Mode::Audit, Mode::Warn, Mode::Deny];

const ANY: Cell = Cell {
    severity: None,
    mode: None,
    membership_unknown: None,
    repaired: None,
    had_before: None,
    beside_others: None,
    excepted: None,
    action: Action::Admit,
    reason: "",
};

/// The table: the first row that fits decides.
pub const ACTIONS: [Cell; 10] = [
    Cell { mode: Some(Mode::Off), reason: "the rule is off here", ..ANY },
    Cell { excepted: Some(true), action: Action::Audit, reason: "an exception names it", ..ANY },
    Cell { mode: Some(Mode::Audit), action: Action::Audit, reason: "audit shows nothing to the user", ..ANY },
    Cell { severity: Some(Severity::Info), action: Action::Audit, reason: "an info is never in the way", ..ANY },
    Cell { repaired: Some(true), action: Action::Audit, reason: "it is repaired when the Pod starts", ..ANY },
    Cell {
        had_before: Some(true),
        action: Action::Warn,
        reason: "the old object had it: nobody is stopped for an old debt",
        ..ANY
    },
    Cell { membership_unknown: Some(true), action: Action::Warn, reason: "unknown membership never refuses", ..ANY },
    Cell {
        beside_others: Some(true),
        action: Action::Warn,
        reason: "a release that changes both objects sends one after the other",
        ..ANY
    },
    Cell { mode: Some(Mode::Deny), action: Action::Deny, reason: "errors and warnings are refused", ..ANY },
    Cell { mode: Some(Mode::Warn), action: Action::Warn, reason: "errors and warnings are shown", ..ANY },
];

/// What is done about a finding in these circumstances.
pub fn action_for(circumstances: &Circumstances) -> Action {
    ACTIONS.iter().find(|cell| cell.fits(circumstances)).map_or(Action::Audit, |cell| cell.action)
}

impl Cell {
    fn fits(&self, it: &Circumstances) -> bool {
        fits(self.severity, it.severity)
            && fits(self.mode, it.mode)
            && fits(self.membership_unknown, it.membership_unknown)
            && fits(self.repaired, it.repaired)
            && fits(self.had_before, it.had_before)
            && fits(self.beside_others, it.beside_others)
            && fits(self.excepted, it.excepted)
    }
}

fn fits<T: PartialEq>(wanted: Option<T>, seen: T) -> bool {
    wanted.is_none_or(|wanted| wanted == seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_circumstances() -> impl Iterator<Item = Circumstances> {
        let severities = [Severity::Info, Severity::Warning, Severity::Error];
        severities.into_iter().flat_map(|severity| {
            MODES_BY_STRICTNESS.into_iter().flat_map(move |mode| {
                (0..32u8).map(move |bits| Circumstances {
                    severity,
                    mode,
                    membership_unknown: bits & 1 != 0,
                    repaired: bits & 2 != 0,
                    had_before: bits & 4 != 0,
                    excepted: bits & 8 != 0,
                    beside_others: bits & 16 != 0,
                })
            })
        })
    }

    #[test]
    fn every_circumstance_meets_a_row() {
        for circumstances in all_circumstances() {
            assert!(ACTIONS.iter().any(|cell| cell.fits(&circumstances)), "{circumstances:?}");
        }
    }

    #[test]
    fn every_row_decides_something() {
        for (index, cell) in ACTIONS.iter().enumerate() {
            let decides = all_circumstances().any(|it| ACTIONS.iter().position(|other| other.fits(&it)) == Some(index));
            assert!(decides, "row {index} ({}) is never reached", cell.reason);
        }
    }

    #[test]
    fn only_a_proven_new_unexcepted_defect_under_deny_is_refused() {
        for it in all_circumstances() {
            let refusable = it.mode == Mode::Deny
                && it.severity != Severity::Info
                && !(it.membership_unknown || it.repaired || it.had_before || it.beside_others || it.excepted);
            assert_eq!(action_for(&it) == Action::Deny, refusable, "{it:?}");
        }
    }

    #[test]
    fn nothing_is_shown_under_off_and_audit() {
        for it in all_circumstances().filter(|it| it.mode <= Mode::Audit) {
            assert!(action_for(&it) <= Action::Audit, "{it:?}");
        }
    }
}
