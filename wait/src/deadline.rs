//! Lengths of time as people write them, and the one moment at which a wait is over.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// The longest wait that can be asked for: who wants more wants for ever, and that hides an outage.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The time was over: what was waited for, and what was seen last.
#[derive(Debug, PartialEq, Eq)]
pub struct TimedOut(pub String);

impl TimedOut {
    /// What was waited for until this deadline, and why it was not over.
    pub fn new(what: &str, deadline: Deadline, why: &dyn Display) -> Self {
        // Not `0ns`, which nobody wrote.
        let time = if deadline.once { "0s".to_owned() } else { format!("{:?}", deadline.whole) };
        Self(format!("gave up after {time} of waiting for {what}: {why}"))
    }
}

/// The moment at which a wait is over.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    /// How long it was from the beginning.
    whole: Duration,
    /// A wait of no time at all: it is asked once, and that takes what it takes.
    once: bool,
}

impl Deadline {
    /// This long from now.
    pub fn after(time: Duration) -> Self {
        Self { at: Instant::now() + time, whole: time, once: time.is_zero() }
    }

    /// The end of one attempt that begins now: it ends with the wait.
    pub fn of_attempt(self, time: Duration) -> Self {
        self.of_one(time, 1)
    }

    /// The same for the first of so many attempts: it leaves as much of the wait to each of the others.
    pub fn of_one(self, time: Duration, of: u32) -> Self {
        let now = Instant::now();
        let share = self.at.saturating_duration_since(now) / of.max(1);
        let whole = if self.once { time } else { time.min(share) };
        Self { at: now + whole, whole, once: false }
    }

    /// Whether there is time for so many attempts.
    pub fn has_time_for(self, attempts: u32, time: Duration) -> bool {
        self.once || self.at.saturating_duration_since(Instant::now()) >= time * attempts
    }

    /// What is left; none when it is over.
    pub fn left(self) -> Option<Duration> {
        Some(self.at.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }
}

/// Reads `500ms`, `60s`, `5m`, `1h`, and sums like `1m30s`.
///
/// # Errors
/// What is wrong with it, for people.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no length of time: want a number and ms, s, m or h, like 60s or 1m30s");
    let mut sum = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, behind) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
        let (unit, behind) = behind.split_at(behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len()));
        let one = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(wrong()),
        };
        // Only digits, which are too many where there is no number.
        let number = if number.is_empty() { return Err(wrong()) } else { number.parse().unwrap_or(u64::MAX) };
        sum = sum.saturating_add(Duration::from_millis(number.saturating_mul(one)));
        rest = behind;
    }
    match sum {
        _ if text.is_empty() => Err(wrong()),
        sum if sum > LONGEST => Err(format!("`{text}` is too long: want 24h at most")),
        sum => Ok(sum),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn lengths_of_time_have_units() {
        let cases =
            [("60s", 60_000), ("250ms", 250), ("1m30s", 90_000), ("2h", 7_200_000), ("0s", 0), ("1s500ms", 1_500)];
        for (text, milliseconds) in cases {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_text_in_question() {
        for text in ["", "60", "s", "-1s", "1.5s", "1 s", "1d", "60S", "99999999999999999999", "99999999999999999999x"]
        {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("`{text}` is no length of time")), "{text}: {error}");
        }
        for text in ["25h", "24h1ms", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(parse(text), Err(format!("`{text}` is too long: want 24h at most")));
        }
    }
}
