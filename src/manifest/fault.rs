//! Why a text is no document, in words: what was seen, what is wanted.

use super::scalar::Meaningless;
use super::tree::Range;
use std::fmt;

/// Why a piece of text is no document, and where in the piece.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub(super) range: Range,
    pub(super) reason: Reason,
}

/// Why a piece of text is no document.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum Reason {
    #[error(transparent)]
    NoYaml(#[from] Syntax),
    #[error("this is no JSON: wanted {wanted}, not {seen}")]
    NoJson { wanted: &'static str, seen: Seen },
    #[error(transparent)]
    Meaningless(#[from] Meaningless),
    #[error("maps and lists are nested more than {0} levels deep: wanted a flatter document")]
    TooDeep(usize),
    #[error("the document has more than {0} keys and values: wanted it split by lines of `---`")]
    TooManyNodes(usize),
    #[error("the aliases (`*name`) of this document stand for too much text: wanted it written out where it is used")]
    TooManyAliases,
    #[error("the anchor's value contains itself: wanted an alias (`*name`) only outside of what the anchor names")]
    ContainsItself,
    #[error("a key is a {0}: wanted a word or a quoted text before the colon")]
    CollectionAsKey(&'static str),
    #[error("`<<` wants a map, an alias of a map, or a list of these")]
    MergeOfNoMap,
}

/// What is no YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Syntax {
    #[error("{0} cannot stand in a manifest: wanted it removed, or an escape such as \\u0007 in double quotes")]
    ControlCharacter(Seen),
    #[error("no value can start with {0}: wanted quotes around the text, or spaces if this is indentation")]
    CannotStart(Seen),
    #[error("wanted `key: value` on this line, indented like the other keys of this map")]
    MissingColon,
    #[error("a list item cannot stand here: wanted `- ` on a line of its own, indented like the other items")]
    EntryNotAllowed,
    #[error("a key cannot stand here: wanted it on a line of its own")]
    KeyNotAllowed,
    #[error(
        "a `: ` where only a value can stand: wanted quotes around a value that contains `: `, or the key on a line of its own"
    )]
    ValueNotAllowed,
    #[error("wanted a name of letters, digits, `-` and `_` right behind `&` or `*`, or quotes around the text")]
    BadAnchorName,
    #[error("this is no tag: wanted `!name` and a space behind it, or quotes around text that starts with `!`")]
    BadTag,
    #[error("a tag with a prefix that no directive declares: wanted `!!str`, `!name`, or quotes around the text")]
    UnknownTagHandle,
    #[error(
        "a line with a directive (`%...`): wanted none, kubectl reads no directives; quotes around the text if it is none"
    )]
    Directive,
    #[error("wanted nothing behind `|` or `>` but `+`, `-`, a digit from 1 to 9, or a comment")]
    BadBlockHeader,
    #[error("a tab is used for indentation: wanted spaces")]
    TabAsIndentation,
    #[error("this quote is never closed: wanted the same quote again before the document ends")]
    UnclosedQuote,
    #[error("an unknown escape in double quotes: wanted `\\\\` for a backslash, or single quotes around the text")]
    UnknownEscape,
    #[error("this escape names no character: wanted its code in hexadecimal digits, as in \\u00e9")]
    BadEscape,
    #[error(
        "this alias (`*name`) has no anchor (`&name`) before it: wanted one, or quotes around text that starts with `*`"
    )]
    UnknownAnchor,
    #[error("wanted a value here, not {0}")]
    NoValue(Seen),
    #[error("wanted a list item here, `- ` indented like the other items of this list")]
    NoEntry,
    #[error("wanted a key here, `key: value` indented like the other keys of this map")]
    NoKey,
    #[error("wanted `,` or `]` here, between the items of a list in brackets")]
    NoListSeparator,
    #[error("wanted `,` or `}}` here, between the entries of a map in braces")]
    NoMapSeparator,
    #[error("`[` is never closed: wanted `]` before the document ends, or quotes around the text")]
    UnclosedList,
    #[error("`{{` is never closed: wanted `}}` before the document ends, or quotes around the text")]
    UnclosedMap,
}

/// A character that was seen; none is the end of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen(pub(super) Option<char>);

impl Fault {
    pub(super) fn new(range: Range, reason: impl Into<Reason>) -> Self {
        Self { range, reason: reason.into() }
    }
}

impl Seen {
    /// What stands at the start of a text.
    pub(super) fn first_of(text: &str) -> Self {
        Self(text.chars().next())
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("the end of the text"),
            Some('\n' | '\r') => f.write_str("the end of the line"),
            Some('\t') => f.write_str("a tab"),
            Some(' ') => f.write_str("a space"),
            Some('`') => f.write_str("a backquote"),
            Some(character) if character.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&character) => {
                write!(f, "the control character U+{:04X}", u32::from(character))
            }
            Some(character) => write!(f, "`{character}`"),
        }
    }
}

/// The start of a text, for a message of one line.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    let mut shown: String = text.chars().take(LONGEST).map(plain).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    shown
}
