//! The names of the ports of one Service: which are taken, and which its own annotations hold.

use crate::inventory::Subject;
use crate::manifest::{Labels, Service, ServicePort};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the Service itself says of the names of its ports, worked out once for all of them.
pub struct PortNames {
    /// How many ports have a name.
    taken: BTreeMap<String, usize>,
    /// The names that an annotation holds, by its key.
    annotated: Vec<(&'static str, BTreeSet<String>)>,
}

impl PortNames {
    /// Those of the Service under review; none if it is no Service.
    pub fn of(subject: &Subject<'_>) -> Option<Arc<Self>> {
        let service = subject.service()?;
        Some(subject.object.once(|| Self::read(&service, &subject.object.annotations())))
    }

    fn read(service: &Service<'_>, annotations: &Labels<'_>) -> Self {
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for name in service.ports().filter_map(|port| port.name) {
            *taken.entry(name.to_owned()).or_default() += 1;
        }
        let names = |(key, form): (&'static str, Form)| Some((key, form.names(annotations.get(key)?)));
        Self { taken, annotated: ANNOTATIONS.into_iter().filter_map(names).collect() }
    }

    /// Whether another port has a name that this one is to get.
    pub fn is_taken(&self, name: &str, port: &ServicePort<'_>) -> bool {
        self.taken.get(name).is_some_and(|times| *times > usize::from(port.name == Some(name)))
    }

    /// The keys of the annotations of the Service that hold the name of a port.
    pub fn annotating(&self, name: &str) -> impl Iterator<Item = &'static str> {
        self.annotated.iter().filter(move |(_, names)| names.contains(name)).map(|(key, _)| *key)
    }
}

/// How an annotation names ports.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// The keys of a JSON map.
    Keys,
    /// The keys of the map under `ports`.
    KeysOfPorts,
    /// Between commas.
    List,
}

/// Sources: <https://cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration>,
/// <https://kubernetes.io/docs/concepts/services-networking/service/#ssl-support-on-aws>.
const ANNOTATIONS: [(&str, Form); 5] = [
    ("beta.cloud.google.com/backend-config", Form::KeysOfPorts),
    ("cloud.google.com/app-protocols", Form::Keys),
    ("cloud.google.com/backend-config", Form::KeysOfPorts),
    ("service.alpha.kubernetes.io/app-protocols", Form::Keys),
    ("service.beta.kubernetes.io/aws-load-balancer-ssl-ports", Form::List),
];

impl Form {
    fn names(self, text: &str) -> BTreeSet<String> {
        let json = || serde_json::from_str::<Value>(text).unwrap_or_default();
        let keys = |value: Option<&Value>| match value {
            Some(Value::Object(map)) => map.keys().cloned().collect(),
            _ => BTreeSet::new(),
        };
        match self {
            Self::Keys => keys(Some(&json())),
            Self::KeysOfPorts => keys(json().get("ports")),
            Self::List => text.split(',').map(|item| item.trim().to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(ports: &Value, annotations: &Value) -> PortNames {
        PortNames::read(&Service::of_value(&json!({"spec": {"ports": ports}})), &Labels::of(Some(annotations)))
    }

    #[test]
    fn a_name_is_taken_by_another_port_only() {
        let ports = json!([{"port": 1, "name": "a"}, {"port": 2, "name": "b"}, {"port": 3, "name": "b"}, {"port": 4}]);
        let service = json!({"spec": {"ports": ports}});
        let names = names(&ports, &json!({}));
        for (name, wanted) in
            [("a", [false, true, true, true]), ("b", [true, true, true, true]), ("c", [false, false, false, false])]
        {
            let found: Vec<bool> =
                Service::of_value(&service).ports().map(|port| names.is_taken(name, &port)).collect();
            assert_eq!(found, wanted, "{name}");
        }
    }

    #[test]
    fn annotations_hold_names_in_their_own_ways() {
        for (key, text, wanted) in [
            ("cloud.google.com/app-protocols", r#"{"web": "HTTPS"}"#, true),
            ("cloud.google.com/app-protocols", r#"{"api": "web"}"#, false),
            ("cloud.google.com/app-protocols", "web", false),
            ("service.alpha.kubernetes.io/app-protocols", r#"{"web": "HTTPS"}"#, true),
            ("cloud.google.com/backend-config", r#"{"ports": {"web": "a"}}"#, true),
            ("cloud.google.com/backend-config", r#"{"default": "web"}"#, false),
            ("beta.cloud.google.com/backend-config", r#"{"ports": {"web": "a"}}"#, true),
            ("service.beta.kubernetes.io/aws-load-balancer-ssl-ports", "443, web", true),
            ("service.beta.kubernetes.io/aws-load-balancer-ssl-ports", "*", false),
            ("example.com/web", "web", false),
        ] {
            let names = names(&json!([]), &json!({key: text}));
            let found: Vec<&str> = names.annotating("web").collect();
            assert_eq!(found, if wanted { vec![key] } else { vec![] }, "{key} {text}");
        }
    }
}
