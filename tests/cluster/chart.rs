//! The chart against a real API server, before there is any server of ours: what is accepted, who may do what, and
//! which requests the webhook configuration lets through to us.
//!
//! No server of ours runs here, so under `failurePolicy: Fail` a request that would reach us fails: that is how these
//! tests see what is intercepted.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use seaworthy::cluster::watched_kinds;
use seaworthy::manifest::WorkloadKinds;
use serde_json::Value;

use crate::harness::{Cluster, until};

const FAIL: &str = "--set=webhook.failurePolicy=Fail";
const INTERCEPTED: &str = r#"failed calling webhook "mesh-ready.seaworthy.dev""#;
const OPT_IN: &str = "seaworthy.dev/mode=warn";

pub fn kubectl_and_the_api_server_are_of_one_version(cluster: &Cluster) -> Result<()> {
    let versions: Value = serde_json::from_str(&cluster.kubectl(&["version", "-o", "json"])?.succeeded()?)?;
    let client = &versions["clientVersion"]["gitVersion"];
    ensure!(client.is_string() && *client == versions["serverVersion"]["gitVersion"], "{versions:#}");
    Ok(())
}

pub fn the_api_server_accepts_the_chart(cluster: &Cluster) -> Result<()> {
    let applied = cluster.apply_chart(&["rbac", "configmap", "poddisruptionbudget", "webhook"], &[], &[])?;
    assert_eq!(applied.stderr, "", "no warning, and no refusal");
    let get = "jsonpath={.webhooks[0].clientConfig.caBundle}";
    let ca = cluster.kubectl(&["get", "validatingwebhookconfiguration", "admission.seaworthy.dev", "-o", get])?;
    let ca = base64::engine::general_purpose::STANDARD.decode(ca.succeeded()?)?;
    assert_eq!(ca, std::fs::read(cluster.certificate()?.join("ca.crt"))?);

    // These would be acted on, where there is no controller and no network. The namespace warns of Pods that are not
    // restricted: see `start` in main.rs.
    let judged = cluster.apply_chart(&["deployment", "service"], &[], &["--dry-run=server"])?;
    assert_eq!(judged.stderr, "", "no warning, and no refusal");
    assert_eq!(
        judged.succeeded()?,
        "deployment.apps/seaworthy created (server dry run)\nservice/seaworthy created (server dry run)\n"
    );
    Ok(())
}

pub fn the_server_may_list_and_watch_and_nothing_else(cluster: &Cluster) -> Result<()> {
    cluster.apply_chart(&["rbac"], &[], &[])?.succeeded()?;
    let kubeconfig = cluster.service_account_kubeconfig("seaworthy", "seaworthy")?;
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    let table = cluster.kubectl(&["auth", "can-i", "--list", "--no-headers", &kubeconfig])?.succeeded()?;

    let mut rights = BTreeMap::new();
    for line in table.lines() {
        // Columns: resources, URLs, names, verbs. Everybody may ask about themselves, and read a few URLs.
        let (resource, _) = line.split_once(' ').with_context(|| format!("no columns in {line:?}"))?;
        let (_, verbs) = line.rsplit_once("   ").with_context(|| format!("no columns in {line:?}"))?;
        if !resource.is_empty() && !resource.starts_with("selfsubject") {
            rights.insert(resource, verbs.trim());
        }
    }
    let wanted = watched_kinds(&WorkloadKinds::default()).iter().map(|kind| kind.resource_name()).collect::<Vec<_>>();
    assert_eq!(rights, wanted.iter().map(|resource| (resource.as_str(), "[list watch]")).collect());
    Ok(())
}

pub fn values_that_cannot_work_are_refused(cluster: &Cluster) -> Result<()> {
    for (values, message) in [
        (&["--set=image.repository="][..], "at '/image/repository': minLength"),
        (&["--set=replica=3"], "additional properties 'replica' not allowed"),
        (&["--set=webhook.failurepolicy=Fail"], "additional properties 'failurepolicy' not allowed"),
        (&["--set=webhook.failurePolicy=fail"], "at '/webhook/failurePolicy': value must be one of 'Ignore', 'Fail'"),
        (&[FAIL, "--set=replicas=1"], "at '/replicas': minimum: got 1, want 2"),
        (&["--set=webhook.timeoutSeconds=31"], "at '/webhook/timeoutSeconds': maximum"),
        (&["--set=webhook.url=http://127.0.0.1/validate"], "at '/webhook/url'"),
        (&["--set=webhook.url=https://127.0.0.1/validate?a=b"], "at '/webhook/url'"),
        (&["--set=webhook.repairUrl=https://127.0.0.1"], "at '/webhook/repairUrl'"),
        (
            &["--set=webhook.url=https://127.0.0.1/validate", "--set=config.repairs.apply[0].rules={a}"],
            "at '/webhook/repairUrl': minLength",
        ),
        (&["--set=certificates.mode=provided"], "at '/certificates/caBundle'"),
        (
            &["--set=certificates.mode=provided", "--set=certificates.caBundle=LS0tLS1CRUdJTg=="],
            "/certificates/caBundle",
        ),
        (&["--set=certificates.caBundle=-----BEGIN CERTIFICATE-----"], "at '/certificates/caBundle': value must be ''"),
        (&["--set=certificates.issuerRef.kind=Issuer"], "properties 'name' required"),
        (&["--set=config=audit"], "at '/config': got string, want object"),
    ] {
        let refusal = cluster.render_chart(values)?.refused()?;
        ensure!(refusal.contains(message), "{values:?}: wanted {message:?} in:\n{refusal}");
    }
    Ok(())
}

