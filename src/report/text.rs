//! Findings as a person reads them: the message, the source line with a caret under the value, what to do.
//!
//! The form is that of the Rust compiler
//! (<https://rustc-dev-guide.rust-lang.org/diagnostics.html>): the title says what is wrong, only `help` says what to
//! do. Every colour also has its word. Colour and width are the caller's choice: nothing here reads the environment.

use crate::base::{Finding, Place, Problem, Related, Severity, Source, Span};
use crate::report::concise::suppression;
use crate::report::excerpt::Excerpt;
use crate::report::remedy::fix_line;
use crate::report::{plain, sorted};
use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Message, Origin, Renderer, Snippet};
use std::collections::BTreeMap;

/// How the text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appearance {
    /// Whether terminal escapes may be used for colour.
    pub colour: bool,
    /// Columns that a source line may take; fewer than 40 count as 40.
    pub width: usize,
    /// Whether only the first [`SHOWN_PER_RULE`] findings of a rule in a file are written out.
    pub shorten: bool,
}

/// From the name of a file to what was read; none where the text is no longer at hand.
pub type Sources<'a> = &'a dyn Fn(&str) -> Option<Source>;

/// Findings of one rule in one file that are written out in a shortened text.
pub const SHOWN_PER_RULE: usize = 5;

/// The findings in the order of [`crate::report::by_place`], each followed by an empty line.
pub fn render(findings: &[Finding], sources: Sources<'_>, appearance: Appearance) -> String {
    let renderer = renderer(appearance);
    let mut out = String::new();
    let mut seen: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    for finding in sorted(findings) {
        let count = seen.entry((&finding.rule, file_of(finding))).or_default();
        *count += 1;
        if !appearance.shorten || *count <= SHOWN_PER_RULE {
            out.push_str(&renderer.render(&[group(finding, sources)]));
            out.push_str("\n\n");
        }
    }
    for ((rule, file), count) in seen.into_iter().filter(|(_, count)| appearance.shorten && *count > SHOWN_PER_RULE) {
        let file = file.unwrap_or("objects without a file");
        let more = count - SHOWN_PER_RULE;
        let text = format!("and {more} more of `{rule}` in {file} (-v shows all)");
        out.push_str(&renderer.render(&[Group::with_title(Level::NOTE.primary_title(one_line(&text)))]));
        out.push_str("\n\n");
    }
    out
}

/// Problems of inputs in the same form, each followed by an empty line.
pub fn render_problems(problems: &[Problem], sources: Sources<'_>, appearance: Appearance) -> String {
    let renderer = renderer(appearance);
    let rendered = problems.iter().map(|problem| {
        let level = if problem.fatal { Level::ERROR } else { Level::WARNING };
        let title = level.primary_title(one_line(&problem.message));
        let place = place_of(problem, sources);
        renderer.render(&[Group::with_title(title).elements(primary_elements(&place, sources))]) + "\n\n"
    });
    rendered.collect()
}

fn renderer(appearance: Appearance) -> Renderer {
    let renderer = if appearance.colour { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    renderer.term_width(appearance.width.max(40))
}

fn file_of(finding: &Finding) -> Option<&str> {
    finding.place.as_ref().map(|place| place.file.as_ref())
}

fn group<'a>(finding: &Finding, sources: Sources<'_>) -> Group<'a> {
    let title = level(finding.severity).primary_title(one_line(&finding.message)).id(one_line(&finding.rule));
    let mut elements: Vec<Element<'a>> = Vec::new();
    if let Some(place) = &finding.place {
        elements.extend(primary_elements(place, sources));
    }
    elements.extend(finding.related.iter().map(|related| related_element(related, sources)));
    elements.extend(messages(finding).into_iter().map(Element::from));
    Group::with_title(title).elements(elements)
}

fn level<'a>(severity: Severity) -> Level<'a> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    }
}

