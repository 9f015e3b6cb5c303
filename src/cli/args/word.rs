//! The words that flags take: each list in the order in which `--help` shows it.

use crate::mesh::AssumedMembership;
use clap::ValueEnum;

/// The form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputForm {
    /// For people: the source line with a caret under the value.
    Full,
    /// One line each: `file:line:column: severity[rule] message`.
    Concise,
    /// One JSON document, version 1.
    Json,
}

/// The least severity that fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// Any finding.
    Info,
    /// None: findings never make the exit code 1.
    Never,
}

/// Whether to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// As the environment and the terminal say.
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// Where pods of unknown membership are taken to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MembershipWord {
    /// They get a sidecar.
    Sidecar,
    /// They are in an ambient mesh.
    Ambient,
    /// They are not in the mesh.
    Outside,
}

impl From<MembershipWord> for AssumedMembership {
    fn from(word: MembershipWord) -> Self {
        match word {
            MembershipWord::Sidecar => Self::Sidecar,
            MembershipWord::Ambient => Self::Ambient,
            MembershipWord::Outside => Self::Outside,
        }
    }
}
