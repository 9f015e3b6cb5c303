//! Where a file may be touched for a change, and where not.
//!
//! Worked out from where the edited values stand, without a look at what the printer does: bytes may go only where they
//! are the value that goes; new ones may come only in the lines of what is edited.

use crate::touched::Touched;
use seaworthy::base::{Path, Segment, Span, TextEdit};
use seaworthy::manifest::{Document, Spot, Style};
use serde_json::{Map, Value};

/// The bytes of a file that some changes may touch.
#[derive(Debug)]
pub struct Places<'d> {
    document: &'d Document,
    text: &'d str,
    /// What may go.
    values: Vec<Span>,
    /// Where something may come; and space, commas and dashes may go.
    around: Vec<Span>,
    /// Where lines may come.
    lines: Vec<Span>,
    /// What cannot stay where it is when a value goes: a comment in there would be lost.
    torn: Vec<Span>,
}

impl<'d> Places<'d> {
    /// What of a document may be touched.
    pub fn of(document: &'d Document, touched: &[Touched]) -> Result<Self, String> {
        let text = document.source().ok_or("no text")?.text();
        let mut places =
            Self { document, text, values: Vec::new(), around: Vec::new(), lines: Vec::new(), torn: Vec::new() };
        for touched in touched {
            places.allow(touched).ok_or_else(|| format!("{touched:?} has no place"))?;
        }
        places.allow_emptied(touched);
        Ok(places)
    }

    /// Whether a comment stands in what goes.
    pub fn tear_comments(&self) -> bool {
        let is_in = |at: usize| self.torn.iter().any(|span| span.start <= at && at < span.end);
        self.document.comments().iter().any(|comment| is_in(comment.span.start))
    }

    fn allow(&mut self, touched: &Touched) -> Option<()> {
        let document = self.document;
        let spot = |path: &Path| document.spot(path).map(written);
        match touched {
            Touched::Replaced(path) => {
                let parent = path.parent().and_then(|path| spot(&path));
                self.replaced(&spot(path)?, parent.as_ref());
                if let (Some(Segment::Index(_)), Some(parent)) = (path.segments().last(), parent) {
                    self.gone(&spot(path)?, &parent); // another item may come in its place
                }
            }
            Touched::Grown(path) => {
                let is_empty = path.find(document.value()).is_some_and(|value| count(value) == 0);
                self.grown(&spot(path)?, is_empty);
            }
            Touched::Gone(path) => {
                let parent = spot(&path.parent()?)?;
                for path in self.equals(path) {
                    self.gone(&spot(&path)?, &parent);
                }
            }
        }
        Some(())
    }

    /// The paths of an item and of others like it: whichever of them goes is the same.
    fn equals(&self, path: &Path) -> Vec<Path> {
        let value = self.document.value();
        let siblings = path.parent().filter(|list| list.find(value).is_some_and(Value::is_array));
        let Some(list) = siblings else { return vec![path.clone()] };
        let items = (0..list.find(value).map_or(0, count)).map(|index| list.clone().index(index));
        items.filter(|item| item.find(value) == path.find(value)).collect()
    }

    /// The value itself; in block style, what comes may also begin on the next line.
    fn replaced(&mut self, spot: &Spot, parent: Option<&Spot>) {
        self.values.push(spot.value);
        let is_in_brackets = parent.is_some_and(|parent| parent.style == Style::Flow);
        let start = match (spot.key, parent) {
            (Some(key), _) => key.end,
            (None, Some(list)) if list.style == Style::Block => self.dash_before(spot.value.start) + 1,
            _ => spot.value.start,
        };
        let end = if is_in_brackets { spot.value.end } else { self.line_end(spot.value.end) };
        self.around.push(Span { start, end });
        self.torn.push(Span { start, end: spot.value.end });
    }

    /// Between its lines or brackets; where there is nothing in it yet, these may go.
    fn grown(&mut self, parent: &Spot, is_empty: bool) {
        if is_empty {
            self.replaced(parent, None);
        }
        let Span { start, end } = parent.value;
        if parent.style == Style::Flow {
            self.around.push(Span { start: start + 1, end: end - 1 });
        } else {
            // A comment above the first item stays with it, and one below the last that is not further out than its key.
            let column = parent.key.map_or(0, |key| key.start - self.line_start(key.start));
            let start = parent.key.map_or(self.line_start(start), |key| key.end);
            self.lines.push(Span { start, end: self.behind_comments(self.line_end(end), column) });
        }
    }

