//! The watches against a real API server, with exactly the rights that the chart grants.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use seaworthy::cluster::{self, LiveInventory, Phase, Surroundings};
use seaworthy::manifest::WorkloadKinds;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::harness::{Cluster, Gate, Server, until};

/// Far above what it takes: only a failure is that slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The surroundings as `serve` has them, in a runtime of their own.
struct Watching {
    runtime: Runtime,
    surroundings: Surroundings,
}

impl Watching {
    fn start(runtime: Runtime, kubeconfig: &Path) -> Result<Self> {
        let surroundings = runtime.block_on(cluster::open(Some(kubeconfig), None, &WorkloadKinds::default()))?;
        let watching = Self { runtime, surroundings };
        until("all kinds to be listed", || Ok(watching.inventory().is_synced().then_some(())))?;
        Ok(watching)
    }

    fn inventory(&self) -> &LiveInventory {
        &self.surroundings.inventory
    }

    fn sees(&self, what: &str, look: impl Fn(&Self) -> bool) -> Result<()> {
        until(what, || Ok(look(self).then_some(())))
    }

    fn waits_for_namespace(&self, name: &str) -> bool {
        self.runtime.block_on(self.inventory().namespace_known(name, PATIENCE))
    }

    fn label(&self, namespace: &str) -> Option<String> {
        self.inventory().read(|it| it.namespace_labels(namespace, "")?.get("istio-injection").cloned())
    }

    /// The Services that select the pods of app `web`.
    fn services(&self, namespace: &str) -> Vec<String> {
        self.inventory().read(|it| {
            let services = it.services_selecting(namespace, &[("app", "web")], "");
            services.into_iter().map(|service| service.reference.name.clone()).collect()
        })
    }

    fn phases(&self) -> Vec<(String, Phase)> {
        self.inventory().watches().into_iter().map(|watch| (watch.kind, watch.phase)).collect()
    }

    fn phase(&self, kind: &str) -> Option<Phase> {
        self.phases().into_iter().find(|(known, _)| known == kind).map(|(_, phase)| phase)
    }
}

pub fn the_inventory_follows_the_cluster(cluster: &Cluster) -> Result<()> {
    cluster.apply_chart(&["rbac"], &[], &[])?.succeeded()?;
    let kubeconfig = cluster.service_account_kubeconfig("seaworthy", "seaworthy")?;
    let watching = Watching::start(Runtime::new()?, &kubeconfig)?;
    assert!(watching.phases().iter().all(|(_, phase)| *phase == Phase::Current), "{:?}", watching.phases());

    cluster.create_namespace("followed", &["istio-injection=enabled"])?;
    assert!(watching.waits_for_namespace("followed"));
    watching.sees("the label", |it| it.label("followed").as_deref() == Some("enabled"))?;
    cluster.kubectl(&["label", "--overwrite", "namespace", "followed", "istio-injection=disabled"])?.succeeded()?;
    watching.sees("the other label", |it| it.label("followed").as_deref() == Some("disabled"))?;

    let kubectl = |arguments: &[&str]| cluster.kubectl(&[arguments, &["-n", "followed"]].concat())?.succeeded();
    // `kubectl create` gives a Service the selector `app: NAME`.
    kubectl(&["create", "service", "clusterip", "web", "--tcp=80"])?;
    watching.sees("the Service", |it| it.services("followed") == ["web"])?;
    kubectl(&["delete", "service", "web"])?;
    watching.sees("that it is gone", |it| it.services("followed").is_empty())?;

    kubectl(&["create", "deployment", "web", "--image=web"])?;
    kubectl(&["create", "job", "once", "--image=web"])?;
    kubectl(&["create", "cronjob", "often", "--image=web", "--schedule=* * * * *"])?;
    kubectl(&["annotate", "serviceaccount", "default", "iam.gke.io/gcp-service-account=web@example.com"])?;
    for (kind, name) in [("Deployment", "web"), ("Job", "once"), ("CronJob", "often")] {
        let uid = kubectl(&["get", kind, name, "-o", "jsonpath={.metadata.uid}"])?;
        watching.sees(kind, |it| {
            it.inventory().read(|it| it.workload("followed", kind, name)?.facts.uid.clone()) == Some(uid.clone())
        })?;
    }
    watching.sees("the annotation", |it| {
        it.inventory().read(|it| Some(it.service_account("followed", "default", "")?.facts.annotations.len()))
            == Some(1)
    })?;

    delete_namespace(cluster, "followed")?;
    watching.sees("that the namespace is gone", |it| it.label("followed").is_none())
}

