//! Where a waiting command begins and ends in its script, with all that goes with it.

use crate::mesh::wrapper::script::{Item, ItemKind};
use crate::mesh::wrapper::shell::{Separator, Token};
use crate::mesh::wrapper::waiting::{is_assignment, question_at};
use std::ops::Range;

/// A waiting command among the others: with what is only done where it fails, as in `wait || exit 1`.
pub(super) struct Wait {
    tokens: Range<usize>,
    before: Separator,
    after: Separator,
}

impl Wait {
    /// The command at this place of a list.
    pub(super) fn of(items: &[Item<'_>], at: usize) -> Option<Self> {
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
    pub(super) fn with_separator(
        &self,
        script: &str,
        tokens: &[Token],
        spans: &[Range<usize>],
    ) -> Option<Range<usize>> {
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

/// Whether a loop may end the script although the proxy is ready.
///
/// Of a loop that asks in its body, what stands before the question runs in any case; where the answer goes into a
/// variable, so does what stands behind it.
pub(super) fn may_give_up(item: &Item<'_>) -> Option<&'static str> {
    let ItemKind::Loop { head, body, .. } = &item.kind else { return None };
    if question_at(head).is_some() {
        return None;
    }
    let question = question_at(body).unwrap_or(body.len());
    let is_kept = body.get(question).and_then(Token::text).is_some_and(is_assignment);
    let has = |tokens: &[Token], word: &str| tokens.iter().any(|token| token.text() == Some(word));
    let always_run = if is_kept { body } else { &body[..question] };
    let leaves = ["break", "continue"].into_iter().find(|word| has(&body[..question], word));
    leaves.or(has(always_run, "exit").then_some("exit"))
}

const BLANKS: [char; 3] = [' ', '\t', '\r'];

fn is_blank(text: &str) -> bool {
    text.trim_matches(BLANKS).is_empty()
}
