//! What the platform chose for a Job is what is done to it, whatever the rule about its start would do.

use super::super::*;
use crate::base::{Mode, Remedy, Source};
use crate::engine::Engine;
use crate::manifest::read_documents;
use crate::policy::SettingsFile;
use serde_json::Value;

const JOB: &str = "apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: a, command: [/migrate]}]
";

/// A Job after its safe fixes, and what is told of them.
fn fixed(settings: &str) -> (Value, Vec<String>) {
    let settings = SettingsFile::read(&Source::new("seaworthy.yaml", settings));
    let engine = Engine::load(&settings, &[], Mode::Warn).unwrap();
    let read = |text: &str| read_documents(&Source::new("job.yaml", text), &Limits::default());
    let job = Input::new(&"job.yaml".into(), read(JOB), &engine);
    let outcome = fix(vec![job], "2027-01-01".parse().unwrap(), &Choice::default());
    let file = outcome.files.first();
    let told = file.into_iter().flat_map(|file| &file.fixed).map(|it| match &it.remedy {
        Remedy::Fix(_) => format!("{} done", it.rule),
        Remedy::Unfixed(gone) => format!("{} {gone}", it.rule),
    });
    let left = outcome.left.iter().map(|it| format!("{} left", it.finding.rule));
    let after = read(file.map_or(JOB, |file| file.after.text())).documents[0].value()["spec"]["template"].clone();
    (after, told.chain(left).collect())
}

#[test]
fn the_strategy_for_jobs_decides_and_nothing_else_is_told() {
    const PROFILE: &str = "profile: {dataPlane: classic, assumeMembership: sidecar}";
    let with = |job: &str, start: &str| {
        format!(
            "{PROFILE}\nrepairs: {{image: wait:1}}\nrules: {{job-never-completes: {{params: {{strategy: {job}}}}}, \
             app-starts-before-proxy: {{params: {{strategy: {start}}}}}}}"
        )
    };
    let gone = ["app-starts-before-proxy gone with the fix of job-never-completes", "job-never-completes done"];
    for start in ["auto", "native", "hold", "wrapper"] {
        for (job, label, native, command) in [
            ("auto", false, true, "/migrate"),
            ("native", false, true, "/migrate"),
            ("no-sidecar", true, false, "/migrate"),
            ("quit", false, false, "/seaworthy/wait job --proxy -- /migrate"),
        ] {
            let (template, mut told) = fixed(&with(job, start));
            told.sort();
            assert_eq!(told, gone, "{job} {start}");
            let (metadata, container) = (&template["metadata"], &template["spec"]["containers"][0]);
            let words: Vec<&str> = container["command"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(words.join(" "), command, "{job} {start}");
            assert_eq!(metadata["labels"]["sidecar.istio.io/inject"] == "false", label, "{job} {start}");
            assert_eq!(metadata["annotations"]["sidecar.istio.io/nativeSidecar"] == "true", native, "{job} {start}");
        }
    }
}

/// Where the strategy cannot be had, the start is no reason for another one.
#[test]
fn a_job_does_not_end_otherwise_than_chosen_for_the_sake_of_its_start() {
    for (name, settings) in [
        (
            "no image to quit by",
            "profile: {dataPlane: classic, assumeMembership: sidecar}\nrules: {job-never-completes: {params: {strategy: quit}}}",
        ),
        (
            "the same where a native sidecar is chosen for the start",
            "profile: {dataPlane: classic, assumeMembership: sidecar}\nrules: {job-never-completes: {params: {strategy: quit}}, \
             app-starts-before-proxy: {params: {strategy: native}}}",
        ),
    ] {
        let (template, told) = fixed(settings);
        assert_eq!(told, ["job-never-completes left", "app-starts-before-proxy left"], "{name}");
        assert_eq!(template["metadata"], Value::Null, "{name}");
    }
}

/// Where the strategy cannot be had, what the other rule does may still stand beside it.
#[test]
fn the_start_of_a_job_is_held_where_that_was_chosen() {
    let settings = "profile: {dataPlane: classic, assumeMembership: sidecar}\nrules: {job-never-completes: {params: {strategy: \
                    quit}}, app-starts-before-proxy: {params: {strategy: hold}}}";
    let (template, told) = fixed(settings);
    assert_eq!(told, ["app-starts-before-proxy done", "job-never-completes left"]);
    let config = template["metadata"]["annotations"]["proxy.istio.io/config"].as_str().unwrap();
    assert!(config.contains("holdApplicationUntilProxyStarts"), "{config}");
}
