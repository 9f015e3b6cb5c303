//! Where the init container of the fix is put, and where it is not.

use super::*;
use crate::base::{Edit, Path, Remedy};
use crate::checks::workload_identity::POD_ANNOTATION;
use crate::inventory::{Inventory, Origin};
use crate::manifest::Object;
use crate::manifest::edit::applied;
use crate::mesh::Profile;
use serde_json::{Value, json};

/// The remedy for a Pod that says that it uses workload identity, with the names of its init containers after it.
fn remedy(profile: &Value, annotations: &Value, init_containers: &Value) -> (Remedy, Vec<String>) {
    let mut annotations = annotations.clone();
    annotations[POD_ANNOTATION] = json!("true");
    let metadata = json!({"name": "web", "namespace": "shop", "annotations": annotations});
    let spec = json!({"initContainers": init_containers, "containers": [{"name": "web"}]});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
    let pod = Object::from_json(pod).unwrap();
    let (inventory, profile) =
        (Inventory::new(Origin::Files), serde_json::from_value::<Profile>(profile.clone()).unwrap());
    let params = Params { image: Some("wait:1".to_owned()), ..Params::default() };
    let observe = |pod: &Object| run(&params, &Subject::new(pod, &inventory, &profile));
    let remedy = observe(&pod).pop().unwrap().remedy;
    let edits = remedy.fix().map(|fix| fix.edits.clone()).unwrap_or_default();
    let after = Object::from_json(applied(&edits, pod.value()).unwrap()).unwrap();
    assert_eq!(observe(&after).is_empty(), remedy.fix().is_some(), "the wait is recognised");
    let names = PodTemplate::of(&after).unwrap().init_containers().map(|it| it.name().to_owned()).collect();
    (remedy, names)
}

const WAIT: &str = "seaworthy-wait-identity";

#[test]
fn the_wait_stands_where_it_reaches_the_metadata_server() {
    let sidecar = |rest: Value| {
        let mut profile = json!({"assumeMembership": "sidecar"});
        profile.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        profile
    };
    let (classic, native) = (sidecar(json!({"dataPlane": "classic"})), sidecar(json!({"dataPlane": "native"})));
    let classic_cni = sidecar(json!({"dataPlane": "classic", "cni": true}));
    let closed = sidecar(json!({"dataPlane": "native", "outboundTrafficPolicy": "REGISTRY_ONLY"}));
    let mesh_wide =
        sidecar(json!({"dataPlane": "classic", "cni": true, "excludeOutboundIPRanges": ["169.254.0.0/16"]}));
    let excluded = json!({"traffic.sidecar.istio.io/excludeOutboundIPRanges": "10.0.0.0/8,169.254.169.254/32"});
    let init = json!([{"name": "migrate"}]);
    let with_init = json!([{"name": "migrate"}, {"name": "istio-init", "image": "proxyv2"}]);
    let proxy = json!({"name": "istio-proxy", "image": "proxyv2", "restartPolicy": "Always"});
    let with_proxy = json!([{"name": "istio-init", "image": "proxyv2"}, proxy, {"name": "migrate"}]);
    let none = json!({});
    let cases: [(&Value, &Value, &Value, &[&str]); 12] = [
        (&classic, &none, &Value::Null, &[WAIT]),
        (&classic, &none, &init, &[WAIT, "migrate"]),
        (&classic, &none, &with_init, &[WAIT, "migrate", "istio-init"]),
        (&classic_cni, &none, &with_init, &[WAIT, "migrate", "istio-init"]),
        (&classic_cni, &excluded, &init, &[WAIT, "migrate"]),
        (&mesh_wide, &none, &init, &[WAIT, "migrate"]),
        (&native, &none, &init, &[WAIT, "migrate"]),
        (&native, &none, &with_proxy, &["istio-init", "istio-proxy", WAIT, "migrate"]),
        (&closed, &excluded, &init, &[WAIT, "migrate"]),
        (&json!({"assumeMembership": "ambient", "cni": true}), &none, &init, &[WAIT, "migrate"]),
        (&json!({}), &none, &init, &[WAIT, "migrate"]),
        (
            &native,
            &none,
            &json!([{"name": "istio-proxy", "image": "auto", "restartPolicy": "Always"}]),
            &[WAIT, "istio-proxy"],
        ),
    ];
    for (profile, annotations, init_containers, wanted) in cases {
        let (remedy, names) = remedy(profile, annotations, init_containers);
        assert!(remedy.safe_fix().is_some(), "{profile} {init_containers}: {remedy:?}");
        assert_eq!(names, wanted, "{profile} {init_containers}");
    }
}

