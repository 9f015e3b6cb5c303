//! `job` as the parent of the application: signals, zombies, exit codes.

use crate::harness::{Running, as_process_1, in_pod, is_emulated, program, run};
use std::process::{Command, Stdio};

#[test]
fn the_exit_code_is_the_applications() {
    in_pod(|| {
        for (script, code) in [
            ("exit 0", 0),
            ("exit 1", 1),
            ("exit 42", 42),
            ("exit 255", 255),
            ("kill -9 $$", 137),
            ("kill -15 $$", 143),
            ("kill -11 $$", 139),
        ] {
            for mut command in
                [program("job --quit-timeout 0s -- sh -c"), as_process_1("job --quit-timeout 0s -- sh -c")]
            {
                assert_eq!(run(command.arg(script)).code, Some(code), "{script}");
            }
        }
    });
}

#[test]
fn every_signal_is_handed_on() {
    in_pod(|| {
        // All that can be caught and mean something to an application. Not 32 and 33, the C library's own.
        let last = if is_emulated() { 31 } else { 64 };
        let signals: Vec<i32> = (1..=last).filter(|number| ![9, 17, 19, 32, 33].contains(number)).collect();
        let traps: String = signals.iter().map(|number| format!("trap 'echo got {number}.' {number}; ")).collect();
        let script = format!("{traps} echo ready; while :; do sleep 60 >&- 2>&- & wait $!; done");
        for mut command in
            [program("job --quit-timeout 0s -- bash -c"), as_process_1("job --quit-timeout 0s -- bash -c")]
        {
            let is_process_1 = command.get_program() == "unshare";
            let application = Running::start(command.arg(&script));
            application.writes("ready\n");
            for number in &signals {
                if is_process_1 {
                    application.signal_child(*number)
                } else {
                    application.signal(*number)
                }
                application.writes(&format!("got {number}.\n"));
            }
            assert_eq!(application.stdout().matches("got ").count(), signals.len(), "each once");
        }
    });
}

#[test]
fn an_application_that_ends_its_own_way_on_term_has_its_code() {
    in_pod(|| {
        let script = "trap 'exit 7' TERM; echo ready; while :; do sleep 60 >&- 2>&- & wait $!; done";
        let application = Running::start(as_process_1("job --quit-timeout 0s -- sh -c").arg(script));
        application.writes("ready\n");
        application.signal_child(15);
        assert_eq!(application.ended().code, Some(7));
    });
}

#[test]
fn as_process_1_it_reaps_what_others_left_behind() {
    in_pod(|| {
        // Orphans that end at once; then none may be there as a zombie. Under an endless loop only a failure ends late.
        let script = "for i in $(seq 100); do (true &) ; done; \
                      while grep -qs '^State:.Z' /proc/[0-9]*/status; do :; done; echo no zombies; \
                      for pid in /proc/[0-9]*; do cat $pid/comm; done";
        let ended = run(as_process_1("job --quit-timeout 0s -- bash -c").arg(script));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.stdout.starts_with("no zombies\n"), "{}", ended.stdout);
        assert!(ended.stdout.lines().count() <= 4, "the program, bash, cat: {}", ended.stdout);
    });
}

#[test]
fn a_terminals_signal_reaches_the_application_once() {
    in_pod(|| {
        let mut words = vec!["script".to_owned(), "-qec".to_owned()];
        let script = std::env::temp_dir().join("seaworthy-wait-counts.sh");
        let text = "trap 'echo INT' INT; trap 'exit 5' USR1; echo ready; while read -r line; do echo line; done; kill -USR1 $$\n";
        std::fs::write(&script, text).unwrap();
        let own = program("job --quit-timeout 0s -- bash");
        let own = [own.get_program()].into_iter().chain(own.get_args()).map(|word| word.to_str().unwrap());
        words.push(format!("{} {}", own.collect::<Vec<_>>().join(" "), script.display()));
        words.push("/dev/null".to_owned());
        let mut command = Command::new(&words[0]);
        let mut child = command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let seen = type_at(&mut input, &mut output);
        std::fs::remove_file(script).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(seen.matches("INT").count(), 1, "{seen}");
    });
}

/// Types Ctrl-C and a line, and reads until the line was answered.
fn type_at(input: &mut impl std::io::Write, output: &mut impl std::io::Read) -> String {
    let mut seen = String::new();
    let mut read_until = |wanted: &str| {
        let mut byte = [0];
        while !seen.ends_with(wanted) {
            assert_eq!(output.read(&mut byte).unwrap(), 1, "the terminal ended: {seen}");
            seen.push(char::from(byte[0]));
        }
    };
    read_until("ready\r\n");
    input.write_all(b"\x03").unwrap();
    read_until("INT\r\n");
    // A second one, handed on, would come before the line's answer.
    input.write_all(b"hello\n").unwrap();
    read_until("line\r\n");
    seen
}
