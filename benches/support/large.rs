//! Objects as large as anybody can send: what must not keep the webhook busy.
//!
//! Each grows with a number, so that the benchmark can show how the time grows with it.

use serde_json::{Value, json};
use std::fmt::Write;

/// A large object and what stands around it.
pub struct Large {
    /// What it is, for the table.
    pub name: &'static str,
    /// What is judged, and what is around it: the first is the large one, unless its name says otherwise.
    pub objects: Vec<Value>,
}

/// Makes one of a size.
pub type Make = fn(usize) -> Large;

/// Variables of each container of the worst case: ten times as many as containers.
const VARIABLES: usize = 10;

/// The worst case, once for each kind: so many containers, ten times as many variables, without a fault and with several in
/// each.
pub const WORST: [Make; 4] = [
    |size| workload("Deployment, no findings", "Deployment", size, fit),
    |size| workload("Deployment, faults in each container", "Deployment", size, faulty),
    |size| workload("Pod, faults in each container", "Pod", size, faulty),
    |size| workload("Job, faults in each container", "Job", size, faulty),
];

/// Other ways to be large.
pub const OTHERS: [Make; 21] = [
    |size| workload("containers with a port each", "Deployment", size, with_port),
    |size| workload("containers that wait for the proxy", "Deployment", size, waiting),
    init_containers,
    variables,
    services,
    |size| service_ports("ports of one Service", size, "port", |_| 8080),
    |size| service_ports("ports of one Service, called udp", size, "udp", |_| 8080),
    |size| service_ports("ports of one Service, to as many targets", size, "port", |number| number),
    named_ports,
    annotation,
    |size| script("a script of many commands", size, "date; "),
    |size| script("a script of many waits", size, "until curl -s localhost:15021/healthz/ready; do sleep 1; done; "),
    |size| script("a script of open brackets", size, "if true; then while ( "),
    |size| script("a script of conditions in a row", size, "sleep 1 && "),
    |size| script("a script of calls within calls", size, "a $(a "),
    |size| script("a script of checks that name the metadata server", size, "google||exit 1;"),
    |size| script("a script of questions to the metadata server in a row", size, "nc google.auth&&"),
    variables_and_words,
    |size| script("a script that only tells of the metadata server", size, "echo google;"),
    |size| script("a script of functions", size, "f() { f; f; }; f; A=$A$A; "),
    deep,
];

fn workload(name: &'static str, kind: &str, size: usize, container: fn(usize) -> Value) -> Large {
    let containers = (0..size).map(container).collect();
    Large { name, objects: around(of_kind(kind, json!({"containers": list(containers)}))) }
}

/// With a Namespace in the mesh and a Service that selects the pods.
fn around(object: Value) -> Vec<Value> {
    let port = json!({"name": "http", "port": 80, "targetPort": 8080});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "shop", "labels": {"istio-injection": "enabled"}}});
    vec![object, namespace, service("web", json!([port]))]
}

fn service(name: &str, ports: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"app": "web"}, "ports": ports}})
}

fn of_kind(kind: &str, spec: Value) -> Value {
    let named = |labels: Value| json!({"name": "web", "namespace": "shop", "labels": labels});
    let pods = json!({"app": "web"});
    match kind {
        "Pod" => json!({"apiVersion": "v1", "kind": kind, "metadata": named(pods), "spec": spec}),
        "Job" => json!({"apiVersion": "batch/v1", "kind": kind, "metadata": named(json!({})),
            "spec": {"template": {"metadata": {"labels": pods}, "spec": spec}}}),
        _ => json!({"apiVersion": "apps/v1", "kind": kind, "metadata": named(json!({})),
            "spec": {"selector": {"matchLabels": pods}, "template": {"metadata": {"labels": pods}, "spec": spec}}}),
    }
}

fn deployment(spec: Value) -> Vec<Value> {
    around(of_kind("Deployment", spec))
}

fn list(items: Vec<Value>) -> Value {
    Value::Array(items)
}

/// A container as many are, with nothing to find.
fn fit(number: usize) -> Value {
    let variable = |at: usize| json!({"name": format!("SETTING_{at}"), "value": format!("value {at} of {number}")});
    json!({"name": format!("part-{number}"), "image": "registry.example.com/shop/part:1.2.3",
        "env": (0..VARIABLES).map(variable).collect::<Vec<_>>()})
}

/// One that serves and stops at once, waits for the proxy in a shell, looks for it by a wrong address, and runs as the proxy.
fn faulty(number: usize) -> Value {
    let mut container = fit(number);
    container["command"] = json!(["sh", "-c", WAIT]);
    container["ports"] = json!([{"name": format!("http-{number}"), "containerPort": 8080 + number}]);
    container["readinessProbe"] = json!({"httpGet": {"path": "/ready", "port": format!("http-{number}")}});
    container["securityContext"] = json!({"runAsUser": 1337});
    container["lifecycle"] = match number % 3 {
        0 => json!({}),
        1 => json!({"preStop": {"exec": {"command": ["sh", "-c", "sleep 5; kill 1"]}}}),
        _ => json!({"preStop": {"httpGet": {"path": "/stop", "port": 15020}}}),
    };
    container
}

const WAIT: &str = "while true; do curl -s localhost:15020/healthz/ready && break; sleep 1; done; exec /server";

fn with_port(number: usize) -> Value {
    json!({"name": format!("part-{number}"), "image": "part", "ports": [{"containerPort": 1024 + number}]})
}

fn waiting(number: usize) -> Value {
    json!({"name": format!("part-{number}"), "image": "part", "command": ["sh", "-c", WAIT]})
}

