//! How words of commands and scripts are told apart.

use super::wait::script_wait::{is_assignment, refers_to};
use super::wait::wait_only::reads;
use super::*;

#[test]
fn what_only_waits_is_told_from_what_does_more() {
    const LOOP: &str = "until curl -fs localhost:15021/healthz/ready; do sleep 1; done";
    let and_more = format!("{LOOP}; /warm-up");
    for (argv, wanted) in [
        (&["sh", "-c", LOOP][..], true),
        (&["tini", "--", "/bin/bash", "-ec", LOOP], true),
        (&["sh", "-c", &and_more], false),
        (&["/wait", "-c", LOOP], false),
        (&["/usr/local/bin/pilot-agent", "wait"], true),
        (&["pilot-agent", "request"], false),
        (&["/app", "wait"], false),
        (&[], false),
    ] {
        let start = ContainerStart { name: "app", image: "app:1", command: argv, args: &[], env: &[] };
        assert_eq!(start.only_waits(), wanted, "{argv:?}");
    }
}

#[test]
fn variables_are_told_from_what_looks_like_them() {
    for (script, wanted) in [
        ("/app $S", true),
        ("/app \"${S:-x}\"", true),
        ("export S", true),
        ("/app --S=1", true),
        ("S=1", false),
        ("a S=1", false),
        ("a;S=1", false),
        ("a&S=1", false),
        ("/app $S1 $_S $XS", false),
    ] {
        assert_eq!(reads(script, "S"), wanted, "{script}");
    }
    for (text, wanted) in [("$S", true), ("${S}", true), ("S", false), ("$S1", false), ("${S:-1}", false)] {
        assert_eq!(refers_to(text, "S"), wanted, "{text}");
    }
    for (word, wanted) in [("A=b", true), ("A_1=", true), ("=b", false), ("a-b=c", false), ("A", false)] {
        assert_eq!(is_assignment(word), wanted, "{word}");
    }
}

#[test]
fn the_script_of_a_shell_stands_behind_its_options() {
    for (arguments, wanted) in [
        (&["-c", "a"][..], Some("a")),
        (&["-eo", "pipefail", "-c", "a", "b"], Some("a")),
        (&["--norc", "-c", "a"], Some("a")),
        (&["--norc", "a.sh"], None),
        (&["-e", "a.sh"], None),
        (&["-c"], None),
    ] {
        assert_eq!(inline_script(arguments), wanted, "{arguments:?}");
    }
}
