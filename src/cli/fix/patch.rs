//! What changes, as a patch that `git apply` takes.
//!
//! Names are relative to the current folder, behind `a/` and `b/`, and there is no `diff --git` line: so git takes them
//! as relative to the folder where it is called, and not to the top of the repository
//! (<https://github.com/git/git/blob/master/apply.c>).

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};
use std::fmt::Write;
use std::ops::Range;

/// Lines around a change that help to find its place, as git has them.
const CONTEXT: usize = 3;

/// The patch that makes `after` of `before`; empty where nothing differs. Every line is as it was, its end included.
pub fn patch(name: &[u8], before: &str, after: &str) -> String {
    let (old, new) = (lines(before), lines(after));
    let hunks = group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT);
    let mut patch = String::new();
    for (index, hunk) in hunks.iter().enumerate() {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        if index == 0 {
            patch += &format!("--- {}\n+++ {}\n", quoted("a/", name), quoted("b/", name));
        }
        let range = |first: Range<usize>, last: Range<usize>| span(first.start, last.end);
        let (gone, come) = (range(first.old_range(), last.old_range()), range(first.new_range(), last.new_range()));
        patch += &format!("@@ -{gone} +{come} @@\n");
        for operation in hunk {
            print(operation, &old, &new, &mut patch);
        }
    }
    patch
}

/// Lines with their ends. Only a line feed ends a line, as git sees it.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// `start,length` as hunks give it: from 1, but the line before where it is empty.
fn span(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

fn print(operation: &DiffOp, old: &[&str], new: &[&str], patch: &mut String) {
    let mut all = |sign: char, lines: Option<&[&str]>| {
        for line in lines.unwrap_or(&[]) {
            patch.push(sign);
            patch.push_str(line);
            if !line.ends_with('\n') {
                patch.push_str("\n\\ No newline at end of file\n");
            }
        }
    };
    if let DiffOp::Equal { .. } = operation {
        all(' ', old.get(operation.old_range()));
    } else {
        all('-', old.get(operation.old_range()));
        all('+', new.get(operation.new_range()));
    }
}

/// A name as git writes it: in quotes with escapes where it has anything but printable ASCII, and with a tab behind it where
/// it has a space (<https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath>).
fn quoted(side: &str, name: &[u8]) -> String {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if name.iter().all(is_plain) {
        let name: String = name.iter().map(|byte| char::from(*byte)).collect();
        let end = if name.contains(' ') { "\t" } else { "" };
        return format!("{side}{name}{end}");
    }
    let mut text = format!("\"{side}");
    for byte in name {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b' '..=b'~' => text.push(char::from(*byte)),
            // Writing to a String does not fail.
            other => drop(write!(text, "\\{other:03o}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_they_were() {
        let cases = [
            ("a\n", "a\n", ""),
            ("a\n", "b\n", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"),
            ("a\r\nb\rc\r\n", "a\r\nd\rc\r\n", "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\rc\r\n+d\rc\r\n"),
            (
                "a\nb",
                "a\nc",
                "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n",
            ),
            ("", "a\n", "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n"),
            (
                "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n",
                "1\n2\n3\n4\n5\nnew\n6\n7\n8\n9\n10\n11\n",
                "--- a/x\n+++ b/x\n@@ -3,6 +3,7 @@\n 3\n 4\n 5\n+new\n 6\n 7\n 8\n",
            ),
        ];
        for (before, after, wanted) in cases {
            assert_eq!(patch(b"x", before, after), wanted, "{before:?} -> {after:?}");
        }
    }

    #[test]
    fn names_are_written_as_git_does() {
        let cases: [(&[u8], &str); 5] = [
            (b"deploy/web.yaml", "a/deploy/web.yaml"),
            (b"my web.yaml", "a/my web.yaml\t"),
            (b"a\"b\\c\td.yaml", "\"a/a\\\"b\\\\c\\td.yaml\""),
            ("käse.yaml".as_bytes(), "\"a/k\\303\\244se.yaml\""),
            (b"\x01\x7f.yaml", "\"a/\\001\\177.yaml\""),
        ];
        for (name, wanted) in cases {
            assert_eq!(quoted("a/", name), wanted);
        }
    }
}
