//! What ConfigMaps put into a container: scripts that it mounts, variables that it gets.
//!
//! Whatever such a text says is a sign: good for being silent only.

use crate::inventory::{ConfigMapFacts, Subject};
use crate::manifest::{Container, PodTemplate};
use serde_json::Value;
use std::collections::HashSet;

/// The ConfigMaps that a container mounts, or takes variables from, as far as they are known.
pub fn config_maps<'a>(
    subject: &Subject<'a>,
    pod: &PodTemplate<'a>,
    container: &Container<'a>,
) -> Vec<&'a ConfigMapFacts> {
    // At the door there are none: nobody looks through thousands of volumes for them.
    if !subject.inventory.has_config_maps(subject.namespace()) {
        return Vec::new();
    }
    let sources = items(container.value(), "envFrom").filter_map(|it| name_at(it, "/configMapRef/name"));
    let values = items(container.value(), "env").filter_map(|it| name_at(it, "/valueFrom/configMapKeyRef/name"));
    let mounted: HashSet<&str> =
        items(container.value(), "volumeMounts").filter_map(|it| it.get("name")?.as_str()).collect();
    let is_mounted =
        |volume: &&Value| volume.get("name").and_then(Value::as_str).is_some_and(|it| mounted.contains(it));
    let volumes = items(pod.spec(), "volumes").filter(is_mounted).flat_map(of_volume);
    let names = sources.chain(values).chain(volumes);
    names.filter_map(|name| config_map(subject, name)).collect()
}

/// Whether a container gets a variable, with some value, from a ConfigMap that it takes whole.
pub fn gets_variable(subject: &Subject<'_>, container: &Container<'_>, variable: &str) -> bool {
    items(container.value(), "envFrom").any(|source| {
        let prefix = source.get("prefix").and_then(Value::as_str).unwrap_or_default();
        let facts = name_at(source, "/configMapRef/name").and_then(|name| config_map(subject, name));
        let key = variable.strip_prefix(prefix);
        facts.is_some_and(|facts| facts.variables.iter().any(|name| Some(name.as_str()) == key))
    })
}

fn config_map<'a>(subject: &Subject<'a>, name: &str) -> Option<&'a ConfigMapFacts> {
    subject.inventory.config_map(subject.namespace(), name, subject.object.file()).map(|entry| &entry.facts)
}

/// The ConfigMaps of a volume: its own, or those that it projects.
fn of_volume(volume: &Value) -> Vec<&str> {
    let projected = volume.get("projected").into_iter().flat_map(|it| items(it, "sources"));
    let projected = projected.filter_map(|it| name_at(it, "/configMap/name"));
    name_at(volume, "/configMap/name").into_iter().chain(projected).collect()
}

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice).iter()
}

fn name_at<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}
