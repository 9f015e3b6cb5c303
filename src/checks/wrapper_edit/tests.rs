//! What a pod looks like with the program in it.

use super::*;
use crate::inventory::Inventory;
use crate::manifest::Object;
use crate::manifest::edit::applied;
use crate::mesh::Profile;

/// The spec of a Pod whose `containers` all start by `run`; else why not.
fn wrapped(spec: &Value) -> Result<Value, String> {
    wrapped_in("{}", spec)
}

fn wrapped_in(profile: &str, spec: &Value) -> Result<Value, String> {
    let profile: Profile = serde_json::from_str(profile).unwrap();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
    let after = edited(pod, &profile)?;
    Ok(after["spec"].clone())
}

fn edited(object: Value, profile: &Profile) -> Result<Value, String> {
    edited_with(Some("wait:1"), object, profile)
}

fn edited_with(image: Option<&str>, object: Value, profile: &Profile) -> Result<Value, String> {
    let (object, inventory) = (Object::from_json(object).unwrap(), Inventory::default());
    let subject = Subject::new(&object, &inventory, profile);
    let template = subject.pod().unwrap();
    let entrypoints = serde_json::from_value(json!({"known": ["/entrypoint"]})).unwrap();
    let edit = WrapperEdit { subject: &subject, pod: &template, image, entrypoints: &entrypoints };
    let containers: Vec<_> = template.containers().filter(|it| it.name() != "istio-proxy").collect();
    let options = edit.proxy_options()?;
    let edits = edit.edits(&containers, |words| run_before(words, &options))?;
    Ok(applied(&edits, object.value()).unwrap())
}

fn mounted(container: Value) -> Value {
    let mut container = container;
    container["volumeMounts"] = json!([{"name": "seaworthy", "mountPath": "/seaworthy", "readOnly": true}]);
    container
}

