//! Rows of characters over an axis of seconds.

use crate::mesh::GoDuration;
use crate::mesh::shutdown::timeline::WIDTH;

/// Columns for the labels.
const LABEL: usize = 14;
/// Columns for the time; the last one is the end of the axis.
const COLUMNS: usize = WIDTH - LABEL - 1;
/// The longest name that is drawn whole.
const LONGEST_NAME: usize = LABEL - 2;

/// Seconds of the longest axis: thirty years.
const LONGEST: i64 = 1_000_000_000;

/// The axis of seconds that all rows share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    last: i64,
}

/// One row: a label, and what happens over time.
#[derive(Debug, Clone)]
pub(super) struct Row {
    label: String,
    cells: Vec<u8>,
    axis: Axis,
}

impl Axis {
    /// From 0 to this second, at least 1; nothing is drawn that takes longer than [`LONGEST`].
    pub(super) fn to(last: i64) -> Self {
        Self { last: last.clamp(1, LONGEST) }
    }

    /// The last second.
    pub(super) fn last(self) -> i64 {
        self.last
    }

    /// The nearest column; times beyond the axis fall on its end.
    fn column(self, second: i64) -> usize {
        self.column_of_millis(second.clamp(0, self.last).saturating_mul(1000))
    }

    /// The same for a duration.
    fn column_of(self, time: GoDuration) -> usize {
        self.column_of_millis((time.nanos() / 1_000_000).clamp(0, self.last.saturating_mul(1000)))
    }

    fn column_of_millis(self, millis: i64) -> usize {
        let last = self.last * 1000;
        let column = (millis * (COLUMNS as i64 - 1) * 2 + last) / (last * 2);
        usize::try_from(column).unwrap_or(0).min(COLUMNS - 1)
    }

    /// The line of numbers.
    pub(super) fn ticks(self) -> String {
        let mut line = format!("{:LABEL$}", "seconds");
        for tick in (0..=self.last).step_by(self.step()) {
            let at = LABEL + self.column(tick);
            let number = tick.to_string();
            if at + number.len() <= WIDTH && (line.len() < at || tick == 0) {
                line.extend(std::iter::repeat_n(' ', at.saturating_sub(line.len())));
                line.push_str(&number);
            }
        }
        line
    }

    /// Seconds from one number to the next: at most ten of them.
    fn step(self) -> usize {
        let fits = |step: &&i64| self.last / **step <= 9;
        let step = STEPS.iter().find(fits).copied().unwrap_or(self.last / 5 + 1);
        usize::try_from(step).unwrap_or(usize::MAX)
    }
}

const STEPS: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400];

impl Row {
    /// The last second of its axis.
    pub(super) fn last(&self) -> i64 {
        self.axis.last
    }

    /// An empty row.
    pub(super) fn new(label: &str, axis: Axis) -> Self {
        Self { label: shown(label), cells: vec![b' '; COLUMNS], axis }
    }

    /// From one second up to another.
    pub(super) fn fill(&mut self, mark: u8, from: i64, to: i64) -> &mut Self {
        let (from, to) = (self.axis.column(from), self.axis.column(to));
        self.fill_columns(mark, from, to)
    }

    /// From a time that may be a part of a second up to a second.
    pub(super) fn fill_from(&mut self, mark: u8, from: GoDuration, to: i64) -> &mut Self {
        let (from, to) = (self.axis.column_of(from), self.axis.column(to));
        self.fill_columns(mark, from, to)
    }

    /// From a second up to a time that may be a part of one.
    pub(super) fn fill_to(&mut self, mark: u8, from: i64, to: GoDuration) -> &mut Self {
        let (from, to) = (self.axis.column(from), self.axis.column_of(to));
        self.fill_columns(mark, from, to)
    }

    fn fill_columns(&mut self, mark: u8, from: usize, to: usize) -> &mut Self {
        self.cells.iter_mut().take(to).skip(from).for_each(|cell| *cell = mark);
        self
    }

    /// At one second.
    pub(super) fn put(&mut self, mark: u8, second: i64) -> &mut Self {
        let column = self.axis.column(second);
        self.fill_columns(mark, column, column + 1)
    }

    /// At a time that may be a part of a second.
    pub(super) fn put_at(&mut self, mark: u8, time: GoDuration) -> &mut Self {
        let column = self.axis.column_of(time);
        self.fill_columns(mark, column, column + 1)
    }

    /// Killed at a second: what is drawn behind it never happens.
    pub(super) fn cut(&mut self, second: i64) -> &mut Self {
        let column = self.axis.column(second);
        self.cells.iter_mut().skip(column + 1).filter(|cell| **cell != b' ').for_each(|cell| *cell = b'*');
        self.fill_columns(b'K', column, column + 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| *cell == b' ')
    }

    /// As a line without blanks at its end.
    pub(super) fn line(&self) -> String {
        let drawn = self.cells.iter().rposition(|cell| *cell != b' ').map_or(0, |last| last + 1);
        let cells = String::from_utf8_lossy(self.cells.get(..drawn).unwrap_or_default());
        let mut line = format!("{:LABEL$}{cells}", self.label);
        line.truncate(line.trim_end().len());
        line
    }
}

/// A name in printable ASCII, cut where it would reach into the drawing.
fn shown(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    if clean.len() <= LONGEST_NAME {
        return clean;
    }
    format!("{}...", clean.chars().take(LONGEST_NAME - 3).collect::<String>())
}

/// What the marks in these rows mean.
pub(super) fn legend(rows: &[Row]) -> Vec<String> {
    let is_used = |mark: u8| rows.iter().any(|row| row.cells.contains(&mark));
    let used = MARKS.iter().filter(|(mark, _)| is_used(*mark));
    let mut lines: Vec<String> = Vec::new();
    for entry in used.map(|(mark, meaning)| format!("{} {meaning}", char::from(*mark))) {
        match lines.last_mut() {
            Some(line) if line.len() + 2 + entry.len() <= WIDTH => *line += &format!("  {entry}"),
            _ => lines.push(format!("{:LABEL$}{entry}", "")),
        }
    }
    lines
}

const MARKS: [(u8, &str); 11] = [
    (b'=', "preStop"),
    (b'T', "SIGTERM"),
    (b'-', "shutting down"),
    (b'|', "ended"),
    (b'K', "SIGKILL"),
    (b'*', "never happens"),
    (b'.', "running"),
    (b'o', "requests work"),
    (b'x', "requests die"),
    (b'?', "not known"),
    (b'>', "goes on"),
];
