//! The same for the rules about fitness, each with the keys of its profile.

use crate::worst_cases::{long, workload};
use serde_json::{Value, json};

/// Objects under the rest of their profile.
pub fn worst_fitness() -> Vec<(&'static str, Vec<Value>)> {
    let mut cases = worst_pods();
    cases.extend(worst_keys());
    cases.extend(worst_namespaces());
    cases.extend(worst_settings());
    cases.push(("assumeMembership: sidecar", worst_metrics()));
    cases.extend(worst_notes());
    cases
}

fn worst_pods() -> Vec<(&'static str, Vec<Value>)> {
    let user = json!({"runAsUser": 1337, "runAsGroup": 1337});
    let own = json!({"name": long("c"), "securityContext": user});
    let spec = json!({"securityContext": user, "containers": [own, {"name": "heir"}]});
    let users = workload("CronJob", &json!({}), &spec);
    let variables = |prefix: &str| {
        let others: Vec<Value> = (0..100).map(|number| json!({"name": format!("A{number}")})).collect();
        let named = [
            json!({"name": format!("ISTIO_META_{prefix}")}),
            json!({"name": "PROXY_CONFIG", "value": "{concurrency: 2}"}),
        ];
        others.into_iter().chain(named).collect::<Vec<_>>()
    };
    let init = |name: &str| json!({"name": name, "image": "app"});
    let placeholder = json!({"name": "istio-proxy", "image": "auto", "env": variables("INTERCEPTION_MODE")});
    let reading = json!({"name": long("c"), "env": variables(&"X".repeat(300))});
    let names = workload(
        "CronJob",
        &json!({}),
        &json!({"initContainers": [init("istio-init"), init("istio-validation"), placeholder], "containers": [reading]}),
    );
    vec![
        ("assumeMembership: sidecar", vec![users]),
        ("assumeMembership: sidecar, dataPlane: classic", vec![names.clone()]),
        ("assumeMembership: sidecar, dataPlane: classic, cni: true", vec![names]),
    ]
}

/// A CronJob whose pods have these labels and annotations, and which has these labels itself.
fn labelled(labels: &Value, annotations: &Value, own: &Value) -> Value {
    let mut job = workload("CronJob", annotations, &json!({"containers": []}));
    job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"] = labels.clone();
    job["spec"]["jobTemplate"]["metadata"] = json!({"labels": own});
    job
}

fn worst_keys() -> Vec<(&'static str, Vec<Value>)> {
    const INJECT: &str = "sidecar.istio.io/inject";
    let none = json!({});
    let odd = |word: Value| labelled(&json!({INJECT: word}), &none, &none);
    let mut in_vain = odd(json!("true"));
    in_vain["metadata"]["namespace"] = json!("local-path-storage");
    let mut namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": long("n")}});
    namespace["metadata"]["labels"] = json!({"istio-injection": "x".repeat(63)});
    let of_pods = || {
        vec![
            odd(json!("x".repeat(63))),
            odd(json!("enabled")),
            odd(json!(false)),
            odd(json!({})),
            odd(json!("true")),
            labelled(&json!({INJECT: "false"}), &json!({INJECT: "true"}), &none),
            labelled(&none, &json!({INJECT: "true"}), &none),
            labelled(&none, &none, &json!({"istio-injection": "disabled"})),
        ]
    };
    let mut in_namespace = of_pods();
    in_namespace.push(namespace);
    let named: Vec<Value> = in_namespace
        .into_iter()
        .enumerate()
        .map(|(number, mut object)| {
            if object["kind"] == "CronJob" {
                object["metadata"]["name"] = json!(format!("{}{number}", "w".repeat(50)));
            }
            object
        })
        .collect();
    vec![("cni: true", named), ("cni: false", of_pods()), ("cni: true", vec![in_vain])]
}

