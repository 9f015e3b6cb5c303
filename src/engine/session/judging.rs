//! Judging files: every object among all others, with the ignores of its document.

use crate::base::Problem;
use crate::engine::ignores::{Ignores, annotation_problems};
use crate::engine::session::FileObjects;
use crate::engine::{Engine, Judgement};
use crate::inventory::{Inventory, Projection};
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

/// All objects as the surroundings of each, in place of what these were before. Kustomizations stay as they are.
pub fn surroundings<'f>(files: impl IntoIterator<Item = &'f FileObjects<'f>>, before: &Inventory) -> Inventory {
    let objects: Vec<&Arc<Object>> = files.into_iter().flat_map(|file| &file.objects).collect();
    let known = objects.into_par_iter().map(|object| (object.clone(), Projection::of(object)));
    Inventory::of_files(known.collect::<Vec<_>>()).with_kustomizations(before.kustomizations().clone())
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

/// The same for a file of which only some documents, by their index, are others than when it was judged `before`, and to
/// those around it looks the same. Where nothing was to be said of an object, nothing is to be said of the same object now: findings have places,
/// which may have moved, but silence has none.
pub fn judge_changed(
    file: &FileObjects<'_>,
    before: (&FileObjects<'_>, &FileJudgement),
    is_changed: impl Fn(usize) -> bool,
    inventory: &Inventory,
    today: Date,
) -> FileJudgement {
    let (old, known) = before;
    let is_silent = |judgement: &Judgement| judgement.findings.is_empty() && judgement.errors.is_empty();
    if !known.problems.is_empty() || old.objects.len() != file.objects.len() || !file.judged {
        return judge_file(file, inventory, today);
    }
    let mut judged = FileJudgement::default();
    let mut done = 0;
    for objects in file.objects.chunk_by(|one, other| one.document().index() == other.document().index()) {
        let known = known.judgements.get(done..done + objects.len()).unwrap_or_default();
        done += objects.len();
        let is_same = objects.first().is_some_and(|object| !is_changed(object.document().index()));
        let is_same = is_same && !objects.iter().any(|object| sees_whole_pods(object));
        if is_same && known.len() == objects.len() && known.iter().all(is_silent) {
            let again =
                |it: &Judgement| Judgement { membership_unknown: it.membership_unknown, ..Judgement::default() };
            judged.judgements.extend(known.iter().map(again));
        } else {
            let judgements = judge_document(file.engine, objects, inventory, today, &mut judged.problems);
            judged.judgements.extend(judgements);
        }
    }
    judged
}

/// Whether an object is judged by all that the pods of others are, of which the surroundings show others only a part: a policy
/// that sets their grace period, a Namespace, a HorizontalPodAutoscaler. Which rule asks for how much is not known here.
pub fn sees_whole_pods(object: &Object) -> bool {
    object.templates().is_empty() && !object.is("", "Service")
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
