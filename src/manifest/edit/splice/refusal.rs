//! Why a text is left alone: what makes an edit of it a guess.

use super::layout::Layout;
use super::template::Template;
use crate::base::Path;
use regex::Regex;
use std::sync::OnceLock;

/// A change that is not made because the text does not allow it without a guess. One line each, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The document came from no text, such as the object of an admission request.
    #[error("{} was read from no file", shown(.0))]
    NoText(Path),
    /// `{{` where it can decide about other lines of the document than its own.
    #[error("{} stands in a document with template text (`{{{{`), which only its author can edit", shown(.0))]
    Template(Path),
    /// The edits would write into a value or comment with `{{`.
    #[error("the edit of {} would touch template text (`{{{{`), which only its author can edit", shown(.0))]
    TemplateTouched(Path),
    /// A comment at the head of the file or the document says that a program wrote it.
    #[error("{} stands in a generated file (`{marker}`): what generates it has to change", shown(.path))]
    Generated {
        /// The first change.
        path: Path,
        /// The words of the comment that say so.
        marker: String,
    },
    /// The value has an anchor, and an alias stands for it somewhere.
    #[error("{} has an anchor (`&...`) that is used elsewhere: an edit would change both places", shown(.0))]
    Anchored(Path),
    /// An alias stands at this place.
    #[error("{} is written as an alias (`*...`): an edit would change what it stands for", shown(.0))]
    Aliased(Path),
    /// A merge key brings the value in.
    #[error("{} comes from a merge key (`<<`)", shown(.0))]
    Merged(Path),
    /// The key stands more than once in its map.
    #[error("{} stands twice in its map", shown(.0))]
    Repeated(Path),
    /// A key is written behind a `?`.
    #[error("{} is next to a key that is written behind `?`", shown(.0))]
    ComplexKey(Path),
    /// A tag decides what the value means.
    #[error("{} has a tag (`!...`) that decides what its text means", shown(.0))]
    Tagged(Path),
    /// The edit would take a comment away.
    #[error("{} has a comment inside that the edit would take away", shown(.0))]
    Comment(Path),
    /// Tabs, or something that does not stand where it usually does.
    #[error("{} is laid out in a way that is not edited", shown(.0))]
    Layout(Path),
}

fn shown(path: &Path) -> String {
    if path.segments().is_empty() { "the document".to_owned() } else { path.to_string() }
}

/// What forbids edits anywhere in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Untouchable {
    /// `{{` where it can decide about other lines than its own.
    Templated,
    /// A program wrote it, as these words of a comment at its head say.
    Generated(String),
}

impl Untouchable {
    pub(super) fn of(layout: &Layout<'_>, template: &Template) -> Option<Self> {
        if *template == Template::Around {
            return Some(Self::Templated);
        }
        layout.head().find_map(generated_marker).map(Self::Generated)
    }

    /// Why a change is refused then.
    pub(super) fn refusal(&self, change: &Path) -> Refusal {
        match self {
            Self::Templated => Refusal::Template(change.clone()),
            Self::Generated(marker) => Refusal::Generated { path: change.clone(), marker: marker.clone() },
        }
    }
}

/// The words of a comment by which a program says that it wrote the file.
fn generated_marker(comment: &str) -> Option<String> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let words = "(?i-u:do not edit|@generated|code generated|auto-?generated)";
    let found = PATTERN.get_or_init(|| Regex::new(words).ok()).as_ref()?.find(comment)?;
    Some(found.as_str().to_owned())
}
