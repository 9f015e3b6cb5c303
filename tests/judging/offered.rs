//! What `check` offers is done: over all combinations of what two fields may say, each fix of a finding is one that `fix` makes.

use crate::{day, engine, judged};
use seaworthy::base::{Remedy, Safety, Source};
use seaworthy::engine::{Choice, Engine, FixOutcome, Input, Why, fix};
use seaworthy::manifest::{Limits, read_documents};

/// Labels of a Namespace.
const NAMESPACES: [&str; 5] =
    ["", "{istio-injection: enabled}", "{istio-injection: disabled}", "{istio.io/rev: canary}", "{team: shop}"];
/// What a key of the pods says: nothing, the two words, others that are read as one of them, and what nobody can read.
const LABELS: [&str; 10] = ["", "'true'", "'false'", "true", "false", "'yes'", "no", "'maybe'", "2", "null"];
const ANNOTATIONS: [&str; 7] = ["", "'true'", "'false'", "true", "false", "'yes'", "2"];

#[test]
fn fixes_of_a_label_beside_an_annotation_are_done_where_they_are_offered() {
    let engine = engine("profile: {istioVersion: '1.28'}\n");
    let (mut offered, mut wrong) = (0, Vec::new());
    for namespace in NAMESPACES {
        for label in LABELS {
            for annotation in ANNOTATIONS {
                let (count, refused) = refused(&engine, &injected(namespace, label, annotation));
                offered += count;
                let told = |it: &String| format!("{namespace} label {label} annotation {annotation}: {it}");
                wrong.extend(refused.iter().map(told));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(offered > 150, "{offered}");
}

fn injected(namespace: &str, label: &str, annotation: &str) -> String {
    let entry = |word: &str| match word {
        "" => String::new(),
        word => format!(", sidecar.istio.io/inject: {word}"),
    };
    let namespace = match namespace {
        "" => String::new(),
        labels => format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {labels}}}\n---\n"),
    };
    format!(
        "{namespace}apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: shop}}\nspec:\n  \
         selector: {{matchLabels: {{app: a}}}}\n  template:\n    metadata:\n      labels: {{app: a, version: v1{}}}\n      \
         annotations: {{team: a{}}}\n    spec: {{containers: [{{name: a, image: a}}]}}\n",
        entry(label),
        entry(annotation),
    )
}

/// How many fixes `check` offers for a file, and those of them that `fix` leaves, with its reason. Once those that are safe, once
/// all.
fn refused(engine: &Engine, text: &str) -> (usize, Vec<String>) {
    let findings = judged(engine, &[("a.yaml", text)]).findings;
    let (mut offered, mut refused) = (0, Vec::new());
    for unsafe_too in [false, true] {
        let is_offered = |remedy: &Remedy| remedy.fix().is_some_and(|fix| unsafe_too || fix.safety == Safety::Safe);
        let here: Vec<_> = findings.iter().filter(|it| is_offered(&it.remedy)).collect();
        offered += here.len();
        let left = fixed(engine, text, unsafe_too).left.into_iter();
        refused.extend(left.filter_map(|left| match left.why {
            Why::WouldNotHold(reason) => Some(format!("{} at {}: {reason}", left.finding.rule, left.finding.path)),
            Why::NoFix(_) | Why::NeedsUnsafe(_) => None,
        }));
    }
    (offered, refused)
}

fn fixed(engine: &Engine, text: &str, unsafe_too: bool) -> FixOutcome {
    let source = Source::new("a.yaml", text);
    let reading = read_documents(&source, &Limits::default());
    let input = Input::new(source.name(), reading, engine);
    fix(vec![input], day("2027-01-01"), &Choice { unsafe_too, ..Choice::default() })
}
