//! Random Kubernetes objects, as JSON: the shapes that fixes edit, with values that are odd in YAML.

use crate::dice::Dice;
use crate::format;
use crate::words::{PLAIN, TEXTS};
use serde_json::{Map, Value, json};

/// One object of a kind that people write, or a `List` of some.
pub fn object(dice: &mut Dice) -> Value {
    match dice.roll(12) {
        0..3 => deployment(dice),
        3..5 => pod(dice),
        5..8 => service(dice),
        8 | 9 => cron_job(dice),
        10 => config_map(dice),
        _ => {
            let items: Vec<Value> = (0..1 + dice.roll(2)).map(|_| small(dice)).collect();
            json!({"apiVersion": "v1", "kind": "List", "items": items})
        }
    }
}

/// Objects of one app, as rules see them together: who is selected, and under which account it runs.
pub fn app(dice: &mut Dice) -> Vec<Value> {
    let mut objects = vec![deployment(dice), service(dice)];
    if dice.one_in(2) {
        let annotations = json!({"iam.gke.io/gcp-service-account": "web-app@shop.iam.gserviceaccount.com"});
        let metadata = json!({"name": "web", "annotations": annotations});
        objects.push(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}));
    }
    if dice.one_in(4) {
        objects.push(cron_job(dice));
    }
    for object in &mut objects {
        object["metadata"]["namespace"] = json!("shop");
    }
    objects[0]["spec"]["template"]["metadata"]["labels"]["app"] = json!("web");
    objects[1]["spec"]["selector"] = json!({"app": "web"});
    dice.shuffle(&mut objects);
    objects
}

fn small(dice: &mut Dice) -> Value {
    match dice.roll(3) {
        0 => pod(dice),
        1 => service(dice),
        _ => config_map(dice),
    }
}

fn deployment(dice: &mut Dice) -> Value {
    let (labels, template) = (labels(dice), template(dice));
    let mut spec = json!({"selector": {"matchLabels": labels}, "template": template});
    sometimes(dice, &mut spec, "replicas", |dice| json!(dice.roll(5)));
    sometimes(dice, &mut spec, "strategy", |_| json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}));
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(dice), "spec": spec})
}

fn pod(dice: &mut Dice) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata(dice), "spec": pod_spec(dice)})
}

fn cron_job(dice: &mut Dice) -> Value {
    let job = json!({"spec": {"template": template(dice)}});
    let spec = json!({"schedule": "*/5 * * * *", "jobTemplate": job});
    json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata(dice), "spec": spec})
}

fn service(dice: &mut Dice) -> Value {
    let ports: Vec<Value> = (0..1 + dice.roll(3))
        .map(|_| {
            let mut port = json!({"port": 80 + dice.roll(9000)});
            sometimes(dice, &mut port, "name", |dice| json!(dice.pick(&["http", "grpc-web", "tcp", "web", "udp-dns"])));
            sometimes(dice, &mut port, "targetPort", |dice| [json!(8080), json!("http")][dice.roll(2)].clone());
            sometimes(dice, &mut port, "protocol", |dice| json!(dice.pick(&["TCP", "UDP"])));
            port
        })
        .collect();
    let mut spec = json!({"ports": ports, "selector": labels(dice)});
    sometimes(dice, &mut spec, "clusterIP", |_| json!("None"));
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(dice), "spec": spec})
}

fn config_map(dice: &mut Dice) -> Value {
    let keys = ["nginx.conf", "a", "yes", "1", "run.sh", "a b"];
    let data: Map<String, Value> =
        (0..1 + dice.roll(4)).map(|_| (dice.pick(&keys).to_owned(), json!(text(dice)))).collect();
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(dice), "data": data})
}

fn metadata(dice: &mut Dice) -> Value {
    let mut metadata = json!({"name": dice.pick(&["web", "shop-cart", "a", "no"])});
    sometimes(dice, &mut metadata, "namespace", |dice| json!(dice.pick(&["shop", "default"])));
    sometimes(dice, &mut metadata, "labels", labels);
    sometimes(dice, &mut metadata, "annotations", annotations);
    metadata
}

fn template(dice: &mut Dice) -> Value {
    let mut template = json!({"spec": pod_spec(dice)});
    sometimes(dice, &mut template, "metadata", |dice| {
        let mut metadata = json!({});
        sometimes(dice, &mut metadata, "labels", labels);
        sometimes(dice, &mut metadata, "annotations", annotations);
        metadata
    });
    template
}

fn labels(dice: &mut Dice) -> Value {
    let mut labels = json!({"app": dice.pick(&["web", "cart"])});
    sometimes(dice, &mut labels, "app.kubernetes.io/name", |dice| json!(dice.pick(&["web", "1.0", "on"])));
    sometimes(dice, &mut labels, "version", |dice| json!(dice.pick(&["v1", "1", "1.10", "0x1"])));
    labels
}

pub const PROXY_CONFIG: &str = "proxy.istio.io/config";

