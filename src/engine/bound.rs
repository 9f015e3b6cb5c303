//! Rules made ready to run: each rule of the files with its check, as one configuration sets it up.

use crate::base::Mode;
#[cfg(test)]
use crate::checks::BoundCheck;
use crate::checks::{self, Check, Observation};
use crate::engine::binding::Binding;
use crate::inventory::Subject;
use crate::manifest::WorkloadKinds;
use crate::policy::{KindName, Repairs, Rule, Settings, did_you_mean};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// All rules under one configuration.
pub struct Engine {
    rules: Vec<BoundRule>,
    /// The rules about each kind, by group and kind, as their places among all rules.
    by_kind: HashMap<String, HashMap<String, Vec<usize>>>,
    settings: Settings,
    workload_kinds: WorkloadKinds,
    unsaid_mode: Mode,
    /// Every id that may be written, present and former ones, with the present one.
    ids: BTreeMap<String, String>,
}

/// A rule with its check, ready to run.
pub struct BoundRule {
    /// The rule, as the configuration re-rates and re-parameterises it.
    pub rule: Rule,
    /// Its id, shared with its findings.
    pub id: Arc<str>,
    /// Its check: one, or one for each rule that it follows.
    bindings: Vec<Binding>,
}

/// A rule that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnboundRule {
    /// It names a check that does not exist.
    #[error("rule {rule}: there is no check `{check}`")]
    UnknownCheck {
        /// The rule.
        rule: String,
        /// The check it names.
        check: String,
    },
    /// The check does not take its parameters.
    #[error("rule {rule}: check `{check}` does not take these params: {error}")]
    BadParams {
        /// The rule.
        rule: String,
        /// The check it names.
        check: String,
        /// What is wrong with them.
        error: String,
    },
}

impl Engine {
    /// Binds rules under a configuration. `unsaid_mode` is the mode where the configuration says none.
    ///
    /// A rule that cannot be bound is reported and left out: it hides none of the others.
    pub fn new(rules: &[Rule], settings: Settings, unsaid_mode: Mode) -> (Self, Vec<UnboundRule>) {
        Self::of_some(rules, rules, settings, unsaid_mode)
    }

    /// The same for some of all rules; the others may be followed by them, and named in ignores.
    pub fn of_some(rules: &[Rule], all: &[Rule], settings: Settings, unsaid_mode: Mode) -> (Self, Vec<UnboundRule>) {
        let mut bound = Vec::with_capacity(rules.len());
        let mut unbound = Vec::new();
        for rule in rules {
            match BoundRule::new(settings.tuned(rule), all, &settings) {
                Ok(rule) => bound.push(rule),
                Err(error) => unbound.push(error),
            }
        }
        bound.sort_by(|one, other| one.id.cmp(&other.id));
        let workload_kinds = WorkloadKinds::declared(&settings.workloads);
        let by_kind = HashMap::new();
        let engine = Self { rules: bound, by_kind, settings, workload_kinds, unsaid_mode, ids: BTreeMap::new() };
        (engine.sorted_by_kind().knowing(all), unbound)
    }

