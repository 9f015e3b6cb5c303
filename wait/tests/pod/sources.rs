//! What holds for the text of the program: no dependency, `unsafe` in one file, and help that the documentation shows.

use crate::harness::{program, run};
use std::path::{Path, PathBuf};

fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn unsafe_stands_in_one_file() {
    let mut with = Vec::new();
    for entry in std::fs::read_dir(own("src")).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let code = || text.lines().map(|line| line.split("//").next().unwrap_or_default());
        if code().any(|line| line.contains("unsafe")) {
            with.push(entry.file_name());
        }
    }
    assert_eq!(with, ["sys.rs"]);
}

#[test]
fn it_has_no_dependency() {
    let lock = std::fs::read_to_string(own("../Cargo.lock")).unwrap();
    let package = lock.split("[[package]]").find(|package| package.contains("name = \"seaworthy-wait\"")).unwrap();
    assert!(!package.contains("dependencies"), "{package}");
}

#[test]
fn the_page_shows_every_help() {
    let page = std::fs::read_to_string(own("../docs/wait.md")).unwrap();
    for line in ["--help", "run --help", "job --help", "drain --help", "identity --help", "install --help"] {
        let ended = run(&mut program(line));
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{line}");
        assert!(
            page.contains(&format!("```text\n{}```\n", ended.stdout)),
            "docs/wait.md must show this:\n{}",
            ended.stdout
        );
    }
}

#[test]
fn what_cannot_be_printed_is_told_of() {
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for line in ["--help", "run --help", "--version"] {
        let ended = program(line).stdout(full()).output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(125), "{line}: {stderr}");
        assert!(stderr.contains("cannot write to standard output: No space left"), "{line}: {stderr}");
    }
    // The file is there, and nobody has to read where.
    let folder = std::env::temp_dir().join("seaworthy-wait-printed-nowhere");
    std::fs::create_dir_all(&folder).unwrap();
    let ended = program("install").arg(&folder).stdout(full()).output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!((ended.status.code(), folder.join("wait").is_file()), (Some(0), true), "{stderr}");
    assert!(stderr.contains("/wait; cannot write to standard output"), "{stderr}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_tasks_help_is_asked_for_in_each_way() {
    let help = run(&mut program("--help")).stdout;
    for line in ["help", "-h"] {
        assert_eq!(run(&mut program(line)).stdout, help, "{line}");
    }
    let run_help = run(&mut program("run --help")).stdout;
    for line in ["run -h", "run --timeout 5s --help", "run --quiet -h -- sh"] {
        assert_eq!(run(&mut program(line)).stdout, run_help, "{line}");
    }
    assert_eq!(run(&mut program("--version")).stdout, concat!("seaworthy-wait ", env!("CARGO_PKG_VERSION"), "\n"));
}
