//! One place where a rule is broken.

use crate::base::{Mode, Path, Place, Remedy, Severity};
use std::fmt;
use std::sync::Arc;

/// A finding: rule, object, path in the object, place in the file, message.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The id of the rule.
    pub rule: Arc<str>,
    /// How bad, after the configuration and the cap for unknown membership.
    pub severity: Severity,
    /// Which case of the check it is, where the check names cases.
    pub case: Option<&'static str>,
    /// What is done about it here.
    pub mode: Mode,
    /// What is wrong: one line, plain text, at most 200 characters, names a field path and the wanted value.
    pub message: String,
    /// What to write instead; shown as `help:`.
    pub help: Option<String>,
    /// What happens, drawn in plain text: lines of at most 72 columns, to be shown under each other; empty for most.
    pub drawing: Vec<String>,
    /// The object.
    pub object: ObjectRef,
    /// The field to set, present or not, relative to the object.
    pub path: Path,
    /// Where it is pointed to; none for objects that came from no file.
    pub place: Option<Place>,
    /// The template that a `# Source:` comment names.
    pub template: Option<Arc<str>>,
    /// Other places that are part of the story.
    pub related: Vec<Related>,
    /// Whether it rests on what another object says, so that it may go when that one changes.
    pub beside_others: bool,
    /// What removes it, or why nothing here can.
    pub remedy: Remedy,
    /// Where the rule is explained.
    pub docs: String,
    /// Why it is not shown, if it is not.
    pub suppressed: Option<Suppression>,
}

/// Another place that belongs to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// Where it is; none for objects that came from no file.
    pub place: Option<Place>,
    /// The field, relative to its own object.
    pub path: Path,
}

/// Why a finding is not shown and not acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suppression {
    /// An exception of the platform's configuration, with its owner and reason.
    Exception(String),
    /// An ignore comment in the file, with its reason.
    Comment(String),
    /// An annotation on the object, with its reason.
    Annotation(String),
}

/// The name of an object, as people write it: `Deployment shop/web`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// `v1`, `apps/v1`, ...
    pub api_version: String,
    /// `Service`, `Deployment`, ...
    pub kind: String,
    /// None where the manifest has none.
    pub namespace: Option<String>,
    /// The name, or the generateName with its trailing dash.
    pub name: String,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}
