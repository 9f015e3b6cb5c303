//! Where a moment stands in a drawing: 14 columns for labels, then the time up to the end of the grace period.

use crate::setting::KILL;

const LABEL: usize = 14;
/// From the first column of the time to its last.
const LAST_COLUMN: usize = 56;

/// What a row of a drawing shows in the middle of a half second.
pub fn mark(row: &str, half_second: usize) -> char {
    let column = (2 * half_second + 1) * LAST_COLUMN / (2 * KILL as usize);
    row.chars().nth(LABEL + column).unwrap_or(' ')
}

/// A row with a letter for each half second, as wide as the drawing.
pub fn row(label: &str, letters: &str) -> String {
    let letter = |column: usize| letters.chars().nth(column * KILL as usize / LAST_COLUMN).unwrap_or(' ');
    let letters: String = (0..=LAST_COLUMN).map(letter).collect();
    format!("{label:LABEL$}{}", letters.trim_end())
}
