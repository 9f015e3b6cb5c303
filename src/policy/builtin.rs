//! The built-in rules: the files of `policies/`, in the program. They have exactly the form of anybody's rule files.

use crate::base::Source;

/// A built-in rule as it lies in the program: file name, text, bad example, good example.
type Embedded = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

/// In the order of their names; listed by `xtask/embed_policies.rs` when the program is built.
const FILES: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// The files of the built-in rules, in the order of their ids; their names are `<built-in>/<rule id>.yaml`.
pub fn builtin_rules() -> Vec<Source> {
    FILES.iter().map(|(name, text, _, _)| Source::new(format!("<built-in>/{name}"), *text)).collect()
}

/// The manifests that show a built-in rule: one that breaks it, and the same put right. They are fixtures of the rule, so
/// that they cannot lie; lines may end in a fixture's marker.
pub fn builtin_example(rule: &str) -> Option<(&'static str, &'static str)> {
    let (_, _, bad, good) = FILES.iter().find(|(name, ..)| name.strip_suffix(".yaml") == Some(rule))?;
    (*bad).zip(*good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_file_of_the_folder_is_a_built_in_rule() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let in_folder: BTreeSet<String> = files.map(|name| format!("<built-in>/{name}")).collect();
        let built_in: BTreeSet<String> = builtin_rules().iter().map(|source| source.name().to_string()).collect();
        assert_eq!(built_in, in_folder);
    }

    #[test]
    fn every_built_in_rule_has_a_category() {
        let lacks = |(_, text, ..): &&Embedded| !text.contains("\n  category: ");
        let without: Vec<&str> = FILES.iter().filter(lacks).map(|(name, ..)| *name).collect();
        assert!(without.is_empty(), "no `spec.category`, such as ports or termination: {without:?}");
    }

    #[test]
    fn every_built_in_rule_has_a_bad_and_a_good_example() {
        let ids = FILES.iter().filter_map(|(name, ..)| name.strip_suffix(".yaml"));
        let without: Vec<&str> = ids.filter(|id| builtin_example(id).is_none()).collect();
        assert!(without.is_empty(), "no tests/rules/<id>/{{fail,pass}}-example.yaml: {without:?}");
    }
}
