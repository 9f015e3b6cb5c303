//! The printer for files: changes as splices into the text, which touch only the bytes at fault.

use super::change::{Change, Difference};
use crate::base::{Path, TextEdit};
use crate::manifest::{Document, Kind, Style};
use serde_json::Value;

/// A change that is not made because the text does not allow it without a guess.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The place is written in a way that is not edited.
    #[error("{0} is written in a way that is not edited")]
    Unwritable(Path),
}

/// The splices that make these changes, in the order of the text.
///
/// # Errors
/// The first change that the text does not allow.
pub fn splice(document: &Document, changes: &[Change]) -> Result<Vec<TextEdit>, Refusal> {
    let mut texts: Vec<TextEdit> = changes.iter().map(|change| replaced(document, change)).collect::<Result<_, _>>()?;
    texts.sort();
    Ok(texts)
}

fn replaced(document: &Document, change: &Change) -> Result<TextEdit, Refusal> {
    let unwritable = || Refusal::Unwritable(change.path.clone());
    let Difference::Replaced(Value::Number(number)) = &change.difference else { return Err(unwritable()) };
    let spot = document.spot(&change.path).ok_or_else(unwritable)?;
    let source = document.source().ok_or_else(unwritable)?;
    if spot.kind != Kind::Scalar || spot.style != Style::Plain || spot.via_alias || spot.value.start == spot.value.end {
        return Err(unwritable());
    }
    Ok(TextEdit { file: source.name().clone(), span: spot.value, text: number.to_string() })
}

/// A text after splices that do not overlap, in the order of the text.
pub fn spliced(text: &str, texts: &[TextEdit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in texts {
        out.push_str(text.get(at..edit.span.start).unwrap_or(""));
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

/// A value as YAML in block style, without a line end behind it.
pub(super) fn block_text(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let lines = map.iter().map(|(key, value)| format!("{key}: {value}"));
            lines.collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}
