use super::*;
use crate::base::{Action, Fix, Source};
use crate::checks::Observation;
use crate::engine::BoundRule;
use crate::inventory::Origin;
use crate::manifest::Owner;
use crate::policy::{Rule, Settings};
use serde_json::{Value, json};

const TODAY: &str = "2027-01-01";

type Run = fn(&Subject<'_>) -> Vec<Observation>;

/// A rule over a check of the test.
fn rule(id: &str, kinds: &[&str], run: Run) -> BoundRule {
    rule_about(id, &json!({"kinds": kinds, "membership": ["sidecar"]}), run)
}

/// The same, about the objects that match.
fn rule_about(id: &str, matches: &Value, run: Run) -> BoundRule {
    let rule: Rule = serde_json::from_value(json!({
        "apiVersion": "seaworthy.dev/v1alpha1", "kind": "Rule", "metadata": {"name": id},
        "spec": {"title": "T", "severity": "error", "check": "none", "why": "W", "remedy": "R",
            "match": matches},
    }))
    .unwrap();
    BoundRule::over(rule, Box::new(run))
}

const GRACE: &str = "terminationGracePeriodSeconds";

fn wants(subject: &Subject<'_>, path: &Path, edit: Edit) -> Vec<Observation> {
    match path.find(subject.object.value()) {
        Some(_) => Vec::new(),
        None => vec![Observation::new(path.clone(), "not set").fixed_by(Fix::safe("set it", vec![edit]))],
    }
}

fn grace(subject: &Subject<'_>) -> Vec<Observation> {
    let path = subject.pod().unwrap().spec_path().key(GRACE);
    wants(subject, &path, Edit::set(path.clone(), 47))
}

fn hold(subject: &Subject<'_>) -> Vec<Observation> {
    let text = subject.pod().unwrap().annotation_path("proxy.istio.io/config");
    let edit = Edit::SetWithin { text: text.clone(), path: Path::keys("hold"), value: true.into() };
    wants(subject, &text, edit)
}

fn risky(subject: &Subject<'_>) -> Vec<Observation> {
    let mut found = grace(subject);
    let edits = vec![Edit::set(Path::keys("spec").key(GRACE), 47)];
    found.iter_mut().for_each(|it| it.remedy = Remedy::Fix(Fix::risky("set it", "it may be meant", edits.clone())));
    found
}

fn wild(subject: &Subject<'_>) -> Vec<Observation> {
    let path = Path::keys("spec.hostname");
    wants(subject, &path, Edit::set(path.clone(), "web"))
}

/// An engine of these rules, which deny; in `calm` they warn and in `quiet` they audit.
fn engine(rules: Vec<BoundRule>, repaired: &[&str]) -> Engine {
    let settings: Settings = serde_json::from_value(json!({
        "profile": {"assumeMembership": "sidecar"},
        "modes": {"default": "deny", "namespaces": {"calm": {"default": "warn"}, "quiet": {"default": "audit"}}},
        "exceptions": [
            {"rule": "grace", "object": "Deployment/shop/legacy", "owner": "a", "reason": "b", "until": "2027-02-01"},
            {"rule": "grace", "object": "CronJob/shop/legacy", "owner": "a", "reason": "b", "until": "2027-02-01"},
        ],
        "repairs": {"apply": [{"rules": repaired, "namespaces": ["shop", "calm", "quiet"]}, {"rules": ["elsewhere"]}]},
    }))
    .unwrap();
    rules.into_iter().fold(Engine::new(&[], settings, Mode::Audit).0, Engine::with)
}

const PODS: [&str; 1] = ["Pod"];

fn pod(namespace: &str) -> Value {
    let metadata = json!({"name": "web", "namespace": namespace});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "web"}]}})
}

fn object(value: Value) -> Object {
    Object::from_json(value).unwrap()
}

fn repaired(engine: &Engine, pod: &Object) -> Result<Repair, RepairError> {
    engine.repair(pod, &Inventory::new(Origin::Cluster), TODAY.parse().unwrap())
}

/// The rules that were repaired, and those that were missed with the reason.
fn told(repair: &Repair) -> (Vec<String>, Vec<String>) {
    let missed = repair.missed.iter().map(|it| format!("{}: {}", it.rule, it.reason));
    (repair.repaired.iter().map(|it| it.rule.to_string()).collect(), missed.collect())
}

