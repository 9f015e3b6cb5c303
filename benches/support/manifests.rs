//! A repository of manifests, made the same way each time: what teams have, in the styles they write.
//!
//! The sizes and the mix of kinds follow two published ones (see the ratios in [`App::objects`]): kube-prometheus, long
//! and generated, and microservices-demo, short and by hand.

use super::app::App;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file: its name and its text, as they are in memory once it was read.
pub type File = (Arc<str>, Arc<str>);

/// Objects of a namespace; 70 of them hold 10,000.
const PER_NAMESPACE: usize = 143;

/// So many objects, in files of several documents.
pub fn generated(objects: usize) -> Vec<File> {
    let mut files = Vec::new();
    let mut left = objects;
    let mut number = 0;
    while left > 0 {
        let namespace = Namespace { number };
        let mut here = PER_NAMESPACE.min(left);
        left -= here;
        files.push((format!("clusters/a/{}/namespace.yaml", namespace.name()), namespace.manifest()));
        here -= 1;
        let mut app = 0;
        while here > 0 {
            let App { name, .. } = App::new(&namespace, app);
            let documents: Vec<String> = App::new(&namespace, app).objects().into_iter().take(here).collect();
            here -= documents.len();
            files.extend(in_files(&format!("clusters/a/{}/{name}", namespace.name()), app, &documents));
            app += 1;
        }
        number += 1;
    }
    files.into_iter().map(shared).collect()
}

fn shared((name, text): (String, String)) -> File {
    (name.into(), text.into())
}

/// The files of a folder, copied under other folder names, with other namespaces, until they hold so many objects.
/// `count` tells how many objects a text holds.
pub fn replicated(folder: &Path, objects: usize, count: impl Fn(&File) -> usize) -> Vec<File> {
    let mut originals = Vec::new();
    collect(folder, folder, &mut originals);
    originals.sort();
    let mut files = Vec::new();
    let mut held = 0;
    for copy in 0.. {
        for (name, text) in &originals {
            if held >= objects {
                return files;
            }
            let text = text.replace("namespace: monitoring", &format!("namespace: monitoring-{copy}"));
            let file = shared((format!("copy-{copy}/{name}"), text));
            held += count(&file);
            files.push(file);
        }
    }
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "json") {
            let name = path.strip_prefix(root).map_or_else(|_| PathBuf::new(), Path::to_path_buf);
            files.push((name.to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Every third app has a file for each object, the others one for all; every ninth is written without indentation of lists.
fn in_files(stem: &str, app: usize, documents: &[String]) -> Vec<(String, String)> {
    if app.is_multiple_of(3) {
        let name = |index: usize| format!("{stem}/{index}.yaml");
        return documents.iter().enumerate().map(|(index, document)| (name(index), document.clone())).collect();
    }
    vec![(format!("{stem}.yaml"), documents.join("---\n"))]
}

/// A namespace of a team.
pub struct Namespace {
    /// Which of all.
    pub number: usize,
}

impl Namespace {
    /// Its name.
    pub fn name(&self) -> String {
        format!("team-{:02}", self.number)
    }

    /// Half are in the mesh with sidecars, some with the node's proxy, some not.
    pub fn manifest(&self) -> String {
        let label = match self.number % 8 {
            0..=3 => "istio-injection: enabled",
            4 | 5 => "istio.io/dataplane-mode: ambient",
            _ => "purpose: batch",
        };
        format!(
            "# Who runs this, and whom to call at night: see the handbook.\napiVersion: v1\nkind: Namespace\n\
             metadata:\n  name: {}\n  labels:\n    {label}\n    owner: \"team-{}\"\n",
            self.name(),
            self.number
        )
    }
}
