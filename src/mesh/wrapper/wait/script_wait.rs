//! Does a shell script wait for the pod's own proxy before it goes on?
//!
//! Certain is only what stands at the top of the script and can be read in one way:
//! * `until curl .../healthz/ready; do ...; done`, `while ! curl ...; do`, `nc -z localhost 15021` the same;
//! * `until [ "$(curl -w '%{http_code}' ...)" = 200 ]`, `while [ "$STATUS" != 200 ]` with `STATUS=$(curl ...)` in the body;
//! * `RC=1; while [ $RC -ne 0 ]; do curl ...; RC=$?; ...; done` (see `exit_code`);
//! * `while true; do curl ... && break; ...; done`, and `for` in place of `while true` (see `leaving`);
//! * `curl --retry N --retry-connrefused ...` (without the second, a refused connection is not tried again);
//! * `(echo > /dev/tcp/127.0.0.1/15021)` in place of `curl`, and `timeout N` before it;
//! * a known waiting program;
//! * one of these in `( ... )` or `{ ...; }`, with nothing else in it, or in a function that is called.
//!
//! What is within `if`, `case`, or behind `||` may not run; what runs in the background, or after something that
//! does, may not hold the application back. Such scripts, and whatever asks the proxy in another manner, are possible waits.

use crate::mesh::wrapper::shell::course::Course;
use crate::mesh::wrapper::shell::reached::Reached;
use crate::mesh::wrapper::shell::reading::{Interpreter, Reading};
use crate::mesh::wrapper::shell::script::{Item, ItemKind, is_harmless, items};
use crate::mesh::wrapper::shell::tokens::Token;
use crate::mesh::wrapper::wait::condition::PREFIXES;
use crate::mesh::wrapper::wait::local_proxy::{asks_if_ready, mentions_readiness};
use crate::mesh::wrapper::wait::repeating::loop_wait;
use crate::mesh::wrapper::{Bound, ProxyWait, basename, program_wait};
use std::collections::BTreeMap;
use std::ops::Range;

/// The wait of a whole script: the surest of its commands.
pub(in crate::mesh::wrapper) fn script_wait(script: &str, shell: Interpreter<'_>) -> ProxyWait {
    match Reading::of(script, shell) {
        Some(reading) => read_wait(script, &reading, reading.items().as_deref(), shell).0,
        None => mentioned_in(script),
    }
}

