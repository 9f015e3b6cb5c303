//! Where a waiting command begins and ends in its script, with all that goes with it.

use super::inner::shell_may_fail;
use crate::mesh::wrapper::shell::reading::{Interpreter, Reading};
use crate::mesh::wrapper::shell::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::tokens::{Separator, Token};
use crate::mesh::wrapper::wait::exit_code::keeps_code;
use crate::mesh::wrapper::wait::repeating::leaving_word;
use crate::mesh::wrapper::wait::script_wait::{is_assignment, question_at};
use std::ops::Range;

/// The bytes that go with the command at this place, if it can go alone.
pub(super) fn cut_of(items: &[Item<'_>], at: usize, script: &str, reading: &Reading) -> Option<Range<usize>> {
    let wait = Wait::of(items, at)?;
    // A word right beside a group, as `!` and `time` in front of one, belongs to what is cut as well as to the next command.
    let is_edge = |token: Option<&Token>| token.is_none_or(|token| matches!(token, Token::Separator(_)));
    let before = wait.tokens.start.checked_sub(1).and_then(|before| reading.tokens.get(before));
    let is_whole = is_edge(before) && is_edge(reading.tokens.get(wait.tokens.end));
    is_whole.then(|| wait.with_separator(script, &reading.tokens, &reading.spans)).flatten()
}

/// A text without parts of it.
pub(super) fn without_parts(text: &str, parts: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut parts: Vec<_> = parts.into_iter().collect();
    parts.sort_by_key(|part| part.start);
    let (mut left, mut end) = (String::new(), 0);
    for part in parts {
        left.push_str(text.get(end..part.start).unwrap_or_default());
        end = end.max(part.end);
    }
    left + text.get(end..).unwrap_or_default()
}

/// A waiting command among the others: with what is only done where it fails, as in `wait || exit 1`.
struct Wait {
    tokens: Range<usize>,
    before: Separator,
    after: Separator,
}

impl Wait {
    /// The command at this place of a list.
    fn of(items: &[Item<'_>], at: usize) -> Option<Self> {
        let item = items.get(at)?;
        let (tokens, before) = (item.tokens.clone(), item.before);
        match items.get(at + 1) {
            Some(otherwise) if item.after == Separator::Or && otherwise.after == Separator::Next => {
                Some(Self { tokens: tokens.start..otherwise.tokens.end, before, after: Separator::Next })
            }
            _ => Some(Self { tokens, before, after: item.after }),
        }
    }

    /// Its bytes with what joins it to the next command. Lines that it had for itself go as a whole.
    fn with_separator(&self, script: &str, tokens: &[Token], spans: &[Range<usize>]) -> Option<Range<usize>> {
        let wait = spans.get(self.tokens.start)?.start..spans.get(self.tokens.end - 1)?.end;
        let line = script[..wait.start].rfind('\n').map_or(0, |at| at + 1);
        let own_line = is_blank(&script[line..wait.start]);
        match (self.before, self.after) {
            // Behind it is what runs when it has succeeded, as it always does in the end.
            (Separator::Next | Separator::And, Separator::And) => {
                let next = (self.tokens.end..tokens.len())
                    .find(|at| tokens[*at].text().is_some() || tokens[*at] == Token::Open)?;
                let next = spans.get(next)?.start;
                (!script[wait.end..next].contains('#')).then_some(wait.start..next)
            }
            (Separator::Next, Separator::Next) => {
                let semicolon = spans.get(self.tokens.end).filter(|it| script.get((*it).clone()) == Some(";"));
                let end = semicolon.map_or(wait.end, |it| it.end);
                let rest = &script[end..];
                let blanks = rest.len() - rest.trim_start_matches(BLANKS).len();
                match rest[blanks..].chars().next() {
                    Some('\n') if own_line => Some(line..end + blanks + 1),
                    Some('\n') | None => Some(script[..wait.start].trim_end_matches(BLANKS).len()..end),
                    Some(';') => None,
                    Some(_) => Some(wait.start..end + blanks),
                }
            }
            _ => None,
        }
    }
}

/// The word by which a wait may end the script, or the function, although the proxy is ready.
pub(super) fn may_give_up(tokens: &[Token], shell: Interpreter<'_>) -> Option<&'static str> {
    let items = items(tokens)?;
    let mut returns = false;
    for item in &items {
        let word = match &item.kind {
            ItemKind::Loop { keyword, head, body } => {
                let left_by = leaving_word(keyword, head, body, shell);
                returns |= left_by == Some("return");
                loop_gives_up(head, body).or(left_by.filter(|word| *word == "exit"))
            }
            ItemKind::Block([first, inner @ .., _]) if *first == Token::Open || first.keyword() == Some("{") => {
                // The body of a function is all that is read then.
                may_give_up(inner, Interpreter { in_function: items.len() == 1, ..shell })
            }
            // How it ends is known to the commands behind it.
            ItemKind::Simple(words) if shell_may_fail(words, shell) => Some("sh -c"),
            ItemKind::Simple(words) if !returns && items.len() > 1 => match words.first().and_then(Token::keyword) {
                Some("exit") => Some("exit"),
                Some("return") if words.get(1).is_some_and(|word| word.text() != Some("0")) => Some("return"),
                _ => None,
            },
            _ => None,
        };
        if word.is_some() {
            return word;
        }
    }
    None
}

/// Of a loop that asks in its body, what stands before the question runs in any case; where the answer or its exit code goes into a
/// variable, so does what stands behind it.
pub(super) fn loop_gives_up(head: &[Token], body: &[Token]) -> Option<&'static str> {
    if question_at(head).is_some() {
        return None;
    }
    let question = question_at(body).unwrap_or(body.len());
    let is_kept = body.get(question).and_then(Token::text).is_some_and(is_assignment) || body.iter().any(keeps_code);
    let has = |tokens: &[Token], word: &str| tokens.iter().any(|token| token.text() == Some(word));
    let always_run = if is_kept { body } else { &body[..question] };
    let leaves = ["break", "continue"].into_iter().find(|word| has(&body[..question], word));
    leaves.or(has(always_run, "exit").then_some("exit"))
}

const BLANKS: [char; 3] = [' ', '\t', '\r'];

fn is_blank(text: &str) -> bool {
    text.trim_matches(BLANKS).is_empty()
}
