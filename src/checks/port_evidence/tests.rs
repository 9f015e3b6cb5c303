//! What is known of a port, how surely, and from where.

use super::*;
use crate::inventory::{Inventory, Origin};
use crate::manifest::Object;
use crate::mesh::Profile;
use serde_json::{Value, json};
use std::sync::Arc;

fn object(value: Value) -> Arc<Object> {
    Arc::new(Object::from_json(value).unwrap())
}

/// A Deployment behind the Service, with these containers.
fn pods(name: &str, containers: &Value) -> Value {
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"template": template}})
}

/// A VirtualService that leads to port 81 of the Service.
fn istio_route(list: &str) -> Value {
    let route = json!({"destination": {"host": "web", "port": {"number": 81}}});
    let metadata = json!({"name": "routes"});
    let spec = json!({list: [{"route": [route]}]});
    json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata, "spec": spec})
}

fn gateway_route(kind: &str) -> Value {
    let metadata = json!({"name": "routes"});
    let spec = json!({"rules": [{"backendRefs": [{"name": "web", "port": 81}]}]});
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec})
}

/// What is known of a port of a Service among objects, in a line: how surely, the protocol, and where it is said.
fn known(port: &Value, around: &[Value]) -> String {
    let spec = json!({"selector": {"app": "web"}, "ports": [port]});
    let service = object(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}));
    let mut inventory = Inventory::new(Origin::Files);
    around.iter().for_each(|value| inventory.add(&object(value.clone())));
    let profile = Profile::default();
    let subject = Subject::new(&service, &inventory, &profile);
    let port = subject.service().unwrap().ports().next().unwrap();
    match evidence(&subject, &port) {
        Ok(Evidence { protocol, words, strength: Strength::Certain, .. }) => format!("{protocol} by {words}"),
        Ok(Evidence { protocol, strength: Strength::Likely(reason), .. }) => format!("{protocol}? {reason}"),
        Err(reason) => reason,
    }
}

#[test]
fn a_number_or_an_image_alone_is_only_likely() {
    let silent = "no workload behind it is known that would tell what the port speaks";
    for (port, wanted) in [
        (json!({"port": 5432}), "TCP? only the number 5432 says so"),
        (json!({"name": "db", "port": 15432, "targetPort": 5432}), "TCP? only the number 5432 says so"),
        (json!({"port": 80, "targetPort": 8080}), "HTTP? only the number 80 says so"),
        (json!({"port": 443}), "HTTPS? only the number 443 says so"),
        (json!({"port": 50051}), "GRPC? only the number 50051 says so"),
        (json!({"port": 443, "targetPort": 8080}), silent),
        (json!({"port": 8080}), silent),
        (json!({"port": 8080, "targetPort": "sql"}), silent),
        (json!({"name": "metrics", "port": 5432}), silent),
        (json!({"name": "api-grpc", "port": 80}), silent),
        (
            json!({"port": 80, "targetPort": 50051}),
            "it is told in two ways what the port speaks: HTTP by the number 80, GRPC by the number 50051",
        ),
    ] {
        assert_eq!(known(&port, &[]), wanted, "{port}");
    }
}

