//! Why a text is no document, in words: what was seen, what is wanted.

use super::compose::Refusal;
use super::tree::Range;
use granit_parser::ErrorKind;

/// Why a piece of text is no document, with offsets into the piece.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fault {
    /// It is no YAML.
    Yaml { at: u32, kind: ErrorKind },
    /// It is no JSON.
    Json { at: u32, wanted: &'static str },
    /// It is well-formed, and still no document that kubectl or a limit lets pass.
    Refused(Refusal),
}

impl Fault {
    /// Where it shows.
    pub(super) fn range(&self) -> Range {
        match self {
            Fault::Yaml { at, .. } | Fault::Json { at, .. } => Range { start: *at, end: *at },
            Fault::Refused(refusal) => refusal.range,
        }
    }

    /// What is wrong, for people; `text` is the piece it was found in.
    pub(super) fn message(&self, text: &str) -> String {
        match self {
            Fault::Yaml { at, kind } => yaml_message(kind, text.get(*at as usize..).unwrap_or("")),
            Fault::Json { at, wanted } => {
                format!("this is no JSON: wanted {wanted}, not {}", seen(text.get(*at as usize..).unwrap_or("")))
            }
            Fault::Refused(refusal) => refusal.reason.to_string(),
        }
    }
}

/// What stands at the start of a text.
fn seen(text: &str) -> String {
    match text.chars().next() {
        None => "the end of the text".to_owned(),
        Some('\n' | '\r') => "the end of the line".to_owned(),
        Some('\t') => "a tab".to_owned(),
        Some(' ') => "a space".to_owned(),
        Some(character) if character.is_control() => format!("the control character U+{:04X}", u32::from(character)),
        Some(character) => format!("`{character}`"),
    }
}

/// The parser's reasons in our words; those that a manifest hardly ever meets share one.
fn yaml_message(kind: &ErrorKind, rest: &str) -> String {
    use ErrorKind as K;
    let wanted = match kind {
        K::RecursionLimitExceeded => "maps and lists are nested too deeply: wanted a flatter document",
        K::TabNotAllowed | K::TabInBlockIndentation | K::TabInIndentation | K::TabAtBlockScalarStart => {
            "a tab is used for indentation: wanted spaces"
        }
        K::TabInPlainScalar => "a tab in unquoted text: wanted spaces, or quotes around the text",
        K::UnclosedQuotedScalar | K::DocumentIndicatorInQuotedScalar => {
            "this quote is never closed: wanted the same quote again before the document ends"
        }
        K::UnclosedFlowCollection { open } => return unclosed(*open),
        K::UnexpectedEofFlowSequence => return unclosed('['),
        K::UnexpectedEofFlowMapping | K::UnexpectedEofImplicitFlowMapping => return unclosed('{'),
        K::MismatchedFlowCollectionEnd { open, close } => {
            return format!("`{open}` is closed by `{close}`: wanted the bracket that belongs to it");
        }
        K::MisplacedFlowCollectionEnd => {
            "a closing bracket without an opening one: wanted it removed, or quotes around the text"
        }
        K::ExpectedFlowSequenceSeparator => "wanted `,` or `]` here, between the items of a list in brackets",
        K::ExpectedFlowMappingSeparator => "wanted `,` or `}` here, between the entries of a map in braces",
        K::MappingValueNotAllowed | K::InvalidColonPlacement | K::InvalidMappingValueWhitespace => {
            "a second `: ` where only a value can stand: wanted quotes around a value that contains `: `, or a line of its own for the key"
        }
        K::SimpleKeyExpected | K::InvalidSimpleKey | K::ExpectedBlockMappingKey => {
            "wanted `key: value` here, indented like the other keys of this map"
        }
        K::MappingKeyNotAllowed => "a key cannot stand here: wanted it on a line of its own",
        K::BlockSequenceEntryNotAllowed | K::ExpectedBlockSequenceEntry | K::InvalidBlockEntryWhitespace => {
            "wanted a list item here, `- ` indented like the other items"
        }
        K::BlockEntryInFlowCollection => "`- ` inside of brackets: wanted items separated by `,`",
        K::InvalidIndentation | K::InvalidFlowScalarIndent | K::InvalidQuotedScalarIndent => {
            "the indentation fits no line above: wanted it aligned with its neighbours"
        }
        K::InvalidBlockScalarIndent => {
            "a line of a block of text is indented less than its first one: wanted the same indentation"
        }
        K::ZeroBlockScalarIndent | K::InvalidBlockScalarHeader => {
            "wanted nothing behind `|` or `>` but `+`, `-`, a digit from 1 to 9, or a comment"
        }
        K::UnknownAnchor => {
            "this alias (`*name`) has no anchor (`&name`) before it: wanted one, or quotes around text that starts with `*`"
        }
        K::MissingAnchorOrAliasName => "wanted a name right behind `&` or `*`, or quotes around the text",
        K::UnknownQuotedScalarEscape => {
            "an unknown escape in double quotes: wanted `\\\\` for a backslash, or single quotes around the text"
        }
        K::InvalidQuotedScalarHexEscape
        | K::InvalidLowSurrogateHexEscape
        | K::InvalidLowSurrogate
        | K::MissingLowSurrogate
        | K::UnpairedLowSurrogate
        | K::InvalidUnicodeEscape => {
            "an escape in double quotes names no character: wanted its code in hexadecimal digits, as in `\\u00e9`"
        }
        K::InvalidTrailingSingleQuotedScalar | K::InvalidTrailingDoubleQuotedScalar => {
            "text behind a closing quote: wanted all of the value inside of the quotes"
        }
        K::CommentNotSeparated => "wanted a space before `#`, or quotes around the text",
        K::ExpectedDocumentStart | K::MissingDocumentEndBeforeDirective | K::InvalidDocumentEnd => {
            "a directive (`%...`) or text outside of a document: wanted neither, kubectl reads no directives before `---`"
        }
        K::BomInsideDocument => "a byte order mark inside of the document: wanted it removed",
        K::UnexpectedCharacter { .. } => {
            return format!("no value can start with {}: wanted quotes around the text", seen(rest));
        }
        _ => return format!("this is no YAML, at {}: {kind}", seen(rest)),
    };
    wanted.to_owned()
}

fn unclosed(open: char) -> String {
    let close = if open == '[' { ']' } else { '}' };
    format!("`{open}` is never closed: wanted `{close}` before the document ends, or quotes around the text")
}
