//! The layers of `src/`: an arrow goes to a strictly lower layer, and ARCHITECTURE.md shows the picture this test draws.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// From the top down: the layer's name, and the modules in it. Modules of one layer are unaware of each other.
const LAYERS: [(&str, &[&str]); 6] = [
    ("entry points", &["cli", "webhook", "cluster"]),
    ("judging", &["engine", "report"]),
    ("knowledge", &["checks", "policy"]),
    ("surroundings", &["inventory"]),
    ("reading", &["manifest", "mesh"]),
    ("words", &["base"]),
];

/// What only the entry points may use: servers, clocks, files, processes, the environment.
const ENTRY_POINTS_ONLY: [&str; 20] = [
    "axum",
    "rustls",
    "tokio",
    "tokio_rustls",
    "kube",
    "hyper",
    "hyper_util",
    "rcgen",
    "ignore",
    "anyhow",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::io",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Zoned::now",
    "Timestamp::now",
];

#[derive(Debug)]
struct Line {
    file: PathBuf,
    number: usize,
    module: String,
    text: String,
}

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for line in source_lines() {
        for used in used_modules(&line.text).filter(|used| *used != line.module) {
            if layer(used) <= layer(&line.module) {
                wrong.push(format!("{}:{}: `{}` may not use `{used}`", line.file.display(), line.number, line.module));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that do not point to a lower layer:\n{}", wrong.join("\n"));
}

#[test]
fn only_entry_points_do_io() {
    let mut wrong = Vec::new();
    for line in source_lines().filter(|line| layer(&line.module) > 0) {
        for forbidden in ENTRY_POINTS_ONLY.iter().filter(|name| mentions(&line.text, name)) {
            wrong.push(format!("{}:{}: `{forbidden}` below the entry points", line.file.display(), line.number));
        }
    }
    assert!(wrong.is_empty(), "I/O, clock or environment where it may not be:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_layer() {
    let modules: BTreeSet<String> = source_lines().map(|line| line.module).collect();
    let known: BTreeSet<String> = LAYERS.iter().flat_map(|(_, names)| names.iter()).map(ToString::to_string).collect();
    assert_eq!(modules, known, "the modules of src/ and the layer table");
}

#[test]
fn architecture_page_shows_this_picture() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let picture = picture();
    assert!(page.contains(&picture), "ARCHITECTURE.md must hold this picture, which shows src/ as it is:\n\n{picture}");
}

/// The layers with the arrows that are there, as text.
fn picture() -> String {
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in source_lines() {
        let used = used_modules(&line.text).filter(|used| *used != line.module).map(str::to_owned);
        arrows.entry(line.module.clone()).or_default().extend(used);
    }
    let mut text = String::new();
    for (index, (name, modules)) in LAYERS.iter().enumerate() {
        for (position, module) in modules.iter().enumerate() {
            let number = LAYERS.len() - 1 - index;
            let title = if position == 0 { format!("{number} {name}") } else { String::new() };
            let mut used: Vec<&String> = arrows.get(*module).into_iter().flatten().collect();
            used.sort_by_key(|used| (layer(used), used.to_string()));
            let used = used.iter().map(|used| used.as_str()).collect::<Vec<_>>().join(" ");
            text += format!("{title:<15} {module:<10} -> {used}").trim_end_matches([' ', '-', '>']);
            text.push('\n');
        }
    }
    text
}

/// How far a module is from the top; entry points are 0.
fn layer(module: &str) -> usize {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module)).unwrap_or(usize::MAX)
}

/// The modules of this crate that a line names: `crate::engine`, `use crate::{base, engine}`.
fn used_modules(line: &str) -> impl Iterator<Item = &str> {
    let known = || LAYERS.iter().flat_map(|(_, modules)| modules.iter().copied());
    let code = line.split("//").next().unwrap_or("");
    let grouped = code.trim_start().starts_with("use crate::{");
    let named = move |module: &str| {
        mentions(code, &format!("crate::{module}"))
            || (grouped && code.split(['{', '}', ',']).any(|part| part.trim().split("::").next() == Some(module)))
    };
    known().filter(move |module| named(module))
}

