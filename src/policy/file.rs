//! A file that holds exactly one document, read as kubectl reads it; here, unlike in manifests, nothing odd is let pass.

use crate::base::{Path, Problem, Source, Span};
use crate::manifest::{Document, Limits, read_documents};
use crate::policy::mistake::Mistake;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A file with its one document, as far as there is one, and what is wrong with it as YAML.
#[derive(Debug)]
pub(crate) struct File {
    source: Source,
    document: Option<Document>,
    problems: Vec<Problem>,
}

impl File {
    /// Reads a file. `what` is what it should hold, for messages: "one rule".
    pub(crate) fn read(source: &Source, what: &str) -> Self {
        let reading = read_documents(source, &Limits::default());
        let mut problems: Vec<Problem> = reading.problems;
        // A duplicate key, too: whoever wrote it believes in both.
        problems.iter_mut().for_each(|problem| problem.fatal = true);
        if reading.templated {
            let start = source.text().find("{{").unwrap_or(0);
            let message = "this is a template (it holds `{{`); wanted plain YAML";
            problems.push(Problem::fatal(source, Span { start, end: start }, message));
        }
        let mut documents = reading.documents.into_iter();
        let document = documents.next();
        problems.extend(documents.map(|other| {
            let span = other.point_at(&Path::root()).unwrap_or_else(|| other.span());
            Problem::fatal(source, span, format!("another document in this file; wanted {what} in it"))
        }));
        Self { source: source.clone(), document, problems }
    }

    /// The text that was read.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The document, if there is one.
    pub(crate) fn document(&self) -> Option<&Document> {
        self.document.as_ref()
    }

    /// Its value, if there is one.
    pub(crate) fn value(&self) -> Option<&Value> {
        self.document.as_ref().map(Document::value)
    }

    /// A mistake at its place.
    pub(crate) fn placed(&self, mistake: Mistake) -> Problem {
        match &self.document {
            Some(document) => mistake.placed(&self.source, document),
            None => Problem::fatal(&self.source, Span::default(), mistake.message),
        }
    }

    /// What is wrong with the file as YAML, and these mistakes, in the order of the text.
    pub(crate) fn problems_with(&self, mistakes: impl IntoIterator<Item = Mistake>) -> Vec<Problem> {
        let placed = mistakes.into_iter().map(|mistake| self.placed(mistake));
        let mut problems: Vec<Problem> = self.problems.iter().cloned().chain(placed).collect();
        problems.sort();
        problems.dedup();
        problems
    }

    /// A value of the file as its type. What its form lets pass and its type does not is one more problem, of the whole file.
    pub(crate) fn read_as<T: DeserializeOwned>(&self, value: &Value) -> Result<T, Vec<Problem>> {
        let of_file = |error: serde_json::Error| self.placed(Mistake::of_value(Path::root(), error.to_string()));
        T::deserialize(value).map_err(|error| vec![of_file(error)])
    }
}
