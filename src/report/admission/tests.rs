use super::*;
use crate::base::{Fix, Path, Remedy, Severity};
use crate::report::example::placeless;
use proptest::prelude::*;

fn deployment() -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: Some("shop".into()),
        name: "web".into(),
    }
}

fn pre_stop() -> Finding {
    Finding {
        message: "container `app` has no preStop hook, so requests die at every roll-out".into(),
        help: Some("add `lifecycle: {preStop: {sleep: {seconds: 30}}}`".into()),
        path: Path::keys("spec.template.spec.containers").index(0).key("lifecycle"),
        severity: Severity::Warning,
        ..placeless("missing-pre-stop")
    }
}

fn grace_period() -> Finding {
    Finding {
        message: "spec.template.spec.terminationGracePeriodSeconds is 10, want at least 42".into(),
        path: Path::keys("spec.template.spec.terminationGracePeriodSeconds"),
        severity: Severity::Error,
        ..placeless("short-grace-period")
    }
}

#[test]
fn a_refusal_says_what_where_and_what_to_do() {
    let contacts = Contacts { exception: Some("https://mesh.example.com/exception"), contact: Some("#team-mesh") };
    insta::assert_snapshot!(refusal(&deployment(), &[&pre_stop(), &grace_period()], contacts), @"
    seaworthy: Deployment shop/web is not fit for the mesh (2 problems)
    - short-grace-period: spec.template.spec.terminationGracePeriodSeconds is 10, want at least 42
    - missing-pre-stop: container `app` has no preStop hook, so requests die at every roll-out (spec.template.spec.containers[0].lifecycle)
      help: add `lifecycle: {preStop: {sleep: {seconds: 30}}}`
    check before you apply: seaworthy check FILE
    why: seaworthy explain short-grace-period
    exception: https://mesh.example.com/exception (ask #team-mesh)
    docs: https://example.com/rules/short-grace-period
    ");
}

#[test]
fn a_refusal_without_contacts_names_none() {
    insta::assert_snapshot!(refusal(&deployment(), &[&grace_period()], Contacts::default()), @"
    seaworthy: Deployment shop/web is not fit for the mesh (1 problem)
    - short-grace-period: spec.template.spec.terminationGracePeriodSeconds is 10, want at least 42
    check before you apply: seaworthy check FILE
    why: seaworthy explain short-grace-period
    docs: https://example.com/rules/short-grace-period
    ");
}

#[test]
fn a_refusal_names_the_command_that_fixes_the_file() {
    let (unfixed, fix) = (grace_period(), Remedy::Fix(Fix::safe("raise it", Vec::new())));
    let risky = Finding { remedy: Remedy::Fix(Fix::risky("raise it", "why not", Vec::new())), ..grace_period() };
    let fixed = Finding { remedy: fix, ..grace_period() };
    for (findings, command) in [
        (vec![&fixed], "fix: seaworthy fix FILE"),
        (vec![&fixed, &fixed], "fix: seaworthy fix FILE"),
        (vec![&fixed, &unfixed, &risky], "fix 1 of 3: seaworthy fix FILE"),
        (vec![&risky], "check before you apply: seaworthy check FILE"),
        (vec![&unfixed], "check before you apply: seaworthy check FILE"),
    ] {
        let text = refusal(&deployment(), &findings, Contacts::default());
        assert!(text.lines().any(|line| line == command), "{command}: {text}");
    }
}

#[test]
fn a_refusal_writes_out_five_problems_and_counts_the_rest() {
    let finding = Finding { help: None, message: "short".into(), ..grace_period() };
    let text = refusal(&deployment(), &[&finding; 8], Contacts::default());
    assert_eq!(text.matches("- short-grace-period: ").count(), REFUSAL_PROBLEMS);
    assert!(text.contains("\n- and 3 more\n"), "{text}");
}

#[test]
fn what_repairs_goes_before_where_to_read_on() {
    let help = |bytes: usize| Finding { help: Some("h".repeat(bytes)), ..grace_period() };
    let (short, long) = (help(100), help(700));
    let text = |finding| refusal(&deployment(), &[finding], Contacts::default());
    assert!(text(&short).contains("\ndocs: https://"));
    assert!(text(&long).contains(&"h".repeat(700)) && !text(&long).contains("docs: "), "{}", text(&long));
}

#[test]
fn every_warning_names_its_object() {
    insta::assert_snapshot!(warnings(&deployment(), &[&pre_stop(), &grace_period()]).join("\n"), @"
    seaworthy: Deployment shop/web: short-grace-period: spec.template.spec.terminationGracePeriodSeconds is 10, want at least 42
    seaworthy: Deployment shop/web: missing-pre-stop: container `app` has no preStop hook, so requests die at every roll-out (spec.template.spec.containers[0].lifecycle)
    ");
}

#[test]
fn more_warnings_than_fit_are_counted() {
    let lines = warnings(&deployment(), &[&pre_stop(); 10]);
    assert_eq!(lines.len(), WARNINGS);
    assert_eq!(lines[WARNINGS - 1], "seaworthy: Deployment shop/web: and 3 more, see: seaworthy check FILE");
    assert_eq!(warnings(&deployment(), &[&pre_stop(); 8]).iter().filter(|it| it.contains("more")).count(), 0);
    assert!(warnings(&deployment(), &[]).is_empty());
}

prop_compose! {
    fn any_object()(kind in ".{0,80}", namespace in proptest::option::of(".{0,80}"), name in ".{0,300}") -> ObjectRef {
        ObjectRef { api_version: "v1".into(), kind, namespace, name }
    }
}

prop_compose! {
    fn any_finding()(
        rule in "[a-z-]{1,30}",
        message in any::<String>(),
        long in "\\PC{0,400}",
        help in proptest::option::of(any::<String>()),
        key in ".{0,300}",
        docs in ".{0,250}",
    ) -> Finding {
        let message = message + &long;
        Finding { message, help, path: Path::root().key(&key), docs, ..placeless(&rule) }
    }
}

proptest! {
    #[test]
    fn a_refusal_keeps_its_bounds(
        object in any_object(),
        findings in proptest::collection::vec(any_finding(), 1..9),
        exception in proptest::option::of(".{0,250}"),
        contact in proptest::option::of(".{0,90}"),
    ) {
        let findings: Vec<&Finding> = findings.iter().collect();
        let contacts = Contacts { exception: exception.as_deref(), contact: contact.as_deref() };
        let text = refusal(&object, &findings, contacts);
        prop_assert!(text.len() <= REFUSAL_BYTES, "{} bytes", text.len());
        prop_assert!(text.starts_with("seaworthy: "));
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        prop_assert!(text.lines().count() <= 1 + 2 * REFUSAL_PROBLEMS + 1 + 4);
        let head: String = text.chars().take(200).collect();
        let worst = worst_first(&findings)[0];
        let first = format!("- {}", worst.rule);
        prop_assert!(head.contains(&first), "{head}");
        let explain = format!("seaworthy explain {}", worst.rule);
        prop_assert!(text.contains(&explain), "{text}");
    }

    #[test]
    fn warnings_keep_their_bounds(
        object in any_object(),
        findings in proptest::collection::vec(any_finding(), 0..12),
    ) {
        let lines = warnings(&object, &findings.iter().collect::<Vec<_>>());
        let start = format!("seaworthy: {}: ", named(&object));
        prop_assert!(lines.len() <= WARNINGS);
        for line in lines {
            prop_assert!(line.chars().count() <= WARNING_CHARACTERS && !line.contains(char::is_control), "{line:?}");
            prop_assert!(line.starts_with(&start), "{line}");
        }
    }
}

/// For a namespace in `warn` the warning is the whole message: without the field nobody knows what to write.
#[test]
fn a_long_warning_keeps_what_is_wanted_and_where() {
    let path = "spec.jobTemplate.spec.template.metadata.annotations[sidecar.istio.io/nativeSidecar]";
    let wanted = format!("want \"true\" at {path}");
    let message = format!("the classic proxy outlives the work, its Jobs never complete: {wanted}");
    let finding = Finding { message, path: Path::root(), ..placeless("job-never-completes") };
    for name in ["report", &"nightly-report-".repeat(8)] {
        let object = ObjectRef { kind: "CronJob".into(), name: name.into(), ..deployment() };
        let [line] = &warnings(&object, &[&finding])[..] else { panic!("one warning") };
        assert!(line.ends_with(&wanted) && line.contains("job-never-completes: the classic"), "{line}");
        assert!(line.chars().count() <= WARNING_CHARACTERS, "{line}");
    }
}
