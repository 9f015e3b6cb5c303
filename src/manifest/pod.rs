//! A pod template inside an object, as the rules read it. Values of a wrong type count as absent: the API server refuses them.

use crate::base::{Path, field};
use crate::manifest::container::{Container, Role};
use crate::manifest::kinds::{PodPart, Runs, WorkloadKind, group_of};
use crate::manifest::{Labels, Object};
use serde_json::Value;
use std::sync::Arc;

/// The grace period that Kubernetes uses where none is set.
pub const DEFAULT_GRACE_PERIOD_SECONDS: i64 = 30;

/// The pod template of a workload, or a bare Pod itself.
#[derive(Debug, Clone, Copy)]
pub struct PodTemplate<'a> {
    object: &'a Object,
    /// Which of the templates of the object it is.
    number: usize,
    path: &'a Path,
    template: &'a Value,
    spec: &'a Value,
}

impl<'a> PodTemplate<'a> {
    /// The pod templates of an object: none where its kind has none or it is not there, one for most workloads.
    pub fn all_of(object: &'a Object) -> impl Iterator<Item = Self> + use<'a> {
        object.templates().iter().enumerate().filter_map(move |(number, path)| {
            let template = path.find(object.value())?;
            Some(Self { object, number, path, template, spec: template.get("spec")? })
        })
    }

    /// The first of them.
    pub fn of(object: &'a Object) -> Option<Self> {
        Self::all_of(object).next()
    }

    /// What follows from the template alone, and is worked out at the first question: by its type, which is the asker's own.
    pub fn once<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.object.once_of_templates().get(self.number, make)
    }

    /// Whether its pods end by themselves (Job, CronJob, and the Pod that is known to be made for one).
    pub fn runs_to_completion(&self) -> bool {
        let is_ending = |kind: &WorkloadKind| kind.runs == Runs::ToCompletion;
        let maker = || self.object.maker().and_then(|owner| self.object.kinds().of(owner.group(), &owner.kind));
        self.object.workload_kind().is_some_and(is_ending) || maker().is_some_and(is_ending)
    }

    /// What of the pods the controller of the workload decides, whatever is written here.
    pub fn set_by_controller(&self) -> Vec<PodPart> {
        let kinds = self.object.kinds();
        let makers = self.object.maker().map_or_else(Vec::new, |owner| owner.workloads(self.object));
        let of_makers = makers.iter().filter_map(|maker| kinds.of(group_of(&maker.api_version), &maker.kind));
        let all = self.object.workload_kind().into_iter().chain(of_makers);
        all.flat_map(|kind| kind.set_by_controller.iter().copied()).collect()
    }

    /// Whether the controller of the workload decides this part of the pods.
    pub fn is_set_by_controller(&self, part: PodPart) -> bool {
        self.set_by_controller().contains(&part)
    }

    /// Whether hooks and grace period of the pods are those that are written here.
    pub fn ends_as_written(&self) -> bool {
        let parts = [PodPart::PreStop, PodPart::TerminationGracePeriodSeconds];
        !parts.into_iter().any(|part| self.is_set_by_controller(part))
    }

    /// The same, and the grace period is a number that can be added up.
    pub fn ends_as_told(&self) -> bool {
        self.ends_as_written() && self.tells_grace_period()
    }

    /// How many pods there are to be, where the kind of the workload says so: one where no number is written.
    pub fn replicas(&self) -> Option<i64> {
        let path = self.object.workload_kind()?.replicas.as_deref()?;
        Some(Path::keys(path).find(self.object.value()).and_then(Value::as_i64).unwrap_or(1))
    }

