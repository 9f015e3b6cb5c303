//! What is proved of the selection of policies, part by part.

use crate::base::Path;
use crate::checks::capped_grace::admission_policy::binds;
use crate::checks::capped_grace::admitted::Admitted;
use crate::checks::capped_grace::kyverno;
use crate::checks::capped_grace::kyverno_patch::patched;
use crate::checks::capped_grace::proof::Proof::{self, No, Unknown, Yes};
use crate::checks::capped_grace::setting::{Effect, Setting};
use crate::inventory::{Inventory, Subject};
use crate::manifest::Object;
use crate::mesh::Profile;
use serde_json::{Map, Value, json};

/// The Deployment `web` in `shop`, and the Pods that are made for it.
fn with_deployment(namespaces: &Value, ask: impl Fn([&Admitted<'_>; 2])) {
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web"}]}});
    let metadata = json!({"name": "web", "namespace": "shop", "labels": {"app": "web"}});
    let spec = json!({"template": template});
    let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec});
    let (object, inventory) = (Object::from_json(object).unwrap(), Inventory::default());
    let profile: Profile = serde_json::from_value(json!({"namespaces": namespaces})).unwrap();
    let all = Admitted::all_of(&Subject::new(&object, &inventory, &profile));
    ask([&all[0], &all[1]]);
}

