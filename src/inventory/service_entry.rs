//! ServiceEntries as far as others may ask: which hosts outside they make known to the mesh, and to whom.

use crate::inventory::shard::{Indexed, Pair};
use crate::manifest::Object;
use serde_json::Value;

/// What is kept of a ServiceEntry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceEntryFacts {
    /// Its hosts.
    pub hosts: Vec<String>,
    /// Its addresses, single ones and ranges.
    pub addresses: Vec<String>,
    /// The namespaces that see it: `*` all, `.` its own. Empty where it does not say, which is all.
    pub export_to: Vec<String>,
}

impl ServiceEntryFacts {
    /// The facts of an object, if it is a ServiceEntry.
    pub fn of(object: &Object) -> Option<Self> {
        if !object.is("networking.istio.io", "ServiceEntry") {
            return None;
        }
        let texts = |key: &str| {
            let items = object.value().pointer("/spec").and_then(|spec| spec.get(key)).and_then(Value::as_array);
            items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Some(Self { hosts: texts("hosts"), addresses: texts("addresses"), export_to: texts("exportTo") })
    }

    /// Whether pods of a namespace see it, which is in this one.
    pub fn is_seen_from(&self, namespace: &str, own: &str) -> bool {
        let is_meant = |it: &String| it == "*" || it == namespace || it == "." && own == namespace;
        self.export_to.is_empty() || self.export_to.iter().any(is_meant)
    }
}

impl Indexed for ServiceEntryFacts {
    const ONE_PAIR_IS_ENOUGH: bool = true;

    /// There are few of them in a namespace: all are looked at.
    fn index_pairs(&self) -> Vec<Pair> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sees_it_is_said_by_name_or_star() {
        for (export_to, wanted) in [
            (&[][..], [true, true]),
            (&["*"], [true, true]),
            (&["."], [true, false]),
            (&["shop"], [true, false]),
            (&["lab", "."], [true, true]),
            (&["~"], [false, false]),
        ] {
            let facts = ServiceEntryFacts {
                export_to: export_to.iter().map(|it| (*it).to_owned()).collect(),
                ..ServiceEntryFacts::default()
            };
            assert_eq!(["shop", "lab"].map(|namespace| facts.is_seen_from(namespace, "shop")), wanted, "{export_to:?}");
        }
    }
}
