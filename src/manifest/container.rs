//! A container inside a pod template, as the rules read it. Values of a wrong type count as absent: the API server refuses them.

use crate::base::{Path, field};
use crate::manifest::PodTemplate;
use serde_json::Value;

/// A container of a pod template.
#[derive(Debug, Clone, Copy)]
pub struct Container<'a> {
    pub(super) pod: PodTemplate<'a>,
    pub(super) value: &'a Value,
    pub(super) index: usize,
    pub(super) role: Role,
}

/// What a container is to its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An entry of `containers`.
    Regular,
    /// An entry of `initContainers` that runs to its end before the next one starts.
    Init,
    /// An entry of `initContainers` with `restartPolicy: Always`: it runs, and may serve, as long as the pod.
    NativeSidecar,
}

/// A port that a container declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerPort<'a> {
    /// Its place in the `ports` of its container, from 0.
    pub index: usize,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its number.
    pub number: i64,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: &'a str,
}

impl<'a> Container<'a> {
    /// The container as it stands.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// What it is to its pod.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Its place in its list, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether it is this very container of the same object.
    pub fn is(&self, other: &Container<'_>) -> bool {
        std::ptr::eq(self.value, other.value)
    }

    /// The pod template that it is of.
    pub fn pod(&self) -> PodTemplate<'a> {
        self.pod
    }

    /// Its name, or an empty text.
    pub fn name(&self) -> &'a str {
        self.text("name").unwrap_or("")
    }

    /// Its image, or an empty text.
    pub fn image(&self) -> &'a str {
        self.text("image").unwrap_or("")
    }

    /// Its path inside the object.
    pub fn path(&self) -> Path {
        let list = if self.role == Role::Regular { "containers" } else { "initContainers" };
        self.pod.spec_path().key(list).index(self.index)
    }

    /// `command`, element by element.
    pub fn command(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.texts("command")
    }

    /// `args`, element by element.
    pub fn args(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.texts("args")
    }

    /// `command` and `args` as one list.
    pub fn argv(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.command().chain(self.args())
    }

    /// Its environment variables in order; the value is none where it comes from elsewhere (`valueFrom`).
    pub fn environment(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        let entries = self.value.get("env").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        entries.iter().filter_map(|entry| {
            let (mut name, mut literal, mut is_from_elsewhere) = (None, "", false);
            // One look at each key: a pod may have thousands of variables, and many rules ask.
            for (key, value) in entry.as_object()? {
                match key.as_str() {
                    "name" => name = value.as_str(),
                    "value" => literal = value.as_str().unwrap_or(""),
                    "valueFrom" => is_from_elsewhere = true,
                    _ => {}
                }
            }
            Some((name?, (!is_from_elsewhere).then_some(literal)))
        })
    }

    /// The ports it declares; one without a number is left out.
    pub fn ports(&self) -> impl Iterator<Item = ContainerPort<'a>> + use<'a> {
        let ports = self.value.get("ports").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        ports.iter().enumerate().filter_map(|(index, port)| {
            Some(ContainerPort {
                index,
                name: port.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()),
                number: port.get("containerPort").and_then(Value::as_i64)?,
                protocol: port.get("protocol").and_then(Value::as_str).unwrap_or("TCP"),
            })
        })
    }

    /// `lifecycle.preStop`, if it holds a handler.
    pub fn pre_stop(&self) -> Option<&'a Value> {
        field(self.value, &["lifecycle", "preStop"])
            .filter(|hook| hook.as_object().is_some_and(|hook| !hook.is_empty()))
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key).and_then(Value::as_str)
    }

    fn texts(&self, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let items = self.value.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        items.iter().filter_map(Value::as_str)
    }
}
