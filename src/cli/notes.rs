//! What a person should know about a run beside its findings: what was assumed, and what was left out.

use crate::engine::Counts;
use crate::manifest::Lookalike;
use crate::mesh::Profile;
use std::collections::{BTreeMap, BTreeSet};

/// A configuration's profile, as far as it was assumed and not said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assumption {
    /// The version of Istio, if no file says it.
    pub istio: Option<String>,
    /// The version of Kubernetes, if no file says it.
    pub kubernetes: Option<String>,
}

impl Assumption {
    /// What is assumed where a profile says these keys or not.
    pub fn of(profile: &Profile, says: impl Fn(&str) -> bool) -> Self {
        let unsaid = |key: &str, value: String| (!says(key)).then_some(value);
        Self {
            istio: unsaid("istioVersion", profile.istio_version.to_string()),
            kubernetes: unsaid("kubernetesVersion", profile.kubernetes_version.to_string()),
        }
    }

    fn words(&self) -> Option<String> {
        let istio = self.istio.as_ref().map(|version| format!("Istio {version}"));
        let kubernetes = self.kubernetes.as_ref().map(|version| format!("Kubernetes {version}"));
        let words: Vec<String> = istio.into_iter().chain(kubernetes).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// One line each, said once for the whole run.
pub fn notes(counts: &Counts, assumptions: &BTreeSet<Assumption>) -> Vec<String> {
    let assumed: Vec<String> = assumptions.iter().filter_map(Assumption::words).collect();
    let assumed = (!assumed.is_empty()).then(|| format!("assumed {}", assumed.join("; ")));
    let unknown = counts.unknown_membership;
    let mut notes = Vec::new();
    match (unknown, assumed) {
        (0, Some(assumed)) => notes.push(format!("{assumed}: set `profile` in seaworthy.yaml")),
        (0, None) => {}
        (_, assumed) => notes.push(format!(
            "membership unknown for {}{}: set `profile` or `--assume-membership sidecar`",
            number(unknown, "object"),
            assumed.map(|it| format!("; {it}")).unwrap_or_default()
        )),
    }
    if counts.templates > 0 {
        notes.push(format!(
            "{} with `{{{{ ... }}}}` or `#@ ...` not read: check what is rendered, as in `helm template CHART | seaworthy check -`",
            number(counts.templates, "template file")
        ));
    }
    if counts.objects == 0 {
        notes.push(format!("no Kubernetes object found in {}", number(counts.files, "file")));
    }
    notes
}

/// What is said of kinds that seem to make pods and are not known, with the lines to paste; none without any.
pub fn undeclared(lookalikes: &BTreeMap<Lookalike, usize>) -> Option<String> {
    if lookalikes.is_empty() {
        return None;
    }
    let kinds = lookalikes.iter().take(MOST_KINDS).map(|(it, count)| format!("{count} {} at {}", it.kind, it.template));
    let more = (lookalikes.len() > MOST_KINDS).then(|| format!("{} more kinds", lookalikes.len() - MOST_KINDS));
    let lines = lookalikes.keys().take(MOST_KINDS).map(|Lookalike { group, kind, template }| {
        format!("\n  - {{group: {group}, kind: {kind}, template: {template}}}")
    });
    Some(format!(
        "not judged although there seems to be a pod template: {}; if pods are made of it, write into seaworthy.yaml:\n\
         workloads:{}",
        kinds.chain(more).collect::<Vec<_>>().join(", "),
        lines.collect::<String>()
    ))
}

/// The kinds that are named.
const MOST_KINDS: usize = 5;

fn number(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(unknown_membership: usize, templates: usize) -> Counts {
        Counts { files: 2, objects: 3, unknown_membership, templates, ..Counts::default() }
    }

    #[test]
    fn what_was_assumed_is_said_once() {
        let all = Assumption::of(&Profile::default(), |_| false);
        let none = Assumption::of(&Profile::default(), |_| true);
        let istio = Assumption::of(&Profile::default(), |key| key != "istioVersion");
        let cases = [
            (
                counts(14, 0),
                vec![all.clone()],
                "membership unknown for 14 objects; assumed Istio 1.28, Kubernetes 1.33: set `profile` or `--assume-membership sidecar`",
            ),
            (
                counts(1, 0),
                vec![none.clone()],
                "membership unknown for 1 object: set `profile` or `--assume-membership sidecar`",
            ),
            (counts(0, 0), vec![istio, none.clone()], "assumed Istio 1.28: set `profile` in seaworthy.yaml"),
            (counts(0, 0), vec![none.clone()], ""),
            (
                counts(0, 1),
                vec![none.clone()],
                "1 template file with `{{ ... }}` or `#@ ...` not read: check what is rendered, as in `helm template CHART | seaworthy check -`",
            ),
            (Counts { objects: 0, ..counts(0, 0) }, vec![none], "no Kubernetes object found in 2 files"),
        ];
        for (counts, assumptions, wanted) in cases {
            assert_eq!(notes(&counts, &assumptions.into_iter().collect()).join("\n"), wanted);
        }
    }

    #[test]
    fn kinds_that_seem_to_make_pods_are_named_with_what_to_write() {
        let kind = |kind: &str| Lookalike {
            group: "farm.example.com".to_owned(),
            kind: kind.to_owned(),
            template: "spec.pod".to_owned(),
        };
        assert_eq!(undeclared(&BTreeMap::new()), None);
        let told = undeclared(&[(kind("Worker"), 2), (kind("Barn"), 1)].into()).unwrap();
        let wanted = "not judged although there seems to be a pod template: 1 Barn at spec.pod, 2 Worker at spec.pod; if pods are \
                      made of it, write into seaworthy.yaml:\nworkloads:\n  \
                      - {group: farm.example.com, kind: Barn, template: spec.pod}\n  \
                      - {group: farm.example.com, kind: Worker, template: spec.pod}";
        assert_eq!(told, wanted);
        let many = (0..7).map(|n| (kind(&format!("Kind{n}")), 1)).collect();
        let told = undeclared(&many).unwrap();
        assert!(told.contains("Kind4 at spec.pod, 2 more kinds; if") && !told.contains("Kind5"), "{told}");
    }
}
