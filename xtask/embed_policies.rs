//! Build script of seaworthy: lists the files of `policies/`, so that a new rule is a new file there and nothing else.
//!
//! Writes `policies.rs` into `OUT_DIR`: one expression, a slice of (file name, text) in the order of the names.

use std::io::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // A changed folder covers new and removed files; changed ones are known by their `include_str!`.
    let watched = ["xtask/embed_policies.rs", "policies"].map(|path| format!("cargo::rerun-if-changed={path}\n"));
    io::stdout().write_all(watched.concat().as_bytes())?;
    let variable = |name| env::var(name).map_err(io::Error::other);
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("policies");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    files.sort();
    let entry = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        format!("    ({name:?}, include_str!({path:?})),\n")
    };
    let entries: String = files.iter().map(|path| entry(path)).collect();
    fs::write(Path::new(&variable("OUT_DIR")?).join("policies.rs"), format!("&[\n{entries}]\n"))
}
