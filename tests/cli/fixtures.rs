//! `seaworthy test`: fixtures that hold their own expectation.

use crate::fix::SHORT;
use crate::{UNCLEAR, clear, folder, seaworthy};
use std::fs;

#[test]
fn fixtures_that_are_as_marked_pass() {
    let clear = clear();
    let marked = UNCLEAR.replace("grpcapi", "grpcapi #~ unclear-port-protocol(warning)");
    let outside = format!("#~ profile: {{assumeMembership: outside}}\n{}", UNCLEAR.split_once("---\n").unwrap().1);
    let files = folder(&[
        ("unclear-port-protocol/fail-name.yaml", &marked),
        ("unclear-port-protocol/pass-clear.yaml", &clear),
        ("unclear-port-protocol/pass-outside.yaml", &outside),
        ("unclear-port-protocol/notes.yaml", "a: ["),
    ]);
    let ran = seaworthy(&["test"]).within(files.path()).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    assert_eq!(ran.err, "tested 3 fixtures: all as marked\n");
}

#[test]
fn every_difference_is_shown_at_its_line() {
    let marked = clear().replace("grpc-api", "grpc-api #~ unclear-port-protocol");
    let profile = format!("#~ profile: {{dataPlan: native}}\n{}", clear());
    let files = folder(&[("a/fail-x.yaml", &marked), ("a/pass-y.yaml", UNCLEAR), ("a/issue-z.yaml", &profile)]);
    let ran = seaworthy(&["test", "a"]).within(files.path()).run();
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.out, @"
    error: expected a finding of unclear-port-protocol, got none
      --> a/fail-x.yaml:12:23
       |
    10 |   ports:
    11 |   - port: 9000
    12 |     name: grpc-api #~ unclear-port-protocol
       |                       ^^^^^^^^^^^^^^^^^^^^^

    error: unknown key `profile.dataPlan`; did you mean `dataPlane`?
     --> a/issue-z.yaml:1:13
      |
    1 | #~ profile: {dataPlan: native}
      |             ^^^^^^^^^

    error: unexpected finding of unclear-port-protocol(warning): port name `grpcapi` names no protocol, so Istio guesses: want `<protocol>-grpcapi` at spec.ports[0].name, or an appProtocol
      --> a/pass-y.yaml:12:11
       |
    10 |   ports:
    11 |   - port: 9000
    12 |     name: grpcapi
       |           ^^^^^^^
    ");
    assert_eq!(ran.err, "tested 3 fixtures: 3 differ\n");
}

#[test]
fn a_folder_without_fixtures_is_a_mistake() {
    let files = folder(&[("x.yaml", UNCLEAR)]);
    let ran = seaworthy(&["test"]).within(files.path()).run();
    let wanted = "no fixture (fail-*.yaml, pass-*.yaml, issue-*.yaml) found in .\n";
    assert_eq!((ran.code, ran.err.as_str()), (Some(3), wanted));
    assert_eq!(seaworthy(&["test", "gone"]).within(files.path()).run().code, Some(2));
}

/// What a fixture is after its safe fixes lies beside it, and `--update` puts it there.
#[test]
fn a_fixture_with_a_safe_fix_has_the_fixed_text_beside_it() {
    let marked = SHORT.replace("# seconds", "#~ short-grace-period");
    let fixed = marked.replace("Seconds: 20", "Seconds: 32");
    let orphan = "a/fail-gone.fixed.yaml";
    let files = folder(&[("a/fail-x.yaml", &marked), ("a/fail-y.yaml", &marked), ("a/pass-z.yaml", &clear())]);
    let write = |name: &str, text: &str| fs::write(files.path().join(name), text).unwrap();
    write("a/fail-y.fixed.yaml", &marked.replace("Seconds: 20", "Seconds: 33"));
    write("a/pass-z.fixed.yaml", &clear());
    write(orphan, &fixed);
    let ran = seaworthy(&["test"]).within(files.path()).run();
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), "tested 3 fixtures: 4 differ\n"));
    insta::assert_snapshot!(ran.out, @r#"
    error: there is no fixture a/fail-gone.yaml
     --> a/fail-gone.fixed.yaml:1:1
      |
    1 | apiVersion: v1
      | ^^^^^^^^^^

    error: it has a safe fix: want a/fail-x.fixed.yaml with the text after it, `--update` writes it
     --> a/fail-x.yaml:1:1
      |
    1 | apiVersion: v1
      | ^^^^^^^^^^

    error: the safe fixes of the fixture give another text from here on
      --> a/fail-y.fixed.yaml:13:1
       |
    11 |       labels: {app: "web", version: v1}   # the shop
    12 |     spec:
    13 |       terminationGracePeriodSeconds: 33 #~ short-grace-period
       | ^

    error: the fixture has no safe fix: want this file removed
     --> a/pass-z.fixed.yaml:1:1
      |
    1 | apiVersion: v1
      | ^^^^^^^^^^

    --- a/a/fail-y.fixed.yaml
    +++ b/a/fail-y.fixed.yaml
    @@ -10,7 +10,7 @@
         metadata:
           labels: {app: "web", version: v1}   # the shop
         spec:
    -      terminationGracePeriodSeconds: 33 #~ short-grace-period
    +      terminationGracePeriodSeconds: 32 #~ short-grace-period
           containers:
           - name: web
             ports: [{containerPort: 80}]
    "#);
    fs::remove_file(files.path().join(orphan)).unwrap();
    let ran = seaworthy(&["test", "--update"]).within(files.path()).run();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "updated 3 *.fixed.yaml; tested 3 fixtures: all as marked\n"));
    for name in ["a/fail-x.fixed.yaml", "a/fail-y.fixed.yaml"] {
        assert_eq!(fs::read_to_string(files.path().join(name)).unwrap(), fixed);
    }
    assert!(!files.path().join("a/pass-z.fixed.yaml").exists());
    let ran = seaworthy(&["test"]).within(files.path()).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
}
