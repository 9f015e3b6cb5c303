//! `job` as the parent of the application: signals, zombies, exit codes.

use crate::harness::{Running, as_process_1, in_pod, is_emulated, program, run, until};
use std::process::Command;

const STOP: i32 = 19;
const CONTINUE: i32 = 18;

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
fn an_ignored_sigchld_is_ignored_by_the_application_only() {
    in_pod(|| {
        let job = |words: &[&str]| {
            let own = program("job --quit-timeout 0s --");
            let mut command = Command::new("env");
            command.arg("--ignore-signal=CHLD").arg(own.get_program()).args(own.get_args());
            run(command.args(words))
        };
        assert_eq!(job(&["sh", "-c", "exit 5"]).code, Some(5));
        let ended = job(&["grep", "SigIgn", "/proc/self/status"]);
        let ignored = u64::from_str_radix(ended.stdout.trim_start_matches("SigIgn:").trim(), 16).unwrap();
        assert_eq!(ignored & (1 << 16), 1 << 16, "{ignored:x}");
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
        // Orphans that end at once; then the program and bash are alone: a zombie has its folder still. It is an endless loop
        // where one stays.
        let script = "echo ready; read line; for i in $(seq 100); do (true &) ; done; echo made; \
                      while set -- /proc/[0-9]*; [ $# -gt 2 ]; do :; done; echo alone";
        for stopped in [false, true] {
            let mut job = Running::start(as_process_1("job --quit-timeout 0s -- bash -c").arg(script));
            job.writes("ready\n");
            // While it is stopped, one SIGCHLD comes to stand for all of them.
            if stopped {
                job.signal_child(STOP);
            }
            job.type_in("go\n");
            job.writes("made\n");
            if stopped {
                job.signal_child(CONTINUE);
            }
            let ended = job.ended();
            assert_eq!((ended.code, &*ended.stdout), (Some(0), "ready\nmade\nalone\n"), "{}", ended.stderr);
        }
    });
}

#[test]
fn a_terminals_signal_reaches_the_application_once() {
    in_pod(|| {
        // Every INT with its sender: 128 is the kernel, 0 a process. Two that wait at the same time would count as one, so
        // there are many, one after the other.
        let text = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [2, 10])\nprint('ready', flush=True)\n\
                    while True:\n sent = signal.sigwaitinfo([2, 10])\n print(sent.si_signo, sent.si_code, flush=True)\n";
        let script = std::env::temp_dir().join("tells.py");
        std::fs::write(&script, text).unwrap();
        let own = program("job --quit-timeout 0s -- python3");
        let own = [own.get_program()].into_iter().chain(own.get_args()).map(|word| word.to_str().unwrap());
        let line = format!("{} {}", own.collect::<Vec<_>>().join(" "), script.display());
        // `script` is the terminal: what is typed there goes to all processes in its foreground.
        let mut terminal = Running::start(Command::new("script").args(["-qec", &line, "/dev/null"]));
        terminal.writes("ready\r\n");
        for count in 1..=20 {
            terminal.type_in("\x03");
            until("one more", || (terminal.stdout().matches("2 128\r\n").count() == count).then_some(()));
        }
        assert!(!terminal.stdout().contains("2 0"), "{terminal}");
    });
}
