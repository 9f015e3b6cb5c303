//! The forms of values in version 1 of the JSON.

use crate::base::{Finding, Fix, Mode, Problem, Related, Safety, Severity, Suppression, TextEdit};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingForm<'a> {
    rule: &'a str,
    severity: Severity,
    mode: Mode,
    message: &'a str,
    help: Option<&'a str>,
    /// Lines to be shown under each other in a font of one width.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    drawing: &'a [String],
    object: ObjectForm<'a>,
    path: String,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    source: Option<&'a str>,
    related: Vec<RelatedForm<'a>>,
    fix: Option<FixForm<'a>>,
    docs: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<SuppressionForm<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObjectForm<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
}

/// A fix; `edits` is empty where the object came from no file.
#[derive(Serialize)]
struct FixForm<'a> {
    title: &'a str,
    safety: String,
    /// Why a person should look, of an unsafe one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    edits: Vec<EditForm<'a>>,
}

/// A replacement of the bytes `start..end` of a file.
#[derive(Serialize)]
struct EditForm<'a> {
    file: &'a str,
    start: usize,
    end: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct RelatedForm<'a> {
    message: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    path: String,
}

#[derive(Serialize)]
struct SuppressionForm<'a> {
    by: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
pub struct ProblemForm<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    message: &'a str,
}

impl<'a> From<&'a Finding> for FindingForm<'a> {
    fn from(finding: &'a Finding) -> Self {
        let place = finding.place.as_ref();
        let object = &finding.object;
        Self {
            rule: &finding.rule,
            severity: finding.severity,
            mode: finding.mode,
            message: &finding.message,
            help: finding.help.as_deref(),
            drawing: &finding.drawing,
            object: ObjectForm {
                api_version: &object.api_version,
                kind: &object.kind,
                namespace: object.namespace.as_deref(),
                name: &object.name,
            },
            path: finding.path.to_string(),
            file: place.map(|it| it.file.as_ref()),
            line: place.map(|it| it.start.line),
            column: place.map(|it| it.start.column),
            end_line: place.map(|it| it.end.line),
            end_column: place.map(|it| it.end.column),
            source: finding.template.as_deref(),
            related: finding.related.iter().map(RelatedForm::from).collect(),
            fix: finding.remedy.fix().map(FixForm::from),
            docs: &finding.docs,
            suppressed: finding.suppressed.as_ref().map(SuppressionForm::from),
        }
    }
}

impl<'a> From<&'a Fix> for FixForm<'a> {
    fn from(fix: &'a Fix) -> Self {
        let edit =
            |it: &'a TextEdit| EditForm { file: &it.file, start: it.span.start, end: it.span.end, text: &it.text };
        let reason = match &fix.safety {
            Safety::Safe => None,
            Safety::Unsafe(reason) => Some(reason.as_str()),
        };
        let safety = fix.safety.to_string();
        Self { title: &fix.title, safety, reason, edits: fix.texts.iter().map(edit).collect() }
    }
}

impl<'a> From<&'a Related> for RelatedForm<'a> {
    fn from(related: &'a Related) -> Self {
        let place = related.place.as_ref();
        Self {
            message: &related.message,
            file: place.map(|it| it.file.as_ref()),
            line: place.map(|it| it.start.line),
            column: place.map(|it| it.start.column),
            path: related.path.to_string(),
        }
    }
}

impl<'a> From<&'a Suppression> for SuppressionForm<'a> {
    fn from(suppression: &'a Suppression) -> Self {
        let (by, reason) = match suppression {
            Suppression::Exception(reason) => ("exception", reason),
            Suppression::Comment(reason) => ("comment", reason),
            Suppression::Annotation(reason) => ("annotation", reason),
        };
        Self { by, reason }
    }
}

impl<'a> From<&'a Problem> for ProblemForm<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self { file: &problem.file, line: problem.at.line, column: problem.at.column, message: &problem.message }
    }
}
