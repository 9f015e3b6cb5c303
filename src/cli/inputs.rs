//! From the paths of the command line to texts.
//!
//! Files are taken in the order of their paths and once each, whatever the order and number of arguments. What cannot
//! be read is a problem and hides nothing else. Folders are walked as git sees them: nothing hidden, nothing ignored.

use crate::base::{Problem, Source};
use crate::cli::discovery::NAMES;
use crate::manifest::decode;
use ignore::WalkBuilder;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use thiserror::Error;

/// What stands for standard input among paths.
pub const STANDARD_INPUT: &str = "-";
/// How standard input is named where no other name is given.
pub const STANDARD_INPUT_NAME: &str = "<stdin>";
/// Endings of the files that are read in folders.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What is to be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The name that each file is reported under, which is its path as given without a leading `./`, and the path.
    pub files: Vec<(String, PathBuf)>,
    /// Whether standard input is among them.
    pub standard_input: bool,
    /// Folders and files that could not be looked at.
    pub problems: Vec<Problem>,
}

/// Paths of the command line that are not there: nothing is judged then, because a run over half of what was meant
/// must not look like a good one.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("no such file or folder: {}", .0.join(", "))]
pub struct MissingPaths(pub Vec<String>);

/// The files behind the paths: a file is taken whatever its ending, a folder is walked, `-` is standard input.
pub fn collect(paths: &[PathBuf]) -> Result<Inputs, MissingPaths> {
    let mut inputs = Inputs::default();
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == STANDARD_INPUT {
            inputs.standard_input = true;
            continue;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => walk(path, &mut found, &mut inputs.problems),
            Ok(_) => found.push(path.clone()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(name(path)),
            Err(error) => inputs.problems.push(unreadable(path, &error)),
        }
    }
    if !missing.is_empty() {
        return Err(MissingPaths(missing));
    }
    inputs.files = each_once(found);
    inputs.problems.sort();
    inputs.problems.dedup();
    Ok(inputs)
}

/// The texts of the files, read on all cores, and the problems of those that cannot be read; both in the order of the
/// names. Standard input, given with its name and what was read of it, stands among them.
pub fn read(inputs: &Inputs, standard_input: Option<(&str, io::Result<Vec<u8>>)>) -> (Vec<Source>, Vec<Problem>) {
    let mut results: Vec<Result<Source, Problem>> =
        inputs.files.par_iter().map(|(name, path)| decoded(name, fs::read(path))).collect();
    results.extend(standard_input.map(|(name, bytes)| decoded(name, bytes)));
    let (mut sources, mut problems) = (Vec::new(), inputs.problems.clone());
    for result in results {
        match result {
            Ok(source) => sources.push(source),
            Err(problem) => problems.push(problem),
        }
    }
    sources.sort_by(|one, other| one.name().cmp(other.name()));
    problems.sort();
    (sources, problems)
}

/// The readable files of a folder. Links to files are followed, as `kubectl apply -R` does, links to folders are not:
/// so no walk can go in circles.
fn walk(folder: &Path, found: &mut Vec<PathBuf>, problems: &mut Vec<Problem>) {
    // Only what is in the repository decides: not the settings of the person who runs the program.
    let walk = WalkBuilder::new(folder).git_global(false).git_exclude(false).ignore(false).build();
    for entry in walk {
        match entry {
            Ok(entry) if is_manifest(entry.path()) && entry.path().is_file() => found.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => problems.push(walk_problem(folder, &error)),
        }
    }
}

/// Whether a file of a folder is read: by its ending, and if it is not what this program itself is told by.
fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|it| it.to_str()).unwrap_or("");
    let is_configuration = path.file_name().is_some_and(|name| NAMES.iter().any(|its| name == *its));
    ENDINGS.iter().any(|wanted| ending.eq_ignore_ascii_case(wanted)) && !is_configuration
}