/// What stands under the snippets, each as `= name: text`.
fn messages<'a>(finding: &Finding) -> Vec<Message<'a>> {
    let path = finding.path.to_string();
    let object = if path.is_empty() { finding.object.to_string() } else { format!("{}, {path}", finding.object) };
    let mut messages = vec![Level::NOTE.message(one_line(&object))];
    if let Some(template) = &finding.template {
        messages.push(Level::NOTE.message(one_line(&format!("rendered from {template}"))));
    }
    if let Some(why) = &finding.suppressed {
        messages.push(Level::NOTE.message(one_line(&suppression(why))));
    }
    if !finding.drawing.is_empty() {
        let lines: Vec<String> = finding.drawing.iter().map(|line| one_line(line)).collect();
        messages.push(Level::NOTE.message(format!("how the pod ends:\n{}", lines.join("\n"))));
    }
    if let Some(help) = &finding.help {
        messages.push(Level::HELP.message(plain::lines(help).collect::<Vec<_>>().join("\n")));
    }
    if let Some(fix) = fix_line(finding) {
        messages.push(Level::HELP.with_name("fix").message(one_line(&fix)));
    }
    if !finding.docs.is_empty() {
        messages.push(Level::NOTE.with_name("docs").message(one_line(&finding.docs)));
    }
    messages
}

/// `--> file:line:column` and the lines there, as far as the source is at hand.
fn primary_elements<'a>(place: &Place, sources: Sources<'_>) -> Vec<Element<'a>> {
    let Some(excerpt) = sources(&place.file).map(|source| Excerpt::around(&source, place)) else {
        return vec![origin(place).into()];
    };
    if excerpt.is_cut {
        let quoted = Level::NOTE.message(one_line(&format!("in `{}`", excerpt.surroundings())));
        return vec![origin(place).into(), Element::from(quoted)];
    }
    let mark = AnnotationKind::Primary.span(excerpt.mark.clone());
    vec![snippet(excerpt, place).annotation(mark).into()]
}

/// A related place with its message under it; in words where there are no lines to show.
fn related_element<'a>(related: &Related, sources: Sources<'_>) -> Element<'a> {
    let message = one_line(&related.message);
    let Some(place) = &related.place else { return Level::NOTE.message(message).into() };
    match sources(&place.file).map(|source| Excerpt::around(&source, place)) {
        Some(excerpt) if !excerpt.is_cut => {
            let mark = AnnotationKind::Context.span(excerpt.mark.clone()).label(message);
            snippet(excerpt, place).annotation(mark).into()
        }
        _ => {
            let at = format!("{message} ({}:{}:{})", place.file, place.start.line, place.start.column);
            Level::NOTE.message(one_line(&at)).into()
        }
    }
}

fn origin<'a>(place: &Place) -> Origin<'a> {
    Origin::path(one_line(&place.file)).line(place.start.line).char_column(place.start.column)
}

fn snippet<'a>(excerpt: Excerpt, place: &Place) -> Snippet<'a, Annotation<'a>> {
    Snippet::source(excerpt.text).path(one_line(&place.file)).line_start(excerpt.first_line).fold(false)
}

/// A problem has a position only; it is marked up to the end of the word there.
fn place_of(problem: &Problem, sources: Sources<'_>) -> Place {
    let bare = Place { file: problem.file.clone(), start: problem.at, end: problem.at, span: Span::default() };
    let Some(source) = sources(&problem.file) else { return bare };
    let line = source.line(problem.at.line);
    let before: usize = line.chars().take(problem.at.column.saturating_sub(1)).map(char::len_utf8).sum();
    let word = line.get(before..).unwrap_or("").split([' ', '\t', ':', ',', ']', '}', '#']).next().unwrap_or("");
    let start = source.offset_of_line(problem.at.line) + before;
    Place { span: Span { start, end: start + word.len() }, ..bare }
}

fn one_line(text: &str) -> String {
    plain::one_line(text).into_owned()
}

#[cfg(test)]
mod tests;