#[test]
fn a_number_and_a_word_or_image_that_agree_are_certain() {
    let postgres = |ports: Value| {
        vec![pods("db", &json!([{"name": "db", "image": "docker.io/library/postgres:17", "ports": ports}]))]
    };
    let exporter = pods(
        "db",
        &json!([
            {"name": "db", "image": "postgres", "ports": [{"containerPort": 5432}]},
            {"name": "exporter", "image": "postgres-exporter", "ports": [{"containerPort": 9187}]},
        ]),
    );
    let nginx = pods("web", &json!([{"name": "web", "image": "nginx", "ports": [{"containerPort": 80}]}]));
    let silent = "does not tell what the port speaks: no protocol in the name of its container port, no httpGet or gRPC probe of it";
    for (port, around, wanted) in [
        (
            json!({"port": 5432}),
            postgres(json!([{"containerPort": 5432}])),
            "TCP by the number 5432 and the image `postgres` of Deployment `db`".to_owned(),
        ),
        (
            json!({"port": 5432}),
            postgres(json!([])),
            "TCP by the number 5432 and the image `postgres` of Deployment `db`".to_owned(),
        ),
        (
            json!({"name": "pg-postgres", "port": 5432}),
            vec![],
            "TCP by the number 5432 and the port name `pg-postgres`".to_owned(),
        ),
        (
            json!({"port": 5433}),
            postgres(json!([{"containerPort": 5433}])),
            "TCP? only the image `postgres` of Deployment `db` says so".to_owned(),
        ),
        (
            json!({"port": 5433}),
            postgres(json!([{"containerPort": 5433}, {"containerPort": 8008}])),
            format!("Deployment `db` {silent}"),
        ),
        (json!({"port": 9187}), vec![exporter], format!("Deployment `db` {silent}")),
        (
            json!({"name": "web", "port": 81, "targetPort": 80}),
            vec![nginx],
            "HTTP? only the number 80 and the image `nginx` of Deployment `web` say so".to_owned(),
        ),
    ] {
        assert_eq!(known(&port, &around), wanted, "{port}");
    }
}

#[test]
fn routes_say_what_comes_to_a_port() {
    let port = json!({"name": "web", "port": 81, "targetPort": 8080});
    let version = "tells HTTP but no version: for gRPC write `grpc`, for HTTP/2 `http2`";
    for (route, wanted) in [
        (istio_route("http"), format!("HTTP? VirtualService routes {version}")),
        (istio_route("tls"), "TLS by VirtualService routes".to_owned()),
        (istio_route("tcp"), "TCP by VirtualService routes".to_owned()),
        (gateway_route("HTTPRoute"), format!("HTTP? HTTPRoute routes {version}")),
        (gateway_route("GRPCRoute"), "GRPC by GRPCRoute routes".to_owned()),
        (gateway_route("TCPRoute"), "TCP by TCPRoute routes".to_owned()),
        (gateway_route("TLSRoute"), "TCP by TLSRoute routes".to_owned()),
    ] {
        assert_eq!(known(&port, std::slice::from_ref(&route)), wanted, "{route}");
        let other = json!({"name": "web", "port": 82});
        let nothing = "no workload behind it is known that would tell what the port speaks";
        assert_eq!(known(&other, &[route]), nothing, "a route to another port");
    }
}

#[test]
fn a_monitor_says_how_it_asks() {
    let port = json!({"name": "web", "port": 81, "targetPort": 8080});
    let monitor = |endpoint: Value| {
        let spec = json!({"selector": {}, "endpoints": [endpoint]});
        json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "m"}, "spec": spec})
    };
    for (endpoint, wanted) in [
        (json!({"port": "web"}), "HTTP by ServiceMonitor m"),
        (json!({"port": "web", "scheme": "https"}), "HTTPS by ServiceMonitor m"),
        (json!({"port": "other"}), "no workload behind it is known that would tell what the port speaks"),
    ] {
        assert_eq!(known(&port, &[monitor(endpoint)]), wanted);
    }
}