    /// What it is to its owner: a Pod has no template.
    pub fn noun(&self) -> &'static str {
        if self.path() == Path::root() { "pod" } else { "pod template" }
    }

    /// The path of the template inside the object; the root for a Pod.
    pub fn path(&self) -> Path {
        self.path.start()
    }

    /// The metadata of what the pods are made by, outermost first: of the workload, and of the Jobs of a CronJob. None for a Pod.
    pub fn metadata_of_makers(&self) -> Vec<Path> {
        let jobs = Path::keys("spec.jobTemplate");
        match self.path() {
            path if path == Path::root() => Vec::new(),
            path if path == jobs.clone().key("spec").key("template") => {
                vec![Path::keys("metadata"), jobs.key("metadata")]
            }
            _ => vec![Path::keys("metadata")],
        }
    }

    /// The path of the pod spec inside the object.
    pub fn spec_path(&self) -> Path {
        self.path().key("spec")
    }

    /// The path of an annotation of the pods.
    pub fn annotation_path(&self, key: &str) -> Path {
        self.path().key("metadata").key("annotations").key(key)
    }

    /// The pod spec.
    pub fn spec(&self) -> &'a Value {
        self.spec
    }

    /// The labels of the pods.
    pub fn labels(&self) -> Labels<'a> {
        Labels::of(field(self.template, &["metadata", "labels"]))
    }

    /// The labels that the pods are known to have: those of the template, and those that the selector of the workload
    /// demands.
    pub fn known_labels(&self) -> Vec<(&'a str, &'a str)> {
        let own = self.labels();
        let selector = self.object.workload_kind().and_then(|kind| kind.selector.as_deref());
        let selector = selector.and_then(|path| Path::keys(path).find(self.object.value()));
        // That of a ReplicationController has no `matchLabels` around its labels.
        let demanded = Labels::of(selector.map(|selector| selector.get("matchLabels").unwrap_or(selector)));
        own.iter().chain(demanded.iter().filter(|(key, _)| !own.has(key))).collect()
    }

    /// The annotations of the pods.
    pub fn annotations(&self) -> Labels<'a> {
        Labels::of(field(self.template, &["metadata", "annotations"]))
    }

    /// `terminationGracePeriodSeconds` where it is set to a whole number.
    pub fn declared_grace_period(&self) -> Option<i64> {
        self.spec.get("terminationGracePeriodSeconds").and_then(Value::as_i64)
    }

    /// Whether the manifest tells the grace period. What is no whole number the API server refuses as it stands: something else
    /// may write it before, and nobody knows which number was meant.
    pub fn tells_grace_period(&self) -> bool {
        self.spec.get("terminationGracePeriodSeconds").is_none_or(|value| value.is_null() || value.is_i64())
    }

    /// The grace period in force, in seconds; the one of Kubernetes where none is told.
    pub fn grace_period(&self) -> i64 {
        self.declared_grace_period().unwrap_or(DEFAULT_GRACE_PERIOD_SECONDS)
    }

    /// Whether the pods use the network of their node; Istio never injects those.
    pub fn host_network(&self) -> bool {
        self.spec.get("hostNetwork").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether the pods run on Windows, as far as the manifest says: by `os`, a node selector or a required node affinity.
    pub fn is_windows(&self) -> bool {
        let selector = Labels::of(self.spec.get("nodeSelector"));
        let os = field(self.spec, &["os", "name"]).and_then(Value::as_str);
        let by_selector = || OS_LABELS.iter().find_map(|label| selector.get(label));
        match os.or_else(by_selector) {
            Some(os) => os.eq_ignore_ascii_case(WINDOWS),
            None => self.node_terms().is_some_and(|terms| !terms.is_empty() && terms.iter().all(wants_windows)),
        }
    }

    /// The terms of the required node affinity, of which a node must fit one.
    fn node_terms(&self) -> Option<&'a Vec<Value>> {
        const TERMS: [&str; 4] =
            ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];
        field(self.spec, &TERMS)?.as_array()
    }

    /// The ServiceAccount of the pods; `default` where none is set.
    pub fn service_account(&self) -> &'a str {
        let set = |key| self.spec.get(key).and_then(Value::as_str).filter(|name| !name.is_empty());
        set("serviceAccountName").or_else(|| set("serviceAccount")).unwrap_or("default")
    }

    /// The entries of `containers`.
    pub fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        self.list("containers")
    }

    /// The entries of `initContainers`, native sidecars among them.
    pub fn init_containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        self.list("initContainers")
    }

    /// What runs beside each other once the pod has started: `containers` and native sidecars.
    pub fn running_containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        self.containers().chain(self.init_containers().filter(|container| container.role == Role::NativeSidecar))
    }

    /// All containers of both lists.
    pub fn all_containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        self.containers().chain(self.init_containers())
    }

    fn list(&self, key: &str) -> impl Iterator<Item = Container<'a>> + use<'a> {
        let pod = *self;
        let is_init = key == "initContainers";
        let items = self.spec.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        items.iter().enumerate().filter(|(_, value)| value.is_object()).map(move |(index, value)| {
            let always = || value.get("restartPolicy").and_then(Value::as_str) == Some("Always");
            let role = match is_init {
                false => Role::Regular,
                true if always() => Role::NativeSidecar,
                true => Role::Init,
            };
            Container { pod, value, index, role }
        })
    }
}

const WINDOWS: &str = "windows";
/// On nodes: the operating system; the second was the first one's name before Kubernetes 1.14.
pub const OS_LABELS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];

/// Whether a term of a node affinity allows Windows nodes only.
fn wants_windows(term: &Value) -> bool {
    let expressions = term.get("matchExpressions").and_then(Value::as_array);
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    expressions.into_iter().flatten().any(|expression| {
        let values = expression.get("values").and_then(Value::as_array);
        OS_LABELS.contains(&text(expression, "key").as_str())
            && text(expression, "operator") == "In"
            && values.is_some_and(|values| !values.is_empty() && values.iter().all(|value| value == WINDOWS))
    })
}
