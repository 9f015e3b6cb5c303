//! Where fixed texts go: to the files that they came from, to standard output, or into a patch.

use crate::base::Problem;
use crate::cli::fix::patch::patch;
use crate::cli::fix::progress::Progress;
use crate::cli::gathering::Gathering;
use crate::cli::replace::{replace, sync_folders};
use crate::engine::FixedFile;
use anyhow::bail;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Where each text comes from, by its name: a file, or standard input.
pub struct Targets<'a> {
    paths: BTreeMap<&'a str, Option<&'a Path>>,
    input_name: String,
}

impl<'a> Targets<'a> {
    /// The targets of a run.
    ///
    /// # Errors
    /// Two inputs under one name: nobody could tell which of them a text is for.
    pub fn of(gathering: &'a Gathering<'_>) -> anyhow::Result<Self> {
        let mut paths = BTreeMap::new();
        for (name, path) in &gathering.files.files {
            if paths.insert(name.as_str(), Some(path.as_path())).is_some() {
                bail!("two files are both shown as {name}: give one of them a name in UTF-8");
            }
        }
        let input_name = gathering.standard_input_name();
        if gathering.files.standard_input && paths.contains_key(input_name.as_str()) {
            bail!("{input_name} is a file and the name of standard input: give it another --stdin-filename");
        }
        Ok(Self { paths, input_name })
    }

    /// The fixed text of standard input, if that changes.
    pub fn fixed_input<'f>(&self, files: &'f [FixedFile]) -> Option<&'f [u8]> {
        let fixed = files.iter().find(|file| self.path(file).is_none())?;
        Some(fixed.after.text().as_bytes())
    }

    /// Writes the texts into their files, and gives those that have their old text still.
    pub fn write(&self, files: &[FixedFile], progress: &Progress) -> Vec<Problem> {
        let files: Vec<(&FixedFile, &Path)> = files.iter().filter_map(|file| Some((file, self.path(file)?))).collect();
        let results = files.par_iter().filter_map(|(file, path)| {
            let replaced = replace(path, file.before.text().as_bytes(), file.after.text().as_bytes());
            progress.step();
            Some(Problem::of_file(file.before.name().clone(), format!("not written: {}", replaced.err()?)))
        });
        let unwritten = results.collect();
        sync_folders(files.iter().map(|(_, path)| *path));
        unwritten
    }

    /// The texts as one patch, and the files that cannot be in it: git refuses a whole patch for a path that leads out of
    /// the current folder.
    pub fn patch(&self, files: &[FixedFile]) -> (String, Vec<Problem>) {
        let here = std::env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
        let mut problems = Vec::new();
        let patches = files.iter().map(|file| {
            let (before, after) = (file.before.text(), file.after.text());
            let Some(path) = self.path(file) else { return patch(self.input_name.as_bytes(), before, after) };
            let relative = relative(path, &here);
            if relative.is_absolute() {
                problems.push(Problem::of_file(file.before.name().clone(), OUTSIDE));
                return String::new();
            }
            patch(relative.as_os_str().as_encoded_bytes(), before, after)
        });
        (patches.collect(), problems)
    }

    fn path(&self, file: &FixedFile) -> Option<&Path> {
        self.paths.get(&**file.before.name()).copied().flatten()
    }
}

const OUTSIDE: &str =
    "not in the patch, because `git apply` takes no path out of the current folder: run this above the file";

/// The path of the file behind all links, relative to a folder if it lies in there.
fn relative(path: &Path, folder: &Path) -> PathBuf {
    let path = fs::canonicalize(path).unwrap_or_else(|_| folder.join(path));
    path.strip_prefix(folder).map(Path::to_path_buf).unwrap_or(path)
}
