//! What is refused at the real door, in which words, and whichever way one asks.

use anyhow::{Result, ensure};
use insta::assert_snapshot;

use crate::harness::{Cluster, DENY, Door, FIT, IN_MESH, WEB, Way};

pub fn through_the_service_defects_are_refused_in_one_message(cluster: &Cluster) -> Result<()> {
    let links = r#""links":{"exception":"https://mesh.example.com/exceptions","contact":"team-mesh@example.com"}"#;
    let config = format!(r#"--set-json=config={{"profile":{{"dataPlane":"classic"}},{links}}}"#);
    let door = Door::open(cluster, Way::Service, &[&config])?;
    door.namespace("front", &[IN_MESH, DENY])?;
    let apply = cluster.kubectl(&["apply", "-n", "front", "-f", WEB])?;
    assert_snapshot!(apply.shown(), @r#"
    Error from server (Forbidden): error when creating "tests/cluster/data/door/web.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Service front/web is not fit for the mesh (1 problem)
    - unclear-port-protocol: port name `web` names no protocol, so Istio guesses: want `<protocol>-web` at spec.ports[0].name, or an appProtocol
      help: `appProtocol: http` is likely: only the number 80 says so; the name that others refer to stays
    check before you apply: seaworthy check FILE
    why: seaworthy explain unclear-port-protocol
    exception: https://mesh.example.com/exceptions (ask team-mesh@example.com)
    docs: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    Error from server (Forbidden): error when creating "tests/cluster/data/door/web.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Deployment front/web is not fit for the mesh (3 problems)
    - proxy-stops-first: classic proxy ends before `web`: preStop 30s + shutdown 10s = 40s > 5s; want 40s at spec.template.metadata.annotations[proxy.istio.io/config]
      help: annotate the pod template with `proxy.istio.io/config: "{terminationDrainDuration: 40s}"`, or use a native sidecar (`sidecar.istio.io/nativeSidecar: "true"`)
    - short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s = 42s > 30s; want 42 at spec.template.spec.terminationGracePeriodSeconds
      help: set `terminationGracePeriodSeconds: 42`
    - app-starts-before-proxy: container `web` may start before the classic proxy: want holdApplicationUntilProxyStarts at spec.template.metadata.annotations[proxy.istio.io/config]
    fix: seaworthy fix FILE
    why: seaworthy explain proxy-stops-first
    exception: https://mesh.example.com/exceptions (ask team-mesh@example.com)
    docs: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig
    exit code 1
    "#);
    assert_eq!(all_in(cluster, "front")?, "");
    Ok(())
}

pub fn through_a_url_defects_are_refused_too(cluster: &Cluster) -> Result<()> {
    let door = Door::open(cluster, Way::Loopback, &[])?;
    door.namespace("loopback", &[IN_MESH, DENY])?;
    let apply = cluster.kubectl(&["apply", "-n", "loopback", "-f", WEB])?;
    assert_snapshot!(apply.shown(), @r#"
    Error from server (Forbidden): error when creating "tests/cluster/data/door/web.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Service loopback/web is not fit for the mesh (1 problem)
    - unclear-port-protocol: port name `web` names no protocol, so Istio guesses: want `<protocol>-web` at spec.ports[0].name, or an appProtocol
      help: `appProtocol: http` is likely: only the number 80 says so; the name that others refer to stays
    check before you apply: seaworthy check FILE
    why: seaworthy explain unclear-port-protocol
    docs: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    Error from server (Forbidden): error when creating "tests/cluster/data/door/web.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Deployment loopback/web is not fit for the mesh (1 problem)
    - short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
      help: set `terminationGracePeriodSeconds: 47`
    fix: seaworthy fix FILE
    why: seaworthy explain short-grace-period
    docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    exit code 1
    "#);
    assert_eq!(all_in(cluster, "loopback")?, "");
    let shown = apply.stderr.split("\nError from server").next().unwrap_or_default();
    let readme = std::fs::read_to_string("README.md")?;
    ensure!(readme.contains(shown), "the README shows another refusal than:\n{shown}");
    Ok(())
}

pub fn whichever_way_one_asks_the_answer_is_the_same(cluster: &Cluster) -> Result<()> {
    let door = Door::open(cluster, Way::Service, &[])?;
    door.namespace("asking", &[IN_MESH, DENY])?;
    let ask = |command: &[&str], file: &str| -> Result<String> {
        Ok(cluster.kubectl(&[command, &["-n", "asking", "-f", file]].concat())?.shown())
    };
    let refused = ask(&["apply", "--dry-run=server"], WEB)?;
    assert_snapshot!(refused, @r#"
    Error from server (Forbidden): error when creating "tests/cluster/data/door/web.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Service asking/web is not fit for the mesh (1 problem)
    - unclear-port-protocol: port name `web` names no protocol, so Istio guesses: want `<protocol>-web` at spec.ports[0].name, or an appProtocol
      help: `appProtocol: http` is likely: only the number 80 says so; the name that others refer to stays
    check before you apply: seaworthy check FILE
    why: seaworthy explain unclear-port-protocol
    docs: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    Error from server (Forbidden): error when creating "tests/cluster/data/door/web.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Deployment asking/web is not fit for the mesh (1 problem)
    - short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
      help: set `terminationGracePeriodSeconds: 47`
    fix: seaworthy fix FILE
    why: seaworthy explain short-grace-period
    docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    exit code 1
    "#);
    assert_eq!(ask(&["create"], WEB)?, refused);
    let on_the_server = refused.replace(&format!("error when creating \"{WEB}\": "), "");
    assert_eq!(ask(&["apply", "--server-side"], WEB)?, on_the_server);
    assert_snapshot!(ask(&["diff"], WEB)?, @r#"
    Error from server (Forbidden): admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Service asking/web is not fit for the mesh (1 problem)
    - unclear-port-protocol: port name `web` names no protocol, so Istio guesses: want `<protocol>-web` at spec.ports[0].name, or an appProtocol
      help: `appProtocol: http` is likely: only the number 80 says so; the name that others refer to stays
    check before you apply: seaworthy check FILE
    why: seaworthy explain unclear-port-protocol
    docs: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    exit code 2
    "#);
    assert_eq!(all_in(cluster, "asking")?, "");

    assert_snapshot!(ask(&["create"], FIT)?, @"
    service/web created
    deployment.apps/web created
    exit code 0
    ");
    assert_snapshot!(ask(&["replace"], WEB)?, @r#"
    Error from server (Forbidden): error when replacing "tests/cluster/data/door/web.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Service asking/web is not fit for the mesh (1 problem)
    - unclear-port-protocol: port name `web` names no protocol, so Istio guesses; it is HTTP by its container port: want `http-web` at spec.ports[0].name, or an appProtocol
      help: write `appProtocol: http`, told by the container port `http` of Deployment `web`; the name that others refer to stays
    fix: seaworthy fix FILE
    why: seaworthy explain unclear-port-protocol
    docs: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    Error from server (Forbidden): error when replacing "tests/cluster/data/door/web.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Deployment asking/web is not fit for the mesh (1 problem)
    - short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
      help: set `terminationGracePeriodSeconds: 47`
    fix: seaworthy fix FILE
    why: seaworthy explain short-grace-period
    docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    exit code 1
    "#);
    Ok(())
}

fn all_in(cluster: &Cluster, namespace: &str) -> Result<String> {
    cluster.kubectl(&["get", "deployments,services", "-n", namespace, "-o", "name"])?.succeeded()
}
