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
    let start = offset_of_line(source.text(), problem.at.line) + before;
    Place { span: Span { start, end: start + word.len() }, ..bare }
}

fn offset_of_line(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}

fn one_line(text: &str) -> String {
    plain::one_line(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Path, Suppression};
    use crate::report::example::{finding, finding_at, placeless, service};
    use proptest::prelude::*;

    const PLAIN: Appearance = Appearance { colour: false, width: 100, shorten: false };

    /// The text form of findings in these sources.
    fn text(findings: &[Finding], known: &[&Source], appearance: Appearance) -> String {
        let look_up = |name: &str| known.iter().find(|it| it.name().as_ref() == name).map(|it| (*it).clone());
        render(findings, &look_up, appearance)
    }

    #[test]
    fn a_finding_with_all_its_parts() {
        let source = service();
        let route = Source::new("routes/web.yaml", "kind: VirtualService\nmetadata:\n  name: web\n");
        let findings = [Finding {
            severity: Severity::Error,
            help: Some("rename it, or say the protocol beside it:\n  appProtocol: grpc".into()),
            template: Some("chart/templates/web.yaml".into()),
            related: vec![Related {
                message: "used by this route".into(),
                place: Some(route.place(Span { start: 6, end: 20 })),
                path: Path::keys("kind"),
            }],
            ..finding_at(&source, "unclear-port-protocol", "grpcapi")
        }];
        insta::assert_snapshot!(text(&findings, &[&source, &route], PLAIN), @"
        error[unclear-port-protocol]: port name `grpcapi` hides the protocol from Istio, so it is treated as plain TCP
         --> deploy/web.yaml:9:11
          |
        7 |   ports:
        8 |   - port: 9000
        9 |     name: grpcapi
          |           ^^^^^^^
          |
         ::: routes/web.yaml:1:7
          |
        1 | kind: VirtualService
          |       -------------- used by this route
          |
          = note: Service shop/web, spec.ports[0].name
          = note: rendered from chart/templates/web.yaml
          = help: rename it, or say the protocol beside it:
                    appProtocol: grpc
          = docs: https://example.com/rules/unclear-port-protocol
        ");
    }

    #[test]
    fn a_drawing_keeps_its_columns() {
        let lines = ["seconds  0    30", "web      ====T|", "in       o\u{1b}[1m"].map(str::to_owned).to_vec();
        let findings = [Finding { drawing: lines, help: Some("wait".into()), ..placeless("a-rule") }];
        insta::assert_snapshot!(text(&findings, &[], PLAIN), @"
        warning[a-rule]: port name `web` hides the protocol
         |
         = note: Service shop/web, spec.ports[0].name
         = note: how the pod ends:
                 seconds  0    30
                 web      ====T|
                 in       o�[1m
         = help: wait
         = docs: https://example.com/rules/a-rule
        ");
    }

    #[test]
    fn what_is_not_at_hand_is_said_in_words() {
        let elsewhere = finding("a-rule", "other.yaml", 20, 3).place;
        let related = |place| Related { message: "used here".into(), place, path: Path::root() };
        let findings = [
            finding("a-rule", "gone.yaml", 3, 4),
            Finding { related: vec![related(elsewhere), related(None)], ..placeless("b-rule") },
            Finding {
                suppressed: Some(Suppression::Annotation("drains by itself".into())),
                severity: Severity::Info,
                path: Path::root(),
                remedy: crate::base::Remedy::Unfixed(String::new()),
                docs: String::new(),
                ..placeless("c-rule")
            },
        ];
        insta::assert_snapshot!(text(&findings, &[], PLAIN), @"
        warning[a-rule]: port name `web` hides the protocol
        --> gone.yaml:3:4
         = note: Service shop/web, spec.ports[0].name
         = docs: https://example.com/rules/a-rule

        warning[b-rule]: port name `web` hides the protocol
         |
         = note: used here (other.yaml:20:3)
         = note: used here
         = note: Service shop/web, spec.ports[0].name
         = docs: https://example.com/rules/b-rule

        info[c-rule]: port name `web` hides the protocol
         |
         = note: Service shop/web
         = note: suppressed by an annotation: drains by itself
        ");
    }

    #[test]
    fn colour_is_only_added_to_the_words() {
        let source = service();
        let findings = [finding_at(&source, "unclear-port-protocol", "metricz")];
        let colourful = text(&findings, &[&source], Appearance { colour: true, ..PLAIN });
        insta::assert_snapshot!(colourful.replace('\u{1b}', "ESC"), @r#"
        ESC[1mESC[33mwarning[unclear-port-protocol]ESC[0mESC[1m: port name `metricz` hides the protocol from Istio, so it is treated as plain TCPESC[0m
          ESC[1mESC[94m--> ESC[0mdeploy/web.yaml:11:12
           ESC[1mESC[94m|ESC[0m
        ESC[1mESC[94m 9ESC[0m ESC[1mESC[94m|ESC[0m     name: grpcapi
        ESC[1mESC[94m10ESC[0m ESC[1mESC[94m|ESC[0m   - port: 9001
        ESC[1mESC[94m11ESC[0m ESC[1mESC[94m|ESC[0m     name: "metricz"
           ESC[1mESC[94m|ESC[0m            ESC[1mESC[33m^^^^^^^ESC[0m
           ESC[1mESC[94m|ESC[0m
           ESC[1mESC[94m= ESC[0mESC[1mnoteESC[0m: Service shop/web, spec.ports[0].name
           ESC[1mESC[94m= ESC[0mESC[1mdocsESC[0m: https://example.com/rules/unclear-port-protocol
        "#);
        let escapes = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
        assert_eq!(escapes.replace_all(&colourful, ""), text(&findings, &[&source], PLAIN));
    }

    #[test]
    fn a_far_column_is_quoted_in_words() {
        let source =
            Source::new("a.json", format!("{{\"x\": \"{}\", \"name\": \"grpcapi\", \"y\": 1}}", "x".repeat(600)));
        let findings = [finding_at(&source, "unclear-port-protocol", "grpcapi")];
        insta::assert_snapshot!(text(&findings, &[&source], PLAIN), @r#"
        warning[unclear-port-protocol]: port name `grpcapi` hides the protocol from Istio, so it is treated as plain TCP
        --> a.json:1:620
         = note: in `...xxxxxxxxxxxxxxxxxx", "name": "grpcapi", "y": 1}`
         = note: Service shop/web, spec.ports[0].name
         = docs: https://example.com/rules/unclear-port-protocol
        "#);
    }

    #[test]
    fn a_wide_line_is_cut_to_the_width() {
        let source = Source::new("a.yaml", format!("name: grpcapi # {}\n", "x".repeat(300)));
        let findings = [finding_at(&source, "unclear-port-protocol", "grpcapi")];
        insta::assert_snapshot!(text(&findings, &[&source], Appearance { width: 60, ..PLAIN }), @"
        warning[unclear-port-protocol]: port name `grpcapi` hides the protocol from Istio, so it is treated as plain TCP
         --> a.yaml:1:7
          |
        1 | name: grpcapi # xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
          |       ^^^^^^^
          |
          = note: Service shop/web, spec.ports[0].name
          = docs: https://example.com/rules/unclear-port-protocol
        ");
    }

    #[test]
    fn only_the_first_five_of_a_rule_in_a_file_are_written_out() {
        let findings: Vec<Finding> = (1..=7).map(|line| finding("a-rule", "a.yaml", line, 1)).collect();
        let shortened = text(&findings, &[], Appearance { shorten: true, ..PLAIN });
        assert_eq!(shortened.matches("warning[a-rule]").count(), SHOWN_PER_RULE);
        assert!(shortened.ends_with("note: and 2 more of `a-rule` in a.yaml (-v shows all)\n\n"), "{shortened}");
        assert_eq!(text(&findings, &[], PLAIN).matches("warning[a-rule]").count(), 7);
        let few = text(&findings[..5], &[], Appearance { shorten: true, ..PLAIN });
        assert!(!few.contains("more"), "{few}");
    }

    #[test]
    fn a_problem_points_to_the_word() {
        let source = Source::new("seaworthy.yaml", "modes:\n  defualt: audit\n");
        let problem =
            Problem::fatal(&source, Span { start: 9, end: 16 }, "unknown key `defualt`: did you mean `default`?");
        let gone = Problem::of_file("gone.yaml", "cannot be read: no such file");
        let look_up = |name: &str| (name == "seaworthy.yaml").then(|| source.clone());
        insta::assert_snapshot!(render_problems(&[problem, gone], &look_up, PLAIN), @"
        error: unknown key `defualt`: did you mean `default`?
         --> seaworthy.yaml:2:3
          |
        1 | modes:
        2 |   defualt: audit
          |   ^^^^^^^

        error: cannot be read: no such file
        --> gone.yaml:1:1
        ");
    }

    proptest! {
        #[test]
        fn nothing_in_a_manifest_drives_the_terminal(
            manifest in "([a-z:{é漢\u{1b}\u{9b}\u{202e}\u{feff} \t\r-]{0,30}\n?){1,5}",
            start in 0..150usize,
            length in 0..50usize,
            message in any::<String>(),
            width in 0..120usize,
        ) {
            let source = Source::new("a\u{1b}.yaml", manifest);
            let place = source.place(Span { start, end: start + length });
            let related = Related { message: message.clone(), place: Some(place.clone()), path: Path::root() };
            let finding = Finding {
                help: Some(message.clone()),
                message,
                place: Some(place),
                related: vec![related],
                ..placeless("a-rule")
            };
            let text = text(&[finding], &[&source], Appearance { width, ..PLAIN });
            let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            prop_assert!(!text.contains(harmful), "{text:?}");
        }
    }
}
