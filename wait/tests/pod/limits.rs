//! Under the limits of small containers: few files, little memory, no threads, no room on the stack.

use crate::harness::{Reply, Running, Server, children_of, in_pod, is_emulated, program, program_path, run, until};
use std::process::Command;

/// The most that it may weigh: it lies in every pod.
const LARGEST_FILE: u64 = 600 * 1024;

#[test]
fn limits_do_not_stop_it() {
    in_pod(|| {
        let _proxy = Server::start("127.0.0.1:15021", [Reply::ok()]);
        let _agent = Server::start("127.0.0.1:15020", [Reply::ok()]);
        // An emulator needs more than a program; the limits of files hold for both.
        let memory = if is_emulated() { vec![] } else { vec!["-v 4096", "-s 64", "-d 1024", "-l 0"] };
        for limit in [vec!["-n 8", "-c 0", "-f 0"], memory].concat() {
            for task in ["run --proxy -- echo started", "job --proxy -- echo started"] {
                let own = program(task);
                let mut command = Command::new("bash");
                command.args(["-c", &format!("ulimit -S {limit} && exec \"$@\""), "bash"]);
                let ended = run(command.arg(own.get_program()).args(own.get_args()));
                assert_eq!(ended.code, Some(0), "ulimit {limit}, {task}: {}", ended.stderr);
                assert_eq!(ended.stdout, "started\n", "ulimit {limit}, {task}");
            }
        }
    });
}

#[test]
fn a_user_who_may_have_no_more_processes_can_wait() {
    if is_emulated() {
        return it_is_small(); // An emulator needs threads of its own.
    }
    in_pod(|| {
        let _proxy = Server::start("127.0.0.1:15021", [Reply::ok()]);
        let place = std::env::temp_dir().join("seaworthy-wait-alone");
        std::fs::copy(program_path(), &place).unwrap();
        let wait = |line: &str| {
            let mut command = Command::new("bash");
            command.args(["-c", "ulimit -u 1; exec setpriv --reuid=65531 --regid=65531 --clear-groups \"$@\"", "bash"]);
            run(command.arg(&place).args(line.split(' ')))
        };
        let ended = wait("run --quiet -- echo started");
        assert_eq!((ended.code, &*ended.stdout), (Some(0), "started\n"), "{}", ended.stderr);
        // A name needs a thread: that there is none is no crash.
        let ended = wait("run --timeout 100ms --tcp orders.shop:80 -- echo started");
        assert_eq!((ended.code, &*ended.stdout), (Some(124), ""), "{}", ended.stderr);
        std::fs::remove_file(place).unwrap();
    });
}

#[test]
fn it_is_small() {
    let size = std::fs::metadata(program_path()).unwrap().len();
    assert!(size < LARGEST_FILE, "{} has {size} bytes, wanted less than {LARGEST_FILE}", program_path().display());
}

#[test]
fn every_wait_is_one_thread_and_little_memory() {
    if is_emulated() {
        return it_is_small(); // Memory and threads of an emulator are its own.
    }
    in_pod(|| {
        let _listener = std::net::TcpListener::bind("127.0.0.1:8080").unwrap();
        for line in ["run -- true", "job --proxy -- true", "drain", "identity --server 127.0.0.1", "job -- sleep 1000"]
        {
            let waiting = Running::start(&mut program(line));
            if line.contains("sleep") {
                until("the application", || (!children_of(waiting.pid()).is_empty()).then_some(()));
            } else {
                waiting.says("waiting for");
            }
            let status = std::fs::read_to_string(format!("/proc/{}/status", waiting.pid())).unwrap();
            let field = |name: &str| -> u32 {
                let value = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
                value.trim().trim_end_matches(" kB").parse().unwrap()
            };
            assert!(field("VmHWM:") < 2048, "{line}: {} KiB", field("VmHWM:"));
            assert_eq!(field("Threads:"), 1, "{line}");
        }
    });
}
