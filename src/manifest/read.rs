//! From the text of a file to its documents: the order of things kubectl does, with every problem at its place.
//!
//! A stream that starts with `{` is JSON as long as it is; else it is cut at lines of `---`, and each piece is YAML.
//! A broken piece hides no other. Source: `YAMLOrJSONDecoder` of
//! <https://github.com/kubernetes/apimachinery/blob/master/pkg/util/yaml/decoder.go>.

use super::compose::{Composed, Repeats};
use super::document::Document;
use super::fault::{Fault, Reason, shown};
use super::limits::Limits;
use super::split::{Piece, pieces};
use super::template;
use super::tree::Range;
use super::{json, yaml};
use crate::base::{Problem, Source, Span};
use serde_json::Value;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Reading {
    /// The documents that could be read, in the order of the text. Empty ones (null) are left out.
    pub documents: Vec<Document>,
    /// What could not be read, or not without a word, in the order of the text.
    pub problems: Vec<Problem>,
    /// Whether the file holds text of a template (`{{ ... }}`) where YAML has no place for it. Such pieces, and others of
    /// the same file that contain `{{`, are neither documents nor problems.
    pub templated: bool,
    /// Whether a comment in it is one of ytt: then all of it is a template, although it can be read.
    pub ytt: bool,
}

impl Reading {
    /// The same without what is a template of ytt: of its documents any may be left out or made several times, and any value may
    /// be another one. What kubectl drops of them is no mistake either: it is never given to kubectl.
    #[must_use]
    pub fn without_ytt(mut self) -> Self {
        if self.ytt {
            self.templated = true;
            self.documents.clear();
            self.problems.retain(|problem| problem.fatal);
        }
        self
    }
}

/// Reads a file as kubectl does. Never fails: what cannot be read is a problem in the answer.
pub fn read_documents(source: &Source, limits: &Limits) -> Reading {
    let mut file = File { source, limits, reading: Reading::default(), count: 0, repeated_keys: 0, no_json: None };
    if let Some(start) = file.json_stream() {
        file.yaml_pieces(start);
    }
    if file.reading.templated {
        file.reading.documents.retain(|document| !holds_template(source, document.span()));
    }
    file.reading
}

struct File<'s> {
    source: &'s Source,
    limits: &'s Limits,
    reading: Reading,
    /// Documents so far, unreadable ones included.
    count: usize,
    /// Keys so far that were told to stand twice.
    repeated_keys: usize,
    /// Why a text that looks like JSON is none, until it turns out to be YAML.
    no_json: Option<(Span, Fault)>,
}

/// How many keys of a file are told to stand twice: each takes a look along its line, and nobody reads more.
const MAX_REPEATED_KEYS: usize = 20;

/// How far kubectl looks for the `{` of a JSON stream.
const JSON_LOOKAHEAD: usize = 4096;

