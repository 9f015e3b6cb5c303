//! PeerAuthentications as far as others may ask: which pods they are for, and whether those take plain text.

use crate::inventory::facts::Strings;
use crate::inventory::shard::{Indexed, Pair};
use crate::manifest::{Labels, Object};
use crate::mesh::mtls::{InboundTls, PeerModes};
use serde_json::Value;

/// What is kept of a PeerAuthentication.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeerAuthenticationFacts {
    /// The labels of the pods that it is for; empty where it is for all of its namespace.
    pub selector: Strings,
    /// What it says of them.
    pub modes: PeerModes,
}

impl PeerAuthenticationFacts {
    /// The facts of an object, if it is a PeerAuthentication.
    pub fn of(object: &Object) -> Option<Self> {
        if !object.is("security.istio.io", "PeerAuthentication") {
            return None;
        }
        let spec = object.value().get("spec");
        let at = |pointer: &str| spec.and_then(|spec| spec.pointer(pointer));
        let mode = |mtls: Option<&Value>| mtls?.get("mode")?.as_str().and_then(InboundTls::of_mode);
        let labels = Labels::of(at("/selector/matchLabels"));
        let ports = at("/portLevelMtls").and_then(Value::as_object).into_iter().flatten();
        let modes = PeerModes {
            all: mode(at("/mtls")),
            ports: ports.filter_map(|(port, mtls)| Some((port.parse().ok()?, mode(Some(mtls))?))).collect(),
        };
        let selector = labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Some(Self { selector, modes })
    }

    /// Whether it is for pods with these labels, and not for its whole namespace.
    pub fn selects<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        !self.selector.is_empty() && self.selector.iter().all(|(key, value)| label(key) == Some(value))
    }
}

impl Indexed for PeerAuthenticationFacts {
    const ONE_PAIR_IS_ENOUGH: bool = true;

    /// There are few of them in a namespace: all are looked at.
    fn index_pairs(&self) -> Vec<Pair> {
        Vec::new()
    }
}