fn worst_namespaces() -> Vec<(&'static str, Vec<Value>)> {
    let namespace = |labels: Value| {
        let metadata = json!({"name": long("n"), "labels": labels});
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    };
    let word = "x".repeat(63);
    let ambient = "istio.io/dataplane-mode";
    let annotated = json!({"name": long("n"), "annotations": {"istio-injection": "enabled"}});
    vec![
        ("cni: false", vec![namespace(json!({"istio-injection": word, "istio.io/rev": word}))]),
        ("cni: false", vec![namespace(json!({"istio.io/rev": word, ambient: "ambient"}))]),
        (
            "cni: false",
            vec![namespace(json!({"istio-injection": "enabled", "pod-security.kubernetes.io/enforce": "restricted"}))],
        ),
        ("cni: false", vec![namespace(json!({"istio-injection": true}))]),
        ("cni: false", vec![namespace(json!({"istio-injection": []}))]),
        ("cni: false", vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": annotated})]),
    ]
}

/// Annotations in which each thing that Istio does not read is as long as it can be.
fn worst_settings() -> Vec<(&'static str, Vec<Value>)> {
    let value = "9".repeat(300);
    let texts = [
        json!("[]"),
        json!("a: ["),
        json!(7),
        json!(format!("{{holdApplicationUntilProxyStarts: \"{value}\"}}")),
        json!(format!("{{proxyBootstrapTemplatePath: [{value}]}}")),
        json!(format!("{{controlPlaneAuthPolicy: \"{value}\"}}")),
        json!(format!("{{drainDuration: \"{value}ms\"}}")),
        json!("{termination_drain_duration: 9999999999999999999}"),
        json!(format!("{{proxyMetadata: {{\"{value}\": true}}}}")),
        json!(format!("{{\"{value}\": true}}")),
        json!("{hold-application-until-proxy-starts: true}"),
        json!(format!("{{proxyMetadata: {{EXIT_ON_ZERO_ACTIVE_CONNECTIONS: \"{value}\"}}}}")),
        json!(format!("{{proxyMetadata: {{MINIMUM_DRAIN_DURATION: \"{value}\"}}}}")),
        json!("{proxyMetadata: {MINIMUM_DRAIN_DURATION: \"4294967295 seconds\"}}"),
    ];
    let objects = texts.map(|text| {
        let annotations = json!({"proxy.istio.io/config": text});
        workload("CronJob", &annotations, &json!({"containers": []}))
    });
    objects.into_iter().map(|object| ("cni: true", vec![object])).collect()
}

fn worst_metrics() -> Vec<Value> {
    let autoscaler = |version: &str, name: &str, rest: Value| {
        let mut spec = json!({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": long("w")}});
        spec.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        let metadata = json!({"name": name, "namespace": long("n")});
        json!({"apiVersion": version, "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec})
    };
    let metrics: Vec<Value> =
        (0..101).map(|_| json!({"type": "Resource", "resource": {"name": "x".repeat(253), "target": {}}})).collect();
    let mut scaled = workload("ReplicaSet", &json!({}), &json!({"containers": []}));
    scaled["spec"]["template"]["spec"]["containers"] = json!([{"name": long("c")}]);
    vec![
        scaled,
        autoscaler("autoscaling/v2", "a", json!({"metrics": metrics})),
        autoscaler("autoscaling/v2", "b", json!({})),
        autoscaler("autoscaling/v1", "c", json!({"targetCPUUtilizationPercentage": 100})),
    ]
}

/// What is only worth knowing.
fn worst_notes() -> Vec<(&'static str, Vec<Value>)> {
    let on_node = || workload("CronJob", &json!({}), &json!({"hostNetwork": true, "containers": []}));
    let mut many = workload("ReplicationController", &json!({}), &json!({"containers": []}));
    many["spec"]["replicas"] = json!(i64::MAX);
    let mut cases =
        vec![("assumeMembership: sidecar", vec![on_node(), many]), ("assumeMembership: ambient", vec![on_node()])];
    cases.extend(worst_labels().map(|object| ("assumeMembership: ambient", vec![object])));
    cases
}

/// Pods that lack the longest labels.
fn worst_labels() -> [Value; 3] {
    let own = |labels: Value, of_pods: Value| {
        let mut object = workload("ReplicationController", &json!({}), &json!({"containers": []}));
        object["metadata"]["labels"] = labels;
        object["spec"]["template"]["metadata"]["labels"] = of_pods;
        object
    };
    let (name, version) = ("service.istio.io/canonical-name", "service.istio.io/canonical-revision");
    let word = "x".repeat(63);
    [
        own(json!({name: word, version: word}), json!({})),
        own(json!({}), json!({name: word})),
        own(json!({}), json!({version: word})),
    ]
}