/// The same of a script that has been read, and of its commands, where they can be told apart. With the place of the command that
/// certainly waits: the one of [`first_wait`].
pub(in crate::mesh::wrapper) fn read_wait(
    script: &str,
    reading: &Reading,
    items: Option<&[Item<'_>]>,
    shell: Interpreter<'_>,
) -> (ProxyWait, Option<usize>) {
    // What the commands do not show may still be said somewhere, as in `PORT=$1; until curl ...`; in a comment it is not.
    let said_in = |tokens: &[Token]| mentioned_in(&texts(tokens).join(" "));
    let said = said_in(&reading.tokens);
    let Some(items) = items else { return (said, None) };
    // Nor is it where nothing runs, or in the background.
    let reached = (said != ProxyWait::None).then(|| Reached::in_foreground(script, reading, items));
    let mut surest = match &reached {
        Some(reached) if !reached.is_all() => said_in(&reached.tokens(&reading.tokens)),
        _ => said,
    };
    let (course, list) = (Course::of(items), List::of(items, shell));
    let may_run = |at: &usize| reached.as_ref().is_none_or(|it| it.runs(items[*at].tokens.start));
    for at in (0..items.len()).filter(may_run) {
        match list.wait_at(at) {
            wait @ ProxyWait::Certain(_) if course.surely_runs_first(at) => return (wait, Some(at)),
            ProxyWait::None => {}
            ProxyWait::Certain(_) | ProxyWait::Possible => surest = ProxyWait::Possible,
        }
    }
    (surest, None)
}

/// What no command shows is possible at most.
fn mentioned_in(text: &str) -> ProxyWait {
    if mentions_readiness(text) { ProxyWait::Possible } else { ProxyWait::None }
}

/// The first command of a script that certainly waits for the proxy, by its place in the list.
pub(in crate::mesh::wrapper) fn first_wait(items: &[Item<'_>], shell: Interpreter<'_>) -> Option<usize> {
    let (course, list) = (Course::of(items), List::of(items, shell));
    let waits = |at: usize| matches!(list.wait_at(at), ProxyWait::Certain(_));
    (0..items.len()).find(|at| course.surely_runs_first(*at) && waits(*at))
}

/// The function that a command calls, and does nothing else: by its place in the list, before the command.
pub(in crate::mesh::wrapper) fn called_function(items: &[Item<'_>], at: usize) -> Option<usize> {
    let ItemKind::Simple([called]) = items.get(at)?.kind else { return None };
    let called = called.text()?;
    items.iter().take(at).rposition(|item| matches!(item.kind, ItemKind::Function { name, .. } if name == called))
}

/// The tokens of what waits: a command, or the body of the function that it calls.
pub(in crate::mesh::wrapper) fn waiting_tokens(items: &[Item<'_>], at: usize) -> Range<usize> {
    let item = &items[called_function(items, at).unwrap_or(at)];
    match item.kind {
        ItemKind::Function { body, .. } => item.tokens.end - body.len()..item.tokens.end,
        _ => item.tokens.clone(),
    }
}

/// Commands in a row, with what their functions are known to wait for.
struct List<'a> {
    items: &'a [Item<'a>],
    shell: Interpreter<'a>,
    /// Of each function where it is declared, and its certain wait. None for one that is declared twice, or may not be.
    functions: BTreeMap<&'a str, Option<(usize, ProxyWait)>>,
}

impl<'a> List<'a> {
    fn of(items: &'a [Item<'a>], shell: Interpreter<'a>) -> Self {
        let mut functions = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            let ItemKind::Function { name, body } = item.kind else { continue };
            let is_sure = item.is_alone();
            let wait = function_wait(body, shell).filter(|_| is_sure && !functions.contains_key(name));
            functions.insert(name, wait.map(|wait| (at, wait)));
        }
        Self { items, shell, functions }
    }

    /// The wait of one command.
    fn wait_at(&self, at: usize) -> ProxyWait {
        match &self.items[at].kind {
            ItemKind::Simple([called]) if called.text().is_some_and(|name| self.functions.contains_key(name)) => {
                let known = called.text().and_then(|name| self.functions.get(name)).copied().flatten();
                known.filter(|(declared, _)| *declared < at).map_or(ProxyWait::None, |(_, wait)| wait)
            }
            ItemKind::Simple(words) => simple_wait(&texts(words), self.shell),
            ItemKind::Loop { keyword, head, body } => loop_wait(keyword, head, body, &self.items[..at], self.shell),
            ItemKind::Block(tokens) => group_wait(tokens, self.shell).unwrap_or_else(|| possible(tokens)),
            ItemKind::Function { body, .. } => possible(body),
        }
    }
}

fn possible(tokens: &[Token]) -> ProxyWait {
    if asks(tokens) { ProxyWait::Possible } else { ProxyWait::None }
}

/// The certain wait of the body of a function: a group, maybe with redirections.
fn function_wait(body: &[Token], shell: Interpreter<'_>) -> Option<ProxyWait> {
    let items = items(body)?;
    match items[..] {
        [Item { kind: ItemKind::Block(tokens), .. }] => {
            group_wait(tokens, Interpreter { in_function: tokens.first()?.text().is_some(), ..shell })
        }
        _ => None,
    }
}

