//! Ignores that the owner of a manifest writes.

use crate::{CLASSIC, JOB, engine, found, judged, judged_on, told};

const IGNORE: &str = "# seaworthy: ignore[job-never-completes] quits by itself";
const KEPT: &str = "job.yaml:5 job-never-completes(error)";

/// The Job with a comment behind the text of a line (from 1).
fn behind(line: usize, comment: &str) -> String {
    let with =
        |(at, text): (usize, &str)| if at + 1 == line { format!("{text} {comment}\n") } else { format!("{text}\n") };
    JOB.lines().enumerate().map(with).collect()
}

/// The Job with lines put in before a line (from 1).
fn before(line: usize, lines: &str) -> String {
    let with =
        |(at, text): (usize, &str)| if at + 1 == line { format!("{lines}\n{text}\n") } else { format!("{text}\n") };
    JOB.lines().enumerate().map(with).collect()
}

#[test]
fn a_comment_covers_its_line_or_the_line_below_or_the_document() {
    let engine = engine(CLASSIC);
    let indented = |comments: &[&str]| comments.iter().map(|it| format!("  {it}")).collect::<Vec<_>>().join("\n");
    let other = "# seaworthy: ignore[missing-pre-stop] no callers";
    let covered: [(&str, String, usize); 8] = [
        ("on the line", behind(5, IGNORE), 5),
        ("behind the line above", behind(4, IGNORE), 5),
        ("alone above it", before(5, &indented(&[IGNORE])), 6),
        ("above it among others", before(5, &indented(&[IGNORE, "# and more", other])), 8),
        ("at the head", before(1, &format!("# Jobs of the shop\n{IGNORE}\n")), 8),
        ("beside the first key", behind(1, IGNORE), 5),
        ("two rules", behind(5, "# seaworthy: ignore[missing-pre-stop, job-never-completes] quits by itself"), 5),
        ("to its last day", behind(5, &format!("{IGNORE} until 2027-01-01")), 5),
    ];
    for (case, text, line) in covered {
        let wanted = format!("job.yaml:{line} job-never-completes(error) comment: quits by itself");
        assert_eq!(found(&judged(&engine, &[("job.yaml", &text)])), [wanted], "{case}");
    }
    let open = [
        ("below", before(6, &indented(&[IGNORE])), 5),
        ("two lines above", before(4, IGNORE), 6),
        ("another rule", behind(5, other), 5),
        ("another document", format!("{}---\n{}", before(1, IGNORE), JOB.replace("work,", "more,")), 13),
    ];
    for (case, text, line) in open {
        let wanted = format!("job.yaml:{line} job-never-completes(error)");
        let outcome = judged(&engine, &[("job.yaml", &text)]);
        assert!(found(&outcome).contains(&wanted), "{case}: {:?}", found(&outcome));
    }
}

#[test]
fn a_comment_at_the_head_of_a_list_covers_its_items() {
    let item = JOB.lines().map(|line| format!("    {line}\n")).collect::<String>().replacen("    api", "  - api", 1);
    let list = format!("{IGNORE}\napiVersion: v1\nkind: List\nitems:\n{item}{}", item.replace("work", "more"));
    let outcome = judged(&engine(CLASSIC), &[("job.yaml", &list)]);
    let reasons = |it: &String| it.ends_with("comment: quits by itself");
    assert_eq!((found(&outcome).len(), found(&outcome).iter().all(reasons)), (2, true), "{:?}", found(&outcome));
    assert_eq!(told(&outcome), [""; 0]);
}

#[test]
fn an_ignore_that_cannot_be_used_is_told_at_its_place() {
    let cases = [
        (
            "# seaworthy: ignore[job-never-completes]",
            "this ignore has no reason: write `# seaworthy: ignore[job-never-completes] <reason>`",
        ),
        (
            "# seaworthy: ignore all is well",
            "this ignore names no rule: write `# seaworthy: ignore[<rule-id>] <reason>`",
        ),
        (
            "# seaworthy: ignore[*] all is well",
            "this ignore names no rule: write `# seaworthy: ignore[<rule-id>] <reason>`",
        ),
        (
            "# seaworthy: ignore[job-never-completes] debt until 2027-02-30",
            "this ignore ends on `2027-02-30`, which is no date such as 2027-01-31: write \
             `# seaworthy: ignore[job-never-completes] <reason> until YYYY-MM-DD`",
        ),
        (
            "# seaworthy: ignore[job-never-complete] quits",
            "there is no rule `job-never-complete` to ignore; did you mean `job-never-completes`?",
        ),
        (
            "# seaworthy: ignore[job-never-completes] debt until 2026-12-31",
            "this ignore ended on 2026-12-31: remove it, or give it a new end",
        ),
    ];
    for (comment, message) in cases {
        let outcome = judged(&engine(CLASSIC), &[("job.yaml", &behind(5, comment))]);
        assert_eq!(found(&outcome), [KEPT], "{comment}");
        assert_eq!(told(&outcome), [format!("job.yaml:5:13: {message}")]);
        assert!(outcome.problems.iter().all(|problem| !problem.fatal), "the file is judged all the same");
    }
}

