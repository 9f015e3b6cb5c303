//! The next text of one file: what its objects are after their fixes, printed into the text.

use crate::base::{Finding, Path, Segment, TextEdit};
use crate::engine::Plan;
use crate::engine::fixing::snapshot::{Key, Snapshot};
use crate::engine::remedy::based;
use crate::engine::verdict::identity;
use crate::inventory::Inventory;
use crate::manifest::edit::{Change, Refusal, changes, splice, spliced};
use crate::manifest::{Document, Object};
use crate::policy::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is tried in one file.
pub struct Attempt {
    /// The index of the file.
    pub file: usize,
    /// The next text of it.
    pub text: String,
    /// What the documents that change must say then, by their index in the file.
    pub planned: BTreeMap<usize, Arc<Document>>,
    /// The findings that must be gone then.
    pub fixed: BTreeMap<Key, Finding>,
    /// Findings whose fixes cannot be done, with the reason.
    pub given_up: Vec<(Key, String)>,
}

/// The findings that are to be fixed in one file, by the index of their object.
pub type Wanted = BTreeMap<usize, Vec<Finding>>;

/// Where an attempt is made.
#[derive(Clone, Copy)]
pub struct Scene<'s> {
    pub inventory: &'s Inventory,
    pub today: Date,
}

/// Plans the fixes of a file and prints them. What cannot be printed together waits for the next pass.
pub fn attempt(file: usize, snapshot: &Snapshot<'_>, wanted: &Wanted, scene: Scene<'_>) -> Attempt {
    let (mut planned, mut fixed, mut given_up) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut texts: Vec<TextEdit> = Vec::new();
    for document in &snapshot.objects.documents {
        let mut steps = Vec::new();
        for (index, findings) in wanted {
            let Some(object) = snapshot.objects.objects.get(*index) else { continue };
            if Arc::ptr_eq(object.document(), document) {
                match step(snapshot, *index, object, findings, scene) {
                    Ok(step) => steps.push(step),
                    Err(reasons) => given_up.extend(reasons),
                }
            }
        }
        if !steps.is_empty() {
            let (printed, steps) = printed(document, steps);
            texts.extend(printed);
            planned.insert(document.index(), after(document, &steps));
            fixed.extend(steps.into_iter().flat_map(|step| step.fixed));
        }
    }
    let text = snapshot.source().map_or_else(String::new, |source| spliced(source.text(), &texts));
    Attempt { file, text, planned, fixed, given_up }
}

/// What one object becomes.
struct Step {
    base: Path,
    after: Object,
    /// The same as changes of its document, and as splices into it.
    changes: Vec<Change>,
    texts: Vec<TextEdit>,
    fixed: BTreeMap<Key, Finding>,
}

/// The fixes of one object that can be printed together: all, or else the first that can. Where there is none, the reason
/// for each.
fn step(
    snapshot: &Snapshot<'_>,
    index: usize,
    object: &Arc<Object>,
    wanted: &[Finding],
    scene: Scene<'_>,
) -> Result<Step, Vec<(Key, String)>> {
    let key = |finding: &Finding| (index, identity(finding, object));
    let plan = |wanted: &[Finding]| snapshot.objects.engine.plan(object, wanted, scene.inventory, scene.today);
    let as_step = |plan: Plan| -> Result<Step, Refusal> {
        let changes = based(changes(object.value(), plan.object.value()), object.base());
        let texts = splice(object.document(), &changes)?;
        let fixed = plan.fixed.into_iter().map(|finding| (key(&finding), finding)).collect();
        Ok(Step { base: object.base().clone(), after: plan.object, changes, texts, fixed })
    };
    let all = plan(wanted);
    if all.fixed.is_empty() {
        return Err(all.left.into_iter().map(|(finding, reason)| (key(&finding), reason)).collect());
    }
    let together = as_step(all);
    let one_by_one = || wanted.iter().map(|one| plan(std::slice::from_ref(one))).filter(|plan| !plan.fixed.is_empty());
    together.or_else(|refusal| {
        let first = one_by_one().find_map(|plan| as_step(plan).ok());
        first.ok_or_else(|| wanted.iter().map(|finding| (key(finding), refusal.to_string())).collect())
    })
}

/// The steps of the objects of one document as splices: all, or else those of the first object.
fn printed(document: &Document, mut steps: Vec<Step>) -> (Vec<TextEdit>, Vec<Step>) {
    if steps.len() > 1 {
        // From the end of the document to its start, as the changes of each object are.
        let all: Vec<Change> = steps.iter().rev().flat_map(|step| step.changes.iter().cloned()).collect();
        if let Ok(texts) = splice(document, &all) {
            return (texts, steps);
        }
        steps.truncate(1);
    }
    let texts = steps.first_mut().map(|step| std::mem::take(&mut step.texts));
    (texts.unwrap_or_default(), steps)
}

/// What a document says after the steps of its objects.
fn after(document: &Document, steps: &[Step]) -> Arc<Document> {
    if let [Step { base, after, .. }] = steps
        && *base == Path::root()
    {
        return after.document().clone();
    }
    let mut value = document.value().clone();
    for step in steps {
        let place = step.base.segments().iter().try_fold(&mut value, |value, segment| match segment {
            Segment::Key(key) => value.get_mut(key.as_ref()),
            Segment::Index(index) => value.get_mut(index),
        });
        if let Some(place) = place {
            *place = step.after.value().clone();
        }
    }
    Arc::new(Document::from_value(value))
}
