//! One object under all rules: what is found, with severity and mode as they hold here.

use crate::base::{
    Edit, Evaluation, Finding, MODES_BY_STRICTNESS, Mode, Path, Problem, Related, Remedy, Severity, Suppression,
};
use crate::checks::{Observation, TOO_MANY};
use crate::engine::ignores::annotated_reason;
use crate::engine::remedy::printed;
use crate::engine::{BoundRule, Engine};
use crate::inventory::{Inventory, Subject};
use crate::manifest::{Object, Owner, group_of, is_placeholder};
use crate::mesh::Membership;
use crate::policy::{Date, ModeQuestion, Rule, nearest};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What came of one object.
#[derive(Debug, Default)]
pub struct Judgement {
    /// The findings, by rule; suppressed ones among them.
    pub findings: Vec<Finding>,
    /// The rules that could not be run to their end.
    pub errors: Vec<RuleError>,
    /// Whether a rule looked at it although it is unknown that it is in the mesh.
    pub membership_unknown: bool,
}

/// A rule that could not be run to its end on an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("internal error: rule {rule} could not judge {object}: {error}")]
pub struct RuleError {
    /// The rule.
    pub rule: String,
    /// The object.
    pub object: String,
    /// What happened.
    pub error: String,
}

impl RuleError {
    /// Whether the rule panicked, as opposed to giving up.
    pub fn is_panic(&self) -> bool {
        self.error.starts_with(PANIC)
    }
}

const PANIC: &str = "panic: ";

impl RuleError {
    /// The error at the place of the object that it is about.
    pub(super) fn problem(&self, object: &Object) -> Problem {
        match object.point_at(&Path::root()) {
            Some(place) => Problem { fatal: true, ..Problem::notice_at(&place, self.to_string()) },
            None => Problem::of_file(object.file(), self.to_string()),
        }
    }
}

/// What holds for all rules on one object and one of its pod templates.
struct Scene<'a> {
    engine: &'a Engine,
    subject: Subject<'a>,
    namespace: Option<&'a str>,
    /// The mode that the namespace asks for by its label.
    label: Option<Mode>,
    today: Date,
    /// How many fixes of the object were printed into its text.
    printed: &'a Cell<usize>,
}

/// Fixes of one object that are printed into its text; the others wait until these are done.
const MOST_FIXES: usize = 100;

impl Engine {
    /// Judges one object in its surroundings, as of a day.
    pub fn judge(&self, object: &Object, inventory: &Inventory, today: Date) -> Judgement {
        let rules = self.rules_about(object);
        if rules.is_empty() {
            return Judgement::default();
        }
        let namespace = object.reference().namespace.as_deref();
        let profile = self.settings().profile.for_namespace(namespace.unwrap_or(""));
        let (mut judgement, printed) = (Judgement::default(), Cell::new(0));
        for subject in Subject::all_of(object, inventory, &profile) {
            let label = mode_label(&subject);
            let scene = Scene { engine: self, subject, namespace, label, today, printed: &printed };
            scene.judge(&rules, &mut judgement);
        }
        if object.templates().len() > 1 {
            judgement.merge();
        }
        judgement
    }

    /// The rules that speak about this kind of object in this namespace, or about the kinds of workloads that a Pod was made
    /// for. None for most objects of a repository: then nothing else needs to be known of them.
    fn rules_about(&self, object: &Object) -> Vec<&BoundRule> {
        let reference = object.reference();
        let of_maker = object.maker().into_iter().flat_map(Owner::kinds);
        let kinds = of_maker.map(|(api_version, kind)| (group_of(api_version), kind));
        let mut places: Vec<usize> = self.places_about(object.group(), object.kind()).to_vec();
        for (group, kind) in kinds {
            places.extend(self.places_about(group, kind));
        }
        places.sort_unstable();
        places.dedup();
        let namespace = reference.namespace.as_deref();
        let rules = places.into_iter().filter_map(|place| self.rules().get(place));
        rules.filter(|rule| rule.rule.spec.matches.namespaces.has(namespace)).collect()
    }

    /// Whether an owner is judged itself: then a finding on what it made belongs to it. It is so only when it is there, with
    /// the uid that the object names.
    pub fn judges_owner(&self, owner: &Owner, namespace: &str, inventory: &Inventory) -> bool {
        let kinds = self.workload_kinds();
        let is_about = |rule: &BoundRule| rule.rule.spec.matches.has_kind(&owner.api_version, &owner.kind, kinds);
        inventory.has_owner(namespace, owner) && self.rules().iter().any(is_about)
    }

    /// Whether a rule says nothing about an object because it does not run here, or is off.
    pub(super) fn is_silent(&self, rule: &str, object: &Object, inventory: &Inventory, today: Date) -> bool {
        let Some(rule) = self.rule(rule) else { return true };
        let namespace = object.reference().namespace.as_deref();
        let profile = self.settings().profile.for_namespace(namespace.unwrap_or(""));
        let subject = Subject::new(object, inventory, &profile);
        let label = mode_label(&subject);
        let scene = Scene { engine: self, subject, namespace, label, today, printed: &Cell::new(0) };
        scene.mode_of(&rule.rule) == Mode::Off
    }
}