pub fn a_lost_watch_forgets_nothing_and_catches_up(cluster: &Cluster) -> Result<()> {
    cluster.apply_chart(&["rbac"], &[], &[])?.succeeded()?;
    let kubeconfig = cluster.service_account_kubeconfig("seaworthy", "seaworthy")?;
    let runtime = Runtime::new()?;
    let gate = through_gate(&runtime, &kubeconfig)?;
    cluster.create_namespace("cut-off", &["istio-injection=enabled"])?;
    let kubectl = |arguments: &[&str]| cluster.kubectl(&[arguments, &["-n", "cut-off"]].concat())?.succeeded();
    kubectl(&["create", "service", "clusterip", "web", "--tcp=80"])?;
    let watching = Watching::start(runtime, &kubeconfig)?;
    assert_eq!(watching.services("cut-off"), ["web"]);

    gate.set_open(false);
    let all_are = |it: &Watching, wanted| it.phases().iter().all(|(_, phase)| *phase == wanted);
    watching.sees("that the watches are lost", |it| all_are(it, Phase::Lost))?;
    kubectl(&["delete", "service", "web"])?;
    kubectl(&["label", "--overwrite", "namespace", "cut-off", "istio-injection=disabled"])?;
    assert!(watching.inventory().is_synced());
    assert!(watching.inventory().watches().iter().all(|watch| !watch.stale.is_zero()));
    assert_eq!((watching.services("cut-off"), watching.label("cut-off")), (vec!["web".into()], Some("enabled".into())));

    gate.set_open(true);
    watching.sees("what happened meanwhile", |it| {
        it.services("cut-off").is_empty() && it.label("cut-off").as_deref() == Some("disabled")
    })?;
    // Also where nothing happened, so that there is nothing to tell.
    watching.sees("that all watches are back", |it| all_are(it, Phase::Current))
}

pub fn a_kind_is_unknown_until_the_right_to_read_it_is_granted(cluster: &Cluster) -> Result<()> {
    let kubectl = |arguments: &[&str]| cluster.kubectl(arguments)?.succeeded();
    kubectl(&["create", "serviceaccount", "half", "-n", "seaworthy"])?;
    let grant = |resource: &str| -> Result<()> {
        let name = format!("half-{resource}");
        let role = format!("--clusterrole={name}");
        kubectl(&["create", "clusterrole", &name, "--verb=list,watch", &format!("--resource={resource}")])?;
        kubectl(&["create", "clusterrolebinding", &name, &role, "--serviceaccount=seaworthy:half"])?;
        Ok(())
    };
    grant("namespaces")?;
    let kubeconfig = cluster.service_account_kubeconfig("seaworthy", "half")?;
    let watching = Watching::start(Runtime::new()?, &kubeconfig)?;
    watching.sees("the namespaces", |it| it.phase("Namespace") == Some(Phase::Current))?;
    // Of what the API server does not have, everybody knows all.
    let (absent, others): (Vec<_>, Vec<_>) = watching.phases().into_iter().partition(|(kind, _)| kind.contains('/'));
    assert!(absent.iter().all(|(_, phase)| *phase == Phase::Current), "{absent:?}");
    let mut others = others.iter().filter(|(kind, _)| kind != "Namespace");
    assert!(others.all(|(_, phase)| *phase == Phase::Unreadable), "{:?}", watching.phases());
    assert!(!watching.inventory().read(|it| it.services_known("seaworthy")));

    grant("services")?;
    watching.sees("the Services", |it| it.phase("Service") == Some(Phase::Current))?;
    ensure!(watching.inventory().read(|it| it.services_known("seaworthy")));
    Ok(())
}

pub fn the_server_is_ready_when_the_cluster_was_listed(cluster: &Cluster) -> Result<()> {
    cluster.apply_chart(&["rbac"], &[], &[])?.succeeded()?;
    let kubeconfig = cluster.service_account_kubeconfig("seaworthy", "seaworthy")?;
    let namespaces = cluster.kubectl(&["get", "namespaces", "-o", "name"])?.succeeded()?.lines().count();
    let flags = ["--self-signed".to_owned(), format!("--kubeconfig={}", kubeconfig.display())];
    let server = Server::start(&flags, &cluster.folder().join("serve.log"))?;
    let metrics = server.get("/metrics")?;
    let wanted = format!(r#"seaworthy_inventory_objects{{kind="Namespace"}} {namespaces}.0"#);
    ensure!(metrics.lines().any(|line| line == wanted), "{wanted} is not in {metrics}");
    Ok(())
}

/// No controller empties a namespace here, so this says that it is empty.
fn delete_namespace(cluster: &Cluster, name: &str) -> Result<()> {
    cluster.kubectl(&["delete", "namespace", name, "--wait=false"])?.succeeded()?;
    let namespace = cluster.kubectl(&["get", "namespace", name, "-o", "json"])?.succeeded()?;
    let mut namespace: Value = serde_json::from_str(&namespace)?;
    namespace["spec"]["finalizers"] = json!([]);
    let path = format!("/api/v1/namespaces/{name}/finalize");
    cluster.kubectl_with_input(&["replace", "--raw", &path, "-f", "-"], &namespace.to_string())?.succeeded()?;
    Ok(())
}

/// Lets a kubeconfig lead through a gate.
fn through_gate(runtime: &Runtime, kubeconfig: &Path) -> Result<Gate> {
    let mut config: Value = serde_json::from_slice(&std::fs::read(kubeconfig)?)?;
    let server = &mut config["clusters"][0]["cluster"]["server"];
    let address: SocketAddr =
        server.as_str().and_then(|url| url.strip_prefix("https://")).context("no URL")?.parse()?;
    let gate = runtime.block_on(Gate::to(address))?;
    *server = json!(format!("https://127.0.0.1:{}", gate.port));
    std::fs::write(kubeconfig, config.to_string())?;
    Ok(gate)
}
