//! The command lines that seaworthy writes into pods: the program takes each of them, in the image and where it installed itself.

use crate::harness::{Reply, Server, in_pod, program_path, run, runner, which};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const LINES: &str = include_str!("../../../tests/data/seaworthy-wait-calls.txt");

/// What the containers of one pod see: the image's program, the shared volume, and an application.
fn root() -> PathBuf {
    let root = std::env::temp_dir().join("seaworthy-wait-written");
    fs::create_dir_all(&root).unwrap();
    let mount = |options: &[&str], at: &Path| {
        let mounted = run(Command::new("mount").args(options).arg(at));
        assert_eq!(mounted.code, Some(0), "{}", mounted.stderr);
    };
    mount(&["-t", "tmpfs", "-o", "size=64m,mode=0755", "tmpfs"], &root);
    fs::create_dir(root.join("proc")).unwrap();
    mount(&["--bind", "/proc"], &root.join("proc"));
    fs::copy(program_path(), root.join("seaworthy-wait")).unwrap();
    // Whatever runs alone and tells its version.
    fs::copy(runner().unwrap_or(program_path()), root.join("app")).unwrap();
    fs::create_dir(root.join("seaworthy")).unwrap();
    fs::set_permissions(root.join("seaworthy"), Permissions::from_mode(0o777)).unwrap();
    root
}

#[test]
fn what_fixes_write_is_what_the_program_takes() {
    in_pod(|| {
        let root = root();
        let added = run(Command::new("ip").args(["address", "add", "169.254.169.254/32", "dev", "lo"]));
        assert_eq!(added.code, Some(0), "{}", added.stderr);
        let _proxy = Server::start("127.0.0.1:15021", [Reply::ok()]);
        let agent = Server::start("127.0.0.1:15020", [Reply::ok()]);
        let token = "HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\n\r\n{\"access_token\":\"a\"}";
        let _metadata = Server::start("169.254.169.254:80", [Reply::Bytes(token.to_owned())]);
        let emulator = runner().map(|_| "/app");
        let start = |line: &str| {
            let mut command = Command::new("env");
            command.args(["-i", &format!("{}", which("chroot".as_ref()).display()), "--userspec=65532:65532"]);
            command.arg(&root).args(emulator).args(line.split(' '));
            run(&mut command)
        };
        // What the image does comes first, as init containers do.
        let (image, installed): (Vec<&str>, Vec<&str>) =
            LINES.lines().partition(|it| it.starts_with("/seaworthy-wait "));
        assert!(image.len() == 2 && installed.len() > 4, "{LINES}");
        for line in image.into_iter().chain(installed) {
            let ended = start(line);
            assert_eq!(ended.code, Some(0), "{line}: {}", ended.stderr);
            let ran = ended.stdout.contains(" version ") || ended.stdout.starts_with("seaworthy-wait ");
            assert_eq!(ran, line.ends_with("-- /app --version"), "{line}: {}", ended.stdout);
        }
        let quits = agent.requests().iter().filter(|it| it.starts_with("POST /quitquitquit ")).count();
        assert_eq!(quits, LINES.matches(" job ").count());
    });
}
