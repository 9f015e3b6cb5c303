//! What the application sees is what it would see without us: words, environment, folder, user, terminal, signals, files.

use crate::harness::{OK, Reply, Running, Server, in_pod, is_emulated, program, program_path, run, runner};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

const RUN: &str = "run --timeout 0s --on-timeout start --quiet --";

/// Words that something in between could change.
fn words() -> Vec<&'static OsStr> {
    let bytes: [&[u8]; 10] =
        [b"", b" a  b ", b"$(VAR)", b"$$(VAR)", b"--help", b"--", b"a\nb", b"'\"\\*", b"\xff\xfe", "ä".as_bytes()];
    bytes.map(OsStr::from_bytes).to_vec()
}

/// The same command, without us and with us.
fn both(change: impl Fn(&mut Command)) -> (String, String) {
    let mut without = Command::new("sh");
    let mut with = program(RUN);
    with.arg("sh");
    [&mut without, &mut with]
        .map(|command| {
            change(command);
            let ended = run(command);
            assert_eq!(ended.code, Some(0), "{command:?}: {}", ended.stderr);
            ended.stdout
        })
        .into()
}

#[test]
fn words_and_environment_are_kept_byte_by_byte() {
    in_pod(|| {
        // An emulator turns the environment's order around.
        let environment = if is_emulated() { "sort -z /proc/$$/environ | od -c" } else { "od -c /proc/$$/environ" };
        let show = format!("{environment}; printf '[%s]' \"$@\" | od -c; od -c /proc/$$/cmdline");
        let (without, with) = both(|command| {
            command.args(["-c", &show]).args(words());
            command.env_clear().env("PATH", "/usr/bin:/bin").env("VAR", "value").env("EMPTY", "").env("A B", " c\n");
            command.env("BYTES", OsStr::from_bytes(b"\xff"));
        });
        assert_eq!(without, with);
        assert!(with.contains("$   (   V   A   R   )"), "{with}");
    });
}

#[test]
fn an_empty_environment_stays_empty() {
    in_pod(|| {
        let (without, with) = both(|command| {
            command.args(["-c", "/usr/bin/od -c /proc/$$/environ; echo $#"]).env_clear();
        });
        assert_eq!(without, with);
        assert!(with.ends_with("\n0\n"), "{with}");
    });
}

#[test]
fn folder_user_limits_files_and_signals_are_kept() {
    in_pod(|| {
        const SHOW: &str = "pwd -P; id; umask; ulimit -a; ls /proc/$$/fd; cat /proc/$$/oom_score_adj; nice; \
                            exec grep -E '^(Sig(Blk|Ign|Cgt)|Groups|Cap|NoNewPrivs|Seccomp|Threads)' /proc/self/status";
        // As another user, with limits, and with signals ignored and blocked that we listen to.
        let changed = "ulimit -n 99; ulimit -c 0; umask 027; cd /tmp; \
                       exec env --ignore-signal=INT,PIPE,HUP,USR1,CHLD --block-signal=TERM,USR2,ALRM \"$@\"";
        let user = ["setpriv", "--reuid=65532", "--regid=65532", "--clear-groups", "--no-new-privs"];
        let wrapped = |words: Vec<&str>| {
            let mut command = Command::new(user[0]);
            command.args(&user[1..]).args(["nice", "-n", "3", "sh", "-c", changed, "sh"]).args(words);
            let ended = run(&mut command);
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            ended.stdout
        };
        // Copied, as the program may lie where that user cannot go.
        let place = std::env::temp_dir().join("seaworthy-wait-for-everybody");
        std::fs::copy(program_path(), &place).unwrap();
        let mut own: Vec<&str> = runner().into_iter().map(|path| path.to_str().unwrap()).collect();
        own.push(place.to_str().unwrap());
        own.extend(RUN.split(' '));
        let (without, with) = (wrapped(vec!["sh", "-c", SHOW]), wrapped([own, vec!["sh", "-c", SHOW]].concat()));
        std::fs::remove_file(place).unwrap();
        // An emulator uses signal 33 itself.
        let [without, with] = [without, with].map(|text| if is_emulated() { without_signal_33(&text) } else { text });
        assert_eq!(without, with);
        assert!(with.starts_with("/tmp\nuid=65532"), "{with}");
    });
}

/// The sets of signals that `/proc/self/status` shows, without the one.
fn without_signal_33(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("Sig").and_then(|rest| rest.split_once(":\t")) {
        Some((name, set)) => format!("{name} {:x}\n", u64::from_str_radix(set, 16).unwrap() & !(1 << 32)),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_process_number_is_kept() {
    in_pod(|| {
        let application = Running::start(program(RUN).args(["sh", "-c", "echo number $$"]));
        let wanted = format!("number {}\n", application.pid());
        assert_eq!(application.ended().stdout, wanted);
    });
}

#[test]
fn the_terminal_is_kept() {
    in_pod(|| {
        // `script` gives its command a terminal; /dev/tty can be opened by those only whose terminal it is.
        let show =
            "tty; : < /dev/tty && echo controlling; ps -o pgid=,sid=,tpgid= -p $$ | awk '{print ($1 == $3), ($2 > 0)}'";
        let file = std::env::temp_dir().join("seaworthy-wait-terminal.sh");
        std::fs::write(&file, show).unwrap();
        for task in ["", "run --timeout 0s --on-timeout start --quiet --", "job --quit-timeout 0s --"] {
            let mut line = format!("sh {}", file.display());
            if !task.is_empty() {
                let words = program(task);
                let words =
                    [words.get_program()].into_iter().chain(words.get_args()).map(|word| word.to_str().unwrap());
                line = format!("{} {line}", words.collect::<Vec<_>>().join(" "));
            }
            let ended = run(Command::new("script").args(["-qec", &line, "/dev/null"]));
            let stdout = ended.stdout.replace('\r', "");
            assert!(stdout.starts_with("/dev/pts/") && stdout.contains("\ncontrolling\n1 1\n"), "{line}: {stdout}");
        }
        std::fs::remove_file(file).unwrap();
    });
}

#[test]
fn nothing_is_left_open_by_a_wait_that_was_answered() {
    in_pod(|| {
        let _proxy = Server::start("127.0.0.1:15021", [Reply::Stall(OK)]);
        let show = ["sh", "-c", "ls /proc/$$/fd"];
        let without = run(Command::new(show[0]).args(&show[1..]));
        for task in ["run --", "run --proxy --tcp 127.0.0.1:15021 --", "job --proxy --quit-timeout 0s --"] {
            assert_eq!(run(program(task).args(show)).stdout, without.stdout, "{task}");
        }
    });
}
