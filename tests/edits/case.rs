//! One case: a file, edits of its documents, and what must be true of the file afterwards.

use crate::dice::Dice;
use crate::format::{Written, file};
use crate::objects::object;
use crate::places::Places;
use crate::random_edits::edits;
use crate::touched::{touched, touched_by};
use crate::{form, meaning};
use seaworthy::base::{Edit, Source, TextEdit};
use seaworthy::manifest::edit::{Refusal, applied, changes, splice, spliced};
use seaworthy::manifest::{Document, Limits, Reading, read_documents};
use serde_json::Value;

/// A file and the edits of each of its documents.
#[derive(Debug)]
pub struct Case {
    pub written: Written,
    pub edits: Vec<Vec<Edit>>,
}

/// What became of a case.
#[derive(Debug)]
pub struct Edited {
    pub text: String,
    /// What the documents should be now.
    pub documents: Vec<Value>,
    /// How many documents have edits that change something.
    pub asked: usize,
    /// How many documents have less changes than the edits say, because items of a list are like each other.
    pub realigned: usize,
    /// Why documents were left as they were, and whether a comment stands in what was to go.
    pub refusals: Vec<(Refusal, bool)>,
}

impl Case {
    /// A case of three dice: for the objects, for their edits, and for how they are written.
    pub fn new([objects, changes, format]: &mut [Dice; 3]) -> Self {
        let count = [1, 1, 1, 1, 1, 1, 2, 3][objects.roll(8)];
        Self::of((0..count).map(|_| object(objects)).collect(), changes, format)
    }

    /// A case of these documents.
    pub fn of(documents: Vec<Value>, changes: &mut Dice, format: &mut Dice) -> Self {
        let edits = documents.iter().map(|document| edits(changes, document)).collect();
        Self { written: file(format, documents), edits }
    }

    /// What becomes of it.
    ///
    /// # Errors
    /// A property that does not hold.
    pub fn edited(&self) -> Result<Edited, String> {
        let read = read(&self.written.text)?;
        let values: Vec<&Value> = read.documents.iter().map(Document::value).collect();
        if values != self.written.documents.iter().collect::<Vec<_>>() {
            return Err(format!("written is {:?}, read is {values:?}", self.written.documents));
        }
        edited(&self.written.text, &self.edits)
    }
}

/// A file after these edits of its documents.
///
/// # Errors
/// A property that does not hold.
pub fn edited(text: &str, edits: &[Vec<Edit>]) -> Result<Edited, String> {
    let before = read(text)?;
    let mut texts: Vec<TextEdit> = Vec::new();
    let mut edited =
        Edited { text: String::new(), documents: Vec::new(), asked: 0, realigned: 0, refusals: Vec::new() };
    for (document, edits) in before.documents.iter().zip(edits) {
        meaning::within(edits, document.value())?;
        let after = applied(edits, document.value()).map_err(|error| error.to_string())?;
        let changes = changes(document.value(), &after);
        edited.asked += usize::from(!changes.is_empty());
        let places = Places::of(document, &touched(edits, document.value()))?;
        match splice(document, &changes) {
            Ok(new) => {
                if let Err(what) = places.hold(&new) {
                    let others = Places::of(document, &touched_by(&changes))?;
                    others.hold(&new).map_err(|_| what)?;
                    edited.realigned += 1;
                }
                texts.extend(new);
                edited.documents.push(after);
            }
            Err(refusal) => {
                edited.refusals.push((refusal, places.tear_comments()));
                edited.documents.push(document.value().clone());
            }
        }
    }
    edited.text = spliced(text, &texts);
    holds(text, edits, &before, &edited).map_err(|what| format!("{what}\n--- after:\n{}", edited.text))?;
    Ok(edited)
}

fn holds(text: &str, edits: &[Vec<Edit>], before: &Reading, edited: &Edited) -> Result<(), String> {
    let after = read(&edited.text)?;
    meaning::is_as_applied(&after, &edited.documents)?;
    meaning::has_the_comments(before, text, &after, &edited.text)?;
    form::is_kept(text, &edited.text)?;
    if edited.refusals.is_empty() { meaning::changes_nothing_again(&after, edits) } else { Ok(()) }
}

/// The documents of a text without fatal problems.
///
/// # Errors
/// The first problem.
pub fn read(text: &str) -> Result<Reading, String> {
    let reading = read_documents(&Source::new("generated.yaml", text), &Limits::default());
    match reading.problems.iter().find(|problem| problem.fatal) {
        Some(problem) => Err(format!("cannot be read: {problem}")),
        None if reading.templated => Err("is taken for a template".to_owned()),
        None => Ok(reading),
    }
}
