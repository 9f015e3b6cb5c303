//! Where the findings of a rule are heard: on the command line, at the webhook, in a scan of a cluster.
//!
//! Files and scans hold objects of every kind. The webhook hears of the kinds that the API server asks it about.

use crate::manifest::{WorkloadKind, WorkloadKinds};
use crate::policy::KindName;
use std::fmt;

/// The kinds that the API server asks the webhook about; `helm/seaworthy` registers it for these.
const ADMITTED: [&str; 17] = [
    "Pod",
    "ReplicationController",
    "Service",
    "ServiceAccount",
    "apps/DaemonSet",
    "apps/Deployment",
    "apps/ReplicaSet",
    "apps/StatefulSet",
    "batch/CronJob",
    "batch/Job",
    "apps.kruise.io/CloneSet",
    "apps.kruise.io/DaemonSet",
    "apps.kruise.io/StatefulSet",
    "argoproj.io/Rollout",
    "jobset.x-k8s.io/JobSet",
    "serving.knative.dev/Configuration",
    "serving.knative.dev/Service",
];

/// Whether the webhook is asked about the kinds of a rule. As text: one line about all three doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doors {
    /// About all of them.
    All,
    /// About most: not about these.
    WebhookBut(Vec<String>),
    /// About some: about these only.
    WebhookOnly(Vec<String>),
    /// About none of them.
    NoWebhook,
}

impl Doors {
    /// Those of a rule about these kinds.
    pub fn of(kinds: &[KindName]) -> Self {
        let kinds: Vec<String> = kinds.iter().flat_map(each_kind).collect();
        let (asked, others): (Vec<String>, Vec<String>) =
            kinds.into_iter().partition(|kind| ADMITTED.contains(&kind.as_str()));
        match (asked.len(), others.len()) {
            (_, 0) => Self::All,
            (0, _) => Self::NoWebhook,
            (most, few) if most > few => Self::WebhookBut(others),
            _ => Self::WebhookOnly(asked),
        }
    }

    /// Whether it speaks at the webhook, in a word or two.
    pub fn webhook(&self) -> &'static str {
        match self {
            Self::All | Self::WebhookBut(_) => "yes",
            Self::WebhookOnly(_) => "in part",
            Self::NoWebhook => "no",
        }
    }
}

impl fmt::Display for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let webhook = match self {
            Self::All => "yes".to_owned(),
            Self::WebhookBut(others) => format!("yes, but not about {}", others.join(", ")),
            Self::WebhookOnly(asked) => format!("about {} only", asked.join(", ")),
            Self::NoWebhook => "no, the API server does not ask it about these kinds".to_owned(),
        };
        write!(
            f,
            "Speaks on the command line: yes; at the webhook: {webhook}; in a scan of the cluster (to come): yes."
        )
    }
}

/// The kind; of [`KindName::WORKLOAD`] the built-in ones.
fn each_kind(name: &KindName) -> Vec<String> {
    if !name.is_every_workload() {
        return vec![name.to_string()];
    }
    let named = |it: &WorkloadKind| KindName { group: it.group.clone(), kind: it.kind.clone() }.to_string();
    WorkloadKinds::default().all().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_where_findings_on_a_kind_are_heard() {
        let all = "at the webhook: yes;";
        let most = "at the webhook: yes, but not about PodTemplate, serving.knative.dev/Revision;";
        for (kinds, said, word) in [
            (&["Pod", "batch/Job"][..], all, "yes"),
            (&["Workload"], most, "yes"),
            (&["Pod", "PodTemplate"], "at the webhook: about Pod only;", "in part"),
            (&["Namespace", "Policy"], "at the webhook: no, the API server does not ask it about these kinds;", "no"),
        ] {
            let doors = Doors::of(&kinds.iter().map(|kind| kind.parse().unwrap()).collect::<Vec<_>>());
            assert!(doors.to_string().contains(&format!("; {said} in a scan")), "{doors}");
            assert_eq!(doors.webhook(), word, "{kinds:?}");
        }
    }

    /// The chart registers the webhook for these kinds and no others: `apps/DaemonSet` is `"daemonsets"` of `"apps"` there.
    #[test]
    fn the_webhook_is_asked_about_the_kinds_of_the_chart() {
        let chart = include_str!("../../helm/seaworthy/templates/webhook.yaml");
        let custom = include_str!("../../helm/seaworthy/templates/_helpers.tpl");
        let listed = |text: &'static str, begin: &str| text.split_once(begin).unwrap().1.split_once("}}").unwrap().0;
        let groups = [listed(chart, "range $group, $resources := dict"), listed(custom, "$known := dict")];
        let mut registered: Vec<String> = Vec::new();
        for line in groups.into_iter().flat_map(str::lines).filter(|line| line.contains("(list ")) {
            let words: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
            let (group, resources) = words.split_first().unwrap();
            registered.extend(resources.iter().map(|resource| format!("{group}/{resource}")));
        }
        let plural = |kind: &str| {
            let (group, kind) = kind.split_once('/').unwrap_or(("", kind));
            format!("{group}/{}s", kind.to_lowercase())
        };
        let mut wanted: Vec<String> = ADMITTED.iter().map(|kind| plural(kind)).collect();
        wanted.sort();
        registered.sort();
        assert_eq!(registered, wanted);
    }
}
