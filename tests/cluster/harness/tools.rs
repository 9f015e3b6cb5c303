//! Where the real programs are: `tests/cluster/build.sh` builds them once and keeps them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The exit code of build.sh where there is nothing to build with.
const NO_GO: i32 = 3;

/// A folder with etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok, kubectl, helm and yaml-oracle.
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// The tools, built now where they are not yet: that takes minutes, and its progress goes to stderr.
    /// None where there is no Go to build them with.
    pub fn find() -> Result<Option<Self>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/build.sh");
        let output = Command::new(&script)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("running {}", script.display()))?;
        if output.status.code() == Some(NO_GO) {
            return Ok(None);
        }
        ensure!(output.status.success(), "{} failed: {}", script.display(), output.status);
        let folder = String::from_utf8(output.stdout).context("reading the folder that build.sh prints")?;
        Ok(Some(Self { folder: PathBuf::from(folder.trim_end()) }))
    }

    /// The path of one program.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
