//! Reading `seaworthy.yaml` and the rule files it names, and making the rules ready to run.

use crate::base::{Mode, Path as FieldPath, Problem, Source};
use crate::engine::{Engine, known_checks, read_rules};
use crate::manifest::decode;
use crate::policy::{Date, Rule, RuleSet, Settings, SettingsFile, did_you_mean};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What one `seaworthy.yaml` says, or what holds without one.
#[derive(Debug)]
pub struct Configuration {
    /// The path of the file as people see it; none where there is no file.
    pub name: Option<String>,
    /// What it says.
    pub settings: Settings,
    /// The built-in rules and those of the folders it names, as they stand in their files.
    pub rules: RuleSet,
    file: SettingsFile,
}

/// A configuration, or a rule file it names, that cannot be used. Nothing is judged by half of what was meant.
#[derive(Debug, Error)]
#[error("the configuration cannot be used: {} in it", count(.problems.len()))]
pub struct BrokenConfiguration {
    /// All that is wrong.
    pub problems: Vec<Problem>,
    /// The texts that the problems are in.
    pub sources: Vec<Source>,
}

impl Configuration {
    /// Reads a configuration with all it names; without a path, the defaults with the built-in rules.
    ///
    /// # Errors
    /// Everything that is wrong with the file and the rule files it names, in one go.
    pub fn load(path: Option<&Path>) -> Result<Self, BrokenConfiguration> {
        let source = match path {
            Some(path) => {
                read(path).map_err(|problem| BrokenConfiguration { problems: vec![problem], sources: vec![] })?
            }
            None => Source::new("<no configuration>", ""),
        };
        let file = SettingsFile::read(&source);
        let (rule_sources, mut problems) = rule_sources(path.unwrap_or(Path::new("")), &file);
        let rules = read_rules(&rule_sources);
        problems.extend(rules.problems().iter().cloned());
        match file.settle(&rules, &known_checks()) {
            Ok(settings) if problems.is_empty() => Ok(Self { name: path.map(shown), settings, rules, file }),
            settled => {
                problems.extend(settled.err().into_iter().flatten());
                let sources = std::iter::once(source).chain(rule_sources).collect();
                Err(BrokenConfiguration { problems, sources })
            }
        }
    }

    /// The rules ready to run under these settings, which are those of the file or come from them.
    ///
    /// # Errors
    /// A rule that cannot be bound: an internal error, as reading has checked all parameters.
    pub fn bind(&self, settings: Settings, unsaid_mode: Mode, selected: &[String]) -> anyhow::Result<Engine> {
        let mut rules = self.rules.rules().to_vec();
        if !selected.is_empty() {
            let wanted: Vec<&Rule> = selected.iter().map(|id| self.find(id)).collect::<Result<_, _>>()?;
            rules.retain(|rule| wanted.contains(&rule));
        }
        let (engine, unbound) = Engine::of_some(&rules, self.rules.rules(), settings, unsaid_mode);
        unbound.into_iter().next().map_or(Ok(engine), |error| Err(error.into()))
    }

    /// These settings with another profile, given as the YAML value of the key.
    ///
    /// # Errors
    /// All that is wrong with the profile.
    pub fn settings_with_profile(&self, profile: &str) -> Result<Settings, Vec<Problem>> {
        let file = SettingsFile::read(&Source::new("profile", format!("profile: {profile}")));
        let own = file.settle(&RuleSet::default(), &known_checks())?;
        Ok(Settings { profile: own.profile, ..self.settings.clone() })
    }

    /// Other settings with these rules, given as the YAML value of the key. What `repairs.apply` says of the same rules would
    /// overrule them, and is left out.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn with_rules(&self, settings: Settings, rules: &str) -> Result<Settings, Vec<Problem>> {
        let file = SettingsFile::read(&Source::new("rules", format!("rules: {rules}")));
        let own = file.settle(&self.rules, &known_checks())?;
        let mut repairs = settings.repairs;
        for entry in &mut repairs.apply {
            entry.rules.retain(|id| !own.rules.contains_key(id));
        }
        Ok(Settings { rules: own.rules, repairs, ..settings })
    }

    /// The rule of this id, as it stands in its file.
    ///
    /// # Errors
    /// There is none of this id; the error says which is near.
    pub fn find(&self, id: &str) -> Result<&Rule, UnknownRule> {
        self.rules.find(id).ok_or_else(|| {
            let near = did_you_mean(id, self.rules.ids());
            let hint = if near.is_empty() { "; `seaworthy rules` lists them".to_owned() } else { near };
            UnknownRule { id: id.to_owned(), hint }
        })
    }

    /// The exceptions that are over on this day, each at its place in the file.
    pub fn ended_exceptions(&self, today: Date) -> Vec<Problem> {
        self.file.ended_exceptions(&self.settings, today)
    }

    /// The text of the file.
    pub fn source(&self) -> &Source {
        self.file.source()
    }

    /// Where the file says something, as `seaworthy.yaml:3`; none where it does not.
    pub fn origin_of(&self, field: &FieldPath) -> Option<String> {
        let place = self.file.place_of(field)?;
        Some(format!("{}:{}", place.file, place.start.line))
    }
}

