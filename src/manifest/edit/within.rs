//! A field inside of a text that is itself YAML or JSON, such as the annotation `proxy.istio.io/config`.
//!
//! Such a text is read as sigs.k8s.io/yaml reads it: one document of YAML, and nothing behind it. So does Istio:
//! <https://github.com/istio/istio/blob/master/pkg/config/mesh/mesh.go>

use super::splice::{block_text, splice, spliced};
use super::{applied, changes};
use crate::base::{Edit, Path, Source, Span};
use crate::manifest::{Document, Limits, yaml};
use serde_json::Value;

/// The text with one field set to a value; everything else in it stays as it is written.
///
/// A text that holds nothing but comments, or null, gets the field as YAML; an empty one becomes nothing but that. The
/// result is read again: it is what the edit makes of the value.
///
/// # Errors
/// The text is no YAML, or is written in a way that cannot be edited: one line for people.
pub fn with_field(text: &str, path: &Path, value: &Value) -> Result<String, String> {
    let edited = edited(text, Edit::Set { path: path.clone(), value: value.clone() })?;
    edited.ok_or_else(|| format!("with {path} set it would not be read as it should"))
}

/// The text without one field; everything else in it stays as it is written.
///
/// # Errors
/// The same as of [`with_field`].
pub fn without_field(text: &str, path: &Path) -> Result<String, String> {
    let edited = edited(text, Edit::Remove { path: path.clone() })?;
    edited.ok_or_else(|| format!("without {path} it would not be read as it should"))
}

/// None where the result is not what the edit makes of the value.
fn edited(text: &str, edit: Edit) -> Result<Option<String>, String> {
    let document = read(text)?;
    if !matches!(document.value(), Value::Object(_) | Value::Null) {
        return Err("it is no map of keys and values".to_owned());
    }
    let wanted = applied(&[edit], document.value()).map_err(|error| error.to_string())?;
    let edited = if document.value().is_null() {
        fresh(text, &document, &wanted)
    } else {
        let texts = splice(&document, &changes(document.value(), &wanted)).map_err(|refusal| refusal.to_string())?;
        spliced(text, &texts)
    };
    Ok(Some(edited).filter(|edited| read(edited).is_ok_and(|again| *again.value() == wanted)))
}

fn read(text: &str) -> Result<Document, String> {
    let limits = Limits::default();
    if text.len() > limits.max_document_bytes {
        return Err(format!("it is larger than {} bytes", limits.max_document_bytes));
    }
    let outcome = yaml::read(text, &limits);
    let composed = outcome.read.map_err(|fault| fault.reason.to_string())?;
    let piece = Span { start: 0, end: text.len() };
    Ok(Document::new(&Source::new("", text), 0, piece, composed, &outcome.comments))
}

