//! Does a shell script wait for the pod's own proxy before it goes on?
//!
//! Certain is only what stands at the top of the script and can be read in one way:
//! * `until curl .../healthz/ready; do ...; done`, `while ! curl ...; do`, `nc -z localhost 15021` the same;
//! * `until [ "$(curl -w '%{http_code}' ...)" = 200 ]`, `while [ "$STATUS" != 200 ]` with `STATUS=$(curl ...)` in the body;
//! * `while true; do curl ... && break; ...; done`, and `for` in place of `while true`;
//! * `curl --retry N --retry-connrefused ...` (without the second, a refused connection is not tried again);
//! * `(echo > /dev/tcp/127.0.0.1/15021)` in place of `curl`, and `timeout N` before it;
//! * a known waiting program;
//! * one of these in `( ... )` or `{ ...; }`, with nothing else in it.
//!
//! What is within `if`, `case`, a function, or behind `||` may not run; what runs in the background, or after something that
//! does, may not hold the application back. Such scripts, and whatever asks the proxy in another manner, are possible waits.

use crate::mesh::wrapper::condition::{Surety, goes_on_until_ready};
use crate::mesh::wrapper::course::Course;
use crate::mesh::wrapper::local_proxy::{asks_if_ready, mentions_readiness};
use crate::mesh::wrapper::script::{Item, ItemKind, is_harmless, items};
use crate::mesh::wrapper::shell::{Separator, Token, tokens};
use crate::mesh::wrapper::status::starts_with_status;
use crate::mesh::wrapper::{Bound, Environment, ProxyWait, basename, program_wait};

/// The wait of a whole script: the surest of its commands.
pub(super) fn script_wait(script: &str, environment: Environment<'_>) -> ProxyWait {
    let tokens = tokens(script);
    // What the commands do not show may still be said somewhere, as in `URL=...; until curl $URL`; in a comment it is not.
    let said = tokens.as_deref().map_or_else(|| script.to_owned(), |tokens| texts(tokens).join(" "));
    let mut surest = if mentions_readiness(&said) { ProxyWait::Possible } else { ProxyWait::None };
    let Some(items) = tokens.as_deref().and_then(items) else { return surest };
    let course = Course::of(&items);
    for at in 0..items.len() {
        let wait = match wait_at(&items, at, environment) {
            ProxyWait::Certain(_) if !course.surely_runs_first(at) => ProxyWait::Possible,
            wait => wait,
        };
        if matches!((surest, wait), (ProxyWait::None, _) | (ProxyWait::Possible, ProxyWait::Certain(_))) {
            surest = wait;
        }
    }
    surest
}