fn mentions(line: &str, name: &str) -> bool {
    let code = line.split("//").next().unwrap_or("");
    let of_std = name.strip_prefix("std::").filter(|_| code.trim_start().starts_with("use std::{"));
    if of_std.is_some_and(|name| code.split(['{', '}', ',']).any(|part| part.trim().split("::").next() == Some(name))) {
        return true;
    }
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        // A crate is named by its path (`kube::Client`, `use kube;`), never as a field or a local.
        let used_as_path = name.contains("::") || after == Some(':') || name.starts_with(char::is_uppercase);
        !is_word(before) && !is_word(after) && before != Some('.') && used_as_path
    })
}

/// The code lines of the layered modules, without their unit tests.
fn source_lines() -> impl Iterator<Item = Line> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    files.sort();
    files.retain(|file| !is_unit_tests(file));
    files.into_iter().filter_map(|file| Some((module_of(&file)?, file))).flat_map(|(module, file)| {
        let text = std::fs::read_to_string(&file).expect("a source file");
        let code = without_tests(&text);
        let short = file.strip_prefix(root()).expect("below the root").to_owned();
        code.into_iter().map(move |(number, text)| Line { file: short.clone(), number, module: module.clone(), text })
    })
}

/// The lines of a file with their numbers, without what stands behind `#[cfg(test)]`: a declaration, or an item up to the bracket that closes it.
fn without_tests(text: &str) -> Vec<(usize, String)> {
    let mut kept = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(indent) = line.strip_suffix("#[cfg(test)]").filter(|indent| indent.trim().is_empty()) else {
            kept.push((index + 1, line.to_owned()));
            continue;
        };
        let first = lines.find(|(_, line)| !line.trim_start().starts_with("#["));
        if first.is_some_and(|(_, line)| !line.ends_with(';')) {
            let _last =
                lines.find(|(_, line)| line.strip_prefix(indent).is_some_and(|rest| rest == "}" || rest == "};"));
        }
    }
    kept
}

#[test]
fn only_what_is_for_tests_is_not_looked_at() {
    let text = "use a;\n#[cfg(test)]\nuse b;\nuse c;\nimpl D {\n    #[cfg(test)]\n    fn e() {\n        f();\n    }\n    fn g() {}\n}\n#[cfg(test)]\nmod tests {\n    h;\n}\nfn i() {}\n";
    let kept: Vec<usize> = without_tests(text).into_iter().map(|(number, _)| number).collect();
    assert_eq!(kept, [1, 4, 5, 10, 11, 16]);
}

/// Whether a file is a module of unit tests: the module above declares it under `#[cfg(test)]`.
fn is_unit_tests(file: &Path) -> bool {
    let (Some(folder), Some(module)) = (file.parent(), file.file_stem().and_then(|stem| stem.to_str())) else {
        return false;
    };
    let above = [folder.join("mod.rs"), folder.join("lib.rs"), folder.with_extension("rs")];
    let declares = |text: String| {
        let lines: Vec<&str> = text.lines().collect();
        lines.windows(2).any(|pair| pair[0] == "#[cfg(test)]" && pair[1].ends_with(&format!("mod {module};")))
    };
    above.iter().filter_map(|path| std::fs::read_to_string(path).ok()).any(declares)
}

/// The top module of a file; none for `main.rs` and `lib.rs`, which stand above the layers.
fn module_of(file: &Path) -> Option<String> {
    let relative = file.strip_prefix(root().join("src")).ok()?;
    let first = relative.components().next()?.as_os_str().to_str()?;
    (!matches!(first, "main.rs" | "lib.rs")).then(|| first.trim_end_matches(".rs").to_owned())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
