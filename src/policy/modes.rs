//! What is done about findings: which mode the platform's file says for a rule in a namespace.

use crate::base::Mode;
use crate::policy::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is done about findings. The nearest word wins: of a rule in a namespace, then of the namespace, then of the rule, then `default`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Modes {
    /// For everything that nothing else is said of. Left out: `warn` for the command line; at admission what the namespace's label says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Mode>,
    /// For single rules, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, Mode>,
    /// For single namespaces, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub namespaces: BTreeMap<String, NamespaceModes>,
}

/// What is done about findings in one namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NamespaceModes {
    /// For all rules that nothing nearer is said of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Mode>,
    /// The first day on which this block is in force; before it, what it will act on is audited. Left out: it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// For single rules, by their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, Mode>,
}

impl Modes {
    /// What the file says of this rule in this namespace today; none where it says nothing.
    pub fn said(&self, rule: &str, namespace: Option<&str>, today: Date) -> Option<Mode> {
        let elsewhere = self.rules.get(rule).copied().or(self.default);
        let Some(block) = namespace.and_then(|namespace| self.namespaces.get(namespace)) else { return elsewhere };
        let Some(here) = block.rules.get(rule).copied().or(block.default) else { return elsewhere };
        if block.from.is_none_or(|from| from <= today) {
            return Some(here);
        }
        // Announced, not yet in force: what it will act on is in the audit log from now on.
        let announced = here.min(Mode::Audit);
        Some(elsewhere.map_or(announced, |mode| stricter_of(mode, announced)))
    }

    /// Whether the file turns this very rule off here: by its id, and not as one of all.
    pub fn turns_off(&self, rule: &str, namespace: Option<&str>, today: Date) -> bool {
        let block = namespace.and_then(|namespace| self.namespaces.get(namespace));
        let in_force = block.filter(|block| block.from.is_none_or(|from| from <= today));
        let by_id = in_force.and_then(|block| block.rules.get(rule)).or_else(|| self.rules.get(rule));
        by_id == Some(&Mode::Off) && self.said(rule, namespace, today) == Some(Mode::Off)
    }
}

/// The stricter of two modes.
pub fn stricter_of(one: Mode, other: Mode) -> Mode {
    one.max(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mode::{Audit, Deny, Off, Warn};
    use serde_json::json;

    fn modes() -> Modes {
        serde_json::from_value(json!({
            "default": "audit",
            "rules": {"proxy-uid": "deny", "broken": "off"},
            "namespaces": {
                "shop": {"default": "warn", "rules": {"missing-pre-stop": "deny"}},
                "till": {"default": "deny", "from": "2027-01-10", "rules": {"broken": "off", "proxy-uid": "warn"}},
                "bare": {"rules": {"missing-pre-stop": "warn"}},
            },
        }))
        .unwrap()
    }

    #[test]
    fn the_nearest_word_wins() {
        let cases = [
            ("missing-pre-stop", Some("shop"), "2027-01-01", Deny),
            ("proxy-uid", Some("shop"), "2027-01-01", Warn),
            ("proxy-uid", Some("other"), "2027-01-01", Deny),
            ("proxy-uid", None, "2027-01-01", Deny),
            ("missing-pre-stop", Some("other"), "2027-01-01", Audit),
            ("missing-pre-stop", Some("bare"), "2027-01-01", Warn),
            ("proxy-uid", Some("bare"), "2027-01-01", Deny),
            ("missing-pre-stop", Some("till"), "2027-01-10", Deny),
            ("proxy-uid", Some("till"), "2027-01-10", Warn),
        ];
        for (rule, namespace, today, mode) in cases {
            let said = modes().said(rule, namespace, today.parse().unwrap());
            assert_eq!(said, Some(mode), "{rule} {namespace:?} {today}");
        }
    }

    #[test]
    fn before_its_day_a_block_only_audits_what_it_will_act_on() {
        let announcing = |default: &str| -> Modes {
            let file = json!({"default": default, "namespaces": {"till": {"default": "deny", "from": "2027-01-10", "rules": {"broken": "off"}}}});
            serde_json::from_value(file).unwrap()
        };
        let cases = [
            ("off", "missing-pre-stop", Audit),
            ("off", "broken", Off),
            ("audit", "missing-pre-stop", Audit),
            ("warn", "missing-pre-stop", Warn),
            ("warn", "broken", Warn),
        ];
        for (default, rule, mode) in cases {
            let said = announcing(default).said(rule, Some("till"), "2027-01-09".parse().unwrap());
            assert_eq!(said, Some(mode), "{default} {rule}");
        }
        assert_eq!(Modes::default().said("proxy-uid", Some("till"), "2027-01-09".parse().unwrap()), None);
    }

    #[test]
    fn a_rule_is_turned_off_by_its_id_only() {
        let all_off: Modes = serde_json::from_value(json!({"default": "off"})).unwrap();
        let today = "2027-01-01".parse().unwrap();
        assert!(modes().turns_off("broken", Some("other"), today));
        assert!(!modes().turns_off("broken", Some("shop"), today), "the namespace speaks nearer");
        assert!(!modes().turns_off("proxy-uid", Some("shop"), today));
        assert!(!all_off.turns_off("proxy-uid", Some("shop"), today));
    }
}
