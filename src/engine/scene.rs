//! One object and one of its pod templates before the rules: from observations to findings.

use crate::base::{Edit, Evaluation, Finding, Fix, Mode, Path, Related, Remedy, Safety, Severity, Suppression};
use crate::checks::{Observation, TOO_MANY, is_about_end_of_jobs, is_about_start};
use crate::engine::ignores::annotated_reason;
use crate::engine::job_end::keep_to_end;
use crate::engine::judge::{Judgement, PANIC, RuleError};
use crate::engine::remedy::printed;
use crate::engine::{BoundRule, Engine};
use crate::inventory::Subject;
use crate::manifest::{Object, Owner, is_placeholder};
use crate::mesh::Membership;
use crate::policy::{Date, ModeQuestion, Rule};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What holds for all rules on one object and one of its pod templates.
pub(super) struct Scene<'a> {
    pub(super) engine: &'a Engine,
    pub(super) subject: Subject<'a>,
    pub(super) namespace: Option<&'a str>,
    /// The mode that the namespace asks for by its label.
    pub(super) label: Option<Mode>,
    pub(super) today: Date,
    /// How many fixes of the object were printed into its text.
    pub(super) printed: &'a Cell<usize>,
}

/// Fixes of one object that are printed into its text; the others wait until these are done.
const MOST_FIXES: usize = 100;

