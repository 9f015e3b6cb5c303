use super::*;
use serde_json::json;

/// What an object in the namespace `shop` says, one line for each place: `field: Service port (what comes)`.
fn said(api_version: &str, kind: &str, rest: &Value) -> Vec<String> {
    let mut value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": rest});
    if matches!(kind, "Endpoints" | "EndpointSlice") {
        value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        value["metadata"]["labels"] = json!({"kubernetes.io/service-name": "other"});
    }
    let object = Object::from_json(value).unwrap();
    let shown = |it: PortUse| {
        let service = match it.service {
            Whom::Named { namespace, name } => format!("{namespace}/{name}"),
            Whom::Selected { namespaces, labels, .. } => {
                format!("{} {labels:?}", namespaces.map_or_else(|| "*".to_owned(), |them| them.join(",")))
            }
        };
        let port = match it.port {
            PortKey::Name(name) => name,
            PortKey::Number(number) => number.to_string(),
            PortKey::Only => "the only one".to_owned(),
            PortKey::Each => "each".to_owned(),
        };
        let carries = it.carries.map(|carried| format!(" ({carried:?})")).unwrap_or_default();
        format!("{}: {service} {port}{carries}", it.field)
    };
    uses_of(&object).into_iter().map(shown).collect()
}

#[test]
fn a_virtual_service_routes_to_ports_by_number() {
    let to = |host: &str, port: Value| json!({"destination": {"host": host, "port": port}});
    let spec = json!({
        "hosts": ["web"],
        "http": [
            {"route": [to("web", json!({"number": 80})), {"destination": {"host": "web"}}], "mirror": {"host": "b", "port": {"number": 1}}},
            {"mirrors": [to("web.other.svc.cluster.local", json!({"number": 2}))], "redirect": {"uri": "/"}},
            {"route": [to("example.com", json!({"number": 3})), to("web.shop", json!({"number": 4})), to("*", json!({"number": 5}))]},
        ],
        "tls": [{"route": [to("web", json!({"number": 443}))]}],
        "tcp": [{"route": [to("web", json!({"name": "tcp"}))]}],
    });
    assert_eq!(
        said("networking.istio.io/v1", "VirtualService", &spec),
        [
            "spec.http[0].route[0].destination.port.number: shop/web 80 (Http)",
            "spec.http[0].route[1].destination.host: shop/web the only one (Http)",
            "spec.http[0].mirror.port.number: shop/b 1 (Http)",
            "spec.http[1].mirrors[0].destination.port.number: other/web 2 (Http)",
            "spec.tls[0].route[0].destination.port.number: shop/web 443 (Tls)",
            "spec.tcp[0].route[0].destination.port.name: shop/web tcp (Bytes)",
        ]
    );
}

#[test]
fn routes_of_the_gateway_api_lead_to_numbers() {
    let spec = json!({
        "parentRefs": [
            {"name": "gateway"},
            {"group": "", "kind": "Service", "name": "web", "sectionName": "api"},
            {"kind": "Service", "name": "web", "namespace": "b", "port": 1},
        ],
        "rules": [
            {"backendRefs": [{"name": "web", "port": 80}, {"name": "all", "group": "example.com", "kind": "Pool", "port": 2}]},
            {"backendRefs": [{"name": "web"}], "filters": [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "m", "port": 3}}}]},
        ],
    });
    let lines = |carried: &str| {
        [
            format!("spec.parentRefs[1].sectionName: shop/web api ({carried})"),
            format!("spec.parentRefs[2].port: b/web 1 ({carried})"),
            format!("spec.rules[0].backendRefs[0].port: shop/web 80 ({carried})"),
            format!("spec.rules[1].filters[0].requestMirror.backendRef.port: shop/m 3 ({carried})"),
        ]
    };
    for (kind, carried) in [("HTTPRoute", "Http"), ("GRPCRoute", "Grpc"), ("TCPRoute", "Bytes"), ("TLSRoute", "Bytes")]
    {
        assert_eq!(said("gateway.networking.k8s.io/v1", kind, &spec), lines(carried), "{kind}");
    }
    assert_eq!(said("gateway.networking.k8s.io/v1", "Gateway", &spec), [""; 0]);
    let targets = json!({"targetRefs": [{"group": "", "kind": "Service", "name": "web", "sectionName": "api"}, {"kind": "Service", "name": "b"}]});
    let policy = said("gateway.networking.k8s.io/v1", "BackendTLSPolicy", &targets);
    assert_eq!(policy, ["spec.targetRefs[0].sectionName: shop/web api (Tls)", "spec.targetRefs[1]: shop/b each (Tls)"]);
}

