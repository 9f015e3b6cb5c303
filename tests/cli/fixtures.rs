//! `seaworthy test`: fixtures that hold their own expectation.

use crate::{UNCLEAR, clear, folder, seaworthy};

#[test]
fn our_own_fixtures_are_as_marked() {
    let ran = seaworthy(&["test", "tests/rules", "--isolated"]).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
}

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
