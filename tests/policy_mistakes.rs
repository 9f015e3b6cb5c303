//! Every mistake in a rule file or a `seaworthy.yaml` is told in one run, at its line and column, with what to write.
//!
//! The files of `tests/data/policy-mistakes/` say themselves what is wrong with them: `#! line:column message`, in order.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use seaworthy::base::{Mode, PodRepair, Problem, Source};
use seaworthy::engine::{known_checks, read_rules};
use seaworthy::manifest::{Limits, read_documents};
use seaworthy::policy::{KnownCheck, KnownChecks, RuleSet, Settings, SettingsFile};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/policy-mistakes").join(name)
}

/// The files of a folder under their bare names, in order.
fn sources(name: &str) -> Vec<Source> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| source(path)).collect()
}

fn source(path: &Path) -> Source {
    Source::new(path.file_name().unwrap().to_str().unwrap(), fs::read_to_string(path).unwrap())
}

/// One check with a parameter of every type.
fn checks() -> KnownChecks {
    let seconds = json!({"type": "integer", "minimum": 0});
    let params = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "drainSeconds": {
                "type": "object",
                "additionalProperties": false,
                "properties": {"http": seconds, "grpc": seconds},
            },
            "strategy": {"enum": ["hold", "native"]},
            "shell": {"type": ["boolean", "null"]},
            "images": {"type": "array", "items": {"type": "string"}},
        },
    });
    KnownChecks::from_iter([("pre-stop", KnownCheck::new(params, ["headless"]).repaired(PodRepair::Possible))])
}

fn sound_rules() -> RuleSet {
    RuleSet::read(&[source(&folder("sound/missing-pre-stop.yaml"))], &checks())
}

/// The `#!` lines of a file.
fn expected(source: &Source) -> Vec<String> {
    source.text().lines().filter_map(|line| line.strip_prefix("#! ")).map(str::to_owned).collect()
}

fn told(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|it| format!("{}:{} {}", it.at.line, it.at.column, it.message)).collect()
}

/// Compares all files of a folder, so that one run shows all differences.
fn compare(name: &str, problems_of: impl Fn(&Source) -> Vec<Problem>) {
    let mut differences = Vec::new();
    let sources = sources(name);
    assert!(!sources.is_empty(), "{name} holds files");
    for source in &sources {
        let problems = problems_of(source);
        assert!(problems.iter().all(|problem| problem.fatal && problem.file == *source.name()), "{}", source.name());
        let (expected, told) = (expected(source), told(&problems));
        if expected != told || told.is_empty() {
            let told = told.iter().map(|line| format!("#! {line}\n")).collect::<String>();
            differences.push(format!("--- {name}/{} tells\n{told}", source.name()));
        }
    }
    assert!(differences.is_empty(), "not as their `#!` lines say:\n{}", differences.join("\n"));
}

#[test]
fn rule_files_tell_all_their_mistakes() {
    let sound = source(&folder("sound/missing-pre-stop.yaml"));
    compare("rules", |source| {
        let set = RuleSet::read([&sound, source], &checks());
        assert_eq!(set.ids().collect::<Vec<_>>(), ["missing-pre-stop"], "a broken file hides no other");
        set.problems().to_vec()
    });
}

#[test]
fn settings_tell_all_their_mistakes() {
    compare("settings", |source| SettingsFile::read(source).settle(&sound_rules(), &checks()).unwrap_err());
}

/// Held against the built-in rules: what can be repaired, and how, is for their checks to say.
#[test]
fn repairs_that_can_never_be_made_are_mistakes() {
    compare("repairs", |source| SettingsFile::read(source).settle(&read_rules(&[]), &known_checks()).unwrap_err());
}

#[test]
fn sound_files_are_read_in_full() {
    let rules = sound_rules();
    assert_eq!(told(rules.problems()), [""; 0]);
    let file = SettingsFile::read(&source(&folder("sound/seaworthy.yaml")));
    assert_eq!(file.policies().collect::<Vec<_>>(), ["platform-policies/"]);
    let settings = file.settle(&rules, &checks()).unwrap();
    let tuned = settings.tuned(rules.find("missing-pre-stop").unwrap());
    assert_eq!(tuned.spec.params["drainSeconds"], json!({"http": 20, "grpc": 30}));
    let strategies = settings.repairs.of_rule("missing-pre-stop").map(|entry| entry.strategy.as_deref());
    assert_eq!(strategies.collect::<Vec<_>>(), [Some("hold"), Some("native")], "the former id, and the present one");
}

#[test]
fn a_file_without_settings_is_one_with_the_defaults() {
    for text in ["", "# nothing yet\n", "{}"] {
        let settings = SettingsFile::read(&Source::new("seaworthy.yaml", text)).settle(&sound_rules(), &checks());
        assert_eq!(settings, Ok(Settings::default()), "{text:?}");
    }
}

