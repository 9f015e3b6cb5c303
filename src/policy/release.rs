//! The releases of seaworthy that rules are counted by.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A release (`0.1.0`) or a line of releases (`0.1`, which stands for all that begin so).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Release {
    major: u32,
    minor: u32,
    patch: Option<u32>,
}

/// A text that is no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no release; write it as two or three numbers, such as \"0.1\" or 0.1.0")]
pub struct InvalidRelease(String);

impl Release {
    /// Whether this came out later than the other, counted as exactly as the other is written: `0.1.3` is not younger than `0.1`.
    pub fn is_younger_than(self, other: Release) -> bool {
        let patch = |release: Release| if other.patch.is_some() { release.patch.unwrap_or(0) } else { 0 };
        (self.major, self.minor, patch(self)) > (other.major, other.minor, patch(other))
    }
}

impl std::str::FromStr for Release {
    type Err = InvalidRelease;

    fn from_str(text: &str) -> Result<Self, InvalidRelease> {
        parse(text).ok_or_else(|| InvalidRelease(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Release> {
    let mut parts = text.split('.').map(number);
    let (major, minor) = (parts.next()??, parts.next()??);
    let patch = match parts.next() {
        Some(patch) => Some(patch?),
        None => None,
    };
    parts.next().is_none().then_some(Release { major, minor, patch })
}

fn number(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

impl TryFrom<String> for Release {
    type Error = InvalidRelease;

    fn try_from(text: String) -> Result<Self, InvalidRelease> {
        text.parse()
    }
}

impl From<Release> for String {
    fn from(release: Release) -> Self {
        release.to_string()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

impl JsonSchema for Release {
    fn schema_name() -> Cow<'static, str> {
        "Release".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = r"^[0-9]{1,9}\.[0-9]{1,9}(\.[0-9]{1,9})?$";
        json_schema!({"title": "a release such as \"0.1\" or 0.1.0", "type": "string", "pattern": pattern})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Release {
        text.parse().unwrap()
    }

    #[test]
    fn reads_two_or_three_numbers() {
        for text in ["0.1", "0.1.0", "12.34.56"] {
            assert_eq!(release(text).to_string(), text);
        }
        for text in ["", "1", "0.1.", "v0.1", "0.1.0-rc1", "0.1.0.0", "0.-1", "0.+1", "0.99999999999"] {
            assert!(text.parse::<Release>().is_err(), "{text}");
        }
    }

    #[test]
    fn is_younger_as_exactly_as_the_other_is_written() {
        for (rule, bar, younger) in [
            ("0.1.3", "0.1", false),
            ("0.1.3", "0.1.2", true),
            ("0.1", "0.1.0", false),
            ("0.2.0", "0.1", true),
            ("0.10.0", "0.9", true),
            ("1.0.0", "0.9", true),
            ("0.1.0", "0.2", false),
        ] {
            assert_eq!(release(rule).is_younger_than(release(bar)), younger, "{rule} {bar}");
        }
    }
}
