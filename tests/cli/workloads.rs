//! Kinds with a pod template that no program can know: declared in `seaworthy.yaml`.

use crate::{folder, seaworthy};

const DECLARED: &str = "
profile: {assumeMembership: sidecar, dataPlane: native}
workloads:
  - {group: farm.example.com, kind: Worker, template: 'spec.pools[*].pod', selector: spec.selector}
";

/// Two templates, the second at fault: by the labels that the selector demands a Service finds both.
const WORKER: &str = "
apiVersion: farm.example.com/v1beta1
kind: Worker
metadata: {name: crop, namespace: shop}
spec:
  selector: {matchLabels: {app: crop}}
  pools:
    - name: small
      pod:
        spec:
          terminationGracePeriodSeconds: 60
          containers:
            [{name: crop, image: crop:1, lifecycle: {preStop: {sleep: {seconds: 30}}}, readinessProbe: {tcpSocket: {port: 80}}}]
    - name: large
      pod:
        spec:
          containers:
            - name: crop
              image: crop:1
              readinessProbe: {tcpSocket: {port: 80}}
---
apiVersion: v1
kind: Service
metadata: {name: crop, namespace: shop}
spec:
  selector: {app: crop}
  ports: [{name: http, port: 80}]
";

#[test]
fn a_declared_kind_is_judged_and_fixed_like_a_built_in_one() {
    let files = folder(&[("seaworthy.yaml", DECLARED), ("crop.yaml", WORKER)]);
    let check = || seaworthy(&["check", ".", "-o", "concise", "-q"]).within(files.path()).run();
    let found = check();
    assert_eq!(found.out.lines().count(), 1, "{}", found.out);
    assert!(found.out.contains("crop.yaml:18:21: warning[missing-pre-stop]"), "{}", found.out);
    assert!(found.out.contains("spec.pools[1].pod.spec.containers[0].lifecycle.preStop"), "{}", found.out);
    assert_eq!(seaworthy(&["fix", "."]).within(files.path()).run().code, Some(0));
    assert_eq!(check().out, "");
    let fixed = std::fs::read_to_string(files.path().join("crop.yaml")).unwrap();
    assert!(fixed.contains("                  seconds: 30\n          terminationGracePeriodSeconds: 47\n"), "{fixed}");
}

#[test]
fn each_folder_knows_the_kinds_of_its_own_configuration() {
    let files = folder(&[("a/seaworthy.yaml", DECLARED), ("a/crop.yaml", WORKER), ("b/crop.yaml", WORKER)]);
    let ran = seaworthy(&["check", ".", "-o", "concise", "-q"]).within(files.path()).run();
    let places: Vec<&str> = ran.out.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(places, ["a/crop.yaml:18:21"]);
}

#[test]
fn what_is_told_of_an_unknown_kind_can_be_pasted() {
    let unknown = WORKER
        .replace("pools:\n    - name: small\n      pod:", "pod:\n        ")
        .replace("    - name: large", "    # none");
    let unknown = unknown.split("    # none").next().unwrap().to_owned();
    let files = folder(&[("crop.yaml", &unknown)]);
    let check = || seaworthy(&["check", "."]).within(files.path()).run();
    let told = check().err;
    let (_, lines) = told.split_once("write into seaworthy.yaml:\n").unwrap();
    let lines: String = lines
        .lines()
        .take_while(|it| it.starts_with("workloads:") || it.starts_with("  - "))
        .map(|it| format!("{it}\n"))
        .collect();
    assert!(told.contains("1 Worker at spec.pod;"), "{told}");
    std::fs::write(files.path().join("seaworthy.yaml"), lines).unwrap();
    assert!(!check().err.contains("pod template"), "{}", check().err);
}
