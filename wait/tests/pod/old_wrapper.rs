//! The shell wrapper that people have pasted since 2019 beside `run`, in the same pod: seven ways in which it fails.

use crate::harness::{Reply, Running, Server, in_pod, program, program_path, run, runner, until, which};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// As `command: [sh, -c, ...]` of a container.
const OLD: &str = "while true; do STATUS=$(curl -s -o /dev/null -w '%{http_code}' http://localhost:15020/healthz/ready); \
                   if [ $STATUS -eq 200 ]; then break; fi; sleep 1; done; exec echo started";
const AGENT: &str = "127.0.0.1:15020";

fn old_wrapper() -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", OLD]);
    command
}

/// A folder for PATH with these programs, and a `sleep` that takes no time and tells that it was called.
fn tools(name: &str, programs: &[&str]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("seaworthy-wait-old-{name}"));
    std::fs::create_dir_all(&folder).unwrap();
    for program in programs {
        std::os::unix::fs::symlink(which(program.as_ref()), folder.join(program)).unwrap();
    }
    std::fs::write(folder.join("sleep"), "#!/bin/sh\necho round >&2\n").unwrap();
    std::fs::set_permissions(folder.join("sleep"), PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

fn rounds(running: &Running) -> usize {
    format!("{running}").matches("round\n").count()
}

#[test]
fn one_an_image_without_curl_loops_for_ever() {
    in_pod(|| {
        let _agent = Server::start(AGENT, [Reply::ok()]);
        let tools = tools("curl", &[]);
        let mut old = Running::start(old_wrapper().env("PATH", &tools));
        until("ten rounds", || (rounds(&old) >= 10).then_some(()));
        assert_eq!((old.exited(), old.stdout()), (None, String::new()));
        let new =
            run(program("run --http http://localhost:15020/healthz/ready -- /bin/echo started").env("PATH", &tools));
        assert_eq!(new.stdout, "started\n");
        std::fs::remove_dir_all(tools).unwrap();
    });
}

#[test]
fn two_as_process_1_it_is_deaf_to_term() {
    in_pod(|| {
        let agent = Server::start(AGENT, [Reply::status(503)]);
        let tools = tools("deaf", &["curl"]);
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child", "/bin/sh", "-c", OLD]);
        let mut old = Running::start(command.env("PATH", format!("{}:/usr/bin", tools.display())));
        until("a round", || (agent.count() >= 1).then_some(()));
        old.signal_child(15);
        let before = agent.count();
        until("five more rounds", || (agent.count() >= before + 5).then_some(()));
        assert_eq!(old.exited(), None);
        let new = Running::start(&mut crate::harness::as_process_1("run -- echo started"));
        new.says("waiting");
        new.signal_child(15);
        assert_eq!(new.ended().code, Some(143));
        std::fs::remove_dir_all(tools).unwrap();
    });
}

#[test]
fn three_a_proxy_that_never_becomes_ready_holds_it_for_ever() {
    in_pod(|| {
        let agent = Server::start(AGENT, [Reply::status(503)]);
        let tools = tools("endless", &["curl"]);
        let mut old = Running::start(old_wrapper().env("PATH", &tools));
        until("twenty rounds", || (agent.count() >= 20).then_some(()));
        assert_eq!(old.exited(), None);
        let new = run(&mut program("run --timeout 200ms --http http://localhost:15020/healthz/ready -- echo started"));
        assert_eq!(new.code, Some(124));
        std::fs::remove_dir_all(tools).unwrap();
    });
}

#[test]
fn four_in_a_pod_without_a_proxy_the_application_never_starts() {
    in_pod(|| {
        let tools = tools("outside", &["curl"]);
        let mut old = Running::start(old_wrapper().env("PATH", &tools));
        until("twenty rounds", || (rounds(&old) >= 20).then_some(()));
        assert_eq!((old.exited(), old.stdout()), (None, String::new()));
        let new = run(&mut program("run --timeout 200ms --on-timeout start -- echo started"));
        assert_eq!(new.stdout, "started\n");
        std::fs::remove_dir_all(tools).unwrap();
    });
}

#[test]
fn five_a_server_that_is_silent_holds_one_round_for_ever() {
    in_pod(|| {
        let agent = Server::start(AGENT, [Reply::Stall("")]);
        let mut old = Running::start(&mut old_wrapper());
        until("the request", || (agent.count() == 1).then_some(()));
        let new =
            run(&mut program("run --attempt-timeout 50ms --timeout 1s --http http://localhost:15020/ -- echo started"));
        assert_eq!(new.code, Some(124));
        // Meanwhile the old one has asked once and not again; the others are ours.
        let of_curl = agent.requests().iter().filter(|request| request.contains("User-Agent: curl")).count();
        assert_eq!((of_curl, old.exited()), (1, None));
        assert!(agent.count() > 2, "ours asked once only");
    });
}

#[test]
fn six_an_image_without_a_shell_cannot_start_it() {
    in_pod(|| {
        let root = std::env::temp_dir().join("seaworthy-wait-no-shell");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::copy(program_path(), root.join("wait")).unwrap();
        if let Some(emulator) = runner() {
            std::fs::copy(emulator, root.join("emulator")).unwrap();
        }
        let old = run(Command::new("chroot").arg(&root).args(["/bin/sh", "-c", OLD]));
        assert_eq!(old.code, Some(127), "{}", old.stderr);
        let mut new = Command::new("chroot");
        new.arg(&root).args(runner().map(|_| "/emulator")).args(["/wait", "--version"]);
        assert!(run(&mut new).stdout.starts_with("seaworthy-wait "));
        std::fs::remove_dir_all(root).unwrap();
    });
}

#[test]
fn seven_it_drops_the_arguments() {
    in_pod(|| {
        let _agent = Server::start(AGENT, [Reply::ok()]);
        // Kubernetes puts `args` behind `command`; a shell takes them as its own $0, $1, $2.
        let args = ["--port", "80 80", "$(POD_NAME)"];
        let old = run(old_wrapper().args(args));
        assert_eq!(old.stdout, "started\n");
        let new = run(program("run --http http://localhost:15020/healthz/ready -- echo started").args(args));
        assert_eq!(new.stdout, "started --port 80 80 $(POD_NAME)\n");
    });
}
