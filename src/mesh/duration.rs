//! Durations as Istio writes them: Go's `time.ParseDuration`, exactly, overflow included.
//!
//! Source: <https://pkg.go.dev/time#ParseDuration>. The annotation `proxy.istio.io/config` and the proxy's own environment are
//! read with it, so a more generous reader would call healthy what Istio refuses.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

/// A signed span of time in whole nanoseconds, at most about 292 years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct GoDuration {
    nanos: i64,
}

/// A text that Go does not read as a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// A number alone.
    #[error("duration {0:?} has no unit; write for example \"35s\"")]
    MissingUnit(String),
    /// A unit that Go does not have, such as `d` or `sec`.
    #[error("duration {text:?} has the unknown unit {unit:?}; units are h, m, s, ms, us, ns")]
    UnknownUnit {
        /// The whole text.
        text: String,
        /// The unit as written.
        unit: String,
    },
    /// Anything else, too large a value included.
    #[error("{0:?} is no duration; write for example \"35s\"")]
    Malformed(String),
}

const NANOS_PER_SECOND: i64 = 1_000_000_000;

impl GoDuration {
    /// No time at all.
    pub const ZERO: Self = Self { nanos: 0 };

    /// Whole seconds; saturates at the largest duration.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { nanos: seconds.saturating_mul(NANOS_PER_SECOND) }
    }

    /// The length in nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.nanos
    }

    /// The length in seconds, rounded up: what must be written where only whole seconds are possible.
    pub const fn seconds_ceil(self) -> i64 {
        let whole = self.nanos.div_euclid(NANOS_PER_SECOND);
        if self.nanos.rem_euclid(NANOS_PER_SECOND) == 0 { whole } else { whole + 1 }
    }

    /// Whether it is a whole number of seconds.
    pub const fn is_whole_seconds(self) -> bool {
        self.nanos % NANOS_PER_SECOND == 0
    }

    /// Both together; saturates at the largest duration.
    pub const fn plus(self, other: Self) -> Self {
        Self { nanos: self.nanos.saturating_add(other.nanos) }
    }
}

impl FromStr for GoDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let malformed = || InvalidDuration::Malformed(text.to_owned());
        let negative = text.starts_with('-');
        let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(malformed());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (length, tail) = component(rest, text)?;
            total = total.checked_add(length).filter(|&sum| sum <= LIMIT).ok_or_else(malformed)?;
            rest = tail;
        }
        let nanos = if negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
        Ok(Self { nanos: nanos.ok_or_else(malformed)? })
    }
}

/// The largest length before the sign is applied: one more than fits a positive duration, as -2^63 ns exists.
const LIMIT: u64 = 1 << 63;

/// One `[0-9]*(\.[0-9]*)?unit` at the beginning of `rest`: its length in nanoseconds, and what follows.
fn component<'a>(rest: &'a str, text: &str) -> Result<(u64, &'a str), InvalidDuration> {
    let malformed = || InvalidDuration::Malformed(text.to_owned());
    let (integer, tail) = digits(rest);
    let (fraction, tail) = tail.strip_prefix('.').map_or(("", tail), digits);
    if integer.is_empty() && fraction.is_empty() {
        return Err(malformed());
    }
    let whole = integer_value(integer).ok_or_else(malformed)?;
    let end = tail.find(|character: char| character == '.' || character.is_ascii_digit()).unwrap_or(tail.len());
    let (unit, tail) = tail.split_at(end);
    if unit.is_empty() {
        return Err(InvalidDuration::MissingUnit(text.to_owned()));
    }
    let nanos = unit_nanos(unit)
        .ok_or_else(|| InvalidDuration::UnknownUnit { text: text.to_owned(), unit: unit.to_owned() })?;
    let length = whole.checked_mul(nanos).filter(|&length| length <= LIMIT).ok_or_else(malformed)?;
    let length = length + fraction_nanos(fraction, nanos);
    if length > LIMIT { Err(malformed()) } else { Ok((length, tail)) }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len()))
}

