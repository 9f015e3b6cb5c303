//! Kinds with a pod template that are no part of Kubernetes: judged at the door, and known as surroundings and as owners from
//! the moment on at which the API server has them.

use anyhow::{Result, ensure};
use insta::assert_snapshot;

use crate::harness::{Cluster, DENY, Door, IN_MESH, Way, until};

const DEFINITIONS: &str = "tests/cluster/data/custom/definitions.yaml";
const UNFIT: &str = "tests/cluster/data/custom/unfit.yaml";
const FIT: &str = "tests/cluster/data/custom/fit.yaml";

/// A kind that only this platform has, and whose plural cannot be guessed.
const DECLARED: &str = r#"--set-json=config={"profile":{"dataPlane":"native"},"workloads":[{"group":"farm.example.com","kind":"Goose","template":"spec.pod","resource":"geese"}]}"#;

pub fn custom_workloads_are_judged_and_known_while_their_definitions_are_there(cluster: &Cluster) -> Result<()> {
    let door = Door::open(cluster, Way::Service, &[DECLARED])?;
    door.namespace("custom", &[IN_MESH, DENY])?;
    let kubectl = |arguments: &[&str]| cluster.kubectl(&[arguments, &["-n", "custom"]].concat());
    // No controller makes it here, and without it no Pod is admitted.
    kubectl(&["create", "serviceaccount", "default"])?.succeeded()?;

    // The server was ready before there was any of them.
    kubectl(&["apply", "-f", DEFINITIONS])?.succeeded()?;
    kubectl(&["wait", "--for=condition=Established", "-f", DEFINITIONS])?.succeeded()?;
    let refused = kubectl(&["apply", "-f", UNFIT])?;
    assert_snapshot!(problems(&refused.shown()), @"
    Rollout custom/web is not fit for the mesh (1 problem)
    - short-grace-period: `web` may be killed: preStop 25s + shutdown 10s + slack 2s + proxy 5s = 42s > 30s (default); want 42 at spec.template.spec.terminationGracePeriodSeconds
    CloneSet custom/cart is not fit for the mesh (1 problem)
    - short-grace-period: `cart` may be killed: preStop 20s + shutdown 10s + slack 2s + proxy 5s = 37s > 30s (default); want 37 at spec.template.spec.terminationGracePeriodSeconds
    JobSet custom/train is not fit for the mesh (1 problem)
    - short-grace-period: `work` may be killed: preStop 25s + shutdown 10s + slack 2s + proxy 5s = 42s > 30s (default); want 42 at spec.replicatedJobs[1].template.spec.template.spec.terminationGracePeriodSeconds
    Goose custom/gander is not fit for the mesh (1 problem)
    - short-grace-period: `gander` may be killed: preStop 25s + shutdown 10s + slack 2s + proxy 5s = 42s > 30s (default); want 42 at spec.pod.spec.terminationGracePeriodSeconds
    ");
    kubectl(&["apply", "-f", FIT])?.succeeded()?;
    for kind in ["argoproj.io/Rollout", "apps.kruise.io/CloneSet", "farm.example.com/Goose"] {
        until(kind, || Ok((known(&door, kind)? == Some(1)).then_some(())))?;
    }
    a_service_knows_the_pods_of_a_rollout(cluster)?;
    the_pods_of_a_clone_set_are_its_own(cluster)?;

    kubectl(&["delete", "-f", DEFINITIONS])?.succeeded()?;
    until("the Rollouts to be forgotten", || Ok((known(&door, "argoproj.io/Rollout")? == Some(0)).then_some(())))
}

/// Its target is a name that the Rollout does not declare.
fn a_service_knows_the_pods_of_a_rollout(cluster: &Cluster) -> Result<()> {
    let service = |target: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, ports: [{{name: http, port: 80, targetPort: {target}}}]}}\n"
        )
    };
    let apply = |target: &str| cluster.kubectl_with_input(&["apply", "-n", "custom", "-f", "-"], &service(target));
    let refusal = apply("htpp")?.refused()?;
    ensure!(refusal.contains("dangling-target-port") && refusal.contains("Rollout `web`"), "{refusal}");
    apply("http")?.succeeded()?;
    Ok(())
}

/// Its controller, which is none of Kubernetes' own, makes Pods itself.
fn the_pods_of_a_clone_set_are_its_own(cluster: &Cluster) -> Result<()> {
    let get = ["get", "clonesets", "cart", "-n", "custom", "-o", "jsonpath={.metadata.uid}"];
    let uid = cluster.kubectl(&get)?.succeeded()?;
    let pod = |uid: &str| {
        let owner = format!(
            "{{apiVersion: apps.kruise.io/v1alpha1, kind: CloneSet, name: cart, uid: {uid}, controller: true}}"
        );
        let container = "{name: cart, image: cart, lifecycle: {preStop: {sleep: {seconds: 25}}}}";
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: cart-x, ownerReferences: [{owner}]}}\nspec: {{containers: [{container}]}}\n"
        )
    };
    for command in [
        &["create", "role", "pods", "--verb=create", "--resource=pods"][..],
        &["create", "rolebinding", "kruise", "--role=pods", "--serviceaccount=kruise-system:kruise-manager"],
    ] {
        cluster.kubectl(&[command, &["-n", "custom"]].concat())?.succeeded()?;
    }
    let create_as = |user: &[&str], uid: &str| {
        let dry_run = [&["create", "--dry-run=server", "-n", "custom", "-f", "-"], user].concat();
        cluster.kubectl_with_input(&dry_run, &pod(uid))
    };
    let create = |uid: &str| create_as(&["--as=system:serviceaccount:kruise-system:kruise-manager"], uid);
    let refusal = create("11111111-2222-3333-4444-555555555555")?.refused()?;
    ensure!(refusal.contains("short-grace-period"), "{refusal}");
    create(&uid)?.succeeded()?;
    // A person is no controller.
    create_as(&[], &uid)?.refused()?;
    Ok(())
}

/// How many objects of a kind the server knows.
pub fn known(door: &Door<'_>, kind: &str) -> Result<Option<usize>> {
    let metrics = door.server.get("/metrics")?;
    let line = format!(r#"seaworthy_inventory_objects{{kind="{kind}"}} "#);
    let value = metrics.lines().find_map(|it| it.strip_prefix(&line));
    Ok(value.and_then(|value| value.strip_suffix(".0")?.parse().ok()))
}

/// Of each refusal the object and the rules with their places.
fn problems(shown: &str) -> String {
    let told = |line: &str| line.split_once("seaworthy: ").map(|(_, told)| told.to_owned());
    let problem = |line: &str| line.starts_with("- ").then(|| line.to_owned());
    shown.lines().filter_map(|line| problem(line).or_else(|| told(line))).collect::<Vec<_>>().join("\n")
}