#[test]
fn what_is_to_be_repaired_is_repaired_once_and_marked() {
    let engine = engine(vec![rule("grace", &PODS, grace), rule("hold", &PODS, hold)], &["hold", "grace"]);
    let mut before = pod("shop");
    before["metadata"]["annotations"] = json!({APPLIED_ANNOTATION: " zeal,,grace"});
    let repair = repaired(&engine, &object(before)).unwrap();
    let annotations = json!({"proxy.istio.io/config": "hold: true\n", APPLIED_ANNOTATION: "grace,hold,zeal"});
    let mut wanted = pod("shop");
    wanted["metadata"]["annotations"] = annotations;
    wanted["spec"][GRACE] = 47.into();
    assert_eq!(repair.object.value(), &wanted);
    assert_eq!(told(&repair), (vec!["grace".into(), "hold".into()], vec![]));

    let again = repaired(&engine, &repair.object).unwrap();
    assert_eq!((again.object.value(), told(&again)), (&wanted, (vec![], vec![])));
}

#[test]
fn nothing_is_repaired_that_the_platform_does_not_want() {
    let mut ignored = pod("calm");
    ignored["metadata"]["annotations"] = json!({"seaworthy.dev/ignore-grace": "never stops"});
    let engine = engine(vec![rule("grace", &PODS, grace)], &["grace"]);
    for (name, before) in [
        ("the mode is audit", pod("quiet")),
        ("no entry is for the namespace", pod("other")),
        ("its owner says why not, and it is not denied", ignored),
    ] {
        let repair = repaired(&engine, &object(before.clone())).unwrap();
        assert_eq!((repair.object.value(), told(&repair)), (&before, (vec![], vec![])), "{name}");
    }
}

#[test]
fn what_is_in_the_way_of_all_repairs_is_told() {
    let mut mirror = pod("shop");
    mirror["metadata"]["annotations"] = json!({MIRROR_ANNOTATION: "x"});
    let settings = json!({"repairs": {"apply": [{"rules": ["grace"]}]}, "modes": {"default": "deny"}});
    let unknown = Engine::new(&[], serde_json::from_value(settings).unwrap(), Mode::Audit).0;
    let anywhere = rule_about("grace", &json!({"kinds": PODS}), grace);
    let in_mesh = rule("grace", &PODS, grace);
    for (engine, before, reason) in [
        (engine(vec![anywhere], &["grace"]), mirror, "it is the image of a static Pod, which is changed on its node"),
        (unknown.with(in_mesh), pod("shop"), "it is not known whether it is in the mesh"),
    ] {
        let repair = repaired(&engine, &object(before.clone())).unwrap();
        let missed = vec![format!("grace: {reason}")];
        assert_eq!((repair.object.value(), told(&repair)), (&before, (vec![], missed)));
    }
}

#[test]
fn only_safe_fixes_that_still_count_are_done() {
    let cases: [(&str, Run, &str); 3] = [
        ("risky", risky, "risky: a person should look: it may be meant"),
        ("unfixed", |_| vec![Observation::new(Path::keys("spec"), "no").unfixed("nobody can")], "unfixed: nobody can"),
        (
            "hold",
            hold,
            "hold: Istio has made the proxy of this Pod already and reads metadata.annotations[proxy.istio.io/config] no more",
        ),
    ];
    let mut before = pod("shop");
    before["spec"]["containers"] = json!([{"name": "web"}, {"name": "istio-proxy", "image": "proxyv2:1.28.0"}]);
    for (id, run, missed) in cases {
        let engine = engine(vec![rule(id, &PODS, run)], &[id]);
        let repair = repaired(&engine, &object(before.clone())).unwrap();
        assert_eq!(told(&repair), (vec![], vec![missed.to_owned()]));
        assert_eq!(repair.object.value(), &before, "{id}");
    }
}

#[test]
fn our_own_fault_is_an_error_and_no_half_repair() {
    let engine = |rules: Vec<BoundRule>| engine(rules, &["grace", "wild"]);
    let error = |rules| repaired(&engine(rules), &object(pod("shop"))).unwrap_err().to_string();
    let forbidden = "internal error: the repair of Pod shop/web would touch /spec/hostname, which no repair may";
    assert_eq!(error(vec![rule("grace", &PODS, grace), rule("wild", &PODS, wild)]), forbidden);
    let broken = error(vec![rule("grace", &PODS, grace), rule("other", &PODS, |_| panic!("out of luck"))]);
    assert_eq!(broken, "internal error: rule other could not judge Pod shop/web: panic: out of luck");
}