#[test]
fn a_pod_gets_volume_installer_mount_and_the_words_before_its_command() {
    let spec = json!({"containers": [{"name": "web", "image": "a", "command": ["/app", "$(X)"], "args": ["-v"]}]});
    let resources = json!({"cpu": "100m", "memory": "64Mi"});
    let installer = json!({
        "name": "seaworthy-wait",
        "image": "wait:1",
        "args": ["install", "/seaworthy"],
        "resources": {"requests": resources, "limits": resources},
        "securityContext": {
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true,
            "runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "seaworthy", "mountPath": "/seaworthy"}],
    });
    let command = ["/seaworthy/wait", "run", "--", "/app", "$(X)"];
    let web = mounted(json!({"name": "web", "image": "a", "command": command, "args": ["-v"]}));
    let volumes = json!([{"name": "seaworthy", "emptyDir": {}}]);
    let whole = json!({"volumes": volumes, "initContainers": [installer], "containers": [web]});
    assert_eq!(wrapped(&spec), Ok(whole));
}

#[test]
fn what_is_there_already_is_left_as_it_is() {
    let spec = json!({
        "volumes": [{"name": "data"}, {"name": "seaworthy", "emptyDir": {"sizeLimit": "1Mi"}}],
        "initContainers": [{"name": "seaworthy-wait", "image": "wait:0", "args": ["install", "/seaworthy"]}],
        "containers": [mounted(json!({"name": "web", "command": ["/app"]})), {"name": "log", "command": ["/log"],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
    });
    let once = wrapped(&spec).unwrap();
    assert_eq!(once["volumes"], spec["volumes"]);
    let mounts = json!([{"name": "seaworthy", "mountPath": "/seaworthy"}]);
    let installer = json!([{"name": "seaworthy-wait", "image": "wait:0", "args": ["install", "/seaworthy"], "volumeMounts": mounts}]);
    assert_eq!(once["initContainers"], installer);
    assert_eq!(
        once["containers"][0],
        mounted(json!({"name": "web", "command": ["/seaworthy/wait", "run", "--", "/app"]}))
    );
    assert_eq!(once["containers"][1]["volumeMounts"][1]["mountPath"], "/seaworthy");
}

#[test]
fn what_is_in_the_way_is_told() {
    let with = |key: &str, value: Value| {
        let mut spec = json!({"containers": [{"name": "web", "command": ["/app"]}]});
        spec[key] = value;
        spec
    };
    let container = |key: &str, value: Value| {
        let mut spec = json!({"containers": [{"name": "web", "command": ["/app"]}]});
        spec["containers"][0][key] = value;
        spec
    };
    let mount = |path: &str| json!([{"name": "data", "mountPath": path}]);
    let used_otherwise = |path: &str, key: &str| {
        let mut spec = container("volumeMounts", json!([{"name": "seaworthy", "mountPath": path, key: "x"}]));
        spec["volumes"] = json!([{"name": "seaworthy", "emptyDir": {}}]);
        spec
    };
    let taken = "a volume is called `seaworthy` already";
    let elsewhere = "container `web` mounts something else in /seaworthy";
    for (spec, wanted) in [
        (with("volumes", json!([{"name": "seaworthy", "configMap": {}}])), taken),
        (used_otherwise("/seaworthy", "subPath"), taken),
        (used_otherwise("/seaworthy", "subPathExpr"), taken),
        (used_otherwise("/data", "readOnly"), taken),
        (
            with("initContainers", json!([{"name": "seaworthy-wait", "args": ["identity"]}])),
            "a container is called `seaworthy-wait` already",
        ),
        (
            with(
                "initContainers",
                json!([{"name": "seaworthy-wait", "restartPolicy": "Always", "args": ["install", "/seaworthy"]}]),
            ),
            "a container is called `seaworthy-wait` already",
        ),
        (with("os", json!({"name": "windows"})), "seaworthy-wait does not run on Windows"),
        (container("volumeMounts", mount("/seaworthy/")), elsewhere),
        (container("volumeMounts", mount("/seaworthy/data")), elsewhere),
        (
            container("command", json!(["/seaworthy/app"])),
            "container `web`: the volume at /seaworthy would hide its program",
        ),
        (container("command", json!(["/app", 1])), "container `web`: `command` holds something else than texts"),
        (
            container("command", Value::Null),
            "container `web`: no `command` is set, and the image's ENTRYPOINT is not in the manifest: set it, or \
             `repairs.entrypoints`",
        ),
    ] {
        assert_eq!(wrapped(&spec), Err(wanted.to_owned()), "{spec}");
    }
    assert!(wrapped(&container("volumeMounts", mount("/seaworthy-data"))).is_ok());
}

/// The claim of a stateful set replaces a volume of the same name in its template.
#[test]
fn the_claims_of_a_stateful_set_are_volumes_of_its_pods() {
    let with = |claim: &str| {
        let template = json!({"spec": {"containers": [{"name": "db", "command": ["/db"]}]}});
        let spec = json!({"template": template, "volumeClaimTemplates": [{"metadata": {"name": claim}}]});
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": spec})
    };
    let taken = Err("a volume is called `seaworthy` already".to_owned());
    assert_eq!(edited(with("seaworthy"), &Profile::default()), taken);
    assert!(edited(with("data"), &Profile::default()).is_ok());
}

#[test]
fn the_platform_may_know_what_an_image_starts() {
    let spec = json!({"containers": [{"name": "web", "image": "known:1", "args": ["-v"]}]});
    let web = &wrapped(&spec).unwrap()["containers"][0];
    assert_eq!(web["command"], json!(["/seaworthy/wait", "run", "--", "/entrypoint"]));
    assert_eq!(web["args"], json!(["-v"]));
}

#[test]
fn the_installer_stands_where_istio_would_sort_it() {
    let proxy = json!({"name": "istio-proxy", "image": "proxyv2", "restartPolicy": "Always"});
    let init = |names: &[&str]| {
        names
            .iter()
            .map(|name| if *name == "istio-proxy" { proxy.clone() } else { json!({"name": name}) })
            .collect::<Value>()
    };
    for (before, after) in [
        (&[][..], &["seaworthy-wait"][..]),
        (&["migrate"], &["seaworthy-wait", "migrate"]),
        (&["istio-init"], &["seaworthy-wait", "istio-init"]),
        (&["migrate", "istio-init"], &["seaworthy-wait", "migrate", "istio-init"]),
        (&["istio-validation", "migrate"], &["istio-validation", "seaworthy-wait", "migrate"]),
        (&["istio-validation"], &["istio-validation", "seaworthy-wait"]),
        (&["istio-init", "istio-proxy", "migrate"], &["istio-init", "istio-proxy", "seaworthy-wait", "migrate"]),
        (&["istio-validation", "istio-proxy"], &["istio-validation", "istio-proxy", "seaworthy-wait"]),
    ] {
        let spec = json!({"initContainers": init(before), "containers": [{"name": "web", "command": ["/app"]}]});
        let spec = wrapped(&spec).unwrap();
        let names: Vec<&str> = items(&spec, "initContainers").iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(names, after, "{before:?}");
    }
    let placeholder = json!([{"name": "istio-proxy", "image": "auto"}, {"name": "migrate"}]);
    let spec = json!({"initContainers": placeholder, "containers": [{"name": "web", "command": ["/app"]}]});
    assert_eq!(wrapped(&spec).unwrap()["initContainers"][0]["name"], "seaworthy-wait");
}

#[test]
fn before_istio_1_7_the_agent_is_asked() {
    let spec = json!({"containers": [{"name": "web", "command": ["/app"]}]});
    for (istio, wanted) in [
        ("1.6", json!(["/seaworthy/wait", "run", "--http", "http://localhost:15020/healthz/ready", "--", "/app"])),
        ("1.7", json!(["/seaworthy/wait", "run", "--", "/app"])),
    ] {
        let spec = wrapped_in(&format!("{{\"istioVersion\": \"{istio}\"}}"), &spec).unwrap();
        assert_eq!(spec["containers"][0]["command"], wanted, "{istio}");
    }
}

#[test]
fn a_call_of_the_program_gets_the_wait_that_it_lacks() {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for (before, after) in [
        ("/app run", "/seaworthy/wait run -- /app run"),
        ("/seaworthy/wait run --tcp localhost:1 -- /app", "/seaworthy/wait run --proxy --tcp localhost:1 -- /app"),
        ("/bin/seaworthy-wait --tcp localhost:1 -- /app", "/bin/seaworthy-wait --proxy --tcp localhost:1 -- /app"),
        ("/seaworthy/wait job -- /app", "/seaworthy/wait job --proxy -- /app"),
    ] {
        assert_eq!(run_before(&words(before), &["--proxy"]), words(after), "{before}");
    }
}

#[test]
fn an_image_with_the_program_in_it_needs_no_installation() {
    let spec = json!({"containers": [{"name": "web", "command": ["/bin/seaworthy-wait", "job", "--", "/app"]}]});
    let wanted =
        json!({"containers": [{"name": "web", "command": ["/bin/seaworthy-wait", "job", "--proxy", "--", "/app"]}]});
    assert_eq!(wrapped(&spec), Ok(wanted));
}

#[test]
fn only_what_has_the_program_needs_no_image_of_it() {
    let wrapped = |containers: Value| {
        let pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": containers}});
        edited_with(None, pod, &Profile::default()).map(|after| after["spec"]["containers"][0]["command"].clone())
    };
    let with_program = json!({"name": "web", "command": ["/bin/seaworthy-wait", "job", "--", "/app"]});
    assert_eq!(wrapped(json!([with_program])), Ok(json!(["/bin/seaworthy-wait", "job", "--proxy", "--", "/app"])));
    assert_eq!(wrapped(json!([with_program, {"name": "log", "command": ["/log"]}])), Err(NO_IMAGE.to_owned()));
}

#[test]
fn a_run_becomes_a_job_with_what_it_waits_for() {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for (before, options, wait, after) in [
        ("/app -v", &[][..], &["--proxy"][..], "/seaworthy/wait job --proxy -- /app -v"),
        ("/app", &[], &[], "/seaworthy/wait job -- /app"),
        (
            "/app",
            &["--quit-after", "success"],
            &["--proxy"],
            "/seaworthy/wait job --proxy --quit-after success -- /app",
        ),
        ("/seaworthy/wait run -- /app", &[], &["--proxy"], "/seaworthy/wait job --proxy -- /app"),
        (
            "/seaworthy/wait --quiet --timeout=5s -- /app --proxy",
            &[],
            &["--proxy"],
            "/seaworthy/wait job --proxy --quiet --timeout 5s -- /app --proxy",
        ),
        (
            "/bin/seaworthy-wait run --http http://a/ --host b -- /app",
            &[],
            &["--proxy"],
            "/bin/seaworthy-wait job --http http://a/ --host b -- /app",
        ),
    ] {
        assert_eq!(job_around(&words(before), options, wait), words(after), "{before}");
    }
}
