//! What the webhook repairs on Pods while they are created, as the platform's file says.

use crate::manifest::{Entrypoints, ImageReference};
use crate::policy::form;
use crate::policy::settings::params_laid_over;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What is repaired on Pods while they are created. Left out: nothing. Where the mode is off or audit nothing is repaired either.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Repairs {
    /// The image of containers that repairs put into Pods, best named by its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ImageReference")]
    pub image: Option<String>,
    /// What images start, for commands that a repair wraps where a container sets no `command`: by image (`*` stands for any
    /// text), or by `container NAME`, the words of its ENTRYPOINT, or both `entrypoint` and `cmd`.
    #[serde(skip_serializing_if = "Entrypoints::is_empty")]
    pub entrypoints: Entrypoints,
    /// Which rules are repaired, and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apply: Vec<RepairEntry>,
}

/// Some rules that are repaired in some namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepairEntry {
    /// The ids of the rules.
    #[schemars(length(min = 1), with = "Vec<form::Id>")]
    pub rules: Vec<String>,
    /// The namespaces, by their exact names. Left out: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), inner(length(min = 1)))]
    pub namespaces: Vec<String>,
    /// How, for those of the rules whose check has a parameter `strategy` that takes this word; it holds for `seaworthy check` and `fix` too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub strategy: Option<String>,
}

impl Repairs {
    /// The parameter of a check that `image` is handed to, under the same name.
    pub const IMAGE: &str = "image";

    /// The parameter of a check that `entrypoints` is handed to, under the same name.
    pub const ENTRYPOINTS: &str = "entrypoints";

    /// The parameters of a rule, with what is said here for all rules where its check takes that; what the rule says itself wins,
    /// for a map key by key.
    pub fn inherited(&self, params: &Map<String, Value>, takes: impl Fn(&str) -> bool) -> Map<String, Value> {
        let image = self.image.as_ref().map(|image| (Self::IMAGE, Value::from(image.as_str())));
        let entrypoints = (!self.entrypoints.is_empty()).then(|| (Self::ENTRYPOINTS, json!(self.entrypoints)));
        let said = image.into_iter().chain(entrypoints).filter(|(param, _)| takes(param));
        params_laid_over(&said.map(|(param, value)| (param.to_owned(), value)).collect(), params)
    }

    /// Whether a rule is repaired in a namespace; none of an object whose manifest names none.
    pub fn name(&self, rule: &str, namespace: Option<&str>) -> bool {
        self.of_rule(rule).any(|repair| repair.is_for(namespace))
    }

    /// All that is said of a rule.
    pub fn of_rule(&self, rule: &str) -> impl Iterator<Item = &RepairEntry> {
        self.apply.iter().filter(move |repair| repair.rules.iter().any(|id| id == rule))
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl RepairEntry {
    /// The parameter of a check that `strategy` is handed to, under the same name.
    pub const STRATEGY: &str = "strategy";

    /// Whether it holds in a namespace; none of an object whose manifest names none.
    pub fn is_for(&self, namespace: Option<&str>) -> bool {
        self.namespaces.is_empty()
            || namespace.is_some_and(|namespace| self.namespaces.iter().any(|name| name == namespace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_repaired_where_an_entry_names_it() {
        let repairs: Repairs = serde_json::from_value(json!({"apply": [
            {"rules": ["missing-pre-stop", "short-grace-period"], "namespaces": ["shop", "till"]},
            {"rules": ["app-starts-before-proxy"], "strategy": "hold"},
        ]}))
        .unwrap();
        for (rule, namespace, named) in [
            ("missing-pre-stop", Some("shop"), true),
            ("short-grace-period", Some("till"), true),
            ("missing-pre-stop", Some("shop-2"), false),
            ("missing-pre-stop", None, false),
            ("app-starts-before-proxy", Some("shop-2"), true),
            ("app-starts-before-proxy", None, true),
            ("job-never-completes", Some("shop"), false),
        ] {
            assert_eq!(repairs.name(rule, namespace), named, "{rule} {namespace:?}");
        }
    }

    #[test]
    fn what_is_said_for_all_rules_lies_below_what_a_rule_says_itself() {
        let repairs: Repairs =
            serde_json::from_value(json!({"image": "wait:1", "entrypoints": {"a": ["/a"], "b": ["/b"]}})).unwrap();
        let all = |_: &str| true;
        for (params, takes, wanted) in [
            (
                json!({}),
                &all as &dyn Fn(&str) -> bool,
                json!({"image": "wait:1", "entrypoints": {"a": ["/a"], "b": ["/b"]}}),
            ),
            (json!({"image": "wait:2"}), &|param| param == "image", json!({"image": "wait:2"})),
            (
                json!({"entrypoints": {"b": ["/own"]}}),
                &all,
                json!({"image": "wait:1", "entrypoints": {"a": ["/a"], "b": ["/own"]}}),
            ),
            (json!({"strategy": "hold"}), &|_| false, json!({"strategy": "hold"})),
        ] {
            let Value::Object(own) = params.clone() else { panic!() };
            assert_eq!(Value::Object(repairs.inherited(&own, takes)), wanted, "{params}");
        }
        assert_eq!(Repairs::default().inherited(&Map::new(), all), Map::new());
    }
}
