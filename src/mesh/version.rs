//! Versions of Istio and Kubernetes, as far as the mesh's behaviour depends on them: major and minor.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// A release line such as 1.28; patch level and vendor suffix are read and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u16,
    /// The second number, which decides all that is asked here.
    pub minor: u16,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version; write for example \"1.28\"")]
pub struct InvalidVersion(pub String);

impl Version {
    /// The release line `major.minor`.
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    /// Reads `1.28`, `1.28.3`, `v1.33.0-gke.100`, `1.31+`: an optional `v`, two numbers, and any tail that `.`, `-` or `+` begins.
    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        parse(text).ok_or_else(|| InvalidVersion(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Version> {
    let (major, rest) = text.strip_prefix('v').unwrap_or(text).split_once('.')?;
    let end = rest.find(['.', '-', '+']).unwrap_or(rest.len());
    Some(Version::new(number(major)?, number(&rest[..end])?))
}

/// Digits only: the integer parser of the standard library would also take a sign.
fn number(digits: &str) -> Option<u16> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl de::Visitor<'_> for TextVisitor {
    type Value = Version;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a version in quotes, for example \"1.28\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Version, E> {
        text.parse().map_err(E::custom)
    }

    /// Refused, not guessed: YAML has already turned an unquoted 1.30 into 1.3.
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Version, E> {
        Err(E::custom(format_args!(
            "{value} is a number, not a version; put it in quotes, as 1.30 without them is 1.3"
        )))
    }
}

impl JsonSchema for Version {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A version, in quotes: \"1.28\" or \"1.28.3\".",
            "pattern": r"^v?[0-9]+\.[0-9]+([.+-].*)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_major_and_minor_and_drops_the_rest() {
        for (text, major, minor) in
            [("1.28", 1, 28), ("1.28.3", 1, 28), ("v1.33.0-gke.100", 1, 33), ("1.31+", 1, 31), ("1.32-dev", 1, 32)]
        {
            assert_eq!(text.parse(), Ok(Version::new(major, minor)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_version() {
        for text in ["", "1", "1.", ".28", "1.x", "vv1.2", "1.28beta", "1.+28", "-1.2", "1.99999", "latest"] {
            assert_eq!(text.parse::<Version>(), Err(InvalidVersion(text.to_owned())));
        }
    }

    #[test]
    fn orders_by_number_and_not_by_text() {
        assert!(Version::new(1, 9) < Version::new(1, 10));
        assert!(Version::new(1, 31) < Version::new(2, 0));
    }

    #[test]
    fn is_a_string_in_files_and_says_so_when_it_was_a_number() {
        assert_eq!(serde_json::from_str::<Version>("\"1.30\"").unwrap(), Version::new(1, 30));
        assert_eq!(serde_json::to_string(&Version::new(1, 30)).unwrap(), "\"1.30\"");
        let error = serde_json::from_str::<Version>("1.3").unwrap_err().to_string();
        assert!(error.contains("put it in quotes"), "{error}");
    }
}
