//! How bad a finding is, and what is done about it here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How bad a finding is. What is done about it is its [`Mode`], decided elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never refused.
    Info,
    /// Requests fail under conditions that are common.
    Warning,
    /// It breaks, or does not do what it says.
    Error,
}

/// What is done about the findings of a rule in a namespace. Ordered by strictness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The rule is not run.
    Off,
    /// Findings go to the audit log and the metrics only.
    Audit,
    /// Findings are shown to the user; nothing is refused.
    Warn,
    /// Errors and warnings are refused; infos are audited.
    Deny,
}

impl Severity {
    /// The word, as in output and files.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl Mode {
    /// The word, as in output, files and the namespace label.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Off => "off",
            Mode::Audit => "audit",
            Mode::Warn => "warn",
            Mode::Deny => "deny",
        }
    }

    /// The mode of a word, exactly as written in [`Mode::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        [Mode::Off, Mode::Audit, Mode::Warn, Mode::Deny].into_iter().find(|mode| mode.word() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
