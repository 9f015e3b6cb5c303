use super::*;
use crate::base::{Mode, Source};
use crate::inventory::Origin;
use crate::policy::SettingsFile;
use crate::webhook::wire;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Surroundings in which nothing changes: who waits for a namespace waits in vain.
pub(super) struct Still {
    pub(super) inventory: Inventory,
    pub(super) ready: Result<(), String>,
}

impl Surroundings for Still {
    fn read<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        look(&self.inventory)
    }

    fn ready(&self) -> Result<(), String> {
        self.ready.clone()
    }

    async fn namespace_known(&self, _namespace: &str, within: Duration) -> bool {
        sleep(within).await;
        false
    }
}

pub(super) const USER: &str = "alice";
pub(super) const REPLICASET_CONTROLLER: &str = "system:serviceaccount:kube-system:replicaset-controller";

/// A cluster that denies in `shop`, where a ReplicaSet and a CloneSet run and istiod injects.
fn judge() -> EngineJudge<Still> {
    let settings = "modes: {default: audit, namespaces: {shop: {default: deny}, calm: {default: warn}}}\n\
                    exceptions: [{rule: missing-pre-stop, object: Deployment/shop/legacy, owner: a, reason: b, until: 2099-01-01}]\n\
                    links: {contact: '#team-mesh'}\n";
    let settings = SettingsFile::read(&Source::new("seaworthy.yaml", settings));
    let engine = Engine::load(&settings, &[], Mode::Audit).unwrap();
    let mut inventory = Inventory::new(Origin::Cluster);
    let mut set = |object: Value| inventory.set(&Arc::new(Object::from_json(object).unwrap()));
    let misspelt = json!({"name": "misspelt", "labels": {"seaworthy.dev/mode": "denny"}});
    set(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": misspelt}));
    let ports: Vec<Value> = CONTAINERS.map(|name| json!({"name": name, "port": 80, "targetPort": name})).into();
    for namespace in ["shop", "calm", "quiet", UNLISTED] {
        let labels = json!({"istio-injection": "enabled"});
        if namespace != UNLISTED {
            set(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}));
        }
        set(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "all", "namespace": namespace},
            "spec": {"selector": {"app": "a"}, "ports": ports}}));
    }
    let mut replica_set = deployment("web-1", &["c0"]);
    (replica_set["kind"], replica_set["metadata"]["uid"]) = ("ReplicaSet".into(), "uid-1".into());
    replica_set["metadata"]["namespace"] = "shop".into();
    let mut clone_set = replica_set.clone();
    (clone_set["kind"], clone_set["apiVersion"]) = ("CloneSet".into(), "apps.kruise.io/v1alpha1".into());
    set(replica_set);
    set(clone_set);
    EngineJudge::new(Arc::new(engine), Still { inventory, ready: Ok(()) })
}

/// A namespace that is not known yet.
const UNLISTED: &str = "unlisted";
/// Each has a port of its name.
const CONTAINERS: [&str; 8] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];

/// Each container serves and has no preStop: one finding of `missing-pre-stop` each.
pub(super) fn deployment(name: &str, containers: &[&str]) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"template": {"metadata": {"labels": {"app": "a"}}, "spec": pod_spec(containers)}}})
}

pub(super) fn pod_spec(containers: &[&str]) -> Value {
    let port = |name: &str| 8080 + CONTAINERS.iter().position(|it| *it == name).unwrap();
    let container =
        |name: &&str| json!({"name": name, "image": "a", "ports": [{"name": name, "containerPort": port(name)}]});
    json!({"containers": containers.iter().map(container).collect::<Vec<_>>()})
}

fn ask(namespace: &str, user: &str, object: &Value, old: &Value) -> Result<Answer, JudgeError> {
    let operation = if old.is_null() { "CREATE" } else { "UPDATE" };
    let body = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "name": object["metadata"]["name"], "kind": {"kind": object["kind"]}, "operation": operation, "namespace": namespace,
        "userInfo": {"username": user}, "object": object, "oldObject": old,
    }})
    .to_string();
    judge().judge(&wire::read(body.as_bytes()).unwrap())
}

/// What was done about the findings of `missing-pre-stop`.
fn actions(answer: &Answer) -> Vec<Action> {
    let findings = answer.findings.iter().filter(|(rule, _)| &**rule == "missing-pre-stop");
    findings.map(|(_, action)| *action).collect()
}

#[test]
fn a_new_defect_is_refused_with_one_message() {
    let answer = ask("shop", USER, &deployment("web", &["c0"]), &Value::Null).unwrap();
    assert_eq!(actions(&answer), [Action::Deny]);
    let refusal = answer.refusal.unwrap();
    assert!(refusal.starts_with("seaworthy: Deployment shop/web is not fit for the mesh"), "{refusal}");
    assert!(refusal.contains("missing-pre-stop") && refusal.contains("#team-mesh"), "{refusal}");
    let audited = &answer.audit["missing-pre-stop"];
    assert!(audited.starts_with("deny spec.template.spec.containers[0]"), "{audited}");
}

