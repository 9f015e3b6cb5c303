//! Whoever judges, as the server sees it. The server knows no rule; the judge knows no HTTP.

use crate::base::Action;
use crate::manifest::edit::Operation;
use crate::webhook::wire::AdmissionRequest;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Judges one request after the other, many at the same time.
pub trait Judge: Send + Sync + 'static {
    /// Whether all that judging needs is here: the rules are loaded, the inventory has been listed once.
    ///
    /// # Errors
    /// What is still missing, one line. Requests are then answered with "come back in a second".
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    /// Waits a moment for what is about to be known, such as the namespace that was made a blink before.
    /// Judging follows whatever came of it, so it must be brief by itself.
    fn prepare<'a>(&'a self, _request: &'a AdmissionRequest<'_>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(std::future::ready(()))
    }

    /// The answer to one request. Bounded work of the processor: it blocks on nothing. It may panic: that request alone
    /// fails then.
    ///
    /// # Errors
    /// It could not be judged. Never a silent pass: the failure policy of the webhook configuration decides.
    fn judge(&self, request: &AdmissionRequest<'_>) -> Result<Answer, JudgeError>;

    /// What should be different in the object of one request before it is judged, under the same conditions.
    ///
    /// # Errors
    /// It could not be told. Never half a patch: the failure policy of the webhook configuration decides.
    fn repair(&self, _request: &AdmissionRequest<'_>) -> Result<Repaired, JudgeError> {
        Ok(Repaired::default())
    }
}

/// What came of judging.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The whole message for the user when the request is refused; none lets it through.
    pub refusal: Option<String>,
    /// Shown to the user, one line each, whether refused or not.
    pub warnings: Vec<String>,
    /// For the audit log of the API server.
    pub audit: BTreeMap<String, String>,
    /// Rule and action of each finding, for the metrics.
    pub findings: Vec<(Arc<str>, Action)>,
    /// Rules whose repair did not happen although it should have, for the metrics.
    pub repairs: Vec<(Arc<str>, RepairOutcome)>,
    /// Whether it could not be told if the pods are in the mesh, for the metrics.
    pub membership_unknown: bool,
}

/// What came of repairing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Repaired {
    /// What makes the repaired object of the one in the request; nothing where nothing is repaired.
    pub patch: Vec<Operation>,
    /// Shown to the user, one line each.
    pub warnings: Vec<String>,
    /// For the audit log of the API server.
    pub audit: BTreeMap<String, String>,
    /// What became of each rule that is to be repaired and was broken, for the metrics.
    pub repairs: Vec<(Arc<str>, RepairOutcome)>,
}

/// What became of the repair of a rule on a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepairOutcome {
    /// The Pod was repaired.
    Repaired,
    /// There was no safe way to repair it.
    Impossible,
    /// A Pod of a controller was let through without it, whatever the cause.
    Missed,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The object cannot be read: what, where, seen, wanted.
    #[error("the object cannot be read: {0}")]
    Unreadable(String),
    /// The object has more than so many maps, and is not judged.
    #[error("the object has more than {0} maps: seaworthy judges none that is larger")]
    TooLarge(usize),
    /// Our fault.
    #[error("{0}")]
    Internal(String),
    /// Our fault too, and a panic: counted by itself.
    #[error("{0}")]
    Panicked(String),
}

impl JudgeError {
    /// What is said of a panic to people outside; the log says more.
    pub fn panicked() -> Self {
        Self::Panicked("internal error: judging panicked, see the log".to_owned())
    }
}
