//! Build script of seaworthy: lists the files of `policies/` and the examples in `tests/rules/`, so that a new rule is a
//! new file in the one and its fixtures in the other, and nothing else.
//!
//! Writes `policies.rs` into `OUT_DIR`: a slice of (file name, text, bad example, good example) in the order of the names.

use std::io::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "cargo::rerun-if-changed=xtask/embed_policies.rs")?;
    // A changed folder covers new and removed files; changed ones are known by their `include_str!`.
    writeln!(out, "cargo::rerun-if-changed=policies")?;
    writeln!(out, "cargo::rerun-if-changed=tests/rules")?;
    let variable = |name| env::var(name).map_err(io::Error::other);
    let root = variable("CARGO_MANIFEST_DIR")?;
    let mut files = Vec::new();
    for entry in fs::read_dir(Path::new(&root).join("policies"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    let entry = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        let fixtures = Path::new(&root).join("tests/rules").join(path.file_stem().unwrap_or_default());
        let (bad, good) = (fixtures.join("fail-example.yaml"), fixtures.join("pass-example.yaml"));
        format!("    ({name:?}, include_str!({path:?}), {}, {}),\n", included(&bad), included(&good))
    };
    let entries: String = files.iter().map(|path| entry(path)).collect();
    fs::write(Path::new(&variable("OUT_DIR")?).join("policies.rs"), format!("&[\n{entries}]\n"))
}

/// A rule without examples can be built; a test of the program says which it is.
fn included(path: &Path) -> String {
    if path.exists() { format!("Some(include_str!({path:?}))") } else { "None".to_owned() }
}