#[test]
fn the_mode_of_the_namespace_decides() {
    let object = deployment("web", &["c0"]);
    let cases = [("shop", Action::Deny), ("calm", Action::Warn), ("quiet", Action::Audit)];
    for (namespace, action) in cases {
        let answer = ask(namespace, USER, &object, &Value::Null).unwrap();
        assert_eq!(actions(&answer), [action], "{namespace}");
        assert_eq!(answer.refusal.is_some(), action == Action::Deny, "{namespace}");
        let named = answer.warnings.iter().any(|line| line.contains("missing-pre-stop"));
        assert_eq!(named, action == Action::Warn, "{namespace}: {:?}", answer.warnings);
        assert!(answer.audit.contains_key("missing-pre-stop"), "{namespace}");
    }
}

#[test]
fn a_mode_label_that_is_none_is_told() {
    let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {}});
    let cases = [("misspelt", Some("is `denny` and counts as not there: want `deny`?")), ("shop", None)];
    for (namespace, told) in cases {
        let answer = ask(namespace, USER, &object, &Value::Null).unwrap();
        let warnings = answer.warnings.iter().filter(|line| line.contains("seaworthy.dev/mode")).collect::<Vec<_>>();
        assert_eq!(warnings.len(), usize::from(told.is_some()), "{namespace}: {warnings:?}");
        assert!(told.is_none_or(|told| warnings[0].contains(told)), "{namespace}: {warnings:?}");
    }
}

#[test]
fn an_unknown_namespace_refuses_nothing() {
    let answer = ask(UNLISTED, USER, &deployment("web", &["c0"]), &Value::Null).unwrap();
    assert!(answer.membership_unknown && answer.refusal.is_none());
    assert_eq!(actions(&answer), [Action::Audit]);
}

#[test]
fn an_exception_is_audited() {
    let answer = ask("shop", USER, &deployment("legacy", &["c0"]), &Value::Null).unwrap();
    assert_eq!(actions(&answer), [Action::Audit]);
}

#[test]
fn an_update_is_refused_for_new_defects_only() {
    let (old, mut scaled) = (deployment("web", &["c0"]), deployment("web", &["c0"]));
    scaled["spec"]["replicas"] = 3.into();
    let answer = ask("shop", USER, &scaled, &old).unwrap();
    assert_eq!((actions(&answer), answer.refusal), (vec![Action::Warn], None));

    let answer = ask("shop", USER, &deployment("web", &["c1", "c0"]), &old).unwrap();
    let mut seen = actions(&answer);
    seen.sort();
    assert_eq!(seen, [Action::Warn, Action::Deny]);
    assert!(answer.refusal.unwrap().contains("c1"));
}

/// The Deployment of the same release comes behind its Service, and declares the port.
#[test]
fn an_update_is_not_refused_for_what_another_object_may_be_about_to_mend() {
    let service = |ports: Value| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {"selector": {"app": "a"}, "ports": ports}})
    };
    let old = service(json!([{"name": "http", "port": 90, "targetPort": "c0"}]));
    let both = json!([{"name": "http", "port": 90, "targetPort": "c0"}, {"name": "http-admin", "port": 91, "targetPort": "admin"}]);
    let new = service(both);
    for (old, wanted) in [(&old, Action::Warn), (&Value::Null, Action::Deny)] {
        let answer = ask("shop", USER, &new, old).unwrap();
        let found: Vec<_> = answer.findings.iter().map(|(rule, action)| (&**rule, *action)).collect();
        // Service `all` leads to the same port and says nothing of its protocol.
        assert_eq!(found, [("conflicting-port-protocols", wanted), ("dangling-target-port", wanted)]);
        assert_eq!(answer.refusal.is_some(), wanted == Action::Deny);
    }
}

#[test]
fn what_changes_nothing_is_not_judged() {
    let old = deployment("web", &["c0"]);
    let mut labelled = old.clone();
    labelled["metadata"]["labels"] = json!({"a": "b"});
    let answer = ask("shop", USER, &labelled, &old).unwrap();
    let audit = BTreeMap::from([("not-judged".to_owned(), "metadata-only".to_owned())]);
    assert_eq!(answer, Answer { audit, ..Answer::default() });
}

