//! `check` keeps only the head of objects that no rule speaks about: with it everything is said that is said with the whole.

use crate::{day, describe, engine};
use seaworthy::base::Source;
use seaworthy::engine::{Choice, Engine, Input, Why, check, fix};
use seaworthy::manifest::{Limits, Reading, read_documents};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Every manifest of the rules' fixtures, each folder together, and a folder at a time.
#[test]
fn the_same_is_said_with_heads_as_with_whole_objects() {
    let engine = engine("profile: {assumeMembership: sidecar}\n");
    let folders = folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules"));
    assert!(folders.len() > 40, "{folders:?}");
    for folder in folders {
        let sources = sources(&folder);
        let told = |inputs: Vec<Input<'_>>| {
            let outcome = check(inputs, day("2027-01-01"));
            let found: Vec<_> =
                outcome.findings.iter().map(|it| (describe(it), it.message.clone(), it.remedy.clone())).collect();
            (found, outcome.problems, outcome.counts, outcome.lookalikes)
        };
        let (whole, heads) = (inputs(&sources, &engine, Input::new), inputs(&sources, &engine, Input::to_check));
        assert_eq!(told(heads), told(whole), "{folder:?}");
    }
}

/// An ignore that does nothing is told of where it stands, on whatever object, and wherever that has its head.
#[test]
fn what_is_wrong_in_a_head_has_its_place() {
    let head = "metadata:\n  name: a\n  annotations:\n    seaworthy.dev/ignore-no-such-rule: because\n";
    let rules = "rules:\n- apiGroups: ['']\n  resources: [pods]\n  verbs: [get]\n";
    let kind = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n";
    for (text, line) in [(format!("{kind}{head}{rules}"), 6), (format!("{rules}{kind}{head}"), 10)] {
        let (engine, sources) = (engine(""), [Source::new("role.yaml", text)]);
        let outcome = check(inputs(&sources, &engine, Input::to_check), day("2027-01-01"));
        let lines: Vec<usize> = outcome.problems.iter().map(|problem| problem.at.line).collect();
        assert_eq!(lines, [line]);
    }
}

/// What is not there cannot be proven to be as it was.
#[test]
fn nothing_is_fixed_beside_a_head() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n---\n\
                apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80, name: web}]}\n";
    let engine = engine("");
    let unsafe_too = Choice { unsafe_too: true, ..Choice::default() };
    let sources = [Source::new("web.yaml", text)];
    let fixed = |inputs: Vec<Input<'_>>| fix(inputs, day("2027-01-01"), &unsafe_too);
    assert_eq!(fixed(inputs(&sources, &engine, Input::new)).files.len(), 1);
    let of_heads = fixed(inputs(&sources, &engine, Input::to_check));
    assert_eq!(of_heads.files.len(), 0);
    let Why::WouldNotHold(reason) = &of_heads.left[0].why else { panic!("{:?}", of_heads.left) };
    assert_eq!(reason, "the result would not say what was meant");
}

fn inputs<'e>(
    sources: &[Source],
    engine: &'e Engine,
    make: fn(&Arc<str>, Reading, &'e Engine) -> Input<'e>,
) -> Vec<Input<'e>> {
    sources.iter().map(|it| make(it.name(), read_documents(it, &Limits::default()), engine)).collect()
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.is_dir()).collect()
}

fn sources(folder: &Path) -> Vec<Source> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let manifests = entries.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let text = |path: PathBuf| Source::new(path.to_string_lossy(), std::fs::read_to_string(&path).expect("a text"));
    manifests.map(text).collect()
}