fn is_about(rule: &Rule, object: &Object) -> bool {
    let (matches, reference) = (&rule.spec.matches, object.reference());
    let mut of_maker = object.maker().into_iter().flat_map(Owner::kinds);
    let has_kind = matches.has_kind(&reference.api_version, &reference.kind, object.kinds())
        || of_maker.any(|(api_version, kind)| matches.has_kind(api_version, kind, object.kinds()));
    has_kind && matches.namespaces.has(reference.namespace.as_deref())
}

/// The label on a Namespace that opts it in, and that may only make the platform's modes stricter.
const MODE_LABEL: &str = "seaworthy.dev/mode";

/// What is wrong with the mode label among the labels of a namespace, one line: a word that is no mode counts as no label, and
/// whoever wrote it believes otherwise.
pub fn mode_label_mistake(namespace: &str, labels: &BTreeMap<String, String>) -> Option<String> {
    let word = labels.get(MODE_LABEL).filter(|word| Mode::from_word(word).is_none())?;
    let modes = MODES_BY_STRICTNESS.map(Mode::word);
    let wanted =
        nearest(word, modes).map_or_else(|| format!("one of {}", modes.join(", ")), |near| format!("`{near}`?"));
    Some(format!("Namespace {namespace}: label {MODE_LABEL} is `{word}` and counts as not there: want {wanted}"))
}

fn mode_label(subject: &Subject<'_>) -> Option<Mode> {
    subject.namespace_labels()?.get(MODE_LABEL).and_then(|word| Mode::from_word(word))
}

impl Judgement {
    /// Puts what came of several pod templates in one order. What is about the object and not about its pods was seen with
    /// each of them.
    fn merge(&mut self) {
        self.findings.sort_by(|one, other| one.rule.cmp(&other.rule));
        let mut seen = BTreeSet::new();
        self.findings.retain(|it| seen.insert((it.rule.clone(), it.path.clone(), it.message.clone())));
        self.errors.sort_by(|one, other| one.rule.cmp(&other.rule));
        self.errors.dedup();
    }
}

impl Scene<'_> {
    fn judge(&self, rules: &[&BoundRule], judgement: &mut Judgement) {
        if self.subject.is_gateway_or_control_plane() {
            return;
        }
        let membership = self.subject.membership;
        for rule in rules.iter().filter(|rule| rule.rule.spec.matches.has_membership(membership)) {
            judgement.membership_unknown |=
                membership == Membership::Unknown && !rule.rule.spec.matches.membership.is_empty();
            match self.evaluate(rule) {
                Evaluation::Pass | Evaluation::Skip => {}
                Evaluation::Fail(findings) => judgement.findings.extend(findings),
                Evaluation::Error(error) => judgement.errors.push(RuleError {
                    rule: rule.id.to_string(),
                    object: self.subject.object.reference().to_string(),
                    error,
                }),
            }
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

    /// Whether something else fills in what stands at a path: of that nothing is known.
    fn is_filled_in(&self, path: &Path) -> bool {
        is_placeholder(self.subject.object.value(), path)
    }

    /// Whether a rule would say what it finds in the subject.
    fn speaks(&self, rule: &Rule) -> bool {
        let is_of_mesh = rule.spec.matches.has_membership(self.subject.membership);
        is_of_mesh && is_about(rule, self.subject.object) && self.mode_of(rule) != Mode::Off
    }

    fn mode_of(&self, rule: &Rule) -> Mode {
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
            remedy: self.remedy(seen.remedy),
            docs: self.docs(rule),
            suppressed: self.suppression(rule, mode),
        }
    }

    /// Printed into the text of the object. Each takes a look at the whole object: whoever makes one up with thousands of
    /// findings must not keep anybody waiting for it.
    fn remedy(&self, remedy: Remedy) -> Remedy {
        let object = self.subject.object;
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

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("{PANIC}{}", text.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::engine::{Input, check};
    use crate::manifest::{Limits, read_documents};

    /// One rule of many breaks: the others find what they find, and the error is at its object.
    #[test]
    fn a_rule_that_panics_hides_nothing_else() {
        let engine = Engine::built_in(Mode::Warn).unwrap();
        let mut rule = engine.rule("unclear-port-protocol").unwrap().rule.clone();
        rule.metadata.name = "u-breaks".to_owned();
        let engine = engine.with(BoundRule::over(rule, Box::new(|_| panic!("out of luck"))));
        let ports = "[{port: 80, name: udp-a}, {port: 81, name: b}]";
        let text = format!("# two\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{ports: {ports}}}\n");
        let source = Source::new("web.yaml", text);
        let reading = read_documents(&source, &Limits::default());
        let input = Input { file: source.name().clone(), reading, engine: &engine, context_only: false };
        let outcome = check(vec![input], "2027-01-01".parse().unwrap());
        let found: Vec<&str> = outcome.findings.iter().map(|finding| &*finding.rule).collect();
        assert_eq!(found, ["udp-named-tcp-port", "unclear-port-protocol"]);
        let problems: Vec<String> = outcome.problems.iter().map(ToString::to_string).collect();
        let wanted = "web.yaml:2:1: internal error: rule u-breaks could not judge Service web: panic: out of luck";
        assert_eq!(problems, [wanted]);
        assert!(outcome.problems[0].fatal);
    }
}
