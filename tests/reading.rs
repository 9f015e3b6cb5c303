//! Reading manifests: the recorded answers of kubectl's own library, real manifests, and places in the text.

#![allow(clippy::expect_used)] // a test fails where it stands

use seaworthy::base::{Path, Source};
use seaworthy::manifest::{Document, Limits, Reading, decode, read_documents};
use std::path::PathBuf;

fn read(text: &str) -> Reading {
    read_documents(&Source::new("in.yaml", text), &Limits::default())
}

fn problems(text: &str) -> Vec<String> {
    read(text).problems.iter().map(ToString::to_string).collect()
}

/// `IN <text>`, then `sigs <JSON> <nil>` or `sigs  <error>`.
fn recorded_cases() -> Vec<(String, Option<serde_json::Value>)> {
    let data = include_str!("data/kubernetes-yaml.txt");
    let mut lines = data.lines().filter(|line| !line.starts_with('#'));
    let mut cases = Vec::new();
    while let Some(line) = lines.next() {
        let Some(input) = line.strip_prefix("IN  ") else { continue };
        let answer = lines.next().and_then(|line| line.strip_prefix("  sigs   ").or(line.strip_prefix("  sigs  ")));
        let answer = answer.expect("an answer below each input");
        let wanted = answer.strip_suffix(" <nil>").map(|json| serde_json::from_str(json).expect(json));
        cases.push((input.replace("\\n", "\n"), wanted));
    }
    cases
}

#[test]
fn every_recorded_document_is_read_as_by_kubectl() {
    let cases = recorded_cases();
    assert!(cases.len() > 40, "{}", cases.len());
    for (input, wanted) in cases {
        let reading = read(&input);
        let fatal = reading.problems.iter().filter(|problem| problem.fatal).count();
        let values: Vec<_> = reading.documents.iter().map(|document| document.value().clone()).collect();
        assert_eq!(values, wanted.clone().into_iter().collect::<Vec<_>>(), "{input:?} {:?}", reading.problems);
        assert_eq!(fatal, usize::from(wanted.is_none()), "{input:?} {:?}", reading.problems);
    }
}

#[test]
fn every_real_manifest_is_read() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    for file in files_below(&corpus) {
        let source = decode(file.to_string_lossy(), std::fs::read(&file).expect("a readable file")).expect("UTF-8");
        let reading = read_documents(&source, &Limits::default());
        assert_eq!(reading.problems, [], "{}", file.display());
        assert!(!reading.documents.is_empty() || reading.templated, "{}", file.display());
    }
}

fn files_below(folder: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_manifest =
        |path: &PathBuf| path.extension().is_some_and(|it| ["yaml", "yml", "json"].iter().any(|e| it == *e));
    paths
        .flat_map(
            |path| if path.is_dir() { files_below(&path) } else { Vec::from_iter(Some(path).filter(is_manifest)) },
        )
        .collect()
}

/// The text that a finding at a path points to.
fn pointed_to<'t>(document: &Document, text: &'t str, path: &Path) -> &'t str {
    let span = document.point_at(path).expect("a document with a text");
    &text[span.start..span.end]
}

const PLACES: &str = "\
# Source: shop/templates/web.yaml
kind: Pod # inline
metadata: {name: web, labels: {}}
spec:
  containers:
  - name: é
    args:
    - one
    - |-  # script
      two
    empty:
  - # second
    name: \"b\"
  base: &base {image: x}
  copy:
    <<: *base
    tag: !!str 1
  same: *base
";

#[test]
fn a_finding_points_to_the_value_or_the_key_or_the_nearest_parent() {
    let reading = read(PLACES);
    let document = &reading.documents[0];
    let item = || Path::keys("spec.containers").index(0);
    let cases = [
        (Path::root(), "kind"),
        (Path::keys("kind"), "Pod"),
        (Path::keys("kind.deeper"), "Pod"),
        (Path::keys("metadata.name"), "web"),
        (Path::keys("metadata.labels"), "labels"),
        (Path::keys("metadata.annotations"), "metadata"),
        (Path::keys("spec.containers"), "containers"),
        (item(), "name"),
        (item().key("name"), "é"),
        (item().key("args").index(0), "one"),
        (item().key("args").index(1), "|-  # script"),
        (item().key("args").index(7), "args"),
        (item().key("empty"), "empty"),
        (item().key("lifecycle").key("preStop"), "name"),
        (Path::keys("spec.containers").index(1), "name"),
        (Path::keys("spec.containers").index(1).key("name"), "\"b\""),
        (Path::keys("spec.copy.image"), "x"),
        (Path::keys("spec.copy.tag"), "1"),
        (Path::keys("spec.same"), "same"),
        (Path::keys("spec.same.image"), "x"),
        (Path::keys("status.phase"), "kind"),
    ];
    for (path, wanted) in cases {
        assert_eq!(pointed_to(document, PLACES, &path), wanted, "{path}");
    }
}

#[test]
fn comments_and_the_template_are_kept() {
    let reading = read(PLACES);
    let document = &reading.documents[0];
    let comments: Vec<_> = document.comments().iter().map(|comment| comment.text.as_ref()).collect();
    assert_eq!(comments, ["Source: shop/templates/web.yaml", "inline", "script", "second"]);
    assert_eq!(document.template().map(AsRef::as_ref), Some("shop/templates/web.yaml"));
    assert_eq!(document.span().start, 0);
}

#[test]
fn a_key_that_stands_twice_is_told_once_with_both_lines() {
    let wanted =
        ["in.yaml:3:1: the key `a` stands here again, kubectl drops the one on line 1: wanted only one of them"];
    assert_eq!(problems("a: 1\nb: 2\na: 3\n"), wanted);
    assert_eq!(problems("x: &x {a: 1}\ny:\n  <<: *x\n  a: 2\n"), [""; 0], "a merged key is no repetition");
}

#[test]
fn a_broken_document_hides_no_other() {
    let reading = read("a: 1\n---\nb: [\n---\nc: 3\n");
    let values: Vec<_> =
        reading.documents.iter().map(|document| (document.index(), document.value().to_string())).collect();
    assert_eq!(values, [(0, r#"{"a":1}"#.to_owned()), (2, r#"{"c":3}"#.to_owned())]);
    assert_eq!(reading.problems.len(), 1);
    assert_eq!((reading.problems[0].at.line, reading.problems[0].at.column), (3, 4));
}
