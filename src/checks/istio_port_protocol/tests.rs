//! What the fixes make of a port, by what is known of the pods behind it.

use super::*;
use crate::base::{Remedy, Safety};
use crate::inventory::{Inventory, Origin};
use crate::manifest::Object;
use crate::manifest::edit::applied;
use crate::mesh::Profile;
use serde_json::{Value, json};
use std::sync::Arc;

/// The containers of a workload; each value is one workload behind the Service.
fn workload(index: usize, container: &Value) -> Arc<Object> {
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}});
    let metadata = json!({"name": format!("web-{index}")});
    let value =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}});
    Arc::new(Object::from_json(value).unwrap())
}

/// The remedy for the last port of a Service, with the port as it is after it.
fn remedy(finds: Reading, istio: Version, ports: &Value, containers: &[Value]) -> (Remedy, Value) {
    let mut inventory = Inventory::new(Origin::Files);
    for (index, container) in containers.iter().enumerate() {
        inventory.add(&workload(index, container));
    }
    let spec = json!({"selector": {"app": "web"}, "ports": ports});
    let value = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec});
    let service = Object::from_json(value).unwrap();
    let profile = Profile { istio_version: istio, ..Profile::default() };
    let subject = Subject::new(&service, &inventory, &profile);
    let remedy = run(&Params { finds }, &subject).pop().unwrap().remedy;
    let edits = remedy.fix().map(|fix| fix.edits.clone()).unwrap_or_default();
    let after = applied(&edits, service.value()).unwrap();
    let last = after.pointer("/spec/ports").and_then(Value::as_array).and_then(|ports| ports.last()).cloned();
    (remedy, last.unwrap())
}

const TODAY: Version = Version::new(1, 28);

fn reason(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Unfixed(reason) => reason.clone(),
        Remedy::Fix(fix) => match &fix.safety {
            Safety::Safe => "safe".to_owned(),
            Safety::Unsafe(reason) => reason.clone(),
        },
    }
}

#[test]
fn evidence_of_all_pods_becomes_an_app_protocol() {
    let port = |name: &str| json!({"ports": [{"name": name, "containerPort": 8080}]});
    let get = json!({"ports": [{"containerPort": 8080}], "readinessProbe": {"httpGet": {"port": 8080}}});
    let tls = json!({"livenessProbe": {"httpGet": {"port": 8080, "scheme": "HTTPS"}}});
    let grpc = json!({"startupProbe": {"grpc": {"port": 8080}}});
    let by_name = json!({"name": "web", "port": 80, "targetPort": "api"});
    let api = json!({"ports": [{"name": "api", "containerPort": 1}], "readinessProbe": {"httpGet": {"port": "api"}}});
    let web = json!({"name": "web", "port": 80, "targetPort": 8080});
    let named = |name: &str| json!({"name": name, "port": 8080});
    let cases: Vec<(Value, Vec<Value>, &str)> = vec![
        (web.clone(), vec![port("http-web")], "http"),
        (web.clone(), vec![port("grpc")], "grpc"),
        (web.clone(), vec![port("http2")], "kubernetes.io/h2c"),
        (web.clone(), vec![port("https")], "https"),
        (web.clone(), vec![port("postgres")], "tcp"),
        (web.clone(), vec![get.clone()], "http"),
        (web.clone(), vec![tls], "https"),
        (web.clone(), vec![grpc], "grpc"),
        (web.clone(), vec![get.clone(), port("http")], "http"),
        (by_name, vec![api], "http"),
        (json!({"port": 80, "targetPort": 8080}), vec![get], "http"),
        (named("kafka"), vec![], "tcp"),
        (named("h2c"), vec![], "kubernetes.io/h2c"),
        (named("postgres"), vec![json!({}), port("tcp-db")], "tcp"),
    ];
    for (port, containers, wanted) in cases {
        let (remedy, after) = remedy(Reading::Unclear, TODAY, &json!([port]), &containers);
        assert_eq!(reason(&remedy), "safe", "{port} {containers:?}");
        let mut expected = port.clone();
        expected["appProtocol"] = json!(wanted);
        assert_eq!(after, expected, "{containers:?}");
    }
}

