//! Characters that are not to be shown: manifests are hostile until proven otherwise.

/// Stands where something unprintable stood, so that a reader sees that something was there.
const REPLACEMENT: char = '\u{fffd}';

/// The character itself, or what is shown in its place.
pub fn printable(character: char) -> char {
    if is_unprintable(character) { REPLACEMENT } else { character }
}

/// Control characters (C0, DEL, C1), line and paragraph separators, and the marks that reorder what is displayed
/// (<https://www.unicode.org/reports/tr9/#Explicit_Directional_Formatting_Codes>).
pub fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || character == '\u{feff}'
}
