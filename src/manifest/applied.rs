//! What the owner of an object applied: the fields that the next apply writes again.
//!
//! Two witnesses tell: the annotation in which `kubectl apply` keeps the manifest, and the entries of server-side apply in
//! `metadata.managedFields`. What cannot be read is taken for applied as a whole.
//!
//! Sources: <https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/>,
//! <https://kubernetes.io/docs/reference/using-api/server-side-apply/>.

use crate::base::{Edit, Path, Segment};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// The fields of a Pod that its owner applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// By their places: keys behind `/`, items of lists behind `=` with what tells them apart.
    fields: HashMap<String, Said>,
    /// Whether one of the witnesses cannot be read.
    is_unreadable: bool,
}

/// What is applied of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// A value.
    Value,
    /// `null`: that nothing is there, and nothing below it.
    Nothing,
}

/// The annotation in which `kubectl apply` keeps the manifest.
pub const LAST_APPLIED_ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The maps that are looked into, and the lists whose items are told apart by a key; `*` is any item. Of every other field it
/// is only noted that it is there: this is all that edits of Pods reach, and a Pod may have 10,000 variables.
const OPEN: [(&str, Option<&str>); 15] = [
    ("", None),
    ("/metadata", None),
    ("/metadata/annotations", None),
    ("/metadata/labels", None),
    ("/spec", None),
    ("/spec/containers", Some("name")),
    ("/spec/containers/*", None),
    ("/spec/containers/*/lifecycle", None),
    ("/spec/containers/*/volumeMounts", Some("mountPath")),
    ("/spec/initContainers", Some("name")),
    ("/spec/initContainers/*", None),
    ("/spec/initContainers/*/lifecycle", None),
    ("/spec/initContainers/*/volumeMounts", Some("mountPath")),
    ("/spec/volumes", Some("name")),
    ("/spec/volumes/*", None),
];

/// All annotations of an object have this many bytes at most:
/// <https://github.com/kubernetes/apimachinery/blob/master/pkg/api/validation/objectmeta.go>.
const MOST_ANNOTATION: usize = 256 * 1024;

/// An object that is being created has one entry: who creates it.
const MOST_ENTRIES: usize = 16;

/// A Pod of 1,000 containers has some 10,000.
const MOST_FIELDS: usize = 50_000;

impl Applied {
    /// What the two witnesses tell of an object, the first as it stands in its annotation.
    pub fn of(last_applied: Option<&str>, managed_fields: Option<&RawValue>) -> Self {
        let mut applied = Self::default();
        let read = [
            last_applied.map_or(Some(()), |text| applied.read_manifest(text)),
            managed_fields.map_or(Some(()), |entries| applied.read_entries(entries)),
        ];
        applied.is_unreadable = read.contains(&None);
        applied
    }