fn integer_value(digits: &str) -> Option<u64> {
    if digits.is_empty() { Some(0) } else { digits.parse().ok().filter(|&value| value <= LIMIT) }
}

/// Go computes the part behind the point in floating point and drops digits beyond what an `int64` holds; so do we.
fn fraction_nanos(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale): (u64, f64) = (0, 1.0);
    for digit in digits.bytes().map(|byte| u64::from(byte - b'0')) {
        let next = if value > (LIMIT - 1) / 10 { None } else { Some(value * 10 + digit) };
        let Some(next) = next.filter(|&next| next <= LIMIT) else { break };
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

/// Both signs for micro (U+00B5 and U+03BC) count.
fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

impl fmt::Display for GoDuration {
    /// In seconds, as Istio prints it in `PROXY_CONFIG`: `35s`, `5400s`, `0.5s`, `-5s`. Go reads it back to the same value.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.nanos.unsigned_abs();
        let (whole, part) = (nanos / NANOS_PER_SECOND.unsigned_abs(), nanos % NANOS_PER_SECOND.unsigned_abs());
        let sign = if self.nanos < 0 { "-" } else { "" };
        if part == 0 {
            return write!(formatter, "{sign}{whole}s");
        }
        let part = format!("{part:09}");
        write!(formatter, "{sign}{whole}.{}s", part.trim_end_matches('0'))
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for GoDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration with its unit, as Istio writes it: \"35s\", \"1m30s\", \"500ms\".",
            "pattern": r"^[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    /// One line of the table: a text, and what Go's `time.ParseDuration` made of it.
    #[derive(Deserialize)]
    struct Vector {
        text: String,
        nanos: Option<i64>,
        error: Option<String>,
    }

    #[test]
    fn agrees_with_go_on_every_recorded_text() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../tests/data/go-durations.json")).unwrap();
        assert!(vectors.len() > 60);
        for Vector { text, nanos, error } in vectors {
            match text.parse::<GoDuration>() {
                Ok(duration) => assert_eq!(Some(duration.nanos()), nanos, "{text}"),
                Err(ours) => {
                    let theirs = error.unwrap_or_else(|| panic!("Go reads {text:?}, we say {ours}"));
                    let same = match ours {
                        InvalidDuration::MissingUnit(_) => theirs.contains("missing unit"),
                        InvalidDuration::UnknownUnit { .. } => theirs.contains("unknown unit"),
                        InvalidDuration::Malformed(_) => theirs.contains("invalid duration"),
                    };
                    assert!(same, "{text:?}: {ours}, Go: {theirs}");
                }
            }
        }
    }

    #[test]
    fn prints_seconds_that_read_back_to_the_same_value() {
        for (text, printed) in
            [("35s", "35s"), ("1h30m", "5400s"), ("500ms", "0.5s"), ("-1.5s", "-1.5s"), ("1ns", "0.000000001s")]
        {
            let duration: GoDuration = text.parse().unwrap();
            assert_eq!(duration.to_string(), printed);
            assert_eq!(printed.parse(), Ok(duration));
        }
    }

    #[test]
    fn rounds_up_to_whole_seconds() {
        for (text, seconds) in [("35s", 35), ("35.1s", 36), ("1ns", 1), ("0", 0), ("-1.5s", -1)] {
            assert_eq!(text.parse::<GoDuration>().unwrap().seconds_ceil(), seconds, "{text}");
        }
    }

    #[test]
    fn is_a_string_in_files() {
        assert_eq!(serde_json::from_str::<GoDuration>("\"1m\"").unwrap(), GoDuration::from_seconds(60));
        let error = serde_json::from_str::<GoDuration>("\"35\"").unwrap_err().to_string();
        assert!(error.contains("has no unit"), "{error}");
        assert!(serde_json::from_str::<GoDuration>("35").is_err());
    }
}
