//! Each rule in each of its ways, with the longest names, numbers and paths that Kubernetes takes.

use crate::worst_fitness::worst_fitness;
use crate::worst_ports::{worst_evidence, worst_ports};
use serde_json::{Value, json};

/// The longest name of an object, container or Service port.
pub fn long(start: &str) -> String {
    format!("{start}{}", "x".repeat(63 - start.len()))
}

/// What Kubernetes takes as appProtocol at most: a domain and a name.
pub fn long_app_protocol() -> String {
    format!("{}/{}", ["x".repeat(63), "x".repeat(63), "x".repeat(63), "x".repeat(61)].join("."), long("h"))
}

pub fn object(kind: &str, name: &str, rest: &Value) -> Value {
    let api_version = match kind {
        "Service" | "ServiceAccount" | "Pod" | "ReplicationController" => "v1",
        "Job" | "CronJob" => "batch/v1",
        _ => "apps/v1",
    };
    let mut object =
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": long("n")}});
    object.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    object
}

/// A workload of a kind, with its pod at the 101st place of its lists.
pub fn workload(kind: &str, annotations: &Value, spec: &Value) -> Value {
    let mut spec = spec.clone();
    for list in ["containers", "initContainers"] {
        if let Some(items) = spec.get_mut(list).and_then(Value::as_array_mut) {
            items.splice(0..0, (0..100).map(|number| json!({"name": format!("other-{number}"), "command": WAITS})));
        }
    }
    let template = json!({"metadata": {"labels": {"app": "x"}, "annotations": annotations}, "spec": spec});
    let spec = match kind {
        "CronJob" => json!({"jobTemplate": {"spec": {"template": template}}}),
        _ => json!({"template": template}),
    };
    object(kind, &long("w"), &json!({"spec": spec}))
}

/// A command that keeps the padding out of the rules about starting.
const WAITS: [&str; 2] = ["/wait-for-istio.sh", "app"];

/// A Service with these ports behind a hundred others.
pub fn service(name: &str, ports: &[Value]) -> Value {
    let mut all: Vec<Value> =
        (0..100).map(|number| json!({"name": format!("http-{number}"), "port": 20000 + number})).collect();
    all.extend_from_slice(ports);
    object("Service", name, &json!({"spec": {"clusterIP": "None", "selector": {"app": "x"}, "ports": all}}))
}

