//! What a check says of an object: what is wrong at which field, and what puts it right.

use crate::base::{Fix, Path, Place, Remedy};

/// One thing that a check saw wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Which case of the check it is, where the check names cases.
    pub case: Option<&'static str>,
    /// The field to set, present or not, relative to the object.
    pub path: Path,
    /// What to point at, where that is not `path` itself (see `Document::point_at` for what a path points to).
    pub at: Option<Path>,
    /// What is wrong and what is wanted: `<seen>: want <value> at <path>`, one line of at most 200 characters. `tests/messages`
    /// holds every message to it.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// What happens, drawn in plain text: lines of at most 72 columns; empty for most.
    pub drawing: Vec<String>,
    /// What removes it, or why nothing here can.
    pub remedy: Remedy,
    /// Other places of the story.
    pub related: Vec<RelatedPlace>,
    /// Whether it rests on what another object says, so that it may go when that one changes, and this one stays.
    pub beside_others: bool,
}

/// Another place that belongs to an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct RelatedPlace {
    /// What is there.
    pub message: String,
    /// The field, relative to its own object.
    pub path: Path,
    /// Where it is in its file, if it came from one.
    pub place: Option<Place>,
}

impl Observation {
    /// An observation that points at the field to set.
    pub fn new(path: Path, message: impl Into<String>) -> Self {
        let remedy = Remedy::Unfixed(NOT_PROVEN.to_owned());
        Self {
            case: None,
            path,
            at: None,
            message: message.into(),
            help: None,
            drawing: Vec::new(),
            remedy,
            related: Vec::new(),
            beside_others: false,
        }
    }

    /// The same, pointing elsewhere.
    #[must_use]
    pub fn at(mut self, at: Path) -> Self {
        self.at = Some(at);
        self
    }

    /// The same, as a named case.
    #[must_use]
    pub fn case(mut self, case: &'static str) -> Self {
        self.case = Some(case);
        self
    }

    /// The same, with what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with what happens drawn in plain text.
    #[must_use]
    pub fn drawn(mut self, drawing: Vec<String>) -> Self {
        self.drawing = drawing;
        self
    }

    /// The same, with the edits that remove it.
    #[must_use]
    pub fn fixed_by(mut self, fix: Fix) -> Self {
        self.remedy = Remedy::Fix(fix);
        self
    }

    /// The same, with the reason why nothing here can remove it: one line, no full stop.
    #[must_use]
    pub fn unfixed(mut self, reason: impl Into<String>) -> Self {
        self.remedy = Remedy::Unfixed(reason.into());
        self
    }

    /// The same, with the edits that remove it, or the reason why there are none.
    #[must_use]
    pub fn remedied_by(self, fix: Result<Fix, String>) -> Self {
        match fix {
            Ok(fix) => self.fixed_by(fix),
            Err(reason) => self.unfixed(reason),
        }
    }

    /// The same, resting on what another object says.
    #[must_use]
    pub fn beside_others(mut self) -> Self {
        self.beside_others = true;
        self
    }

    /// The same, with another place.
    #[must_use]
    pub fn related(mut self, related: RelatedPlace) -> Self {
        self.related.push(related);
        self
    }
}

/// Why there is no fix where a check says nothing else.
pub(super) const NOT_PROVEN: &str = "what is right here only its owner knows";
