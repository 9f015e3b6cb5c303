//! What is true of a document as a whole: found out once, because the fixes of many findings ask for it.

use super::layout::Layout;
use super::style::Habits;
use crate::manifest::tree::{NodeId, Shape};

/// What the printer has to know of the whole document.
#[derive(Debug, Clone)]
pub(in crate::manifest) struct Facts {
    /// Whether `{{` stands anywhere in it.
    pub(super) is_templated: bool,
    /// The nodes that aliases stand for, sorted.
    pub(super) shared: Vec<NodeId>,
    pub(super) habits: Habits,
}

impl Facts {
    pub(super) fn of(layout: &Layout<'_>) -> Self {
        let span = layout.document().span();
        let aliases = layout.tree().nodes.iter().filter(|node| node.shape == Shape::Alias);
        let mut shared: Vec<NodeId> = aliases.map(|alias| alias.next).collect();
        shared.sort_unstable();
        Self { is_templated: layout.slice(span.start, span.end).contains("{{"), shared, habits: Habits::of(layout) }
    }
}
