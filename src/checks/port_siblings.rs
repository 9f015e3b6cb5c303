//! What the other ports of a Service say for the same port of its pods. One of the two is wrong where they differ, so a protocol that
//! a sibling contradicts is not certain, however plain its own signs are.

use crate::checks::service_port::{protocol_of, spoken};
use crate::checks::shared_pods::Meeting;
use crate::checks::split_target::{is_split, listeners};
use crate::inventory::{Entry, Subject, WorkloadFacts};
use crate::manifest::ServicePort;
use crate::mesh::Protocol;
use std::collections::HashMap;

/// The ports of one Service by where they lead on its pods.
pub struct Siblings<'a> {
    pods: Vec<Option<&'a Entry<WorkloadFacts>>>,
    /// By the place of the pods in the list, too.
    said: HashMap<(usize, Meeting<'a>), Vec<Said<'a>>>,
}

/// A port with the protocol that Istio reads from it.
type Said<'a> = (ServicePort<'a>, Protocol);

/// As many ports of one protocol tell what any number would: one of them is another one than the port that is asked about.
const MOST_OF_ONE_PROTOCOL: usize = 2;

impl<'a> Siblings<'a> {
    /// Those of the Service under review.
    pub fn of(subject: &Subject<'a>) -> Self {
        let mut siblings = Self { pods: listeners(subject), said: HashMap::new() };
        for port in subject.service().iter().flat_map(|service| service.ports()) {
            let Some(protocol) = protocol_of(&port, subject.profile.istio_version) else { continue };
            for (place, pods) in siblings.pods.iter().enumerate() {
                let Some(meeting) = Meeting::of(&port, *pods) else { continue };
                let said = siblings.said.entry((place, meeting)).or_default();
                if said.iter().filter(|(_, it)| *it == protocol).count() < MOST_OF_ONE_PROTOCOL {
                    said.push((port, protocol));
                }
            }
        }
        siblings
    }

    /// Whether no other port contradicts this protocol of a port. One that is guessed says nothing.
    ///
    /// # Errors
    /// Which one does: one line for people, no full stop.
    pub fn agree(&self, port: &ServicePort<'_>, protocol: Protocol) -> Result<(), String> {
        let pods = self.pods.iter().enumerate();
        let meetings = pods.filter_map(|(place, pods)| Some((place, Meeting::of(port, *pods)?)));
        let mut said = meetings.filter_map(|meeting| self.said.get(&meeting)).flatten();
        match said.find(|(other, said)| other.index != port.index && is_split(*said, protocol)) {
            None => Ok(()),
            Some((other, said)) => Err(format!(
                "it is told in two ways what the port of the pods speaks: {protocol} by this port, {} by port {}",
                spoken(*said),
                other.number
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::{Value, json};

    #[test]
    fn a_port_to_the_same_port_of_the_pods_contradicts_where_the_proxy_would_do_something_else() {
        for (ports, wanted) in [
            (json!([["a", 80, 1], ["grpc", 81, 1]]), false),
            (json!([["grpc", 80, 1], ["a", 81, 1]]), false),
            (json!([["a", 80, 1], ["b", 81, 1], ["tcp", 82, 1]]), true),
            (json!([["a", 80, 1], ["grpc", 81, 2]]), true),
            (json!([["a", 80, 1], ["udp-a", 81, 1]]), true),
            (json!([["a", 80, 1], ["tcp", 81, 1], ["tcp-b", 82, 1], ["tcp-c", 83, 1], ["http", 84, 1]]), false),
        ] {
            let port = |it: &Value| json!({"name": it[0], "port": it[1], "targetPort": it[2]});
            let of_a = ports.as_array().unwrap().iter().position(|it| it[0] == "a").unwrap();
            let spec = json!({"ports": ports.as_array().unwrap().iter().map(port).collect::<Vec<_>>()});
            let metadata = json!({"name": "web"});
            let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec});
            let (service, inventory, profile) =
                (Object::from_json(service).unwrap(), Inventory::default(), Profile::default());
            let subject = Subject::new(&service, &inventory, &profile);
            let port = subject.service().unwrap().ports().nth(of_a).unwrap();
            let agrees = Siblings::of(&subject).agree(&port, Protocol::Tcp).is_ok();
            assert_eq!(agrees, wanted, "{ports}");
        }
    }
}