fn annotations(dice: &mut Dice) -> Value {
    let mut annotations = Map::new();
    for _ in 0..dice.roll(3) {
        let key = dice.pick(&["note", "prometheus.io/scrape", "yes", "sidecar.istio.io/inject", "checksum/config"]);
        annotations.insert(key.to_owned(), json!(text(dice)));
    }
    if dice.one_in(2) {
        let config = match dice.roll(8) {
            0..7 => {
                let config = proxy_config(dice);
                format::inner_text(dice, &config)
            }
            _ => text(dice),
        };
        annotations.insert(PROXY_CONFIG.to_owned(), json!(config));
    }
    Value::Object(annotations)
}

fn proxy_config(dice: &mut Dice) -> Value {
    let mut config = json!({});
    sometimes(dice, &mut config, "holdApplicationUntilProxyStarts", |dice| json!(dice.one_in(2)));
    sometimes(dice, &mut config, "terminationDrainDuration", |dice| json!(dice.pick(&["5s", "1m0s"])));
    sometimes(dice, &mut config, "concurrency", |dice| json!(dice.roll(4)));
    sometimes(
        dice,
        &mut config,
        "tracing",
        |dice| json!({"sampling": dice.roll(100), "zipkin": {"address": "z:9411"}}),
    );
    sometimes(dice, &mut config, "proxyMetadata", |_| json!({"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true"}));
    config
}

fn pod_spec(dice: &mut Dice) -> Value {
    let containers = containers(dice, 1);
    let mut spec = json!({"containers": containers});
    sometimes(dice, &mut spec, "terminationGracePeriodSeconds", |dice| json!(dice.roll(60)));
    sometimes(dice, &mut spec, "volumes", |dice| match dice.roll(3) {
        0 => json!([{"name": "data", "emptyDir": {}}]),
        1 => json!([{"name": "config", "configMap": {"name": "web", "defaultMode": 420}}]),
        _ => [json!([]), Value::Null][dice.roll(2)].clone(),
    });
    if dice.one_in(5) {
        spec["initContainers"] = containers_or_none(dice);
    }
    sometimes(dice, &mut spec, "serviceAccountName", |_| json!("web"));
    spec
}

fn containers_or_none(dice: &mut Dice) -> Value {
    let count = dice.roll(3);
    if count == 0 { json!([]) } else { containers(dice, count) }
}

fn containers(dice: &mut Dice, at_least: usize) -> Value {
    let names = ["web", "app", "side", "log", "init"];
    let count = at_least + dice.roll(2);
    (0..count).map(|index| container(dice, names[index % names.len()])).collect()
}

/// A script that waits for the proxy, and for ever where there is none.
const WAIT: &str = "until curl -fs http://localhost:15021/healthz/ready; do\n  sleep 1\ndone\nexec /app --port=80\n";

/// A container that makes sense enough to be inserted, too.
pub fn container(dice: &mut Dice, name: &str) -> Value {
    let mut container = json!({"name": name});
    sometimes(dice, &mut container, "image", |dice| json!(dice.pick(&["web:1.0", "registry.io/a/b@sha256:12", "1.2"])));
    sometimes(dice, &mut container, "command", |dice| {
        if dice.one_in(8) {
            return json!(["sh", "-c", WAIT]);
        }
        let words = ["sh", "-c", "exec app --port=80", "sleep 5\nexit", "{a: b}", "$(X)", "# no", "- x"];
        (0..1 + dice.roll(3)).map(|_| json!(dice.pick(&words))).collect()
    });
    sometimes(dice, &mut container, "ports", |dice| {
        (0..1 + dice.roll(2)).map(|at| json!({"containerPort": 8080 + at, "name": dice.pick(&["http", "y"])})).collect()
    });
    if dice.one_in(4) {
        let odd = text(dice);
        container["env"] =
            json!([{"name": "A", "value": odd}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}]);
    }
    if dice.one_in(6) {
        container["lifecycle"] = match dice.roll(3) {
            0 => json!({"preStop": {"exec": {"command": ["sleep", "10"]}}}),
            1 => json!({}),
            _ => Value::Null,
        };
    }
    if dice.one_in(4) {
        container["livenessProbe"] = json!({"httpGet": {"path": "/healthz", "port": "http"}, "timeoutSeconds": 0.5});
    }
    container
}

/// A string: an everyday one, or one that some reader of YAML would take for something else.
pub fn text(dice: &mut Dice) -> String {
    match dice.roll(7) {
        0 => "web".to_owned(),
        1 => dice.pick(&["v1", "a b", "shop", "10s", "http://x.io/y?z=1", "true", "8080", "0.5"]).to_owned(),
        2 => dice.pick(PLAIN).replace("{{", "{"),
        3 | 4 => dice.pick(TEXTS).replace("{{", "{"),
        5 => dice
            .pick(&["server {\n  listen 80;\n}\n", "#!/bin/sh\nset -e\n\nexec x\n", "a: 1\nb: [x]\n", "x\n y\n\n"])
            .to_owned(),
        _ => (0..2 + dice.roll(4))
            .map(|_| dice.pick(&["some", "words", "yes", "a#b", "é", "x:y"]))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn sometimes(dice: &mut Dice, map: &mut Value, key: &str, value: impl FnOnce(&mut Dice) -> Value) {
    if dice.one_in(2) {
        map[key] = value(dice);
    }
}
