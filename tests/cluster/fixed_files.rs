//! Real manifests after `seaworthy fix`: whatever the API server took before, it takes afterwards.
//!
//! They lie beside the checkout; without them there is nothing to see.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use seaworthy::base::Source;
use seaworthy::manifest::{Limits, read_documents};
use serde_json::{Value, json};

use crate::harness::Cluster;

pub fn real_manifests_are_accepted_as_before(cluster: &Cluster) -> Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        return Ok(());
    }
    cluster.create_namespace("corpus", &[])?;
    for data_plane in ["classic", "native"] {
        let before = texts(&corpus)?;
        let after = texts(&fixed(cluster, &corpus, data_plane)?)?;
        let mut fixed = Vec::new();
        for (name, text) in &before {
            let fixed_text = after.get(name).with_context(|| format!("{} is gone", name.display()))?;
            assert_eq!(comments(text), comments(fixed_text), "{}", name.display());
            if fixed_text != text {
                fixed.push(FixedFile::read(cluster, text, fixed_text)?);
            }
        }
        let figures = Figures::of(cluster, &fixed)?;
        eprintln!("\nreal manifests, {data_plane}: {figures:?}");
        ensure!(figures.accepted > 0, "nothing was fixed and accepted");
    }
    Ok(())
}

/// A copy of the folder after `seaworthy fix`, in this data plane.
fn fixed(cluster: &Cluster, folder: &Path, data_plane: &str) -> Result<PathBuf> {
    let copy = cluster.folder().join(format!("corpus-{data_plane}"));
    let config = cluster.folder().join(format!("{data_plane}.yaml"));
    std::fs::write(&config, format!("profile: {{dataPlane: {data_plane}}}\n"))?;
    let (folder, copy_to, config) = (folder.display(), copy.display(), config.display());
    let line = format!(
        "cp -R {folder} {copy_to} && chmod -R u+w {copy_to} && \
         seaworthy fix --quiet --assume-membership sidecar --config {config} {copy_to}"
    );
    let answer = cluster.shell(&line)?;
    // 1: something is left that has no fix.
    ensure!(matches!(answer.code, Some(0 | 1)), "{}", answer.shown());
    Ok(copy)
}

/// All files below a folder, by their place in it.
fn texts(folder: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                texts.insert(path.strip_prefix(folder)?.to_owned(), std::fs::read_to_string(&path)?);
            }
        }
    }
    Ok(texts)
}

/// The bytes of all comments, in order.
fn comments(text: &str) -> Vec<String> {
    let reading = read_documents(&Source::new("file", text), &Limits::default());
    let comments = reading.documents.iter().flat_map(|document| document.comments());
    comments.map(|comment| text[comment.span.start..comment.span.end].to_owned()).collect()
}

/// A file that was fixed.
struct FixedFile {
    /// Each object that changed, before and after.
    objects: Vec<(Value, Value)>,
    /// Lines that are new, or whose value is another.
    lines_in: usize,
    /// Lines whose value is another.
    lines_out: usize,
    comment_bytes: usize,
}

impl FixedFile {
    fn read(cluster: &Cluster, before: &str, after: &str) -> Result<Self> {
        let (old, new) = (cluster.read_yaml(before)?, cluster.read_yaml(after)?);
        assert_eq!(old.len(), new.len());
        let objects = old.into_iter().zip(new).filter(|(old, new)| old != new).collect();
        let diff = similar::TextDiff::from_lines(before, after);
        let lines = |tag| -> Vec<&str> {
            diff.iter_all_changes().filter(|change| change.tag() == tag).map(|change| change.value()).collect()
        };
        let (lines_in, lines_out) = (lines(similar::ChangeTag::Insert), lines(similar::ChangeTag::Delete));
        for gone in &lines_out {
            let (key, _) = gone.split_once(": ").with_context(|| format!("this line is gone: {gone}"))?;
            ensure!(lines_in.iter().any(|line| line.starts_with(&format!("{key}: "))), "this line is gone: {gone}");
        }
        Ok(Self {
            objects,
            lines_in: lines_in.len(),
            lines_out: lines_out.len(),
            comment_bytes: comments(after).iter().map(String::len).sum(),
        })
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "it is there to be printed")]
struct Figures {
    files: usize,
    objects: usize,
    /// Objects that the API server takes; as many as before they were fixed.
    accepted: usize,
    lines_in: usize,
    lines_out: usize,
    comment_bytes: usize,
}

impl Figures {
    fn of(cluster: &Cluster, files: &[FixedFile]) -> Result<Self> {
        let objects: Vec<_> = files.iter().flat_map(|file| &file.objects).collect();
        let before = judged(cluster, objects.iter().map(|(old, _)| old))?;
        let after = judged(cluster, objects.iter().map(|(_, new)| new))?;
        assert_eq!(before, after);
        Ok(Self {
            files: files.len(),
            objects: objects.len(),
            accepted: after.accepted.len(),
            lines_in: files.iter().map(|file| file.lines_in).sum(),
            lines_out: files.iter().map(|file| file.lines_out).sum(),
            comment_bytes: files.iter().map(|file| file.comment_bytes).sum(),
        })
    }
}

/// What the API server says of some objects.
#[derive(Debug, PartialEq)]
struct Judged {
    /// One line each.
    accepted: Vec<String>,
    /// All else that kubectl tells: refusals, and kinds that are not there.
    told: Vec<String>,
}

/// Has the API server judge all objects at once, as if they were of one namespace that is there.
fn judged<'a>(cluster: &Cluster, objects: impl Iterator<Item = &'a Value>) -> Result<Judged> {
    let items = objects.map(|object| {
        let mut object = object.clone();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        object
    });
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items.collect::<Vec<_>>()}).to_string();
    let answer = cluster.kubectl_with_input(&["apply", "--dry-run=server", "-n", "corpus", "-f", "-"], &list)?;
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    Ok(Judged { accepted: lines(&answer.stdout), told: lines(&answer.stderr) })
}
