//! The objects of each file, sorted out of its documents.

use crate::base::Problem;
use crate::engine::Engine;
use crate::engine::session::Counts;
use crate::inventory::{Inventory, Kustomizations, Projection};
use crate::manifest::kustomize::{Kustomization, is_kustomization_file, normalized, patch_files};
use crate::manifest::{Content, Document, Lookalike, Object, Owner, Reading, content_of};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A file that was read, with the rules that hold for it.
pub struct Input<'a> {
    objects: FileObjects<'a>,
    /// What others may ask of its objects, one for each.
    projections: Vec<Projection>,
}

impl<'a> Input<'a> {
    /// What was read from a file of this name, under the rules of the configuration nearest to it.
    ///
    /// Sorts out the objects at once: whoever reads many files on all cores does so for this too, and what was just read is still
    /// in the caches.
    pub fn new(file: &Arc<str>, reading: Reading, engine: &'a Engine) -> Self {
        let mut projections = Vec::new();
        let objects = sorted_out(file, reading, engine, |object| {
            projections.push(Projection::of(&object));
            object
        });
        Self { objects, projections }
    }

    /// The same for [`check`] alone: of objects that no rule speaks about, such as dashboards and resource definitions, only the
    /// head is kept, with the other places only where somebody may point into them. They are most of what a repository holds. A fix
    /// proves that all of a file says what it said before, and can not do so with these.
    ///
    /// [`check`]: crate::engine::check
    pub fn to_check(file: &Arc<str>, reading: Reading, engine: &'a Engine) -> Self {
        let mut projections = Vec::new();
        let is_whole = is_kustomization_file(file);
        let objects = sorted_out(file, reading, engine, |object| {
            let projection = Projection::of(&object);
            let is_pointed_into = !projection.is_empty();
            projections.push(projection);
            if is_whole || is_asked_about(&object, engine) { object } else { object.head(is_pointed_into) }
        });
        Self { objects, projections }
    }

    /// The same file, whose objects are only the surroundings of those of other files, and not judged themselves.
    #[must_use]
    pub fn only_surroundings(self) -> Self {
        Self { objects: FileObjects { judged: false, ..self.objects }, ..self }
    }
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

/// The files in the order of their names, and all objects as the surroundings of each; patches that a kustomization lists are
/// no objects.
pub fn gathered(mut inputs: Vec<Input<'_>>) -> (Vec<FileObjects<'_>>, Inventory) {
    inputs.sort_by(|one, other| one.objects.file.cmp(&other.objects.file));
    let patches = kustomize_patches(&inputs);
    let is_patch = |file: &FileObjects<'_>| !patches.is_empty() && patches.contains(&*normalized(&file.file));
    let (mut files, mut projections) = (Vec::with_capacity(inputs.len()), Vec::with_capacity(inputs.len()));
    for input in inputs {
        if is_patch(&input.objects) {
            files.push(input.objects.into_patch());
        } else {
            projections.push((input.objects.objects.clone(), input.projections));
            files.push(input.objects);
        }
    }
    let known = projections.into_iter().flat_map(|(objects, projections)| objects.into_iter().zip(projections));
    let (kustomizations, inventory) = rayon::join(|| kustomizations(&files), || Inventory::of_files(known));
    (files, inventory.with_kustomizations(Arc::new(kustomizations)))
}

/// Sorts out the documents of one file.
pub fn sort_out<'a>(file: &Arc<str>, reading: Reading, engine: &'a Engine) -> FileObjects<'a> {
    sorted_out(file, reading, engine, |object| object)
}

/// The same, with what is made of each object.
fn sorted_out<'a>(
    file: &Arc<str>,
    reading: Reading,
    engine: &'a Engine,
    mut make: impl FnMut(Object) -> Object,
) -> FileObjects<'a> {
    let reading = reading.without_ytt();
    let mut counts = Counts { files: 1, templates: usize::from(reading.templated), ..Counts::default() };
    let (mut documents, mut objects, mut lookalikes) = (Vec::new(), Vec::new(), Vec::new());
    for document in reading.documents.into_iter().map(Arc::new) {
        let found = match content_of(&document) {
            Content::Objects(found) => found,
            Content::Patch => {
                counts.patches += 1;
                documents.push(document);
                continue;
            }
            Content::NotKubernetes => {
                counts.other_documents += 1;
                documents.push(document);
                continue;
            }
        };
        counts.objects += found.len();
        // An object that is alone in its document is to hold it alone, for it may leave a part of it behind.
        let shared = (found.len() != 1).then_some(document);
        let before = objects.len();
        for object in found {
            let object = with_maker(object.with_kinds(engine.workload_kinds()));
            lookalikes.extend(Lookalike::of(&object));
            objects.push(Arc::new(make(object)));
        }
        documents.extend(shared.or_else(|| objects.get(before).map(|object| object.document().clone())));
    }
    let (file, problems) = (file.clone(), reading.problems);
    FileObjects { file, engine, documents, objects, problems, counts, lookalikes, judged: true, is_patch: false }
}

/// Whether a rule may ask for more of an object than its head and its projection.
fn is_asked_about(object: &Object, engine: &Engine) -> bool {
    let has_rules = !engine.places_about(object.group(), object.kind()).is_empty();
    has_rules || !object.templates().is_empty() || object.maker().is_some()
}

impl FileObjects<'_> {
    /// The same file, if a kustomization lists it as a patch.
    #[must_use]
    pub fn into_patch(self) -> Self {
        let holds_objects = |document: &&Arc<Document>| matches!(content_of(document), Content::Objects(_));
        let patches = self.counts.patches + self.documents.iter().filter(holds_objects).count();
        let counts = Counts { objects: 0, patches, ..self.counts };
        Self { objects: Vec::new(), lookalikes: Vec::new(), counts, is_patch: true, ..self }
    }
}

/// In files the word of a Pod for its owner is taken: nothing is let into a cluster for it, and the API server asks for proof.
fn with_maker(object: Object) -> Object {
    match Owner::of(&object).filter(|_| object.is("", "Pod")) {
        Some(owner) => object.made_by(owner),
        None => object,
    }
}

/// The kustomizations among some files; none where none of them changes what others say.
fn kustomizations(files: &[FileObjects<'_>]) -> Kustomizations {
    let found: Vec<&FileObjects<'_>> = files.iter().filter(|it| is_kustomization_file(&it.file)).collect();
    if found.is_empty() {
        return Kustomizations::default();
    }
    let by_name: HashMap<Cow<'_, str>, &FileObjects<'_>> = files.iter().map(|it| (normalized(&it.file), it)).collect();
    let of_file = |name: &str| by_name.get(name).map_or(&[][..], |it| it.documents.as_slice());
    let read = |it: &&FileObjects<'_>| Some(Kustomization::of(&it.file, it.documents.first()?.value(), of_file));
    let all: Vec<Kustomization> = found.par_iter().filter_map(read).collect();
    if all.iter().all(Kustomization::is_idle) {
        return Kustomizations::default();
    }
    Kustomizations::of(all, by_name.keys().map(|name| &**name))
}

fn kustomize_patches(inputs: &[Input<'_>]) -> BTreeSet<String> {
    let files = inputs.iter().map(|input| &input.objects).filter(|it| is_kustomization_file(&it.file));
    let documents = files.flat_map(|it| it.documents.iter().map(move |document| (&it.file, document)));
    documents.flat_map(|(file, document)| patch_files(&normalized(file), document.value())).collect()
}