/// Objects with the longest names, numbers and paths, under settings that make each rule speak in each of its ways.
pub fn worst_cases() -> Vec<(String, Vec<Value>)> {
    let profile = |rest: &str| format!("profile: {{{rest}}}");
    let (sidecar, classic) = ("assumeMembership: sidecar", "assumeMembership: sidecar, dataPlane: classic");
    let idle =
        format!("{classic}, proxy: {{exitOnZeroActiveConnections: true, minimumDrainDuration: 100000.123456789s}}");
    let hooked = json!({"name": long("c"), "lifecycle": {"preStop": {"exec": {"command": ["sleep", "1d"]}}}});
    let asks = json!({"name": long("c"), "lifecycle": {"preStop": {"httpGet": {"port": 8080}}}});
    let declared = json!({"seaworthy.dev/shutdown-seconds": u32::MAX.to_string()});
    let serving = json!({"name": long("c"), "ports": [{"containerPort": 65535}]});
    let endless = json!({"name": long("c"), "command": ["sh", "-c", "until curl -f localhost:15021/healthz/ready; do sleep 1; done; exec app"]});
    let script = "until curl -f localhost:15021/healthz/ready; do sleep 1; done; exec app";
    let starting = json!({"name": long("c"), "restartPolicy": "Always", "lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", script]}}}});
    let starting = workload("CronJob", &json!({}), &json!({"containers": [], "initContainers": [starting]}));
    let lacking = json!({"name": long("c"), "image": "python:3-alpine", "command": ["bash", "-c", script], "args": [long("a"), long("b")]});
    let mut dropping = endless.clone();
    dropping["args"] = json!([long("a"), long("b")]);
    dropping["restartPolicy"] = json!("Always");
    let dropping = workload("CronJob", &json!({}), &json!({"containers": [], "initContainers": [dropping]}));
    let before = workload("CronJob", &json!({}), &json!({"containers": [], "initContainers": [endless]}));
    let calling = json!({"name": long("c"), "command": ["nc", "-z", long("h"), "5432"]});
    let calling = workload("CronJob", &json!({}), &json!({"containers": [], "initContainers": [calling]}));
    let job = |annotations: &Value, container: &Value| {
        let spec = json!({"terminationGracePeriodSeconds": 31_535_999, "containers": [container], "serviceAccountName": long("a")});
        workload("CronJob", annotations, &spec)
    };
    let spec = json!({"hostNetwork": true, "initContainers": [endless]});
    let on_host_network = workload("CronJob", &json!({}), &spec);
    let slow =
        workload("StatefulSet", &json!({}), &json!({"terminationGracePeriodSeconds": i64::MAX, "containers": []}));
    let drains = json!({"proxy.istio.io/config": "{terminationDrainDuration: 2562047h47m16.85477580s, drainDuration: 2562046h47m16s}"});
    let spec = json!({"terminationGracePeriodSeconds": i64::MAX, "containers": []});
    let drained = workload("CronJob", &drains, &spec);
    let native_sidecar = |container: &Value| {
        let mut container = container.clone();
        container["restartPolicy"] = json!("Always");
        workload("ReplicationController", &json!({}), &json!({"containers": [], "initContainers": [container]}))
    };
    let account = json!({"metadata": {"name": long("a"), "namespace": long("n"), "annotations": {"iam.gke.io/gcp-service-account": "accounts@b.iam.gserviceaccount.com"}}});
    let ports = [
        json!({"name": long("web-"), "port": 65531}),
        json!({"port": 65532}),
        json!({"name": "any", "port": 65533, "appProtocol": long_app_protocol()}),
        json!({"name": long("udp-"), "port": 65534, "protocol": "SCTP"}),
        json!({"name": "any", "port": 65535, "appProtocol": format!("UDP-{}", long_app_protocol()), "protocol": "SCTP"}),
    ];
    let clashing = |name: &str, protocol: &str| {
        service(&long(name), &[json!({"name": long(protocol), "port": 65535, "appProtocol": protocol})])
    };
    let conflict =
        ["a", "b", "c"].map(|name| clashing(name, if name == "c" { "grpc-web" } else { "http_proxy" })).to_vec();
    let mut cases = vec![
        (profile(sidecar), vec![service(&long("s"), &ports)]),
        (profile("assumeMembership: sidecar, istioVersion: '1.7'"), vec![service(&long("s"), &ports)]),
        (profile(sidecar), conflict),
        (profile(sidecar), vec![native_sidecar(&serving), object("ServiceAccount", &long("a"), &account)]),
        (profile(sidecar), vec![native_sidecar(&hooked), job(&declared, &hooked), job(&declared, &asks)]),
        (profile(classic), vec![job(&declared, &hooked)]),
        (profile(&idle), vec![job(&declared, &hooked)]),
        (profile(sidecar), vec![object("ServiceAccount", &long("a"), &account), job(&json!({}), &serving)]),
        (profile(sidecar), vec![job(&json!({"seaworthy.dev/workload-identity": "true"}), &serving)]),
        (profile("assumeMembership: outside"), vec![job(&json!({}), &endless)]),
        (profile(sidecar), vec![on_host_network]),
        (profile(classic), vec![dropping.clone()]),
        (profile(classic), vec![before.clone()]),
        (profile(classic), vec![starting.clone()]),
        (profile("assumeMembership: outside"), vec![starting.clone()]),
        (profile("assumeMembership: sidecar, dataPlane: native"), vec![starting]),
        (profile(classic), vec![job(&json!({}), &lacking)]),
        (profile(&format!("{classic}, cni: true")), vec![calling.clone()]),
        (profile(&format!("{classic}, cni: true, istioVersion: '1.20'")), vec![calling]),
        (profile("assumeMembership: sidecar, dataPlane: native"), vec![dropping, before]),
        (
            profile(&format!("{classic}, proxy: {{holdApplicationUntilProxyStarts: true}}")),
            vec![job(&json!({}), &endless)],
        ),
        (profile(sidecar), vec![slow]),
        (profile(classic), vec![drained]),
        (profile(sidecar), vec![capping(), job(&declared, &hooked), native_sidecar(&hooked)]),
        (profile("assumeMembership: ambient"), vec![job(&json!({}), &endless)]),
    ];
    cases.extend(worst_identities().into_iter().map(|(keys, objects)| (profile(keys), objects)));
    let listed = format!("missing-identity-wait: {{params: {{serviceAccounts: ['{}/{}']}}}}", long("n"), long("a"));
    cases.push((format!("{}\nrules: {{{listed}}}", profile(sidecar)), vec![job(&json!({}), &serving)]));
    for strategy in ["native", "no-sidecar", "quit"] {
        let rules = format!("rules: {{job-never-completes: {{params: {{strategy: {strategy}}}}}}}");
        cases.push((format!("{}\n{rules}", profile(classic)), vec![job(&json!({}), &serving)]));
    }
    for strategy in ["hold", "native", "wrapper"] {
        let rules = format!("rules: {{app-starts-before-proxy: {{params: {{strategy: {strategy}}}}}}}");
        cases.push((format!("{}\n{rules}", profile(classic)), vec![job(&json!({}), &serving)]));
    }
    cases.extend(worst_hooks().into_iter().map(|(rest, objects)| (profile(rest), objects)));
    cases.extend(worst_evidence().into_iter().map(|(rest, objects)| (profile(rest), objects)));
    cases.extend(worst_ports().into_iter().map(|(rest, objects)| (profile(rest), objects)));
    cases.extend(worst_fitness().into_iter().map(|(rest, objects)| (profile(rest), objects)));
    cases
}

