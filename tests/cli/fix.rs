//! `seaworthy fix`: what it changes, what it says, with which exit code.

use crate::{Ran, UNCLEAR, folder, seaworthy};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A workload whose grace period is too short for its preStop, in a namespace of the mesh.
pub const SHORT: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: \"web\", version: v1}   # the shop
    spec:
      terminationGracePeriodSeconds: 20 # seconds
      containers:
      - name: web
        ports: [{containerPort: 80}]
        lifecycle: {preStop: {exec: {command: [sleep, '15']}}}
        readinessProbe: {tcpSocket: {port: 80}}
";

/// The same put right.
pub fn long() -> String {
    SHORT.replace("Seconds: 20", "Seconds: 32")
}

/// The arguments behind `fix`, in a folder.
fn fix(within: &Path, arguments: &[&str]) -> Ran {
    seaworthy(&["fix"]).arguments(arguments).within(within).run()
}

#[test]
fn the_file_is_fixed_and_said_and_a_second_run_has_nothing_to_do() {
    let files = folder(&[("shop/web.yaml", SHORT), ("shop/api.yaml", &UNCLEAR.replace("name: web", "name: api"))]);
    let ran = fix(files.path(), &["."]);
    insta::assert_snapshot!(ran.err, @"
    shop/web.yaml:13: fixed[short-grace-period] raise the grace period to 32s
    shop/api.yaml:12: left[unclear-port-protocol] Deployment `web` does not tell what the port speaks: no protocol in the name of its container port, no httpGet or gRPC probe of it
    note: assumed Istio 1.28, Kubernetes 1.33: set `profile` in seaworthy.yaml
    fixed 1 finding in 1 file; 1 left
    ");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    assert_eq!(fs::read_to_string(files.path().join("shop/web.yaml")).unwrap(), long());
    let again = fix(files.path(), &[".", "--check"]);
    assert_eq!(again.code, Some(0), "{}", again.err);
    let checked = seaworthy(&["check", ".", "-o", "concise", "--select", "short-grace-period"]).within(files.path());
    assert_eq!(checked.run().out, "");
}

#[test]
fn only_what_is_selected_is_fixed_and_quiet_says_nothing() {
    let files = folder(&[("web.yaml", SHORT)]);
    let ran = fix(files.path(), &[".", "--select", "missing-pre-stop", "-q"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(fs::read_to_string(files.path().join("web.yaml")).unwrap(), SHORT);
    let ran = fix(files.path(), &["web.yaml", "--select", "short-grace-period", "--quiet"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(fs::read_to_string(files.path().join("web.yaml")).unwrap(), long());
}

#[test]
fn exit_codes_tell_what_happened_and_neither_check_nor_diff_writes() {
    let files = folder(&[
        ("short.yaml", SHORT),
        ("long.yaml", &long()),
        ("unclear.yaml", UNCLEAR),
        ("broken.yaml", "a: [\n"),
        ("other.yaml", "just: data\n"),
    ]);
    let cases: [(&[&str], i32); 13] = [
        (&["long.yaml"], 0),
        (&["unclear.yaml", "--diff"], 0),
        (&["long.yaml", "--check"], 0),
        (&["short.yaml", "--diff"], 0),
        (&["short.yaml", "--check"], 1),
        (&["short.yaml", "--check", "--diff"], 1),
        (&["short.yaml", "--check", "--select", "missing-pre-stop"], 0),
        (&["short.yaml", "--select", "mising-pre-stop"], 2),
        (&["short.yaml", "gone.yaml"], 2),
        (&[], 2),
        (&["other.yaml"], 3),
        (&["broken.yaml", "short.yaml", "--check"], 4),
        (&["broken.yaml"], 4),
    ];
    for (arguments, code) in cases {
        let ran = fix(files.path(), arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out.is_empty(), !arguments.contains(&"--diff") || arguments[0] != "short.yaml", "{}", ran.out);
    }
    assert_eq!(fs::read_to_string(files.path().join("short.yaml")).unwrap(), SHORT);
}

#[test]
fn standard_input_goes_to_standard_output_whole_and_whatever_comes_of_it() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let cases: [(Vec<u8>, Vec<u8>, i32); 7] = [
        (SHORT.into(), long().into(), 0),
        (crlf(SHORT).into(), crlf(&long()).into(), 0),
        (format!("\u{feff}{}", SHORT.trim_end()).into(), format!("\u{feff}{}", long().trim_end()).into(), 0),
        (UNCLEAR.into(), UNCLEAR.into(), 0),
        (b"a: [\n".into(), b"a: [\n".into(), 4),
        (b"a: \xff\n".into(), b"a: \xff\n".into(), 4),
        (b"".into(), b"".into(), 3),
    ];
    for (input, wanted, code) in cases {
        let ran = seaworthy(&["fix", "-"]).input(input).run_bytes();
        let text = String::from_utf8_lossy(&ran.1).into_owned();
        assert_eq!((ran.0, ran.1), (Some(code), wanted), "{text}");
    }
    let ran = seaworthy(&["fix", "-", "--check"]).input(SHORT).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
}

#[test]
fn one_name_for_two_inputs_is_refused() {
    let files = folder(&[("web.yaml", SHORT)]);
    let ran =
        seaworthy(&["fix", "-", "web.yaml", "--stdin-filename", "web.yaml"]).within(files.path()).input(SHORT).run();
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert_eq!(fs::read_to_string(files.path().join("web.yaml")).unwrap(), SHORT);
}

/// A program that applies the edits of the JSON gets what `fix` writes; people are told the command.
#[test]
fn check_says_what_would_be_fixed() {
    let ran = seaworthy(&["check", "-", "-o", "json"]).input(SHORT).run();
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["summary"]["fixable"], 1);
    let fix = &document["findings"][0]["fix"];
    let edit = &fix["edits"][0];
    let (start, end) = (edit["start"].as_u64().unwrap() as usize, edit["end"].as_u64().unwrap() as usize);
    let edited = format!("{}{}{}", &SHORT[..start], edit["text"].as_str().unwrap(), &SHORT[end..]);
    assert_eq!((edited, fix["safety"].as_str()), (long(), Some("safe")));
    let ran = seaworthy(&["check", "web.yaml"]).within(folder(&[("web.yaml", SHORT)]).path()).run();
    assert!(ran.out.contains(" (safe): seaworthy fix web.yaml\n"), "{}", ran.out);
    assert!(ran.err.ends_with("1 warning, 1 fixable with `seaworthy fix`\n"), "{}", ran.err);
}

/// Names and texts that a patch has its difficulties with, each with the text that it has after the fix.
fn odd_files() -> Vec<(String, String, String)> {
    let pairs = |name: &str, make: &dyn Fn(&str) -> String| (name.to_owned(), make(SHORT), make(&long()));
    vec![
        pairs("plain.yaml", &|text| text.to_owned()),
        pairs("with space/a b.yaml", &|text| text.replace("shop", "a").replace('\n', "\r\n")),
        pairs("käse.yaml", &|text| format!("\u{feff}{}", text.replace("shop", "b").trim_end())),
        pairs("q\"uo\te\\.yaml", &|text| text.replace("shop", "c\r")),
        pairs("top.yaml", &|text| {
            text.replace("shop", "d").split_once("---\n").unwrap().1.replace("apps/v1\nkind", "apps/v1 \nkind")
        }),
    ]
}

/// git itself is the judge: what it makes of the patch is what `fix` writes, also below the top of a repository.
#[test]
fn git_applies_the_patch() {
    let repository = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str], within: &Path| {
        let done = Command::new("git").args(arguments).current_dir(within).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "-q"], repository.path());
    for below in ["", "deploy/prod"] {
        let here = repository.path().join(below);
        for (name, before, _) in odd_files() {
            let path = here.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, before).unwrap();
        }
        let arguments = ["fix", ".", "--diff", "--quiet", "--assume-membership", "sidecar"];
        let (code, patch) = seaworthy(&arguments).within(&here).run_bytes();
        assert_eq!(code, Some(0));
        let file = repository.path().join("the.patch");
        fs::write(&file, &patch).unwrap();
        git(&["apply", "--whitespace=nowarn", file.to_str().unwrap()], &here);
        for (name, _, wanted) in odd_files() {
            assert_eq!(
                fs::read_to_string(here.join(&name)).unwrap(),
                wanted,
                "{name}: {}",
                String::from_utf8_lossy(&patch)
            );
        }
        fs::remove_file(file).unwrap();
    }
}