    /// The same, with the rules about each kind found.
    fn sorted_by_kind(mut self) -> Self {
        let named = |rule: &BoundRule| -> Vec<(String, String)> {
            let kinds = rule.rule.spec.matches.kinds.iter();
            let of = |kind: &KindName| match kind.is_every_workload() {
                true => self.workload_kinds.all().map(|it| (it.group.clone(), it.kind.clone())).collect(),
                false => vec![(kind.group.clone(), kind.kind.clone())],
            };
            kinds.flat_map(of).collect()
        };
        let mut by_kind: HashMap<String, HashMap<String, Vec<usize>>> = HashMap::new();
        for (place, rule) in self.rules.iter().enumerate() {
            for (group, kind) in named(rule) {
                let places = by_kind.entry(group).or_default().entry(kind).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        self.by_kind = by_kind;
        self
    }

    /// The places among all rules of those that speak about a kind.
    pub(super) fn places_about(&self, group: &str, kind: &str) -> &[usize] {
        self.by_kind.get(group).and_then(|kinds| kinds.get(kind)).map_or(&[], Vec::as_slice)
    }

    /// The same, with rules that may be named in ignores although they do not run.
    pub(super) fn knowing(mut self, rules: &[Rule]) -> Self {
        for rule in rules {
            let ids = std::iter::once(rule.id()).chain(rule.spec.aliases.iter().map(String::as_str));
            self.ids.extend(ids.map(|id| (id.to_owned(), rule.id().to_owned())));
        }
        self
    }

    /// What is to be said of an id that no rule has or had; none for a known one.
    pub(super) fn unknown_rule(&self, id: &str) -> Option<String> {
        let hint = || did_you_mean(id, self.ids.keys().map(String::as_str));
        (!self.ids.contains_key(id)).then(|| format!("there is no rule `{id}` to ignore{}", hint()))
    }

    /// The present id of a rule that is named by a former one.
    pub(super) fn present_id<'a>(&'a self, id: &'a str) -> &'a str {
        self.ids.get(id).map_or(id, String::as_str)
    }

    /// The same with one more rule.
    #[cfg(test)]
    pub(super) fn with(mut self, rule: BoundRule) -> Self {
        self.rules.push(rule);
        self.rules.sort_by(|one, other| one.id.cmp(&other.id));
        self.sorted_by_kind()
    }

    /// The rules, by id.
    pub fn rules(&self) -> &[BoundRule] {
        &self.rules
    }

    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&BoundRule> {
        self.rules.iter().find(|rule| &*rule.id == id)
    }

    /// The configuration.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The kinds with a pod template, by which the objects that it judges are to be read: see [`Object::with_kinds`].
    ///
    /// [`Object::with_kinds`]: crate::manifest::Object::with_kinds
    pub fn workload_kinds(&self) -> &WorkloadKinds {
        &self.workload_kinds
    }

    /// The mode of a rule where the configuration says none.
    pub fn unsaid_mode(&self) -> Mode {
        self.unsaid_mode
    }
}

impl BoundRule {
    fn new(mut rule: Rule, all: &[Rule], settings: &Settings) -> Result<Self, UnboundRule> {
        let check = check_of(&rule)?;
        inherit(&mut rule, check, &settings.repairs);
        let followed = checks::followed_by(check);
        let mut bindings = Vec::new();
        if followed.is_empty() {
            bindings.push(Binding::own(&rule, check, &settings.repairs).map_err(|error| refused(&rule, &error))?);
        }
        for other in all.iter().filter(|other| followed.contains(&other.spec.check.as_str())) {
            let (mut other, of) = (settings.tuned(other), check_of(other)?);
            inherit(&mut other, of, &settings.repairs);
            let refused = |error| refused(&rule, &error);
            bindings.push(Binding::following(other, of, check, &settings.repairs).map_err(refused)?);
        }
        Ok(Self { id: rule.id().into(), rule, bindings })
    }

    /// A rule over a check that is no part of the program.
    #[cfg(test)]
    pub(super) fn over(rule: Rule, run: BoundCheck) -> Self {
        Self { id: rule.id().into(), rule, bindings: vec![Binding::of(run)] }
    }

    /// Runs the check on a subject. Where it follows other rules: with the parameters of each that `speaks` of the subject, and
    /// what they lead to is said once for each path.
    pub(super) fn run(&self, subject: &Subject<'_>, speaks: impl Fn(&Rule) -> bool) -> Vec<Observation> {
        let mut seen: Vec<Observation> = Vec::new();
        for binding in &self.bindings {
            match &binding.followed {
                None => seen.extend(binding.run(subject)),
                Some(followed) if speaks(followed) => {
                    let new = binding.run(subject).into_iter().filter(|it| !seen.iter().any(|at| at.path == it.path));
                    seen.extend(new.collect::<Vec<_>>());
                }
                Some(_) => {}
            }
        }
        seen
    }
}

fn check_of(rule: &Rule) -> Result<&'static Check, UnboundRule> {
    let unknown = || UnboundRule::UnknownCheck { rule: rule.id().to_owned(), check: rule.spec.check.clone() };
    checks::check(&rule.spec.check).ok_or_else(unknown)
}

fn refused(rule: &Rule, error: &serde_json::Error) -> UnboundRule {
    UnboundRule::BadParams { rule: rule.id().to_owned(), check: rule.spec.check.clone(), error: error.to_string() }
}

/// What `repairs` says laid over the parameters of a rule, where its check has such parameters: so a finding, its fix in the file
/// and the repair of the Pod are about one and the same edit.
fn inherit(rule: &mut Rule, check: &Check, repairs: &Repairs) {
    rule.spec.params = repairs.inherited(&rule.spec.params, |param| check.takes(param));
}
