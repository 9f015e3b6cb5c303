//! Which configuration belongs to which file.
//!
//! The nearest `seaworthy.yaml` above a file wins, up to the root of its git repository, or of the file system outside
//! of one. `--config` and `SEAWORTHY_CONFIG` name one for all files, `--isolated` none. Files are found here, not read.

use crate::cli::args::ConfigArgs;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The names of a configuration.
pub const NAMES: [&str; 2] = ["seaworthy.yaml", ".seaworthy.yaml"];

/// Where the configuration of files is looked up.
#[derive(Debug)]
pub struct Discovery {
    choice: Choice,
    /// What was found for a folder: files of one folder share it.
    known: BTreeMap<PathBuf, Option<PathBuf>>,
}

#[derive(Debug)]
enum Choice {
    Nothing,
    One(PathBuf),
    Nearest,
}

/// Why there is no telling which configuration belongs to a file.
#[derive(Debug, Error)]
pub enum DiscoveryError {
    /// Both names in one folder.
    #[error("both {} and {} are in {}; keep one", NAMES[0], NAMES[1], .0.display())]
    TwoConfigurations(PathBuf),
    /// The folder the program runs in is gone, or there is no path.
    #[error("cannot tell the folder of {}: {error}", path.display())]
    Folder {
        /// The path asked for.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl Discovery {
    /// As the flags say.
    pub fn new(args: &ConfigArgs) -> Self {
        let choice = match &args.config {
            _ if args.isolated => Choice::Nothing,
            Some(file) => Choice::One(file.clone()),
            None => Choice::Nearest,
        };
        Self { choice, known: BTreeMap::new() }
    }

    /// The configuration for a file; for standard input, that for a file of the current folder.
    pub fn configuration_for(&mut self, file: &Path) -> Result<Option<PathBuf>, DiscoveryError> {
        match &self.choice {
            Choice::Nothing => Ok(None),
            Choice::One(file) => Ok(Some(file.clone())),
            Choice::Nearest => {
                let absolute = std::path::absolute(file)
                    .map_err(|error| DiscoveryError::Folder { path: file.to_owned(), error })?;
                absolute.parent().map_or(Ok(None), |folder| self.nearest(folder))
            }
        }
    }

    fn nearest(&mut self, folder: &Path) -> Result<Option<PathBuf>, DiscoveryError> {
        if let Some(known) = self.known.get(folder) {
            return Ok(known.clone());
        }
        let found = match in_folder(folder)? {
            Some(found) => Some(found),
            None if folder.join(".git").exists() => None,
            None => folder.parent().map_or(Ok(None), |parent| self.nearest(parent))?,
        };
        self.known.insert(folder.to_owned(), found.clone());
        Ok(found)
    }
}

fn in_folder(folder: &Path) -> Result<Option<PathBuf>, DiscoveryError> {
    let mut found = NAMES.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(DiscoveryError::TwoConfigurations(folder.to_owned())),
        (first, _) => Ok(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn folder(files: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn the_nearest_one_up_to_the_git_root_wins() {
        let folder = folder(&[
            "seaworthy.yaml",
            "repo/.git/HEAD",
            "repo/a/seaworthy.yaml",
            "repo/a/b/c/x.yaml",
            "repo/a/b/.seaworthy.yaml",
            "repo/d/x.yaml",
            "plain/deep/x.yaml",
        ]);
        let cases = [
            ("repo/a/b/c/x.yaml", Some("repo/a/b/.seaworthy.yaml")),
            ("repo/a/b/x.yaml", Some("repo/a/b/.seaworthy.yaml")),
            ("repo/a/x.yaml", Some("repo/a/seaworthy.yaml")),
            ("repo/d/x.yaml", None),
            ("plain/deep/x.yaml", Some("seaworthy.yaml")),
        ];
        let mut discovery = Discovery::new(&ConfigArgs::default());
        for (file, wanted) in cases {
            let found = discovery.configuration_for(&folder.path().join(file)).unwrap();
            assert_eq!(found, wanted.map(|it| folder.path().join(it)), "{file}");
        }
    }

    #[test]
    fn two_in_one_folder_are_refused() {
        let folder = folder(&["seaworthy.yaml", ".seaworthy.yaml", "a/x.yaml"]);
        let found = Discovery::new(&ConfigArgs::default()).configuration_for(&folder.path().join("a/x.yaml"));
        let wanted = format!("both seaworthy.yaml and .seaworthy.yaml are in {}; keep one", folder.path().display());
        assert_eq!(found.unwrap_err().to_string(), wanted);
    }

    #[test]
    fn flags_are_before_what_lies_near() {
        let folder = folder(&["seaworthy.yaml", "x.yaml"]);
        let file = folder.path().join("x.yaml");
        let named = ConfigArgs { config: Some("other.yaml".into()), isolated: false };
        let isolated = ConfigArgs { isolated: true, ..named.clone() };
        assert_eq!(Discovery::new(&named).configuration_for(&file).unwrap(), Some("other.yaml".into()));
        assert_eq!(Discovery::new(&isolated).configuration_for(&file).unwrap(), None);
    }
}
