//! Many files at once: their objects, how these relate, and all findings in order.

use crate::base::{Finding, Problem};
use crate::engine::ignores::{Ignores, annotation_problems};
use crate::engine::{Engine, Judgement};
use crate::inventory::{Inventory, Origin};
use crate::manifest::kustomize::{is_kustomization_file, normalized, patch_files};
use crate::manifest::{Content, Object, Reading, content_of};
use crate::policy::Date;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::AddAssign;
use std::sync::Arc;

/// A file that was read, with the rules that hold for it.
pub struct Input<'a> {
    /// The name of the file.
    pub file: Arc<str>,
    /// What was read from it.
    pub reading: Reading,
    /// The rules under the configuration nearest to it.
    pub engine: &'a Engine,
    /// Whether its objects are only the surroundings of the others, and not judged themselves.
    pub context_only: bool,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The findings by file, line, column and rule; suppressed ones among them.
    pub findings: Vec<Finding>,
    /// What could not be read, and rules that could not be run.
    pub problems: Vec<Problem>,
    /// How much was seen.
    pub counts: Counts,
}

/// How much a run has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Files that were read.
    pub files: usize,
    /// Objects in them.
    pub objects: usize,
    /// Documents that are no Kubernetes objects.
    pub other_documents: usize,
    /// Patches, which are no objects either.
    pub patches: usize,
    /// Files that are templates.
    pub templates: usize,
    /// Objects of which it is unknown whether they are in the mesh.
    pub unknown_membership: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.files += more.files;
        self.objects += more.objects;
        self.other_documents += more.other_documents;
        self.patches += more.patches;
        self.templates += more.templates;
        self.unknown_membership += more.unknown_membership;
    }
}

/// The objects of one file.
struct FileObjects<'a> {
    engine: &'a Engine,
    objects: Vec<Arc<Object>>,
    judged: bool,
}

/// Judges the objects of all files, each among all others. The order of the files does not matter.
pub fn check(mut inputs: Vec<Input<'_>>, today: Date) -> Outcome {
    inputs.sort_by(|one, other| one.file.cmp(&other.file));
    let mut outcome = Outcome::default();
    let files = collect_objects(inputs, &mut outcome);
    let mut inventory = Inventory::new(Origin::Files);
    for object in files.iter().flat_map(|file| &file.objects) {
        inventory.add(object);
    }
    let judged: Vec<(Vec<Judgement>, Vec<Problem>)> =
        files.par_iter().filter(|file| file.judged).map(|file| judge_file(file, &inventory, today)).collect();
    for (judgements, problems) in judged {
        outcome.problems.extend(problems);
        for judgement in judgements {
            outcome.counts.unknown_membership += usize::from(judgement.membership_unknown);
            outcome.findings.extend(judgement.findings);
        }
    }
    outcome.findings.sort_by(|one, other| order(one).cmp(&order(other)));
    outcome.problems.sort();
    // Giving back all that was read takes a tenth of the time of reading it, so all cores do.
    drop(inventory);
    files.into_par_iter().for_each(drop);
    outcome
}

/// Sorts out the documents of all files; patches that a kustomization lists are left out.
fn collect_objects<'a>(inputs: Vec<Input<'a>>, outcome: &mut Outcome) -> Vec<FileObjects<'a>> {
    let patches = kustomize_patches(&inputs);
    let sorted: Vec<_> = inputs.into_par_iter().map(|input| sort_out(input, &patches)).collect();
    let mut files = Vec::with_capacity(sorted.len());
    for (file, counts, problems) in sorted {
        if file.judged {
            outcome.counts += counts;
            outcome.problems.extend(problems);
        }
        files.push(file);
    }
    files
}

fn sort_out<'a>(input: Input<'a>, patches: &BTreeSet<String>) -> (FileObjects<'a>, Counts, Vec<Problem>) {
    let Input { file, reading, engine, context_only } = input;
    let mut counts = Counts { files: 1, templates: usize::from(reading.templated), ..Counts::default() };
    let is_patch = patches.contains(&normalized(&file));
    let mut objects = Vec::new();
    for document in reading.documents {
        match content_of(&Arc::new(document)) {
            Content::Objects(found) if !is_patch => objects.extend(found.into_iter().map(Arc::new)),
            Content::Objects(_) | Content::Patch => counts.patches += 1,
            Content::NotKubernetes => counts.other_documents += 1,
        }
    }
    counts.objects = objects.len();
    (FileObjects { engine, objects, judged: !context_only }, counts, reading.problems)
}

fn kustomize_patches(inputs: &[Input<'_>]) -> BTreeSet<String> {
    let kustomizations = inputs.iter().filter(|input| is_kustomization_file(&input.file));
    let documents = kustomizations.flat_map(|input| input.reading.documents.iter().map(move |it| (&input.file, it)));
    documents.flat_map(|(file, document)| patch_files(&normalized(file), document.value())).collect()
}

fn judge_file(file: &FileObjects<'_>, inventory: &Inventory, today: Date) -> (Vec<Judgement>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut judgements = Vec::with_capacity(file.objects.len());
    // The items of a List share one document, and so its comments.
    for objects in file.objects.chunk_by(|one, other| one.document().index() == other.document().index()) {
        judgements.extend(judge_document(file.engine, objects, inventory, today, &mut problems));
    }
    (judgements, problems)
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
        if engine.judges_owner_of(object, inventory) {
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

fn order(finding: &Finding) -> (Option<(&str, usize, usize)>, &str, &crate::base::Path) {
    let place = finding.place.as_ref().map(|place| (&*place.file, place.start.line, place.start.column));
    (place, &finding.rule, &finding.path)
}
