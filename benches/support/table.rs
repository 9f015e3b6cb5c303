//! Tables in Markdown, as they stand in `docs/figures.md`; columns are padded so that they read well in a terminal too.

use crate::support::rounds::Spread;

/// A table that grows row by row.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|&heading| heading.to_owned()).collect()] }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Prints it.
    pub fn print(&self) {
        let columns = self.rows[0].len();
        let widest = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        for (index, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
            println!("| {} |", cells.join(" | "));
            if index == 0 {
                let rules: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
                println!("| {} |", rules.join(" | "));
            }
        }
        println!();
    }
}

/// A median, and the least and greatest value: `812 (790 to 866)`.
pub fn spread(spread: Spread, decimals: usize) -> String {
    let Spread { median, least, greatest } = spread;
    format!("{median:.decimals$} ({least:.decimals$} to {greatest:.decimals$})")
}