#[test]
fn ids_that_rules_had_before_are_read_as_those_they_have() {
    let text =
        "rules: {require-pre-stop: {severity: info}}\nmodes: {namespaces: {shop: {rules: {require-pre-stop: off}}}}\n";
    let settings = SettingsFile::read(&Source::new("seaworthy.yaml", text)).settle(&sound_rules(), &checks()).unwrap();
    assert!(settings.rules.contains_key("missing-pre-stop"));
    assert_eq!(settings.modes.namespaces["shop"].rules.get("missing-pre-stop"), Some(&Mode::Off));
}

#[test]
fn a_rule_whose_file_is_broken_is_not_unknown_too() {
    let broken = Source::new("proxy-uid.yaml", "kind: Rule\n");
    let rules = RuleSet::read([&broken], &checks());
    let settings = |text: &str| SettingsFile::read(&Source::new("seaworthy.yaml", text)).settle(&rules, &checks());
    assert!(settings("modes: {rules: {proxy-uid: warn}}").is_ok());
    assert!(settings("modes: {rules: {proxy-gid: warn}}").is_err());
}

/// The suggestion for an unknown key is right for at least 95 of 100 keys with one typing mistake.
#[test]
fn suggestions_for_single_typos_are_right() {
    let sound_rule = source(&folder("sound/missing-pre-stop.yaml"));
    let sound_settings = source(&folder("sound/seaworthy.yaml"));
    let of_rule = |source: &Source| RuleSet::read([source], &checks()).problems().to_vec();
    let rules = sound_rules();
    let of_settings = |source: &Source| SettingsFile::read(source).settle(&rules, &checks()).unwrap_err();
    let mut tally = Tally::default();
    tally.count(&sound_rule, of_rule);
    tally.count(&sound_settings, of_settings);
    assert!(tally.typos > 2_000, "{} typos", tally.typos);
    assert!(tally.wrong.len() * 20 <= tally.typos, "{} of {}: {:#?}", tally.wrong.len(), tally.typos, tally.wrong);
}

#[derive(Default)]
struct Tally {
    typos: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn count(&mut self, sound: &Source, problems_of: impl Fn(&Source) -> Vec<Problem>) {
        let reading = read_documents(sound, &Limits::default());
        let value = reading.documents[0].value();
        let mut maps = Vec::new();
        collect_maps(value, String::new(), &mut maps);
        for (pointer, map) in &maps {
            for (key, typo) in map.keys().flat_map(|key| typos(key).into_iter().map(move |typo| (key, typo))) {
                if map.contains_key(&typo) {
                    continue;
                }
                let mut mistyped = value.clone();
                let map = mistyped.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap();
                let entry = map.remove(key).unwrap();
                map.insert(typo.clone(), entry);
                let problems = problems_of(&Source::new(sound.name().clone(), mistyped.to_string()));
                self.typos += 1;
                if !problems.iter().any(|problem| problem.message.ends_with(&format!("did you mean `{key}`?"))) {
                    self.wrong.push(format!("{pointer}/{typo}: {:?}", told(&problems)));
                }
            }
        }
    }
}

/// The maps whose keys are fixed: not the names of namespaces and labels.
fn collect_maps<'a>(value: &'a Value, pointer: String, maps: &mut Vec<(String, &'a Map<String, Value>)>) {
    let items = value.as_array().into_iter().flatten().enumerate();
    items.for_each(|(index, item)| collect_maps(item, format!("{pointer}/{index}"), maps));
    let Some(map) = value.as_object() else { return };
    if !["/profile/namespaces", "/modes/namespaces"].contains(&pointer.as_str()) && !pointer.ends_with("/labels") {
        maps.push((pointer.clone(), map));
    }
    map.iter().for_each(|(key, value)| collect_maps(value, format!("{pointer}/{key}"), maps));
}

/// A letter left out, doubled, replaced, added or swapped with the next one, at every position of the word.
fn typos(word: &str) -> BTreeSet<String> {
    let letters: Vec<char> = word.chars().collect();
    let spliced = |at: usize, taken: usize, given: &[char]| -> String {
        letters[..at].iter().chain(given).chain(&letters[at + taken..]).collect()
    };
    let stray = |at: usize| char::from(b"etaoinshrdlucmfwypvbgkjqxz"[(at * 7 + letters.len()) % 26]);
    let mut typos = BTreeSet::new();
    for (at, &letter) in letters.iter().enumerate() {
        typos.extend([spliced(at, 1, &[]), spliced(at, 0, &[letter]), spliced(at, 1, &[stray(at)])]);
        typos.insert(spliced(at, 0, &[stray(at + 3)]));
        typos.extend(letters.get(at + 1).map(|&next| spliced(at, 2, &[next, letter])));
    }
    typos.remove(word);
    typos
}
