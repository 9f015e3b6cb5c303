//! The program alone: a read-only root with nothing else in it, not even /proc or /dev, an empty environment, and a user of no
//! name. That is what its image is.

use crate::harness::{Reply, Running, Server, in_pod, program_path, run, runner, which};
use std::path::PathBuf;
use std::process::Command;

const PROGRAM: &str = "/seaworthy-wait";

/// The root, and the words that start the program in it.
fn bare_root() -> (PathBuf, Vec<String>) {
    let root = std::env::temp_dir().join("seaworthy-wait-bare-root");
    std::fs::create_dir_all(&root).unwrap();
    let mount = |options: &str| {
        let ended = run(Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&root));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    };
    mount("size=32m,mode=0755");
    std::fs::copy(program_path(), root.join("seaworthy-wait")).unwrap();
    let mut words = vec![PROGRAM.to_owned()];
    if let Some(emulator) = runner() {
        std::fs::copy(emulator, root.join("emulator")).unwrap();
        words.insert(0, "/emulator".to_owned());
    }
    mount("remount,ro,size=32m");
    (root, words)
}

#[test]
fn it_needs_nothing_but_itself() {
    in_pod(|| {
        let (root, words) = bare_root();
        let _proxy = Server::start("127.0.0.1:15021", [Reply::ok()]);
        let agent = Server::start("127.0.0.1:15020", [Reply::ok()]);
        let token = "HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\n\r\n{\"access_token\":\"a\"}";
        let _metadata = Server::start("127.0.0.1:8001", [Reply::Bytes(token.to_owned())]);
        let alone = |line: &str| {
            let mut command = Command::new("env");
            command.args(["-i", &format!("{}", which("chroot".as_ref()).display()), "--userspec=65532:65532"]);
            command.arg(&root).args(&words).args(line.split(' '));
            command
        };
        // The only program that it can start there is itself.
        let own = words.join(" ");
        for (line, code, stdout) in [
            ("--version".to_owned(), 0, "seaworthy-wait "),
            ("--help".to_owned(), 0, "seaworthy-wait: "),
            (format!("run --proxy -- {own} --version"), 0, "seaworthy-wait "),
            (format!("job --proxy -- {own} --version"), 0, "seaworthy-wait "),
            ("identity --server 127.0.0.1:8001".to_owned(), 0, ""),
            ("run --timeout 0s --tcp orders.shop:80 -- x".to_owned(), 124, ""),
            ("run -- sh".to_owned(), 127, ""),
            ("drain".to_owned(), 125, ""),
            ("install /".to_owned(), 125, ""),
        ] {
            let ended = run(&mut alone(&line));
            assert_eq!(ended.code, Some(code), "{line}: {}", ended.stderr);
            assert!(ended.stdout.starts_with(stdout), "{line}: {}", ended.stdout);
        }
        assert_eq!(agent.count(), 1);
        let waiting = Running::start(&mut alone("run --tcp 127.0.0.1:5432 -- x"));
        waiting.says("waiting for 127.0.0.1:5432: connection refused");
        waiting.signal(15);
        assert_eq!(waiting.ended().code, Some(143));
    });
}
