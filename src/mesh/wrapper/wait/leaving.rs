//! A loop that asks the proxy in its body, and is left from there once it answers.
//!
//! * `curl ... && break`, also with `|| sleep 1` behind it;
//! * `if curl ...; then break; fi`, `if ! curl ...; then sleep 1; else break; fi`;
//! * `STATUS=$(curl ...)` or `curl ...` as a command of its own, and behind it a test of `$STATUS` or `$?` in one of these forms.

use crate::mesh::wrapper::shell::reading::Interpreter;
use crate::mesh::wrapper::shell::script::{Item, ItemKind, is_harmless, items};
use crate::mesh::wrapper::shell::tokens::{Separator, Token};
use crate::mesh::wrapper::wait::condition::Conditions;
use crate::mesh::wrapper::wait::script_wait::{asks, is_assignment, texts};

/// The word that leaves the loop once the proxy is ready, and nowhere before: `break`, `exec`, `exit`, or `return` in a function.
pub(in crate::mesh::wrapper) fn leaves_when_ready(
    body: &[Token],
    conditions: Conditions<'_>,
    shell: Interpreter<'_>,
) -> Option<&'static str> {
    let items = items(body)?;
    let list = List { body, items: &items, conditions, shell };
    (0..items.len()).find_map(|at| list.left_at(at))
}

/// The commands of a body.
struct List<'a> {
    body: &'a [Token],
    items: &'a [Item<'a>],
    conditions: Conditions<'a>,
    shell: Interpreter<'a>,
}

impl List<'_> {
    /// The word that leaves at this command, or right behind it.
    fn left_at(&self, at: usize) -> Option<&'static str> {
        let item = &self.items[at];
        if let ItemKind::Block([first, tokens @ .., _]) = item.kind
            && first.keyword() == Some("if")
        {
            return self.left_by_if(at, tokens);
        }
        // What only runs when another fails may not be asked, and what it leaves is not its own.
        if !matches!(item.before, Separator::Next | Separator::And) {
            return None;
        }
        let last = (at..self.items.len()).find(|it| self.items[*it].after != Separator::Pipe)?;
        let pipeline = &self.body[item.tokens.start..self.items[last].tokens.end];
        let wanted = if self.succeeds_when_ready(at, pipeline)? { Separator::And } else { Separator::Or };
        let mut next = last + 1;
        if self.items[last].after != wanted {
            return None;
        }
        while self.items.get(next).is_some_and(|item| is_harmless(item) && item.after == Separator::And) {
            next += 1;
        }
        match &self.items.get(next)?.kind {
            ItemKind::Simple(words) => self.leaving_word(words.first()?),
            ItemKind::Block(tokens) if tokens.first()?.keyword() == Some("{") => self.leaving_word_in(tokens),
            _ => None,
        }
    }

    /// Whether a condition succeeds only when the proxy is ready, or fails only then.
    fn succeeds_when_ready(&self, at: usize, condition: &[Token]) -> Option<bool> {
        self.status_test(at, condition).or_else(|| self.conditions.decides(condition))
    }

    /// `if CONDITION; then ... break; fi`, with the tokens between `if` and `fi`.
    fn left_by_if(&self, at: usize, tokens: &[Token]) -> Option<&'static str> {
        let then = keyword_at(tokens, "then")?;
        let otherwise = keyword_at(&tokens[then..], "else").map(|at| then + at);
        // Of several conditions none is followed.
        if keyword_at(tokens, "elif").is_some() {
            return None;
        }
        let condition = &tokens[..then];
        let lines = condition.iter().rev().take_while(|it| **it == Token::Separator(Separator::Next)).count();
        let condition = &condition[..then - lines];
        let branch = match self.succeeds_when_ready(at, condition)? {
            true => &tokens[then..otherwise.unwrap_or(tokens.len())],
            false => &tokens[otherwise?..],
        };
        self.leaving_word_in(branch)
    }

    /// A test of the status of the command before, which asked the proxy: `[ $? -eq 0 ]`.
    fn status_test(&self, at: usize, test: &[Token]) -> Option<bool> {
        let (succeeds, is_known) = match texts(test)[..] {
            ["[", "$?", operator, "0", "]"] | ["test", "$?", operator, "0"] => (is_equality(operator)?, true),
            ["[[", "$?", operator, "0", "]]"] => (is_equality(operator)?, self.shell.bash),
            _ => return None,
        };
        // It would have ended with what asked.
        if self.shell.stops_at_failures {
            return None;
        }
        let succeeded = asked_right_before(self.body, self.items, at, self.conditions);
        // A test that is not known is an error: what runs where it fails runs then too.
        (succeeded && (is_known || succeeds)).then_some(succeeds)
    }

    fn leaving_word_in(&self, tokens: &[Token]) -> Option<&'static str> {
        tokens.iter().find_map(|token| self.leaving_word(token))
    }

    fn leaving_word(&self, token: &Token) -> Option<&'static str> {
        const LEAVING: [&str; 4] = ["break", "exec", "exit", "return"];
        let word = token.keyword()?;
        LEAVING.into_iter().find(|it| *it == word).filter(|it| *it != "return" || self.shell.in_function)
    }
}

/// Whether the command before this one asked the proxy, so that `$?` is whether it is ready.
pub(in crate::mesh::wrapper) fn asked_right_before(
    body: &[Token],
    items: &[Item<'_>],
    at: usize,
    conditions: Conditions<'_>,
) -> bool {
    let end = at.checked_sub(1).filter(|it| items[*it].after == Separator::Next);
    let start = end.and_then(|end| (0..=end).rev().find(|it| items[*it].before != Separator::Pipe));
    let Some((start, end)) = start.zip(end) else { return false };
    let asking = &body[items[start].tokens.start..items[end].tokens.end];
    // Of `STATUS=$(curl ...)` it is that of the command.
    let value = match asking {
        [Token::Word { text, .. }] if is_assignment(text) => text.split_once('=').map(|(_, value)| value),
        _ => None,
    };
    let value = value.map(|text| [Token::Word { text: text.to_owned(), bare: false, quoted: false }]);
    let asking = value.as_ref().map_or(asking, |value| value);
    items[start].before == Separator::Next && asks(asking) && conditions.true_when_ready(asking) == Some(true)
}

/// Whether an operator asks if two numbers are equal, or if they are not.
pub(in crate::mesh::wrapper) fn is_equality(operator: &str) -> Option<bool> {
    match operator {
        "=" | "-eq" => Some(true),
        "!=" | "-ne" | "-gt" => Some(false),
        _ => None,
    }
}

/// The first place of a keyword that stands in no block within these tokens.
fn keyword_at(tokens: &[Token], wanted: &str) -> Option<usize> {
    let mut depth = 0_usize;
    tokens.iter().position(|token| {
        match token.keyword() {
            Some("fi" | "done" | "esac" | "}") => depth = depth.saturating_sub(1),
            Some(word) if word == wanted && depth == 0 => return true,
            Some("if" | "while" | "until" | "for" | "case" | "{") => depth += 1,
            _ => {}
        }
        false
    })
}
