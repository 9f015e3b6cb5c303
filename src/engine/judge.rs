//! One object under all rules: what is found, with severity and mode as they hold here.

use crate::base::{Finding, MODES_BY_STRICTNESS, Mode, Path, Problem};
use crate::engine::scene::Scene;
use crate::engine::{BoundRule, Engine};
use crate::inventory::{Inventory, Subject};
use crate::manifest::{Object, Owner, group_of};
use crate::policy::{Date, ModeQuestion, nearest, stricter_of};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

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

pub(super) const PANIC: &str = "panic: ";

impl RuleError {
    /// The error at the place of the object that it is about.
    pub(super) fn problem(&self, object: &Object) -> Problem {
        match object.point_at(&Path::root()) {
            Some(place) => Problem { fatal: true, ..Problem::notice_at(&place, self.to_string()) },
            None => Problem::of_file(object.file(), self.to_string()),
        }
    }
}

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

impl Engine {
    /// The strictest mode that any rule has in a namespace: what is done about an object that no rule can be asked about.
    pub fn strictest_mode(&self, namespace: &str, inventory: &Inventory, today: Date) -> Mode {
        let label = inventory.namespace_labels(namespace, "").and_then(|labels| labels.get(MODE_LABEL));
        let label = label.and_then(|word| Mode::from_word(word));
        let namespace = Some(namespace).filter(|name| !name.is_empty());
        let mode_of = |rule: &BoundRule| {
            let question = ModeQuestion { rule: &rule.rule, namespace, label, today, unsaid: self.unsaid_mode() };
            self.settings().mode_for(&question)
        };
        self.rules().iter().map(mode_of).fold(Mode::Off, stricter_of)
    }
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
        let input = Input::new(source.name(), reading, &engine);
        let outcome = check(vec![input], "2027-01-01".parse().unwrap());
        let found: Vec<&str> = outcome.findings.iter().map(|finding| &*finding.rule).collect();
        assert_eq!(found, ["udp-named-tcp-port", "unclear-port-protocol"]);
        let problems: Vec<String> = outcome.problems.iter().map(ToString::to_string).collect();
        let wanted = "web.yaml:2:1: internal error: rule u-breaks could not judge Service web: panic: out of luck";
        assert_eq!(problems, [wanted]);
        assert!(outcome.problems[0].fatal);
    }
}
