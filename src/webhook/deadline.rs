//! How long an answer may take: the API server says it in the query, `?timeout=3s`.
//! Source: <https://github.com/kubernetes/apiserver/blob/master/pkg/admission/plugin/webhook/validating/dispatcher.go>.

use crate::mesh::GoDuration;
use std::time::Duration;

/// What the API server waits when a webhook configuration says nothing.
const DEFAULT: Duration = Duration::from_secs(10);
/// The most that a webhook configuration may say.
const MOST: Duration = Duration::from_secs(30);

/// The time for one answer: 80 % of what the caller waits, so that our own word reaches it before it gives up.
/// A query without a readable `timeout` counts as the default of the API server.
pub fn from_query(query: Option<&str>) -> Duration {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let asked = pairs.filter(|(key, _)| *key == "timeout").find_map(|(_, value)| value.parse::<GoDuration>().ok());
    let asked = asked.and_then(|asked| u64::try_from(asked.nanos()).ok()).map(Duration::from_nanos);
    asked.filter(|time| !time.is_zero()).unwrap_or(DEFAULT).min(MOST).mul_f64(0.8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_comes_before_the_caller_gives_up() {
        let cases = [
            (Some("timeout=3s"), 2_400),
            (Some("a=b&timeout=10s"), 8_000),
            (Some("timeout=1h"), 24_000),
            (Some("timeout=0s"), 8_000),
            (Some("timeout=-3s"), 8_000),
            (Some("timeout=soon"), 8_000),
            (Some("timeout"), 8_000),
            (None, 8_000),
        ];
        for (query, milliseconds) in cases {
            assert_eq!(from_query(query), Duration::from_millis(milliseconds), "{query:?}");
        }
    }
}
