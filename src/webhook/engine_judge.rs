//! The judge of the product: the engine, with what is known of the cluster around the object.

mod repair;

use crate::base::{Action, Finding, Mode, ObjectRef};
use crate::engine::{Engine, RuleError, Verdict, mode_label_mistake};
use crate::inventory::Inventory;
use crate::manifest::{Object, Owner};
use crate::policy::Date;
use crate::report::admission::{Contacts, refusal, too_large, warnings};
use crate::report::one_line;
use crate::report::repairs::repaired_later;
use crate::webhook::always_admit::{self, AlwaysAdmit};
use crate::webhook::engine_judge::repair::Lack;
use crate::webhook::judge::{Answer, Judge, JudgeError, Repaired};
use crate::webhook::object;
use crate::webhook::wire::AdmissionRequest;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a request waits for a namespace that is not known yet: it may have been made a blink before.
const NAMESPACE_WAIT: Duration = Duration::from_millis(300);
/// The audit annotation of a request that was let through without being judged.
const NOT_JUDGED: &str = "not-judged";
/// Its value where the object is too large to be judged.
const TOO_LARGE: &str = "too-large";
/// Findings of one rule that the audit log names.
const AUDITED_PATHS: usize = 5;

/// What is known of the objects around one; kept up to date by somebody else.
pub trait Surroundings: Send + Sync + 'static {
    /// Looks at what is known now; for the time of one judgement.
    fn read<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T;

    /// Whether all of it has been listed once.
    ///
    /// # Errors
    /// What has not, one line.
    fn ready(&self) -> Result<(), String>;

    /// Whether the labels of a namespace are known, or become known within this time.
    fn namespace_known(&self, namespace: &str, within: Duration) -> impl Future<Output = bool> + Send;
}

/// Judges by the engine.
pub struct EngineJudge<S> {
    engine: Arc<Engine>,
    surroundings: S,
    today: fn() -> Date,
}

impl<S: Surroundings> EngineJudge<S> {
    /// A judge under these rules and settings, in these surroundings. Days begin at midnight UTC, for all replicas.
    pub fn new(engine: Arc<Engine>, surroundings: S) -> Self {
        let today = || Date::from(Timestamp::now().to_zoned(TimeZone::UTC).date());
        Self { engine, surroundings, today }
    }

    fn judge_among(&self, request: &AdmissionRequest<'_>, inventory: &Inventory) -> Result<Answer, JudgeError> {
        match self.judged(request, inventory) {
            Err(JudgeError::TooLarge(most)) => Ok(self.too_large(request, inventory, most)),
            other => other,
        }
    }

    /// What cannot be judged because of its size gets the answer of the strictest rule: size is no way past the rules.
    fn too_large(&self, request: &AdmissionRequest<'_>, inventory: &Inventory, most: usize) -> Answer {
        let AdmissionRequest { kind, namespace, name, .. } = request;
        let namespace_name = Some(namespace.to_string()).filter(|it| !it.is_empty());
        let (api_version, kind, name) = (String::new(), kind.kind.to_string(), name.to_string());
        let message = too_large(&ObjectRef { api_version, kind, namespace: namespace_name, name }, most);
        let mode = self.engine.strictest_mode(namespace, inventory, (self.today)());
        // What is not known refuses nothing.
        let is_known = inventory.namespace_labels(namespace, "").is_some();
        let (refuses, warns) = (mode == Mode::Deny && is_known, mode >= Mode::Warn);
        Answer {
            refusal: refuses.then(|| message.clone()),
            warnings: if warns && !refuses { vec![message] } else { Vec::new() },
            audit: BTreeMap::from([(NOT_JUDGED.to_owned(), TOO_LARGE.to_owned())]),
            ..Answer::default()
        }
    }

    fn judged(&self, request: &AdmissionRequest<'_>, inventory: &Inventory) -> Result<Answer, JudgeError> {
        let is_judged = |owner: &Owner| self.engine.judges_owner(owner, &request.namespace, inventory);
        let unreadable = |error: serde_json::Error| JudgeError::Unreadable(error.to_string());
        if let Some(reason) = always_admit::reason(request, is_judged).map_err(unreadable)? {
            let Lack { mut audit, repairs } = match reason {
                AlwaysAdmit::Owned => match self.lack(request, inventory) {
                    Err(JudgeError::TooLarge(_)) => Lack::default(),
                    other => other?,
                },
                _ => Lack::default(),
            };
            audit.insert(NOT_JUDGED.to_owned(), reason.word().to_owned());
            return Ok(Answer { audit, repairs, ..Answer::default() });
        }
        let object = request.object.ok_or_else(|| JudgeError::Unreadable("there is none".to_owned()))?;
        let object = self.read(object, request)?;
        let verdict = self.decide(&object, request, inventory)?;
        match verdict.errors.first() {
            // What the other rules refuse is refused, whatever became of this one.
            Some(error) if !verdict.is_refused() => Err(failed(error)),
            _ => {
                let answer = self.answer(&object, &verdict, &request.operation);
                Ok(with_label_mistake(answer, &request.namespace, inventory))
            }
        }
    }

