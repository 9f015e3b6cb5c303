//! What makes more than an API of an API server: controllers, a scheduler, and kwok, which says of Pods that they run.
//!
//! No container ever starts. Flags: <https://kubernetes.io/docs/reference/command-line-tools-reference/>,
//! <https://kwok.sigs.k8s.io/docs/user/kwok-manage-nodes-and-pods/>

use std::path::Path;

use anyhow::{Result, bail};

use super::process::{Process, tied};
use super::tools::Tools;

/// What kwok does with Nodes and Pods.
const STAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/data/stages.yaml");

/// The one Node, with room for everything.
pub const NODE: &str = r#"{
    "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node", "labels": {"kubernetes.io/os": "linux"}},
    "status": {
        "allocatable": {"cpu": "64", "memory": "256Gi", "pods": "1000"},
        "capacity": {"cpu": "64", "memory": "256Gi", "pods": "1000"}
    }
}"#;

/// The three processes. Killed when dropped.
pub struct Controllers {
    processes: [(&'static str, Process); 3],
}

impl Controllers {
    /// Starts them in the folder of a running API server, with its kubeconfig. They are not at work yet.
    pub fn spawn(tools: &Tools, folder: &Path) -> Result<Self> {
        let kubeconfig = "--kubeconfig=kubeconfig";
        // Nobody asks them anything, nobody competes with them, and they need not spare the API server.
        let alone =
            [kubeconfig, "--secure-port=0", "--leader-elect=false", "--kube-api-qps=1000", "--kube-api-burst=1000"];
        let spawn = |name: &'static str, arguments: &[&str]| {
            let mut command = tied(&tools.path(name));
            command.current_dir(folder).args(arguments);
            Ok::<_, anyhow::Error>((name, Process::spawn(command, &folder.join(format!("{name}.log")))?))
        };
        let of_manager = [
            // Each controller under a name of its own, as in any cluster: who made a Pod matters to admission.
            "--use-service-account-credentials=true",
            "--service-account-private-key-file=service-account.key",
            "--root-ca-file=certs/apiserver.crt",
        ];
        let of_kwok = [kubeconfig, "--manage-all-nodes=true", "--node-lease-duration-seconds=40", "--config", STAGES];
        Ok(Self {
            processes: [
                spawn("kube-controller-manager", &[&alone[..], &of_manager].concat())?,
                spawn("kube-scheduler", &alone)?,
                spawn("kwok", &of_kwok)?,
            ],
        })
    }

    /// An error with the end of its log where one of them has ended.
    pub fn check_alive(&mut self) -> Result<()> {
        for (name, process) in &mut self.processes {
            if let Some(status) = process.exited()? {
                bail!("{name} ended: {status}; {}", process.log_tail());
            }
        }
        Ok(())
    }

    /// Stops them.
    pub fn kill(&mut self) {
        for (_, process) in &mut self.processes {
            process.kill();
        }
    }
}
