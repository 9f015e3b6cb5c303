use super::*;
use serde_json::json;

/// The Pod as it is asked about: a container of somebody else stands before those of the manifest.
fn live() -> Value {
    json!({"spec": {
        "containers": [{"name": "istio-proxy"}, {"name": "web", "command": ["/web"]}, {"name": "log"}],
        "initContainers": [{"name": "wait"}, {"name": "migrate"}],
    }})
}

fn manifest() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "web", "annotations": {"proxy.istio.io/config": "{}"}, "labels": null},
    "spec": {"terminationGracePeriodSeconds": 20, "volumes": null,
        "initContainers": [{"name": "migrate"}],
        "containers": [
            {"name": "web", "command": ["/web"], "env": [{"name": "A"}], "volumeMounts": [{"name": "t", "mountPath": "/tmp"}]},
            {"lifecycle": {"preStop": null}, "name": "log"},
        ]}})
}

/// The same by server-side apply, where nothing is what nobody applies.
fn managed() -> Value {
    json!([{"manager": "kubectl", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": {
    "f:metadata": {"f:annotations": {".": {}, "f:proxy.istio.io/config": {}}},
    "f:spec": {"f:terminationGracePeriodSeconds": {},
        "f:initContainers": {"k:{\"name\":\"migrate\"}": {".": {}, "f:name": {}}},
        "f:containers": {"k:{\"name\":\"web\"}": {
            ".": {}, "f:command": {}, "f:name": {}, "f:env": {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}}},
            "f:volumeMounts": {"k:{\"mountPath\":\"/tmp\"}": {".": {}, "f:mountPath": {}, "f:name": {}}},
        }}}}}])
}

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

fn set(path: Path) -> Edit {
    Edit::set(path, 1)
}

fn insert(list: Path) -> Edit {
    Edit::Insert { list, index: 0, value: json!({"name": "ours"}) }
}

/// Edits, and whether they change what is applied by the manifest, and by server-side apply.
fn edits() -> Vec<(Edit, bool, bool)> {
    let (metadata, spec) = (Path::keys("metadata"), Path::keys("spec"));
    let annotation = |key: &str| metadata.clone().key("annotations").key(key);
    let container = |index: usize| spec.clone().key("containers").index(index);
    let waits = spec.clone().key("initContainers");
    let config = Edit::SetWithin { text: annotation("proxy.istio.io/config"), path: Path::keys("a"), value: 1.into() };
    vec![
        (set(spec.clone().key("terminationGracePeriodSeconds")), true, true),
        (set(spec.clone().key("hostname")), false, false),
        (config, true, true),
        (set(annotation("sidecar.istio.io/nativeSidecar")), false, false),
        (set(metadata.key("labels").key("sidecar.istio.io/inject")), true, false),
        (set(container(0).key("command")), false, false),
        (set(container(1).key("command")), true, true),
        (set(container(2).key("command")), false, false),
        (insert(container(1).key("command")), true, true),
        (set(container(1).key("command").index(0)), true, true),
        (set(container(1).key("env").index(0).key("value")), true, true),
        (set(container(1).key("lifecycle").key("preStop")), false, false),
        (set(container(2).key("lifecycle").key("preStop")), true, false),
        (insert(container(1).key("volumeMounts")), false, false),
        (insert(spec.key("volumes")), true, false),
        (insert(waits.clone()), false, false),
        (Edit::Remove { path: waits.clone().index(0) }, false, false),
        (Edit::Remove { path: waits.clone().index(1) }, true, true),
        (Edit::Remove { path: waits }, true, true),
    ]
}

#[test]
fn an_edit_changes_what_is_applied_or_what_is_beside_it() {
    let by_manifest = Applied::of(Some(&manifest().to_string()), None);
    let by_server = Applied::of(None, Some(&raw(&managed())));
    for (edit, manifest, server) in edits() {
        let changed = |applied: &Applied| applied.changed_by(std::slice::from_ref(&edit), &live()).is_some();
        assert_eq!((changed(&by_manifest), changed(&by_server)), (manifest, server), "{edit:?}");
    }
}

#[test]
fn only_what_is_applied_to_the_pod_itself_counts() {
    let grace = [set(Path::keys("spec.terminationGracePeriodSeconds"))];
    let of_deployment = json!({"kind": "Deployment", "spec": {"terminationGracePeriodSeconds": 20}}).to_string();
    let with = |key: &str, value: &str| {
        let mut entries = managed();
        entries[0][key] = value.into();
        raw(&entries)
    };
    for (name, last_applied, managed_fields) in [
        ("nobody applied it", None, None),
        ("a workload's", Some(&*of_deployment), None),
        ("who updates may change it again", None, Some(with("operation", "Update"))),
        ("the status", None, Some(with("subresource", "status"))),
        ("no entries", None, Some(raw(&Value::Null))),
    ] {
        let applied = Applied::of(last_applied, managed_fields.as_deref());
        assert_eq!(applied.changed_by(&grace, &live()), None, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_taken_for_applied() {
    let long = format!("{{\"kind\": \"Pod\", \"a\": \"{}\"}}", "x".repeat(MOST_ANNOTATION));
    let deep = format!("{{\"kind\": \"Pod\", \"spec\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let texts = [
        "",
        "7",
        "null",
        "{}",
        "{\"kind\": 7}",
        "{\"kind\": \"Pod\"",
        "{\"kind\": \"Pod\", \"spec\": 7}",
        "{\"kind\": \"Pod\", \"spec\": {\"containers\": {}}}",
        "{\"kind\": \"Pod\", \"spec\": {\"containers\": [{}]}}",
        &long,
        &deep,
    ];
    let hostname = [set(Path::keys("spec.hostname"))];
    for text in texts {
        let applied = Applied::of(Some(text), None);
        assert!(applied.is_unreadable() && applied.changed_by(&hostname, &live()).is_some(), "{text:.60}");
    }
    let entry = |fields: Value| json!({"operation": "Apply", "fieldsV1": fields});
    let many = entry(json!({"f:spec": (0..=MOST_FIELDS).map(|at| (format!("f:{at}"), json!({}))).collect::<Value>()}));
    for entries in [
        json!(7),
        json!([7]),
        json!([entry(json!(7))]),
        json!([entry(json!({"spec": {}}))]),
        json!([entry(json!({"f:spec": {"f:containers": {"k:x": {}}}}))]),
        json!([many]),
        json!(vec![entry(json!({})); MOST_ENTRIES + 1]),
    ] {
        assert!(Applied::of(None, Some(&raw(&entries))).is_unreadable(), "{:.60}", entries.to_string());
    }
}