pub fn the_cert_manager_example_is_what_the_chart_creates(cluster: &Cluster) -> Result<()> {
    let example = std::fs::read_to_string(format!("{}/certs/cert-manager.yaml", env!("CARGO_MANIFEST_DIR")))?;
    let rendered = cluster.render_chart(&["--show-only=templates/certificate.yaml"])?.succeeded()?;
    let objects = |text: &str| -> Result<BTreeMap<String, Value>> {
        let mut documents = cluster.read_yaml(text)?;
        for document in &mut documents {
            document["metadata"]["labels"].take();
        }
        Ok(documents
            .into_iter()
            .map(|object| (format!("{} {}", object["kind"], object["metadata"]["name"]), object))
            .collect())
    };
    let example = objects(&example)?;
    assert_eq!(example.len(), 4);
    assert_eq!(example, objects(&rendered)?);
    Ok(())
}

pub fn only_opted_in_namespaces_are_intercepted(cluster: &Cluster) -> Result<()> {
    cluster.create_namespace("bystander", &[])?;
    cluster.create_namespace("istio-system", &[OPT_IN])?;
    cluster.create_namespace("excluded", &[OPT_IN])?;
    cluster.kubectl(&["label", "namespace", "kube-system", "seaworthy", OPT_IN])?.succeeded()?;
    cluster.create_namespace("opted-in", &[OPT_IN])?;
    cluster.apply_chart(&["webhook"], &[FAIL, "--set=webhook.excludeNamespaces={excluded}"], &[])?.succeeded()?;

    // The last label and the configuration are in force when this is refused, and so are those before.
    wait_until_intercepted(cluster, "opted-in")?;
    for namespace in ["bystander", "istio-system", "excluded", "kube-system", "seaworthy"] {
        try_to_create_service(cluster, namespace)?.succeeded()?;
    }
    Ok(())
}

pub fn only_what_people_apply_is_intercepted(cluster: &Cluster) -> Result<()> {
    cluster.create_namespace("people", &[])?;
    let create = |arguments: &[&str]| cluster.kubectl(&[&["create", "-n", "people"], arguments].concat());
    create(&["deployment", "web", "--image=web"])?.succeeded()?;
    create(&["deployment", "leaving", "--image=web"])?.succeeded()?;
    let patch = |name: &str, more: &[&str]| cluster.kubectl(&[&["patch", "-n", "people", name], more].concat());
    patch("deployment/leaving", &[r#"-p={"metadata":{"finalizers":["example.com/wait"]}}"#])?.succeeded()?;
    cluster.kubectl(&["label", "namespace", "people", OPT_IN])?.succeeded()?;
    cluster.apply_chart(&["webhook"], &[FAIL], &[])?.succeeded()?;
    wait_until_intercepted(cluster, "people")?;

    let workloads =
        std::fs::read_to_string(format!("{}/tests/cluster/data/all-kinds.yaml", env!("CARGO_MANIFEST_DIR")))?;
    let all = cluster.kubectl_with_input(&["create", "--dry-run=server", "-n", "people", "-f", "-"], &workloads)?;
    assert_eq!(all.stdout, "configmap/web created (server dry run)\n");
    assert_eq!(all.stderr.matches(INTERCEPTED).count(), 10, "{}", all.stderr);
    let label = cluster.kubectl(&["label", "-n", "people", "deployment/web", "tier=front"])?.refused()?;
    ensure!(label.contains(INTERCEPTED), "{label}");

    // What controllers do, and what must always be possible.
    cluster.kubectl(&["scale", "-n", "people", "deployment/web", "--replicas=2"])?.succeeded()?;
    patch("deployment/web", &["--subresource=status", r#"-p={"status":{"observedGeneration":1}}"#])?.succeeded()?;
    cluster.kubectl(&["delete", "-n", "people", "deployment/web"])?.succeeded()?;
    cluster.kubectl(&["delete", "-n", "people", "deployment/leaving", "--wait=false"])?.succeeded()?;
    patch("deployment/leaving", &[r#"-p={"metadata":{"finalizers":null}}"#])?.succeeded()?;
    assert_eq!(cluster.kubectl(&["get", "-n", "people", "deployments", "-o", "name"])?.succeeded()?, "");
    Ok(())
}

pub fn a_missing_server_stops_nobody_under_ignore(cluster: &Cluster) -> Result<()> {
    cluster.create_namespace("ignored", &[OPT_IN])?;
    cluster.apply_chart(&["webhook"], &[FAIL], &[])?.succeeded()?;
    wait_until_intercepted(cluster, "ignored")?;
    cluster.apply_chart(&["webhook"], &[], &[])?.succeeded()?;
    until("the configuration to ignore failures", || {
        Ok(try_to_create_service(cluster, "ignored")?.success.then_some(()))
    })
}

fn try_to_create_service(cluster: &Cluster, namespace: &str) -> Result<crate::harness::Answer> {
    cluster.kubectl(&["create", "service", "clusterip", "probe", "--tcp=80", "--dry-run=server", "-n", namespace])
}

fn wait_until_intercepted(cluster: &Cluster, namespace: &str) -> Result<()> {
    until("the webhook to be called", || {
        let answer = try_to_create_service(cluster, namespace)?;
        ensure!(answer.success || answer.stderr.contains(INTERCEPTED), "{}", answer.stderr);
        Ok((!answer.success).then_some(()))
    })
}
