//! Something that could not be read, at its place. A problem is a value: it never hides the rest of the input.

use crate::base::{Place, Position, Source, Span};
use std::fmt;
use std::sync::Arc;

/// What is wrong with an input (a manifest, a rule file, the configuration), and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The name of the source.
    pub file: Arc<str>,
    /// Where, line and column from 1.
    pub at: Position,
    /// What was seen, what is wanted, what to do. Plain text, one line.
    pub message: String,
    /// Whether the input could still be used (a duplicate key), or was left out (broken YAML).
    pub fatal: bool,
}

impl Problem {
    /// A problem that made the input, or this document of it, unusable.
    pub fn fatal(source: &Source, span: Span, message: impl Into<String>) -> Self {
        let Place { file, start, .. } = source.place(span);
        Self { file, at: start, message: message.into(), fatal: true }
    }

    /// A problem beside which the input is still used.
    pub fn notice(source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self { fatal: false, ..Self::fatal(source, span, message) }
    }

    /// A notice at a place that is known already.
    pub fn notice_at(place: &Place, message: impl Into<String>) -> Self {
        Self { file: place.file.clone(), at: place.start, message: message.into(), fatal: false }
    }

    /// A problem of a whole file, such as one that cannot be opened.
    pub fn of_file(file: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        Self { file: file.into(), at: Position { line: 1, column: 1 }, message: message.into(), fatal: true }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.at.line, self.at.column, self.message)
    }
}
