//! A server to test, whose judge does what the object says.

use seaworthy::base::Action;
use seaworthy::manifest::edit::Operation;
use seaworthy::webhook::judge::{Answer, Judge, JudgeError, RepairOutcome, Repaired};
use seaworthy::webhook::limits::Limits;
use seaworthy::webhook::metrics::Metrics;
use seaworthy::webhook::server::{Parts, Server};
use seaworthy::webhook::tls::{CurrentCertificate, SelfSigned, self_signed};
use seaworthy::webhook::wire::AdmissionRequest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// Does what the field `do` of the object says.
#[derive(Debug, Default)]
pub struct Obedient {
    /// As long as it is set, the judge is not ready.
    pub not_ready: AtomicBool,
    /// Ends all that wait.
    pub released: Notify,
    /// Told when a request begins to wait.
    pub waiting: Notify,
    /// Held by a test for as long as judging is to hang.
    pub hanging: tokio::sync::Mutex<()>,
}

impl Obedient {
    fn order(request: &AdmissionRequest<'_>) -> Result<String, JudgeError> {
        let object = request.object.map_or("null", |object| object.get());
        let object: Value = serde_json::from_str(object).map_err(|error| JudgeError::Unreadable(error.to_string()))?;
        Ok(object["do"].as_str().unwrap_or("allow").to_owned())
    }
}

impl Judge for Obedient {
    fn ready(&self) -> Result<(), String> {
        if self.not_ready.load(Ordering::SeqCst) { Err("the inventory is not listed yet".into()) } else { Ok(()) }
    }

    fn prepare<'a>(&'a self, request: &'a AdmissionRequest<'_>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async {
            match Self::order(request).as_deref() {
                Ok("wait") => {
                    let released = self.released.notified();
                    self.waiting.notify_one();
                    released.await;
                }
                Ok("panic while preparing") => panic!("as asked"),
                _ => {}
            }
        })
    }

    fn judge(&self, request: &AdmissionRequest<'_>) -> Result<Answer, JudgeError> {
        match Self::order(request)?.as_str() {
            "deny" => Ok(Answer {
                refusal: Some("seaworthy: Deployment shop/web is not fit\n- missing-pre-stop".into()),
                warnings: vec!["mind\tthis\u{1b}[1m".into()],
                audit: BTreeMap::from([("missing-pre-stop".into(), "deny".into())]),
                findings: vec![("missing-pre-stop".into(), Action::Deny)],
                membership_unknown: true,
                ..Answer::default()
            }),
            "warn" => Ok(Answer { warnings: vec!["careful".into()], ..Answer::default() }),
            "hang" => {
                drop(self.hanging.blocking_lock());
                Ok(Answer::default())
            }
            "panic" => panic!("as asked"),
            "fail" => Err(JudgeError::Internal("internal error: a rule failed".into())),
            _ => Ok(Answer::default()),
        }
    }

    fn repair(&self, request: &AdmissionRequest<'_>) -> Result<Repaired, JudgeError> {
        match Self::order(request)?.as_str() {
            "repair" => Ok(Repaired {
                patch: vec![Operation::Replace {
                    path: "/spec/terminationGracePeriodSeconds".into(),
                    value: 47.into(),
                }],
                warnings: vec!["repaired\nit".into()],
                audit: BTreeMap::from([("repaired".into(), "short-grace-period".into())]),
                repairs: vec![
                    ("short-grace-period".into(), RepairOutcome::Repaired),
                    ("missing-pre-stop".into(), RepairOutcome::Impossible),
                ],
            }),
            "panic" => panic!("as asked"),
            "fail" => Err(JudgeError::Internal("internal error: a rule failed".into())),
            _ => Ok(Repaired::default()),
        }
    }
}

/// A server with all that a test may want to touch.
pub struct Running {
    pub server: Server,
    pub judge: Arc<Obedient>,
    pub metrics: Arc<Metrics>,
    pub certificate: Arc<CurrentCertificate>,
    /// The CA that clients trust.
    pub ca_pem: String,
}

/// Starts a server on any port of loopback.
pub async fn start(limits: Limits) -> Running {
    let SelfSigned { certificate, ca_pem } = made_certificate();
    let certificate = Arc::new(CurrentCertificate::new(certificate));
    let (judge, metrics) = (Arc::new(Obedient::default()), Arc::new(Metrics::new(Vec::new())));
    let loopback = "127.0.0.1:0".parse().unwrap();
    let parts = Parts {
        listen: loopback,
        probes: loopback,
        limits,
        certificate: certificate.clone(),
        judge: judge.clone(),
        metrics: metrics.clone(),
    };
    Running { server: Server::start(parts).await.unwrap(), judge, metrics, certificate, ca_pem }
}

pub fn made_certificate() -> SelfSigned {
    self_signed(&["localhost".to_owned(), "127.0.0.1".to_owned()], SystemTime::now()).unwrap()
}

/// A review of a Deployment; `order` is what the judge is to do.
pub fn review(order: &str) -> String {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
        "name": "web", "namespace": "shop", "operation": "CREATE", "userInfo": {"username": "alice"},
        "object": {"do": order}, "oldObject": null, "dryRun": false, "options": {"kind": "CreateOptions"},
    }})
    .to_string()
}

/// Looks again and again until it holds; fails after 10 s.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let looking = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), looking).await.unwrap_or_else(|_| panic!("never: {what}"));
}

impl Running {
    /// The value of one line of the metrics.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.metrics.text().unwrap();
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }
}