/// The certain wait of a group, `( ... )` or `{ ...; }`, that does nothing else.
fn group_wait(tokens: &[Token], shell: Interpreter<'_>) -> Option<ProxyWait> {
    let [first, inner @ .., _] = tokens else { return None };
    let is_group = *first == Token::Open || first.keyword() == Some("{");
    let items = items(inner).filter(|_| is_group)?;
    // Looked at once: it may be a group again.
    let mut others = items.iter().enumerate().filter(|(_, item)| !is_harmless(item) && !only_sets(item));
    let at = others.next()?.0;
    // Behind the wait it may end, as it does anyway.
    if others.any(|(_, item)| !ends_group(item)) {
        return None;
    }
    let wait = List::of(&items, shell).wait_at(at);
    (matches!(wait, ProxyWait::Certain(_)) && Course::of(&items).surely_runs_first(at)).then_some(wait)
}

/// Whether a command only gives variables a value that is written out, or counted.
pub(in crate::mesh::wrapper) fn only_sets(item: &Item<'_>) -> bool {
    let ItemKind::Simple(words) = item.kind else { return false };
    let words = texts(words);
    let words = words.strip_prefix(&["local"]).unwrap_or(&words);
    words
        .iter()
        .all(|word| is_assignment(word) && !word.contains('`') && (!word.contains("$(") || word.contains("$((")))
}

/// `return`, or `exit`.
fn ends_group(item: &Item<'_>) -> bool {
    let ItemKind::Simple(words) = item.kind else { return false };
    matches!(words.first().and_then(Token::keyword), Some("return" | "exit"))
}

pub(in crate::mesh::wrapper) fn texts(tokens: &[Token]) -> Vec<&str> {
    tokens.iter().filter_map(Token::text).collect()
}

pub(in crate::mesh::wrapper) fn asks(tokens: &[Token]) -> bool {
    asks_if_ready(&texts(tokens).join(" "))
}

/// The first word of a list that asks the proxy: alone, or with the one behind it (`localhost 15021`).
pub(in crate::mesh::wrapper) fn question_at(tokens: &[Token]) -> Option<usize> {
    let alone = tokens.iter().position(|token| token.text().is_some_and(asks_if_ready));
    let asks =
        |pair: &[Token]| pair.iter().all(|token| token.text().is_some()) && asks_if_ready(&texts(pair).join(" "));
    alone.or_else(|| tokens.windows(2).position(asks))
}

/// One command: `exec` and variable assignments before it do not change what it is.
fn simple_wait(words: &[&str], shell: Interpreter<'_>) -> ProxyWait {
    let is_prefix = |word: &&&str| **word == "exec" || is_assignment(word);
    let words = &words[words.iter().take_while(is_prefix).count()..];
    let has = |option: &str| words.iter().any(|word| *word == option || word.starts_with(&format!("{option}=")));
    let retries = match words.first().map(|word| basename(word)) {
        Some("curl") => has("--retry") && (has("--retry-connrefused") || has("--retry-all-errors")),
        _ => false,
    };
    if retries && asks_if_ready(&words.join(" ")) {
        return ProxyWait::Certain(Bound::Bounded);
    }
    program_wait(words, shell.environment)
}

pub(in crate::mesh::wrapper) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Whether a word of a test is the value of a variable, maybe behind a letter: `$S`, `${S}`, `x$S`.
pub(in crate::mesh::wrapper) fn refers_to(text: &str, variable: &str) -> bool {
    let text = text.strip_prefix(PREFIXES).unwrap_or(text);
    text == format!("${variable}") || text == format!("${{{variable}}}")
}

pub(in crate::mesh::wrapper) fn is_forever(keyword: &str, head: &[&str]) -> bool {
    let is_true = matches!(head, ["true" | ":"] | ["[", "1" | "true", "]"] | ["sleep", _]);
    keyword == "while" && is_true || keyword == "until" && matches!(head, ["false"])
}

pub(in crate::mesh::wrapper) const COMPARISONS: [&str; 4] = ["-lt", "-le", "-gt", "-ge"];

pub(in crate::mesh::wrapper) fn is_counter(head: &[&str]) -> bool {
    head.iter().any(|word| COMPARISONS.contains(word))
}
