//! The pod annotation `proxy.istio.io/config`: what Istio makes of its value, and what it refuses.
//!
//! Istio turns the YAML or JSON text into JSON and reads that with Go's old protobuf JSON reader, told to allow unknown fields:
//! <https://github.com/istio/istio/blob/master/pkg/util/protomarshal/protomarshal.go>. The keys are those of `ProxyConfig` in
//! <https://github.com/istio/api/blob/master/mesh/v1alpha1/proxy.proto>, here as of Istio 1.31. Parsing the text is the caller's part.

use crate::mesh::proxy_config_keys::{KEYS, Kind, snake_case};
use crate::mesh::proxy_config_meant::go_bool;
use crate::mesh::{GoDuration, InvalidDuration, ProxySettings};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The annotation's name.
pub const PROXY_CONFIG_ANNOTATION: &str = "proxy.istio.io/config";
/// In `proxyMetadata`: `true` has the proxy end when its last connection is closed.
pub const EXIT_ON_ZERO: &str = "EXIT_ON_ZERO_ACTIVE_CONNECTIONS";
/// In `proxyMetadata`: with [`EXIT_ON_ZERO`], how long the proxy stays in any case.
pub const MINIMUM_DRAIN: &str = "MINIMUM_DRAIN_DURATION";

/// What one pod sets, out of all that can be set: only what bears on starting and stopping. `None` leaves the mesh's default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProxyConfig {
    /// How long a classic sidecar keeps running after SIGTERM; may be negative, which counts as zero.
    pub termination_drain_duration: Option<GoDuration>,
    /// How long Envoy takes to close its listeners once it drains.
    pub drain_duration: Option<GoDuration>,
    /// Whether application containers are held back until the proxy is ready.
    pub hold_application_until_proxy_starts: Option<bool>,
    /// Environment of the proxy; Istio adds it to the mesh-wide one, key by key.
    pub proxy_metadata: BTreeMap<String, String>,
    /// Whether nothing of the pod is redirected to it: `interceptionMode: NONE`. The pod's annotation about that wins where it has one.
    pub redirects_nothing: bool,
    /// Keys at the top that Istio does not know and drops without a word, misspelt ones among them.
    pub unknown_keys: Vec<String>,
}

/// A value for which Istio's injector refuses the Pod.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxyConfig {
    /// The text is YAML, but no map.
    #[error("Istio wants a map of settings here, not {0}")]
    NotAMap(&'static str),
    /// A key has a value of another type, or out of range.
    #[error("{key}: Istio wants {wanted} here, not {seen}")]
    WrongValue {
        /// The key as written; for an entry of a map or list, its path.
        key: String,
        /// What was found, as JSON.
        seen: String,
        /// What Istio reads here, with an example.
        wanted: &'static str,
    },
    /// A key that takes a duration has a text that is none.
    #[error("{key}: {error}")]
    WrongDuration {
        /// The key as written.
        key: String,
        /// What is wrong with it.
        #[source]
        error: InvalidDuration,
    },
}

impl ProxyConfig {
    /// Reads the annotation's value, already parsed; an empty annotation is `null`.
    ///
    /// The JSON name of a key wins over its snake_case name; `null` is the same as absent. The values of maps inside (`image`,
    /// `tracing` ...) are not looked into; their keys are in [`proxy_config_messages`](crate::mesh::proxy_config_messages).
    ///
    /// # Errors
    /// The first value, in the order of Istio's own definition, for which Istio refuses the Pod.
    pub fn read(value: &Value) -> Result<Self, InvalidProxyConfig> {
        let map = match value {
            Value::Null => return Ok(Self::default()),
            Value::Object(map) => map,
            other => return Err(InvalidProxyConfig::NotAMap(type_name(other))),
        };
        let mut config = Self::default();
        for &(name, kind) in KEYS {
            if let Some((key, value)) = find(map, name) {
                config.set(name, key, kind, value)?;
            }
        }
        config.unknown_keys = map.keys().filter(|key| !is_known(key)).cloned().collect();
        Ok(config)
    }

