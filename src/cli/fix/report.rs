//! What a run of `fix` says on standard error: what is fixed, what is left and why, what `--unsafe` would do, a summary.

use crate::base::{Finding, Place, Remedy};
use crate::engine::{FixedFile, Left, Why};
use crate::report::one_line;
use std::collections::BTreeMap;
use std::fmt;

/// What there is to say.
pub struct Report<'a> {
    /// The files whose text changes, without those that could not be written.
    pub fixed: Vec<&'a FixedFile>,
    /// How many files could not be written.
    pub unwritten: usize,
    /// What stays.
    pub left: &'a [Left],
    /// Whether the texts were written, and not only could be.
    pub written: bool,
    /// Whether only the first few of a kind are said.
    pub shorten: bool,
}

/// Lines of one rule in one file that are said in a shortened report.
const SHOWN_PER_RULE: usize = 5;

/// One line: about a finding of a rule at a place.
struct Line<'a> {
    place: Option<&'a Place>,
    word: &'static str,
    rule: &'a str,
    text: String,
}

impl Report<'_> {
    /// The lines about findings, each as `file:line: word[rule] text`.
    pub fn findings(&self) -> String {
        let fixed: Vec<Line<'_>> =
            self.fixed.iter().flat_map(|file| file.fixed.iter().map(|it| self.fixed(it))).collect();
        let lines: Vec<Line<'_>> = self.left.iter().map(|left| self.left(left)).collect();
        let (left, unsafe_ones): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.word == LEFT);
        [fixed, left, unsafe_ones].iter().map(|lines| self.shown(lines)).collect()
    }

    fn word(&self) -> &'static str {
        if self.written { "fixed" } else { "would fix" }
    }

    fn fixed<'f>(&self, finding: &'f Finding) -> Line<'f> {
        let text = match &finding.remedy {
            Remedy::Fix(fix) => fix.title.clone(),
            Remedy::Unfixed(gone) => gone.clone(),
        };
        let word = self.word();
        Line { place: finding.place.as_ref(), word, rule: &finding.rule, text }
    }

    fn left<'l>(&self, left: &'l Left) -> Line<'l> {
        let finding = &left.finding;
        let (word, text) = match &left.why {
            Why::NoFix(reason) | Why::WouldNotHold(reason) => (LEFT, reason.clone()),
            Why::NeedsUnsafe(reason) => {
                let title = finding.remedy.fix().map_or("", |fix| &fix.title);
                (UNSAFE, format!("{title}: {reason}"))
            }
        };
        let is_new = self.written && finding.place.as_ref().is_some_and(|place| self.is_fixed(&place.file));
        let place = if is_new { finding.place.as_ref() } else { left.place_before.as_ref() };
        Line { place, word, rule: &finding.rule, text }
    }

    fn is_fixed(&self, file: &str) -> bool {
        self.fixed.iter().any(|fixed| **fixed.before.name() == *file)
    }

    fn shown(&self, lines: &[Line<'_>]) -> String {
        let mut text = String::new();
        let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for line in lines {
            let file = line.place.map_or("", |place| &place.file);
            let count = seen.entry((file, line.rule)).or_default();
            *count += 1;
            if !self.shorten || *count <= SHOWN_PER_RULE {
                text += &format!("{line}\n");
            }
        }
        let hidden = seen.into_iter().filter(|(_, count)| self.shorten && *count > SHOWN_PER_RULE);
        for ((file, rule), count) in hidden {
            let word = lines.first().map_or("", |line| line.word);
            let more = format!("{file}: and {} more {word}[{rule}] (-v shows all)", count - SHOWN_PER_RULE);
            text += &format!("{}\n", one_line(&more));
        }
        text
    }
}

const LEFT: &str = "left";
const UNSAFE: &str = "unsafe";

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, word, rule, text } = self;
        let place = place.map_or_else(String::new, |place| format!("{}:{}: ", place.file, place.start.line));
        f.write_str(&one_line(&format!("{place}{word}[{rule}] {text}")))
    }
}

impl fmt::Display for Report<'_> {
    /// The summary: `fixed 3 findings in 2 files; 4 left, 1 more with --unsafe`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let findings = self.fixed.iter().map(|file| file.fixed.len()).sum();
        let word = self.word();
        match self.fixed.len() {
            0 if self.unwritten > 0 => write!(f, "{word} nothing")?,
            0 => f.write_str("nothing to fix")?,
            files => write!(f, "{word} {} in {}", number(findings, "finding"), number(files, "file"))?,
        }
        let unsafe_ones = self.left.iter().filter(|left| matches!(left.why, Why::NeedsUnsafe(_))).count();
        let left = self.left.len() - unsafe_ones;
        let said = [
            (self.unwritten, format!("{} not written", number(self.unwritten, "file"))),
            (left, format!("{left} left")),
            (unsafe_ones, format!("{unsafe_ones} more with --unsafe")),
        ];
        let said: Vec<String> = said.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
        if said.is_empty() { Ok(()) } else { write!(f, "; {}", said.join(", ")) }
    }
}

fn number(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
