//! `docs/compared-with-istioctl.md` says what is true: its tables are what istioctl was recorded to say of the inputs in
//! `tests/data/istio-cli`, and what the engine says of them now. Only the reasons are written by hand.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod engine;
mod page;
mod recorded;

use engine::{Judged, ports, rules};
use page::{Row, page, rows, table_under};
use recorded::{Recorded, recorded};
use std::collections::BTreeMap;
use std::path::Path;

/// The rules that are about what a code of istioctl is about; empty where there is none, and none is planned.
const CODES: [(&str, &[&str]); 8] = [
    ("IST0102", &["ambiguous-namespace-injection"]),
    ("IST0103", &[]),
    ("IST0116", &["mixed-transport-port"]),
    ("IST0118", &["unclear-port-protocol", "shadowed-port-name", "sniffed-server-first-port"]),
    ("IST0123", &["ambiguous-namespace-injection"]),
    ("IST0137", &["split-target-port"]),
    ("IST0144", &["proxy-uid"]),
    ("IST0150", &["unclear-external-name-port"]),
];

/// Files with recordings, and the heading of their table.
const RECORDINGS: [(&str, &str); 2] = [("services", "Ports, one by one"), ("corpus", "Real manifests")];

/// What nobody wrote a rule for yet is said in these words.
const NO_RULE_YET: &str = "no rule yet";

#[test]
fn each_case_is_the_same_or_different_as_the_page_says() {
    for (recording, heading) in RECORDINGS {
        let wanted: Vec<Row> = computed(recording).iter().map(row).collect();
        let (written, reasons): (Vec<Row>, Vec<String>) = rows(&table_under(heading)).into_iter().unzip();
        assert!(
            written == wanted,
            "under \"{heading}\", in front of the reasons, the page wants:\n{}",
            page::shown(&wanted)
        );
        for (row, reason) in written.iter().zip(reasons) {
            assert!(reason.len() > 5, "no reason for {row:?}");
        }
    }
}

#[test]
fn the_page_counts_its_cases() {
    let cases: Vec<Case> = RECORDINGS.iter().flat_map(|(recording, _)| computed(recording)).collect();
    let same = cases.iter().filter(|case| case.is_same()).count();
    let wanted = format!("Of {} cases {same} are the same and {} different.", cases.len(), cases.len() - same);
    assert!(page().contains(&wanted), "the page lacks: {wanted}");
}

/// Where the manifests lie beside the checkout, all of their Services, with their workloads.
#[test]
fn of_all_real_services_the_same_ports_are_found() {
    let Some(found) = engine::real_ports(&["kube-prometheus/manifests", "microservices-demo/release"], CODES[3].1)
    else {
        return;
    };
    let reported = recorded("corpus").analyze.into_iter().filter(|(_, code)| code == CODES[3].0);
    assert_eq!(found, reported.map(|(key, _)| key).collect());
}

/// When a rule comes that istioctl has a code for, its row has to say so.
#[test]
fn each_code_has_its_rule_or_says_that_there_is_none() {
    let known = rules();
    let written: BTreeMap<String, Row> =
        rows(&table_under("Codes")).into_iter().map(|(row, _)| (row[0].clone(), row)).collect();
    assert_eq!(written.keys().map(String::as_str).collect::<Vec<_>>(), CODES.map(|(code, _)| code));
    for (code, about) in CODES {
        let rule = |id: &&str| match known.get(*id) {
            Some(severity) => format!("`{id}` ({severity})"),
            None => format!("{NO_RULE_YET}: `{id}`"),
        };
        let wanted =
            if about.is_empty() { "none".to_owned() } else { about.iter().map(rule).collect::<Vec<_>>().join(", ") };
        assert_eq!(written[code][2], wanted, "{code}");
        assert!(["same", "different"].contains(&written[code][3].as_str()), "{code}");
    }
    let page = page();
    let ids = page.split(NO_RULE_YET).skip(1).filter_map(|rest| rest.strip_prefix(": `")?.split('`').next());
    let rules_by_now: Vec<&str> = ids.filter(|id| known.contains_key(*id)).collect();
    assert!(rules_by_now.is_empty(), "the page says that there are no such rules yet: {rules_by_now:?}");
}

/// A row that is "the same" or "different" by a fixture names one that is there; the fixtures themselves hold what they promise.
#[test]
fn what_the_page_refers_to_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let page = page();
    let links: Vec<&str> = page.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 5, "{links:?}");
    for link in links.into_iter().filter(|link| !link.starts_with("https://")) {
        assert!(root.join(link).exists(), "{link}");
    }
}

#[test]
fn from_files_alone_istioctl_analyze_says_nothing() {
    assert!(recorded::text("services.analyze-files.txt").contains("No validation issues found"));
}

/// One port, or one object without ports, with what is said of it.
struct Case {
    /// `h2c: web 8080 kubernetes.io/h2c`.
    name: String,
    analyze: Option<String>,
    validate: bool,
    ours: Vec<(String, String)>,
}

impl Case {
    /// All three say that something is wrong with the port, or none does; and there is nothing beside it.
    fn is_same(&self) -> bool {
        let about = self.analyze.as_deref().and_then(|code| CODES.iter().find(|(known, _)| *known == code));
        let is_found = |(rule, _): &(String, String)| about.is_some_and(|(_, rules)| rules.contains(&rule.as_str()));
        self.validate == self.analyze.is_some()
            && self.ours.len() == usize::from(self.analyze.is_some())
            && self.ours.iter().all(is_found)
    }
}

/// The cases of a recording, in the order of its input.
fn computed(recording: &str) -> Vec<Case> {
    let said: Recorded = recorded(recording);
    let judged: Judged = engine::judged(recording);
    let case = |port: engine::Port| Case {
        analyze: said.analyze.get(&port.key).or_else(|| said.analyze.get(&port.key.of_object())).cloned(),
        validate: said.validate.contains(&port.key) || said.validate.contains(&port.key.of_object()),
        ours: judged.get(&port.key).cloned().unwrap_or_default(),
        name: port.shown,
    };
    ports(recording).into_iter().map(case).collect()
}

fn row(case: &Case) -> Row {
    let none = || "-".to_owned();
    let ours: Vec<String> = case.ours.iter().map(|(rule, severity)| format!("`{rule}` ({severity})")).collect();
    vec![
        case.name.clone(),
        case.analyze.clone().unwrap_or_else(none),
        if case.validate { "reported".to_owned() } else { none() },
        if ours.is_empty() { none() } else { ours.join(", ") },
        if case.is_same() { "same" } else { "different" }.to_owned(),
    ]
}