#[test]
fn constraints_are_decided_as_far_as_the_manifest_tells() {
    let rules = |more: &Value| {
        let mut rule = json!({"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([rule])
    };
    let all = json!({"apiGroups": ["*"], "resources": ["*"]});
    let named = |name: &str| rules(&json!({"apiGroups": ["*"], "resources": ["*"], "resourceNames": [name]}));
    let labelled = |key: &str| json!({"objectSelector": {"matchExpressions": [{"key": key, "operator": "Exists"}]}});
    let in_namespace = |key: &str, value: &str| json!({"namespaceSelector": {"matchLabels": {key: value}}});
    let cases: Vec<(Value, [Proof; 2])> = vec![
        (json!({}), [Yes, Yes]),
        (json!({"resourceRules": rules(&json!({}))}), [Yes, No]),
        (json!({"resourceRules": rules(&all)}), [Yes, Yes]),
        (json!({"resourceRules": rules(&json!({"scope": "*"}))}), [Yes, No]),
        (json!({"resourceRules": rules(&json!({"scope": "Namespaced"}))}), [Yes, No]),
        (json!({"resourceRules": rules(&json!({"scope": "Cluster"}))}), [No, No]),
        (json!({"resourceRules": rules(&json!({"operations": ["UPDATE"]}))}), [No, No]),
        (json!({"resourceRules": rules(&json!({"other": []}))}), [Unknown, No]),
        (json!({"resourceRules": named("web")}), [Yes, Unknown]),
        (json!({"resourceRules": named("pay")}), [No, Unknown]),
        (json!({"excludeResourceRules": rules(&json!({}))}), [No, Yes]),
        (json!({"matchPolicy": "Exact"}), [Yes, Yes]),
        (json!({"other": {}}), [Unknown, Unknown]),
        (labelled("app"), [Yes, Yes]),
        (labelled("tier"), [No, No]),
        (labelled("pod-template-hash"), [No, Unknown]),
        (labelled("example.com/hash"), [No, Unknown]),
        (in_namespace("kubernetes.io/metadata.name", "shop"), [Yes, Yes]),
        (in_namespace("kubernetes.io/metadata.name", "pay"), [No, No]),
        (in_namespace("team", "a"), [Yes, Yes]),
        (in_namespace("team", "b"), [No, No]),
        (in_namespace("tier", "a"), [No, No]),
    ];
    with_deployment(&json!({"shop": {"labels": {"team": "a", "stage": "b"}}}), |admitted| {
        for (constraints, wanted) in &cases {
            let binding = json!({"matchResources": constraints});
            assert_eq!(admitted.map(|it| binds(&binding, it)), *wanted, "{constraints}");
        }
    });
    with_deployment(&json!({}), |admitted| {
        for (constraints, wanted) in
            [(in_namespace("team", "a"), Unknown), (in_namespace("kubernetes.io/metadata.name", "shop"), Yes)]
        {
            let binding = json!({"matchResources": constraints});
            assert_eq!(admitted.map(|it| binds(&binding, it)), [wanted; 2], "{constraints}");
        }
    });
}

/// What is asked of the Pod `web`, with a grace period of 60 seconds.
fn with_pod<T>(ask: impl Fn(&Admitted<'_>) -> T) -> T {
    let metadata = json!({"name": "web", "namespace": "shop", "labels": {"app": "web"}});
    let spec = json!({"terminationGracePeriodSeconds": 60, "containers": [{"name": "web"}]});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
    let (pod, inventory, profile) = (Object::from_json(pod).unwrap(), Inventory::default(), Profile::default());
    ask(&Admitted::all_of(&Subject::new(&pod, &inventory, &profile))[0])
}

/// What a policy does to it whose rules all set it to 30.
fn done_by(spec: &Value, rules: &[Value]) -> Effect {
    let mutate = json!({"patchStrategicMerge": {"spec": {"terminationGracePeriodSeconds": 30}}});
    let with_patch = |rule: &Value| {
        let parts = rule.as_object().unwrap().clone().into_iter();
        Value::Object(parts.chain([("mutate".to_owned(), mutate.clone())]).collect::<Map<_, _>>())
    };
    let mut spec = spec.clone();
    spec["rules"] = rules.iter().map(with_patch).collect();
    with_pod(|pod| kyverno::effect(&json!({"spec": spec}), pod))
}

/// By the rule in this place.
fn sets(rule: usize) -> Effect {
    let path = Path::keys("spec.rules").index(rule).key("mutate").key("patchStrategicMerge");
    Effect::Sets(Setting { path: path.key("spec").key("terminationGracePeriodSeconds"), seconds: 30 }, Yes)
}

#[test]
fn rules_select_as_far_as_the_manifest_tells() {
    let selecting = |more: &Value| {
        let mut resources = json!({"kinds": ["Pod"]});
        resources.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"match": {"any": [{"resources": resources}]}})
    };
    let with = |key: &str, value: &Value| {
        let mut rule = selecting(&json!({}));
        rule[key] = value.clone();
        rule
    };
    let asked = |how: &str, field: &str, value: i64| {
        let key = format!("{{{{ request.object.spec.{field} }}}}");
        with("preconditions", &json!({how: [{"key": key, "operator": "GreaterThan", "value": value}]}))
    };
    let when = |operator: &str, value: &Value| {
        let condition = json!({"key": "{{request.operation}}", "operator": operator, "value": value});
        with("preconditions", &json!({"all": [condition]}))
    };
    for (rule, wanted) in [
        (selecting(&json!({})), sets(0)),
        (selecting(&json!({"kinds": ["Deployment"]})), Effect::None),
        (selecting(&json!({"kinds": ["P*"]})), Effect::Unclear),
        (selecting(&json!({"kinds": ["Pod/exec"]})), Effect::Unclear),
        (selecting(&json!({"name": "web"})), sets(0)),
        (selecting(&json!({"name": "pay"})), Effect::None),
        (selecting(&json!({"names": ["pay", "w*"]})), sets(0)),
        (selecting(&json!({"names": ["pay"]})), Effect::None),
        (selecting(&json!({"operations": ["CREATE", "UPDATE"]})), sets(0)),
        (selecting(&json!({"operations": ["UPDATE"]})), Effect::Unclear),
        (selecting(&json!({"other": []})), Effect::Unclear),
        (json!({"match": {"any": [{"resources": {}}]}}), Effect::Unclear),
        (json!({"match": {"resources": {"kinds": ["Pod"]}}}), sets(0)),
        (with("exclude", &json!({})), sets(0)),
        (with("exclude", &json!({"any": [{"resources": {"name": "web"}}]})), Effect::None),
        (with("exclude", &json!({"any": [{"resources": {"name": "pay"}}]})), sets(0)),
        (asked("all", "terminationGracePeriodSeconds", 50), sets(0)),
        (asked("any", "terminationGracePeriodSeconds", 50), sets(0)),
        (asked("any", "terminationGracePeriodSeconds", 60), Effect::None),
        (asked("any", "activeDeadlineSeconds", 50), Effect::Unclear),
        (when("Equals", &json!("CREATE")), sets(0)),
        (when("Equals", &json!("UPDATE")), Effect::None),
        (when("AnyIn", &json!(["UPDATE", "CREATE"])), sets(0)),
        (when("NotEquals", &json!("DELETE")), sets(0)),
        (when("AnyNotIn", &json!(["CREATE"])), Effect::None),
        (when("Equals", &json!(1)), Effect::Unclear),
    ] {
        assert_eq!(done_by(&json!({}), std::slice::from_ref(&rule)), wanted, "{rule}");
    }
}

#[test]
fn of_the_rules_of_which_only_one_is_applied_the_first_is() {
    let of = |kind: &str| json!({"match": {"any": [{"resources": {"kinds": [kind]}}]}});
    let (pods, others) = (of("Pod"), of("Secret"));
    for (spec, rules, wanted) in [
        (json!({"applyRules": "One"}), [&pods, &others], sets(0)),
        (json!({"applyRules": "One"}), [&others, &pods], Effect::Unclear),
        (json!({"applyRules": "All"}), [&others, &pods], sets(1)),
        (json!({}), [&others, &pods], sets(1)),
    ] {
        assert_eq!(done_by(&spec, &rules.map(Value::clone)), wanted, "{spec}");
    }
}

#[test]
fn patches_set_it_for_sure_where_no_condition_is_left_open() {
    let merge = |more: &Value| {
        let mut spec = json!({"terminationGracePeriodSeconds": 30});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"patchStrategicMerge": {"spec": spec}})
    };
    let each = |list: &str, more: &Value| {
        let mut entry = merge(&json!({}));
        entry["list"] = json!(list);
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"foreach": [entry]})
    };
    const SETS: &str = "- {op: replace, path: /spec/terminationGracePeriodSeconds, value: 30}\n";
    let by_list = |patches: &str| json!({"patchesJson6902": patches});
    let containers = "request.object.spec.containers";
    for (mutate, wanted) in [
        (merge(&json!({})), "sets"),
        (merge(&json!({"containers": [{"(name)": "*"}]})), "sets"),
        (merge(&json!({"containers": [{"(name)": "web"}]})), "unclear"),
        (merge(&json!({"containers": [{"(image)": "*"}]})), "unclear"),
        (merge(&json!({"(terminationGracePeriodSeconds)": ">50"})), "sets"),
        (merge(&json!({"(terminationGracePeriodSeconds)": ">60"})), "leaves"),
        (json!({"patchStrategicMerge": {"spec": {"hostname": "web"}}}), "leaves"),
        (json!({"patchStrategicMerge": {"spec": {"terminationGracePeriodSeconds": "{{ it }}"}}}), "unclear"),
        (json!({"patchStrategicMerge": {"spec": {"+(terminationGracePeriodSeconds)": 30}}}), "leaves"),
        (by_list(SETS), "sets"),
        (by_list(&format!("{SETS}- {{op: remove, path: /metadata/labels/a}}\n")), "sets"),
        (by_list(&format!("{SETS}- {{op: remove, path: /spec/terminationGracePeriodSeconds}}\n")), "unclear"),
        (by_list(&format!("{SETS}- {{op: replace, path: /spec, value: {{}}}}\n")), "unclear"),
        (by_list(&format!("{SETS}---\na: {{{{ it }}}}\n")), "unclear"),
        (by_list(&format!("{SETS}---\na: [\n")), "unclear"),
        (by_list(&format!("{SETS}- {{op: test, path: /metadata/name, value: web}}\n")), "unclear"),
        (each(containers, &json!({})), "sets"),
        (each(&format!("{containers}[]"), &json!({})), "sets"),
        (each("request.object.spec.initContainers", &json!({})), "unclear"),
        (each(containers, &json!({"preconditions": {"all": []}})), "unclear"),
        (json!({"targets": [], "patchStrategicMerge": {"spec": {"terminationGracePeriodSeconds": 30}}}), "unclear"),
    ] {
        let effect = with_pod(|pod| patched(&mutate, &Path::keys("mutate"), pod));
        let done = match effect {
            Effect::Sets(Setting { seconds: 30, .. }, Yes) => "sets",
            Effect::None => "leaves",
            _ => "unclear",
        };
        assert_eq!(done, wanted, "{mutate}");
    }
}