impl File<'_> {
    /// Reads JSON values as long as there are any; gives where YAML begins, if it does.
    ///
    /// After two values the stream is JSON for good, before that it may still turn out to be YAML.
    fn json_stream(&mut self) -> Option<usize> {
        let text = self.source.text();
        let head = text.get(..text.floor_char_boundary(JSON_LOOKAHEAD)).unwrap_or(text);
        if !head.trim_start().starts_with('{') {
            return Some(0);
        }
        let mut at = 0;
        loop {
            let rest = text.get(at..).unwrap_or("");
            let window = rest.get(..rest.floor_char_boundary(self.max_bytes())).unwrap_or(rest);
            let piece = Span { start: at, end: at + window.len() };
            match json::read(window, self.limits) {
                Ok(None) if window.len() == rest.len() => return None,
                Ok(Some((composed, length))) => {
                    at += length;
                    self.document(Span { end: at, ..piece }, composed, &[]);
                }
                Err(fault) if !matches!(fault.reason, Reason::NoJson { .. }) => {
                    self.problem(piece, &fault);
                    return None;
                }
                Ok(None) | Err(_) if window.len() < rest.len() => {
                    self.too_large(piece);
                    return None;
                }
                Ok(None) => return None,
                Err(fault) => {
                    let yaml = yaml_behind_json(rest).filter(|_| self.count <= 1);
                    if yaml.is_none() {
                        self.problem(piece, &fault);
                    } else if looks_like_json(rest) {
                        self.no_json = Some((piece, fault));
                    }
                    return yaml.map(|space| at + space);
                }
            }
        }
    }

    /// Places inside of a document are counted in 32 bits.
    fn max_bytes(&self) -> usize {
        self.limits.max_document_bytes.min(u32::MAX as usize)
    }

    fn yaml_pieces(&mut self, start: usize) {
        for piece in pieces(self.source.text(), start) {
            let no_json = self.no_json.take();
            match piece {
                Piece::Document(span) if span.end - span.start > self.max_bytes() => self.too_large(span),
                Piece::Document(span) => self.yaml_piece(span, no_json),
                Piece::BadSeparator(span) => self.bad_separator(span),
            }
        }
    }

    fn yaml_piece(&mut self, piece: Span, no_json: Option<(Span, Fault)>) {
        let text = self.source.text().get(piece.start..piece.end).unwrap_or("");
        let outcome = yaml::read(text, self.limits);
        match &outcome.read {
            Err(fault) if template::explains(text, fault, &outcome) => {
                self.reading.templated = true;
                self.count += 1;
            }
            Err(fault) => {
                let (piece, fault) = no_json.as_ref().map_or((piece, fault), |(piece, fault)| (*piece, fault));
                self.problem(piece, fault);
            }
            Ok(_) => self.yaml_document(piece, outcome),
        }
    }

    fn yaml_document(&mut self, piece: Span, outcome: yaml::Outcome) {
        let Ok(composed) = outcome.read else { return };
        let text = self.source.text();
        let comment = |range: &Range| text.get(absolute(piece, *range).start..absolute(piece, *range).end);
        self.reading.ytt |= outcome.comments.iter().filter_map(comment).any(template::is_of_ytt);
        self.document(piece, composed, &outcome.comments);
        if let Some(at) = outcome.unread {
            self.unread(absolute(piece, Range { start: at, end: at }));
        }
    }

    fn document(&mut self, piece: Span, composed: Composed, comments: &[Range]) {
        self.repeated_keys(piece, &composed.repeats);
        if composed.value != Value::Null {
            let document = Document::new(self.source, self.count, piece, composed, comments);
            self.reading.documents.push(document);
            self.count += 1;
        }
    }

    fn repeated_keys(&mut self, piece: Span, repeats: &Repeats) {
        let mut kept = repeats.kept.clone();
        kept.sort_unstable_by_key(|(_, again)| again.start);
        let room = MAX_REPEATED_KEYS.saturating_sub(self.repeated_keys);
        let is_cut = repeats.more || kept.len() > room;
        kept.truncate(room);
        self.repeated_keys += kept.len();
        for (position, (first, again)) in kept.iter().enumerate() {
            let (first, again) = (absolute(piece, *first), absolute(piece, *again));
            let key = shown(self.source.text().get(again.start..again.end).unwrap_or(""));
            let line = self.source.position(first.start).line;
            let more = if is_cut && position + 1 == kept.len() { "; there are more such keys below" } else { "" };
            let message = format!(
                "the key `{key}` stands here again, kubectl drops the one on line {line}: wanted only one of them{more}"
            );
            self.reading.problems.push(Problem::notice(self.source, again, message));
        }
    }

    fn problem(&mut self, piece: Span, fault: &Fault) {
        let at = absolute(piece, fault.range);
        self.reading.problems.push(Problem::fatal(self.source, at, fault.reason.to_string()));
        self.count += 1;
    }

    fn unread(&mut self, span: Span) {
        let message = "kubectl reads nothing of this document from here on: wanted a line of `---` before it";
        self.reading.problems.push(Problem::notice(self.source, span, message));
    }

    fn bad_separator(&mut self, span: Span) {
        let message = "text behind `---` on its line, kubectl refuses such a file: wanted it on the next line";
        self.reading.problems.push(Problem::fatal(self.source, span, message));
        self.count += 1;
    }

    fn too_large(&mut self, piece: Span) {
        let limit = self.max_bytes();
        let message =
            format!("this document is larger than {limit} bytes: wanted it split, or a higher --max-document-size");
        self.reading.problems.push(Problem::fatal(self.source, piece, message));
        self.count += 1;
    }
}

fn holds_template(source: &Source, span: Span) -> bool {
    source.text().get(span.start..span.end).is_some_and(|text| text.contains("{{"))
}

/// Whether a text that is no JSON was meant as such: what fails in it is told better by JSON than by YAML.
fn looks_like_json(text: &str) -> bool {
    text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('"'))
}

/// The space that kubectl skips where it changes from JSON to YAML: up to the end of the line. None where it does not
/// change, because it looks four bytes ahead and there are less.
fn yaml_behind_json(text: &str) -> Option<usize> {
    for (at, character) in text.char_indices() {
        if text.len() - at < 4 {
            return None;
        }
        match character {
            '\n' => return Some(at + 1),
            space if space.is_whitespace() => {}
            _ => return Some(at),
        }
    }
    None
}

fn absolute(piece: Span, range: Range) -> Span {
    Span { start: piece.start + range.start as usize, end: piece.start + range.end as usize }
}