/// The same for the rules about single hooks, each with the keys of its profile.
fn worst_hooks() -> Vec<(&'static str, Vec<Value>)> {
    let init = |lifecycle: Value| {
        let always = json!({"name": long("c"), "restartPolicy": "Always", "lifecycle": lifecycle});
        let spec = json!({"terminationGracePeriodSeconds": i64::MAX - 1, "containers": [], "initContainers": [always]});
        workload("CronJob", &json!({}), &spec)
    };
    let socket = json!({"tcpSocket": {"port": 1}});
    let many = json!({"httpGet": {"port": 1}, "tcpSocket": {"port": 1}});
    let refused = [
        json!({"postStart": {"sleep": {"seconds": i64::MAX}}, "preStop": {"sleep": {"seconds": i64::MIN}}, "stopSignal": long("S")}),
        json!({"postStart": socket, "preStop": socket}),
        json!({"postStart": many, "preStop": {}}),
        json!({"postStart": {"exec": {}}, "preStop": {"httpGet": {"port": 0}}}),
    ];
    let runs = |image: &str, command: Value| {
        let lifecycle = json!({"preStop": {"exec": {"command": command}}});
        let always = json!({"name": long("c"), "image": image, "restartPolicy": "Always", "lifecycle": lifecycle});
        workload("CronJob", &json!({}), &json!({"containers": [], "initContainers": [always]}))
    };
    let failing = vec![
        runs("gcr.io/distroless/static", json!(["/usr/local/sbin/killall", long("x")])),
        runs("gcr.io/distroless/static", json!(["/usr/local/sbin/sleep", "86400s"])),
        runs("app", json!(["sleep 4294967295"])),
        runs("app", json!(["sleep 5; /drain"])),
        runs("app", json!(["sh", "sleep 5; /drain"])),
        runs("app", json!(["sh", "-c"])),
        runs("app", json!(["sh", "-c", "sleep"])),
        runs("app", json!(["sleep", "$N"])),
        runs("app", json!(["curl", "localhost:15000/healthcheck/fail"])),
        runs("app", json!(["curl", "-XPOST", "localhost:15000/healthcheck/fail"])),
    ];
    let asks = |port: i64| {
        let lifecycle = json!({"preStop": {"httpGet": {"path": "/", "port": port}}});
        let container = json!({"name": long("c"), "lifecycle": lifecycle});
        workload("CronJob", &json!({}), &json!({"containers": [container]}))
    };
    let requests = || vec![asks(15000), asks(65535)];
    let ending = json!({"containers": [], "initContainers": [{"name": long("c"), "lifecycle": {}}]});
    let mut system = init(json!({"stopSignal": long("S")}));
    system["spec"]["jobTemplate"]["spec"]["template"]["spec"]["os"] = json!({"name": "windows"});
    vec![
        ("assumeMembership: outside", refused.clone().map(init).to_vec()),
        ("assumeMembership: outside, kubernetesVersion: '65535.29'", refused.map(init).to_vec()),
        ("assumeMembership: outside, kubernetesVersion: '1.29'", vec![init(json!({"postStart": {"sleep": {}}}))]),
        ("assumeMembership: sidecar, istioVersion: '65535.65535'", failing),
        ("assumeMembership: sidecar, dataPlane: classic", requests()),
        ("assumeMembership: sidecar, mtls: STRICT, istioVersion: '1.24', dataPlane: native", requests()),
        ("assumeMembership: outside", vec![system, workload("CronJob", &json!({}), &ending)]),
    ]
}

