//! The files of a run with the configuration of each, every configuration read once.

use crate::base::{Path as FieldPath, Problem, Source};
use crate::cli::args::{ConfigArgs, MembershipWord};
use crate::cli::configuration::Configuration;
use crate::cli::discovery::{Discovery, NAMES};
use crate::cli::notes::Assumption;
use crate::cli::show_config;
use crate::policy::{Date, Settings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The configurations of a run.
#[derive(Debug)]
pub struct Configured {
    configurations: Vec<Configuration>,
    /// Which configuration holds for a file, by the name of the file.
    of_file: BTreeMap<String, usize>,
    /// What the flag assumes of pods of unknown membership.
    assumed_membership: Option<MembershipWord>,
}

impl Configured {
    /// Finds and reads the configurations of these files, given as name and path.
    ///
    /// # Errors
    /// A configuration that cannot be told or used.
    pub fn load<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a Path)>,
        args: &ConfigArgs,
        assumed_membership: Option<MembershipWord>,
    ) -> anyhow::Result<Self> {
        let mut discovery = Discovery::new(args);
        let mut known: BTreeMap<Option<PathBuf>, usize> = BTreeMap::new();
        let mut configured = Self { configurations: Vec::new(), of_file: BTreeMap::new(), assumed_membership };
        for (name, path) in files {
            let file = discovery.configuration_for(path)?;
            let index = match known.get(&file) {
                Some(index) => *index,
                None => {
                    configured.configurations.push(Configuration::load(file.as_deref())?);
                    known.insert(file, configured.configurations.len() - 1);
                    configured.configurations.len() - 1
                }
            };
            configured.of_file.insert(name.to_owned(), index);
        }
        Ok(configured)
    }

    /// The configuration for commands that are about no file: that of the current folder.
    ///
    /// # Errors
    /// A configuration that cannot be told or used.
    pub fn here(args: &ConfigArgs) -> anyhow::Result<Configuration> {
        let file = Discovery::new(args).configuration_for(Path::new(NAMES[0]))?;
        Ok(Configuration::load(file.as_deref())?)
    }

    /// All configurations, in the order of the first of their files.
    pub fn configurations(&self) -> &[Configuration] {
        &self.configurations
    }

    /// The index of the configuration that holds for a file.
    pub fn index_for(&self, file: &str) -> Option<usize> {
        self.of_file.get(file).copied()
    }

    /// What a configuration says with what the flags lay over it.
    pub fn settings(&self, configuration: &Configuration) -> Settings {
        let mut settings = configuration.settings.clone();
        if let Some(word) = self.assumed_membership {
            settings.profile.assume_membership = Some(word.into());
        }
        settings
    }

    /// The exceptions that are over on this day, each at its place in the configuration that holds it.
    pub fn ended_exceptions(&self, today: Date) -> Vec<Problem> {
        self.configurations.iter().flat_map(|it| it.ended_exceptions(today)).collect()
    }

    /// These texts and those of the configurations, for problems that may be in either.
    pub fn with_own_texts(&self, sources: &[Source]) -> Vec<Source> {
        sources.iter().chain(self.configurations.iter().map(Configuration::source)).cloned().collect()
    }

    /// What is assumed because no file says it.
    pub fn assumptions(&self) -> impl Iterator<Item = Assumption> {
        self.configurations.iter().map(|configuration| {
            let says = |key: &str| configuration.origin_of(&FieldPath::keys("profile").key(key)).is_some();
            Assumption::of(&configuration.settings.profile, says)
        })
    }

    /// One line for each configuration: which it is, and for which files.
    pub fn uses(&self) -> Vec<String> {
        let used = self.configurations.iter().enumerate();
        used.map(|(index, configuration)| format!("{}, for {}", named(configuration), self.files_of(index))).collect()
    }

    /// The settings in force, with the origin of each.
    ///
    /// # Errors
    /// Settings that cannot be written as JSON: an internal error.
    pub fn show(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        for (configuration, used) in self.configurations.iter().zip(self.uses()) {
            let settings = serde_json::to_value(self.settings(configuration))?;
            let origin_of = |path: &FieldPath| {
                let is_flag = self.assumed_membership.is_some() && *path == FieldPath::keys("profile.assumeMembership");
                if is_flag { Some("--assume-membership".to_owned()) } else { configuration.origin_of(path) }
            };
            text.push_str(&format!("# {used}\n{}\n", show_config::render(&settings, &origin_of)));
        }
        Ok(text)
    }

    fn files_of(&self, index: usize) -> String {
        let mut files = self.of_file.iter().filter(|(_, its)| **its == index).map(|(name, _)| name.as_str());
        let first = files.next().unwrap_or("no file");
        match files.count() {
            0 => first.to_owned(),
            1 => format!("{first} and 1 more file"),
            more => format!("{first} and {more} more files"),
        }
    }
}

fn named(configuration: &Configuration) -> String {
    configuration.name.clone().unwrap_or_else(|| "no seaworthy.yaml: the defaults".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_file_has_the_configuration_nearest_to_it() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("seaworthy.yaml", "profile: {istioVersion: \"1.27\"}\n"),
            ("a/seaworthy.yaml", "profile: {dataPlane: classic}\n"),
        ] {
            fs::create_dir_all(folder.path().join("a")).unwrap();
            fs::write(folder.path().join(name), text).unwrap();
        }
        let paths = ["a/x.yaml", "b.yaml", "c.yaml"].map(|name| (name, folder.path().join(name)));
        let files = paths.iter().map(|(name, path)| (*name, path.as_path()));
        let configured = Configured::load(files, &ConfigArgs::default(), Some(MembershipWord::Sidecar)).unwrap();
        assert_eq!(["a/x.yaml", "b.yaml", "c.yaml"].map(|file| configured.index_for(file).unwrap()), [0, 1, 1]);
        let shown = configured.show().unwrap().replace(&format!("{}/", folder.path().display()), "");
        let wanted = [
            "# a/seaworthy.yaml, for a/x.yaml\n",
            "profile.dataPlane: \"classic\"",
            "# a/seaworthy.yaml:1\n",
            "profile.assumeMembership: \"sidecar\"",
            "# --assume-membership\n",
            "# seaworthy.yaml, for b.yaml and 1 more file\n",
            "profile.istioVersion: \"1.27\"",
            "# seaworthy.yaml:1\n",
        ];
        for text in wanted {
            assert!(shown.contains(text), "{text}: {shown}");
        }
    }
}
