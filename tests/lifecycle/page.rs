//! The parts of `docs/lifecycle.md` that are written from what was measured, computed and seen. What stands around them is
//! written by hand.

use crate::callers::{Direction, Way};
use crate::drawing;
use crate::measured::{Measured, label, seconds};
use crate::predicted::{Ends, Predicted};
use crate::setting::{Fate, PRE_STOP, SETTINGS, Setting, Traffic};
use crate::sidecar::half_seconds;
use seaworthy::mesh::GoDuration;
use std::path::PathBuf;

/// A part: its name in the marks around it, and its text.
pub type Part = (&'static str, String);

/// All parts.
pub fn parts() -> Vec<Part> {
    let rows: Vec<Row> = SETTINGS.iter().map(Row::of).collect();
    vec![
        (
            "calls out",
            table(&["setting", "computed", "with Envoy", "real agent"], &rows, |row| row.died(Direction::Out)),
        ),
        (
            "requests in",
            table(&["setting", "computed", "with Envoy", "real agent"], &rows, |row| row.died(Direction::In)),
        ),
        ("proxy", table(&["setting", "computed", "with Envoy", "real agent"], &rows, Row::ended)),
        ("counts", table(&COUNTED, &rows, Row::counts)),
        ("courses", rows.iter().map(Row::course).collect::<Vec<_>>().join("\n\n")),
    ]
}

const COUNTED: [&str; 6] =
    ["setting", "out, in preStop", "out, after it", "in, in preStop", "in, after it", "open ones cut"];

/// Where the page lies.
pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/lifecycle.md")
}

/// A page with these parts between their marks, in place of what was there.
pub fn with_parts(page: &str, parts: &[Part]) -> String {
    parts.iter().fold(page.to_owned(), |page, (name, text)| {
        let (begin, end) = (format!("<!-- measured: {name} -->\n"), format!("<!-- end: {name} -->"));
        let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/lifecycle.md lacks {begin}"));
        let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("docs/lifecycle.md lacks {end}"));
        format!("{before}{begin}\n{text}\n\n{end}{after}")
    })
}

/// One setting with all that is known of it.
struct Row {
    setting: &'static Setting,
    measured: Measured,
    predicted: Predicted,
}

impl Row {
    fn of(setting: &'static Setting) -> Self {
        Self { setting, measured: Measured::recorded(setting), predicted: Predicted::of(setting) }
    }

    fn died(&self, direction: Direction) -> Vec<String> {
        let computed = self.predicted.died(direction, Way::New).map(half_seconds);
        let seen = self.setting.real.map_or(Fate::Unseen, |real| real.fate(direction));
        let seen = match seen {
            Fate::Died(at) => format!("{at} s"),
            Fate::Lived => NEVER.to_owned(),
            Fate::Unseen => UNSEEN.to_owned(),
        };
        vec![or_never(computed), or_never(self.measured.died(direction, Way::New)), seen]
    }

    fn ended(&self) -> Vec<String> {
        let at = |time: GoDuration| seconds(half_seconds(time));
        let computed = match self.predicted.ends() {
            Ends::At(time) => at(time),
            Ends::WithConnections(earliest) => format!("with its last connection, not before {}", at(earliest)),
            Ends::WithApplication => "with the application".to_owned(),
        };
        let real = self.setting.real.map_or(UNSEEN, |real| real.ended);
        vec![computed, or_never(self.measured.ended), real.to_owned()]
    }

    /// Answers in the time of the preStop and after it.
    fn counts(&self) -> Vec<String> {
        let pre_stop = half_seconds(GoDuration::from_seconds(PRE_STOP)) as usize;
        let answered =
            |letters: &str| format!("{} of {}", letters.chars().filter(|letter| *letter != 'x').count(), letters.len());
        let new = [Direction::Out, Direction::In].map(|direction| self.letters(direction, Way::New));
        let mut counts: Vec<String> =
            new.iter().flat_map(|letters| [answered(&letters[..pre_stop]), answered(&letters[pre_stop..])]).collect();
        let streams = [(Direction::Out, Way::Stream), (Direction::Out, Way::Tcp), (Direction::In, Way::Stream)];
        let cut = streams.iter().filter(|(direction, way)| self.measured.died(*direction, *way).is_some()).count();
        counts.push(match self.setting.traffic {
            Traffic::ShortOnly => "none open".to_owned(),
            Traffic::Long | Traffic::LongToDeaf => format!("{cut} of {}", streams.len()),
        });
        counts
    }

    fn letters(&self, direction: Direction, way: Way) -> &str {
        self.measured.letters(&label(direction, way)).expect("those who call anew are always there")
    }

    /// The drawing, and below it on the same axis what came of the calls.
    fn course(&self) -> String {
        let mut lines = self.predicted.drawing();
        lines.push(String::new());
        lines.push(format!("{:14}o answered  c answered, and told to close  x died", "with Envoy"));
        lines.extend(self.measured.calls.iter().map(|(label, letters)| drawing::row(label, letters)));
        lines.push(String::new());
        lines.extend(deeds(&self.measured));
        format!("### {}\n\n```text\n{}\n```", capital(self.setting.title), lines.join("\n"))
    }
}

const NEVER: &str = "never";
const UNSEEN: &str = "not tried";

fn or_never(half_second: Option<u32>) -> String {
    half_second.map_or(NEVER.to_owned(), seconds)
}

/// What the agent did; what it did again and again is one line.
fn deeds(measured: &Measured) -> Vec<String> {
    let mut runs: Vec<(u32, u32, &str)> = Vec::new();
    for (at, deed) in &measured.deeds {
        match runs.last_mut().filter(|(_, _, last)| last == deed) {
            Some((_, until, _)) => *until = *at,
            None => runs.push((*at, *at, deed)),
        }
    }
    let line = |(from, until, deed): (u32, u32, &str)| {
        let times = if from == until { seconds(from) } else { format!("{} to {}", seconds(from), seconds(until)) };
        format!("{times:14}{deed}")
    };
    runs.into_iter().map(line).collect()
}

fn table(head: &[&str], rows: &[Row], cells: impl Fn(&Row) -> Vec<String>) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let rule = vec!["---".to_owned(); head.len()];
    let body = rows.iter().map(|row| [vec![row.setting.title.to_owned()], cells(row)].concat());
    [head, rule].into_iter().chain(body).map(|cells| line(&cells)).collect::<Vec<_>>().join("\n")
}

fn capital(title: &str) -> String {
    let (first, rest) = title.split_at(1);
    first.to_uppercase() + rest
}
