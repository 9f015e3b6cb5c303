//! The keys of Istio's `ProxyConfig` and what values it reads for them, as data.
//!
//! Source: <https://github.com/istio/api/blob/master/mesh/v1alpha1/proxy.proto>, in its order, as of Istio 1.31.

use crate::mesh::InvalidProxyConfig;
use serde_json::Value;

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Bool,
    Duration,
    Int32,
    UInt32,
    /// One of these names, or any number.
    Enum(&'static [&'static str]),
    TextList,
    TextMap,
    /// A message, into which is not looked.
    Map,
}

use Kind::{Bool, Duration, Enum, Int32, Map, Text, TextList, TextMap, UInt32};

/// JSON name and kind of every key.
pub(super) const KEYS: &[(&str, Kind)] = &[
    ("configPath", Text),
    ("binaryPath", Text),
    ("serviceCluster", Text),
    ("tracingServiceName", Enum(&["APP_LABEL_AND_NAMESPACE", "CANONICAL_NAME_ONLY", "CANONICAL_NAME_AND_NAMESPACE"])),
    ("drainDuration", Duration),
    ("discoveryAddress", Text),
    ("discoveryRefreshDelay", Duration),
    ("zipkinAddress", Text),
    ("statsdUdpAddress", Text),
    ("envoyMetricsServiceAddress", Text),
    ("proxyAdminPort", Int32),
    ("availabilityZone", Text),
    ("controlPlaneAuthPolicy", Enum(&["NONE", "MUTUAL_TLS", "INHERIT"])),
    ("customConfigFile", Text),
    ("statNameLength", Int32),
    ("concurrency", Int32),
    ("proxyBootstrapTemplatePath", Text),
    ("interceptionMode", Enum(&["REDIRECT", "TPROXY", "NONE"])),
    ("tracing", Map),
    ("sds", Map),
    ("envoyAccessLogService", Map),
    ("envoyMetricsService", Map),
    ("proxyMetadata", TextMap),
    ("runtimeValues", TextMap),
    ("statusPort", Int32),
    ("extraStatTags", TextList),
    ("gatewayTopology", Map),
    ("terminationDrainDuration", Duration),
    ("meshId", Text),
    ("readinessProbe", Map),
    ("proxyStatsMatcher", Map),
    ("holdApplicationUntilProxyStarts", Bool),
    ("caCertificatesPem", TextList),
    ("image", Map),
    ("privateKeyProvider", Map),
    ("proxyHeaders", Map),
    ("fileFlushInterval", Duration),
    ("fileFlushMinSizeKb", UInt32),
    ("statsCompression", Bool),
    ("connectionSettings", Map),
];

/// The name of the field in the proto file, which Istio reads as well: `drainDuration` is `drain_duration`.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

impl Kind {
    /// Whether Istio reads this value for such a key. For durations only the type is looked at, and `null` never comes here.
    pub(super) fn takes(self, value: &Value) -> bool {
        match self {
            Text | Duration => value.is_string(),
            Bool => value.is_boolean(),
            Int32 => integer(value).is_some_and(|number| i32::try_from(number).is_ok()),
            UInt32 => integer(value).is_some_and(|number| u32::try_from(number).is_ok()),
            Enum(names) => match value {
                Value::String(name) => names.contains(&name.as_str()),
                Value::Number(_) => Int32.takes(value),
                _ => false,
            },
            TextList => value.as_array().is_some_and(|list| list.iter().all(|text| text.is_string() || text.is_null())),
            TextMap | Map => value.is_object(),
        }
    }

    /// The error for a value that such a key does not take.
    pub(super) fn refuse(self, key: &str, value: &Value) -> InvalidProxyConfig {
        let wanted = match self {
            Text => "a text (numbers and booleans in quotes)",
            Bool => "true or false without quotes",
            Duration => "a duration in quotes, for example \"35s\"",
            Int32 | UInt32 => "a whole number",
            Enum(_) => "one of the names that Istio defines, in capitals",
            TextList => "a list of texts",
            TextMap => "a map of texts",
            Map => "a map",
        };
        InvalidProxyConfig::WrongValue { key: key.to_owned(), seen: value.to_string(), wanted }
    }
}

/// A whole number, also within quotes. A fraction of zero counts as whole: on the way from YAML to JSON Go writes 2.0 as 2.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => serde_json::from_str::<Option<i64>>(text).ok().map(Option::unwrap_or_default),
        _ => None,
    }
}

fn whole(number: f64) -> Option<i64> {
    // Every 32-bit number is exact in a float, so the comparison is, too.
    (number.fract() == 0.0 && number.abs() <= f64::from(u32::MAX)).then_some(number as i64)
}
