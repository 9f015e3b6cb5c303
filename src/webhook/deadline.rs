//! How long an answer may take: the API server says it in the query, `?timeout=3s`.
//! Source: <https://github.com/kubernetes/apiserver/blob/master/pkg/admission/plugin/webhook/validating/dispatcher.go>.

use std::time::Duration;

/// What the API server waits when a webhook configuration says nothing.
const DEFAULT: Duration = Duration::from_secs(10);
/// The most that a webhook configuration may say.
const MOST: Duration = Duration::from_secs(30);

/// The time for one answer: 80 % of what the caller waits, so that our own word reaches it before it gives up.
/// A query without a readable `timeout` counts as the default of the API server.
pub fn from_query(query: Option<&str>) -> Duration {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let asked = pairs.filter(|(key, _)| *key == "timeout").find_map(|(_, value)| parse(value));
    asked.filter(|time| !time.is_zero()).unwrap_or(DEFAULT).min(MOST).mul_f64(0.8)
}

/// Reads a duration as Go writes it: `110s`, `1m30s`, `1.5s`, `300ms`. None for anything else, signs included.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    loop {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(number_end);
        let unit_end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        let seconds = number.parse::<f64>().ok()? * seconds_of(unit)?;
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        if behind.is_empty() {
            return Some(total);
        }
        rest = behind;
    }
}

fn seconds_of(unit: &str) -> Option<f64> {
    match unit {
        "h" => Some(3600.0),
        "m" => Some(60.0),
        "s" => Some(1.0),
        "ms" => Some(1e-3),
        "us" => Some(1e-6),
        "ns" => Some(1e-9),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        let cases = [
            ("3s", Some(3_000)),
            ("1m30s", Some(90_000)),
            ("1.5s", Some(1_500)),
            ("300ms", Some(300)),
            ("1h", Some(3_600_000)),
            ("", None),
            ("3", None),
            ("s", None),
            ("-3s", None),
            ("3x", None),
            ("1..5s", None),
            ("99999999999999999999999h", None),
        ];
        for (text, milliseconds) in cases {
            assert_eq!(parse(text), milliseconds.map(Duration::from_millis), "{text:?}");
        }
    }

    #[test]
    fn the_answer_comes_before_the_caller_gives_up() {
        let cases = [
            (Some("timeout=3s"), 2_400),
            (Some("a=b&timeout=10s"), 8_000),
            (Some("timeout=1h"), 24_000),
            (Some("timeout=0s"), 8_000),
            (Some("timeout=soon"), 8_000),
            (Some("timeout"), 8_000),
            (None, 8_000),
        ];
        for (query, milliseconds) in cases {
            assert_eq!(from_query(query), Duration::from_millis(milliseconds), "{query:?}");
        }
    }
}
