//! The options of a curl command that decide what it takes for an answer, and for how long it asks.

/// The pauses of curl between two tries grow from one second to this many: <https://curl.se/docs/manpage.html#--retry>.
const LONGEST_PAUSE: u64 = 600;
/// A wait longer than this is no wait for a server that needs some seconds.
const LONGEST_WAIT: u64 = 600;

/// Whether curl fails on an answer that is an error.
pub(super) fn fails_on_errors(words: &[&str]) -> bool {
    has_flag(words, 'f', &["--fail", "--fail-with-body"])
}

/// Whether curl, as it is told to try again, does so for a time without a sensible end: many tries with growing pauses between
/// them, and no limit on the whole.
pub(super) fn has_no_limit(words: &[&str]) -> bool {
    let Some(tries) = value_of(words, "--retry").and_then(|tries| tries.parse::<u32>().ok()) else { return false };
    let limited = ["--retry-max-time", "--retry-delay", "--max-time"].iter().any(|it| value_of(words, it).is_some());
    let pauses: u64 = (0..tries.min(64))
        .map(|exponent| 1_u64.checked_shl(exponent).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE))
        .sum();
    !limited && !has_flag(words, 'm', &[]) && pauses > LONGEST_WAIT
}

/// Whether it tries more than once.
pub(super) fn retries(words: &[&str]) -> bool {
    value_of(words, "--retry").is_some()
}

/// The options that a curl command lacks.
pub(super) fn missing_options(words: &[&str]) -> Vec<&'static str> {
    let mut missing = Vec::new();
    if !fails_on_errors(words) {
        missing.push("--fail");
    }
    if has_no_limit(words) {
        missing.extend(["--retry-max-time", "60"]);
    }
    missing
}

/// The value of a long option: `--retry 30`, `--retry=30`.
fn value_of<'a>(words: &[&'a str], option: &str) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(at, word)| match word.strip_prefix(option) {
        Some("") => Some(words.get(at + 1).copied().unwrap_or("")),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    })
}

/// Whether an option without value is among the words, alone or in a cluster such as `-sSf`. What follows a letter that takes a value is
/// that value.
fn has_flag(words: &[&str], letter: char, long: &[&str]) -> bool {
    const WITH_VALUE: &str = "AbcCdDeEFHhKmoPQrtTuUwxXyYz";
    words.iter().any(|word| {
        let cluster = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or("");
        let end = cluster.find(|it| WITH_VALUE.contains(it)).map_or(cluster.len(), |at| at + 1);
        long.contains(word) || cluster.get(..end).is_some_and(|flags| flags.contains(letter))
    })
}