/// A policy that caps the grace period of CronJobs and Pods at the 101st place of its lists.
fn capping() -> Value {
    let rule = |kind: &str, patch: Value| {
        let mut foreach: Vec<Value> = (0..100).map(|_| json!({"list": "other"})).collect();
        foreach.push(json!({"list": "request.object.spec.jobTemplate.spec.template.spec.containers", "patchStrategicMerge": patch}));
        json!({"match": {"resources": {"kinds": [kind]}}, "mutate": {"foreach": foreach}})
    };
    let spec = json!({"jobTemplate": {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": -1_000_000}}}}});
    let mut rules = vec![json!({}); 100];
    rules.push(rule("CronJob", json!({"spec": spec})));
    let metadata = json!({"name": long("p")});
    json!({"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": metadata, "spec": {"rules": rules}})
}

/// Pods and ServiceAccounts whose identity is asked for in a wrong way or place.
fn worst_identities() -> Vec<(&'static str, Vec<Value>)> {
    let asking = |script: &str| {
        let script = script.replace(
            "TOKEN",
            "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token",
        );
        json!({"name": long("i"), "image": "cloud-sdk:326.0.0-alpine", "command": ["sh", "-c", script]})
    };
    let waiting = |script: &str| {
        let spec = json!({"containers": [], "initContainers": [asking(script)]});
        workload("CronJob", &json!({}), &spec)
    };
    let scripts = [
        "until curl -sf TOKEN; do sleep 1; done",
        "curl -sf TOKEN || true",
        "curl -s TOKEN",
        "curl -sf --retry 30 TOKEN",
        "curl -sf TOKEN",
    ];
    let waits: Vec<Value> = scripts.into_iter().map(waiting).collect();
    let istio = |name: &str| json!({"name": name, "image": "proxyv2", "restartPolicy": if name == "istio-proxy" { "Always" } else { "" }});
    let between = |names: [&str; 2]| {
        let lists =
            json!({"containers": [], "initContainers": [istio(names[0]), asking("curl -sf TOKEN"), istio(names[1])]});
        workload("CronJob", &json!({}), &lists)
    };
    let account = |name: &str, account: &str| {
        let metadata =
            json!({"name": name, "namespace": long("n"), "annotations": {"iam.gke.io/gcp-service-account": account}});
        object("ServiceAccount", name, &json!({"metadata": metadata}))
    };
    let accounts = [
        long("a"),
        format!("{}@example.com", long("a")),
        format!("{}@example-shop.iam.gserviceaccount.com", long("a")),
        format!("{}@EXAMPLE.iam.gserviceaccount.com", long("a")),
        format!("{}@example-shop.iam.gserviceaccount.com", long("A")),
        format!("{}@developer.gserviceaccount.com", long("A")),
        format!("{}@example-shop.iam.gserviceaccount.com", long("1")),
    ];
    let malformed: Vec<Value> =
        accounts.iter().enumerate().map(|(at, name)| account(&long(&format!("a{at}")), name)).collect();
    let annotated = json!({"iam.gke.io/gcp-service-account": "orders@example-shop.iam.gserviceaccount.com", "azure.workload.identity/use": "true"});
    let spec = json!({"containers": [], "serviceAccountName": long("o")});
    let mut misplaced = workload("CronJob", &annotated, &spec);
    misplaced["metadata"]["annotations"] = annotated.clone();
    let by_name = vec![
        account(&long("w"), "orders@example-shop.iam.gserviceaccount.com"),
        workload("CronJob", &json!({}), &json!({"containers": []})),
    ];
    let (classic_cni, closed) = (
        "assumeMembership: sidecar, dataPlane: classic, cni: true, eksPodIdentity: true",
        "assumeMembership: sidecar, outboundTrafficPolicy: REGISTRY_ONLY",
    );
    vec![
        ("assumeMembership: sidecar", waits.clone()),
        (classic_cni, waits.clone()),
        (closed, waits),
        ("dataPlane: classic", vec![between(["istio-init", "other"])]),
        ("dataPlane: native", vec![between(["istio-init", "istio-proxy"])]),
        ("assumeMembership: outside", malformed),
        ("assumeMembership: outside", vec![misplaced]),
        ("assumeMembership: outside", by_name),
    ]
}
