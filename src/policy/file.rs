//! A file that holds exactly one document, read as kubectl reads it; here, unlike in manifests, nothing odd is let pass.

use crate::base::{Path, Problem, Source, Span};
use crate::manifest::{Document, Limits, read_documents};
use crate::policy::mistake::Mistake;
use serde_json::Value;

/// A file with its one document, as far as there is one, and all that is wrong with it so far.
#[derive(Debug)]
pub(crate) struct File {
    source: Source,
    document: Option<Document>,
    problems: Vec<Problem>,
}

impl File {
    /// Reads a file. `what` is what one document of it holds, for messages: "a rule".
    pub(crate) fn read(source: &Source, what: &str) -> Self {
        let reading = read_documents(source, &Limits::default());
        let problems = reading.problems.into_iter().map(|problem| Problem { fatal: true, ..problem }).collect();
        let mut file = Self { source: source.clone(), document: None, problems };
        if reading.templated {
            let message = "this is a template (it holds `{{`); wanted plain YAML";
            file.problems.push(Problem::fatal(source, Span::default(), message));
        }
        let mut documents = reading.documents.into_iter();
        file.document = documents.next();
        for other in documents {
            file.problems.push(Problem::fatal(
                source,
                other.span(),
                format!("another document; wanted {what} per file"),
            ));
        }
        file
    }

    /// The value of the document, if there is one.
    pub(crate) fn value(&self) -> Option<&Value> {
        self.document.as_ref().map(Document::value)
    }

    /// What to say of a file without a document: that it is empty, unless something worse is known of it.
    pub(crate) fn nothing(&self, wanted: &str) -> Vec<Mistake> {
        let empty = || Mistake::of_value(Path::root(), format!("the file is empty; wanted {wanted}"));
        if self.problems.is_empty() { vec![empty()] } else { Vec::new() }
    }

    /// Adds a mistake at its place.
    pub(crate) fn add(&mut self, mistake: Mistake) {
        let problem = match &self.document {
            Some(document) => mistake.placed(&self.source, document),
            None => Problem::fatal(&self.source, Span::default(), mistake.message),
        };
        self.problems.push(problem);
    }

    /// Adds mistakes at their places.
    pub(crate) fn add_all(&mut self, mistakes: impl IntoIterator<Item = Mistake>) {
        for mistake in mistakes {
            self.add(mistake);
        }
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// The text that was read.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The type that the form describes, once nothing is wrong. What the form lets pass and the type does not is one more
    /// mistake, of the whole document.
    pub(crate) fn deserialize<T: serde::de::DeserializeOwned>(&mut self) -> Option<T> {
        if !self.is_sound() {
            return None;
        }
        match T::deserialize(self.value()?) {
            Ok(read) => Some(read),
            Err(error) => {
                self.add(Mistake::of_value(Path::root(), error.to_string()));
                None
            }
        }
    }

    /// All that is wrong, in the order of the text.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort();
        self.problems.dedup();
        self.problems
    }
}
