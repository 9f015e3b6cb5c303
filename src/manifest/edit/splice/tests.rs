//! The tables of `tests/data/splices`: a text, edits, and the text or refusal that is wanted.

use super::{splice, spliced};
use crate::base::{Edit, Path, Source};
use crate::manifest::edit::{applied, changes};
use crate::manifest::{Document, Limits, read_documents};
use serde_json::Value;

/// One row of a table.
struct Row {
    title: String,
    edits: Vec<Edit>,
    before: String,
    after: Result<String, String>,
}

const TABLES: [(&str, &str); 6] = [
    ("adding", include_str!("../../../../tests/data/splices/adding.txt")),
    ("lists", include_str!("../../../../tests/data/splices/lists.txt")),
    ("flow", include_str!("../../../../tests/data/splices/flow.txt")),
    ("scalars", include_str!("../../../../tests/data/splices/scalars.txt")),
    ("removing", include_str!("../../../../tests/data/splices/removing.txt")),
    ("refusals", include_str!("../../../../tests/data/splices/refusals.txt")),
];

/// Rows are set apart by lines of `===`; `<<<` begins the text before, `>>>` the one after, `!!!` is the refusal.
fn rows(table: &str) -> Vec<Row> {
    let rows = table.split("\n=== ").skip(1);
    rows.map(|row| {
        let (head, texts) = row.split_once("\n<<<\n").expect("<<<");
        let (title, edits) = head.split_once('\n').expect("a title and edits");
        let (before, after) = match texts.split_once(">>>\n") {
            Some((before, after)) => (before, Ok(format!("{}\n", after.strip_suffix('\n').unwrap_or(after)))),
            None => {
                let (before, refusal) = texts.split_once("!!! ").expect(">>> or !!!");
                (before, Err(refusal.trim_end().to_owned()))
            }
        };
        Row { title: title.to_owned(), edits: edits.lines().map(edit).collect(), before: before.to_owned(), after }
    })
    .collect()
}

/// `set /spec/a 1`, `insert /spec/list/0 1`, `remove /spec/a`.
fn edit(line: &str) -> Edit {
    let mut words = line.splitn(3, ' ');
    let (verb, pointer) = (words.next().expect("a verb"), words.next().expect("a pointer"));
    let value = words.next().map_or(Value::Null, |json| serde_json::from_str(json).expect(json));
    let path = path(pointer);
    match verb {
        "set" => Edit::Set { path, value },
        "remove" => Edit::Remove { path },
        "insert" => {
            let (list, index) = pointer.rsplit_once('/').expect("an index");
            Edit::Insert { list: self::path(list), index: index.parse().expect("an index"), value }
        }
        other => panic!("{other}"),
    }
}

fn path(pointer: &str) -> Path {
    let step = |path: Path, word: &str| match word.parse() {
        Ok(index) => path.index(index),
        Err(_) => path.key(&word.replace("~1", "/")),
    };
    pointer.split('/').skip(1).filter(|word| !word.is_empty()).fold(Path::root(), step)
}

fn read(text: &str, index: usize) -> Document {
    let reading = read_documents(&Source::new("f", text), &Limits::default());
    assert!(reading.problems.iter().all(|problem| !problem.fatal), "{:?} in\n{text}", reading.problems);
    reading.documents.get(index).unwrap_or_else(|| panic!("no document in\n{text}")).clone()
}

/// The text after the edits, proven: it is read as what the edits make of the JSON.
fn edited(text: &str, edits: &[Edit], index: usize) -> Result<String, String> {
    let document = read(text, index);
    let wanted = applied(edits, document.value()).map_err(|error| error.to_string())?;
    let texts = splice(&document, &changes(document.value(), &wanted)).map_err(|refusal| refusal.to_string())?;
    let after = spliced(text, &texts);
    let reading = read_documents(&Source::new("f", after.as_str()), &Limits::default());
    match reading.documents.get(index) {
        Some(again) if *again.value() == wanted => Ok(after),
        again => Err(format!("is read as {:?}:\n{after}", again.map(Document::value))),
    }
}

fn check(variant: &str, index: usize, change: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for (table, text) in TABLES {
        for row in rows(text) {
            let wanted = row.after.as_ref().map(|after| change(after)).map_err(Clone::clone);
            let found = edited(&change(&row.before), &row.edits, index);
            if found != wanted {
                let show = |result: &Result<String, String>| match result {
                    Ok(text) => text.replace('\r', "\\r"),
                    Err(refusal) => format!("!!! {refusal}\n"),
                };
                wrong.push(format!("{table}: {}\n--wanted\n{}--found\n{}", row.title, show(&wanted), show(&found)));
            }
        }
    }
    assert!(wrong.is_empty(), "{variant}:\n{}", wrong.join("\n"));
}

#[test]
fn edits_touch_only_the_bytes_at_fault() {
    check("as they stand", 0, str::to_owned);
}

#[test]
fn line_ends_stay_those_of_the_file() {
    check("CRLF", 0, |text| text.replace('\n', "\r\n"));
}

#[test]
fn a_missing_end_of_the_last_line_stays_missing() {
    check("no final line end", 0, |text| text.strip_suffix('\n').unwrap_or(text).to_owned());
}

#[test]
fn a_byte_order_mark_stays() {
    check("byte order mark", 0, |text| format!("\u{feff}{text}"));
}

#[test]
fn other_documents_of_the_file_stay() {
    check("between others", 1, |text| format!("x: 1\n--- # two\n{text}---\ny: 1\n"));
}