    /// A key with its value, or an item: in block style its lines, else the space up to what stands next to it.
    fn gone(&mut self, spot: &Spot, parent: &Spot) {
        let is_item = spot.key.is_none() && parent.style == Style::Block;
        let start = spot.key.map_or(spot.value.start, |key| key.start);
        let start = if is_item { self.dash_before(start) } else { start };
        let (before, behind) = (&self.text[..start], &self.text[spot.value.end..]);
        let is_between = |character: char| character.is_whitespace() || ",-".contains(character);
        let is_last = behind.trim().is_empty() && !behind.contains('\n');
        let begins = |root: Spot| root.value.start == start;
        let is_first = self.text[self.line_start(start)..start].trim_end().ends_with('-')
            || self.document.spot(&Path::root()).is_some_and(begins);
        let line_end = self.line_end(spot.value.end);
        let next = |at: usize, is_space: &[char]| self.text.len() - self.text[at..].trim_start_matches(is_space).len();
        self.values.push(Span { start, end: spot.value.end });
        self.torn.push(Span { start, end: line_end });
        self.around.push(if parent.style == Style::Flow || is_last || (spot.key.is_some() && is_first) {
            let end = self.text.len() - behind.trim_start_matches(is_between).len();
            Span { start: before.trim_end_matches(is_between).len(), end }
        } else {
            let indent = before.trim_end_matches([' ', '-']);
            let line_before = indent.strip_suffix("\r\n").or(indent.strip_suffix('\n')).unwrap_or(indent);
            Span { start: line_before.len(), end: next(line_end, &[' ']) }
        });
    }

    /// A map or list of which everything goes is written in brackets then.
    fn allow_emptied(&mut self, touched: &[Touched]) {
        let parent = |touched: &Touched| if let Touched::Gone(path) = touched { path.parent() } else { None };
        let parents: Vec<Path> = touched.iter().filter_map(parent).collect();
        for path in &parents {
            let all = path.find(self.document.value()).map_or(0, count);
            let Some(spot) =
                self.document.spot(path).filter(|_| parents.iter().filter(|it| *it == path).count() == all)
            else {
                continue;
            };
            self.replaced(&spot, path.parent().and_then(|path| self.document.spot(&path)).as_ref());
        }
    }

    /// Whether any of what may go is in these lines.
    pub fn reach(&self, lines: Span) -> bool {
        self.values.iter().chain(&self.around).any(|span| span.start <= lines.end && lines.start <= span.end)
    }

    /// Whether splices touch nothing else.
    pub fn hold(&self, texts: &[TextEdit]) -> Result<(), String> {
        let mut done = 0;
        for edit in texts {
            let Span { start, end } = edit.span;
            let old = self.text.get(start..end).ok_or_else(|| format!("no such bytes: {edit:?}"))?;
            if start < done {
                return Err(format!("overlaps or stands behind the one before it: {edit:?}"));
            }
            done = end;
            if let Some(at) = self.forbidden(edit) {
                let line = self.text[..at].matches('\n').count() + 1;
                return Err(format!(
                    "touches byte {at} (line {line}), which is none of the change: {edit:?}, instead of {old:?}"
                ));
            }
        }
        Ok(())
    }

    /// The first byte that goes and may not; or the place itself, where nothing may come, or not without space.
    fn forbidden(&self, edit: &TextEdit) -> Option<usize> {
        let Span { start, end } = edit.span;
        let holds = |spans: &[Span], at: usize| spans.iter().any(|span| span.start <= at && at < span.end);
        let is_space = |at: usize| b" \t\r\n,-".contains(&self.text.as_bytes()[at]);
        let may_go = |at: &usize| holds(&self.values, *at) || holds(&self.around, *at) && is_space(*at);
        let may_come = self.around.iter().chain(&self.lines).any(|span| span.start <= start && start <= span.end);
        let is_in_value = self.values.iter().any(|span| span.start <= start && start <= span.end);
        let is_refused = !may_come || start == end && !is_in_value && self.is_glued(start, &edit.text);
        (start..end).find(|at| !may_go(at)).or(is_refused.then_some(start))
    }

