//! What was meant by a value of `proxy.istio.io/config` that Istio does not read, where that can be told.

use crate::mesh::proxy_config::{EXIT_ON_ZERO, MINIMUM_DRAIN};
use crate::mesh::proxy_config_keys::{KEYS, Kind, snake_case};
use crate::mesh::{GoDuration, InvalidProxyConfig};
use serde_json::{Number, Value};

/// A value in the place of one that Istio does not read.
#[derive(Debug, Clone, PartialEq)]
pub struct Meant {
    /// The keys that lead to it.
    pub keys: Vec<String>,
    /// What was meant.
    pub value: Value,
    /// Whether nothing of it is guessed, such as the unit of a number.
    pub is_certain: bool,
}

/// What was meant by the value for which a configuration is refused.
pub fn meant_by(refused: &InvalidProxyConfig, config: &Value) -> Option<Meant> {
    let key = match refused {
        InvalidProxyConfig::NotAMap(_) => return None,
        InvalidProxyConfig::WrongValue { key, .. } | InvalidProxyConfig::WrongDuration { key, .. } => key,
    };
    // No key of Istio has a dot in it, and below one of them there are only maps of texts.
    let (top, entry) = key.split_once('.').map_or((key.as_str(), None), |(top, entry)| (top, Some(entry)));
    let value = config.get(top)?;
    if let Some(entry) = entry {
        let keys = vec![top.to_owned(), entry.to_owned()];
        let text = plain_text(value.get(entry)?)?;
        let with_unit = Some(&text).filter(|_| entry == MINIMUM_DRAIN).and_then(|text| duration_meant(text));
        let is_certain = with_unit.is_none();
        return Some(Meant { keys, value: with_unit.unwrap_or(text).into(), is_certain });
    }
    let (_, kind) = KEYS.iter().find(|(name, _)| *name == top || snake_case(name) == top)?;
    let (value, is_certain) = kind.meant(value)?;
    Some(Meant { keys: vec![top.to_owned()], value, is_certain })
}

/// What was meant by a text of `proxyMetadata` that the agent replaces by its own default; none of what it reads, or does not
/// look at.
pub fn unread_metadata(name: &str, text: &str) -> Option<Unread> {
    match name {
        _ if text.is_empty() => None,
        MINIMUM_DRAIN if text.parse::<GoDuration>().is_err() => {
            Some(Unread { counts: "5s", wanted: "a duration such as `30s`", meant: duration_meant(text) })
        }
        EXIT_ON_ZERO if go_bool(text).is_none() => {
            let meant = word_meant(text).map(|word| word.to_string());
            Some(Unread { counts: "false", wanted: "`true` or `false`", meant })
        }
        _ => None,
    }
}

/// A text that the agent cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// What counts in its place.
    pub counts: &'static str,
    /// What could be written, for people.
    pub wanted: &'static str,
    /// What was meant, where that can be told.
    pub meant: Option<String>,
}

impl Kind {
    fn meant(self, value: &Value) -> Option<(Value, bool)> {
        match self {
            Self::Text => Some((plain_text(value)?.into(), true)),
            Self::Bool => Some((word_meant(value.as_str()?)?.into(), true)),
            Self::Duration => match value {
                Value::Number(number) => Some((duration_meant(&number.to_string())?.into(), false)),
                Value::String(text) => Some((duration_meant(text)?.into(), false)),
                _ => None,
            },
            Self::Int32 | Self::UInt32 => {
                let number: i64 = value.as_str()?.trim().parse().ok()?;
                Some((Number::from(number).into(), true))
            }
            Self::Enum(names) => {
                let name =
                    names.iter().find(|name| value.as_str().is_some_and(|text| name.eq_ignore_ascii_case(text)))?;
                Some(((*name).into(), true))
            }
            Self::TextList | Self::TextMap | Self::Map => None,
        }
    }
}

/// A number or a boolean as the text that it would be in quotes.
fn plain_text(value: &Value) -> Option<String> {
    (value.is_number() || value.is_boolean()).then(|| value.to_string())
}