fn init_containers(size: usize) -> Large {
    let identity = |number: usize| {
        json!({"name": format!("wait-{number}"), "image": "google/cloud-sdk", "command": ["sh", "-c",
            "until curl -s -H 'Metadata-Flavor: Google' http://169.254.169.254/computeMetadata/v1/; do sleep 1; done"]})
    };
    let spec = json!({"initContainers": (0..size).map(identity).collect::<Vec<_>>(), "containers": [with_port(0)]});
    Large { name: "init containers that wait for the metadata server", objects: deployment(spec) }
}

fn variables(size: usize) -> Large {
    let variable = |at: usize| json!({"name": format!("SETTING_{at}"), "value": format!("http://localhost:{at}/")});
    let mut container = with_port(0);
    container["env"] = (0..size * VARIABLES).map(variable).collect();
    Large { name: "variables in one container", objects: deployment(json!({"containers": [container]})) }
}

/// Each of the variables holds the address of the metadata server, and none of the words asks one of them.
fn variables_and_words(size: usize) -> Large {
    let variable = |at: usize| json!({"name": format!("M{at}"), "value": "http://metadata.google.internal"});
    let mut init = json!({"name": "first", "image": "part", "command": ["sh", "-c", "curl $N; ".repeat(size)]});
    init["env"] = (0..size).map(variable).collect();
    let spec = json!({"initContainers": [init], "containers": [with_port(0)]});
    Large { name: "variables, and as many words that may name them", objects: deployment(spec) }
}

fn services(size: usize) -> Large {
    let port = |number: usize| json!([{"name": format!("http-{number}"), "port": number + 1, "targetPort": 8080}]);
    let mut objects = deployment(json!({"containers": [faulty(0)]}));
    objects.extend((0..size / 10).map(|number| service(&format!("web-{number}"), port(number))));
    Large { name: "tenths of Services of one Deployment", objects }
}

fn service_ports(name: &'static str, size: usize, word: &str, target: fn(usize) -> usize) -> Large {
    let port =
        |number: usize| json!({"name": format!("{word}-{number}"), "port": number + 1, "targetPort": target(number)});
    let mut objects = deployment(json!({"containers": [faulty(0)]}));
    objects.insert(0, service("wide", (0..size).map(port).collect()));
    Large { name, objects }
}

fn named_ports(size: usize) -> Large {
    let size = size / 10;
    let port =
        |number: usize| json!({"name": format!("p-{number}"), "port": number + 1, "targetPort": format!("q-{number}")});
    let declared = |number: usize| json!({"name": format!("q-{number}"), "containerPort": number + 1});
    let containers: Vec<Value> = (0..size)
        .map(|number| json!({"name": format!("part-{number}"), "image": "part", "ports": [declared(number)]}))
        .collect();
    let mut objects = deployment(json!({"containers": containers}));
    objects.insert(0, service("wide", (0..size).map(port).collect()));
    Large { name: "tenths of ports of a Service, by the names of containers' ports", objects }
}

fn annotation(size: usize) -> Large {
    let mut config = String::from("proxyMetadata:\n");
    for number in 0..size * 10 {
        let _ = writeln!(config, "  SETTING_{number}: 'value'");
    }
    let mut objects = deployment(json!({"containers": [faulty(0)]}));
    objects[0]["spec"]["template"]["metadata"]["annotations"] = json!({"proxy.istio.io/config": config});
    Large { name: "lines in proxy.istio.io/config", objects }
}

fn script(name: &'static str, size: usize, command: &str) -> Large {
    let script = command.repeat(size);
    let hook = json!({"preStop": {"exec": {"command": ["sh", "-c", script]}}});
    let container = json!({"name": "server", "image": "part", "ports": [{"containerPort": 8080}],
        "command": ["sh", "-c", script], "lifecycle": hook});
    let init = json!({"name": "first", "image": "part", "command": ["sh", "-c", script]});
    Large { name, objects: deployment(json!({"initContainers": [init], "containers": [container]})) }
}

/// Nearly as deep as is read, again and again.
fn deep(size: usize) -> Large {
    let nested = |number: usize| (0..40).fold(json!(number), |inner, _| json!({ "in": [inner] }));
    let volumes: Vec<Value> =
        (0..size / 10).map(|number| json!({"name": format!("v-{number}"), "csi": nested(number)})).collect();
    let spec = json!({"containers": [faulty(0)], "volumes": volumes});
    Large { name: "tenths of volumes, nested 80 deep", objects: deployment(spec) }
}

impl Large {
    /// As the documents of one file, a line for each scalar.
    pub fn yaml(&self) -> String {
        let mut text = String::new();
        for object in &self.objects {
            text.push_str("---\n");
            write_block(object, 0, &mut text);
        }
        text
    }

    /// As one line of JSON.
    pub fn json(&self) -> String {
        json!({"apiVersion": "v1", "kind": "List", "items": self.objects}).to_string()
    }
}

/// The lines of a map or list; the cursor stands where its first line begins.
fn write_block(value: &Value, indentation: usize, text: &mut String) {
    let pad = " ".repeat(indentation);
    let write = |lead: String, inner: &Value, text: &mut String| {
        let _ = write!(text, "{pad}{lead}");
        match inner {
            Value::Object(map) if map.is_empty() => text.push_str(" {}\n"),
            Value::Object(_) | Value::Array(_) => {
                text.push('\n');
                write_block(inner, indentation + 2, text);
            }
            scalar => {
                let _ = writeln!(text, " {scalar}");
            }
        }
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| write(format!("{key}:"), inner, text)),
        Value::Array(items) => items.iter().for_each(|inner| write("-".to_owned(), inner, text)),
        scalar => {
            let _ = writeln!(text, "{pad}{scalar}");
        }
    }
}
