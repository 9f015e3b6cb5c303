//! The calls of a shell script, as far as they certainly run: on its top, in its conditions, in the body of a loop that runs
//! once at least, within `$(...)`, in every stage of a pipe, and in functions that are called.

use crate::mesh::wrapper::network_call::Callee;
use crate::mesh::wrapper::network_call::address::is_elsewhere;
use crate::mesh::wrapper::network_call::program::command_call;
use crate::mesh::wrapper::shell::script::{Item, ItemKind, is_harmless, items, may_leave};
use crate::mesh::wrapper::shell::tokens::{Separator, Token, located_tokens};
use crate::mesh::wrapper::shell::variables::Variables;
use crate::mesh::wrapper::wait::script_wait::{is_assignment, is_forever};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

/// The first call that a script certainly makes. Only bash connects by `/dev/tcp`.
pub(super) fn script_call(text: &str, bash: bool, variables: &Variables<'_>) -> Option<Callee> {
    inner_call(text, bash, variables, &Cell::new(MOST_COMMANDS))
}

/// Commands that are followed in one script, those of its functions counted at each call: functions that call each other
/// many times would take more steps than anybody waits for.
const MOST_COMMANDS: usize = 500;

/// The same of a script within another; `left` commands are followed of both.
fn inner_call(text: &str, bash: bool, variables: &Variables<'_>, left: &Cell<usize>) -> Option<Callee> {
    let (tokens, spans) = located_tokens(text)?;
    let mut variables = variables.clone();
    variables.forget_what_changes(&tokens);
    let functions = BTreeMap::new();
    let mut script = Script { text, tokens: &tokens, spans: &spans, bash, variables, functions, depth: 0, left };
    script.list_call(0..tokens.len())
}

struct Script<'a> {
    text: &'a str,
    tokens: &'a [Token],
    spans: &'a [Range<usize>],
    bash: bool,
    variables: Variables<'a>,
    /// The tokens of the body of each function.
    functions: BTreeMap<&'a str, Range<usize>>,
    /// How many functions call each other here.
    depth: usize,
    /// How many commands are still followed.
    left: &'a Cell<usize>,
}

impl<'a> Script<'a> {
    /// The first call of a list of commands.
    fn list_call(&mut self, range: Range<usize>) -> Option<Callee> {
        let items = items(self.tokens.get(range.clone())?)?;
        let mut runs = true;
        for (at, item) in items.iter().enumerate() {
            self.left.set(self.left.get().checked_sub(1)?);
            runs = surely_runs(item, at.checked_sub(1).map(|before| &items[before]), runs);
            let place = range.start + item.tokens.start..range.start + item.tokens.end;
            if let ItemKind::Function { name, body } = item.kind {
                // Not every `sh` knows the keyword, and one that does not stops there.
                let has_keyword = self.tokens.get(place.start)?.keyword() == Some("function");
                if has_keyword && !self.bash {
                    return None;
                }
                self.functions.insert(name, place.end - body.len()..place.end);
                continue;
            }
            let callee = if runs { self.item_call(item, place) } else { None };
            if callee.is_some() || self.may_end_at(item) {
                return callee;
            }
        }
        None
    }

    fn item_call(&mut self, item: &Item<'_>, place: Range<usize>) -> Option<Callee> {
        let start = place.start;
        match &item.kind {
            ItemKind::Simple(words) => self.simple_call(start..start + words.len()),
            ItemKind::Loop { keyword, head, body } => {
                let head_place = start + 1..start + 1 + head.len();
                let body_place = head_place.end + 1..head_place.end + 1 + body.len();
                if *keyword == "for" {
                    let within = self.substituted_call(head_place.clone());
                    return match within {
                        None if self.goes_through_some(head_place) => self.list_call(body_place),
                        within => within,
                    };
                }
                let texts: Vec<&str> = head.iter().filter_map(Token::text).collect();
                let asked = self.list_call(head_place);
                match asked {
                    None if is_forever(keyword, &texts) => self.list_call(body_place),
                    asked => asked,
                }
            }
            ItemKind::Block(tokens) => self.block_call(tokens, start),
            ItemKind::Function { .. } => None,
        }
    }

    /// `if` runs its condition, and a group all that is in it.
    fn block_call(&mut self, tokens: &[Token], start: usize) -> Option<Callee> {
        let end = match tokens.first()?.keyword() {
            Some("if") => tokens.iter().position(|token| token.keyword() == Some("then"))?,
            // Without a keyword it is `(`.
            Some("{") | None => tokens.len() - 1,
            _ => return None,
        };
        self.list_call(start + 1..start + end)
    }

