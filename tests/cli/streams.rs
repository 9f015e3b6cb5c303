//! Who hears what: results on standard output, the rest on standard error, colour and escapes only where wanted.

use crate::{UNCLEAR, clear, folder, seaworthy};
use std::process::{Command, Stdio};

#[test]
fn quiet_leaves_only_the_result() {
    let ran = seaworthy(&["check", "-", "-q"]).input(UNCLEAR).run();
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    let ran = seaworthy(&["check", "-", "-q"]).input(clear()).run();
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", ""));
}

#[test]
fn verbose_says_which_configuration_is_used() {
    let ran = seaworthy(&["check", "examples/shop", "-v"]).run();
    assert!(ran.err.starts_with("configuration: examples/seaworthy.yaml, for examples/shop/"), "{}", ran.err);
}

#[test]
fn colour_goes_to_those_who_ask_for_it() {
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], bool);
    let cases: [Case; 5] = [
        (&[], &[], false),
        (&["--color", "always"], &[], true),
        (&[], &[("FORCE_COLOR", "1")], true),
        (&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
        (&["--color=never"], &[("CLICOLOR_FORCE", "1")], false),
    ];
    for (flags, variables, wanted) in cases {
        let mut run = seaworthy(&["check", "-"]).arguments(flags).input(UNCLEAR);
        for (name, value) in variables {
            run = run.env(name, value);
        }
        assert_eq!(run.run().out.contains('\u{1b}'), wanted, "{flags:?} {variables:?}");
    }
}

#[test]
fn a_hostile_manifest_does_not_drive_the_terminal() {
    let hostile =
        UNCLEAR.replace("grpcapi", "\"\\e]0;owned\\a\\u009b2J\"").replace("name: web", "name: \"a\\nb\\e[2J\"");
    let files = folder(&[("\u{1b}[31m.yaml", &hostile), ("broken\u{9b}.yaml", "a: \u{1b}[2J [\n")]);
    for form in ["full", "concise", "json"] {
        let ran = seaworthy(&["check", ".", "-o", form]).within(files.path()).run();
        assert_eq!(ran.code, Some(4), "{}", ran.err);
        let harmful = |c: char| c.is_control() && c != '\n';
        assert!(!ran.out.is_empty() && !ran.out.contains(harmful), "{form}: {:?}", ran.out);
        assert!(!ran.err.contains(harmful), "{form}: {:?}", ran.err);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_drama() {
    // Far more than a pipe holds, so that the program meets the closed end.
    let documents = vec![UNCLEAR; 2000].join("---\n");
    let files = folder(&[("many.yaml", &documents)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    command.args(["check", "many.yaml", "-o", "json"]).current_dir(files.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.ends_with("warnings\n") && !err.contains("panic") && !err.contains("pipe"), "{err}");
}
