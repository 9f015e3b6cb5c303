//! The door that users come to: the chart installed in the cluster, and our server behind it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::chart::RELEASE;
use super::cluster::Cluster;
use super::command::Answer;
use super::process::until;
use super::server::Server;

/// A Service and a Deployment, with a defect each; more of them in a classic data plane.
pub const WEB: &str = "tests/cluster/data/door/web.yaml";
/// The two without defects.
pub const FIT: &str = "tests/cluster/data/door/fit.yaml";
/// The label of a namespace whose pods get a sidecar.
pub const IN_MESH: (&str, &str) = ("istio-injection", "enabled");
/// The label of a namespace in which defects are refused.
pub const DENY: (&str, &str) = ("seaworthy.dev/mode", "deny");

/// How the API server reaches the webhook.
#[derive(Clone, Copy)]
pub enum Way {
    /// Through the chart's Service, with a certificate for the Service's name; over HTTP/1.1.
    Service,
    /// At a URL on this machine, with the certificate that the server makes for itself; over HTTP/2.
    Loopback,
}

/// The chart with our server, which runs outside of the cluster. Closed when dropped: what is left of the chart does
/// harm to nobody under `failurePolicy: Ignore`.
pub struct Door<'a> {
    cluster: &'a Cluster,
    /// The server, which has the rights that the chart grants and no others.
    pub server: Server,
    /// What the API server trusts.
    pub ca: PathBuf,
}

impl<'a> Door<'a> {
    /// Installs the chart with further `values` (`--set=...`), and starts a server that has the configuration, the
    /// arguments and the rights that the chart gives to its own.
    pub fn open(cluster: &'a Cluster, way: Way, values: &[&str]) -> Result<Self> {
        cluster.apply_chart(&["rbac", "configmap"], values, &[])?.succeeded()?;
        let kubeconfig = cluster.service_account_kubeconfig(RELEASE, RELEASE)?;
        let config = cluster.folder().join("seaworthy.yaml");
        write_configuration(cluster, &config)?;
        // Where there is no network of Pods, the Service leads back to this machine.
        let service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": RELEASE, "namespace": RELEASE},
            "spec": {"type": "ExternalName", "externalName": "localhost"},
        });
        cluster.kubectl_with_input(&["apply", "-f", "-"], &service.to_string())?.succeeded()?;

        let (mut flags, ca) = match way {
            Way::Service => (flags_of_chart(cluster, &config)?, cluster.certificate()?.join("ca.crt")),
            Way::Loopback => {
                let ca = cluster.folder().join("self-signed-ca.crt");
                let ca_file = format!("--self-signed-ca-file={}", ca.display());
                (vec!["--self-signed".into(), ca_file, format!("--config={}", config.display())], ca)
            }
        };
        flags.push(format!("--kubeconfig={}", kubeconfig.display()));
        let server = Server::start(&flags, &cluster.folder().join("serve.log"))?;

        let reached = match way {
            Way::Service => format!("--set=service.port={}", server.port),
            Way::Loopback => format!("--set=webhook.url=https://127.0.0.1:{}/validate", server.port),
        };
        let trusted = format!("--set-file=certificates.caBundle={}", ca.display());
        let values = [values, &[&*reached, &*trusted]].concat();
        cluster.apply_chart(&["webhook", "poddisruptionbudget"], &values, &[])?.succeeded()?;
        Ok(Self { cluster, server, ca })
    }

    /// Creates a namespace with these labels, in which the server is called and knows the labels.
    pub fn namespace(&self, name: &str, labels: &[(&str, &str)]) -> Result<()> {
        let labels: serde_json::Map<_, _> = labels.iter().map(|&(key, value)| (key.to_owned(), json!(value))).collect();
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        self.cluster.kubectl_with_input(&["create", "-f", "-"], &namespace.to_string())?.succeeded()?;
        self.wait_until_judging(name)
    }

    /// Waits until requests of a namespace reach the server, and it knows the namespace.
    pub fn wait_until_judging(&self, namespace: &str) -> Result<()> {
        until("the server to judge", || {
            let (reviews, unknown) = (self.reviews()?, self.server.counted(UNKNOWN)?);
            // Whether this is refused is the matter of the test.
            self.probe(namespace)?;
            let judged = self.reviews()? > reviews && self.server.counted(UNKNOWN)? == unknown;
            Ok(judged.then_some(()))
        })
    }

    /// Waits until what a namespace does wrong is refused: its labels were changed a moment before.
    pub fn wait_until_refusing(&self, namespace: &str) -> Result<()> {
        until("the server to refuse", || Ok((!self.probe(namespace)?.success).then_some(())))
    }

    /// Tries to create a Service with a defect.
    fn probe(&self, namespace: &str) -> Result<Answer> {
        self.cluster.kubectl(&[
            "create",
            "service",
            "clusterip",
            "probe",
            "--tcp=80",
            "--dry-run=server",
            "-n",
            namespace,
        ])
    }

    /// How many requests the server answered.
    pub fn reviews(&self) -> Result<u64> {
        self.server.counted("seaworthy_reviews_total")
    }
}

const UNKNOWN: &str = "seaworthy_membership_unknown_total";

/// Writes the content of the chart's ConfigMap to a file, as the kubelet would.
fn write_configuration(cluster: &Cluster, file: &Path) -> Result<()> {
    let content = r"jsonpath={.data.seaworthy\.yaml}";
    let content = cluster.kubectl(&["get", "configmap", RELEASE, "-n", RELEASE, "-o", content])?.succeeded()?;
    std::fs::write(file, content).context("writing the configuration")
}

/// The flags of the chart's Deployment without the two addresses, pointed at files of this machine.
fn flags_of_chart(cluster: &Cluster, config: &Path) -> Result<Vec<String>> {
    let rendered = cluster.render_chart(&["--show-only=templates/deployment.yaml"])?.succeeded()?;
    let documents = cluster.read_yaml(&rendered)?;
    let arguments = &documents.first().context("no Deployment")?["spec"]["template"]["spec"]["containers"][0]["args"];
    let certificate = cluster.certificate()?;
    let here = |name: &str| certificate.join(name).display().to_string();
    let arguments: Vec<String> = serde_json::from_value(arguments.clone())?;
    let (fixed, flags) = arguments.split_at_checked(3).context("too few arguments")?;
    ensure!(fixed == ["serve", "--listen=0.0.0.0:8443", "--probe-listen=0.0.0.0:8081"], "{arguments:?}");
    let files = [
        ("/tls/tls.crt", here("tls.crt")),
        ("/tls/tls.key", here("tls.key")),
        ("/etc/seaworthy/seaworthy.yaml", config.display().to_string()),
    ];
    let on_this_machine =
        |flag: &String| files.iter().fold(flag.clone(), |flag, (there, here)| flag.replace(there, here));
    Ok(flags.iter().map(on_this_machine).collect())
}