    /// The first field that edits of the object would change although its owner applied it.
    pub fn changed_by<'e>(&self, edits: &'e [Edit], object: &Value) -> Option<&'e Path> {
        let nothing = self.fields.is_empty() && !self.is_unreadable;
        edits.iter().filter(|_| !nothing).find(|edit| self.is_changed_by(edit, object)).map(Edit::field)
    }

    /// Whether nobody knows what was applied.
    pub fn is_unreadable(&self) -> bool {
        self.is_unreadable
    }

    fn is_changed_by(&self, edit: &Edit, object: &Value) -> bool {
        if self.is_unreadable {
            return true;
        }
        match self.reaches(edit.field(), object) {
            Reach::Nothing => false,
            // Beside the items that are applied there is room for others.
            Reach::List => !matches!(edit, Edit::Insert { .. }),
            Reach::Field => true,
        }
    }

    /// What is applied at a path of the object, whose lists need not have the order of the manifest.
    fn reaches(&self, path: &Path, object: &Value) -> Reach {
        let (mut at, mut form, mut live) = (String::new(), String::new(), Some(object));
        for segment in path.segments() {
            let Some((_, key)) = open(&form) else { return Reach::Field };
            let next = live.and_then(|live| segment.find(live));
            match (segment, key) {
                (Segment::Key(key), None) => step(&mut at, &mut form, key),
                (Segment::Index(_), Some(key)) => match next.and_then(|item| item.get(key)).and_then(Value::as_str) {
                    Some(name) => step_into(&mut at, &mut form, name),
                    None => return Reach::Nothing,
                },
                _ => return Reach::Field,
            }
            match self.fields.get(&at) {
                None => return Reach::Nothing,
                Some(Said::Nothing) => return Reach::Field,
                Some(Said::Value) => live = next,
            }
        }
        if matches!(open(&form), Some((_, Some(_)))) { Reach::List } else { Reach::Field }
    }

    fn read_manifest(&mut self, text: &str) -> Option<()> {
        if text.len() > MOST_ANNOTATION {
            return None;
        }
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        let head: Head<'_> = serde_json::from_str(raw.get()).ok()?;
        // A template that was copied from a live workload has the annotation of that one.
        if head.kind == "Pod" { self.read_fields(raw, "", "") } else { Some(()) }
    }

    /// The fields of a manifest below a place that is open.
    fn read_fields(&mut self, raw: &RawValue, at: &str, form: &str) -> Option<()> {
        match open(form)? {
            (_, None) => {
                let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(raw.get()).ok()?;
                fields.into_iter().try_for_each(|(key, value)| {
                    let (mut at, mut form) = (at.to_owned(), form.to_owned());
                    step(&mut at, &mut form, &key);
                    self.read_field(value, at, &form)
                })
            }
            (_, Some(key)) => {
                let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
                items.into_iter().try_for_each(|item| {
                    let (mut at, mut form) = (at.to_owned(), form.to_owned());
                    step_into(&mut at, &mut form, &Names::of(item)?.named(key)?);
                    self.read_field(item, at, &form)
                })
            }
        }
    }

    fn read_field(&mut self, raw: &RawValue, at: String, form: &str) -> Option<()> {
        let is_null = raw.get() == "null";
        self.note(at.clone(), if is_null { Said::Nothing } else { Said::Value })?;
        if is_null || open(form).is_none() { Some(()) } else { self.read_fields(raw, &at, form) }
    }

    fn read_entries(&mut self, entries: &RawValue) -> Option<()> {
        let entries: Vec<Entry<'_>> = serde_json::from_str::<Option<_>>(entries.get()).ok()?.unwrap_or_default();
        let applied = entries.iter().filter(|entry| entry.operation == "Apply" && entry.subresource.is_empty());
        let applied: Vec<_> = applied.filter_map(|entry| entry.fields_v1).collect();
        if applied.len() > MOST_ENTRIES {
            return None;
        }
        applied.into_iter().try_for_each(|fields| self.read_managed(fields, "", ""))
    }

    /// The fields of an entry below a place that is open: `f:` before a key, `k:` before what tells an item apart.
    fn read_managed(&mut self, raw: &RawValue, at: &str, form: &str) -> Option<()> {
        let (_, key) = open(form)?;
        let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(raw.get()).ok()?;
        for (name, value) in fields {
            let (mut at, mut form) = (at.to_owned(), form.to_owned());
            match (name.split_once(':'), key) {
                (Some(("f", field)), None) => step(&mut at, &mut form, field),
                (Some(("k", item)), Some(key)) => {
                    step_into(&mut at, &mut form, &serde_json::from_str::<Names<'_>>(item).ok()?.named(key)?);
                }
                // The map or the item itself.
                _ if name == "." => continue,
                _ => return None,
            }
            self.note(at.clone(), Said::Value)?;
            if open(&form).is_some() {
                self.read_managed(value, &at, &form)?;
            }
        }
        Some(())
    }

    fn note(&mut self, at: String, said: Said) -> Option<()> {
        self.fields.insert(at, said);
        (self.fields.len() <= MOST_FIELDS).then_some(())
    }
}

/// What is applied at a path.
enum Reach {
    Nothing,
    /// A list whose items are applied each by itself.
    List,
    Field,
}

/// Whether there is anything to look for below a place of this form, and by which key the items of a list are told apart.
fn open(form: &str) -> Option<(&'static str, Option<&'static str>)> {
    OPEN.iter().find(|(open, _)| *open == form).copied()
}

fn step(at: &mut String, form: &mut String, key: &str) {
    for place in [at, form] {
        place.push('/');
        place.push_str(key);
    }
}

fn step_into(at: &mut String, form: &mut String, name: &str) {
    at.push('=');
    at.push_str(name);
    form.push_str("/*");
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

/// An entry of `metadata.managedFields`.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    operation: Cow<'a, str>,
    #[serde(borrow, default)]
    subresource: Cow<'a, str>,
    #[serde(borrow, default, rename = "fieldsV1")]
    fields_v1: Option<&'a RawValue>,
}

/// What tells an item of a list apart.
#[derive(Deserialize)]
struct Names<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "mountPath")]
    mount_path: Option<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    fn of(item: &'a RawValue) -> Option<Self> {
        serde_json::from_str(item.get()).ok()
    }

    fn named(self, key: &str) -> Option<Cow<'a, str>> {
        if key == "mountPath" { self.mount_path } else { self.name }
    }
}

#[cfg(test)]
mod tests;
