//! etcd and kube-apiserver, started with the fewest flags that give a whole API: tokens, RBAC, an audit log.
//!
//! Flags: <https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/>

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rcgen::KeyPair;
use serde_json::json;

use super::process::{Process, free_port, tied};
use super::tools::Tools;

/// The two processes. etcd last, so that it is also stopped last.
pub struct ApiServer {
    /// kube-apiserver; its log is the one to look at.
    pub process: Process,
    etcd: Process,
}

impl ApiServer {
    /// Starts both in `folder`, and writes `folder/kubeconfig`. They are not ready yet.
    pub fn spawn(tools: &Tools, folder: &Path) -> Result<Self> {
        let (etcd, etcd_url) = spawn_etcd(tools, folder)?;
        write_inputs(folder)?;
        let port = free_port()?;
        let url = format!("https://127.0.0.1:{port}");
        write_kubeconfig(&folder.join("kubeconfig"), folder, &url, ADMIN_TOKEN)?;

        let mut command = tied(&tools.path("kube-apiserver"));
        command.current_dir(folder).args([
            &format!("--etcd-servers={etcd_url}"),
            &format!("--secure-port={port}"),
            "--bind-address=127.0.0.1",
            // Without these it wants a default route, and publishes the address it finds.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            // Here it makes a certificate for itself, which is its own CA.
            "--cert-dir=certs",
            // Nobody answers there, and nothing that is sent there leaves the machine.
            "--service-cluster-ip-range=127.96.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-signing-key-file=service-account.key",
            "--service-account-key-file=service-account.pub",
            "--token-auth-file=tokens.csv",
            "--authorization-mode=RBAC",
            "--audit-policy-file=audit-policy.json",
            "--audit-log-path=audit.log",
            "--audit-log-mode=blocking",
            "--audit-log-maxsize=0",
        ]);
        let process = Process::spawn(command, &folder.join("kube-apiserver.log"))?;
        Ok(Self { process, etcd })
    }

    /// An error with the end of its log where one of the two has ended.
    pub fn check_alive(&mut self) -> Result<()> {
        for (name, process) in [("etcd", &mut self.etcd), ("kube-apiserver", &mut self.process)] {
            if let Some(status) = process.exited()? {
                bail!("{name} ended: {status}; {}", process.log_tail());
            }
        }
        Ok(())
    }

    /// Stops both.
    pub fn kill(&mut self) {
        self.process.kill();
        self.etcd.kill();
    }
}

const ADMIN_TOKEN: &str = "admin-token";

fn spawn_etcd(tools: &Tools, folder: &Path) -> Result<(Process, String)> {
    let client = format!("http://127.0.0.1:{}", free_port()?);
    let peer = format!("http://127.0.0.1:{}", free_port()?);
    let mut command = tied(&tools.path("etcd"));
    command.current_dir(folder).args([
        "--name=test",
        "--data-dir=etcd",
        // The data is thrown away: no need to wait for the disk.
        "--unsafe-no-fsync",
        "--log-level=warn",
        &format!("--listen-client-urls={client}"),
        &format!("--advertise-client-urls={client}"),
        &format!("--listen-peer-urls={peer}"),
        &format!("--initial-advertise-peer-urls={peer}"),
        &format!("--initial-cluster=test={peer}"),
    ]);
    Ok((Process::spawn(command, &folder.join("etcd.log"))?, client))
}

/// Keys, users and the audit policy that the flags name.
fn write_inputs(folder: &Path) -> Result<()> {
    let key = KeyPair::generate().context("making the key of service account tokens")?;
    let audit = json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "None", "verbs": ["get", "list", "watch"]}, {"level": "Request"}],
    });
    for (name, text) in [
        ("service-account.key", key.serialize_pem()),
        ("service-account.pub", key.public_key_pem()),
        ("tokens.csv", format!("{ADMIN_TOKEN},admin,admin,system:masters\n")),
        ("audit-policy.json", audit.to_string()),
    ] {
        fs::write(folder.join(name), text).with_context(|| format!("writing {name}"))?;
    }
    Ok(())
}

/// A kubeconfig for whoever has this token.
pub fn write_kubeconfig(path: &Path, folder: &Path, url: &str, token: &str) -> Result<()> {
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": {
            "server": url,
            "certificate-authority": folder.join("certs/apiserver.crt"),
        }}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    });
    fs::write(path, kubeconfig.to_string()).with_context(|| format!("writing {}", path.display()))
}