    /// One command: what it substitutes runs first.
    fn simple_call(&mut self, range: Range<usize>) -> Option<Callee> {
        if let Some(callee) = self.substituted_call(range.clone()) {
            return Some(callee);
        }
        let connects = |text: &str| text.strip_prefix(">/dev/tcp/")?.split('/').next().map(str::to_owned);
        let mut targets = range.clone().filter_map(|at| connects(&self.expanded(at)?));
        if let Some(host) = targets.find(|host| self.bash && is_elsewhere(host)) {
            return Some(Callee::Host(host));
        }
        let words: Vec<String> =
            range.filter(|at| !self.is_redirection(*at)).filter_map(|at| self.expanded(at)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let is_prefix = |word: &&&str| matches!(**word, "!" | "exec" | "command" | "export") || is_assignment(word);
        let (prefix, words) = words.split_at(words.iter().take_while(is_prefix).count());
        let Some(name) = words.first() else {
            prefix.iter().for_each(|word| self.variables.assign(word));
            return None;
        };
        match self.functions.get(name).cloned() {
            Some(body) if self.depth < DEEPEST => {
                self.depth += 1;
                let callee = self.list_call(body);
                self.depth -= 1;
                callee
            }
            Some(_) => None,
            None => command_call(words, &self.variables),
        }
    }

    /// The first call of the scripts within the words of a command.
    fn substituted_call(&self, range: Range<usize>) -> Option<Callee> {
        let mut inner =
            range.filter_map(|at| self.spans.get(at)).flat_map(|span| substitutions(&self.text[span.clone()]));
        inner.find_map(|script| inner_call(script, self.bash, &self.variables, self.left))
    }

    /// Whether the list of a `for` holds a word for certain: one that is written out, or numbers.
    fn goes_through_some(&self, head: Range<usize>) -> bool {
        let mut words = head.filter(|at| self.tokens[*at].text().is_some()).skip(1);
        let is_in = words.next().is_some_and(|at| self.tokens[at].text() == Some("in"));
        let is_written = |text: &str| !text.is_empty() && !text.contains(['$', '`', '*', '?', '[']);
        is_in
            && words.any(|at| {
                let raw = &self.text[self.spans[at].clone()];
                let numbers = substitutions(raw).first().and_then(|inner| inner.trim().strip_prefix("seq "));
                match numbers {
                    Some(numbers) => counts_up(&self.variables.in_script(numbers)),
                    None => self.expanded(at).is_some_and(|text| is_written(&text)),
                }
            })
    }

    /// The text of a word with the variables that are known; within single quotes nothing is expanded.
    fn expanded(&self, at: usize) -> Option<String> {
        let text = self.tokens.get(at)?.text()?;
        let is_literal = self.text[self.spans[at].clone()].contains('\'');
        Some(if is_literal { text.to_owned() } else { self.variables.in_script(text) })
    }

    /// Whether a word is where a redirection goes, or the number before one.
    fn is_redirection(&self, at: usize) -> bool {
        let redirects = |gap: Option<&str>| gap.is_some_and(|gap| gap.contains(['<', '>']));
        let before = at.checked_sub(1).map_or(0, |before| self.spans[before].end);
        let after = self.spans.get(at + 1).map(|next| &self.text[self.spans[at].end..next.start]);
        let is_number = self.tokens[at].text().is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        redirects(self.text.get(before..self.spans[at].start))
            || is_number && after.is_some_and(|gap| gap.starts_with(['<', '>']))
    }

    /// Whether nothing behind a command is certain to run: it leaves, or calls a function that does.
    fn may_end_at(&self, item: &Item<'_>) -> bool {
        let ItemKind::Simple(words) = &item.kind else { return may_leave(item) };
        let body = words.first().and_then(Token::text).and_then(|name| self.functions.get(name)).cloned();
        let leaves =
            |body: Range<usize>| self.tokens[body].iter().any(|token| matches!(token.keyword(), Some("exit" | "exec")));
        may_leave(item) || body.is_some_and(leaves)
    }
}

/// How many functions are followed that call each other.
const DEEPEST: usize = 3;

/// Whether a command certainly runs: not only if the one before it fails, or after one that may. Of that one it is known whether
/// it runs.
fn surely_runs(item: &Item<'_>, before: Option<&Item<'_>>, it_runs: bool) -> bool {
    match (item.before, before) {
        (Separator::Next | Separator::Background, _) | (_, None) => true,
        (Separator::And, Some(before)) => it_runs && is_harmless(before),
        (Separator::Pipe, Some(_)) => it_runs,
        (Separator::Or, _) => false,
    }
}

/// Whether `seq` prints a number: `12`, or `1 12`.
fn counts_up(arguments: &str) -> bool {
    let numbers: Option<Vec<u32>> = arguments.split_whitespace().map(|word| word.parse().ok()).collect();
    match numbers.as_deref() {
        Some([last]) => *last > 0,
        Some([first, last]) => first <= last,
        _ => false,
    }
}

/// The scripts within a word as it is written: `$( ... )` and backquotes, save between single quotes.
fn substitutions(raw: &str) -> Vec<&str> {
    let (mut found, mut rest, mut in_double) = (Vec::new(), raw, false);
    while let Some(next) = rest.chars().next() {
        let taken = match next {
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '"' => {
                in_double = !in_double;
                1
            }
            '\'' if !in_double => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            '`' => {
                let inside = rest[1..].split('`').next().unwrap_or_default();
                found.push(inside);
                (inside.len() + 2).min(rest.len())
            }
            '$' if rest.starts_with("$(") => {
                let end = closing(rest);
                if !rest.starts_with("$((") {
                    found.extend(rest.get(2..end.saturating_sub(1)));
                }
                end
            }
            other => other.len_utf8(),
        };
        rest = &rest[taken..];
    }
    found
}

/// Where the parenthesis that a text opens is closed, one byte behind it.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 1 => return at + 1,
            ')' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}
