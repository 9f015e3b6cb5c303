//! What `seaworthy.yaml` says: everything about one organisation. Every key may be left out.

use crate::base::{Mode, ObjectRef, Severity};
use crate::manifest::WorkloadKind;
use crate::mesh::Profile;
use crate::policy::{Date, Exception, Modes, Release, Repairs, Rule, Status, form, stricter_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The configuration of seaworthy, `seaworthy.yaml`. Every key may be left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// What manifests do not show of the mesh.
    pub profile: Profile,
    /// Rules with other parameters or another severity, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, RuleSettings>,
    /// Rules that came after this release warn at most, until you raise it: an update of seaworthy refuses nothing new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules_since: Option<Release>,
    /// What is done about findings, by rule and namespace.
    pub modes: Modes,
    /// What is repaired on Pods while they are created.
    #[serde(skip_serializing_if = "Repairs::is_empty")]
    pub repairs: Repairs,
    /// Rules waived for single objects, for a time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// Where people who are refused find help.
    #[serde(skip_serializing_if = "Links::is_empty")]
    pub links: Links,
    /// Kinds with a pod template beside the built-in ones, which are judged as those are; one that is built in too is as it is here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<WorkloadKind>,
    /// Folders with your own rule files, relative to this file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)))]
    pub policies: Vec<String>,
}

/// What is different about one rule here; what is left out stays as the rule has it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RuleSettings {
    /// How bad a finding is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// How bad the findings of single cases are, by the name of the case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cases: BTreeMap<String, Severity>,
    /// How settled you take the rule to be: `stable` lets a preview rule refuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Parameters of the check. They are laid over those of the rule key by key; a list replaces a list.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
}

/// Where people find help.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Links {
    /// The pages of the rules: `<docs>/<rule id>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "form::Link")]
    pub docs: Option<String>,
    /// Where an exception is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "form::Link")]
    pub exception: Option<String>,
    /// Whom to ask, such as a channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub contact: Option<String>,
}

/// All that decides the mode of a rule in a namespace, beside the settings.
#[derive(Debug, Clone, Copy)]
pub struct ModeQuestion<'a> {
    /// The rule, as it is here ([`Settings::tuned`]).
    pub rule: &'a Rule,
    /// The namespace of the object; none where the manifest names none.
    pub namespace: Option<&'a str>,
    /// What the label `seaworthy.dev/mode` of the namespace says.
    pub label: Option<Mode>,
    /// The day of the question.
    pub today: Date,
    /// The mode where the file says nothing.
    pub unsaid: Mode,
}

impl Settings {
    /// The rule as it is here: with the severities, the status and the parameters that the settings give it.
    pub fn tuned(&self, rule: &Rule) -> Rule {
        let mut tuned = rule.clone();
        if let Some(settings) = self.rules.get(rule.id()) {
            tuned.spec.severity = settings.severity.unwrap_or(tuned.spec.severity);
            tuned.spec.status = settings.status.unwrap_or(tuned.spec.status);
            tuned.spec.cases.extend(settings.cases.clone());
            tuned.spec.params = params_laid_over(&rule.spec.params, &settings.params);
        }
        tuned
    }

    /// What is done about the findings of a rule in a namespace.
    ///
    /// The label may only make stricter than the file; it cannot bring back a rule that the file turns off by its id. Above
    /// both stands what no rule may pass: one that came after `rulesSince`, or in preview, warns at most.
    pub fn mode_for(&self, question: &ModeQuestion<'_>) -> Mode {
        let &ModeQuestion { rule, namespace, label, today, unsaid } = question;
        if self.modes.turns_off(rule.id(), namespace, today) {
            return Mode::Off;
        }
        let said = self.modes.said(rule.id(), namespace, today).unwrap_or(unsaid);
        label.map_or(said, |label| stricter_of(said, label)).min(self.strictest_for(rule))
    }

    fn strictest_for(&self, rule: &Rule) -> Mode {
        let too_young = |since: Release| self.rules_since.is_some_and(|bar| since.is_younger_than(bar));
        if rule.spec.status == Status::Preview || rule.spec.since.is_some_and(too_young) {
            Mode::Warn
        } else {
            Mode::Deny
        }
    }

    /// The exception that waives this rule for this object today, if there is one.
    pub fn exception_for(&self, rule: &str, object: &ObjectRef, today: Date) -> Option<&Exception> {
        self.exceptions.iter().find(|exception| exception.covers(rule, object, today))
    }

    /// The exceptions whose last day is over: they waive nothing and wait for somebody to remove them.
    pub fn expired_exceptions(&self, today: Date) -> impl Iterator<Item = &Exception> {
        self.exceptions.iter().filter(move |exception| exception.is_expired(today))
    }
}

