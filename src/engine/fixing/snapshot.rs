//! A file as it is at one moment, with all that is found in it.

use crate::base::{Finding, Source};
use crate::engine::session::{FileJudgement, FileObjects};
use crate::engine::verdict::identity;
use crate::inventory::{Inventory, Renewed};
use crate::manifest::Object;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a text says, and what is found in it.
pub struct Snapshot<'a> {
    pub objects: FileObjects<'a>,
    pub judged: FileJudgement,
}

/// A file: as it is now, and as it was before anything was fixed.
pub struct File<'a> {
    pub now: Snapshot<'a>,
    pub before: Option<Snapshot<'a>>,
    /// What was fixed so far.
    pub fixed: BTreeMap<Key, Finding>,
}

/// A finding in a file: the index of its object, and its identity there.
pub type Key = (usize, String);

impl<'a> File<'a> {
    pub fn new(now: Snapshot<'a>) -> Self {
        Self { now, before: None, fixed: BTreeMap::new() }
    }

    /// Takes the next text; the first one that it had is kept.
    pub fn advance(&mut self, next: Snapshot<'a>, fixed: BTreeMap<Key, Finding>) {
        let last = std::mem::replace(&mut self.now, next);
        self.before.get_or_insert(last);
        self.fixed.extend(fixed);
    }

    /// The file before anything was fixed.
    pub fn first(&self) -> &Snapshot<'a> {
        self.before.as_ref().unwrap_or(&self.now)
    }
}

impl Snapshot<'_> {
    /// Its text; none of a file without documents, in which nothing can be found.
    pub fn source(&self) -> Option<&Source> {
        self.objects.documents.first()?.source()
    }

    /// All findings with the index of their object, in the order of the text; suppressed ones among them.
    pub fn findings(&self) -> impl Iterator<Item = (usize, &Arc<Object>, &Finding)> {
        findings(&self.objects, &self.judged)
    }
}

fn findings<'f>(
    file: &'f FileObjects<'_>,
    judged: &'f FileJudgement,
) -> impl Iterator<Item = (usize, &'f Arc<Object>, &'f Finding)> {
    let judged = file.objects.iter().zip(&judged.judgements).enumerate();
    judged.flat_map(|(index, (object, judgement))| judgement.findings.iter().map(move |it| (index, object, it)))
}

/// All findings of a file by their identity.
pub fn by_key<'f>(file: &'f FileObjects<'_>, judged: &'f FileJudgement) -> BTreeMap<Key, &'f Finding> {
    let found = findings(file, judged);
    found.map(|(index, object, finding)| ((index, identity(finding, object)), finding)).collect()
}

/// The namespace whose objects an object is among the surroundings of.
pub fn namespace_of(object: &Object) -> &str {
    let reference = object.reference();
    match &reference.namespace {
        None if object.is("", "Namespace") => &reference.name,
        namespace => namespace.as_deref().unwrap_or(""),
    }
}

/// Puts the objects of a file in the place of what they were. Gives the most that came of any.
pub fn renew(inventory: &mut Inventory, before: &FileObjects<'_>, now: &FileObjects<'_>) -> Renewed {
    let objects = before.objects.iter().zip(&now.objects);
    objects.map(|(before, now)| inventory.renew(before, now)).max().unwrap_or(Renewed::Unseen)
}
