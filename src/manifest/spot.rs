//! Where a field of a document stands in its text.

use crate::base::Span;

/// The place of one value, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The key that introduces it; none for the root and for items of a list.
    pub key: Option<Span>,
    /// The value, without its anchor and tag: quotes and brackets included; a block scalar from its `|` or `>` to the end
    /// of its last line; a block map or list from its first to its last entry (a list's first dash included). Empty, behind the colon or dash, where nothing is
    /// written. Of an alias, what the alias stands for.
    pub value: Span,
    /// The anchor and tag before the value.
    pub properties: Option<Span>,
    /// The `*name` that stands here instead of a value.
    pub alias: Option<Span>,
    /// Of a block scalar, its first line: from the `|` or `>` to the end of that line.
    pub header: Option<Span>,
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub style: Style,
    /// Whether the way there led through an alias or a merge of one: the same text is the value of other paths too.
    pub via_alias: bool,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, a number, a boolean or null.
    Scalar,
    /// Keys with values.
    Map,
    /// Items.
    List,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// A scalar in `'`.
    SingleQuoted,
    /// A scalar in `"`.
    DoubleQuoted,
    /// A block scalar after `|`.
    Literal,
    /// A block scalar after `>`.
    Folded,
    /// A map or list by indentation.
    Block,
    /// A map or list in brackets.
    Flow,
}