const EXCLUDED: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";

#[test]
fn where_the_wait_would_be_redirected_in_vain_the_server_is_excluded_with_it() {
    let validation = json!([{"name": "istio-validation", "image": "proxyv2"}]);
    let classic_cni = |ranges: &[&str]| json!({"assumeMembership": "sidecar", "dataPlane": "classic", "cni": true, "excludeOutboundIPRanges": ranges});
    let classic = json!({"assumeMembership": "sidecar", "dataPlane": "classic"});
    let closed = json!({"dataPlane": "native", "outboundTrafficPolicy": "REGISTRY_ONLY"});
    let mesh_wide = classic_cni(&["10.0.0.0/8"]);
    for (profile, annotations, init_containers, wanted) in [
        (classic_cni(&[]), json!({}), json!([]), "169.254.169.254/32"),
        (classic, json!({}), validation, "169.254.169.254/32"),
        (mesh_wide.clone(), json!({}), json!([]), "10.0.0.0/8,169.254.169.254/32"),
        (mesh_wide, json!({EXCLUDED: "10.1.0.0/16"}), json!([]), "10.1.0.0/16,169.254.169.254/32"),
        (classic_cni(&["169.254.0.0/16"]), json!({EXCLUDED: "10.0.0.0/8"}), json!([]), "10.0.0.0/8,169.254.169.254/32"),
        (closed, json!({EXCLUDED: ""}), json!([]), "169.254.169.254/32"),
    ] {
        let (remedy, names) = remedy(&profile, &annotations, &init_containers);
        let fix = remedy.safe_fix().unwrap();
        let path = Path::keys("metadata.annotations").key(EXCLUDED);
        assert_eq!(fix.edits.first(), Some(&Edit::set(path, wanted)), "{profile} {annotations}");
        assert_eq!(names[0], WAIT);
        assert_eq!(fix.title, "wait for the metadata server in an init container, past the proxy");
    }
}

#[test]
fn a_wait_in_vain_is_not_put_in() {
    let classic_cni = json!({"assumeMembership": "sidecar", "dataPlane": "classic", "cni": true});
    let closed = json!({"dataPlane": "native", "outboundTrafficPolicy": "REGISTRY_ONLY"});
    let proxy = json!({"name": "istio-proxy", "image": "proxyv2", "restartPolicy": "Always"});
    let injected = json!([{"name": "istio-init", "image": "proxyv2"}, proxy]);
    for (profile, annotations, init_containers, wanted) in [
        (closed, json!({}), injected, "the proxy refuses hosts that the mesh does not know, and Istio has already"),
        (
            classic_cni.clone(),
            json!({EXCLUDED: "10.0.0.0/8, 10.1.0.0/16"}),
            json!([]),
            "the wait would be redirected to a proxy not yet there, and Istio refuses the ranges",
        ),
        (classic_cni, json!({EXCLUDED: 1}), json!([]), "is no text"),
    ] {
        let (remedy, _) = remedy(&profile, &annotations, &init_containers);
        let Remedy::Unfixed(reason) = remedy else { panic!("{profile}") };
        assert!(reason.contains(wanted), "{reason}");
    }
}