/// git refuses a whole patch for one path that leads out of the folder.
#[test]
fn a_file_outside_of_the_folder_is_not_in_the_patch() {
    let files = folder(&[("web.yaml", SHORT), ("sub/web.yaml", SHORT)]);
    let ran = fix(&files.path().join("sub"), &["--diff", "web.yaml", "../web.yaml"]);
    assert_eq!((ran.code, ran.out.matches("--- ").count()), (Some(4), 1), "{}", ran.out);
    assert!(ran.err.contains("not in the patch") && ran.err.contains("--> ../web.yaml"), "{}", ran.err);
}

/// A fix is printed into the text only for so many findings of one object at once; the others follow.
#[test]
fn an_object_with_very_many_findings_is_fixed_in_turns() {
    let containers: String = (0..150)
        .map(|number| format!("    - {{name: c{number}, image: a, ports: [{{containerPort: {}}}]}}\n", 1000 + number))
        .collect();
    let pod = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n{containers}");
    let with = |words: &[&'static str]| {
        let flags = ["-", "--assume-membership", "sidecar", "--select", "missing-pre-stop"];
        seaworthy(&words.iter().copied().chain(flags).collect::<Vec<_>>())
    };
    let ran = with(&["check", "-o", "json"]).input(pod.as_str()).run();
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((document["findings"].as_array().unwrap().len(), &document["summary"]["fixable"]), (150, &100.into()));
    let fixed = with(&["fix"]).input(pod.as_str()).run();
    assert_eq!(fixed.out.matches("preStop").count(), 150, "{}", fixed.err);
    assert_eq!(with(&["check"]).input(fixed.out.as_str()).run().code, Some(0));
}