#[test]
fn signs_of_different_kinds_must_agree() {
    let port = json!({"name": "web", "port": 81, "targetPort": 8080});
    let named =
        |name: &str, of: &str| pods(of, &json!([{"name": "c", "ports": [{"name": name, "containerPort": 8080}]}]));
    let silent = "Deployment `b` does not tell what the port speaks: no protocol in the name of its container port, no httpGet or gRPC probe of it";
    let policy = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "BackendTLSPolicy", "metadata": {"name": "tls"},
        "spec": {"targetRefs": [{"group": "", "kind": "Service", "name": "web"}]},
    });
    for (around, wanted) in [
        (
            vec![gateway_route("HTTPRoute"), policy.clone()],
            "it is told in two ways what the port speaks: TLS by BackendTLSPolicy tls, HTTP by HTTPRoute routes",
        ),
        (vec![named("https", "a"), policy], "HTTPS by the container port `https` of Deployment `a`"),
        (vec![named("grpc", "a"), istio_route("http")], "GRPC by the container port `grpc` of Deployment `a`"),
        (vec![named("http", "a"), gateway_route("HTTPRoute")], "HTTP by the container port `http` of Deployment `a`"),
        (vec![named("https", "a"), istio_route("tls")], "HTTPS by the container port `https` of Deployment `a`"),
        (vec![named("tls", "a"), gateway_route("TLSRoute")], "TLS by the container port `tls` of Deployment `a`"),
        (vec![named("web", "a"), gateway_route("GRPCRoute")], "GRPC by GRPCRoute routes"),
        (vec![named("sql", "a"), gateway_route("GRPCRoute")], "GRPC by GRPCRoute routes"),
        (
            vec![named("http", "a"), istio_route("tcp")],
            "it is told in two ways what the port speaks: HTTP by the container port `http` of Deployment `a`, TCP by VirtualService routes",
        ),
        (
            vec![named("http", "a"), gateway_route("GRPCRoute")],
            "it is told in two ways what the port speaks: HTTP by the container port `http` of Deployment `a`, GRPC by GRPCRoute routes",
        ),
        (
            vec![named("postgres", "a"), istio_route("http")],
            "it is told in two ways what the port speaks: TCP by the container port `postgres` of Deployment `a`, HTTP by VirtualService routes",
        ),
        (vec![named("http", "a"), named("x", "b")], silent),
        (vec![named("http", "a"), named("x", "b"), istio_route("http")], silent),
    ] {
        assert_eq!(known(&port, &around), wanted);
    }
}

/// etcd, and servers behind a multiplexer, answer HTTP/1 and speak gRPC on one port.
#[test]
fn who_only_asks_over_http_needs_a_second_witness() {
    let asked = |port: Value, image: &str| {
        let number = port["containerPort"].clone();
        let container =
            json!({"name": "c", "image": image, "ports": [port], "readinessProbe": {"httpGet": {"port": number}}});
        pods("a", &json!([container]))
    };
    let plain = |number: i64| asked(json!({"containerPort": number}), "x");
    let certain = "HTTP by the readinessProbe (httpGet) of Deployment `a`";
    let alone = "HTTP? only the readinessProbe (httpGet) of Deployment `a` says so, and what answers HTTP/1 may speak gRPC there too";
    let two = "it is told in two ways what the port speaks: HTTP by the readinessProbe (httpGet) of Deployment `a`";
    let main = |number: i64| json!({"name": "main", "port": number});
    for (port, around, wanted) in [
        (main(9000), vec![plain(9000)], alone.to_owned()),
        (main(8080), vec![plain(8080)], certain.to_owned()),
        (json!({"name": "main", "port": 80, "targetPort": 9000}), vec![plain(9000)], certain.to_owned()),
        (json!({"name": "admin-ui", "port": 9000}), vec![plain(9000)], certain.to_owned()),
        (json!({"name": "api", "port": 9000}), vec![plain(9000)], alone.to_owned()),
        (main(9000), vec![asked(json!({"containerPort": 9000, "name": "web"}), "x")], certain.to_owned()),
        (main(9000), vec![asked(json!({"containerPort": 9000}), "nginx:1")], certain.to_owned()),
        (
            main(9000),
            vec![plain(9000), pods("b", &json!([{"name": "c", "readinessProbe": {"httpGet": {"port": 9000}}}]))],
            alone.to_owned(),
        ),
        (
            json!({"name": "api-grpc", "port": 9000}),
            vec![plain(9000)],
            format!("{two}, another by the name `api-grpc`"),
        ),
        (
            main(9000),
            vec![asked(json!({"containerPort": 9000, "name": "sql"}), "x")],
            format!("{two}, another by the name `sql`"),
        ),
        (main(2379), vec![plain(2379)], format!("{two}, TCP by the number 2379")),
        (main(50051), vec![plain(50051)], format!("{two}, GRPC by the number 50051")),
    ] {
        assert_eq!(known(&port, &around), wanted, "{port}");
    }
}

/// The number says nothing against what somebody has said: callers of 443 may speak to a load balancer.
#[test]
fn a_number_does_not_count_where_something_is_certain() {
    let http = pods("web", &json!([{"name": "c", "ports": [{"name": "http", "containerPort": 443}]}]));
    let port = json!({"port": 443});
    assert_eq!(known(&port, &[http]), "HTTP by the container port `http` of Deployment `web`");
}
