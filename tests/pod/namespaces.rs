//! A pod for one test: network, processes and mounts of its own, and only a loopback interface. All fixed ports are free
//! there, the folder for temporary files is empty, `/proc/net/tcp` lists nobody else's sockets, and whatever a test starts ends with it.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

const INSIDE: &str = "SEAWORTHY_TEST_POD";
const DONE: &str = "the test in the pod came to its end";

/// Runs the rest of a test in a pod: the test program starts itself again there, with this test only. To be called with a
/// closure written in the test itself, whose name it has. What `environment` says was made outside, once.
pub fn in_pod<F: FnOnce()>(environment: &[(&str, &OsStr)], body: F) {
    if std::env::var_os(INSIDE).is_some() {
        body();
        println!("\n{DONE}");
        return;
    }
    let test = std::any::type_name::<F>().trim_end_matches("::{{closure}}");
    let (_, test) = test.split_once("::").expect("a path below the crate");
    let user = std::fs::metadata("/proc/self").expect("/proc").uid();
    assert_eq!(user, 0, "these tests make namespaces and mounts: run them as root");
    // Signals as a container has them: whoever starts the tests may ignore some, and a shell cannot trap those.
    let output = Command::new("unshare")
        .args(["--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", "sh", "-c"])
        .args(["ip link set lo up && mount -t tmpfs -o mode=1777 tmpfs /mnt && exec env --default-signal \"$@\"", "sh"])
        .arg(std::env::current_exe().expect("the test program"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .env("TMPDIR", "/mnt")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("unshare, of util-linux");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stdout.contains(DONE), "in its pod {test} failed:\n{stdout}\n{stderr}");
}
