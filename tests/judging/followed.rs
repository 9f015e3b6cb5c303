//! A rule that follows others speaks by the parameters that hold for them here, and where they speak.

use crate::{engine, judged};
use seaworthy::base::{Mode, Source};
use seaworthy::engine::Engine;
use seaworthy::policy::SettingsFile;

const WRAPPER: &str = "rules: {app-starts-before-proxy: {params: {strategy: wrapper}}}";

const CLASSIC: &str = "profile: {dataPlane: classic, assumeMembership: sidecar}\n";

/// The namespaces in which it is said that nobody knows what a container starts.
fn told_in(settings: &str) -> Vec<String> {
    told_by(&engine(&format!("{CLASSIC}{settings}")))
}

fn told_by(engine: &Engine) -> Vec<String> {
    let pod = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: {namespace}}}\nspec: {{containers: [{{name: a, image: a}}]}}\n"
        )
    };
    let files = ["shop", "till"].map(|namespace| (namespace, pod(namespace)));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let findings = judged(engine, &files).findings;
    let told = findings.iter().filter(|finding| &*finding.rule == "unwrappable-entrypoint");
    told.filter_map(|finding| finding.object.namespace.clone()).collect()
}

#[test]
fn the_strategy_in_force_decides() {
    let entry = |strategy: &str| {
        format!(
            "repairs: {{apply: [{{rules: [app-starts-before-proxy], namespaces: [shop], strategy: {strategy}}}]}}\n"
        )
    };
    let told = "rules: {app-starts-before-proxy: {params: {strategy: wrapper, entrypoints: {a: [/a]}}}}";
    for (settings, wanted) in [
        (String::new(), &[][..]),
        (WRAPPER.to_owned(), &["shop", "till"]),
        (entry("wrapper"), &["shop"]),
        (entry("hold") + WRAPPER, &["till"]),
        (told.to_owned(), &[]),
        (entry("wrapper") + told, &[]),
    ] {
        assert_eq!(told_in(&settings), wanted, "{settings}");
    }
}

#[test]
fn it_is_silent_where_the_rule_that_it_follows_is() {
    let off = "{rules: {app-starts-before-proxy: off}";
    for (settings, wanted) in [
        (format!("modes: {off}}}\n{WRAPPER}"), &[][..]),
        (format!("modes: {{namespaces: {{shop: {off}}}}}}}\n{WRAPPER}"), &["till"]),
        (format!("modes: {{rules: {{unwrappable-entrypoint: off}}}}\n{WRAPPER}"), &[]),
    ] {
        assert_eq!(told_in(&settings), wanted, "{settings}");
    }
}

/// A rule of the platform's own wraps Pods in one namespace: there its strategy is in force.
#[test]
fn it_is_silent_about_what_the_rule_that_it_follows_does_not_look_at() {
    let settings = SettingsFile::read(&Source::new("seaworthy.yaml", CLASSIC));
    for (matches, wanted) in [
        ("{kinds: [Pod]}", &["shop", "till"][..]),
        ("{kinds: [Pod], namespaces: {in: [till]}}", &["till"]),
        ("{kinds: [apps/Deployment]}", &[]),
        ("{kinds: [Pod], membership: [ambient]}", &[]),
    ] {
        let rule = format!(
            "apiVersion: seaworthy.dev/v1alpha1\nkind: Rule\nmetadata: {{name: own-start}}\nspec:\n  title: Ours\n  severity: warning\n  \
             match: {matches}\n  check: proxy-start\n  params: {{strategy: wrapper}}\n  why: Ours.\n  remedy: Wrap it.\n"
        );
        let engine = Engine::load(&settings, &[Source::new("own-start.yaml", rule)], Mode::Warn).expect("an engine");
        assert_eq!(told_by(&engine), wanted, "{matches}");
    }
}
