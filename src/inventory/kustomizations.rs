//! The patches that kustomize puts on objects of other files of a run: what is applied is not what stands in those files.

use crate::base::{Edit, Path};
use crate::manifest::Object;
use crate::manifest::kustomize::{Field, Kustomization, Patch, normalized};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

/// The kustomizations of a run, by what they take in. None anywhere but in files.
#[derive(Debug, Default)]
pub struct Kustomizations {
    all: Vec<Known>,
    /// Which of them list a file, or a folder.
    by_entry: HashMap<String, Vec<usize>>,
    /// Which of them a folder holds, or a path is.
    by_place: HashMap<String, usize>,
    /// The patches for one name of those that take in what is not among the files, or are components of nobody there: any of them
    /// may be meant.
    open: HashMap<String, Vec<Arc<Patch>>>,
    /// Those that each file of the run goes through, from the first question on: each of its objects is asked about several times.
    above: HashMap<String, OnceLock<Vec<usize>>>,
}

/// One kustomization: its patches by the name that they are for, and those for more than one name.
#[derive(Debug)]
struct Known {
    kustomization: Kustomization,
    by_name: HashMap<String, Vec<Arc<Patch>>>,
    others: Vec<Arc<Patch>>,
}

/// How many kustomizations above one file are looked at. Nobody stacks as many.
const MOST_ABOVE: usize = 1000;

/// How many names of one object are looked for.
const MOST_NAMES: usize = 64;

impl Kustomizations {
    /// Those of a run of files, whose names are normalized.
    pub fn of<'f>(all: Vec<Kustomization>, files: impl IntoIterator<Item = &'f str>) -> Self {
        let above = files.into_iter().map(|file| (file.to_owned(), OnceLock::new())).collect();
        let mut found = Self { above, ..Self::default() };
        for (index, kustomization) in all.iter().enumerate() {
            for place in [kustomization.folder(), kustomization.file.as_str()] {
                found.by_place.insert(place.to_owned(), index);
            }
        }
        for (index, kustomization) in all.into_iter().enumerate() {
            for entry in kustomization.resources.iter().chain(&kustomization.components) {
                found.by_entry.entry(entry.clone()).or_default().push(index);
            }
            found.all.push(Known::of(kustomization));
        }
        let mut open = HashMap::<String, Vec<Arc<Patch>>>::new();
        for known in found.all.iter().filter(|known| found.is_open(&known.kustomization)) {
            for (name, patches) in &known.by_name {
                open.entry(name.clone()).or_default().extend(patches.iter().cloned());
            }
        }
        Self { open, ..found }
    }

    /// A patch that sets one of the fields that these edits change, or what lies around or in it; else, for an edit of pods, one
    /// that sets anything that decides how they join, start, serve and end.
    pub fn beside(&self, object: &Object, edits: &[Edit]) -> Option<(&Patch, &Field)> {
        let patches = self.for_object(object);
        if patches.is_empty() {
            return None;
        }
        let is_met =
            |field: &Field| edits.iter().any(|edit| field.meets(edit.field(), object.value(), object.templates()));
        let is_edited = |template: &&Path| edits.iter().any(|edit| edit.field().is_within(template));
        let edited: Vec<&Path> = object.templates().iter().filter(is_edited).collect();
        let is_about_pods = |field: &Field| edited.iter().any(|template| field.is_about_pods(template));
        first_field(&patches, is_met).or_else(|| first_field(&patches, is_about_pods))
    }

    /// A patch that sets one of these fields of an object, or what lies around or in it.
    pub fn setting(&self, object: &Object, fields: impl FnOnce() -> Vec<Path>) -> Option<(&Patch, &Field)> {
        let patches = self.for_object(object);
        if patches.is_empty() {
            return None;
        }
        let fields = fields();
        let is_set = |field: &Field| fields.iter().any(|path| field.meets(path, object.value(), object.templates()));
        first_field(&patches, is_set)
    }

    /// A kustomization that gives an object another namespace than it says itself: its file, and the namespace.
    pub fn moving(&self, object: &Object) -> Option<(&str, &str)> {
        let own = object.reference().namespace.as_deref().filter(|_| !self.is_empty())?;
        let above = self.above(object.file());
        let mut all = above.iter().filter_map(|index| Some(&self.all.get(*index)?.kustomization));
        all.find_map(|it| Some((&*it.file, it.namespace.as_deref().filter(|namespace| *namespace != own)?)))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The patches that may be for an object: those of the kustomizations above its file, the nearest first.
    fn for_object(&self, object: &Object) -> Vec<&Patch> {
        if self.is_empty() {
            return Vec::new();
        }
        let above = self.above(object.file());
        let above: Vec<&Known> = above.iter().filter_map(|index| self.all.get(*index)).collect();
        let names = names(&object.reference().name, &above);
        let named = above.iter().flat_map(|known| names.iter().filter_map(|name| known.by_name.get(&**name)));
        let patches = named.flatten().chain(above.iter().flat_map(|known| &known.others));
        let open = names.iter().filter_map(|name| self.open.get(&**name)).flatten();
        let may_be = |patch: &&Patch| patch.target.may_be(object.reference(), &names);
        patches.chain(open).map(Arc::as_ref).filter(may_be).collect()
    }

    /// The kustomizations that a file goes through, and their components: the nearest first.
    fn above(&self, file: &str) -> Cow<'_, [usize]> {
        let file = normalized(file);
        match self.above.get(&*file) {
            Some(known) => Cow::Borrowed(known.get_or_init(|| self.found_above(&file))),
            None => Cow::Owned(self.found_above(&file)),
        }
    }

    fn found_above(&self, file: &str) -> Vec<usize> {
        let (mut above, mut seen) = (Vec::new(), BTreeSet::new());
        let mut open: VecDeque<usize> = self.listing(file).collect();
        while let Some(index) = open.pop_front() {
            let Some(known) = self.all.get(index) else { continue };
            if above.len() >= MOST_ABOVE || !seen.insert(index) {
                continue;
            }
            above.push(index);
            let kustomization = &known.kustomization;
            open.extend(kustomization.components.iter().filter_map(|folder| self.by_place.get(folder)));
            open.extend(self.listing(&kustomization.file).chain(self.listing(kustomization.folder())));
        }
        above
    }

    /// Whether not all that its patches are for is known: it takes in what is not here, or is a component of nobody here.
    fn is_open(&self, kustomization: &Kustomization) -> bool {
        let mut entries = kustomization.resources.iter().chain(&kustomization.components);
        let is_listed =
            || [&*kustomization.file, kustomization.folder()].iter().any(|it| self.by_entry.contains_key(*it));
        kustomization.is_component && !is_listed()
            || !entries.all(|entry| self.above.contains_key(entry) || self.by_place.contains_key(entry))
    }

    fn listing(&self, entry: &str) -> impl Iterator<Item = usize> {
        self.by_entry.get(entry).into_iter().flatten().copied()
    }
}