#[test]
fn without_evidence_that_agrees_there_is_no_fix() {
    let port = |name: &str| json!({"ports": [{"name": name, "containerPort": 8080}]});
    let get = json!({"readinessProbe": {"httpGet": {"port": 8080}}});
    let both =
        json!({"ports": [{"name": "grpc", "containerPort": 8080}], "readinessProbe": {"httpGet": {"port": 8080}}});
    let elsewhere = json!({"ports": [{"containerPort": 8080}], "readinessProbe": {"httpGet": {"port": 9090}}});
    let tcp = json!({"livenessProbe": {"tcpSocket": {"port": 8080}}});
    let web = json!({"name": "web", "port": 81, "targetPort": 8080});
    let sctp = json!({"name": "frames", "protocol": "SCTP", "port": 8080, "appProtocol": "x"});
    let silent = "Deployment `web-0` does not tell what the port speaks";
    let cases: Vec<(Value, Vec<Value>, &str)> = vec![
        (web.clone(), vec![], "no workload behind it is known"),
        (web.clone(), vec![port("web")], silent),
        (web.clone(), vec![elsewhere], silent),
        (web.clone(), vec![tcp], silent),
        (web.clone(), vec![port("grpc-webhook")], silent),
        (web.clone(), vec![port("udp-web")], silent),
        (web.clone(), vec![get.clone(), json!({})], "Deployment `web-1` does not tell"),
        (
            web.clone(),
            vec![both],
            "GRPC by the container port `grpc` of Deployment `web-0`, HTTP by the readinessProbe (httpGet)",
        ),
        (web.clone(), vec![get.clone(), port("grpc")], "it is told in two ways"),
        (json!({"name": "postgres", "port": 8080}), vec![get], "TCP by the port name `postgres`, HTTP by"),
        (json!({"name": "web", "port": 81, "targetPort": "other"}), vec![port("http")], silent),
        (sctp, vec![], "nothing in manifests tells what speaks over SCTP"),
    ];
    for (port, containers, wanted) in cases {
        let (remedy, after) = remedy(Reading::Unclear, TODAY, &json!([port]), &containers);
        assert!(reason(&remedy).contains(wanted), "{port} {containers:?}: {}", reason(&remedy));
        assert_eq!(after, port);
    }
}

#[test]
fn what_somebody_said_or_refers_to_is_changed_only_where_a_person_looks() {
    let http = json!({"ports": [{"name": "http", "containerPort": 8080}]});
    let grpc = json!({"ports": [{"name": "grpc", "containerPort": 8080}]});
    let silent = json!({});
    let target = |mut port: Value| {
        port["targetPort"] = json!(8080);
        port
    };
    let (seven, eighteen) = (Version::new(1, 7), Version::new(1, 18));
    let old = json!({"name": "x", "port": 1});
    let cases = [
        (
            TODAY,
            json!({"name": "frames", "port": 80, "appProtocol": "example.com/x"}),
            &http,
            ("appProtocol", "http"),
            "other controllers",
        ),
        (
            TODAY,
            json!({"name": "frames", "port": 80, "appProtocol": "h2c"}),
            &silent,
            ("appProtocol", "kubernetes.io/h2c"),
            "`h2c`",
        ),
        (
            eighteen,
            json!({"name": "frames", "port": 80, "appProtocol": "h2c"}),
            &silent,
            ("appProtocol", "http2"),
            "`h2c`",
        ),
        (seven, json!({"name": "web", "port": 80}), &http, ("name", "http-web"), "refers to the port as `web`"),
        (seven, json!({"name": "web", "port": 80, "appProtocol": "http"}), &silent, ("name", "http-web"), "refers to"),
        (seven, json!({"port": 80}), &grpc, ("name", "grpc"), "endpoints get the new name"),
    ];
    for (istio, port, container, (field, wanted), why) in cases {
        let port = target(port);
        let (remedy, after) = remedy(Reading::Unclear, istio, &json!([old, port]), std::slice::from_ref(container));
        assert!(reason(&remedy).contains(why), "{port}: {}", reason(&remedy));
        let mut expected = port.clone();
        expected[field] = json!(wanted);
        assert_eq!(after, expected);
    }
}

#[test]
fn a_name_that_cannot_be_is_not_given() {
    let grpc = json!({"ports": [{"name": "grpc", "containerPort": 8080}]});
    let long = "x".repeat(59);
    for (name, wanted) in [
        ("web", "Istio would not read `grpc-web` as GRPC"),
        (long.as_str(), "would be no name for a port"),
        ("Web", "would be no name for a port"),
        ("taken", "another port of the Service is called `grpc-taken` already"),
    ] {
        let ports = json!([{"name": "grpc-taken", "port": 1}, {"name": name, "port": 80, "targetPort": 8080}]);
        let (remedy, _) = remedy(Reading::Unclear, Version::new(1, 7), &ports, std::slice::from_ref(&grpc));
        assert!(remedy.fix().is_none() && reason(&remedy).contains(wanted), "{name}: {}", reason(&remedy));
    }
}

#[test]
fn udp_becomes_tcp_where_a_person_looks() {
    for (port, field, wanted) in [
        (json!({"name": "udp", "port": 53}), "name", "tcp"),
        (json!({"name": "udp-dns", "port": 53}), "name", "tcp-dns"),
        (json!({"name": "udp-s1ap", "port": 36412, "protocol": "SCTP"}), "name", "tcp-s1ap"),
        (json!({"name": "udp-x", "port": 53, "appProtocol": "UDP-x"}), "appProtocol", "tcp"),
    ] {
        let (remedy, after) = remedy(Reading::UdpOnTcp, TODAY, &json!([port]), &[]);
        assert!(reason(&remedy).starts_with("if the port carries UDP, write `protocol: UDP` instead"), "{port}");
        let mut expected = port.clone();
        expected[field] = json!(wanted);
        assert_eq!(after, expected);
    }
    let taken = json!([{"name": "tcp-dns", "port": 1}, {"name": "udp-dns", "port": 53}]);
    let (remedy, _) = remedy(Reading::UdpOnTcp, TODAY, &taken, &[]);
    assert_eq!(reason(&remedy), "another port of the Service is called `tcp-dns` already");
}