#[test]
fn an_ignore_that_ignores_nothing_is_told() {
    let unused = ["job.yaml:3:41: this ignore of job-never-completes ignores nothing: remove it"];
    let outcome = judged(&engine(CLASSIC), &[("job.yaml", &behind(3, IGNORE))]);
    assert_eq!((found(&outcome), told(&outcome)), (vec![KEPT.to_owned()], unused.map(str::to_owned).to_vec()));
    // Of a rule that is off here it is not known whether it would find something.
    let off = engine(&format!("{CLASSIC}modes: {{rules: {{job-never-completes: off}}}}"));
    assert_eq!(told(&judged(&off, &[("job.yaml", &behind(3, IGNORE))])), [""; 0]);
    assert_eq!(told(&judged(&engine(CLASSIC), &[("job.yaml", &behind(5, IGNORE))])), [""; 0]);
}

/// What a Job looks like with annotations on itself and on its pods.
fn annotated(on_job: &str, on_pods: &str) -> String {
    let job = JOB.replace("namespace: shop}", &format!("namespace: shop, annotations: {{{on_job}}}}}"));
    job.replace("  template:\n", &format!("  template:\n    metadata: {{annotations: {{{on_pods}}}}}\n"))
}

#[test]
fn an_annotation_counts_on_the_object_and_on_its_pods_but_not_under_deny() {
    let ignore = "seaworthy.dev/ignore-job-never-completes: quits by itself until 2027-01-31";
    let waived = format!("{KEPT} annotation: quits by itself");
    let cases = [
        ("", ignore, "", "2027-01-31", waived.as_str()),
        ("", "", ignore, "2027-01-31", &waived),
        ("", ignore, "", "2027-02-01", KEPT),
        ("modes: {default: audit}", "", ignore, "2027-01-31", &waived),
        ("modes: {default: deny}", ignore, ignore, "2027-01-31", KEPT),
        ("", "seaworthy.dev/ignore-job-never-completes: ''", "", "2027-01-31", KEPT),
        ("", "seaworthy.dev/ignore-job-never-completes: ''", ignore, "2027-01-31", &waived),
        ("", "seaworthy.dev/ignore-missing-pre-stop: no callers", "", "2027-01-31", KEPT),
    ];
    for (modes, on_job, on_pods, today, wanted) in cases {
        let outcome =
            judged_on(&engine(&format!("{CLASSIC}{modes}")), &[("job.yaml", &annotated(on_job, on_pods))], today);
        assert_eq!(found(&outcome), [wanted], "{modes} {on_job} {on_pods} {today}");
    }
}

#[test]
fn the_pods_of_a_cron_job_carry_its_annotation() {
    let text = "\
kind: CronJob
apiVersion: batch/v1
metadata: {name: work, namespace: shop}
spec:
  jobTemplate:
    spec:
      template:
        metadata: {annotations: {seaworthy.dev/ignore-job-never-completes: quits by itself}}
        spec: {containers: [{name: work, image: work}]}
";
    let wanted = ["job.yaml:7 job-never-completes(error) annotation: quits by itself"];
    assert_eq!(found(&judged(&engine(CLASSIC), &[("job.yaml", text)])), wanted);
}

/// Of several pod templates each has annotations of its own.
#[test]
fn the_annotation_of_a_pod_template_waives_nothing_for_others() {
    let waived = "seaworthy.dev/ignore-job-never-completes: quits by itself";
    let job = |annotations: &str| {
        let metadata = format!("metadata: {{annotations: {{{annotations}}}}}");
        format!(
            "    - template:\n        spec:\n          template:\n            {metadata}\n            spec: {{containers: [{{name: a}}]}}\n"
        )
    };
    let head = "apiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {name: a}\nspec:\n  replicatedJobs:\n";
    let text = format!("{head}{}{}", job(waived), job("seaworthy.dev/ignore-job-never-complets: x"));
    let outcome = judged(&engine(CLASSIC), &[("jobs.yaml", &text)]);
    let jobs = found(&outcome).into_iter().filter(|it| it.contains(" job-never-completes("));
    let wanted = [
        "jobs.yaml:8 job-never-completes(error) annotation: quits by itself",
        "jobs.yaml:13 job-never-completes(error)",
    ];
    assert_eq!(jobs.collect::<Vec<_>>(), wanted);
    assert!(told(&outcome).iter().any(|it| it.starts_with("jobs.yaml:14:") && it.contains("job-never-complets")));
}

#[test]
fn an_annotation_that_does_nothing_is_told_at_its_place() {
    for (annotation, message) in [
        (
            "job-never-complete: quits",
            "there is no rule `job-never-complete` to ignore; did you mean `job-never-completes`?",
        ),
        (
            "job-never-completes: ''",
            "this ignore has no reason: write `seaworthy.dev/ignore-job-never-completes: <reason>`",
        ),
        (
            "job-never-completes: true",
            "this ignore has no reason: write `seaworthy.dev/ignore-job-never-completes: <reason>`",
        ),
        ("job-never-completes: a until 2026-12-31", "this ignore ended on 2026-12-31: remove it, or give it a new end"),
    ] {
        let text = annotated("", &format!("seaworthy.dev/ignore-{annotation}"));
        let outcome = judged(&engine(CLASSIC), &[("job.yaml", &text)]);
        assert_eq!(found(&outcome), [KEPT], "{annotation}");
        let value = annotation.split_once(": ").map_or("", |(_, value)| value);
        let column = 1 + text.lines().nth(5).and_then(|line| line.find(value)).expect("the value is on line 6");
        assert_eq!(told(&outcome), [format!("job.yaml:6:{column}: {message}")], "{annotation}");
    }
}
