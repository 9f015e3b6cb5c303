//! The built-in rules: the files of `policies/`, in the program. They have exactly the form of anybody's rule files.

use crate::base::Source;

/// The files as (name, text), in the order of their names; listed by `xtask/embed_policies.rs` when the program is built.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/policies.rs"));

/// The files of the built-in rules, in the order of their ids; their names are `<built-in>/<rule id>.yaml`.
pub fn builtin_rules() -> Vec<Source> {
    FILES.iter().map(|(name, text)| Source::new(format!("<built-in>/{name}"), *text)).collect()
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
}
