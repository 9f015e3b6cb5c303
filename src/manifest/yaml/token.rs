//! The tokens of YAML, and what each byte can be.

use crate::manifest::spot::Style;
use crate::manifest::tree::Range;
use std::borrow::Cow;

/// A token and where it stands. Marks that are not written (the start of a map, its end) have an empty range.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) range: Range,
    pub(super) kind: Kind<'t>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'t> {
    /// `---`
    DocumentStart,
    /// `...`
    DocumentEnd,
    /// The end of the text.
    StreamEnd,
    BlockListStart,
    BlockMapStart,
    /// The end of a block list or block map.
    BlockEnd,
    /// `[`
    FlowListStart,
    /// `]`
    FlowListEnd,
    /// `{`
    FlowMapStart,
    /// `}`
    FlowMapEnd,
    /// `- `
    Entry,
    /// `,`
    Comma,
    /// A key follows; only `?` is written.
    Key,
    /// `:`
    Colon,
    /// `*name`
    Alias(&'t str),
    /// `&name`
    Anchor(&'t str),
    /// `!handle!suffix`, its handle expanded.
    Tag(TagName<'t>),
    Scalar(Cow<'t, str>, Style),
}

/// A tag as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TagName<'t> {
    /// `!`, `!!`, or `!name!`; empty for `!<...>` and for `!` alone.
    pub(super) handle: &'t str,
    /// The rest, escapes decoded; `!` for `!` alone.
    pub(super) suffix: Cow<'t, str>,
}

/// What a byte can be, as bits of a table.
pub(super) mod class {
    /// Ends or interrupts a plain scalar outside of brackets, or may: space, line breaks, `:`, the end.
    pub(in crate::manifest::yaml) const PLAIN_STOP: u8 = 1;
    /// The same inside of brackets.
    pub(in crate::manifest::yaml) const FLOW_STOP: u8 = 2;
    /// Letters, digits, `_` and `-`: names of anchors and handles.
    pub(in crate::manifest::yaml) const NAME: u8 = 4;
    /// Characters of a tag.
    pub(in crate::manifest::yaml) const URI: u8 = 8;

    const fn table() -> [u8; 256] {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let it = byte as u8;
            // 0xC2 and 0xE2 begin U+0085, U+2028 and U+2029, which YAML 1.1 takes for line breaks.
            if matches!(it, 0 | b' ' | b'\t' | b'\n' | b'\r' | b':' | 0xC2 | 0xE2) {
                table[byte] |= PLAIN_STOP | FLOW_STOP;
            }
            if matches!(it, b',' | b'?' | b'[' | b']' | b'{' | b'}') {
                table[byte] |= FLOW_STOP;
            }
            if it.is_ascii_alphanumeric() || it == b'_' || it == b'-' {
                table[byte] |= NAME | URI;
            }
            if matches!(
                it,
                b';' | b'/'
                    | b'?'
                    | b':'
                    | b'@'
                    | b'&'
                    | b'='
                    | b'+'
                    | b'$'
                    | b','
                    | b'.'
                    | b'!'
                    | b'~'
                    | b'*'
                    | b'\''
                    | b'('
                    | b')'
                    | b'['
                    | b']'
                    | b'%'
            ) {
                table[byte] |= URI;
            }
            byte += 1;
        }
        table
    }

    static TABLE: [u8; 256] = table();

    pub(in crate::manifest::yaml) fn is(byte: u8, class: u8) -> bool {
        TABLE[byte as usize] & class != 0
    }
}
