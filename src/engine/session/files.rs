//! The objects of each file, sorted out of its documents.

use crate::base::Problem;
use crate::engine::Engine;
use crate::engine::session::Counts;
use crate::manifest::kustomize::{is_kustomization_file, normalized, patch_files};
use crate::manifest::{Content, Document, Lookalike, Object, Owner, Reading, content_of};
use rayon::prelude::*;
use std::collections::BTreeSet;
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

/// The objects of one file.
pub struct FileObjects<'a> {
    /// The name of the file.
    pub file: Arc<str>,
    /// The rules that hold for it.
    pub engine: &'a Engine,
    /// All its documents.
    pub documents: Vec<Arc<Document>>,
    /// The objects in them, in the order of the text.
    pub objects: Vec<Arc<Object>>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// How much there is.
    pub counts: Counts,
    /// What looks like pod templates of kinds that are not known, one for each object.
    pub lookalikes: Vec<Lookalike>,
    /// Whether its objects are judged, and not only surroundings.
    pub judged: bool,
    /// Whether a kustomization lists it as a patch: then its documents are no objects.
    pub is_patch: bool,
}

/// Sorts out the documents of all files, in the order of their names; patches that a kustomization lists are left out.
pub fn collect_objects(mut inputs: Vec<Input<'_>>) -> Vec<FileObjects<'_>> {
    inputs.sort_by(|one, other| one.file.cmp(&other.file));
    let patches = kustomize_patches(&inputs);
    let is_patch = |input: &Input<'_>| patches.contains(&normalized(&input.file));
    inputs
        .into_par_iter()
        .map(|input| {
            let is_patch = is_patch(&input);
            sort_out(input, is_patch)
        })
        .collect()
}

/// Sorts out the documents of one file.
pub fn sort_out(input: Input<'_>, is_patch: bool) -> FileObjects<'_> {
    let Input { file, reading, engine, context_only } = input;
    let mut counts = Counts { files: 1, templates: usize::from(reading.templated), ..Counts::default() };
    let documents: Vec<Arc<Document>> = reading.documents.into_iter().map(Arc::new).collect();
    let mut objects = Vec::new();
    for document in &documents {
        match content_of(document) {
            Content::Objects(found) if !is_patch => {
                let found = found.into_iter().map(|object| object.with_kinds(engine.workload_kinds()));
                objects.extend(found.map(with_maker).map(Arc::new));
            }
            Content::Objects(_) | Content::Patch => counts.patches += 1,
            Content::NotKubernetes => counts.other_documents += 1,
        }
    }
    counts.objects = objects.len();
    let lookalikes = objects.iter().filter_map(|object| Lookalike::of(object)).collect();
    let problems = reading.problems;
    FileObjects { file, engine, documents, objects, problems, counts, lookalikes, judged: !context_only, is_patch }
}

/// In files the word of a Pod for its owner is taken: nothing is let into a cluster for it, and the API server asks for proof.
fn with_maker(object: Object) -> Object {
    match Owner::of(&object).filter(|_| object.is("", "Pod")) {
        Some(owner) => object.made_by(owner),
        None => object,
    }
}

fn kustomize_patches(inputs: &[Input<'_>]) -> BTreeSet<String> {
    let kustomizations = inputs.iter().filter(|input| is_kustomization_file(&input.file));
    let documents = kustomizations.flat_map(|input| input.reading.documents.iter().map(move |it| (&input.file, it)));
    documents.flat_map(|(file, document)| patch_files(&normalized(file), document.value())).collect()
}
