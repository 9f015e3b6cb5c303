//! What rules say of their own fixtures, word by word: markers hold lines and severities only.

use super::{input, settings};
use crate::base::{Edit, Finding, Mode, Remedy, Safety, Severity, Source};
use crate::cli::configuration::Configuration;
use crate::cli::today;
use crate::engine;
use crate::engine::fixture::{self, Promise};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// All whose check makes its own words: those of a check that takes them from the rule are in the rule file.
const RULES: &[&str] = &[
    "ambiguous-namespace-injection",
    "app-starts-before-proxy",
    "capped-grace-period",
    "captured-metadata-server",
    "conflicting-port-protocols",
    "dangling-target-port",
    "database-protocol-clash",
    "drain-exceeds-envoy",
    "endless-proxy-wait",
    "fragile-proxy-wait",
    "grpc-web-lookalike",
    "headless-listener-fanout",
    "host-network-pod",
    "hpa-averages-sidecar",
    "ineffective-injection-label",
    "init-before-proxy",
    "invalid-lifecycle",
    "invalid-proxy-config",
    "job-never-completes",
    "malformed-identity-annotation",
    "misplaced-cloud-identity",
    "misplaced-identity-annotation",
    "misplaced-identity-wait",
    "missing-canonical-labels",
    "missing-identity-wait",
    "missing-pre-stop",
    "mixed-transport-port",
    "obsolete-drain-hook",
    "pre-stop-needs-shell",
    "proxy-stops-first",
    "proxy-uid",
    "reserved-mesh-name",
    "redundant-proxy-wait",
    "reserved-mesh-port",
    "restricted-namespace-without-cni",
    "shadowed-port-name",
    "short-grace-period",
    "sniffed-server-first-port",
    "split-target-port",
    "udp-named-tcp-port",
    "unbounded-identity-wait",
    "unclear-external-name-port",
    "unclear-port-protocol",
    "unreachable-pre-stop-http",
    "unsized-proxy",
    "unwrappable-entrypoint",
];

#[test]
fn findings_say_what_is_wrong_and_propose_what_is_right() {
    let configuration = Configuration::load(None).unwrap();
    for rule in RULES.iter().copied() {
        let fixtures = failing(rule);
        let said: String = fixtures.iter().map(|path| said_of(rule, path, &configuration)).collect();
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(rule, said);
        });
    }
}

/// The fixtures of a rule that have findings, by name.
fn failing(rule: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(rule);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.retain(|path| name(path).starts_with("fail-") && !name(path).ends_with(".fixed.yaml"));
    paths.sort();
    paths
}

fn said_of(rule: &str, path: &Path, configuration: &Configuration) -> String {
    let name = path.file_name().unwrap().to_string_lossy();
    let source = Source::new(&*name, std::fs::read_to_string(path).unwrap());
    let (fixture, _) = fixture::read(&source, Promise::Findings);
    let settings = settings(&source, &fixture, configuration).unwrap();
    let engine = configuration.bind(settings, Mode::Warn, &[]).unwrap();
    let outcome = engine::check(vec![input(&source, &engine)], today());
    // What is only worth knowing to other rules is no part of the story.
    let is_told = |finding: &&Finding| finding.severity > Severity::Info || *finding.rule == *rule;
    let of_these = outcome.findings.iter().filter(|finding| RULES.contains(&&*finding.rule)).filter(is_told);
    of_these.fold(format!("{name}\n"), |text, finding| text + &said(finding))
}

fn said(finding: &Finding) -> String {
    let mut text = format!("- {}\n", finding.message);
    finding.drawing.iter().for_each(|line| writeln!(text, "  | {line}").unwrap());
    finding.help.iter().for_each(|help| writeln!(text, "  help: {help}").unwrap());
    match &finding.remedy {
        Remedy::Unfixed(reason) => writeln!(text, "  none: {reason}").unwrap(),
        Remedy::Fix(fix) => {
            writeln!(text, "  {}", fix.title).unwrap();
            if let Safety::Unsafe(reason) = &fix.safety {
                writeln!(text, "  look: {reason}").unwrap();
            }
            fix.edits.iter().for_each(|edit| writeln!(text, "    {}", described(edit)).unwrap());
        }
    }
    for related in &finding.related {
        writeln!(text, "  see: {} at {}", related.message, related.path).unwrap();
    }
    text
}

fn described(edit: &Edit) -> String {
    match edit {
        Edit::Set { path, value } => format!("{path} = {value}"),
        Edit::SetWithin { text, path, value } => format!("{text} > {path} = {value}"),
        Edit::Remove { path } => format!("without {path}"),
        other => format!("{other:?}"),
    }
}
