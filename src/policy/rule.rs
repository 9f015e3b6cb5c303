//! What a rule file says: which objects, which check with which parameters, how bad, and the words for people.
//!
//! The types here are the single source of the JSON Schema that editors complete from and that files are read against.

use crate::base::Severity;
use crate::manifest::WorkloadKinds;
use crate::mesh::Membership;
use crate::policy::{KindName, Release, form};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A rule of seaworthy: one file, the built-in ones and your own in the same form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The version of this form of files.
    pub api_version: ApiVersion,
    /// What this file is.
    pub kind: RuleKind,
    /// The name of the rule.
    pub metadata: Metadata,
    /// What the rule says.
    pub spec: Spec,
}

/// The version of the form of rule files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The present one.
    #[serde(rename = "seaworthy.dev/v1alpha1")]
    V1Alpha1,
}

/// The kind that a rule file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RuleKind {
    /// A rule.
    Rule,
}

/// The name of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The id of the rule. It names the defect, in words with dashes, and is the name of the file: `missing-pre-stop` stands in `missing-pre-stop.yaml`.
    #[schemars(with = "form::Id")]
    pub name: String,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// The defect in one line, without a full stop.
    #[schemars(length(min = 1))]
    pub title: String,
    /// What the rule is about; rules are listed by it. Left out: under "Other".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// How bad a finding is. What is done about it is the mode, which `seaworthy.yaml` decides.
    pub severity: Severity,
    /// A severity of its own for single cases of the check's findings, by the name of the case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cases: BTreeMap<String, Severity>,
    /// How settled the rule is. Left out: stable.
    #[serde(default)]
    pub status: Status,
    /// The release of seaworthy that first had the rule; your own rules need none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Release>,
    /// Which objects the rule looks at.
    #[serde(rename = "match")]
    pub matches: Match,
    /// The check that the rule runs.
    #[schemars(length(min = 1))]
    pub check: String,
    /// The parameters of the check; `seaworthy explain` lists them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// Why it matters: the story of the failure.
    #[schemars(length(min = 1))]
    pub why: String,
    /// What to do about it.
    #[schemars(length(min = 1))]
    pub remedy: String,
    /// Where the facts behind the rule are written down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<form::Link>")]
    pub links: Vec<String>,
    /// Ids that the rule had before; they still work wherever an id is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<form::Id>")]
    pub aliases: Vec<String>,
}

/// What a rule is about, in the order in which rules are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Which protocol the mesh reads from a port, and where ports lead.
    Ports,
    /// How pods end.
    Termination,
    /// How pods come by their cloud identity.
    WorkloadIdentity,
    /// How pods start, and how Jobs complete.
    StartAndJobs,
    /// All else that keeps a manifest out of the mesh.
    Fitness,
}

/// How settled a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It may still change; it warns at most.
    Preview,
    /// It changes only for the better.
    #[default]
    Stable,
    /// It will go away; its page says what takes its place.
    Deprecated,
}

/// Which objects a rule looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Match {
    /// The kinds of objects: `Service`, and with the group of its API `apps/Deployment`, `batch/Job`, `argoproj.io/Rollout`; or `Workload`, for every kind with a pod template: Pod, all that Kubernetes makes Pods of, and what is built in or declared under `workloads` in seaworthy.yaml.
    #[schemars(length(min = 1))]
    pub kinds: Vec<KindName>,
    /// How the object, or the pods it selects, take part in the mesh. Where that is unknown the rule looks too, but warns at most. Left out: anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub membership: Vec<MatchMembership>,
    /// In which namespaces. Left out: in all.
    #[serde(default, skip_serializing_if = "MatchNamespaces::is_empty")]
    pub namespaces: MatchNamespaces,
}

/// A way to take part in the mesh, or not to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchMembership {
    /// With a proxy in the pod, classic or native.
    Sidecar,
    /// With the proxy of the node.
    Ambient,
    /// Not in the mesh.
    Outside,
}

/// Namespaces by their exact names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MatchNamespaces {
    /// In these only. Left out: in all.
    #[serde(rename = "in", skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
    /// In all but these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_in: Vec<String>,
}

impl Rule {
    /// The id.
    pub fn id(&self) -> &str {
        &self.metadata.name
    }

    /// How bad a finding of this case of the check is.
    pub fn severity_of(&self, case: Option<&str>) -> Severity {
        case.and_then(|case| self.spec.cases.get(case)).copied().unwrap_or(self.spec.severity)
    }
}

impl Category {
    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ports => "Ports",
            Self::Termination => "Termination",
            Self::WorkloadIdentity => "Workload identity",
            Self::StartAndJobs => "Start and Jobs",
            Self::Fitness => "Fitness",
        }
    }
}

impl Match {
    /// Whether the rule looks at objects of this `apiVersion` and `kind`, where these are the kinds with a pod template.
    pub fn has_kind(&self, api_version: &str, kind: &str, workloads: &WorkloadKinds) -> bool {
        self.kinds.iter().any(|name| name.is(api_version, kind, workloads))
    }

    /// Whether the rule looks at objects with this part in the mesh. It always does where that is unknown; whoever asks caps
    /// the severity then.
    pub fn has_membership(&self, membership: Membership) -> bool {
        let word = match membership {
            Membership::Unknown => return true,
            Membership::Sidecar(_) => MatchMembership::Sidecar,
            Membership::Ambient => MatchMembership::Ambient,
            Membership::Outside => MatchMembership::Outside,
        };
        self.membership.is_empty() || self.membership.contains(&word)
    }
}

impl MatchNamespaces {
    /// Whether the rule looks into this namespace; of an object whose manifest names none it is not known to be one of `in`.
    pub fn has(&self, namespace: Option<&str>) -> bool {
        let lists = |names: &[String]| namespace.is_some_and(|namespace| names.iter().any(|name| name == namespace));
        (self.within.is_empty() || lists(&self.within)) && !lists(&self.not_in)
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::SidecarKind;

    #[test]
    fn membership_excludes_only_what_is_known() {
        use MatchMembership::{Ambient, Outside, Sidecar};
        let classic = Membership::Sidecar(SidecarKind::Classic);
        let cases: [(&[MatchMembership], Membership, bool); 7] = [
            (&[], Membership::Outside, true),
            (&[Sidecar], classic, true),
            (&[Sidecar], Membership::Sidecar(SidecarKind::Native), true),
            (&[Sidecar], Membership::Ambient, false),
            (&[Sidecar, Ambient], Membership::Outside, false),
            (&[Sidecar], Membership::Unknown, true),
            (&[Outside], classic, false),
        ];
        for (words, membership, looks) in cases {
            let matches =
                Match { kinds: Vec::new(), membership: words.to_vec(), namespaces: MatchNamespaces::default() };
            assert_eq!(matches.has_membership(membership), looks, "{words:?} {membership:?}");
        }
    }

    #[test]
    fn namespaces_are_exact_names() {
        let cases = [
            (&[][..], &[][..], None, true),
            (&[], &["kube-system"], Some("kube-system"), false),
            (&[], &["kube-system"], Some("shop"), true),
            (&[], &["kube-system"], None, true),
            (&["shop"], &[], Some("shop"), true),
            (&["shop"], &[], Some("shop-2"), false),
            (&["shop"], &[], None, false),
            (&["shop"], &["shop"], Some("shop"), false),
        ];
        for (within, not_in, namespace, looks) in cases {
            let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            let namespaces = MatchNamespaces { within: names(within), not_in: names(not_in) };
            assert_eq!(namespaces.has(namespace), looks, "{within:?} {not_in:?} {namespace:?}");
        }
    }
}