#[test]
fn the_pod_of_a_controller_is_judged_as_that_of_its_workload() {
    let owned = |api_version: &str, kind: &str, name: &str| {
        let mut pod = pod("shop");
        pod["metadata"]["labels"] = json!({"pod-template-hash": "6f7d9c"});
        pod["metadata"]["ownerReferences"] =
            json!([{"apiVersion": api_version, "kind": kind, "name": name, "controller": true}]);
        let pod = object(pod);
        let owner = Owner::of(&pod).unwrap();
        (pod.clone(), pod.made_by(owner))
    };
    let apps = ["apps/Deployment"];
    let jobs = ["batch/CronJob"];
    for (name, kinds, (claimed, proven), wanted) in [
        ("of a Deployment", &apps, owned("apps/v1", "ReplicaSet", "web-6f7d9c"), true),
        ("of an excepted Deployment", &apps, owned("apps/v1", "ReplicaSet", "legacy-6f7d9c"), false),
        ("of another that is named so", &apps, owned("apps/v1", "ReplicaSet", "legacy-1"), true),
        ("of a CronJob", &jobs, owned("batch/v1", "Job", "web-29012345"), true),
        ("of an excepted CronJob", &jobs, owned("batch/v1", "Job", "legacy-29012345"), false),
        ("of a kind that no rule names", &jobs, owned("apps/v1", "StatefulSet", "web"), false),
    ] {
        let engine = engine(vec![rule("grace", kinds, grace)], &["grace"]);
        let rules = |pod: &Object| told(&repaired(&engine, pod).unwrap()).0;
        assert_eq!(rules(&proven), if wanted { vec!["grace"] } else { vec![] }, "{name}");
        assert_eq!(rules(&claimed), [""; 0], "{name}, but nobody proves it");
    }
}

#[test]
fn what_will_be_repaired_on_its_pods_refuses_no_workload() {
    let deployment = |namespace: &str, name: &str| {
        let template = json!({"spec": {"containers": [{"name": "web"}]}});
        object(json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template},
            "metadata": {"name": name, "namespace": namespace}}))
    };
    let kinds = ["Pod", "apps/Deployment"];
    for (name, object, repaired, wanted) in [
        ("repaired", deployment("shop", "web"), "grace", Some((Action::Audit, true))),
        ("warned of", deployment("calm", "web"), "grace", Some((Action::Audit, true))),
        ("audited", deployment("quiet", "web"), "grace", Some((Action::Audit, false))),
        ("not named", deployment("shop", "web"), "hold", Some((Action::Deny, false))),
        ("named elsewhere", deployment("other", "web"), "grace", Some((Action::Deny, false))),
        ("excepted", deployment("shop", "legacy"), "grace", Some((Action::Audit, false))),
        ("a Pod is what it is", object(pod("shop")), "grace", Some((Action::Deny, false))),
    ] {
        let engine = engine(vec![rule("grace", &kinds, grace)], &[repaired]);
        let verdict = engine.decide(&object, None, &Inventory::new(Origin::Cluster), TODAY.parse().unwrap());
        let decided = verdict.decided.first().map(|it| (it.action, it.repaired));
        assert_eq!(decided, wanted, "{name}");
    }
    let engine = engine(vec![rule("risky", &kinds, risky)], &["risky"]);
    let verdict =
        engine.decide(&deployment("shop", "web"), None, &Inventory::new(Origin::Cluster), TODAY.parse().unwrap());
    assert!(verdict.is_refused(), "what is not repaired is refused as before");
}

#[test]
fn a_strategy_of_repairs_holds_for_judging_too_where_the_entry_holds() {
    let text = "profile: {istioVersion: \"1.28\", assumeMembership: sidecar, dataPlane: classic}\n\
                repairs: {apply: [{rules: [short-grace-period, app-starts-before-proxy], namespaces: [shop], strategy: hold}]}\n";
    let settings = crate::policy::SettingsFile::read(&Source::new("seaworthy.yaml", text));
    let engine = Engine::load(&settings, &[], Mode::Warn).unwrap();
    for (namespace, wanted) in [("shop", "holdApplicationUntilProxyStarts"), ("till", "nativeSidecar")] {
        let judgement = engine.judge(&object(pod(namespace)), &Inventory::new(Origin::Cluster), TODAY.parse().unwrap());
        let help = judgement.findings.iter().find(|it| &*it.rule == "app-starts-before-proxy").unwrap().help.clone();
        assert!(help.as_deref().is_some_and(|help| help.contains(wanted)), "{namespace}: {help:?}");
    }
}
