//! The known word that is near to an unknown one.

/// The nearest of the known words, if one is near enough to be what was meant.
///
/// Case, `-` and `_` weigh little, as `drain_seconds` is a way to write `drainSeconds`; otherwise at most a third of the letters,
/// and one at least, may differ.
pub fn nearest<'a>(seen: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain_seen = plain(seen);
    let limit = (plain_seen.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter(|word| *word != seen)
        .map(|word| (strsim::osa_distance(&plain_seen, &plain(word)), strsim::osa_distance(seen, word), word))
        .filter(|(distance, _, _)| *distance <= limit)
        .min()
        .map(|(_, _, word)| word)
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 6] = ["severity", "since", "status", "drainSeconds", "in", "notIn"];

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let cases = [
            ("sevrity", Some("severity")),
            ("Severity", Some("severity")),
            ("drain_seconds", Some("drainSeconds")),
            ("statsu", Some("status")),
            ("im", Some("in")),
            ("not-in", Some("notIn")),
            ("level", None),
            ("x", None),
            ("", None),
        ];
        for (seen, word) in cases {
            assert_eq!(nearest(seen, KNOWN), word, "{seen}");
        }
    }
}
