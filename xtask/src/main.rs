//! The project's own commands: `cargo xtask docs [--check]` writes, or compares, the generated documents; `cargo xtask figures`
//! measures and writes what it measured; `cargo xtask wait` builds seaworthy-wait for both architectures and tests it;
//! `cargo xtask image` builds what the images hold and tries it alone.

mod docs;
mod figures;
mod image;
mod wait;

use std::path::Path;
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["docs"] => docs::write(&root).map(|()| ExitCode::SUCCESS),
        ["docs", "--check"] => docs::check(&root),
        ["figures"] => figures::write(&root).map(|()| ExitCode::SUCCESS),
        ["wait"] => wait::check(&root).map(|()| ExitCode::SUCCESS),
        ["image"] => image::check(&root).map(|()| ExitCode::SUCCESS),
        _ => anyhow::bail!("wanted a command: docs [--check], figures, wait, image"),
    }
}
