//! Judging files: every object among all others, with the ignores of its document.

use crate::base::Problem;
use crate::engine::ignores::{Ignores, annotation_problems};
use crate::engine::session::FileObjects;
use crate::engine::{Engine, Judgement};
use crate::inventory::{Inventory, Origin};
use crate::manifest::{Object, Owner};
use crate::policy::Date;
use rayon::prelude::*;
use std::sync::Arc;

/// What came of the objects of one file.
#[derive(Debug, Default)]
pub struct FileJudgement {
    /// One for each object, in their order.
    pub judgements: Vec<Judgement>,
    /// Rules that could not be run, and what is wrong with ignores.
    pub problems: Vec<Problem>,
}

/// All objects as the surroundings of each.
pub fn surroundings<'f>(files: impl IntoIterator<Item = &'f FileObjects<'f>>) -> Inventory {
    let mut inventory = Inventory::new(Origin::Files);
    for object in files.into_iter().flat_map(|file| &file.objects) {
        inventory.add(object);
    }
    inventory
}

/// Judges all files; those that are only surroundings have no findings.
pub fn judge_all(files: &[FileObjects<'_>], inventory: &Inventory, today: Date) -> Vec<FileJudgement> {
    files.par_iter().map(|file| judge_file(file, inventory, today)).collect()
}

/// Judges the objects of one file, if they are not only surroundings.
pub fn judge_file(file: &FileObjects<'_>, inventory: &Inventory, today: Date) -> FileJudgement {
    let mut judged = FileJudgement::default();
    if !file.judged {
        return judged;
    }
    judged.judgements.reserve_exact(file.objects.len());
    // The items of a List share one document, and so its comments.
    for objects in file.objects.chunk_by(|one, other| one.document().index() == other.document().index()) {
        let judgements = judge_document(file.engine, objects, inventory, today, &mut judged.problems);
        judged.judgements.extend(judgements);
    }
    judged
}

fn judge_document(
    engine: &Engine,
    objects: &[Arc<Object>],
    inventory: &Inventory,
    today: Date,
    problems: &mut Vec<Problem>,
) -> Vec<Judgement> {
    let Some(document) = objects.first().map(|object| object.document()) else { return Vec::new() };
    let (mut ignores, wrong) = Ignores::of(document, engine);
    problems.extend(wrong);
    let judge = |object: &Arc<Object>| {
        let namespace = object.reference().namespace.as_deref().unwrap_or("");
        if Owner::of(object).is_some_and(|owner| engine.judges_owner(&owner, namespace, inventory)) {
            return Judgement::default();
        }
        let mut judgement = engine.judge(object, inventory, today);
        judgement.findings.iter_mut().for_each(|finding| ignores.apply(finding, today));
        problems.extend(judgement.errors.iter().map(|error| error.problem(object)));
        problems.extend(annotation_problems(object, engine, today));
        judgement
    };
    let judgements = objects.iter().map(judge).collect();
    if let Some(source) = document.source() {
        let is_silent = |rule: &str| objects.iter().all(|it| engine.is_silent(rule, it, inventory, today));
        problems.extend(ignores.unused(source, today, is_silent));
    }
    judgements
}