impl Scene<'_> {
    /// Runs rules, those of other memberships left out.
    pub(super) fn judge(&self, rules: &[&BoundRule], judgement: &mut Judgement) {
        if self.subject.is_gateway_or_control_plane() {
            return;
        }
        let (membership, before) = (self.subject.membership, judgement.findings.len());
        let mut end = None;
        for rule in rules.iter().filter(|rule| rule.rule.spec.matches.has_membership(membership)) {
            judgement.membership_unknown |=
                membership == Membership::Unknown && !rule.rule.spec.matches.membership.is_empty();
            match self.evaluate(rule) {
                Evaluation::Pass | Evaluation::Skip => {}
                Evaluation::Fail(findings) => {
                    if is_about_end_of_jobs(&rule.rule.spec.check) {
                        end = Some(judgement.findings.len() - before);
                    }
                    judgement.findings.extend(findings);
                }
                Evaluation::Error(error) => judgement.errors.push(RuleError {
                    rule: rule.id.to_string(),
                    object: self.subject.object.reference().to_string(),
                    error,
                }),
            }
        }
        if let (Some(end), Some(found)) = (end, judgement.findings.get_mut(before..)) {
            let check_of =
                |finding: &Finding| self.engine.rule(&finding.rule).map(|rule| rule.rule.spec.check.as_str());
            keep_to_end(found, end, |finding| check_of(finding).is_some_and(is_about_start));
        }
    }

    fn evaluate(&self, rule: &BoundRule) -> Evaluation {
        let mode = self.mode_of(&rule.rule);
        if mode == Mode::Off {
            return Evaluation::Skip;
        }
        // A panic in one check must hide neither the other rules nor itself. What it touched is dropped with it.
        match catch_unwind(AssertUnwindSafe(|| rule.run(&self.subject, |followed| self.speaks(followed)))) {
            Err(panic) => Evaluation::Error(panic_text(&*panic)),
            Ok(observations) if observations.is_empty() => Evaluation::Pass,
            Ok(observations) => {
                let told = observations.into_iter().filter(|seen| !self.is_filled_in(&seen.path));
                Evaluation::Fail(told.map(|seen| self.finding(rule, mode, seen)).collect())
            }
        }
    }

    /// Whether something else fills in what stands at a path of a file: of that nothing is known. What comes to the door is final.
    fn is_filled_in(&self, path: &Path) -> bool {
        let object = self.subject.object;
        object.source().is_some() && is_placeholder(object.value(), path)
    }

    /// Whether a rule would say what it finds in the subject.
    fn speaks(&self, rule: &Rule) -> bool {
        let is_of_mesh = rule.spec.matches.has_membership(self.subject.membership);
        is_of_mesh && is_about(rule, self.subject.object) && self.mode_of(rule) != Mode::Off
    }

    /// The mode of a rule here.
    pub(super) fn mode_of(&self, rule: &Rule) -> Mode {
        self.engine.settings().mode_for(&ModeQuestion {
            rule,
            namespace: self.namespace,
            label: self.label,
            today: self.today,
            unsaid: self.engine.unsaid_mode(),
        })
    }

    fn finding(&self, rule: &BoundRule, mode: Mode, seen: Observation) -> Finding {
        let object = self.subject.object;
        let related = seen.related.into_iter();
        Finding {
            rule: rule.id.clone(),
            severity: self.severity(rule, seen.case),
            case: seen.case,
            mode,
            message: seen.message,
            help: seen.help,
            drawing: seen.drawing,
            object: object.reference().clone(),
            place: object.point_at(seen.at.as_ref().unwrap_or(&seen.path)),
            path: seen.path,
            template: object.document().template().cloned(),
            related: related.map(|it| Related { message: it.message, place: it.place, path: it.path }).collect(),
            beside_others: seen.beside_others,
            remedy: self.remedy(seen.remedy),
            docs: self.docs(rule),
            suppressed: self.suppression(rule, mode),
        }
    }

    /// Printed into the text of the object. Each takes a look at the whole object: whoever makes one up with thousands of
    /// findings must not keep anybody waiting for it.
    fn remedy(&self, remedy: Remedy) -> Remedy {
        let (object, remedy) = (self.subject.object, self.in_doubt(remedy));
        if remedy.fix().is_none() || object.source().is_none() {
            return remedy;
        }
        let mut edited = remedy.fix().into_iter().flat_map(|fix| fix.edits.iter().filter_map(Edit::replaced));
        if let Some(path) = edited.find(|path| self.is_filled_in(path)) {
            return Remedy::Unfixed(format!("{path} is filled in by something else"));
        }
        self.printed.set(self.printed.get() + 1);
        if self.printed.get() > MOST_FIXES { Remedy::Unfixed(TOO_MANY.to_owned()) } else { printed(remedy, object) }
    }

    /// What kustomize puts on an object comes behind its fix: of both together nothing is proven. Nor is it known what helps the pods
    /// of a mesh that is not the one of the profile.
    fn in_doubt(&self, remedy: Remedy) -> Remedy {
        let Some(fix) = remedy.safe_fix() else { return remedy };
        let (subject, object) = (&self.subject, self.subject.object);
        let is_of_pods = || fix.edits.iter().any(|edit| object.templates().iter().any(|it| edit.field().is_within(it)));
        let kustomizations = subject.inventory.kustomizations();
        let reason = if let Some((patch, field)) = kustomizations.beside(object, &fix.edits) {
            format!("a patch in {} sets {field}: look at both together", patch.file)
        } else if let Some((patch, field)) = subject.patch_of_namespace().filter(|_| is_of_pods()) {
            format!("a patch in {} sets {field} of the Namespace, so nobody knows how these pods join", patch.file)
        } else if let Some((file, to)) = kustomizations.moving(object).filter(|_| is_of_pods()) {
            format!("{file} puts it into namespace {to}, so nobody knows here how these pods join")
        } else if subject.is_in_other_mesh() && is_of_pods() {
            "the namespace may be one of OpenShift Service Mesh 2, whose Istio is older than that of the profile"
                .to_owned()
        } else {
            return remedy;
        };
        Remedy::Fix(Fix { safety: Safety::Unsafe(reason), ..fix.clone() })
    }

    /// Where membership is unknown and the rule depends on it, nothing is worse than a warning.
    fn severity(&self, rule: &BoundRule, case: Option<&str>) -> Severity {
        let rated = rule.rule.severity_of(case);
        let depends = !rule.rule.spec.matches.membership.is_empty();
        if depends && self.subject.membership == Membership::Unknown { rated.min(Severity::Warning) } else { rated }
    }

    /// The platform's exception, or else the owner's annotation; the latter never loosens a refusal.
    fn suppression(&self, rule: &BoundRule, mode: Mode) -> Option<Suppression> {
        let object = self.subject.object;
        let settings = self.engine.settings();
        let of_maker = object.maker().map_or_else(Vec::new, |owner| owner.workloads(object));
        let mut names = std::iter::once(object.reference()).chain(&of_maker);
        if let Some(exception) = names.find_map(|name| settings.exception_for(&rule.id, name, self.today)) {
            return Some(Suppression::Exception(format!("{} ({})", exception.reason, exception.owner)));
        }
        let annotated = annotated_reason(&self.subject, &rule.rule, self.today).filter(|_| mode != Mode::Deny)?;
        Some(Suppression::Annotation(annotated.text))
    }

    /// The platform's page about the rule, else the first page that the rule itself names.
    fn docs(&self, rule: &BoundRule) -> String {
        match &self.engine.settings().links.docs {
            Some(base) => format!("{}/{}", base.trim_end_matches('/'), rule.id),
            None => rule.rule.spec.links.first().cloned().unwrap_or_default(),
        }
    }
}

fn is_about(rule: &Rule, object: &Object) -> bool {
    let (matches, reference) = (&rule.spec.matches, object.reference());
    let mut of_maker = object.maker().into_iter().flat_map(Owner::kinds);
    let has_kind = matches.has_kind(&reference.api_version, &reference.kind, object.kinds())
        || of_maker.any(|(api_version, kind)| matches.has_kind(api_version, kind, object.kinds()));
    has_kind && matches.namespaces.has(reference.namespace.as_deref())
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("{PANIC}{}", text.unwrap_or("no message"))
}