#[test]
fn an_owner_is_believed_only_if_it_is_that_very_one() {
    let pod_of = |api_version: &str, kind: &str, name: &str, uid: &str| {
        let owner = json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": true});
        let metadata = json!({"name": "web-1-x", "labels": {"app": "a"}, "ownerReferences": [owner]});
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(&["c0"])})
    };
    let replica_set = |name: &str, uid: &str| pod_of("apps/v1", "ReplicaSet", name, uid);
    let clone_set = |name: &str, uid: &str| pod_of("apps.kruise.io/v1alpha1", "CloneSet", name, uid);
    let kruise = "system:serviceaccount:kruise-system:kruise-manager";
    let cases = [
        ("that very one", kruise, clone_set("web-1", "uid-1"), true),
        ("another uid", kruise, clone_set("web-1", "uid-2"), false),
        ("another name", kruise, clone_set("web-2", "uid-1"), false),
        ("another group", kruise, pod_of("mine.example.com/v1", "CloneSet", "web-1", "uid-1"), false),
        ("that very one, by a person", USER, clone_set("web-1", "uid-1"), false),
        ("one of Kubernetes, by a person", USER, replica_set("web-1", "uid-1"), false),
        ("one of Kubernetes, by whom its controller is not", kruise, replica_set("web-1", "uid-1"), false),
        ("whatever a controller says", REPLICASET_CONTROLLER, replica_set("web-2", "uid-2"), true),
    ];
    for (name, user, pod, believed) in cases {
        let answer = ask("shop", user, &pod, &Value::Null).unwrap();
        assert_eq!(answer.audit.get("not-judged").map(String::as_str), believed.then_some("owned"), "{name}");
        assert_eq!(answer.refusal.is_none(), believed, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let objects =
        [(json!({"kind": "Pod", "spec": {}}), "no `apiVersion`"), (json!({"kind": "Pod", "metadata": 7}), "expected")];
    for (object, wanted) in objects {
        let error = ask("shop", USER, &object, &Value::Null).unwrap_err();
        assert!(matches!(&error, JudgeError::Unreadable(text) if text.contains(wanted)), "{error}");
    }
    let absent = AdmissionRequest { operation: "CREATE".into(), ..AdmissionRequest::default() };
    assert!(matches!(judge().judge(&absent), Err(JudgeError::Unreadable(_))));
}

/// Whoever makes an object that takes all memory to judge gets no further by it.
#[test]
fn what_is_too_large_is_answered_as_the_strictest_rule_would() {
    let mut object = deployment("web", &["c0"]);
    object["spec"]["template"]["spec"]["volumes"] = vec![json!({"name": "v"}); 50_000].into();
    let answer = |namespace| ask(namespace, USER, &object, &Value::Null).unwrap();
    let message = "is too large to be judged, with more than 50000 maps in it: want several smaller objects";
    let refusal = answer("shop").refusal.unwrap();
    assert_eq!(refusal, format!("seaworthy: Deployment shop/web {message}"));
    for (namespace, is_warned) in [("calm", true), ("quiet", false), (UNLISTED, false)] {
        let Answer { refusal, warnings, audit, .. } = answer(namespace);
        assert_eq!((refusal, !warnings.is_empty()), (None, is_warned), "{namespace}");
        assert_eq!(audit["not-judged"], "too-large", "{namespace}");
    }
    // To make it smaller is judged.
    let small = deployment("web", &["c0"]);
    assert_eq!(actions(&ask("shop", USER, &small, &object).unwrap()), [Action::Deny]);
}

#[test]
fn a_broken_rule_is_an_error_and_a_panic_is_told_apart() {
    let error = |text: &str| RuleError { rule: "a".into(), object: "Pod x/y".into(), error: text.into() };
    assert!(matches!(failed(&error("panic: at the disco")), JudgeError::Panicked(_)));
    assert!(matches!(failed(&error("no memory")), JudgeError::Internal(_)));
    assert_eq!(failed(&error("no memory")).to_string(), "internal error: rule a could not judge Pod x/y: no memory");
}

#[test]
fn the_audit_log_names_a_few_places_and_counts_the_rest() {
    let answer = ask("shop", USER, &deployment("web", &CONTAINERS), &Value::Null).unwrap();
    let audited = &answer.audit["missing-pre-stop"];
    assert_eq!(audited.matches("deny ").count(), AUDITED_PATHS, "{audited}");
    assert!(audited.ends_with("; and 3 more"), "{audited}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_namespace_is_waited_for_a_moment() {
    let engine = Arc::new(Engine::built_in(Mode::Audit).unwrap());
    let missing = Err("namespaces are not listed yet".to_owned());
    let still = Still { inventory: Inventory::new(Origin::Cluster), ready: missing.clone() };
    let judge = EngineJudge::new(engine, still);
    assert_eq!(judge.ready(), missing);
    let cases = [("CREATE", "shop", 300), ("UPDATE", "shop", 300), ("DELETE", "shop", 0), ("CREATE", "", 0)];
    for (operation, namespace, milliseconds) in cases {
        let request = AdmissionRequest {
            operation: operation.into(),
            namespace: namespace.into(),
            ..AdmissionRequest::default()
        };
        let begun = Instant::now();
        judge.prepare(&request).await;
        assert_eq!(begun.elapsed().as_millis(), milliseconds, "{operation} {namespace}");
    }
}
