//! A day, as people write it in files.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A day of the calendar, written `2027-01-31`. Which day is today is always told by the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(jiff::civil::Date);

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no date; write it as year, month and day, such as 2027-01-31")]
pub struct InvalidDate(String);

impl std::str::FromStr for Date {
    type Err = InvalidDate;

    /// Reads four, two and two digits with dashes between them, and nothing else that ISO 8601 allows.
    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let invalid = || InvalidDate(text.to_owned());
        jiff::civil::Date::strptime(FORMAT, text).ok().map(Self).filter(|it| it.to_string() == text).ok_or_else(invalid)
    }
}

const FORMAT: &str = "%Y-%m-%d";

impl From<jiff::civil::Date> for Date {
    fn from(date: jiff::civil::Date) -> Self {
        Self(date)
    }
}

impl TryFrom<String> for Date {
    type Error = InvalidDate;

    fn try_from(text: String) -> Result<Self, InvalidDate> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"title": "a date such as 2027-01-31", "type": "string", "format": "date"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days_of_the_calendar_only() {
        for text in ["2027-01-31", "2028-02-29"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        for text in ["2027-02-29", "2027-1-31", "20270131", "2027-01-31T00:00", "31.01.2027", " 2027-01-31", ""] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_ordered_by_time() {
        let [earlier, later] = ["2026-12-31", "2027-01-01"].map(|text| text.parse::<Date>().unwrap());
        assert!(earlier < later);
    }
}
