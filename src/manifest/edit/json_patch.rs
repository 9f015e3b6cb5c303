//! The printer for an admission response: changes as a JSON Patch (RFC 6902).
//!
//! There are no `test` operations: the API server applies the patch to the very object that it sent, and a test that
//! fails refuses the request whatever the failure policy.

use super::change::{Change, Difference};
use crate::base::{Path, Segment};
use serde::Serialize;
use serde_json::Value;

/// One operation of a JSON Patch.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// Puts a key into a map that is there, or an item into a list.
    Add {
        /// A JSON Pointer.
        path: String,
        /// What is put there.
        value: Value,
    },
    /// Changes what is there.
    Replace {
        /// A JSON Pointer.
        path: String,
        /// What is put there.
        value: Value,
    },
    /// Takes away what is there.
    Remove {
        /// A JSON Pointer.
        path: String,
    },
}

/// The operations that do these changes, in this order.
pub fn json_patch(changes: &[Change]) -> Vec<Operation> {
    let operation = |change: &Change| {
        let path = pointer(&change.path);
        match &change.difference {
            Difference::Added(value) | Difference::Inserted(value) => Operation::Add { path, value: value.clone() },
            Difference::Replaced(value) => Operation::Replace { path, value: value.clone() },
            Difference::Removed => Operation::Remove { path },
        }
    };
    changes.iter().map(operation).collect()
}

/// A path as a JSON Pointer (RFC 6901).
pub fn pointer(path: &Path) -> String {
    let step = |segment: &Segment| match segment {
        Segment::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Index(index) => format!("/{index}"),
    };
    path.segments().iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::edit::changes;
    use serde_json::json;

    #[test]
    fn parents_that_are_missing_come_with_the_field() {
        let before = json!({"metadata": {}, "spec": {"terminationGracePeriodSeconds": 30, "hostNetwork": false}});
        let annotations = json!({"proxy.istio.io/config": "{}", "a~b": "c"});
        let after = json!({"metadata": {"annotations": annotations}, "spec": {"terminationGracePeriodSeconds": 47}});
        let wanted = json!([
            {"op": "add", "path": "/metadata/annotations", "value": annotations},
            {"op": "remove", "path": "/spec/hostNetwork"},
            {"op": "replace", "path": "/spec/terminationGracePeriodSeconds", "value": 47},
        ]);
        assert_eq!(json!(json_patch(&changes(&before, &after))), wanted);
    }

    #[test]
    fn keys_are_escaped_in_pointers() {
        let path = Path::keys("metadata.annotations").key("proxy.istio.io/config").key("a~b").index(0);
        assert_eq!(pointer(&path), "/metadata/annotations/proxy.istio.io~1config/a~0b/0");
    }
}
