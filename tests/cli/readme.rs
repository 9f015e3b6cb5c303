//! The README's transcripts are what the program prints.

use crate::seaworthy;
use std::fs;
use std::path::Path;

/// Stands for output that the README leaves out.
const LEFT_OUT: &str = "[...]";

#[test]
fn the_readme_shows_what_the_program_prints() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let transcripts: Vec<(String, String)> = transcripts(&text).collect();
    assert!(transcripts.len() >= 2, "{transcripts:?}");
    for (command, shown) in transcripts {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let ran = seaworthy(&arguments).env("COLUMNS", "1000").run();
        let mut printed = &*format!("{}{}", ran.out, ran.err);
        for part in shown.split(LEFT_OUT).map(str::trim).filter(|part| !part.is_empty()) {
            let at =
                printed.find(part).unwrap_or_else(|| panic!("`{command}` does not print:\n{part}\nbut:\n{printed}"));
            printed = &printed[at + part.len()..];
        }
    }
}

/// The commands of the program in console blocks, with the output shown behind them.
fn transcripts(text: &str) -> impl Iterator<Item = (String, String)> {
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter_map(|block| {
        let (command, shown) = block.split_once('\n')?;
        let command =
            command.strip_prefix("$ cargo run --quiet -- ").or_else(|| command.strip_prefix("$ seaworthy "))?;
        (!shown.trim().is_empty()).then(|| (command.to_owned(), shown.to_owned()))
    })
}
