//! The same cases, read by the libraries that kubectl is built from: the two texts differ by exactly the edits.

use crate::case::{Case, Edited};
use crate::meaning::as_yaml;
use crate::oracle::Oracle;
use crate::run::dice;
use crate::{cases, edited};
use seaworthy::base::{Edit, Path};
use seaworthy::manifest::edit::applied;
use serde_json::Value;

/// How many cases are read by kubectl's libraries, too.
const CASES: u64 = 2500;

#[test]
fn kubectl_reads_exactly_the_edits_between_the_two_texts() {
    let Some(mut oracle) = Oracle::start() else { return };
    let (mut done, mut count) = (0, 0);
    for number in cases(CASES) {
        count += 1;
        // A case that fails by itself is told by the other test.
        let Ok((case, edited)) = edited(&mut dice(number)) else { continue };
        done += u64::from(edited.refusals.is_empty());
        if let Err(what) = agrees(&mut oracle, &case, &edited) {
            let (before, after) = (&case.written.text, &edited.text);
            panic!("case {number:#x}: {what}\n--- edits: {:?}\n--- before:\n{before}\n--- after:\n{after}", case.edits);
        }
    }
    assert!(done * 2 > count, "{done} of {count} cases are edited: wanted most");
}

fn agrees(oracle: &mut Oracle, case: &Case, edited: &Edited) -> Result<(), String> {
    let before = read(oracle, &case.written.text)?;
    let after = read(oracle, &edited.text)?;
    if before != case.written.documents {
        return Err(format!("kubectl reads {before:?}, written is {:?}", case.written.documents));
    }
    if after != edited.documents {
        return Err(format!("kubectl reads {after:?}, wanted is {:?}", edited.documents));
    }
    if !edited.refusals.is_empty() {
        return Ok(());
    }
    for ((before, after), edits) in before.iter().zip(&after).zip(&case.edits) {
        let wanted = applied(edits, before).map_err(|error| error.to_string())?;
        if wanted != *after {
            return Err(format!("kubectl reads {after}, the edits make {wanted}"));
        }
        agrees_within(oracle, before, edits)?;
    }
    Ok(())
}

/// Texts that are edited inside are YAML themselves.
fn agrees_within(oracle: &mut Oracle, before: &Value, edits: &[Edit]) -> Result<(), String> {
    let mut current = before.clone();
    for edit in edits {
        let after = applied(std::slice::from_ref(edit), &current).map_err(|error| error.to_string())?;
        if let Edit::SetWithin { text, path, value } = edit {
            let (old, new) = (inside(oracle, text, &current)?, inside(oracle, text, &after)?);
            let wanted = applied(&[Edit::Set { path: path.clone(), value: value.clone() }], &old);
            if wanted.as_ref().ok() != Some(&new) {
                return Err(format!("inside of {text} kubectl reads {new}, wanted is {wanted:?}"));
            }
        }
        current = after;
    }
    Ok(())
}

fn inside(oracle: &mut Oracle, text: &Path, document: &Value) -> Result<Value, String> {
    let text = text.find(document).and_then(Value::as_str).unwrap_or_default();
    Ok(read(oracle, &as_yaml(text))?.pop().unwrap_or(Value::Null))
}

fn read(oracle: &mut Oracle, text: &str) -> Result<Vec<Value>, String> {
    let answer = oracle.ask(text);
    answer.error.map_or(Ok(answer.documents), |error| Err(format!("kubectl refuses {text:?}: {error}")))
}