/// The text with a value where nothing is written yet, or null: behind the comments that stand there.
fn fresh(text: &str, document: &Document, value: &Value) -> String {
    let null = document.spot(&Path::root()).map_or(Span { start: text.len(), end: text.len() }, |spot| Span {
        start: spot.properties.map_or(spot.value.start, |properties| properties.start),
        end: spot.value.end,
    });
    let kept = [text.get(..null.start).unwrap_or("").trim_end(), text.get(null.end..).unwrap_or("").trim()];
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let written = block_text(value).replace('\n', line_break);
    let parts = kept.into_iter().filter(|part| !part.is_empty()).chain([written.as_str()]);
    parts.map(|part| format!("{part}{line_break}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DRAIN: &str = "terminationDrainDuration";

    fn drain(text: &str) -> Result<String, String> {
        with_field(text, &Path::keys(DRAIN), &json!("40s"))
    }

    #[test]
    fn a_text_stays_as_it_is_written() {
        for (text, wanted) in [
            ("", "terminationDrainDuration: 40s\n"),
            (" \n\n", "terminationDrainDuration: 40s\n"),
            ("null", "terminationDrainDuration: 40s\n"),
            ("~ # none\n", "# none\nterminationDrainDuration: 40s\n"),
            ("# one\n\n# two", "# one\n\n# two\nterminationDrainDuration: 40s\n"),
            ("---\n", "---\nterminationDrainDuration: 40s\n"),
            ("# one\r\nnull\r\n", "# one\r\nterminationDrainDuration: 40s\r\n"),
            ("{}", r#"{"terminationDrainDuration": "40s"}"#),
            ("{ } # none\n", "{\"terminationDrainDuration\": \"40s\"} # none\n"),
            (r#"{"a":1}"#, r#"{"a":1,"terminationDrainDuration":"40s"}"#),
            (r#"{ "a": true }"#, r#"{ "a": true, "terminationDrainDuration": "40s" }"#),
            ("{a: 1}", "{a: 1, terminationDrainDuration: 40s}"),
            ("{\n  \"a\": 1\n}\n", "{\n  \"a\": 1,\n  \"terminationDrainDuration\": \"40s\"\n}\n"),
            ("a:\n  b: 1", "a:\n  b: 1\nterminationDrainDuration: 40s"),
            ("a: 1 # one\n", "a: 1 # one\nterminationDrainDuration: 40s\n"),
            ("terminationDrainDuration: '35s' # long\na: 1\n", "terminationDrainDuration: '40s' # long\na: 1\n"),
            ("{\"terminationDrainDuration\":\"35s\"} trailing", "{\"terminationDrainDuration\":\"40s\"} trailing"),
            ("a: 1\n---\nb: 1\n", "a: 1\nterminationDrainDuration: 40s\n---\nb: 1\n"),
            ("&a {a: 1}", "&a {a: 1, terminationDrainDuration: 40s}"),
        ] {
            assert_eq!(drain(text).as_deref(), Ok(wanted), "{text:?}");
        }
    }

    #[test]
    fn a_field_goes_and_the_others_stay() {
        let without = |text: &str| without_field(text, &Path::keys(DRAIN));
        for (text, wanted) in [
            ("a: 1 # one\nterminationDrainDuration: 40s\nb: 2\n", "a: 1 # one\nb: 2\n"),
            ("{\"a\": 1, \"terminationDrainDuration\": \"40s\"}", "{\"a\": 1}"),
            ("terminationDrainDuration: 40s\n", "{}\n"),
        ] {
            assert_eq!(without(text).as_deref(), Ok(wanted), "{text:?}");
        }
        assert_eq!(without("[]"), Err("it is no map of keys and values".to_owned()));
    }

    #[test]
    fn a_text_that_cannot_be_edited_says_why() {
        for (text, wanted) in [
            (
                "\tterminationDrainDuration: 35s",
                "no value can start with a tab: wanted quotes around the text, or spaces if this is indentation",
            ),
            ("foo", "it is no map of keys and values"),
            ("[]", "it is no map of keys and values"),
            (
                "terminationDrainDuration: 35s\nterminationDrainDuration: 36s",
                "terminationDrainDuration stands twice in its map",
            ),
            (
                "terminationDrainDuration: &a 35s\nb: *a",
                "terminationDrainDuration has an anchor (`&...`) that is used elsewhere: an edit would change both places",
            ),
            ("null\n...\n", "with terminationDrainDuration set it would not be read as it should"),
        ] {
            assert_eq!(drain(text), Err(wanted.to_owned()), "{text:?}");
        }
    }

    /// Recorded from Istio's injector: what it accepts can be edited where it is a map, or nothing.
    #[test]
    fn all_that_istio_accepts_can_be_edited() {
        let recorded = include_str!("../../../tests/data/istio-injection/proxy-config-annotation.json");
        let recorded: Vec<Value> = serde_json::from_str(recorded).unwrap();
        let mut edited = 0;
        for row in recorded.iter().filter(|row| row.get("accepted") == Some(&json!(true))) {
            let text = row.get("annotation").and_then(Value::as_str).unwrap();
            let mut wanted = row.get("parsed").unwrap().as_object().cloned().unwrap_or_default();
            wanted.insert(DRAIN.to_owned(), json!("40s"));
            let after = drain(text).unwrap_or_else(|reason| panic!("{text:?}: {reason}"));
            assert_eq!(read(&after).unwrap().value(), &Value::Object(wanted), "{text:?} became {after:?}");
            edited += 1;
        }
        assert_eq!((edited, recorded.len()), (24, 37));
    }
}
