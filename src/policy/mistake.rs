//! One mistake in a file that people write: which field, and the words for it.

use crate::base::{Path, Problem, Source, Span};
use crate::manifest::Document;

/// Something wrong with one field of a file, before its place in the text is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The field; of a missing key, where it should be.
    pub(crate) path: Path,
    /// What is wrong with it.
    pub(crate) part: Part,
    /// What was seen, what is wanted, what to do: one line.
    pub(crate) message: String,
}

/// The part of a field that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its key should not be there.
    Key,
    /// Its value.
    Value,
    /// It is not there at all.
    Absent,
}

impl Mistake {
    /// A mistake in the value of a field.
    pub(crate) fn of_value(path: Path, message: impl Into<String>) -> Self {
        Self { path, part: Part::Value, message: message.into() }
    }

    /// A mistake in the key of a field.
    pub(crate) fn of_key(path: Path, message: impl Into<String>) -> Self {
        Self { path, part: Part::Key, message: message.into() }
    }

    /// A field that is missing.
    pub(crate) fn of_absent(path: Path, message: impl Into<String>) -> Self {
        Self { path, part: Part::Absent, message: message.into() }
    }

    /// The mistake at its place in the text of the document.
    pub(crate) fn placed(self, source: &Source, document: &Document) -> Problem {
        let key = match self.part {
            Part::Key => document.spot(&self.path).and_then(|spot| spot.key),
            Part::Value | Part::Absent => None,
        };
        let span = key.or_else(|| document.point_at(&self.path));
        Problem::fatal(source, span.unwrap_or_else(Span::default), self.message)
    }
}
