//! The identity of a finding: the same defect in the old and the new object, in yesterday's report and in today's.
//!
//! Rule, object and path, where an item of a list counts by its key and not by its place: containers and variables by
//! name, ports by number and protocol. Ratchet, baseline and ignores all go by this one function.

use crate::base::{Path, Segment};
use serde_json::Value;
use std::borrow::Cow;

/// The identity of a finding of `rule` at `path` inside the object `value` called `object`.
pub fn finding_identity(rule: &str, object: &str, value: &Value, path: &Path) -> String {
    let mut text = format!("{rule} {object} ");
    push_keyed(&mut text, value, path);
    text
}

/// Writes the path with list items by their key.
fn push_keyed(text: &mut String, root: &Value, path: &Path) {
    let mut current = Some(root);
    for segment in path.segments() {
        match segment {
            Segment::Key(key) => {
                text.push('/');
                text.push_str(key);
                current = current.and_then(|value| value.get(key.as_ref()));
            }
            Segment::Index(index) => {
                current = current.and_then(|value| value.get(index));
                text.push('[');
                text.push_str(&current.and_then(item_key).unwrap_or_else(|| index.to_string().into()));
                text.push(']');
            }
        }
    }
}

/// The key of a list item, as Kubernetes merges lists: a port by number and protocol, all else by name.
fn item_key(item: &Value) -> Option<Cow<'_, str>> {
    let number = item.get("containerPort").or_else(|| item.get("port")).and_then(Value::as_i64);
    let protocol = item.get("protocol").and_then(Value::as_str).unwrap_or("TCP");
    let name = item.get("name").and_then(Value::as_str);
    number.map(|number| format!("{number}/{protocol}").into()).or_else(|| name.map(Cow::Borrowed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_container_keeps_its_identity_when_it_moves() {
        let lifecycle = |index| Path::keys("spec.containers").index(index).key("lifecycle");
        let before = json!({"spec": {"containers": [{"name": "app"}]}});
        let after = json!({"spec": {"containers": [{"name": "log"}, {"name": "app"}]}});
        let old = finding_identity("missing-pre-stop", "Pod a", &before, &lifecycle(0));
        assert_eq!(old, finding_identity("missing-pre-stop", "Pod a", &after, &lifecycle(1)));
        assert_ne!(old, finding_identity("missing-pre-stop", "Pod a", &after, &lifecycle(0)));
    }

    #[test]
    fn a_port_is_its_number_and_protocol_whatever_its_name() {
        let path = Path::keys("spec.ports").index(0).key("name");
        let identity = |port: Value| finding_identity("x", "Service a", &json!({"spec": {"ports": [port]}}), &path);
        assert_eq!(identity(json!({"port": 53})), identity(json!({"port": 53, "name": "dns", "protocol": "TCP"})));
        assert_ne!(identity(json!({"port": 53})), identity(json!({"port": 53, "protocol": "UDP"})));
    }
}
