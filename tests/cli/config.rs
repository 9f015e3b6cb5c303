//! `seaworthy.yaml` on the command line: found, named, left out, wrong.

use crate::{UNCLEAR, folder, seaworthy};

#[test]
fn the_nearest_configuration_decides_for_each_file() {
    let files = folder(&[
        ("seaworthy.yaml", "rules: {unclear-port-protocol: {severity: error}}\n"),
        ("a/one.yaml", UNCLEAR),
        ("b/.seaworthy.yaml", "modes: {rules: {unclear-port-protocol: \"off\"}}\n"),
        ("b/two.yaml", UNCLEAR),
    ]);
    let run = |arguments: &[&str]| {
        let ran = seaworthy(&["check", ".", "-o", "concise"]).arguments(arguments).within(files.path()).run();
        let starts = ran.out.lines().filter_map(|line| line.split(']').next()).collect::<Vec<_>>().join("]; ");
        (ran.code, starts)
    };
    let error = "a/one.yaml:12:11: error[unclear-port-protocol";
    assert_eq!(run(&[]), (Some(1), error.to_owned()));
    let everywhere = format!("{error}]; b/two.yaml:12:11: error[unclear-port-protocol");
    assert_eq!(run(&["--config", "seaworthy.yaml"]), (Some(1), everywhere.clone()));
    assert_eq!(run(&["--isolated"]), (Some(1), everywhere.replace("error", "warning")));
}

#[test]
fn the_environment_may_name_the_configuration() {
    let files = folder(&[("x.yaml", UNCLEAR), ("own.yaml", "modes: {default: \"off\"}\n")]);
    let ran = seaworthy(&["check", "x.yaml"]).env("SEAWORTHY_CONFIG", "own.yaml").within(files.path()).run();
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}

#[test]
fn a_wrong_configuration_is_told_with_all_its_mistakes_and_nothing_is_judged() {
    let files = folder(&[
        ("seaworthy.yaml", "modse: {}\nrules:\n  unclear-port-protokol: {severity: fatal}\n"),
        ("x.yaml", UNCLEAR),
    ]);
    let ran = seaworthy(&["check", "x.yaml"]).within(files.path()).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    insta::assert_snapshot!(ran.err, @"
    error: unknown key `modse`; did you mean `modes`?
     --> seaworthy.yaml:1:1
      |
    1 | modse: {}
      | ^^^^^

    error: there is no rule `unclear-port-protokol`; did you mean `unclear-port-protocol`?
     --> seaworthy.yaml:3:3
      |
    1 | modse: {}
    2 | rules:
    3 |   unclear-port-protokol: {severity: fatal}
      |   ^^^^^^^^^^^^^^^^^^^^^

    error: `rules.unclear-port-protokol.severity` is `fatal`; wanted one of info, warning, error
     --> seaworthy.yaml:3:37
      |
    1 | modse: {}
    2 | rules:
    3 |   unclear-port-protokol: {severity: fatal}
      |                                     ^^^^^

    error: the configuration cannot be used: 3 problems in it
    ");
}

#[test]
fn an_exception_that_is_over_is_told_where_it_stands() {
    let until = |day: &str| {
        format!("  - {{rule: unclear-port-protocol, object: Service/shop/web, owner: a, reason: b, until: {day}}}\n")
    };
    let settings = format!("exceptions:\n{}{}", until("2999-12-31"), until("2020-01-01"));
    let files = folder(&[("seaworthy.yaml", &settings), ("x.yaml", UNCLEAR)]);
    let ran = seaworthy(&["check", "x.yaml", "-o", "json"]).within(files.path()).run();
    let told = "seaworthy.yaml:3:89";
    let message = "this exception ended on 2020-01-01: remove it, or give it a new end";
    assert!(ran.err.contains(told) && ran.err.contains(message), "{}", ran.err);
    assert!(ran.out.contains(message), "{}", ran.out);
    assert_eq!(ran.err.matches("this exception").count(), 1, "{}", ran.err);
    let fixed = seaworthy(&["fix", "x.yaml", "--check"]).within(files.path()).run();
    assert!(fixed.err.contains(message), "{}", fixed.err);
}

#[test]
fn own_rules_are_judged_like_the_built_in_ones() {
    let rule = "\
apiVersion: seaworthy.dev/v1alpha1
kind: Rule
metadata: {name: odd-port-name}
spec:
  title: Odd port name
  severity: error
  match: {kinds: [Service]}
  check: istio-port-protocol
  params: {finds: unclear}
  why: Ours.
  remedy: Rename it.
";
    let files = folder(&[
        ("seaworthy.yaml", "policies: [platform]\n"),
        ("platform/odd-port-name.yaml", rule),
        ("deploy/x.yaml", UNCLEAR),
    ]);
    let ran = seaworthy(&["check", "deploy", "-o", "concise", "--select", "odd-port-name"]).within(files.path()).run();
    assert!(ran.out.starts_with("deploy/x.yaml:12:11: error[odd-port-name] "), "{}{}", ran.out, ran.err);
    let ran = seaworthy(&["explain", "odd-port-name"]).within(files.path()).run();
    assert!(ran.out.starts_with("odd-port-name: Odd port name\nerror. Stable.\n"), "{}{}", ran.out, ran.err);
}

/// The rule is run by the parameters of another one, which is left out.
#[test]
fn a_rule_that_follows_another_can_be_selected_alone() {
    let settings = "profile: {dataPlane: classic}\nrules: {app-starts-before-proxy: {params: {strategy: wrapper}}}\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n";
    let files = folder(&[("seaworthy.yaml", settings), ("x.yaml", pod)]);
    let ran =
        seaworthy(&["check", "x.yaml", "-o", "concise", "--select", "unwrappable-entrypoint"]).within(files.path());
    let ran = ran.run();
    assert!(ran.out.starts_with("x.yaml:4:28: warning[unwrappable-entrypoint] "), "{}{}", ran.out, ran.err);
}

#[test]
fn the_settings_in_force_say_where_they_came_from() {
    let files = folder(&[("seaworthy.yaml", "profile:\n  istioVersion: \"1.27\"\n"), ("x.yaml", UNCLEAR)]);
    let flags = ["check", "x.yaml", "--show-config", "--assume-membership", "ambient"];
    let ran = seaworthy(&flags).within(files.path()).run();
    let lines: Vec<String> =
        ran.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for wanted in [
        "# seaworthy.yaml, for x.yaml",
        "profile.istioVersion: \"1.27\" # seaworthy.yaml:2",
        "profile.assumeMembership: \"ambient\" # --assume-membership",
        "profile.cni: false # default",
    ] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted}: {lines:#?}");
    }
}

#[test]
fn a_server_that_cannot_start_is_a_mistake_of_usage() {
    let files = folder(&[("seaworthy.yaml", "modse: {}\n"), ("manifests/x.yaml", UNCLEAR)]);
    let cases: [(&[&str], &str); 4] = [
        (&["--inventory", "gone"], "--inventory `gone`"),
        (&["--inventory", "manifests", "--config", "seaworthy.yaml"], "unknown key `modse`"),
        (&["--inventory", "manifests", "--tls-cert", "a.pem"], "--tls-key"),
        (&["--inventory", "manifests", "--tls-cert", "gone.pem", "--tls-key", "gone.key"], "gone.pem"),
    ];
    for (flags, wanted) in cases {
        let ran = seaworthy(&["serve"]).arguments(flags).within(files.path()).run();
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{flags:?}");
        assert!(ran.err.contains(wanted), "{flags:?}: {}", ran.err);
    }
}