/// The first field of patches that is meant.
fn first_field<'p>(patches: &[&'p Patch], is_meant: impl Fn(&Field) -> bool) -> Option<(&'p Patch, &'p Field)> {
    patches.iter().find_map(|patch| Some((*patch, patch.fields.iter().find(|field| is_meant(field))?)))
}

impl Known {
    fn of(mut kustomization: Kustomization) -> Self {
        let (mut by_name, mut others) = (HashMap::<String, Vec<Arc<Patch>>>::new(), Vec::new());
        for patch in std::mem::take(&mut kustomization.patches).into_iter().map(Arc::new) {
            match patch.target.name() {
                Some(name) => by_name.entry(name.to_owned()).or_default().push(patch),
                None => others.push(patch),
            }
        }
        Self { kustomization, by_name, others }
    }
}

/// What an object of this name is called on its way: each kustomization may put something before and behind it, and patches
/// know it by any of its names.
fn names<'n>(name: &'n str, above: &[&Known]) -> Vec<Cow<'n, str>> {
    let mut names = vec![Cow::Borrowed(name)];
    for (prefix, suffix) in above.iter().map(|known| &known.kustomization.affixes) {
        if names.len() >= MOST_NAMES {
            break;
        }
        if !prefix.is_empty() || !suffix.is_empty() {
            let longer: Vec<Cow<'_, str>> =
                names.iter().map(|name| Cow::Owned(format!("{prefix}{name}{suffix}"))).collect();
            names.extend(longer);
        }
    }
    names
}
