//! Rules waived for named objects, for a time, by somebody, for a reason.

use crate::base::ObjectRef;
use crate::policy::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A rule waived for one object until a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exception {
    /// The id of the rule.
    pub rule: String,
    /// The object, by its exact names: `Deployment/shop/legacy`.
    pub object: ObjectName,
    /// Who answers for it.
    #[schemars(length(min = 1))]
    pub owner: String,
    /// Why the rule does not hold here.
    #[schemars(length(min = 1))]
    pub reason: String,
    /// The last day on which it is in force.
    pub until: Date,
}

impl Exception {
    /// Whether its last day is over.
    pub fn is_expired(&self, today: Date) -> bool {
        self.until < today
    }

    /// Whether it waives this rule for this object today.
    pub fn covers(&self, rule: &str, object: &ObjectRef, today: Date) -> bool {
        self.rule == rule && self.object.is(object) && !self.is_expired(today)
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (until {})", self.owner, self.reason, self.until)
    }
}

/// An object by its exact names: `Kind/namespace/name`; one whose manifest has no namespace: `Kind/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName {
    /// The kind, without its group.
    pub kind: String,
    /// The namespace; none of objects outside namespaces, and of manifests that name none.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// A text that names no object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no object; write it as kind, namespace and name, such as Deployment/shop/web")]
pub struct InvalidObjectName(String);

impl ObjectName {
    /// Whether this is the object. A namespace that is not named is never guessed.
    pub fn is(&self, object: &ObjectRef) -> bool {
        self.kind == object.kind && self.namespace == object.namespace && self.name == object.name
    }
}

impl std::str::FromStr for ObjectName {
    type Err = InvalidObjectName;

    fn from_str(text: &str) -> Result<Self, InvalidObjectName> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts[..] {
            [kind, namespace, name] => (kind, Some(namespace), name),
            [kind, name] => (kind, None, name),
            _ => return Err(InvalidObjectName(text.to_owned())),
        };
        let is_word = |part: &&str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':'))
        };
        if !kind.starts_with(|c: char| c.is_ascii_uppercase()) || !parts.iter().all(is_word) {
            return Err(InvalidObjectName(text.to_owned()));
        }
        Ok(Self { kind: kind.to_owned(), namespace: namespace.map(str::to_owned), name: name.to_owned() })
    }
}

impl TryFrom<String> for ObjectName {
    type Error = InvalidObjectName;

    fn try_from(text: String) -> Result<Self, InvalidObjectName> {
        text.parse()
    }
}

impl From<ObjectName> for String {
    fn from(name: ObjectName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

impl JsonSchema for ObjectName {
    fn schema_name() -> Cow<'static, str> {
        "ObjectName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "kind, namespace and name, each exactly, such as Deployment/shop/web",
            "type": "string",
            "pattern": "^[A-Z][A-Za-z0-9.:-]*(/[A-Za-z0-9.:-]+){1,2}$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, namespace: Option<&str>, name: &str) -> ObjectRef {
        ObjectRef {
            api_version: "apps/v1".into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }

    #[test]
    fn covers_one_rule_of_one_object_through_its_last_day() {
        let exception = Exception {
            rule: "missing-pre-stop".into(),
            object: "Deployment/shop/legacy".parse().unwrap(),
            owner: "team-a".into(),
            reason: "drains by itself".into(),
            until: "2027-01-31".parse().unwrap(),
        };
        let cases = [
            ("missing-pre-stop", "Deployment", Some("shop"), "legacy", "2027-01-31", true),
            ("missing-pre-stop", "Deployment", Some("shop"), "legacy", "2027-02-01", false),
            ("short-grace-period", "Deployment", Some("shop"), "legacy", "2027-01-01", false),
            ("missing-pre-stop", "StatefulSet", Some("shop"), "legacy", "2027-01-01", false),
            ("missing-pre-stop", "Deployment", Some("till"), "legacy", "2027-01-01", false),
            ("missing-pre-stop", "Deployment", None, "legacy", "2027-01-01", false),
            ("missing-pre-stop", "Deployment", Some("shop"), "legacy-2", "2027-01-01", false),
        ];
        for (rule, kind, namespace, name, today, covered) in cases {
            let today = today.parse().unwrap();
            assert_eq!(
                exception.covers(rule, &object(kind, namespace, name), today),
                covered,
                "{rule} {kind} {name} {today}"
            );
        }
    }

    #[test]
    fn an_object_without_namespace_is_named_without_one() {
        let name: ObjectName = "Namespace/shop".parse().unwrap();
        assert!(name.is(&object("Namespace", None, "shop")));
        assert!(!name.is(&object("Namespace", Some("shop"), "shop")));
    }

    #[test]
    fn refuses_what_names_no_object() {
        for text in
            ["", "legacy", "Deployment/", "Deployment//legacy", "Deployment/shop/*", "deployment/shop/a", "A/b/c/d"]
        {
            assert!(text.parse::<ObjectName>().is_err(), "{text}");
        }
    }
}