#[test]
fn ways_in_from_outside_name_ports_or_number_them() {
    let present = json!({
        "defaultBackend": {"service": {"name": "web", "port": {"name": "api"}}},
        "rules": [{"host": "a"}, {"http": {"paths": [
            {"backend": {"service": {"name": "web", "port": {"number": 80}}}},
            {"backend": {"resource": {"kind": "Bucket", "name": "web"}}},
        ]}}],
    });
    assert_eq!(
        said("networking.k8s.io/v1", "Ingress", &present),
        [
            "spec.defaultBackend.service.port.name: shop/web api",
            "spec.rules[1].http.paths[0].backend.service.port.number: shop/web 80",
        ]
    );
    let former = json!({
        "backend": {"serviceName": "web", "servicePort": 80},
        "rules": [{"http": {"paths": [{"backend": {"serviceName": "web", "servicePort": "api"}}]}}],
    });
    assert_eq!(
        said("extensions/v1beta1", "Ingress", &former),
        ["spec.backend.servicePort: shop/web 80", "spec.rules[0].http.paths[0].backend.servicePort: shop/web api"]
    );
    let route = json!({"to": {"kind": "Service", "name": "web"}, "alternateBackends": [{"name": "b"}], "port": {"targetPort": "api"}});
    assert_eq!(
        said("route.openshift.io/v1", "Route", &route),
        ["spec.port.targetPort: shop/web api", "spec.port.targetPort: shop/b api"]
    );
    let number = json!({"to": {"name": "web"}, "port": {"targetPort": 8080}});
    assert_eq!(said("route.openshift.io/v1", "Route", &number), [""; 0], "a number is one of the pods");
    let services = json!([{"name": "web", "port": "api"}, {"name": "web", "namespace": "b", "port": 80}, {"name": "x", "kind": "TraefikService"}]);
    assert_eq!(
        said("traefik.io/v1alpha1", "IngressRoute", &json!({"routes": [{"services": services}]})),
        ["spec.routes[0].services[0].port: shop/web api", "spec.routes[0].services[1].port: b/web 80"]
    );
    let mirroring = json!({"mirroring": {"name": "web", "port": "api", "mirrors": [{"name": "b", "port": "c"}]}});
    assert_eq!(
        said("traefik.containo.us/v1alpha1", "TraefikService", &mirroring),
        ["spec.mirroring.mirrors[0].port: shop/b c", "spec.mirroring.port: shop/web api"]
    );
}

#[test]
fn monitors_and_endpoints_name_ports() {
    let monitor =
        json!({"selector": {"matchLabels": {"app": "web"}}, "endpoints": [{"port": "api"}, {"targetPort": "x"}]});
    let labels = r#"{"app": "web"}"#;
    for (namespaces, wanted) in
        [(json!({}), "shop"), (json!({"matchNames": ["a", "b"]}), "a,b"), (json!({"any": true}), "*")]
    {
        let mut monitor = monitor.clone();
        monitor["namespaceSelector"] = namespaces;
        let found = said("monitoring.coreos.com/v1", "ServiceMonitor", &monitor);
        assert_eq!(found, [format!("spec.endpoints[0].port: {wanted} {labels} api (Http1)")]);
    }
    for (scheme, carried) in [("http", "Http1"), ("https", "Https"), ("HTTPS", "Https")] {
        let mut monitor = monitor.clone();
        monitor["endpoints"][0]["scheme"] = json!(scheme);
        let found = said("monitoring.coreos.com/v1", "ServiceMonitor", &monitor);
        assert_eq!(found, [format!("spec.endpoints[0].port: shop {labels} api ({carried})")]);
    }
    let alerting = json!({"alerting": {"alertmanagers": [{"name": "a", "namespace": "b", "port": "web"}, {"name": "c", "port": 9093}]}});
    assert_eq!(
        said("monitoring.coreos.com/v1", "Prometheus", &alerting),
        ["spec.alerting.alertmanagers[0].port: b/a web", "spec.alerting.alertmanagers[1].port: shop/c 9093"]
    );
    let subsets = json!({"subsets": [{"ports": [{"name": "api", "port": 80}, {"port": 81}]}]});
    assert_eq!(said("v1", "Endpoints", &subsets), ["subsets[0].ports[0].name: shop/web api"]);
    let slice = json!({"ports": [{"name": "api", "port": 80}, {"name": "", "port": 81}]});
    assert_eq!(said("discovery.k8s.io/v1", "EndpointSlice", &slice), ["ports[0].name: shop/other api"]);
}

#[test]
fn a_selector_means_services_by_labels_and_expressions() {
    let requirement = |operator: &str, values: &[&str]| {
        let values = values.iter().map(|it| (*it).to_owned()).collect();
        Requirement { key: "app".to_owned(), operator: operator.to_owned(), values }
    };
    for (operator, values, of_web, of_none) in [
        ("In", &["web", "pay"][..], true, false),
        ("In", &["pay"], false, false),
        ("NotIn", &["pay"], true, true),
        ("NotIn", &["web"], false, true),
        ("Exists", &[], true, false),
        ("DoesNotExist", &[], false, true),
        ("Near", &[], false, false),
    ] {
        let expressions = vec![requirement(operator, values)];
        let labels = Strings::new();
        let whom = Whom::Selected { namespaces: Some(vec!["shop".to_owned()]), labels, expressions };
        let web = |key: &str| (key == "app").then_some("web");
        assert_eq!(whom.is("shop", "a", &web), of_web, "{operator} {values:?}");
        assert_eq!(whom.is("shop", "a", &|_| None), of_none, "{operator} {values:?}");
        assert!(!whom.is("other", "a", &web), "another namespace");
    }
}

#[test]
fn objects_of_other_forms_say_nothing() {
    for (api_version, kind) in [
        ("networking.istio.io/v1", "VirtualService"),
        ("networking.k8s.io/v1", "Ingress"),
        ("monitoring.coreos.com/v1", "ServiceMonitor"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("v1", "Endpoints"),
    ] {
        for spec in [json!(null), json!([1]), json!({"http": 1, "rules": [1], "endpoints": {}, "parentRefs": "a"})] {
            if spec.is_object() || kind != "Endpoints" {
                assert_eq!(said(api_version, kind, &spec), [""; 0], "{kind} {spec}");
            }
        }
    }
}