/// A rule that is not there.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("there is no rule `{id}`{hint}")]
pub struct UnknownRule {
    id: String,
    hint: String,
}

/// The rule files of the folders that the configuration names, each in the order of names.
fn rule_sources(configuration: &Path, file: &SettingsFile) -> (Vec<Source>, Vec<Problem>) {
    let (mut sources, mut problems) = (Vec::new(), Vec::new());
    let home = configuration.parent().unwrap_or(Path::new(""));
    for (index, folder) in file.policies().enumerate() {
        match rule_files(&home.join(folder)) {
            Ok(files) => {
                for file in files {
                    match read(&file) {
                        Ok(source) => sources.push(source),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            Err(error) => {
                let message = format!("the folder `{folder}` cannot be read: {error}");
                problems.push(file.problem_at(FieldPath::keys("policies").index(index), message));
            }
        }
    }
    (sources, problems)
}

/// The YAML files right in a folder; what lies deeper, such as fixtures, is no rule.
fn rule_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries: Vec<PathBuf> = fs::read_dir(folder)?.map(|it| it.map(|it| it.path())).collect::<io::Result<_>>()?;
    let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let is_yaml = |path: &Path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    let mut files: Vec<PathBuf> =
        entries.into_iter().filter(|path| !is_hidden(path) && is_yaml(path) && path.is_file()).collect();
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Source, Problem> {
    let name = shown(path);
    match fs::read(path) {
        Ok(bytes) => decode(name, bytes),
        Err(error) => Err(Problem::of_file(name, format!("cannot be read: {error}"))),
    }
}

/// A path as people see it: relative where it lies below the current folder.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let relative = path.strip_prefix(&here).unwrap_or(path);
    relative.strip_prefix(".").unwrap_or(relative).to_string_lossy().into_owned()
}

fn count(problems: usize) -> String {
    if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::builtin_rules;
    use tempfile::TempDir;

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn load(folder: &TempDir) -> Result<Configuration, Vec<String>> {
        let prefix = format!("{}/", folder.path().display());
        let loaded = Configuration::load(Some(&folder.path().join("seaworthy.yaml")));
        loaded.map_err(|it| it.problems.iter().map(|problem| problem.to_string().replace(&prefix, "")).collect())
    }

    /// A copy of a built-in rule under another id.
    fn own_rule(id: &str) -> String {
        let built_in = builtin_rules().into_iter().find(|it| it.name().ends_with("/missing-pre-stop.yaml")).unwrap();
        built_in.text().replace("missing-pre-stop", id)
    }

    #[test]
    fn without_a_file_the_built_in_rules_hold() {
        let configuration = Configuration::load(None).unwrap();
        assert_eq!(configuration.rules.problems(), []);
        let engine = configuration.bind(configuration.settings.clone(), Mode::Warn, &[]).unwrap();
        assert_eq!(engine.rules().len(), builtin_rules().len());
    }

    #[test]
    fn folders_of_rules_are_relative_to_the_file() {
        let rule = own_rule("own-pre-stop");
        let folder = folder(&[
            ("seaworthy.yaml", "policies: [platform]\nrules: {own-pre-stop: {severity: error}}\n"),
            ("platform/own-pre-stop.yaml", &rule),
            ("platform/tests/fail-x.yaml", "kind: Pod"),
            ("platform/README.md", "x"),
        ]);
        let configuration = load(&folder).unwrap();
        assert_eq!(configuration.find("own-pre-stop").map(Rule::id), Ok("own-pre-stop"));
        let origin = configuration.origin_of(&FieldPath::keys("rules.own-pre-stop.severity")).unwrap();
        assert!(origin.ends_with("seaworthy.yaml:2"), "{origin}");
        assert_eq!(configuration.origin_of(&FieldPath::keys("modes.default")), None);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let folder = folder(&[
            ("seaworthy.yaml", "policies: [platform, gone]\nmodse: {}\n"),
            ("platform/broken.yaml", "apiVersion: seaworthy.dev/v1alpha1\nkind: Rule\n"),
        ]);
        let problems = load(&folder).unwrap_err();
        for wanted in
            ["seaworthy.yaml:1:22: the folder `gone`", "seaworthy.yaml:2:1: unknown key `modse`", "broken.yaml:"]
        {
            assert!(problems.iter().any(|it| it.contains(wanted)), "{wanted}: {problems:#?}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_a_problem() {
        let folder = folder(&[]);
        let problems = load(&folder).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("seaworthy.yaml:1:1: cannot be read: "), "{problems:?}");
    }

    #[test]
    fn selected_rules_only_and_an_unknown_one_is_said_with_its_neighbour() {
        let configuration = Configuration::load(None).unwrap();
        let bind = |id: &str| configuration.bind(Settings::default(), Mode::Warn, &[id.to_owned()]);
        assert_eq!(bind("missing-pre-stop").unwrap().rules().len(), 1);
        let error = bind("mising-pre-stop").map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("mising-pre-stop") && error.contains("did you mean `missing-pre-stop`"), "{error}");
    }
}
