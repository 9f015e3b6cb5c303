//! What becomes of defects under the modes: of the namespace's label, and of the platform's file.

use anyhow::{Result, bail, ensure};
use insta::{assert_debug_snapshot, assert_snapshot};

use crate::harness::{Cluster, DENY, Door, IN_MESH, RELEASE, WEB, Way, until};

pub fn warn_creates_and_tells(cluster: &Cluster) -> Result<()> {
    let door = Door::open(cluster, Way::Service, &[])?;
    door.namespace("warned", &[IN_MESH, ("seaworthy.dev/mode", "warn")])?;
    assert_snapshot!(apply(cluster, "warned", WEB)?, @"
    service/web created
    deployment.apps/web created
    Warning: seaworthy: Service warned/web: unclear-port-protocol: port name `web` names no protocol, so Istio guesses: want `<protocol>-web` at spec.ports[0].name, or an appProtocol
    Warning: seaworthy: Deployment warned/web: short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
    exit code 0
    ");
    Ok(())
}

pub fn the_notes_of_the_chart_lead_to_the_first_warning(cluster: &Cluster) -> Result<()> {
    let install =
        ["install", RELEASE, "helm/seaworthy", "-n", RELEASE, "--set=image.repository=web", "--dry-run=client"];
    let notes = cluster.helm(&install)?.succeeded()?.replace("YOUR-NAMESPACE", "noted");
    let commands: Vec<&str> = notes.lines().filter_map(|line| line.strip_prefix("   ")).collect();
    let commands = commands.iter().filter(|line| line.starts_with("kubectl ")).collect::<Vec<_>>();
    let [_rollout, label, warn, there] = commands[..] else { bail!("other commands than these: {commands:?}") };

    let _door = Door::open(cluster, Way::Service, &[])?;
    cluster.create_namespace("noted", &["istio-injection=enabled"])?;
    apply(cluster, "noted", WEB)?;
    assert_snapshot!(cluster.shell(label)?.shown(), @"
    namespace/noted labeled
    exit code 0
    ");
    let warned = until("the label to be known", || {
        let answer = cluster.shell(warn)?;
        Ok((!answer.stderr.is_empty()).then_some(answer))
    })?;
    assert_snapshot!(warned.shown(), @"
    service/try created (server dry run)
    Warning: seaworthy: Service noted/try: unclear-port-protocol: port name `80` names no protocol, so Istio guesses: want `<protocol>-80` at spec.ports[0].name, or an appProtocol
    exit code 0
    ");
    let there = cluster.shell(there)?.shown();
    for place in ["Service noted/web, spec.ports[0].name", "Deployment noted/web, spec.template.spec."] {
        ensure!(there.contains(place), "{place} is not in:\n{there}");
    }
    Ok(())
}

pub fn audit_creates_and_writes_down(cluster: &Cluster) -> Result<()> {
    let door = Door::open(cluster, Way::Service, &[])?;
    door.namespace("audited", &[IN_MESH, ("seaworthy.dev/mode", "audit")])?;
    assert_snapshot!(apply(cluster, "audited", WEB)?, @"
    service/web created
    deployment.apps/web created
    exit code 0
    ");
    assert_debug_snapshot!(cluster.audited("create", "audited", "deployments/web")?, @r#"
    {
        "mesh-ready.seaworthy.dev/short-grace-period": "audit spec.template.spec.terminationGracePeriodSeconds",
    }
    "#);
    assert_debug_snapshot!(cluster.audited("create", "audited", "services/web")?, @r#"
    {
        "mesh-ready.seaworthy.dev/unclear-port-protocol": "audit spec.ports[0].name",
    }
    "#);
    Ok(())
}

pub fn an_unlabelled_namespace_is_never_asked_about(cluster: &Cluster) -> Result<()> {
    let mut door = Door::open(cluster, Way::Service, &["--set=webhook.failurePolicy=Fail"])?;
    door.namespace("labelled", &[IN_MESH, DENY])?;
    cluster.create_namespace("unlabelled", &["istio-injection=enabled"])?;
    let reviews = door.reviews()?;
    assert_snapshot!(apply(cluster, "unlabelled", WEB)?, @"
    service/web created
    deployment.apps/web created
    exit code 0
    ");
    assert_eq!(door.reviews()?, reviews);

    cluster.kubectl(&["delete", "-n", "unlabelled", "-f", WEB])?.succeeded()?;
    door.server.kill();
    assert_snapshot!(apply(cluster, "unlabelled", WEB)?, @"
    service/web created
    deployment.apps/web created
    exit code 0
    ");
    Ok(())
}

/// What the file says holds whatever softer word the namespace has.
pub fn the_platforms_file_sets_modes_and_exceptions(cluster: &Cluster) -> Result<()> {
    let config = r#"--set-json=config={
        "modes": {"namespaces": {"ruled": {"default": "deny", "rules": {"unclear-port-protocol": "warn"}}}},
        "exceptions": [{"rule": "short-grace-period", "object": "Deployment/ruled/web", "owner": "team-a",
                        "reason": "ends at once", "until": "2099-12-31"}]}"#;
    let door = Door::open(cluster, Way::Service, &[config])?;
    door.namespace("ruled", &[IN_MESH, ("seaworthy.dev/mode", "audit")])?;
    assert_snapshot!(apply(cluster, "ruled", WEB)?, @"
    service/web created
    deployment.apps/web created
    Warning: seaworthy: Service ruled/web: unclear-port-protocol: port name `web` names no protocol, so Istio guesses: want `<protocol>-web` at spec.ports[0].name, or an appProtocol
    exit code 0
    ");
    assert_debug_snapshot!(cluster.audited("create", "ruled", "deployments/web")?, @r#"
    {
        "mesh-ready.seaworthy.dev/short-grace-period": "audit spec.template.spec.terminationGracePeriodSeconds",
    }
    "#);

    let other = std::fs::read_to_string(WEB)?.replace("name: web", "name: other");
    let other = cluster.kubectl_with_input(&["apply", "-n", "ruled", "-f", "-"], &other)?;
    assert_snapshot!(other.shown(), @r#"
    service/other created
    Warning: seaworthy: Service ruled/other: unclear-port-protocol: port name `other` names no protocol, so Istio guesses; it is HTTP by its container port: want `http-other` at spec.ports[0].name, or an appProtocol
    Error from server (Forbidden): error when creating "STDIN": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Deployment ruled/other is not fit for the mesh (1 problem)
    - short-grace-period: `other` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
      help: set `terminationGracePeriodSeconds: 47`
    fix: seaworthy fix FILE
    why: seaworthy explain short-grace-period
    docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    exit code 1
    "#);
    Ok(())
}

fn apply(cluster: &Cluster, namespace: &str, file: &str) -> Result<String> {
    Ok(cluster.kubectl(&["apply", "-n", namespace, "-f", file])?.shown())
}
