//! `seaworthy rules` and `seaworthy explain`: everything about every rule, without a network.

use crate::{folder, seaworthy};
use seaworthy::base::PodRepair;
use seaworthy::checks::check;
use seaworthy::engine::read_rules;
use seaworthy::policy::Rule;
use std::collections::BTreeSet;

fn ids() -> Vec<String> {
    let ran = seaworthy(&["rules", "--isolated"]).run();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran.out.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_rule_is_a_file_of_the_policies_folder() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/policies")).unwrap();
    let files: BTreeSet<String> =
        files.map(|it| it.unwrap().file_name().into_string().unwrap().replace(".yaml", "")).collect();
    assert_eq!(ids().into_iter().collect::<BTreeSet<_>>(), files);
}

#[test]
fn every_rule_has_a_whole_page() {
    for id in ids() {
        let page = seaworthy(&["explain", &id, "--isolated"]).run().out;
        for heading in ["\nlooks at\n", "\nwhy\n", "\nwhat to do\n", "\nbad\n", "\nfixed\n", "\ngood\n", "\nlinks\n"] {
            assert!(page.contains(heading), "{id} lacks {heading:?}");
        }
        assert!(page.contains(&format!("# seaworthy: ignore[{id}]")), "{page}");
    }
}

/// The examples of both need the strategy that they name, whatever the platform repairs.
#[test]
fn an_example_keeps_its_own_strategy() {
    let repairs = "repairs: {image: r/w:1, apply: [{rules: [app-starts-before-proxy], strategy: hold}]}\n";
    let files = folder(&[("seaworthy.yaml", repairs)]);
    let page = seaworthy(&["explain", "unwrappable-entrypoint"]).within(files.path()).run().out;
    assert!(page.contains("warning[unwrappable-entrypoint]: container `cart` has no `command`"), "{page}");
    assert!(!page.contains("holdApplicationUntilProxyStarts: true"), "{page}");
}

/// Where a rule can be repaired, `docs/repairs.md` says what it does to the Pod.
#[test]
fn the_guide_to_repairs_names_the_rules_that_are_repaired() {
    let rules = read_rules(&[]);
    let is_repaired = |rule: &&Rule| check(&rule.spec.check).unwrap().repair != PodRepair::Never;
    let repaired: BTreeSet<&str> = rules.rules().iter().filter(is_repaired).map(Rule::id).collect();
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/repairs.md")).unwrap();
    let named = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(named.collect::<BTreeSet<_>>(), repaired);
}

#[test]
fn an_unknown_rule_is_said_with_its_neighbour() {
    let ran = seaworthy(&["explain", "mising-pre-stop"]).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("did you mean `missing-pre-stop`"), "{}", ran.err);
}

#[test]
fn only_commands_that_exist_are_named() {
    let help = seaworthy(&["--help"]).run().out;
    let commands: BTreeSet<&str> = help.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let mut texts = vec![help.clone(), seaworthy(&["check", "examples"]).run().out];
    texts.extend(
        ["check", "rules", "explain", "test", "serve"].map(|command| seaworthy(&[command, "--help"]).run().out),
    );
    texts.extend(ids().iter().map(|id| seaworthy(&["explain", id]).run().out));
    let named = regex::Regex::new("`seaworthy ([a-z-]+)").unwrap();
    for text in &texts {
        for capture in named.captures_iter(text) {
            assert!(commands.contains(&capture[1]), "{}: {text}", &capture[0]);
        }
    }
}
