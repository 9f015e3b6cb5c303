//! `seaworthy check`: what it finds, in which form, and with which exit code.

use crate::{UNCLEAR, clear, folder, seaworthy};

#[test]
fn a_finding_is_shown_at_its_line_with_what_to_do() {
    let ran = seaworthy(&["check", "-"]).input(UNCLEAR).run();
    insta::assert_snapshot!(ran.out, @"
    warning[unclear-port-protocol]: port name `grpcapi` names no protocol, so Istio guesses: want `<protocol>-grpcapi` at spec.ports[0].name, or an appProtocol
      --> <stdin>:12:11
       |
    10 |   ports:
    11 |   - port: 9000
    12 |     name: grpcapi
       |           ^^^^^^^
       |
       = note: Service shop/web, spec.ports[0].name
       = help: protocols Istio reads: http, http2, https, grpc, grpc-web, tcp, tls, mongo, mysql, redis; adding `appProtocol` keeps the name that others refer to
       = docs: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    ");
    insta::assert_snapshot!(ran.err, @"
    note: assumed Istio 1.28, Kubernetes 1.33: set `profile` in seaworthy.yaml
    checked 2 objects in 1 file: 1 warning
    ");
    assert_eq!(ran.code, Some(1));
}

#[test]
fn the_shop_is_judged_file_by_file() {
    let ran = seaworthy(&["check", "examples", "-o", "concise"]).run();
    let starts: Vec<&str> = ran.out.lines().filter_map(|line| line.split(']').next()).collect();
    insta::assert_snapshot!(starts.join("\n"), @"
    examples/shop/catalog.yaml:13:7: warning[hpa-averages-sidecar
    examples/shop/images.yaml:24:5: warning[missing-identity-wait
    examples/shop/orders.yaml:22:14: error[conflicting-port-protocols
    examples/shop/orders.yaml:23:14: error[udp-named-tcp-port
    examples/shop/orders.yaml:39:38: error[short-grace-period
    examples/shop/web.yaml:12:13: warning[unclear-port-protocol
    examples/shop/web.yaml:27:5: info[unsized-proxy
    examples/shop/web.yaml:33:17: warning[missing-pre-stop
    examples/till/migrate.yaml:18:11: error[endless-proxy-wait
    examples/till/nightly-report.yaml:9:3: error[job-never-completes
    examples/till/payment.yaml:18:17: warning[app-starts-before-proxy
    examples/till/payment.yaml:24:13: error[proxy-stops-first
    ");
    insta::assert_snapshot!(ran.err, @"checked 22 objects in 10 files: 6 errors, 5 warnings, 1 info, 8 fixable with `seaworthy fix`");
}

#[test]
fn json_holds_the_same() {
    let ran = seaworthy(&["check", "-", "--stdin-filename", "deploy/web.yaml", "-o", "json"]).input(UNCLEAR).run();
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let finding = &document["findings"][0];
    let keys = ["rule", "path", "file", "line", "column", "endLine", "endColumn"];
    let seen = keys.map(|key| finding[key].clone());
    let wanted = serde_json::json!(["unclear-port-protocol", "spec.ports[0].name", "deploy/web.yaml", 12, 11, 12, 18]);
    assert_eq!(serde_json::json!(seen), wanted);
    assert_eq!(document["summary"]["warnings"], 1);
    assert_eq!(ran.code, Some(1));
}

#[test]
fn the_highest_exit_code_that_applies_is_used() {
    let clear = clear();
    let files = folder(&[
        ("clear.yaml", &clear),
        ("unclear.yaml", UNCLEAR),
        ("broken.yaml", "a: [\n"),
        ("other.yaml", "just: data\n"),
        ("template.yaml", "{{- if .Values.on }}\nkind: Service\n{{- end }}\n"),
        ("empty/.keep", ""),
    ]);
    let cases: [(&[&str], i32); 14] = [
        (&["clear.yaml"], 0),
        (&["unclear.yaml"], 1),
        (&["unclear.yaml", "--fail-on", "error"], 0),
        (&["unclear.yaml", "--fail-on", "never"], 0),
        (&["unclear.yaml", "--select", "missing-pre-stop"], 0),
        (&["unclear.yaml", "--select", "mising-pre-stop"], 2),
        (&["unclear.yaml", "gone.yaml"], 2),
        (&["--no-such-flag", "clear.yaml"], 2),
        (&[], 2),
        (&["other.yaml"], 3),
        (&["empty"], 3),
        (&["template.yaml"], 3),
        (&["broken.yaml", "clear.yaml"], 4),
        (&["broken.yaml", "unclear.yaml"], 4),
    ];
    for (arguments, code) in cases {
        let ran = seaworthy(&["check"]).arguments(arguments).within(files.path()).run();
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_broken_file_does_not_hide_the_findings_of_the_others() {
    let files = folder(&[("broken.yaml", "a: [\n"), ("unclear.yaml", UNCLEAR)]);
    let ran = seaworthy(&["check", ".", "-o", "concise"]).within(files.path()).run();
    assert!(ran.out.starts_with("unclear.yaml:12:11: warning[unclear-port-protocol] "), "{}", ran.out);
    assert!(ran.err.contains("--> broken.yaml:"), "{}", ran.err);
}

#[test]
fn the_order_of_arguments_does_not_change_a_byte() {
    let files = folder(&[("a/one.yaml", UNCLEAR), ("b/two.yaml", UNCLEAR), ("three.yaml", UNCLEAR)]);
    let run =
        |arguments: &[&str]| seaworthy(&["check", "-o", "json"]).arguments(arguments).within(files.path()).run().out;
    let wanted = run(&["."]);
    for arguments in [&["three.yaml", "b", "a"][..], &["a", "b", "three.yaml"], &[".", "b/two.yaml", "./three.yaml"]] {
        assert_eq!(run(arguments), wanted, "{arguments:?}");
    }
}

#[test]
fn suppressed_findings_are_counted_and_shown_on_demand() {
    let ignored =
        UNCLEAR.replace("grpcapi", "grpcapi # seaworthy: ignore[unclear-port-protocol] spoken by old clients");
    let ran = seaworthy(&["check", "-", "-o", "concise"]).input(ignored.clone()).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    assert!(ran.err.ends_with("checked 2 objects in 1 file: no findings (1 suppressed)\n"), "{}", ran.err);
    let ran = seaworthy(&["check", "-", "-o", "concise", "--show-suppressed"]).input(ignored).run();
    assert!(ran.out.contains("(suppressed by a comment: spoken by old clients)"), "{}", ran.out);
}

#[test]
fn what_was_assumed_and_left_out_is_said_once() {
    let unknown = UNCLEAR.split_once("---\n").unwrap().1;
    let files = folder(&[("a.yaml", unknown), ("b.yaml", unknown), ("chart.yaml", "{{- if .x }}\na: 1\n{{- end }}\n")]);
    let ran = seaworthy(&["check", "."]).within(files.path()).run();
    insta::assert_snapshot!(ran.err, @"
    note: membership unknown for 2 objects; assumed Istio 1.28, Kubernetes 1.33: set `profile` or `--assume-membership sidecar`
    note: 1 template file with `{{ ... }}` or `#@ ...` not read: check what is rendered, as in `helm template CHART | seaworthy check -`
    checked 2 objects in 3 files: 2 warnings (1 document skipped)
    ");
    let ran = seaworthy(&["check", ".", "--assume-membership", "outside", "-o", "concise"]).within(files.path()).run();
    assert_eq!((ran.out.as_str(), ran.err.contains("membership unknown")), ("", false), "{}", ran.err);
}

#[test]
fn a_document_may_be_no_longer_than_allowed() {
    let ran = seaworthy(&["check", "-", "--max-document-size", "100"]).input(UNCLEAR).run();
    assert_eq!(ran.code, Some(4));
    let ran = seaworthy(&["check", "-", "--max-document-size", "1KiB"]).input(UNCLEAR).run();
    assert_eq!(ran.code, Some(1));
}

#[test]
fn a_kustomization_is_no_kubernetes_object() {
    let text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [web.yaml]\n";
    let files = folder(&[("kustomization.yaml", text)]);
    let ran = seaworthy(&["check", "kustomization.yaml"]).within(files.path()).run();
    assert_eq!(ran.code, Some(3), "{}", ran.err);
}
