//! Sizes and durations on the command line.

use crate::mesh::GoDuration;
use std::time::Duration;

/// Bytes, or a whole number with KiB, MiB or GiB.
pub fn parse_size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match text.get(digits.len()..).unwrap_or("").trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        other => return Err(format!("`{other}` is no unit: want bytes, KiB, MiB or GiB, such as 4MiB")),
    };
    let count: usize = digits.parse().map_err(|_| "want a whole number of bytes, such as 4MiB".to_owned())?;
    count.checked_mul(factor).ok_or_else(|| "that is more than can be addressed".to_owned())
}

/// A duration as Kubernetes and Istio write it: `20s`, `1m30s`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: GoDuration = text.parse().map_err(|error| format!("{error}: want such as 20s or 1m30s"))?;
    u64::try_from(duration.nanos()).map(Duration::from_nanos).map_err(|_| "must not be negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_two() {
        let cases = [("4MiB", Some(4 << 20)), ("512", Some(512)), ("1 KiB", Some(1024)), ("2GiB", Some(2 << 30))];
        let wrong = ["", "MiB", "4MB", "-1", "99999999999999999999"].map(|text| (text, None));
        for (text, wanted) in cases.into_iter().chain(wrong) {
            assert_eq!(parse_size(text).ok(), wanted, "{text:?}");
        }
    }

    #[test]
    fn durations_are_written_as_in_manifests() {
        let cases = [("20s", Some(20_000)), ("1m30s", Some(90_000)), ("20", None), ("-1s", None)];
        for (text, wanted) in cases {
            assert_eq!(parse_duration(text).ok(), wanted.map(Duration::from_millis), "{text}");
        }
    }
}
