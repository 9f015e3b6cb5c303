use super::*;
use crate::base::{Path, Suppression};
use crate::report::example::{finding, finding_at, placeless, service};
use proptest::prelude::*;

const PLAIN: Appearance = Appearance { colour: false, width: 100, shorten: false };

/// The text form of findings in these sources.
fn text(findings: &[Finding], known: &[&Source], appearance: Appearance) -> String {
    let look_up = |name: &str| known.iter().find(|it| it.name().as_ref() == name).map(|it| (*it).clone());
    render(findings, &look_up, appearance)
}

#[test]
fn a_finding_with_all_its_parts() {
    let source = service();
    let route = Source::new("routes/web.yaml", "kind: VirtualService\nmetadata:\n  name: web\n");
    let findings = [Finding {
        severity: Severity::Error,
        help: Some("rename it, or say the protocol beside it:\n  appProtocol: grpc".into()),
        template: Some("chart/templates/web.yaml".into()),
        related: vec![Related {
            message: "used by this route".into(),
            place: Some(route.place(Span { start: 6, end: 20 })),
            path: Path::keys("kind"),
        }],
        ..finding_at(&source, "unclear-port-protocol", "grpcapi")
    }];
    insta::assert_snapshot!(text(&findings, &[&source, &route], PLAIN), @"
    error[unclear-port-protocol]: port name `grpcapi` hides the protocol from Istio, so it is treated as plain TCP
     --> deploy/web.yaml:9:11
      |
    7 |   ports:
    8 |   - port: 9000
    9 |     name: grpcapi
      |           ^^^^^^^
      |
     ::: routes/web.yaml:1:7
      |
    1 | kind: VirtualService
      |       -------------- used by this route
      |
      = note: Service shop/web, spec.ports[0].name
      = note: rendered from chart/templates/web.yaml
      = help: rename it, or say the protocol beside it:
                appProtocol: grpc
      = docs: https://example.com/rules/unclear-port-protocol
    ");
}

#[test]
fn a_drawing_keeps_its_columns() {
    let lines = ["seconds  0    30", "web      ====T|", "in       o\u{1b}[1m"].map(str::to_owned).to_vec();
    let findings = [Finding { drawing: lines, help: Some("wait".into()), ..placeless("a-rule") }];
    insta::assert_snapshot!(text(&findings, &[], PLAIN), @"
    warning[a-rule]: port name `web` hides the protocol
     |
     = note: Service shop/web, spec.ports[0].name
     = note: how the pod ends:
             seconds  0    30
             web      ====T|
             in       o�[1m
     = help: wait
     = docs: https://example.com/rules/a-rule
    ");
}

#[test]
fn what_is_not_at_hand_is_said_in_words() {
    let elsewhere = finding("a-rule", "other.yaml", 20, 3).place;
    let related = |place| Related { message: "used here".into(), place, path: Path::root() };
    let findings = [
        finding("a-rule", "gone.yaml", 3, 4),
        Finding { related: vec![related(elsewhere), related(None)], ..placeless("b-rule") },
        Finding {
            suppressed: Some(Suppression::Annotation("drains by itself".into())),
            severity: Severity::Info,
            path: Path::root(),
            remedy: crate::base::Remedy::Unfixed(String::new()),
            docs: String::new(),
            ..placeless("c-rule")
        },
    ];
    insta::assert_snapshot!(text(&findings, &[], PLAIN), @"
    warning[a-rule]: port name `web` hides the protocol
    --> gone.yaml:3:4
     = note: Service shop/web, spec.ports[0].name
     = docs: https://example.com/rules/a-rule

    warning[b-rule]: port name `web` hides the protocol
     |
     = note: used here (other.yaml:20:3)
     = note: used here
     = note: Service shop/web, spec.ports[0].name
     = docs: https://example.com/rules/b-rule

    info[c-rule]: port name `web` hides the protocol
     |
     = note: Service shop/web
     = note: suppressed by an annotation: drains by itself
    ");
}

#[test]
fn colour_is_only_added_to_the_words() {
    let source = service();
    let findings = [finding_at(&source, "unclear-port-protocol", "metricz")];
    let colourful = text(&findings, &[&source], Appearance { colour: true, ..PLAIN });
    insta::assert_snapshot!(colourful.replace('\u{1b}', "ESC"), @r#"
    ESC[1mESC[33mwarning[unclear-port-protocol]ESC[0mESC[1m: port name `metricz` hides the protocol from Istio, so it is treated as plain TCPESC[0m
      ESC[1mESC[94m--> ESC[0mdeploy/web.yaml:11:12
       ESC[1mESC[94m|ESC[0m
    ESC[1mESC[94m 9ESC[0m ESC[1mESC[94m|ESC[0m     name: grpcapi
    ESC[1mESC[94m10ESC[0m ESC[1mESC[94m|ESC[0m   - port: 9001
    ESC[1mESC[94m11ESC[0m ESC[1mESC[94m|ESC[0m     name: "metricz"
       ESC[1mESC[94m|ESC[0m            ESC[1mESC[33m^^^^^^^ESC[0m
       ESC[1mESC[94m|ESC[0m
       ESC[1mESC[94m= ESC[0mESC[1mnoteESC[0m: Service shop/web, spec.ports[0].name
       ESC[1mESC[94m= ESC[0mESC[1mdocsESC[0m: https://example.com/rules/unclear-port-protocol
    "#);
    let escapes = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    assert_eq!(escapes.replace_all(&colourful, ""), text(&findings, &[&source], PLAIN));
}

#[test]
fn a_far_column_is_quoted_in_words() {
    let source = Source::new("a.json", format!("{{\"x\": \"{}\", \"name\": \"grpcapi\", \"y\": 1}}", "x".repeat(600)));
    let findings = [finding_at(&source, "unclear-port-protocol", "grpcapi")];
    insta::assert_snapshot!(text(&findings, &[&source], PLAIN), @r#"
    warning[unclear-port-protocol]: port name `grpcapi` hides the protocol from Istio, so it is treated as plain TCP
    --> a.json:1:620
     = note: in `...xxxxxxxxxxxxxxxxxx", "name": "grpcapi", "y": 1}`
     = note: Service shop/web, spec.ports[0].name
     = docs: https://example.com/rules/unclear-port-protocol
    "#);
}

#[test]
fn a_wide_line_is_cut_to_the_width() {
    let source = Source::new("a.yaml", format!("name: grpcapi # {}\n", "x".repeat(300)));
    let findings = [finding_at(&source, "unclear-port-protocol", "grpcapi")];
    insta::assert_snapshot!(text(&findings, &[&source], Appearance { width: 60, ..PLAIN }), @"
    warning[unclear-port-protocol]: port name `grpcapi` hides the protocol from Istio, so it is treated as plain TCP
     --> a.yaml:1:7
      |
    1 | name: grpcapi # xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
      |       ^^^^^^^
      |
      = note: Service shop/web, spec.ports[0].name
      = docs: https://example.com/rules/unclear-port-protocol
    ");
}

#[test]
fn only_the_first_five_of_a_rule_in_a_file_are_written_out() {
    let findings: Vec<Finding> = (1..=7).map(|line| finding("a-rule", "a.yaml", line, 1)).collect();
    let shortened = text(&findings, &[], Appearance { shorten: true, ..PLAIN });
    assert_eq!(shortened.matches("warning[a-rule]").count(), SHOWN_PER_RULE);
    assert!(shortened.ends_with("note: and 2 more of `a-rule` in a.yaml (-v shows all)\n\n"), "{shortened}");
    assert_eq!(text(&findings, &[], PLAIN).matches("warning[a-rule]").count(), 7);
    let few = text(&findings[..5], &[], Appearance { shorten: true, ..PLAIN });
    assert!(!few.contains("more"), "{few}");
}

#[test]
fn a_problem_points_to_the_word() {
    let source = Source::new("seaworthy.yaml", "modes:\n  defualt: audit\n");
    let problem = Problem::fatal(&source, Span { start: 9, end: 16 }, "unknown key `defualt`: did you mean `default`?");
    let gone = Problem::of_file("gone.yaml", "cannot be read: no such file");
    let look_up = |name: &str| (name == "seaworthy.yaml").then(|| source.clone());
    insta::assert_snapshot!(render_problems(&[problem, gone], &look_up, PLAIN), @"
    error: unknown key `defualt`: did you mean `default`?
     --> seaworthy.yaml:2:3
      |
    1 | modes:
    2 |   defualt: audit
      |   ^^^^^^^

    error: cannot be read: no such file
    --> gone.yaml:1:1
    ");
}

proptest! {
    #[test]
    fn nothing_in_a_manifest_drives_the_terminal(
        manifest in "([a-z:{é漢\u{1b}\u{9b}\u{202e}\u{feff} \t\r-]{0,30}\n?){1,5}",
        start in 0..150usize,
        length in 0..50usize,
        message in any::<String>(),
        width in 0..120usize,
    ) {
        let source = Source::new("a\u{1b}.yaml", manifest);
        let place = source.place(Span { start, end: start + length });
        let related = Related { message: message.clone(), place: Some(place.clone()), path: Path::root() };
        let finding = Finding {
            help: Some(message.clone()),
            message,
            place: Some(place),
            related: vec![related],
            ..placeless("a-rule")
        };
        let text = text(&[finding], &[&source], Appearance { width, ..PLAIN });
        let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        prop_assert!(!text.contains(harmful), "{text:?}");
    }
}
