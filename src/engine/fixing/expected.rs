//! The surroundings that a pass makes if all that it tries holds.
//!
//! Two Services that lead to the same port of the same pods have to be given one protocol together: either alone would
//! contradict the other. So each is planned among the others as they are to be. What comes of it is proven afterwards.

use crate::engine::fixing::attempt::Wanted;
use crate::engine::fixing::selection::Selected;
use crate::engine::fixing::snapshot::File;
use crate::inventory::{Inventory, Origin};
use crate::manifest::Object;
use crate::manifest::edit::applied;
use std::sync::Arc;

/// The surroundings as they are `now` with the fixes of all selected objects done; none where there is at most one that others look at.
pub fn expected(files: &[File<'_>], selected: &Selected, now: &Inventory) -> Option<Inventory> {
    let objects = selected.iter().flat_map(|(file, wanted)| wanted.keys().map(move |index| (*file, *index)));
    let is_seen = |(file, index): &(usize, usize)| {
        let object = files.get(*file).and_then(|file| file.now.objects.objects.get(*index));
        object.is_some_and(|object| object.templates().is_empty())
    };
    let _two_at_least = objects.filter(is_seen).nth(1)?;
    let mut inventory = Inventory::new(Origin::Files).with_kustomizations(now.kustomizations().clone());
    for (number, file) in files.iter().enumerate() {
        let wanted = selected.get(&number);
        for (index, object) in file.now.objects.objects.iter().enumerate() {
            let fixed = wanted.and_then(|wanted| fixed(object, index, wanted));
            inventory.add(fixed.as_ref().unwrap_or(object));
        }
    }
    Some(inventory)
}

/// An object after the fixes of its findings, unproven; none where nothing of it is tried, or it cannot be done.
fn fixed(object: &Object, index: usize, wanted: &Wanted) -> Option<Arc<Object>> {
    let fixes = wanted.get(&index)?.iter().filter_map(|finding| finding.remedy.fix());
    let edits: Vec<_> = fixes.flat_map(|fix| fix.edits.iter().cloned()).collect();
    Some(Arc::new(object.edited(applied(&edits, object.value()).ok()?)))
}
