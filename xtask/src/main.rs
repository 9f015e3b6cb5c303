//! The project's own commands: `cargo xtask docs` writes the generated documents.

mod docs;

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["docs"] => docs::write(&root),
        _ => anyhow::bail!("wanted a command: docs"),
    }
}
