//! What was measured, and its record: a small text file for each setting in `measured/`.

use crate::callers::{Answer, Direction, Way};
use crate::setting::Setting;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::PathBuf;

/// Set to anything: what is measured is recorded instead of compared, and the page is written anew.
pub const RECORD: &str = "SEAWORTHY_RECORD";

/// The end of a pod.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Who called (`out new`), and what came of it: a letter for each half second.
    pub calls: Vec<(String, String)>,
    /// At which half second the agent did what.
    pub deeds: Vec<(u32, String)>,
    /// The half second in which Envoy was gone.
    pub ended: Option<u32>,
}

/// What the kubelet's probe on 15021 got, among the calls.
pub const READY: &str = "ready 15021";

impl Measured {
    /// Notes a call.
    pub fn called(&mut self, direction: Direction, way: Way, answer: Answer) {
        let letter = match answer {
            Answer::Given => 'o',
            Answer::Closing => 'c',
            Answer::Died => 'x',
        };
        self.push(label(direction, way), letter);
    }

    /// Notes a probe.
    pub fn probed(&mut self, is_ready: bool) {
        self.push(READY.to_owned(), if is_ready { 'o' } else { 'x' });
    }

    /// Notes what the agent has done.
    pub fn deeds(&mut self, now: u32, deeds: Vec<String>) {
        self.deeds.extend(deeds.into_iter().map(|deed| (now, deed)));
    }

    /// When calls of this kind died: the half second of the first that did, behind which none was answered.
    pub fn died(&self, direction: Direction, way: Way) -> Option<u32> {
        let letters = self.letters(&label(direction, way))?;
        let first = letters.find('x')?;
        assert!(letters[first..].chars().all(|letter| letter == 'x'), "dead, and alive again: {letters}");
        u32::try_from(first).ok()
    }

    /// The letters of one who called.
    pub fn letters(&self, label: &str) -> Option<&str> {
        self.calls.iter().find(|(name, _)| name == label).map(|(_, letters)| letters.as_str())
    }

    /// What was recorded of a setting.
    pub fn recorded(setting: &Setting) -> Self {
        let path = record(setting);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::read(&text).unwrap_or_else(|| panic!("{} is no record", path.display()))
    }

    /// Compares with the record, or makes it.
    pub fn compare(&self, setting: &Setting) {
        if std::env::var_os(RECORD).is_some() {
            fs::write(record(setting), self.to_string()).expect("a record");
        }
        let recorded = Self::recorded(setting);
        assert!(*self == recorded, "{}: recorded was\n{recorded}\nnow it is\n{self}", setting.id);
    }

    fn push(&mut self, label: String, letter: char) {
        match self.calls.iter_mut().find(|(name, _)| *name == label) {
            Some((_, letters)) => letters.push(letter),
            None => self.calls.push((label, letter.to_string())),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let mut measured = Self::default();
        for line in text.lines() {
            let (key, value) = line.split_once(": ")?;
            match key.strip_suffix(" s") {
                Some(seconds) if value == GONE => measured.ended = Some(half_second(seconds)?),
                Some(seconds) => measured.deeds.push((half_second(seconds)?, value.to_owned())),
                None => measured.calls.push((key.to_owned(), value.to_owned())),
            }
        }
        Some(measured)
    }
}

const GONE: &str = "Envoy is gone";

impl Display for Measured {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.calls.iter().try_for_each(|(label, letters)| writeln!(f, "{label}: {letters}"))?;
        self.deeds.iter().try_for_each(|(at, deed)| writeln!(f, "{}: {deed}", seconds(*at)))?;
        self.ended.iter().try_for_each(|at| writeln!(f, "{}: {GONE}", seconds(*at)))
    }
}

/// `out new`
pub fn label(direction: Direction, way: Way) -> String {
    format!("{direction:?} {way:?}").to_lowercase()
}

/// Half seconds as people write them: `12.5 s`.
pub fn seconds(half_seconds: u32) -> String {
    format!("{} s", f64::from(half_seconds) / 2.0)
}

fn half_second(seconds: &str) -> Option<u32> {
    let seconds: f64 = seconds.parse().ok()?;
    Some((seconds * 2.0) as u32)
}

fn record(setting: &Setting) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lifecycle/measured").join(format!("{}.txt", setting.id))
}
