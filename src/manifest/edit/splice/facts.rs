//! What is true of a document as a whole: found out once, because the fixes of many findings ask for it.

use super::layout::Layout;
use super::refusal::Untouchable;
use super::style::Habits;
use super::template::Template;
use crate::manifest::tree::{NodeId, Shape};
use std::sync::OnceLock;

/// What the printer has to know of the whole document.
#[derive(Debug, Clone)]
pub(in crate::manifest) struct Facts {
    /// Why nothing in it is edited, if so.
    pub(super) untouchable: Option<Untouchable>,
    pub(super) template: Template,
    /// The nodes that aliases stand for, sorted.
    pub(super) shared: Vec<NodeId>,
    /// What it does most: only few edits ask, where nothing nearer tells.
    pub(super) habits: OnceLock<Habits>,
}

impl Facts {
    pub(super) fn of(layout: &Layout<'_>) -> Self {
        let aliases = layout.tree().nodes.iter().filter(|node| node.shape == Shape::Alias);
        let mut shared: Vec<NodeId> = aliases.map(|alias| alias.next).collect();
        shared.sort_unstable();
        let template = Template::of(layout);
        let untouchable = Untouchable::of(layout, &template);
        Self { untouchable, template, shared, habits: OnceLock::new() }
    }
}