/// Each file once, under the shortest of its names, in the order of the names: two paths may lead to one file.
fn each_once(found: Vec<PathBuf>) -> Vec<(String, PathBuf)> {
    let mut named: Vec<(String, PathBuf)> = found.into_iter().map(|path| (name(&path), path)).collect();
    named.sort_by(|(one, _), (other, _)| (one.len(), one).cmp(&(other.len(), other)));
    let mut seen = BTreeSet::new();
    named.retain(|(_, path)| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    named.sort();
    named
}

/// The path as people see it, with `/` on every system, and without parts that lead nowhere: which files are near each other
/// is told by their names.
fn name(path: &Path) -> String {
    let path: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    let path = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { path.into_owned() } else { path.replace(std::path::MAIN_SEPARATOR, "/") }
}

fn decoded(name: &str, bytes: io::Result<Vec<u8>>) -> Result<Source, Problem> {
    bytes.map_err(|error| unreadable(Path::new(name), &error)).and_then(|bytes| decode(name, bytes))
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::of_file(name(path), format!("cannot be read: {error}"))
}

fn walk_problem(folder: &Path, error: &ignore::Error) -> Problem {
    match error {
        ignore::Error::WithPath { path, err } => Problem::of_file(name(path), format!("cannot be read: {err}")),
        ignore::Error::WithDepth { err, .. } => walk_problem(folder, err),
        other => Problem::of_file(name(folder), format!("cannot be read: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// A folder with these files.
    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    /// The names of the files behind paths in the folder, relative to it.
    fn names(folder: &TempDir, paths: &[&str]) -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| folder.path().join(path)).collect();
        let inputs = collect(&paths).unwrap();
        assert_eq!(inputs.problems, []);
        let prefix = format!("{}/", folder.path().display());
        inputs.files.iter().map(|(name, _)| name.strip_prefix(&prefix).unwrap().to_owned()).collect()
    }

    #[test]
    fn folders_give_yaml_and_json_that_git_would_see() {
        let folder = folder(&[
            (".git/HEAD", ""),
            (".gitignore", "rendered/\n*.tmp.yaml\n"),
            ("b.yaml", ""),
            ("a/c.yml", ""),
            ("a/d.json", ""),
            ("a/E.YAML", ""),
            ("a/notes.md", ""),
            (".hidden/x.yaml", ""),
            ("rendered/x.yaml", ""),
            ("x.tmp.yaml", ""),
            ("a/seaworthy.yaml", ""),
        ]);
        assert_eq!(names(&folder, &[""]), ["a/E.YAML", "a/c.yml", "a/d.json", "b.yaml"]);
    }

    #[test]
    fn a_named_file_is_taken_whatever_its_ending_and_though_ignored() {
        let folder = folder(&[(".git/HEAD", ""), (".gitignore", "*"), ("a.txt", ""), (".hidden.yaml", "")]);
        assert_eq!(names(&folder, &["a.txt", ".hidden.yaml"]), [".hidden.yaml", "a.txt"]);
    }

    #[test]
    fn order_and_repetition_of_arguments_do_not_matter() {
        let folder = folder(&[("a/x.yaml", ""), ("b.yaml", "")]);
        for paths in [&["b.yaml", "a"][..], &["a", "b.yaml", "a/x.yaml", "a/../b.yaml"], &["", "a", ""]] {
            assert_eq!(names(&folder, paths), ["a/x.yaml", "b.yaml"], "{paths:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_followed_and_loops_end() {
        let folder = folder(&[("a/x.yaml", ""), ("data/..now/y.txt", "")]);
        use std::os::unix::fs::symlink;
        symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        symlink("../data/..now/y.txt", folder.path().join("a/y.yaml")).unwrap();
        symlink("nowhere", folder.path().join("a/dangling.yaml")).unwrap();
        symlink("a", folder.path().join("link")).unwrap();
        assert_eq!(names(&folder, &[""]), ["a/x.yaml", "a/y.yaml"]);
        assert_eq!(names(&folder, &["link"]), ["link/x.yaml", "link/y.yaml"]);
    }

    #[test]
    fn a_missing_path_is_said_by_name() {
        let folder = folder(&[("a.yaml", "")]);
        let gone = folder.path().join("gone");
        let result = collect(&[folder.path().join("a.yaml"), gone.clone()]);
        assert_eq!(result, Err(MissingPaths(vec![gone.display().to_string()])));
    }

    #[test]
    fn what_cannot_be_read_hides_nothing_else() {
        let folder = folder(&[("a.yaml", "a: 1"), ("c.yaml", "c: 1")]);
        fs::write(folder.path().join("b.yaml"), b"b: 1\nb: \xff\n").unwrap();
        let inputs = collect(&[folder.path().to_owned()]).unwrap();
        let (sources, problems) = read(&inputs, Some(("<stdin>", Ok(b"z: 1".to_vec()))));
        let wanted = ["a: 1", "c: 1", "z: 1"];
        let texts: Vec<&str> = sources.iter().map(Source::text).collect();
        assert_eq!(texts, wanted);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].to_string().contains("b.yaml:2:4: the byte 0xFF"));
    }

    #[test]
    fn standard_input_is_asked_for_by_a_dash() {
        let inputs = collect(&[PathBuf::from("-"), PathBuf::from("-")]).unwrap();
        assert!(inputs.standard_input && inputs.files.is_empty());
    }
}
