//! What only the wait has a use for: the function that it is written in, and variables that hold the proxy's address.

use super::cut::{cut_of, without_parts};
use crate::mesh::wrapper::shell::reading::{Reading, address_set};
use crate::mesh::wrapper::shell::script::{Item, ItemKind};
use crate::mesh::wrapper::shell::tokens::Token;
use crate::mesh::wrapper::wait::script_wait::{called_function, waiting_tokens};
use crate::mesh::wrapper::wait::wait_only::reads;
use std::ops::Range;

/// The bytes of what nothing reads once the wait, and with it `cut`, is gone.
///
/// A variable of the environment is one of the application's too, and so is what a script elsewhere may read.
pub(super) fn leftovers(
    items: &[Item<'_>],
    at: usize,
    script: &str,
    reading: &Reading,
    cut: &Range<usize>,
) -> Vec<Range<usize>> {
    let is_elsewhere = |token: &Token| matches!(token.keyword(), Some("." | "source" | "eval" | "export"));
    if reading.tokens.iter().any(is_elsewhere) {
        return Vec::new();
    }
    let waiting = waiting_tokens(items, at);
    let spans = &reading.spans;
    let wait = &script[spans[waiting.start].start..spans[waiting.end - 1].end];
    let named = (0..at).filter_map(|other| match items[other].kind {
        ItemKind::Function { name, .. } => (called_function(items, at) == Some(other)).then_some((other, name)),
        ItemKind::Simple([word]) => {
            let name = word.text().and_then(address_set).filter(|name| reads(wait, name))?;
            Some((other, name))
        }
        _ => None,
    });
    let candidates: Vec<(Range<usize>, &str)> =
        named.filter_map(|(other, name)| Some((cut_of(items, other, script, reading)?, name))).collect();
    let parts = candidates.iter().map(|(part, _)| part.clone()).chain([cut.clone()]);
    let rest = without_parts(script, parts);
    if candidates.iter().any(|(_, name)| reads(&rest, name)) {
        return Vec::new();
    }
    candidates.into_iter().map(|(part, _)| part).collect()
}