    fn set(&mut self, name: &str, key: &str, kind: Kind, value: &Value) -> Result<(), InvalidProxyConfig> {
        match kind {
            Kind::Duration => {
                let duration = read_duration(key, value)?;
                match name {
                    "terminationDrainDuration" => self.termination_drain_duration = Some(duration),
                    "drainDuration" => self.drain_duration = Some(checked_drain(key, value, duration)?),
                    _ => {}
                }
            }
            Kind::Bool if name == "holdApplicationUntilProxyStarts" => {
                self.hold_application_until_proxy_starts =
                    Some(value.as_bool().ok_or_else(|| kind.refuse(key, value))?);
            }
            Kind::TextMap => {
                let texts = read_texts(key, value)?;
                if name == "proxyMetadata" {
                    self.proxy_metadata = texts;
                }
            }
            _ if kind.takes(value) => self.redirects_nothing |= name == "interceptionMode" && is_none_mode(value),
            _ => return Err(kind.refuse(key, value)),
        }
        Ok(())
    }

    /// The settings of this pod's proxy: the mesh's, overridden by the annotation as Istio and its agent do it.
    ///
    /// The agent replaces environment values that it cannot read by its own defaults, not by the mesh's: false, and 5 s.
    pub fn laid_over(&self, mesh: &ProxySettings) -> ProxySettings {
        let built_in = ProxySettings::default();
        let exit_on_zero = self.proxy_metadata.get(EXIT_ON_ZERO).map(|text| go_bool(text));
        let minimum = self.proxy_metadata.get(MINIMUM_DRAIN).map(|text| text.parse());
        ProxySettings {
            termination_drain_duration: self.termination_drain_duration.unwrap_or(mesh.termination_drain_duration),
            drain_duration: self.drain_duration.unwrap_or(mesh.drain_duration),
            hold_application_until_proxy_starts: self
                .hold_application_until_proxy_starts
                .unwrap_or(mesh.hold_application_until_proxy_starts),
            exit_on_zero_active_connections: exit_on_zero.map_or(mesh.exit_on_zero_active_connections, |read| {
                read.unwrap_or(built_in.exit_on_zero_active_connections)
            }),
            minimum_drain_duration: minimum
                .map_or(mesh.minimum_drain_duration, |read| read.unwrap_or(built_in.minimum_drain_duration)),
        }
    }
}

/// By its name, or by its number among the modes.
fn is_none_mode(mode: &Value) -> bool {
    *mode == "NONE" || *mode == 2
}

/// The spelling under which Istio reads a key of an annotation with this value, already parsed: as it is written there, else
/// its JSON name.
pub fn spelling(value: &Value, name: &str) -> String {
    let snake = snake_case(name);
    let is_written = |key: &str| value.get(key).is_some();
    if !is_written(name) && is_written(&snake) { snake } else { name.to_owned() }
}

/// The JSON names of all keys that Istio reads.
pub fn known_keys() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|&(name, _)| name)
}

/// A key under its JSON name, else under its snake_case name; the JSON name hides the other even when its value is `null`.
fn find<'a>(map: &'a Map<String, Value>, name: &str) -> Option<(&'a str, &'a Value)> {
    let (key, value) = map.get_key_value(name).or_else(|| map.get_key_value(&snake_case(name)))?;
    (!value.is_null()).then_some((key.as_str(), value))
}

fn is_known(key: &str) -> bool {
    KEYS.iter().any(|&(name, _)| name == key || snake_case(name) == key)
}

fn read_duration(key: &str, value: &Value) -> Result<GoDuration, InvalidProxyConfig> {
    let text = value.as_str().ok_or_else(|| Kind::Duration.refuse(key, value))?;
    text.parse().map_err(|error| InvalidProxyConfig::WrongDuration { key: key.to_owned(), error })
}

/// Istio hands this one to Envoy as `--drain-time-s`, in whole seconds.
fn checked_drain(key: &str, value: &Value, duration: GoDuration) -> Result<GoDuration, InvalidProxyConfig> {
    if duration > GoDuration::ZERO && duration.is_whole_seconds() {
        return Ok(duration);
    }
    let wanted = "whole seconds, at least one, for example \"45s\"";
    Err(InvalidProxyConfig::WrongValue { key: key.to_owned(), seen: value.to_string(), wanted })
}

/// A map from text to text; `null` in it is read as the empty text.
fn read_texts(key: &str, value: &Value) -> Result<BTreeMap<String, String>, InvalidProxyConfig> {
    let map = value.as_object().ok_or_else(|| Kind::TextMap.refuse(key, value))?;
    let text = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        Value::Null => Ok((name.clone(), String::new())),
        other => Err(Kind::Text.refuse(&format!("{key}.{name}"), other)),
    };
    map.iter().map(text).collect()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests;
