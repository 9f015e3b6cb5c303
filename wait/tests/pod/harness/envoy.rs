//! A real Envoy with the ports of a sidecar.

use super::process::Running;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running Envoy; killed when dropped.
pub struct Envoy(#[allow(dead_code, reason = "held for its end")] Running);

impl Envoy {
    /// With `tests/data/envoy-sidecar.yaml`: inbound 15006 to 127.0.0.7:8080, 9001 to the host that is asked for.
    pub fn start() -> Self {
        let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/envoy-sidecar.yaml");
        let mut command = Command::new(Self::path());
        command.args(["--drain-time-s", "45", "--drain-strategy", "immediate", "--disable-hot-restart"]);
        command.args(["--concurrency", "1", "--log-level", "warning", "-c"]).arg(configuration);
        Self(Running::start(&mut command))
    }

    /// Where it is; fetched where it is not yet. To be called before the pod, in which there is no network.
    pub fn path() -> PathBuf {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pod/fetch-envoy.sh");
        let output = Command::new(&script).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        assert!(output.status.success(), "{} failed: {}", script.display(), output.status);
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
    }
}
