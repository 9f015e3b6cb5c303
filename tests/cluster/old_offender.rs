//! The ratchet: what was there before its namespace was labelled is never in the way of those who run it.

use anyhow::Result;
use insta::assert_snapshot;

use crate::harness::{Cluster, Door, WEB, Way};

const UNRELATED: &str = "tests/cluster/data/door/unrelated.yaml";
const WORSE: &str = "tests/cluster/data/door/worse.yaml";

pub fn an_old_offender_can_be_run_and_changed(cluster: &Cluster) -> Result<()> {
    let _door = with_old_offender(cluster, "old")?;
    let kubectl =
        |arguments: &[&str]| -> Result<String> { Ok(cluster.kubectl(&[arguments, &["-n", "old"]].concat())?.shown()) };
    assert_snapshot!(kubectl(&["scale", "deployment/web", "--replicas=3"])?, @"
    deployment.apps/web scaled
    exit code 0
    ");
    assert_snapshot!(kubectl(&["label", "deployment/web", "tier=front"])?, @"
    deployment.apps/web labeled
    exit code 0
    ");
    assert_snapshot!(kubectl(&["annotate", "deployment/web", "example.com/owner=team-a"])?, @"
    deployment.apps/web annotated
    exit code 0
    ");
    assert_snapshot!(kubectl(&["rollout", "restart", "deployment/web"])?, @"
    deployment.apps/web restarted
    Warning: seaworthy: Deployment old/web: short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
    exit code 0
    ");
    assert_snapshot!(kubectl(&["set", "image", "deployment/web", "web=registry.example.com/shop/web:1.1"])?, @"
    deployment.apps/web image updated
    Warning: seaworthy: Deployment old/web: short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
    exit code 0
    ");
    assert_snapshot!(kubectl(&["apply", "-f", UNRELATED])?, @"
    service/web configured
    deployment.apps/web configured
    Warning: seaworthy: Service old/web: unclear-port-protocol: port name `web` names no protocol, so Istio guesses: want `<protocol>-web` at spec.ports[0].name, or an appProtocol
    Warning: seaworthy: Deployment old/web: short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
    exit code 0
    ");
    assert_snapshot!(kubectl(&["apply", "--server-side", "--force-conflicts", "-f", WEB])?, @"
    service/web serverside-applied
    deployment.apps/web serverside-applied
    Warning: seaworthy: Service old/web: unclear-port-protocol: port name `web` names no protocol, so Istio guesses; it is HTTP by its container port: want `http-web` at spec.ports[0].name, or an appProtocol
    Warning: seaworthy: Deployment old/web: short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
    exit code 0
    ");
    assert_snapshot!(kubectl(&["delete", "-f", WEB])?, @r#"
    service "web" deleted from old namespace
    deployment.apps "web" deleted from old namespace
    exit code 0
    "#);
    Ok(())
}

pub fn an_old_offender_that_gets_worse_is_refused_for_what_is_new(cluster: &Cluster) -> Result<()> {
    let _door = with_old_offender(cluster, "worse")?;
    let apply = cluster.kubectl(&["apply", "-n", "worse", "-f", WORSE])?;
    assert_snapshot!(apply.shown(), @r#"
    Warning: seaworthy: Service worse/web: unclear-port-protocol: port name `web` names no protocol, so Istio guesses; it is HTTP by its container port: want `http-web` at spec.ports[0].name, or an appProtocol
    Warning: seaworthy: Deployment worse/web: short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s = 42s > 30s; want 42 at spec.template.spec.terminationGracePeriodSeconds
    Error from server (Forbidden): error when applying patch:
    {"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"annotations\":{},\"name\":\"web\",\"namespace\":\"worse\"},\"spec\":{\"ports\":[{\"name\":\"web\",\"port\":80,\"targetPort\":8080},{\"name\":\"admin\",\"port\":81,\"targetPort\":8081}],\"selector\":{\"app\":\"web\"}}}\n"}},"spec":{"$setElementOrder/ports":[{"port":80},{"port":81}],"ports":[{"name":"admin","port":81,"targetPort":8081}]}}
    to:
    Resource: "/v1, Resource=services", GroupVersionKind: "/v1, Kind=Service"
    Name: "web", Namespace: "worse"
    for: "tests/cluster/data/door/worse.yaml": error when patching "tests/cluster/data/door/worse.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Service worse/web is not fit for the mesh (1 problem)
    - unclear-port-protocol: port name `admin` names no protocol, so Istio guesses: want `<protocol>-admin` at spec.ports[1].name, or an appProtocol
      help: protocols Istio reads: http, http2, https, grpc, grpc-web, tcp, tls, mongo, mysql, redis; adding `appProtocol` keeps the name that others refer to
    check before you apply: seaworthy check FILE
    why: seaworthy explain unclear-port-protocol
    docs: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    Error from server (Forbidden): error when applying patch:
    {"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"annotations\":{},\"name\":\"web\",\"namespace\":\"worse\"},\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"web\"}},\"template\":{\"metadata\":{\"annotations\":{\"proxy.istio.io/config\":\"{\\\"holdApplicationUntilProxyStarts\\\": true}\",\"sidecar.istio.io/nativeSidecar\":\"false\"},\"labels\":{\"app\":\"web\",\"version\":\"v1\"}},\"spec\":{\"containers\":[{\"image\":\"registry.example.com/shop/web:1.0\",\"lifecycle\":{\"preStop\":{\"sleep\":{\"seconds\":30}}},\"name\":\"web\",\"ports\":[{\"containerPort\":8080,\"name\":\"http\"}],\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready\",\"port\":\"http\"}}}]}}}}\n"}},"spec":{"template":{"metadata":{"annotations":{"proxy.istio.io/config":"{\"holdApplicationUntilProxyStarts\": true}","sidecar.istio.io/nativeSidecar":"false"}}}}}
    to:
    Resource: "apps/v1, Resource=deployments", GroupVersionKind: "apps/v1, Kind=Deployment"
    Name: "web", Namespace: "worse"
    for: "tests/cluster/data/door/worse.yaml": error when patching "tests/cluster/data/door/worse.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Deployment worse/web is not fit for the mesh (1 problem)
    - proxy-stops-first: classic proxy ends before `web`: preStop 30s + shutdown 10s = 40s > 5s; want 40s at spec.template.metadata.annotations[proxy.istio.io/config]
      help: annotate the pod template with `proxy.istio.io/config: "{terminationDrainDuration: 40s}"`, or use a native sidecar (`sidecar.istio.io/nativeSidecar: "true"`)
    fix: seaworthy fix FILE
    why: seaworthy explain proxy-stops-first
    docs: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig
    exit code 1
    "#);
    let patch = r#"{"spec":{"ports":[{"name":"web","port":80},{"name":"admin","port":81}]}}"#;
    let patch = cluster.kubectl(&["patch", "-n", "worse", "service/web", "-p", patch])?;
    assert_snapshot!(patch.shown(), @r#"
    Warning: seaworthy: Service worse/web: unclear-port-protocol: port name `web` names no protocol, so Istio guesses; it is HTTP by its container port: want `http-web` at spec.ports[0].name, or an appProtocol
    Error from server (Forbidden): admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Service worse/web is not fit for the mesh (1 problem)
    - unclear-port-protocol: port name `admin` names no protocol, so Istio guesses: want `<protocol>-admin` at spec.ports[1].name, or an appProtocol
      help: protocols Istio reads: http, http2, https, grpc, grpc-web, tcp, tls, mongo, mysql, redis; adding `appProtocol` keeps the name that others refer to
    check before you apply: seaworthy check FILE
    why: seaworthy explain unclear-port-protocol
    docs: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    exit code 1
    "#);
    Ok(())
}

/// The objects of [`WEB`] in a namespace that is labelled `deny` afterwards.
fn with_old_offender<'a>(cluster: &'a Cluster, namespace: &str) -> Result<Door<'a>> {
    let door = Door::open(cluster, Way::Service, &[])?;
    cluster.create_namespace(namespace, &["istio-injection=enabled"])?;
    cluster.kubectl(&["apply", "-n", namespace, "-f", WEB])?.succeeded()?;
    cluster.kubectl(&["label", "namespace", namespace, "seaworthy.dev/mode=deny"])?.succeeded()?;
    door.wait_until_refusing(namespace)?;
    Ok(door)
}
