//! The reason of an ignore: `reason [until YYYY-MM-DD]`.

use crate::policy::Date;

/// A reason with the last day on which it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Why the finding is accepted.
    pub text: String,
    /// The last day on which it counts; none for ever.
    pub until: Option<Date>,
}

/// A text that is no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReason {
    /// There is nothing in it, or nothing but an end.
    #[error("this ignore has no reason")]
    Missing,
    /// It was meant to end on a day that the calendar does not have; for ever would be a guess.
    #[error("this ignore ends on `{0}`, which is no date such as 2027-01-31")]
    NoDate(String),
}

impl InvalidReason {
    /// What is to be written in its place: whoever wanted an end is shown one.
    pub fn wanted(&self) -> &'static str {
        match self {
            Self::Missing => "<reason>",
            Self::NoDate(_) => "<reason> until YYYY-MM-DD",
        }
    }
}

impl std::str::FromStr for Reason {
    type Err = InvalidReason;

    /// A last `until` is the end where a day follows it; where other words follow it belongs to the reason.
    fn from_str(text: &str) -> Result<Self, InvalidReason> {
        let (reason, until) = match text.rsplit_once("until ").filter(|(before, _)| ends_a_word(before)) {
            Some((reason, end)) if end.trim().starts_with(|c: char| c.is_ascii_digit()) => {
                let end = end.trim();
                (reason, Some(end.parse().map_err(|_| InvalidReason::NoDate(end.to_owned()))?))
            }
            _ => (text, None),
        };
        let text = reason.trim().to_owned();
        if text.is_empty() { Err(InvalidReason::Missing) } else { Ok(Self { text, until }) }
    }
}

fn ends_a_word(text: &str) -> bool {
    text.chars().next_back().is_none_or(|last| !last.is_alphanumeric())
}

impl Reason {
    /// Whether it still counts on this day.
    pub fn holds(&self, today: Date) -> bool {
        self.until.is_none_or(|until| today <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn reasons_may_end() {
        let reason: Reason = " drains by itself until 2027-01-31 ".parse().unwrap();
        assert_eq!((reason.text.as_str(), reason.until), ("drains by itself", Some(day("2027-01-31"))));
        assert!(reason.holds(day("2027-01-31")) && !reason.holds(day("2027-02-01")));
    }

    #[test]
    fn until_may_be_a_word_of_the_reason() {
        for text in ["waits until noon", "runs until 2027-01-31 or so until it is done", "nothing else"] {
            assert_eq!(text.parse(), Ok(Reason { text: text.to_owned(), until: None }), "{text}");
        }
    }

    #[test]
    fn a_reason_is_required_and_an_end_must_be_a_day() {
        for (text, error) in [
            ("", InvalidReason::Missing),
            ("  ", InvalidReason::Missing),
            ("until 2027-01-31", InvalidReason::Missing),
            ("old debt until 2027-02-30", InvalidReason::NoDate("2027-02-30".to_owned())),
            ("old debt until 31.1.2027", InvalidReason::NoDate("31.1.2027".to_owned())),
        ] {
            assert_eq!(text.parse::<Reason>(), Err(error), "{text}");
        }
    }
}
