//! Each rule about ports in each of its ways, with the longest names, numbers and paths.

use crate::worst_cases::{long, long_app_protocol, object, service, workload};
use serde_json::{Value, json};

/// Objects for the rules about single ports, each with the keys of its profile.
pub fn worst_ports() -> Vec<(&'static str, Vec<Value>)> {
    let declared: Vec<Value> = (0..100).map(|number| json!({"containerPort": 20000 + number})).collect();
    let declaring = |number: i64| {
        let ports: Vec<Value> = declared.iter().cloned().chain([json!({"containerPort": number})]).collect();
        json!({"name": long("c"), "restartPolicy": "Always", "ports": ports})
    };
    let reserved = [15000, 15002].map(|number| {
        let spec = json!({"containers": [], "initContainers": [declaring(number)]});
        workload("CronJob", &json!({}), &spec)
    });
    let reserving = [
        json!({"name": "http", "port": 15021, "targetPort": 8080}),
        json!({"name": "http-a", "port": 80, "targetPort": 15002}),
    ];
    let lookalikes = [
        json!({"name": long("grpc-web"), "port": 65534}),
        json!({"name": "any", "port": 65535, "appProtocol": format!("grpc-web{}", long_app_protocol())}),
    ];
    let mut outside = service(
        &long("s"),
        &[
            json!({"name": long("x"), "port": 65535}),
            json!({"name": "any", "port": 65534, "appProtocol": long_app_protocol()}),
            json!({"name": "tcp", "port": 65533}),
            json!({"port": 65532}),
        ],
    );
    outside["spec"]["type"] = json!("ExternalName");
    let leading = |target: String| service(&long("s"), &[json!({"name": "http", "port": 65535, "targetPort": target})]);
    let declaring_names: Vec<Value> =
        ["a", "b", "c", "d", "e"].iter().map(|it| json!({"name": it.repeat(15), "containerPort": 8080})).collect();
    let named = workload(
        "ReplicationController",
        &json!({}),
        &json!({"containers": [{"name": "c", "ports": declaring_names}]}),
    );
    let split = [
        json!({"name": "any", "port": 65534, "targetPort": 1, "appProtocol": "grpc-web"}),
        json!({"name": "http", "port": 65535, "targetPort": 1, "appProtocol": "http_proxy"}),
    ];
    let offering = |name: &str, transport: &str| {
        service(&long(name), &[json!({"name": "tcp", "port": 65535, "protocol": transport})])
    };
    let databases = ["a", "b"].map(|name| {
        let protocol = if name == "a" { "tcp" } else { "mysql" };
        service(&long(name), &[json!({"name": protocol, "port": 65535, "targetPort": 1})])
    });
    let mut many = workload("StatefulSet", &json!({}), &json!({"containers": []}));
    many["spec"]["replicas"] = json!(i32::MAX);
    let fanned_out = [json!({"name": "web", "port": 65535})];
    let shadowed = [
        json!({"name": long("http-"), "port": 65534, "appProtocol": long_app_protocol()}),
        json!({"name": long("http2-"), "port": 65535, "appProtocol": format!("tcp-{}", long_app_protocol())}),
        json!({"name": long("tcp-"), "port": 65533, "appProtocol": "http_proxy"}),
    ];
    let greeting = [
        json!({"name": format!("submission-{}", "x".repeat(52)), "port": 587}),
        json!({"name": "mysql2", "port": 65535, "targetPort": "sql", "appProtocol": long_app_protocol()}),
    ];
    let sql = json!({"name": "c", "image": "percona-server", "ports": [{"name": "sql", "containerPort": 3306}]});
    let sql = workload("ReplicationController", &json!({}), &json!({"containers": [sql]}));
    vec![
        ("assumeMembership: sidecar", vec![service(&long("s"), &greeting), sql.clone()]),
        ("assumeMembership: sidecar, istioVersion: '1.7'", vec![service(&long("s"), &greeting), sql]),
        ("assumeMembership: sidecar", vec![service(&long("s"), &shadowed)]),
        ("assumeMembership: sidecar", databases.to_vec()),
        ("assumeMembership: sidecar", vec![service(&long("s"), &fanned_out), many]),
        ("assumeMembership: sidecar", vec![offering("a", "SCTP"), offering("b", "TCP")]),
        ("assumeMembership: sidecar", vec![service(&long("s"), &split)]),
        ("assumeMembership: outside", vec![leading(long("t")), named.clone()]),
        ("assumeMembership: outside", vec![leading("b".repeat(14) + "x"), named]),
        ("assumeMembership: sidecar", vec![outside.clone()]),
        ("assumeMembership: sidecar, istioVersion: '1.19'", vec![outside]),
        ("assumeMembership: sidecar", vec![service(&long("s"), &lookalikes)]),
        ("assumeMembership: sidecar", reserved.to_vec()),
        ("assumeMembership: sidecar", vec![service(&long("s"), &reserving)]),
    ]
}

/// Ports of which the pods and other objects tell what they speak, and that others know by their names.
pub fn worst_evidence() -> Vec<(&'static str, Vec<Value>)> {
    let ports: Vec<Value> = ["grpc-web", "h2c"]
        .iter()
        .flat_map(|target| {
            let named = [20, 21, 30, 31, 63].map(|length| {
                json!({"name": "w".repeat(length - 1) + &target[..1], "port": 65535, "targetPort": target})
            });
            let app_protocol = long_app_protocol();
            let lookalike = json!({"name": long("grpc-webs"), "port": 65535, "targetPort": target});
            named.into_iter().chain([
                json!({"port": 65535, "targetPort": target}),
                json!({"name": "any", "port": 65535, "targetPort": target, "appProtocol": app_protocol}),
                json!({"name": "any", "port": 65535, "targetPort": target, "appProtocol": format!("grpc-webs{app_protocol}")}),
                lookalike,
            ])
        })
        .collect();
    let container_ports = ["grpc-web", "h2c"].map(|name| json!({"name": name, "containerPort": name.len()}));
    let container = json!({"name": long("c"), "ports": container_ports});
    let pods = workload("ReplicationController", &json!({}), &json!({"containers": [container]}));
    let endpoints: Vec<Value> = ports.iter().filter_map(|port| Some(json!({"port": port.get("name")?}))).collect();
    let mut monitor = object(
        "ServiceMonitor",
        &long("m"),
        &json!({"spec": {"selector": {}, "namespaceSelector": {"any": true}, "endpoints": endpoints}}),
    );
    monitor["apiVersion"] = json!("monitoring.coreos.com/v1");
    let telling = service(&long("s"), &ports);
    vec![
        ("assumeMembership: sidecar", vec![telling.clone(), pods.clone()]),
        ("assumeMembership: sidecar", vec![telling.clone(), monitor.clone()]),
        ("assumeMembership: sidecar, istioVersion: '1.7'", vec![telling.clone(), pods]),
        ("assumeMembership: sidecar, istioVersion: '1.7'", vec![telling, monitor]),
    ]
}
