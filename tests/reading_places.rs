//! Places in any text: every span lies inside of it, and what stands there is the value.

#![allow(clippy::expect_used)] // a test fails where it stands

#[allow(dead_code)] // the comparison with kubectl uses all of it
#[path = "yaml_oracle/generate/mod.rs"]
mod generate;

use proptest::prelude::*;
use seaworthy::base::{Path, Source, Span};
use seaworthy::manifest::{Document, Kind, Limits, Spot, Style, decode, read_documents};
use serde_json::Value;
use std::path::PathBuf;

/// Every path of a value, the root first.
fn paths(value: &Value) -> Vec<Path> {
    let mut paths = vec![Path::root()];
    let mut next = 0;
    while let Some(path) = paths.get(next).cloned() {
        next += 1;
        match path.find(value) {
            Some(Value::Object(entries)) => paths.extend(entries.keys().map(|key| path.clone().key(key))),
            Some(Value::Array(items)) => paths.extend((0..items.len()).map(|index| path.clone().index(index))),
            _ => {}
        }
    }
    paths
}

fn text_at(text: &str, span: Span) -> &str {
    text.get(span.start..span.end).expect("a span inside of the text, between characters")
}

/// What must hold for all that is read, whatever the text.
fn check_places(text: &str) {
    let source = Source::new("any.yaml", text);
    let reading = read_documents(&source, &Limits::default());
    for document in &reading.documents {
        text_at(text, document.span());
        for comment in document.comments() {
            assert!(text_at(text, comment.span).starts_with('#'), "{text:?}");
        }
        for path in paths(document.value()) {
            let spot = document.spot(&path).expect("a place for all that is there");
            let spans =
                [Some(spot.value), spot.key, spot.properties, spot.alias, spot.header, document.point_at(&path)];
            for span in spans.into_iter().flatten() {
                text_at(text, span);
            }
            assert_eq!(
                document.point_at(&path.clone().key("no such key")),
                document.point_at(&path),
                "{text:?} {path}"
            );
        }
    }
    let line_count = text.split('\n').count();
    assert!(reading.problems.iter().all(|problem| problem.at.line <= line_count && problem.at.column > 0), "{text:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_read_or_refused_at_a_place(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        match decode("any.yaml", bytes) {
            Ok(source) => check_places(source.text()),
            Err(problem) => prop_assert!(problem.at.line > 0 && problem.fatal),
        }
    }

    #[test]
    fn arbitrary_marks_are_read_or_refused_at_a_place(text in "([-:?,#&*!|>'\"%@`{}\\[\\] \t\n\r\\\\a1é~<.]|\u{2028}|\u{85}|\u{feff}|<<: |- |: |---\n){0,60}") {
        check_places(&text);
    }
}

#[test]
fn generated_files_have_a_place_for_everything() {
    for number in 0..3000 {
        check_places(&generate::file(number));
    }
}

#[test]
fn what_stands_at_a_place_is_the_value() {
    let generated = (0..3000).map(generate::file);
    let shop = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    let written = files_below(&shop).into_iter().map(|file| std::fs::read_to_string(file).expect("a text"));
    let compared: usize = generated.chain(written).map(|text| compare_values(&text)).sum();
    assert!(compared > 3000, "{compared} values were compared");
}

/// How many values were read again from their own text alone, with the same result.
fn compare_values(text: &str) -> usize {
    let reading = read_documents(&Source::new("any.yaml", text), &Limits::default());
    let mut compared = 0;
    for document in &reading.documents {
        for path in paths(document.value()) {
            let spot = document.spot(&path).expect("a place");
            let Some(again) = alone(text, &spot) else { continue };
            compared += 1;
            assert_eq!(Some(&read_alone(&again)), path.find(document.value()), "at {path}: {again:?} of {text:?}");
        }
    }
    compared
}

fn files_below(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The text of a value as a document of its own, where it means the same without what is around it.
fn alone(text: &str, spot: &Spot) -> Option<String> {
    let written = text_at(text, spot.value);
    let before = &text[..spot.value.start];
    let line = before.rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
    if before.ends_with(['\u{85}', '\u{2028}']) {
        return None;
    }
    let column = text[line..spot.value.start].trim_start_matches('\u{feff}').chars().count();
    let is_json_only = written.contains("\\/") || written.contains("\\ud");
    let needs_more =
        spot.properties.is_some() || written.contains(['&', '*', '\r', '\u{85}', '\u{2028}', '\u{feff}', '\t']);
    let is_other_alone = match spot.style {
        // At the start of a text, and outside of brackets, these are marks.
        Style::Plain => written.starts_with("---") || written.starts_with("...") || written == "-",
        // Its indentation is counted from what it stands in; its last line breaks are not part of the place.
        Style::Literal | Style::Folded => {
            written.lines().next()?.contains(['+', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        }
        Style::Block => written.contains("|") || written.contains('>'),
        // A map of one entry in a list, without braces: `[a: b]`.
        Style::Flow => !written.starts_with(['{', '[']),
        Style::SingleQuoted | Style::DoubleQuoted => false,
    };
    if needs_more || is_json_only || is_other_alone {
        return None;
    }
    let indentation = if spot.kind == Kind::Scalar { 0 } else { column };
    Some(format!("{}{written}\n", " ".repeat(indentation)))
}

fn read_alone(text: &str) -> Value {
    let reading = read_documents(&Source::new("alone.yaml", text), &Limits::default());
    let fatal = reading.problems.iter().find(|problem| problem.fatal);
    assert!(fatal.is_none(), "{fatal:?} in {text:?}");
    reading.documents.first().map(Document::value).cloned().unwrap_or(Value::Null)
}
