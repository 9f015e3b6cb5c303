//! What an edited file must mean.

use crate::case::read;
use seaworthy::base::Edit;
use seaworthy::manifest::Reading;
use seaworthy::manifest::edit::{applied, changes, splice};
use serde_json::Value;

/// Every document is what the edits make of its JSON.
pub fn is_as_applied(after: &Reading, wanted: &[Value]) -> Result<(), String> {
    let values: Vec<&Value> = after.documents.iter().map(|document| document.value()).collect();
    if values.len() != wanted.len() {
        return Err(format!("{} documents, wanted {}", values.len(), wanted.len()));
    }
    match values.iter().zip(wanted).find(|(value, wanted)| **value != *wanted) {
        Some((value, wanted)) => Err(format!("reads as {value}\nwanted   {wanted}")),
        None => Ok(()),
    }
}

/// All comments are there, in their order, and still comments.
pub fn has_the_comments(before: &Reading, old: &str, after: &Reading, new: &str) -> Result<(), String> {
    let of = |reading: &Reading| -> Vec<String> {
        let comments = reading.documents.iter().flat_map(|document| document.comments());
        comments.map(|comment| comment.text.to_string()).collect()
    };
    let (old_marks, new_marks) = (marks(old, '@'), marks(new, '@'));
    if old_marks != new_marks {
        return Err(format!("comments were {old_marks:?}, are {new_marks:?}"));
    }
    let (old, new) = (of(before), of(after));
    if old != new { Err(format!("comments were {old:?}, are {new:?}")) } else { Ok(()) }
}

/// The numbers of the comments that the generator wrote.
fn marks(text: &str, mark: char) -> Vec<&str> {
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split(mark).filter(is_number).collect()
}

/// The same edits on the result are nothing, where they can be done again at all.
pub fn changes_nothing_again(after: &Reading, edits: &[Vec<Edit>]) -> Result<(), String> {
    let is_repeatable = |edit: &Edit| matches!(edit, Edit::Set { .. } | Edit::SetWithin { .. });
    for (document, edits) in after.documents.iter().zip(edits) {
        if !edits.iter().all(is_repeatable) {
            continue;
        }
        let Ok(again) = applied(edits, document.value()) else { continue };
        let changes = changes(document.value(), &again);
        let texts = splice(document, &changes).map_err(|refusal| refusal.to_string())?;
        if !changes.is_empty() || !texts.is_empty() {
            return Err(format!("the same edits again change {changes:?} by {texts:?}"));
        }
    }
    Ok(())
}

/// Texts that are edited inside mean what was wanted, and keep their comments.
pub fn within(edits: &[Edit], document: &Value) -> Result<(), String> {
    let mut current = document.clone();
    for edit in edits {
        let before = current;
        current = applied(std::slice::from_ref(edit), &before).map_err(|error| error.to_string())?;
        let Edit::SetWithin { text, path, value } = edit else { continue };
        let inside = |document: &Value| text.find(document).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (old, new) = (inside(&before), inside(&current));
        let shown = |what: String| format!("inside of a text: {what}\n--- before:\n{old}\n--- after:\n{new}");
        let inner = |text: &str| -> Result<Value, String> {
            Ok(read(&as_yaml(text))?.documents.first().map_or(Value::Null, |document| document.value().clone()))
        };
        let wanted = applied(&[Edit::Set { path: path.clone(), value: value.clone() }], &inner(&old).map_err(shown)?);
        let found = inner(&new).map_err(shown)?;
        if wanted.as_ref() != Ok(&found) {
            return Err(shown(format!("reads as {found}, wanted {wanted:?}")));
        }
        if marks(&old, '%') != marks(&new, '%') {
            return Err(shown("the comments differ".to_owned()));
        }
    }
    Ok(())
}

/// A text that kubectl does not take for JSON: Istio reads annotations as YAML, whatever they begin with.
pub fn as_yaml(text: &str) -> String {
    format!("#\n{text}")
}