/// The first command of a script that certainly waits for the proxy, by its place in the list.
pub(super) fn first_wait(items: &[Item<'_>], environment: Environment<'_>) -> Option<usize> {
    let course = Course::of(items);
    let waits = |at: usize| matches!(wait_at(items, at, environment), ProxyWait::Certain(_));
    (0..items.len()).find(|at| course.surely_runs_first(*at) && waits(*at))
}

/// The wait of one command of a list. The body of a function runs only where it is called.
fn wait_at(items: &[Item<'_>], at: usize, environment: Environment<'_>) -> ProxyWait {
    let is_body = at > 0 && matches!(items[at - 1].kind, ItemKind::Block([]));
    match item_wait(&items[at], &items[..at], environment) {
        ProxyWait::Certain(_) if is_body => ProxyWait::Possible,
        wait => wait,
    }
}

fn item_wait(item: &Item<'_>, before: &[Item<'_>], environment: Environment<'_>) -> ProxyWait {
    match &item.kind {
        ItemKind::Simple(words) => simple_wait(&texts(words), environment),
        ItemKind::Loop { keyword, head, body } => loop_wait(keyword, head, body, before),
        ItemKind::Block(tokens) => group_wait(tokens, environment)
            .unwrap_or_else(|| if asks(tokens) { ProxyWait::Possible } else { ProxyWait::None }),
    }
}

/// The certain wait of a group, `( ... )` or `{ ...; }`, that does nothing else.
fn group_wait(tokens: &[Token], environment: Environment<'_>) -> Option<ProxyWait> {
    let [first, inner @ .., _] = tokens else { return None };
    let is_group = *first == Token::Open || first.keyword() == Some("{");
    let items = items(inner).filter(|_| is_group)?;
    // Looked at once: it may be a group again.
    let mut others = items.iter().enumerate().filter(|(_, item)| !is_harmless(item));
    let at = others.next().filter(|_| others.next().is_none())?.0;
    let wait = wait_at(&items, at, environment);
    (matches!(wait, ProxyWait::Certain(_)) && Course::of(&items).surely_runs_first(at)).then_some(wait)
}

pub(super) fn texts(tokens: &[Token]) -> Vec<&str> {
    tokens.iter().filter_map(Token::text).collect()
}

pub(super) fn asks(tokens: &[Token]) -> bool {
    asks_if_ready(&texts(tokens).join(" "))
}

/// The first word of a list that asks the proxy: alone, or with the one behind it (`localhost 15021`).
pub(super) fn question_at(tokens: &[Token]) -> Option<usize> {
    let alone = tokens.iter().position(|token| token.text().is_some_and(asks_if_ready));
    let asks =
        |pair: &[Token]| pair.iter().all(|token| token.text().is_some()) && asks_if_ready(&texts(pair).join(" "));
    alone.or_else(|| tokens.windows(2).position(asks))
}

/// One command: `exec` and variable assignments before it do not change what it is.
fn simple_wait(words: &[&str], environment: Environment<'_>) -> ProxyWait {
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
    program_wait(words, environment)
}

pub(super) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

fn loop_wait(keyword: &str, head: &[Token], body: &[Token], before: &[Item<'_>]) -> ProxyWait {
    let asked_in_body = asks(body);
    let assigned = variables_from_the_proxy(body);
    let head_texts = texts(head);
    let asked_by_variable = head_texts.iter().any(|text| assigned.iter().any(|name| refers_to(text, name)));
    if !asks(head) && !asked_in_body && !asked_by_variable {
        return ProxyWait::None;
    }
    let ends_in_body = keyword == "for" || is_forever(keyword, &head_texts) || is_counter(&head_texts) && !asks(head);
    let waits = if ends_in_body {
        leaves_when_ready(body).then_some(Surety::Sure)
    } else {
        goes_on_until_ready(keyword, head, &assigned)
    };
    let bound = if keyword == "for" || has_other_end(&head_texts, body, ends_in_body) {
        Bound::Bounded
    } else if sets_otherwise(body, &assigned) {
        Bound::Unknown
    } else {
        Bound::Endless
    };
    match (waits, bound) {
        (None, _) => ProxyWait::Possible,
        (Some(Surety::UnlessItFails), _) if !starts_with_status(head, body, before) => ProxyWait::Possible,
        (Some(Surety::UnlessItFails), Bound::Endless) => ProxyWait::Certain(Bound::Unknown),
        (Some(_), bound) => ProxyWait::Certain(bound),
    }
}

/// Names of variables that the body sets from an answer of the proxy: `STATUS=$(curl ...)`.
pub(super) fn variables_from_the_proxy(body: &[Token]) -> Vec<&str> {
    let set = |text: &'_ str| is_assignment(text) && asks_if_ready(text);
    texts(body).into_iter().filter(|text| set(text)).filter_map(|text| Some(text.split_once('=')?.0)).collect()
}

/// Whether one of these variables is set to something else as well: that may end the loop too.
fn sets_otherwise(body: &[Token], variables: &[&str]) -> bool {
    let set = |text: &&str| text.split_once('=').is_some_and(|(name, _)| variables.contains(&name));
    texts(body).iter().any(|text| set(text) && !asks_if_ready(text))
}

pub(super) fn refers_to(text: &str, variable: &str) -> bool {
    text == format!("${variable}") || text == format!("${{{variable}}}")
}

pub(super) fn is_forever(keyword: &str, head: &[&str]) -> bool {
    matches!((keyword, head), ("while", ["true" | ":"] | ["[", "1" | "true", "]"]) | ("until", ["false"]))
}

const COMPARISONS: [&str; 4] = ["-lt", "-le", "-gt", "-ge"];

pub(super) fn is_counter(head: &[&str]) -> bool {
    head.iter().any(|word| COMPARISONS.contains(word))
}

/// The body of an endless or counted loop: `curl ... && break`, or `if curl ...; then ... break`.
fn leaves_when_ready(body: &[Token]) -> bool {
    let Some(question) = question_at(body) else { return false };
    let negated =
        body.iter().any(|token| matches!(token.text(), Some("!" | "||" | "until" | "while" | "-v" | "!=" | "-ne")));
    let or = body.contains(&Token::Separator(Separator::Or));
    if negated || or {
        return false;
    }
    let mut rest = body[question..].iter().skip_while(|token| token.text().is_some());
    let in_if = body[..question].iter().any(|token| token.text() == Some("if"));
    match (in_if, rest.next()) {
        (false, Some(Token::Separator(Separator::And))) => {
            matches!(rest.next().and_then(Token::text), Some("break" | "exec"))
        }
        (true, Some(Token::Separator(Separator::Next))) => {
            let then: Vec<_> = rest.take_while(|token| !matches!(token.text(), Some("else" | "elif" | "fi"))).collect();
            then.iter().any(|token| matches!(token.text(), Some("break" | "exec")))
        }
        _ => false,
    }
}

/// Whether something else than the proxy's answer may end the loop.
fn has_other_end(head: &[&str], body: &[Token], ends_in_body: bool) -> bool {
    let counted = |word: &str| COMPARISONS.contains(&word) || word.contains("SECONDS") || word == "-eq";
    let arithmetic = body.windows(2).any(|pair| pair == [Token::Open, Token::Open]);
    let body = texts(body);
    let ways_out = body.iter().filter(|word| matches!(**word, "break" | "return" | "exec")).count();
    // One way out of the body may be the answer's own.
    let own = usize::from(ends_in_body);
    let ends = |word: &&str| matches!(*word, "exit" | "kill") || counted(word);
    is_counter(head) || arithmetic || body.iter().any(ends) || ways_out > own
}