    /// Whether what comes in becomes a part of the word before or behind it.
    fn is_glued(&self, at: usize, new: &str) -> bool {
        let is_of_word = |character: char| !character.is_whitespace() && !",{}[]".contains(character);
        let (before, behind) = self.text.split_at(at);
        before.ends_with(is_of_word) && new.starts_with(is_of_word)
            || new.ends_with(is_of_word) && behind.starts_with(is_of_word)
    }

    /// The dash of an item, on its line or on one above.
    fn dash_before(&self, mut at: usize) -> usize {
        loop {
            let line_start = self.line_start(at);
            let line = self.text[line_start..at].split('#').next().unwrap_or("");
            match line.rfind('-') {
                Some(dash) => return line_start + dash,
                None if line_start == 0 => return at,
                None => at = line_start - 1,
            }
        }
    }

    /// Behind the comment lines that begin here, as far as they start in this column or further in.
    fn behind_comments(&self, at: usize, column: usize) -> usize {
        let is_of_it = |line: &&str| {
            let content = line.trim_start_matches(' ');
            content.trim().is_empty() || content.starts_with('#') && line.len() - content.len() >= column
        };
        at + self.text[at..].split_inclusive('\n').take_while(is_of_it).map(str::len).sum::<usize>()
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |line_end| line_end + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |line_end| at + line_end + 1)
    }
}

/// How many entries or items a value has.
fn count(value: &Value) -> usize {
    value.as_object().map_or(0, Map::len) + value.as_array().map_or(0, Vec::len)
}

/// The place with all that is written there for the value: an alias, or an anchor and a tag before it.
fn written(mut spot: Spot) -> Spot {
    spot.value.start = spot.properties.map_or(spot.value.start, |properties| properties.start);
    spot.value = spot.alias.unwrap_or(spot.value);
    spot
}

#[test]
fn a_splice_that_touches_anything_else_is_noticed() {
    let text = "a: 1 # one\n\nb:\n  c: {x: 1, w: 2}\n  d:\n  - p\n  # two\n  - q\ne: 5\n";
    let value = serde_json::json!({"a": 1, "b": {"c": {"x": 1, "w": 2}, "d": ["p", "q"]}, "e": 5});
    let reading = crate::case::read(text).expect("a document");
    let document = &reading.documents[0];
    assert_eq!(document.value(), &value);
    let at = |part: &str| text.find(part).expect("a part of the text");
    let (replaced, gone, grown) = (Touched::Replaced, Touched::Gone, Touched::Grown);
    let d = Path::keys("b.d");
    for (touched, start, old, new, is_fine) in [
        (replaced(Path::keys("a")), at("1 #"), "1", "2", true),
        (replaced(Path::keys("a")), at("1 #"), "1 # one", "2 # one", false),
        (replaced(Path::keys("a")), at("1 #"), "1 # one", "2", false),
        (replaced(Path::keys("a")), at("1 #"), "1 # one\n\n", "2 # one\n", false),
        (grown(Path::keys("b.c")), at("}"), "", ", z: 3", true),
        (grown(Path::keys("b.c")), at("}"), "", ".0, z: 3", false),
        (grown(Path::keys("b.c")), at("w: 2"), "w: 2}", "w: 2, z: 3}", false),
        (grown(Path::keys("b.c")), at("\n  d:"), "", ", z: 3", false),
        (grown(d.clone()), at("  # two"), "", "  - r\n", true),
        (grown(d.clone()), at("b:"), "", "  - r\n", false),
        (gone(d.clone().index(0)), at("  - p"), "  - p\n", "", true),
        (gone(d.clone().index(0)), at("  - p"), "  - p\n  # two\n", "", false),
        (gone(d.index(1)), at("  - q"), "  - q\ne", "f", false),
    ] {
        assert!(text[start..].starts_with(old), "{touched:?}");
        let span = Span { start, end: start + old.len() };
        let splice = TextEdit { file: "generated.yaml".into(), span, text: new.to_owned() };
        let held = Places::of(document, std::slice::from_ref(&touched)).and_then(|places| places.hold(&[splice]));
        assert_eq!(held.is_ok(), is_fine, "{touched:?} {old:?} {new:?}: {held:?}");
    }
}
