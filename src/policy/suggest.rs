//! "Did you mean": the end of a message about an unknown word.

pub use crate::base::nearest;

/// The end of a message about an unknown word: `; did you mean `x`?`, or nothing when none is near.
pub fn did_you_mean<'a>(seen: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(seen, known).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

/// The same, and where none is near, all known words: `; known here: a, b`. Of no known words, nothing.
pub(crate) fn did_you_mean_or_known(seen: &str, known: &[&str]) -> String {
    match nearest(seen, known.iter().copied()) {
        Some(word) => format!("; did you mean `{word}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; known here: {}", known.join(", ")),
    }
}