impl Links {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The parameters of a rule with those of the settings laid over them: maps key by key, anything else replaced.
pub(crate) fn params_laid_over(below: &Map<String, Value>, above: &Map<String, Value>) -> Map<String, Value> {
    let mut params = below.clone();
    for (key, above) in above {
        let merged = match (params.get(key), above) {
            (Some(Value::Object(below)), Value::Object(above)) => Value::Object(params_laid_over(below, above)),
            _ => above.clone(),
        };
        params.insert(key.clone(), merged);
    }
    params
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(since: &str, status: &str) -> Rule {
        serde_json::from_value(json!({
            "apiVersion": "seaworthy.dev/v1alpha1",
            "kind": "Rule",
            "metadata": {"name": "missing-pre-stop"},
            "spec": {
                "title": "No preStop", "severity": "warning", "cases": {"headless": "error"}, "status": status, "since": since,
                "match": {"kinds": ["apps/Deployment"]}, "check": "pre-stop",
                "params": {"drainSeconds": {"http": 30, "grpc": 30}, "ports": [1, 2]},
                "why": "Requests die.", "remedy": "Wait.",
            },
        }))
        .unwrap()
    }

    fn settings(file: serde_json::Value) -> Settings {
        serde_json::from_value(file).unwrap()
    }

    #[test]
    fn tuning_replaces_only_what_is_said() {
        let here = settings(json!({"rules": {"missing-pre-stop": {
            "severity": "info", "cases": {"other": "info"}, "params": {"drainSeconds": {"http": 20}, "ports": [3]},
        }}}));
        let tuned = here.tuned(&rule("0.1.0", "stable"));
        assert_eq!(json!(tuned.spec.params), json!({"drainSeconds": {"http": 20, "grpc": 30}, "ports": [3]}));
        assert_eq!(tuned.severity_of(None), Severity::Info);
        assert_eq!(tuned.severity_of(Some("headless")), Severity::Error);
        assert_eq!(tuned.severity_of(Some("other")), Severity::Info);
        assert_eq!(tuned.spec.status, Status::Stable);
    }

    #[test]
    fn the_mode_is_the_files_then_the_labels_then_the_cap() {
        let deny = json!({"modes": {"default": "deny"}});
        let audit = json!({"modes": {"default": "audit"}});
        let off = json!({"modes": {"default": "deny", "rules": {"missing-pre-stop": "off"}}});
        let capped = json!({"modes": {"default": "deny"}, "rulesSince": "0.1"});
        let trusted = json!({"modes": {"default": "deny"}, "rules": {"missing-pre-stop": {"status": "stable"}}});
        let cases = [
            (json!({}), "0.1.0", "stable", None, Mode::Audit),
            (json!({}), "0.1.0", "stable", Some(Mode::Deny), Mode::Deny),
            (deny.clone(), "0.1.0", "stable", None, Mode::Deny),
            (deny.clone(), "0.1.0", "stable", Some(Mode::Off), Mode::Deny),
            (audit, "0.1.0", "stable", Some(Mode::Warn), Mode::Warn),
            (off, "0.1.0", "stable", Some(Mode::Deny), Mode::Off),
            (capped.clone(), "0.1.9", "stable", None, Mode::Deny),
            (capped.clone(), "0.2.0", "stable", None, Mode::Warn),
            (capped, "0.2.0", "stable", Some(Mode::Deny), Mode::Warn),
            (deny, "0.1.0", "preview", None, Mode::Warn),
            (trusted, "0.1.0", "preview", None, Mode::Deny),
        ];
        for (file, since, status, label, mode) in cases {
            let settings = settings(file.clone());
            let rule = settings.tuned(&rule(since, status));
            let today = "2027-01-01".parse().unwrap();
            let question = ModeQuestion { rule: &rule, namespace: Some("shop"), label, today, unsaid: Mode::Audit };
            assert_eq!(settings.mode_for(&question), mode, "{file} {since} {status} {label:?}");
        }
    }

    #[test]
    fn exceptions_are_found_until_they_expire() {
        let here = settings(json!({"exceptions": [{
            "rule": "missing-pre-stop", "object": "Deployment/shop/legacy", "owner": "team-a", "reason": "drains by itself",
            "until": "2027-01-31",
        }]}));
        let object = ObjectRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: Some("shop".into()),
            name: "legacy".into(),
        };
        for (today, found) in [("2027-01-31", true), ("2027-02-01", false)] {
            let today = today.parse().unwrap();
            assert_eq!(here.exception_for("missing-pre-stop", &object, today).is_some(), found, "{today}");
            assert_eq!(here.expired_exceptions(today).count(), usize::from(!found), "{today}");
        }
    }
}
