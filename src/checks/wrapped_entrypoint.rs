//! `wrapped-entrypoint`: containers that a strategy would start by `seaworthy-wait`, but nobody has said what they start today.
//!
//! Which strategy holds for a pod is for other checks to say: this one is run with their parameters. Source:
//! <https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/>

use crate::base::PodRepair;
use crate::checks::{Check, NoParams, Observation, bind, job_completion, proxy_start, schema_of, with_name};
use crate::inventory::Subject;
use crate::manifest::Container;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "wrapped-entrypoint",
    summary: "containers that are to be started by seaworthy-wait, and whose command is not known",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// The checks that it follows.
pub const FOLLOWED: [&str; 2] = [proxy_start::CHECK.id, job_completion::CHECK.id];

/// The parameters of one of these checks. A rule gives none.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Params {
    proxy_start: Option<proxy_start::Params>,
    job_completion: Option<job_completion::Params>,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let start = params.proxy_start.as_ref().map(|it| proxy_start::without_words(it, subject, &pod));
    let job = params.job_completion.as_ref().map(|it| job_completion::without_words(it, subject, &pod));
    let places = [("wrapper", start), ("quit", job)];
    let observed = places.into_iter().flat_map(|(strategy, places)| {
        let is_it = move |it: &Container<'_>| places.as_ref().is_some_and(|places| places.contains(&it.index()));
        pod.containers().filter(is_it).map(move |it| observe(strategy, &it))
    });
    observed.collect()
}

fn observe(strategy: &str, container: &Container<'_>) -> Observation {
    let path = container.path().key("command");
    let message = with_name(20, container.name(), |name| {
        format!(
            "container {name} has no `command` that the strategy `{strategy}` could start: want its ENTRYPOINT at {path}"
        )
    });
    Observation::new(path, message)
        .at(container.path().key("name"))
        .help("write it there, and its CMD as `args`; or tell it as `repairs.entrypoints`; or choose another strategy")
        .unfixed("the ENTRYPOINT of an image is in no manifest, and it is never guessed")
}
