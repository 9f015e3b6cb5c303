//! A field inside of a text that is itself YAML or JSON, such as the annotation `proxy.istio.io/config`.

use super::splice::{splice, spliced};
use super::{applied, changes};
use crate::base::{Edit, Path, Source};
use crate::manifest::{Limits, read_documents};
use serde_json::Value;

/// The text with one field set to a value; everything else in it stays as it is written.
///
/// An empty text becomes one line of YAML.
///
/// # Errors
/// The text is no YAML, or is written in a way that cannot be edited: one line for people.
pub fn with_field(text: &str, path: &Path, value: &Value) -> Result<String, String> {
    let source = Source::new("", text);
    let mut reading = read_documents(&source, &Limits::default());
    if let Some(problem) = reading.problems.iter().find(|problem| problem.fatal) {
        return Err(problem.message.clone());
    }
    if reading.templated {
        return Err("it is a template".to_owned());
    }
    let edit = Edit::Set { path: path.clone(), value: value.clone() };
    let refused = |reason: &dyn std::fmt::Display| reason.to_string();
    match (reading.documents.pop(), reading.documents.is_empty()) {
        (Some(document), true) => {
            let after = applied(&[edit], document.value()).map_err(|error| refused(&error))?;
            let texts = splice(&document, &changes(document.value(), &after)).map_err(|error| refused(&error))?;
            Ok(spliced(text, &texts))
        }
        (Some(_), false) => Err("it holds several documents".to_owned()),
        (None, _) => {
            let after = applied(&[edit], &Value::Null).map_err(|error| refused(&error))?;
            Ok(fresh(text, &after))
        }
    }
}

/// A text for a value where nothing is written yet, behind the comments that may stand there.
fn fresh(text: &str, value: &Value) -> String {
    let kept = if text.trim().is_empty() { "" } else { text.trim_end() };
    let break_before = if kept.is_empty() { "" } else { "\n" };
    format!("{kept}{break_before}{}\n", super::splice::block_text(value))
}
