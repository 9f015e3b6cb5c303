//! The chart of `helm/seaworthy`, as a user installs it, but with our server outside the cluster.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::cluster::Cluster;
use super::command::{Answer, run};

/// The release and its namespace: those of all examples in the documents.
pub const RELEASE: &str = "seaworthy";

/// Values without which nothing is rendered.
const IMAGE: &str = "--set=image.repository=registry.example.com/seaworthy";

impl Cluster {
    /// What helm renders with these further arguments, such as `--set=...` or `--show-only=templates/rbac.yaml`.
    pub fn render_chart(&self, arguments: &[&str]) -> Result<Answer> {
        let fixed = ["template", RELEASE, "helm/seaworthy", "--namespace", RELEASE, IMAGE];
        self.helm(&[&fixed, arguments].concat())
    }

    /// Renders these templates with these values, trusting [`Cluster::certificate`], and gives them to `kubectl apply`
    /// with further `options`.
    pub fn apply_chart(&self, templates: &[&str], values: &[&str], options: &[&str]) -> Result<Answer> {
        let ca = format!("--set-file=certificates.caBundle={}", self.certificate()?.join("ca.crt").display());
        let shown: Vec<String> = templates.iter().map(|name| format!("--show-only=templates/{name}.yaml")).collect();
        let mut arguments = vec!["--set=certificates.mode=provided", &ca];
        arguments.extend(shown.iter().map(String::as_str));
        arguments.extend(values);
        let manifests = self.render_chart(&arguments)?.succeeded()?;
        self.kubectl_with_input(&[&["apply", "-f", "-"], options].concat(), &manifests)
    }

    /// Has helm install the release with these `values` over whatever [`Cluster::apply_chart`] left of it, without waiting for its Pods.
    pub fn install_chart(&self, values: &str) -> Result<Answer> {
        let ca = format!("--set-file=certificates.caBundle={}", self.certificate()?.join("ca.crt").display());
        let fixed = ["install", RELEASE, "helm/seaworthy", "--namespace", RELEASE, IMAGE];
        let over = ["--take-ownership", "--force-conflicts", "--set=certificates.mode=provided", &ca, values];
        self.helm(&[&fixed[..], &over].concat())
    }

    /// A folder with ca.crt, tls.crt and tls.key for the chart's Service, made as certs/README.md says.
    pub fn certificate(&self) -> Result<PathBuf> {
        let folder = self.folder().join("certificate");
        if !folder.exists() {
            std::fs::create_dir(&folder).context("making a folder for the certificate")?;
            let mut script = Command::new("certs/make-certificate.sh");
            script.current_dir(env!("CARGO_MANIFEST_DIR")).args([RELEASE, RELEASE]).arg(&folder);
            run(script, "")?.succeeded()?;
        }
        Ok(folder)
    }
}
