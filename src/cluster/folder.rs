//! The surroundings from a folder of manifests, so that the server can be tried without a cluster.
//!
//! What is in it is known as `seaworthy check` knows it, so that both give the same verdict: the Services of a namespace
//! are known where the folder has one of them, and a ServiceAccount that is not in it may still exist. Objects without
//! a namespace are in `default`, as with `kubectl apply`. Read once.

use crate::base::{ObjectRef, Problem, Source};
use crate::inventory::{Inventory, Origin};
use crate::manifest::kustomize::{is_kustomization_file, normalized, patch_files};
use crate::manifest::{Content, Limits, Object, Reading, WorkloadKinds, content_of, read_documents};
use anyhow::{Context, bail};
use ignore::WalkBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Endings of the files that are read.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What a folder holds.
#[derive(Debug)]
pub struct Folder {
    /// What is known from it.
    pub inventory: Inventory,
    /// How many objects that is.
    pub objects: usize,
    /// What could not be read, or is there twice.
    pub problems: Vec<Problem>,
}

/// Reads the manifests of a folder by these kinds of workloads, at any depth and in the order of their paths, as `check` does: nothing hidden and
/// nothing that git ignores. Of two objects with one name the later counts.
///
/// # Errors
/// It is no folder, or cannot be read at all. What is wrong with single files is a problem beside the rest.
pub fn read_folder(folder: &Path, kinds: &WorkloadKinds) -> anyhow::Result<Folder> {
    let metadata =
        fs::metadata(folder).with_context(|| format!("--inventory `{}` cannot be read", folder.display()))?;
    if !metadata.is_dir() {
        bail!("--inventory `{}` is a file: want the folder that it is in", folder.display());
    }
    let mut problems = Vec::new();
    let readings = read_files(folder, &mut problems);
    let objects = objects(readings, kinds, &mut problems);
    let mut inventory = Inventory::new(Origin::Files);
    objects.values().for_each(|object| inventory.set(object));
    Ok(Folder { inventory, objects: objects.len(), problems })
}

impl Folder {
    /// Says what was read.
    pub fn log(&self, folder: &Path) {
        self.problems.iter().for_each(|problem| tracing::warn!("{problem}"));
        let folder = folder.display();
        match self.objects {
            0 => tracing::warn!(%folder, "--inventory holds no object of a kind that is looked at: nothing is known"),
            objects => tracing::info!(%folder, objects, "known from the folder"),
        }
    }
}

fn read_files(folder: &Path, problems: &mut Vec<Problem>) -> Vec<(String, Reading)> {
    let mut files = Vec::new();
    for path in paths(folder, problems) {
        let name = path.to_string_lossy().into_owned();
        match fs::read_to_string(&path) {
            Ok(text) => {
                let mut reading = read_documents(&Source::new(&*name, text), &Limits::default()).without_ytt();
                problems.append(&mut reading.problems);
                if reading.templated {
                    let message = "this is a template, of which nothing is known: render it first";
                    problems.push(Problem::of_file(&*name, message));
                }
                files.push((name, reading));
            }
            Err(error) => problems.push(Problem::of_file(name, format!("cannot be read: {error}"))),
        }
    }
    files
}

/// Links to files are followed: a mounted ConfigMap consists of them. Links to folders are not, so no walk goes in
/// circles.
fn paths(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in WalkBuilder::new(folder).git_global(false).git_exclude(false).ignore(false).build() {
        match entry {
            Ok(entry) if has_ending(entry.path()) && entry.path().is_file() => paths.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => problems.push(Problem::of_file(folder.to_string_lossy(), format!("cannot be read: {error}"))),
        }
    }
    paths.sort();
    paths
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|it| it.to_str()).unwrap_or("");
    ENDINGS.iter().any(|wanted| ending.eq_ignore_ascii_case(wanted))
}

/// The objects that a cluster would have, by their identity there.
fn objects(
    readings: Vec<(String, Reading)>,
    kinds: &WorkloadKinds,
    problems: &mut Vec<Problem>,
) -> BTreeMap<ObjectRef, Arc<Object>> {
    let patches: BTreeSet<String> = readings.iter().flat_map(|(file, reading)| patches_of(file, reading)).collect();
    let mut objects: BTreeMap<ObjectRef, Arc<Object>> = BTreeMap::new();
    let applied = readings.into_iter().filter(|(file, _)| !patches.contains(&*normalized(file)));
    let documents = applied.flat_map(|(_, reading)| reading.documents);
    for object in documents.flat_map(|document| objects_of(document.into())) {
        let file = object.file().to_owned();
        let object = object.with_kinds(kinds);
        if let Some(before) = objects.insert(object.reference().clone(), Arc::new(object)) {
            let name = before.reference();
            problems.push(Problem::of_file(file, format!("{name} is also in {}: the one here counts", before.file())));
        }
    }
    objects
}

