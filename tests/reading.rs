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
fn recorded_cases(data: &str, unescape: fn(&str) -> String) -> Vec<(String, Option<serde_json::Value>)> {
    let mut lines = data.lines().filter(|line| !line.starts_with('#'));
    let mut cases = Vec::new();
    while let Some(line) = lines.next() {
        let Some(input) = line.strip_prefix("IN  ") else { continue };
        let answer = lines.next().and_then(|line| line.strip_prefix("  sigs   ").or(line.strip_prefix("  sigs  ")));
        let answer = answer.expect("an answer below each input");
        let wanted = answer.strip_suffix(" <nil>").map(|json| serde_json::from_str(json).expect(json));
        cases.push((unescape(input), wanted));
    }
    cases
}

#[test]
fn every_recorded_document_is_read_as_by_kubectl() {
    let mut cases = recorded_cases(include_str!("data/kubernetes-yaml.txt"), |text| text.replace("\\n", "\n"));
    cases.extend(recorded_cases(include_str!("data/kubernetes-yaml-scalars.txt"), |text| {
        text.replace("\\\\", "\0").replace("\\n", "\n").replace('\0', "\\")
    }));
    assert!(cases.len() > 250, "{}", cases.len());
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

/// The documents of a text as one line of JSON each.
fn values(text: &str) -> Vec<String> {
    read(text).documents.iter().map(|document| document.value().to_string()).collect()
}

#[test]
fn files_are_cut_into_documents_as_kubectl_cuts_them() {
    let cases: [(&str, &[&str]); 12] = [
        ("", &[]),
        ("# nothing\n---\n# here\n", &[]),
        ("---\na: 1\n---\n---\nb: 2\n", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        ("\u{feff}a: 1\r\n--- # two\r\nb: |\r\n  x\r\n", &[r#"{"a":1}"#, r#"{"b":"x\n"}"#]),
        ("a: 1\n...\nb: 2\n---\nc: 3\n", &[r#"{"a":1}"#, r#"{"c":3}"#]),
        ("a: |\n  x", &[r#"{"a":"x\n"}"#]),
        (r#"{"a": 1}{"b": 2.0}  [3]"#, &[r#"{"a":1}"#, r#"{"b":2}"#, "[3]"]),
        ("{\"a\": \"\\/\\ud83d\\ude00\\ud83d\"}", &["{\"a\":\"/😀\u{fffd}\"}"]),
        ("{\"a\": 1}\n---\nb: 2\n", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        ("{a: 1, b: yes}\n", &[r#"{"a":1,"b":true}"#]),
        ("{\"<<\": {\"a\": 1}}", &[r#"{"<<":{"a":1}}"#]),
        ("text\n---\n- 1\n", &[r#""text""#, "[1]"]),
    ];
    for (text, wanted) in cases {
        assert_eq!(values(text), wanted, "{text:?}");
    }
}

#[test]
fn problems_say_where_what_was_seen_and_what_is_wanted() {
    let cases = [
        (
            "a:\n\tb: 1\n",
            "2:1: no value can start with a tab: wanted quotes around the text, or spaces if this is indentation",
        ),
        (
            "a: b: c\n",
            "1:5: a `: ` where only a value can stand: wanted quotes around a value that contains `: `, or the key on a line of its own",
        ),
        ("a: 1\nb\nc: 2\n", "2:1: wanted `key: value` on this line, indented like the other keys of this map"),
        ("a:\n  - 1\n - 2\n", "3:2: wanted a key here, `key: value` indented like the other keys of this map"),
        ("a: \"x\n", "1:4: this quote is never closed: wanted the same quote again before the document ends"),
        ("a: [1, 2\n", "1:4: `[` is never closed: wanted `]` before the document ends, or quotes around the text"),
        ("a: {b: 1\n", "1:4: `{` is never closed: wanted `}` before the document ends, or quotes around the text"),
        ("a: [1 {}]\n", "1:7: wanted `,` or `]` here, between the items of a list in brackets"),
        (
            "a: @x\n",
            "1:4: no value can start with `@`: wanted quotes around the text, or spaces if this is indentation",
        ),
        (
            "a: *x\n",
            "1:4: this alias (`*name`) has no anchor (`&name`) before it: wanted one, or quotes around text that starts with `*`",
        ),
        (
            "a: \"\\d\"\n",
            "1:5: an unknown escape in double quotes: wanted `\\\\` for a backslash, or single quotes around the text",
        ),
        (
            "é: \"a\u{7}\"\n",
            "1:6: the control character U+0007 cannot stand in a manifest: wanted it removed, or an escape such as \\u0007 in double quotes",
        ),
        ("a: |x\n", "1:4: wanted nothing behind `|` or `>` but `+`, `-`, a digit from 1 to 9, or a comment"),
        (
            "a: .inf\n",
            "1:4: .inf has no form in JSON: wanted a finite number, or quotes around it if it is meant as text",
        ),
        ("~: 1\n", "1:1: a key is empty (null): wanted a word or a quoted text before the colon"),
        ("? [1]\n: 2\n", "1:3: a key is a list: wanted a word or a quoted text before the colon"),
        (
            "- &a [*a]\n",
            "1:7: the anchor's value contains itself: wanted an alias (`*name`) only outside of what the anchor names",
        ),
        ("a: !!int x\n", "1:10: the tag says !!int, and `x` is none: correct the value or remove the tag"),
        ("a: !!binary x\n", "1:13: the tag says !!binary, and the value is no base64: wanted base64 with its padding"),
        (
            "%YAML 1.1\n---\na: 1\n",
            "1:1: a line with a directive (`%...`): wanted none, kubectl reads no directives; quotes around the text if it is none",
        ),
        ("--- {a: 1}\n", "1:5: text behind `---` on its line, kubectl refuses such a file: wanted it on the next line"),
        (
            "a: 1\n...\nb: 2\n",
            "3:1: kubectl reads nothing of this document from here on: wanted a line of `---` before it",
        ),
        ("{\"a\": 1,}\n", ""),
        ("{\"a\": \"b\" \"c\"}\n", "1:11: this is no JSON: wanted `,` or `}`, not `\"`"),
        (
            "{\"a\": 1e400}\n",
            "1:7: a number beyond 1.8e308: wanted a smaller one, or quotes around it if it is meant as text",
        ),
    ];
    for (text, wanted) in cases {
        let wanted = if wanted.is_empty() { Vec::new() } else { vec![format!("in.yaml:{wanted}")] };
        assert_eq!(problems(text), wanted, "{text:?}");
    }
}

#[test]
fn template_text_is_told_from_broken_yaml_and_from_text_in_quotes() {
    let templates = [
        "a: {{ .Values.a }}\n",
        "{{- if .Values.on }}\na: 1\n{{- end }}\n",
        "a: 1\n{{ include \"x\" . | nindent 2 }}\n",
        "{{ .Values.key }}: 1\n",
        "a: 1\n---\nb: {{ x }}\n---\nc: web-{{ x }}\n",
    ];
    for text in templates {
        let reading = read(text);
        assert!(reading.templated && reading.problems.is_empty(), "{text:?} {:?}", reading.problems);
        assert!(!values(text).iter().any(|value| value.contains("{{")), "{text:?}");
    }
    let readable = ["a: \"{{ $labels.x }}\"\n", "a: web {{ x }}\n", "# {{ x }}\na: 1\n", "a: |\n  {{ x }}\n"];
    for text in readable {
        let reading = read(text);
        assert!(!reading.templated && reading.documents.len() == 1, "{text:?}");
    }
    let broken = ["a: \"{{ x }}\"\nb: [\n", "# {{ x }}\nb: [\n", "a: |\n  {{ x }}\nb: [\n", "b: c: d\ne:\n  {{ x }}\n"];
    for text in broken {
        let reading = read(text);
        assert!(!reading.templated && reading.problems.len() == 1, "{text:?}");
    }
}

#[test]
fn a_bomb_is_one_located_problem_and_the_rest_is_read() {
    let aliases: String =
        (1..10).map(|level| format!("a{level}: &a{level} [{}]\n", format!("*a{}, ", level - 1).repeat(10))).collect();
    let bombs = [
        ("[".repeat(100_000), "3:101: maps and lists are nested more than 100 levels deep: wanted a flatter document"),
        ("- ".repeat(100_000), "3:201: maps and lists are nested more than 100 levels deep: wanted a flatter document"),
        ("? ".repeat(20_000), "3:3: a key is a map: wanted a word or a quoted text before the colon"),
        (
            format!("a0: &a0 [{}]\n{aliases}", "x, ".repeat(10)),
            "6:20: the aliases (`*name`) of this document stand for too much text: wanted it written out where it is used",
        ),
        (
            "a: b\n".repeat(1 << 20),
            "3:1: this document is larger than 4194304 bytes: wanted it split, or a higher --max-document-size",
        ),
        (
            "- x\n".repeat(300_000),
            "262146:3: the document has more than 262144 keys and values: wanted it split by lines of `---`",
        ),
    ];
    for (bomb, wanted) in bombs {
        let text = format!("first: 1\n---\n{bomb}\n---\nlast: 2\n");
        assert_eq!(problems(&text), [format!("in.yaml:{wanted}")]);
        assert_eq!(values(&text), [r#"{"first":1}"#, r#"{"last":2}"#], "{wanted}");
    }
}

#[test]
fn what_came_from_no_text_has_no_places() {
    let document = Document::from_value(serde_json::json!({"kind": "Pod"}));
    assert_eq!(document.point_at(&Path::keys("kind")), None);
    assert!(document.spot(&Path::root()).is_none() && document.source().is_none() && document.comments().is_empty());
}
