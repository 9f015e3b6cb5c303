//! Figures: what the benches measure, as ratios against a floor in the same run.

use anyhow::{Context, ensure};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Each bench prints its tables as Markdown.
const BENCHES: [(&str, &str); 3] = [
    (
        "check",
        "`seaworthy check` of 10,000 objects against a YAML parser whose events are drained, on the same threads",
    ),
    ("worst", "The largest objects that anybody can send, under all built-in rules"),
    (
        "validate",
        "`/validate` over TLS against a handler that looks at nothing, and one that parses the same review and allows it",
    ),
];

const HEAD: &str = "# Figures\n\nWritten by `cargo xtask figures`. Candidates take turns in one run; medians, and the whole spread behind \
                    them. The ratios count: absolute numbers are those of a noisy machine with two cores.\n\n\
                    Aimed at: `check` at most 1.5 times the floor, `fix --check` at most 1.5 times `check`, and an object of 1,000 containers \
                    with 10,000 variables judged in under 20 ms.\n";

/// Runs the benches and writes `docs/figures.md`.
pub fn write(root: &Path) -> anyhow::Result<()> {
    let mut page = HEAD.to_owned();
    for (bench, title) in BENCHES {
        page += &format!("\n## {title}\n\n{}\n", run(root, bench)?.trim());
    }
    fs::write(root.join("docs/figures.md"), page).context("docs/figures.md cannot be written")
}

fn run(root: &Path, bench: &str) -> anyhow::Result<String> {
    let output = Command::new("cargo").args(["bench", "--quiet", "--bench", bench]).current_dir(root).output()?;
    ensure!(output.status.success(), "bench {bench} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
