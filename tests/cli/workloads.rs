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
          containers: [{name: crop, image: crop:1, lifecycle: {preStop: {sleep: {seconds: 30}}}}]
    - name: large
      pod:
        spec:
          containers:
            - name: crop
              image: crop:1
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
    assert!(found.out.contains("crop.yaml:17:21: warning[missing-pre-stop]"), "{}", found.out);
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
    assert_eq!(places, ["a/crop.yaml:17:21"]);
}
