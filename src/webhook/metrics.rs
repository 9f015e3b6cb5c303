//! What is counted, all under `seaworthy_`, in seconds and bytes. Every label has a bounded number of values: nothing
//! that a stranger sends becomes one.

use crate::base::Action;
use crate::webhook::judge::RepairOutcome;
use crate::webhook::review::Door;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// The media type of [`Metrics::text`].
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From below a millisecond to the 5 s at which patience ends, meeting the buckets of the API server's own histogram
/// `apiserver_admission_webhook_admission_duration_seconds` from 5 ms on.
const SECONDS: [f64; 14] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// The kinds that are told apart; all others are `other`.
const KINDS: [&str; 12] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Namespace",
    "Pod",
    "ReplicaSet",
    "ReplicationController",
    "Rollout",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];
const OPERATIONS: [&str; 4] = ["CREATE", "UPDATE", "DELETE", "CONNECT"];
const OTHER: &str = "other";

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Let through, judged or not.
    Allowed,
    /// Refused.
    Denied,
    /// Not answered: the failure policy decides.
    Failed,
}

/// All counters of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    reviews: Family<ReviewLabels, Counter>,
    findings: Family<FindingLabels, Counter>,
    repairs: Family<RepairLabels, Counter>,
    /// From the head of a request to its answer.
    pub review_duration: Histogram,
    /// Requests that failed because judging panicked.
    pub panics: Counter,
    /// Requests for which it could not be told whether the pods are in the mesh.
    pub membership_unknown: Counter,
    /// Requests being answered.
    pub in_flight: Gauge,
    /// Open connections.
    pub connections: Gauge,
    /// When the certificate in use expires, in seconds since 1970.
    pub cert_not_after: Gauge,
    /// Handshakes that came to nothing.
    pub tls_handshake_failures: Counter,
    /// Changed certificate files that could not be used.
    pub cert_reload_failures: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReviewLabels {
    webhook: &'static str,
    operation: &'static str,
    kind: &'static str,
    decision: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    rule: Arc<str>,
    action: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RepairLabels {
    rule: Arc<str>,
    outcome: &'static str,
}

impl Metrics {
    /// All at zero, and beside them what others count.
    pub fn new(collectors: Vec<Box<dyn Collector>>) -> Self {
        let mut it = Self {
            registry: Registry::with_prefix("seaworthy"),
            reviews: Family::default(),
            findings: Family::default(),
            repairs: Family::default(),
            review_duration: Histogram::new(SECONDS),
            panics: Counter::default(),
            membership_unknown: Counter::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            cert_not_after: Gauge::default(),
            tls_handshake_failures: Counter::default(),
            cert_reload_failures: Counter::default(),
        };
        let to = &mut it.registry;
        collectors.into_iter().for_each(|collector| to.register_collector(collector));
        to.register("reviews", "Admission requests answered", it.reviews.clone());
        to.register("findings", "Findings, by what was done about them", it.findings.clone());
        to.register("repairs", "Repairs of Pods, by what became of them", it.repairs.clone());
        to.register("review_duration_seconds", "From request to answer", it.review_duration.clone());
        to.register("panics", "Requests that failed because judging panicked", it.panics.clone());
        to.register("membership_unknown", "Requests whose mesh membership is unknown", it.membership_unknown.clone());
        to.register("in_flight", "Requests being answered", it.in_flight.clone());
        to.register("connections", "Open connections", it.connections.clone());
        to.register("cert_not_after_seconds", "Expiry of the certificate, Unix time", it.cert_not_after.clone());
        to.register("tls_handshake_failures", "TLS handshakes that failed", it.tls_handshake_failures.clone());
        to.register("cert_reload_failures", "Unusable changes of the certificate", it.cert_reload_failures.clone());
        it
    }

    /// Counts a request that became something.
    pub fn count_review(&self, door: Door, operation: &str, kind: &str, decision: Decision) {
        let known = |names: &'static [&str], name: &str| names.iter().find(|known| **known == name).unwrap_or(&OTHER);
        let decision = match decision {
            Decision::Allowed => "allowed",
            Decision::Denied => "denied",
            Decision::Failed => "failed",
        };
        let webhook = match door {
            Door::Validate => "validate",
            Door::Mutate => "mutate",
        };
        let (operation, kind) = (known(&OPERATIONS, operation), known(&KINDS, kind));
        let labels = ReviewLabels { webhook, operation, kind, decision };
        self.reviews.get_or_create(&labels).inc();
    }

    /// Counts a finding and what was done about it.
    pub fn count_finding(&self, rule: &Arc<str>, action: Action) {
        let action = match action {
            Action::Admit => "admit",
            Action::Audit => "audit",
            Action::Warn => "warn",
            Action::Deny => "deny",
        };
        self.findings.get_or_create(&FindingLabels { rule: rule.clone(), action }).inc();
    }

    /// Counts what became of the repair of a rule on a Pod.
    pub fn count_repair(&self, rule: &Arc<str>, outcome: RepairOutcome) {
        let outcome = match outcome {
            RepairOutcome::Repaired => "repaired",
            RepairOutcome::Impossible => "impossible",
            RepairOutcome::Missed => "missed",
        };
        self.repairs.get_or_create(&RepairLabels { rule: rule.clone(), outcome }).inc();
    }

    /// All of them in the OpenMetrics text format.
    ///
    /// # Errors
    /// None when writing to a text; passed on all the same.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_the_documented_ones() {
        let metrics = Metrics::new(Vec::new());
        metrics.count_review(Door::Validate, "UPDATE", "Deployment", Decision::Denied);
        metrics.count_repair(&"missing-pre-stop".into(), RepairOutcome::Impossible);
        metrics.count_finding(&"missing-pre-stop".into(), Action::Warn);
        metrics.review_duration.observe(0.002);
        metrics.cert_not_after.set(1_800_000_000);
        let text = metrics.text().unwrap();
        for line in [
            r#"seaworthy_repairs_total{rule="missing-pre-stop",outcome="impossible"} 1"#,
            r#"seaworthy_reviews_total{webhook="validate",operation="UPDATE",kind="Deployment",decision="denied"} 1"#,
            r#"seaworthy_findings_total{rule="missing-pre-stop",action="warn"} 1"#,
            r#"seaworthy_review_duration_seconds_bucket{le="0.0025"} 1"#,
            "seaworthy_panics_total 0",
            "seaworthy_membership_unknown_total 0",
            "seaworthy_in_flight 0",
            "seaworthy_connections 0",
            "seaworthy_cert_not_after_seconds 1800000000",
            "seaworthy_tls_handshake_failures_total 0",
            "seaworthy_cert_reload_failures_total 0",
        ] {
            assert!(text.lines().any(|seen| seen == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn what_strangers_send_becomes_no_label() {
        let metrics = Metrics::new(Vec::new());
        for number in 0..100 {
            metrics.count_review(Door::Mutate, &format!("op{number}"), &format!("Kind{number}"), Decision::Allowed);
        }
        let text = metrics.text().unwrap();
        let wanted =
            r#"seaworthy_reviews_total{webhook="mutate",operation="other",kind="other",decision="allowed"} 100"#;
        assert_eq!(
            text.lines().filter(|line| line.starts_with("seaworthy_reviews_total")).collect::<Vec<_>>(),
            [wanted]
        );
    }
}
