//! Who knows a port of the Service under review by its name: what a new name would break.
//!
//! Of other objects only those in the files are known; a reference that is not found here may still be somewhere.

use crate::base::{ObjectRef, Path};
use crate::checks::port_names::PortNames;
use crate::checks::{RelatedPlace, shortened_to};
use crate::inventory::{NearUse, PortKey, Subject};
use crate::manifest::ServicePort;

/// What refers to a port by the name that it has; none for a port without one.
pub fn references(subject: &Subject<'_>, port: &ServicePort<'_>) -> Vec<RelatedPlace> {
    let Some(name) = port.name else { return Vec::new() };
    let uses = subject.uses_of_port(port);
    let of_others = uses.iter().filter(|it| is_by_name(subject, it)).map(|it| RelatedPlace {
        message: format!("{} refers to the port as {}", called(&it.by.reference), quoted(name)),
        path: it.found.field.clone(),
        place: it.place(),
    });
    let own = PortNames::of(subject);
    let of_itself = own.iter().flat_map(|own| own.annotating(name)).map(|key| {
        let path = Path::keys("metadata.annotations").key(key);
        let place = subject.object.point_at(&path);
        RelatedPlace { message: format!("annotation {key} refers to the port as {}", quoted(name)), path, place }
    });
    of_others.chain(of_itself).collect()
}

/// What is to be looked at before a port gets another name, for people: one line, no full stop.
pub fn in_words(subject: &Subject<'_>, port: &ServicePort<'_>) -> String {
    let Some(name) = port.name.map(quoted) else {
        return "endpoints get the new name as well, and somebody may look for them without one".to_owned();
    };
    let found = references(subject, port);
    match &found[..] {
        [] if subject.object.file().is_empty() => {
            format!(
                "what refers to the port as {name} must be changed as well (Ingress, ServiceMonitor, DNS SRV records)"
            )
        }
        [] => format!(
            "nothing among these files refers to the port as {name}, but what is elsewhere may (Ingress, ServiceMonitor, DNS SRV \
             records)"
        ),
        [only] => format!("{}, and must be changed with it", only.message),
        [first, rest @ ..] => format!("{}, and {} more must be changed with it", first.message, rest.len()),
    }
}

/// Endpoints are written by a controller, under the names of the Service, wherever the Service selects its pods.
fn is_by_name(subject: &Subject<'_>, place: &NearUse<'_>) -> bool {
    let is_by_hand = || subject.service().is_some_and(|service| service.selector().iter().next().is_none());
    let is_written = matches!(&*place.by.reference.kind, "Endpoints" | "EndpointSlice") && !is_by_hand();
    matches!(place.found.port, PortKey::Name(_)) && !is_written
}

/// An object as people write it, cut where it would fill the line.
fn called(reference: &ObjectRef) -> String {
    let full = match &reference.namespace {
        Some(namespace) => format!("{namespace}/{}", reference.name),
        None => reference.name.clone(),
    };
    format!("{} {}", reference.kind, shortened_to(LONGEST_OBJECT, &full).trim_matches('`'))
}

fn quoted(name: &str) -> String {
    shortened_to(LONGEST_NAME, name)
}

const LONGEST_OBJECT: usize = 70;
const LONGEST_NAME: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::json;

    #[test]
    fn of_an_object_without_files_nothing_is_said_of_what_is_among_them() {
        let spec = json!({"ports": [{"name": "web", "port": 80}]});
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec});
        let (service, inventory, profile) =
            (Object::from_json(service).unwrap(), Inventory::default(), Profile::default());
        let subject = Subject::new(&service, &inventory, &profile);
        let port = subject.service().unwrap().ports().next().unwrap();
        let words = in_words(&subject, &port);
        assert!(words.starts_with("what refers to the port as `web` must be changed"), "{words}");
    }
}
