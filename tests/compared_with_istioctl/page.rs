//! The tables of the page.

use std::fs;
use std::path::Path;

/// The cells of a row, but for the reason.
pub type Row = Vec<String>;

/// The text of the page.
pub fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compared-with-istioctl.md")).unwrap()
}

/// The lines of the table under a heading.
pub fn table_under(heading: &str) -> Vec<String> {
    let page = page();
    let (_, rest) = page.split_once(&format!("## {heading}\n")).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    section.lines().filter(|line| line.starts_with('|')).skip(2).map(str::to_owned).collect()
}

/// Rows with the reason apart, which is the last cell.
pub fn rows(table: &[String]) -> Vec<(Row, String)> {
    let cells = |line: &String| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Row>();
    let row = |line| {
        let mut row = cells(line);
        let reason = row.pop().unwrap();
        (row, reason)
    };
    table.iter().map(row).collect()
}

/// Rows as the page has them.
pub fn shown(rows: &[Row]) -> String {
    rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect()
}
