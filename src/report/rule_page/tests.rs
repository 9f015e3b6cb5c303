use super::*;
use serde_json::json;

/// A rule with all its parts.
pub fn rule() -> Rule {
    serde_json::from_value(json!({
        "apiVersion": "seaworthy.dev/v1alpha1",
        "kind": "Rule",
        "metadata": {"name": "missing-pre-stop"},
        "spec": {
            "title": "Serving container does not wait before it stops",
            "severity": "warning",
            "cases": {"grace-zero": "error"},
            "since": "0.1.0",
            "match": {
                "kinds": ["Pod", "apps/Deployment"],
                "membership": ["sidecar", "ambient"],
                "namespaces": {"notIn": ["kube-system"]},
            },
            "check": "pre-stop",
            "params": {"drainSeconds": {"http": 30}},
            "why": "Endpoints are removed while the container stops, so that requests still arrive\nat a container that has closed its port.",
            "remedy": "Sleep in a preStop hook.",
            "links": ["https://example.com/pod-lifecycle"],
        },
    }))
    .unwrap()
}

/// Its page, with an example that has a safe fix, one to look at, and something left.
pub fn whole_page() -> RulePage {
    let schema = json!({"properties": {
        "drainSeconds": {"description": "Seconds to wait,\nby protocol."},
        "skip": {"description": "Containers left alone.", "default": []},
    }});
    let manifest = |text: &str| Manifest {
        profile: Some("{dataPlane: native}".to_owned()),
        rules: None,
        text: format!("{text}\n\n# end\n"),
    };
    let fix = |look_at: &[&str], patch: &str| ShownFix {
        look_at: look_at.iter().map(|&reason| reason.to_owned()).collect(),
        patch: patch.to_owned(),
    };
    let example = Example {
        bad: manifest("kind: Pod"),
        report: "warning[missing-pre-stop]: no wait\n --> example.yaml:1:1\n\n".to_owned(),
        fixes: vec![fix(&[], "+wait: 30\n"), fix(&["one", "two"], "-wait: 30\n")],
        end: vec!["seconds  0   30".to_owned(), "web      ====|".to_owned()],
        left: vec!["only its owner knows".to_owned()],
        good: Manifest { profile: None, ..manifest("kind: Pod # good") },
    };
    let strategies = ["`hold`: there is nothing else".to_owned(), "in namespace shop: `native`".to_owned()];
    let known =
        Known { schema: &schema, repair: PodRepair::Possible, strategies: &strategies, example: Some(&example) };
    page(&rule(), known)
}

#[test]
fn what_a_rule_does_not_have_has_no_section() {
    let mut rule = rule();
    rule.spec.links.clear();
    rule.spec.cases.clear();
    let known = Known { schema: &json!({}), repair: PodRepair::Never, strategies: &[], example: None };
    let page = page(&rule, known);
    let headings: Vec<&str> = page.sections.iter().map(|section| section.heading.as_str()).collect();
    assert_eq!(headings, ["Looks at", "Why", "What to do", "On Pods", "To ignore it, with a reason"]);
    assert_eq!(page.summary, "warning. Stable, since 0.1.0.");
}