fn patches_of(file: &str, reading: &Reading) -> Vec<String> {
    if !is_kustomization_file(file) {
        return Vec::new();
    }
    reading.documents.iter().flat_map(|document| patch_files(&normalized(file), document.value())).collect()
}

fn objects_of(document: Arc<crate::manifest::Document>) -> Vec<Object> {
    let Content::Objects(objects) = content_of(&document) else { return Vec::new() };
    objects.into_iter().map(placed).collect()
}

/// The object in the namespace where `kubectl apply` would put it.
fn placed(object: Object) -> Object {
    let namespace = match (object.kind(), &object.reference().namespace) {
        ("Namespace", _) => None,
        (_, Some(namespace)) => Some(namespace.clone()),
        (_, None) => Some("default".to_owned()),
    };
    object.in_namespace(namespace.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn service(metadata: &str) -> String {
        format!("apiVersion: v1\nkind: Service\nmetadata: {metadata}\nspec: {{selector: {{app: web}}}}\n")
    }

    fn names(folder: &Folder, namespace: &str) -> Vec<String> {
        let services = folder.inventory.services_selecting(namespace, &[("app", "web")], "");
        services.into_iter().map(|service| service.reference.name.clone()).collect()
    }

    #[test]
    fn a_folder_is_known_as_far_as_it_tells() {
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n";
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n";
        let folder = folder(&[
            ("a.yaml", &format!("{namespace}---\n{}---\n{pod}", service("{name: web, namespace: shop}"))),
            ("deep/b.yml", &service("{name: nowhere}")),
            ("deep/overlay.yaml", &service("{name: patched, namespace: shop}")),
            ("deep/kustomization.yaml", "patches: [{path: overlay.yaml}]\n"),
            (".hidden/c.yaml", &service("{name: hidden, namespace: shop}")),
        ]);
        let read = read_folder(folder.path(), &WorkloadKinds::default()).unwrap();
        assert_eq!((read.problems.as_slice(), read.objects), (&[][..], 4));
        assert_eq!((names(&read, "shop"), names(&read, "default")), (vec!["web".into()], vec!["nowhere".into()]));
        assert_eq!(read.inventory.namespace_labels("shop", "").unwrap()["istio-injection"], "enabled");
        assert!(read.inventory.namespace_labels("pay", "").is_none(), "nothing is said of its labels");
        assert!(read.inventory.services_known("shop") && !read.inventory.services_known("pay"));
    }

    #[test]
    fn what_is_wrong_with_a_file_hides_nothing_else() {
        let folder = folder(&[
            ("a.yaml", &format!("a: [\n---\n{}", service("{name: web, namespace: shop}"))),
            ("b.yaml", "name: {{ .Values.name }}\n"),
            ("c.yaml", &service("{name: web, namespace: shop}")),
        ]);
        fs::write(folder.path().join("d.yaml"), b"\xff").unwrap();
        let read = read_folder(folder.path(), &WorkloadKinds::default()).unwrap();
        assert_eq!(names(&read, "shop"), ["web"]);
        let wanted = [
            "a.yaml:1:",
            "b.yaml:1:1: this is a template",
            "d.yaml:1:1: cannot be read",
            "c.yaml:1:1: Service shop/web is also in",
        ];
        assert_eq!(read.problems.len(), wanted.len());
        for (problem, wanted) in read.problems.iter().zip(wanted) {
            assert!(problem.to_string().contains(wanted), "{problem}");
        }
    }

    #[test]
    fn a_folder_that_is_none_is_refused() {
        let folder = folder(&[("a.yaml", "")]);
        let refusal = |name: &str| {
            format!("{:#}", read_folder(&folder.path().join(name), &WorkloadKinds::default()).err().unwrap())
        };
        assert!(refusal("gone").contains("gone` cannot be read: No such file"));
        assert!(refusal("a.yaml").contains("a.yaml` is a file: want the folder that it is in"));
    }
}
