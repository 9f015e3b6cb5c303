//! What a `kustomization.yaml` says about other files: which it takes in, and which are patches, which are parts of objects and never
//! judged as objects. Nothing is built here: a patch is read for the fields that it sets, not for what comes of them.

mod aside;
mod kustomization;
mod patch;
mod target;

pub use kustomization::Kustomization;
pub use patch::{Field, Patch};
pub use target::Target;

use serde_json::Value;
use std::borrow::Cow;

/// Whether a file is one that kustomize reads as its configuration.
///
/// Source: <https://github.com/kubernetes-sigs/kustomize/blob/master/api/konfig/general.go>
pub fn is_kustomization_file(file: &str) -> bool {
    matches!(base_name(file), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// The files that a kustomization lists as patches, as paths in the manner of `file`, its own path.
///
/// An entry that is the patch itself (inline text) names no file; a text with a line break is such an entry.
pub fn patch_files(file: &str, kustomization: &Value) -> Vec<String> {
    let list = |key: &str| kustomization.get(key).and_then(Value::as_array).into_iter().flatten();
    let plain = list("patchesStrategicMerge").filter_map(Value::as_str);
    let with_path = list("patches").chain(list("patchesJson6902"));
    let named = with_path.filter_map(|patch| patch.get("path")).filter_map(Value::as_str);
    let names = plain.chain(named).filter(|name| !name.contains('\n'));
    names.map(|name| resolve(file, name)).collect()
}

/// A relative path seen from the folder of `file`, with `.` and `..` worked out.
fn resolve(file: &str, relative: &str) -> String {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    let rooted = file.starts_with('/');
    for part in folder.split('/').chain(relative.split('/')).filter(|part| !part.is_empty() && *part != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if rooted { format!("/{joined}") } else { joined }
}

/// A path without `./` steps, so that two spellings of one file compare equal.
pub fn normalized(file: &str) -> Cow<'_, str> {
    let steps = file.strip_prefix('/').unwrap_or(file).split('/');
    if steps.into_iter().all(|step| !matches!(step, "" | "." | "..")) {
        return Cow::Borrowed(file);
    }
    Cow::Owned(if file.starts_with('/') { resolve("/", file) } else { resolve("", file) })
}

fn base_name(file: &str) -> &str {
    file.rsplit_once('/').map_or(file, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_found_in_all_spellings() {
        let kustomization = serde_json::json!({
            "patches": [{"path": "replicas.yaml"}, {"path": "../shared/./env.yaml"}, {"patch": "- op: remove\n"}],
            "patchesStrategicMerge": ["old.yaml", "kind: Deployment\nmetadata: {name: a}\n"],
            "patchesJson6902": [{"path": "json/ops.yaml"}],
        });
        let files = patch_files("overlays/prod/kustomization.yaml", &kustomization);
        let expected = [
            "overlays/prod/old.yaml",
            "overlays/prod/replicas.yaml",
            "overlays/shared/env.yaml",
            "overlays/prod/json/ops.yaml",
        ];
        assert_eq!(files, expected);
    }

    #[test]
    fn paths_keep_their_root() {
        let kustomization = serde_json::json!({"patches": [{"path": "../a.yaml"}]});
        assert_eq!(patch_files("/repo/over/kustomization.yaml", &kustomization), ["/repo/a.yaml"]);
        assert_eq!(patch_files("kustomization.yaml", &kustomization), ["../a.yaml"]);
    }
}