/// A whole number with no unit, of which seconds are meant, or with a unit that Go spells in another way.
fn duration_meant(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let number: u32 = digits.parse().ok().filter(|number| *number > 0)?;
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hour" | "hours" => "h",
        "ms" => return Some(format!("{}s", number.div_ceil(1000))),
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

/// The words of YAML 1.1, and those of Go.
fn word_meant(text: &str) -> Option<bool> {
    let text = text.trim().to_ascii_lowercase();
    go_bool(&text).or(match text.as_str() {
        "yes" | "y" | "on" => Some(true),
        "no" | "n" | "off" => Some(false),
        _ => None,
    })
}

/// Go's `strconv.ParseBool`; `None` where it gives an error.
pub(super) fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::ProxyConfig;
    use serde_json::json;

    /// What is meant is read in the place of what was refused, and no key is lost.
    #[test]
    fn what_is_meant_is_read() {
        for (config, wanted, is_certain) in [
            (json!({"terminationDrainDuration": 35}), json!({"terminationDrainDuration": "35s"}), false),
            (json!({"termination_drain_duration": "35"}), json!({"termination_drain_duration": "35s"}), false),
            (json!({"terminationDrainDuration": " 2 Min"}), json!({"terminationDrainDuration": "2m"}), false),
            (json!({"terminationDrainDuration": "30 seconds"}), json!({"terminationDrainDuration": "30s"}), false),
            (json!({"drainDuration": "1hour"}), json!({"drainDuration": "1h"}), false),
            (json!({"drainDuration": "1500ms"}), json!({"drainDuration": "2s"}), false),
            (
                json!({"holdApplicationUntilProxyStarts": "true"}),
                json!({"holdApplicationUntilProxyStarts": true}),
                true,
            ),
            (json!({"statsCompression": "No"}), json!({"statsCompression": false}), true),
            (json!({"statsCompression": "on"}), json!({"statsCompression": true}), true),
            (json!({"concurrency": "+2"}), json!({"concurrency": 2}), true),
            (json!({"interceptionMode": "tproxy"}), json!({"interceptionMode": "TPROXY"}), true),
            (json!({"meshId": 7}), json!({"meshId": "7"}), true),
            (json!({"proxyMetadata": {"A": true}}), json!({"proxyMetadata": {"A": "true"}}), true),
            (json!({"proxy_metadata": {"A.b": 1.5}}), json!({"proxy_metadata": {"A.b": "1.5"}}), true),
            (json!({"proxyMetadata": {MINIMUM_DRAIN: 30}}), json!({"proxyMetadata": {MINIMUM_DRAIN: "30s"}}), false),
            (json!({"proxyMetadata": {MINIMUM_DRAIN: 0}}), json!({"proxyMetadata": {MINIMUM_DRAIN: "0"}}), true),
        ] {
            let refused = ProxyConfig::read(&config).unwrap_err();
            let meant = meant_by(&refused, &config).unwrap();
            assert_eq!(meant.is_certain, is_certain, "{config}");
            let mut edited = config.clone();
            let place = meant.keys.iter().fold(&mut edited, |value, key| &mut value[key]);
            *place = meant.value;
            assert_eq!(edited, wanted);
            assert!(ProxyConfig::read(&edited).is_ok(), "{edited}");
        }
    }

    #[test]
    fn nothing_is_made_up() {
        for config in [
            json!([]),
            json!({"terminationDrainDuration": true}),
            json!({"terminationDrainDuration": -5}),
            json!({"terminationDrainDuration": 1.5}),
            json!({"terminationDrainDuration": "soon"}),
            json!({"drainDuration": "0s"}),
            json!({"drainDuration": "3d"}),
            json!({"holdApplicationUntilProxyStarts": "maybe"}),
            json!({"holdApplicationUntilProxyStarts": 1}),
            json!({"concurrency": "two"}),
            json!({"interceptionMode": "proxy"}),
            json!({"meshId": []}),
            json!({"proxyMetadata": {"A": {}}}),
            json!({"proxyMetadata": []}),
            json!({"image": "x"}),
        ] {
            let refused = ProxyConfig::read(&config).unwrap_err();
            assert_eq!(meant_by(&refused, &config), None, "{config}");
        }
    }

    #[test]
    fn the_agent_replaces_what_it_cannot_read() {
        let unread = |name: &str, text: &str| unread_metadata(name, text).map(|it| (it.counts, it.meant));
        for (name, text, wanted) in [
            (MINIMUM_DRAIN, "30", Some(("5s", Some("30s")))),
            (MINIMUM_DRAIN, "long", Some(("5s", None))),
            (MINIMUM_DRAIN, "30s", None),
            (MINIMUM_DRAIN, "", None),
            (EXIT_ON_ZERO, "yes", Some(("false", Some("true")))),
            (EXIT_ON_ZERO, "TrUe", Some(("false", Some("true")))),
            (EXIT_ON_ZERO, "off", Some(("false", Some("false")))),
            (EXIT_ON_ZERO, "maybe", Some(("false", None))),
            (EXIT_ON_ZERO, "True", None),
            (EXIT_ON_ZERO, "0", None),
            ("OTHER", "30", None),
        ] {
            let wanted = wanted.map(|(counts, meant)| (counts, meant.map(str::to_owned)));
            assert_eq!(unread(name, text), wanted, "{name} {text}");
        }
    }
}
