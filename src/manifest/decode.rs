//! From the bytes of a file to a [`Source`].

use crate::base::{Problem, Source, Span};
use std::sync::Arc;

/// The text of a file. Manifests are UTF-8, with or without a byte order mark.
///
/// # Errors
/// A located problem where the bytes are no UTF-8. kubectl's YAML library also takes UTF-16, but kubectl cuts files into
/// documents before it: what it makes of them is not worth having.
pub fn decode(name: impl Into<Arc<str>>, bytes: Vec<u8>) -> Result<Source, Problem> {
    let name = name.into();
    if let [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] = bytes.as_slice() {
        return Err(Problem::of_file(name, "the file is UTF-16: wanted UTF-8, save it in that encoding"));
    }
    String::from_utf8(bytes).map(|text| Source::new(name.clone(), text)).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        let readable = Source::new(name, String::from_utf8_lossy(error.as_bytes().get(..at).unwrap_or_default()));
        let message = format!("the byte 0x{byte:02X} is no UTF-8 text here: wanted the file saved as UTF-8");
        Problem::fatal(&readable, Span { start: at, end: at }, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_utf_8_is_a_source_and_anything_else_is_located() {
        let cases: [(&[u8], &str); 3] = [
            (b"a: 1\nb: \xff\n", "f:2:4: the byte 0xFF is no UTF-8 text here: wanted the file saved as UTF-8"),
            (b"a: \xc3", "f:1:4: the byte 0xC3 is no UTF-8 text here: wanted the file saved as UTF-8"),
            (b"\xff\xfea\0", "f:1:1: the file is UTF-16: wanted UTF-8, save it in that encoding"),
        ];
        for (bytes, wanted) in cases {
            assert_eq!(decode("f", bytes.to_vec()).map_err(|problem| problem.to_string()), Err(wanted.to_owned()));
        }
        assert_eq!(decode("f", "\u{feff}é".into()), Ok(Source::new("f", "\u{feff}é")));
    }
}
