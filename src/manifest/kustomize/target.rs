//! Which objects a patch is for.

use crate::base::ObjectRef;
use crate::manifest::group_of;
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::borrow::Cow;

/// What the objects of a patch are called. What it leaves out, it leaves open; labels and annotations that it selects by are not
/// looked at, so it may be for less than it seems.
///
/// Source: <https://github.com/kubernetes-sigs/kustomize/blob/master/api/types/selector.go>
#[derive(Debug, Clone, Default)]
pub struct Target {
    group: Option<Pattern>,
    kind: Option<Pattern>,
    namespace: Option<Pattern>,
    name: Option<Pattern>,
}

/// A text, or an expression for the whole of one.
#[derive(Debug, Clone)]
enum Pattern {
    Text(String),
    Expression(Regex),
    /// An expression that cannot be read here: nobody knows what it stands for.
    Unknown,
}

impl Target {
    /// The `target` of a patch.
    pub(super) fn of(target: &Value) -> Self {
        let pattern =
            |key: &str| target.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Pattern::of);
        Self { group: pattern("group"), kind: pattern("kind"), namespace: pattern("namespace"), name: pattern("name") }
    }

    /// The object that a strategic merge patch names itself; none where it has no kind or no name.
    pub(super) fn named_in(patch: &Value) -> Option<Self> {
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let metadata = patch.get("metadata")?;
        Some(Self {
            group: Some(Pattern::Text(group_of(&text(patch.get("apiVersion"))?).to_owned())),
            kind: Some(Pattern::Text(text(patch.get("kind"))?)),
            namespace: text(metadata.get("namespace")).map(Pattern::Text),
            name: Some(Pattern::Text(text(metadata.get("name"))?)),
        })
    }

    /// Whether it may be for an object that has any of these names, and for the rest is called as this one. One that says no
    /// namespace may be given any by a kustomization.
    pub fn may_be(&self, object: &ObjectRef, names: &[Cow<'_, str>]) -> bool {
        let may_be = |pattern: &Option<Pattern>, seen: &str| pattern.as_ref().is_none_or(|it| it.may_be(seen));
        names.iter().any(|name| may_be(&self.name, name))
            && may_be(&self.kind, &object.kind)
            && may_be(&self.group, group_of(&object.api_version))
            && object.namespace.as_deref().is_none_or(|namespace| may_be(&self.namespace, namespace))
    }

    /// The name of the one object that it is for, if it says one.
    pub fn name(&self) -> Option<&str> {
        match &self.name {
            Some(Pattern::Text(name)) => Some(name),
            _ => None,
        }
    }
}

impl Pattern {
    fn of(text: &str) -> Self {
        let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if is_plain {
            return Self::Text(text.to_owned());
        }
        let expression = RegexBuilder::new(&format!("^(?:{text})$")).size_limit(LARGEST_EXPRESSION).build();
        expression.map_or(Self::Unknown, Self::Expression)
    }

    fn may_be(&self, seen: &str) -> bool {
        match self {
            Self::Text(text) => text == seen,
            Self::Expression(expression) => expression.is_match(seen),
            Self::Unknown => true,
        }
    }
}

/// Bytes that an expression for a name may take when it is compiled: no name needs more.
const LARGEST_EXPRESSION: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> [Cow<'static, str>; 1] {
        ["web".into()]
    }

    fn object(namespace: Option<&str>) -> ObjectRef {
        let namespace = namespace.map(str::to_owned);
        ObjectRef { api_version: "apps/v1".into(), kind: "Deployment".into(), namespace, name: "web".into() }
    }

    #[test]
    fn a_target_leaves_open_what_it_does_not_say() {
        for (target, wanted) in [
            (json!({}), true),
            (json!({"kind": "Deployment"}), true),
            (json!({"kind": "Deployment|StatefulSet", "name": "w.*"}), true),
            (json!({"kind": "Deploy"}), false),
            (json!({"group": "apps", "version": "v1", "kind": "Deployment", "name": "web"}), true),
            (json!({"group": "batch"}), false),
            (json!({"name": "web2"}), false),
            (json!({"name": "e.*"}), false),
            (json!({"name": "(("}), true),
            (json!({"namespace": "shop"}), true),
            (json!({"namespace": "other"}), false),
            (json!({"labelSelector": "app=web"}), true),
        ] {
            assert_eq!(Target::of(&target).may_be(&object(Some("shop")), &names()), wanted, "{target}");
        }
        assert!(Target::of(&json!({"namespace": "other"})).may_be(&object(None), &names()));
    }

    #[test]
    fn a_patch_names_its_object() {
        let patch = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}});
        let target = Target::named_in(&patch).expect("a name");
        assert!(target.may_be(&object(Some("shop")), &names()) && target.name() == Some("web"));
        assert!(Target::named_in(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": {}})).is_none());
    }
}