    fn read(&self, object: &RawValue, request: &AdmissionRequest<'_>) -> Result<Object, JudgeError> {
        Ok(object::read(object, &request.namespace)?.with_kinds(self.engine.workload_kinds()))
    }

    /// Reads the old object only where it can matter: most objects have no findings, and reading is half of the work.
    fn decide(
        &self,
        object: &Object,
        request: &AdmissionRequest<'_>,
        inventory: &Inventory,
    ) -> Result<Verdict, JudgeError> {
        let today = (self.today)();
        let verdict = self.engine.decide(object, None, inventory, today);
        match request.old_object {
            Some(old) if !verdict.decided.is_empty() => match self.read(old, request) {
                Err(JudgeError::TooLarge(_)) => Ok(verdict),
                old => Ok(self.engine.decide(object, Some(&old?), inventory, today)),
            },
            _ => Ok(verdict),
        }
    }

    fn answer(&self, object: &Object, verdict: &Verdict, operation: &str) -> Answer {
        let of = |action: Action| verdict.with_action(action).collect::<Vec<&Finding>>();
        let links = &self.engine.settings().links;
        let contacts = Contacts { exception: links.exception.as_deref(), contact: links.contact.as_deref() };
        let (denied, warned) = (of(Action::Deny), of(Action::Warn));
        let reference = object.reference();
        // Once is enough: whoever updates the object knows. Of one that is refused no Pods will start.
        let is_told = denied.is_empty() && operation == "CREATE";
        let later = verdict.decided.iter().filter(|it| it.repaired && is_told).map(|it| &it.finding);
        let mut warnings = warnings(reference, &warned);
        warnings.extend(repaired_later(reference, later));
        Answer {
            refusal: (!denied.is_empty()).then(|| refusal(reference, &denied, contacts)),
            warnings,
            audit: audit(verdict),
            findings: verdict.decided.iter().map(|it| (it.finding.rule.clone(), it.action)).collect(),
            repairs: Vec::new(),
            membership_unknown: verdict.membership_unknown,
        }
    }
}

impl<S: Surroundings> Judge for EngineJudge<S> {
    fn ready(&self) -> Result<(), String> {
        self.surroundings.ready()
    }

    fn prepare<'a>(&'a self, request: &'a AdmissionRequest<'_>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let namespace = &*request.namespace;
        let is_known = |inventory: &Inventory| inventory.namespace_labels(namespace, "").is_some();
        let unjudged = !matches!(&*request.operation, "CREATE" | "UPDATE");
        if unjudged || namespace.is_empty() || self.surroundings.read(is_known) {
            return Box::pin(ready(()));
        }
        Box::pin(async move {
            // Unknown is an answer too: membership is unknown then, and nothing is refused for it.
            let _known = self.surroundings.namespace_known(namespace, NAMESPACE_WAIT).await;
        })
    }

    fn judge(&self, request: &AdmissionRequest<'_>) -> Result<Answer, JudgeError> {
        self.surroundings.read(|inventory| self.judge_among(request, inventory))
    }

    fn repair(&self, request: &AdmissionRequest<'_>) -> Result<Repaired, JudgeError> {
        self.surroundings.read(|inventory| self.repair_among(request, inventory))
    }
}

/// The answer, and a word about a mode label that is none: nothing is done for it, and nobody else would say so.
fn with_label_mistake(mut answer: Answer, namespace: &str, inventory: &Inventory) -> Answer {
    let labels = inventory.namespace_labels(namespace, "");
    let mistake = labels.and_then(|labels| mode_label_mistake(namespace, labels));
    answer.warnings.extend(mistake.map(|mistake| one_line(&format!("seaworthy: {mistake}")).into_owned()));
    answer
}

fn failed(error: &RuleError) -> JudgeError {
    if error.is_panic() { JudgeError::Panicked(error.to_string()) } else { JudgeError::Internal(error.to_string()) }
}

/// One annotation a rule: what is done about its findings, and where they are.
fn audit(verdict: &Verdict) -> BTreeMap<String, String> {
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for decided in &verdict.decided {
        let action = match decided.action {
            Action::Admit => continue,
            Action::Audit => "audit",
            Action::Warn => "warn",
            Action::Deny => "deny",
        };
        let line = format!("{action} {}", decided.finding.path);
        found.entry(&decided.finding.rule).or_default().push(one_line(&line).into_owned());
    }
    found.into_iter().map(|(rule, lines)| (rule.to_owned(), in_short(&lines))).collect()
}

fn in_short(lines: &[String]) -> String {
    let (shown, more) = lines.split_at(lines.len().min(AUDITED_PATHS));
    let more = (!more.is_empty()).then(|| format!("and {} more", more.len()));
    shown.iter().cloned().chain(more).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
