//! Does a shell script wait for the pod's own proxy before it goes on?
//!
//! Certain is only what stands at the top of the script and can be read in one way:
//! * `until curl .../healthz/ready; do ...; done`, `while ! curl ...; do`, `nc -z localhost 15021` the same;
//! * `until [ "$(curl -w '%{http_code}' ...)" = 200 ]`, `while [ "$STATUS" != 200 ]` with `STATUS=$(curl ...)` in the body;
//! * `while true; do curl ... && break; ...; done`, and `for` in place of `while true`;
//! * `curl --retry N --retry-connrefused ...` (without the second, a refused connection is not tried again);
//! * a known waiting program.
//!
//! What is within `if`, `case`, a function, braces, or behind `||` may not run; what runs in the background, or after something that
//! does, may not hold the application back. Such scripts, and whatever asks the proxy in another manner, are possible waits.

use crate::mesh::wrapper::local_proxy::asks_if_ready;
use crate::mesh::wrapper::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::{Separator, Token, tokens};
use crate::mesh::wrapper::{Bound, Environment, ProxyWait, basename, program_wait};

/// The wait of a whole script: the surest of its commands.
pub(super) fn script_wait(script: &str, environment: Environment<'_>) -> ProxyWait {
    let tokens = tokens(script);
    let Some(items) = tokens.as_deref().and_then(items) else {
        return if asks_if_ready(script) { ProxyWait::Possible } else { ProxyWait::None };
    };
    let mut surest = ProxyWait::None;
    for (at, item) in items.iter().enumerate() {
        let wait = match item_wait(item, environment) {
            ProxyWait::Certain(_) if !surely_runs_first(&items, at) => ProxyWait::Possible,
            wait => wait,
        };
        if matches!((surest, wait), (ProxyWait::None, _) | (ProxyWait::Possible, ProxyWait::Certain(_))) {
            surest = wait;
        }
    }
    surest
}

/// Whether nothing before this command can skip it, and nothing lets the script go on without it.
fn surely_runs_first(items: &[Item<'_>], at: usize) -> bool {
    const HARMLESS: [&str; 8] = ["echo", "printf", "sleep", "set", "trap", "export", "cd", ":"];
    let harmless = |item: &Item<'_>| match &item.kind {
        ItemKind::Simple(words) => words.first().and_then(Token::text).is_some_and(|word| HARMLESS.contains(&word)),
        _ => false,
    };
    let reached = match items[at].before {
        Separator::Next => true,
        Separator::And => at > 0 && harmless(&items[at - 1]) && surely_runs_first(items, at - 1),
        Separator::Or | Separator::Pipe | Separator::Background => false,
    };
    let in_background = |item: &Item<'_>| item.after == Separator::Background;
    // `wait && app &`: the list as a whole is in the background.
    let end_of_list =
        items[at..].iter().find(|item| !matches!(item.after, Separator::And | Separator::Or | Separator::Pipe));
    let exited = items[..at]
        .iter()
        .any(|item| matches!(item.kind, ItemKind::Simple([Token::Word { text, .. }, ..]) if text == "exit"));
    reached && !exited && !items[..at].iter().any(in_background) && !end_of_list.is_some_and(in_background)
}

fn item_wait(item: &Item<'_>, environment: Environment<'_>) -> ProxyWait {
    match &item.kind {
        ItemKind::Simple(words) => simple_wait(&texts(words), environment),
        ItemKind::Loop { keyword, head, body } => loop_wait(keyword, head, body),
        ItemKind::Block(tokens) if asks(tokens) => ProxyWait::Possible,
        ItemKind::Block(_) => ProxyWait::None,
    }
}

fn texts(tokens: &[Token]) -> Vec<&str> {
    tokens.iter().filter_map(Token::text).collect()
}

fn asks(tokens: &[Token]) -> bool {
    asks_if_ready(&texts(tokens).join(" "))
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

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

fn loop_wait(keyword: &str, head: &[Token], body: &[Token]) -> ProxyWait {
    let asked_in_body = asks(body);
    let assigned = variables_from_the_proxy(body);
    let head_texts = texts(head);
    let asked_by_variable = head_texts.iter().any(|text| assigned.iter().any(|name| refers_to(text, name)));
    if !asks(head) && !asked_in_body && !asked_by_variable {
        return ProxyWait::None;
    }
    let waits = match keyword {
        "for" => leaves_when_ready(body),
        _ if is_forever(keyword, &head_texts) || is_counter(&head_texts) && !asks(head) => leaves_when_ready(body),
        _ => goes_on_until_ready(keyword, head, &assigned),
    };
    let bound = if keyword == "for" || has_other_end(&head_texts, body) { Bound::Bounded } else { Bound::Endless };
    if waits { ProxyWait::Certain(bound) } else { ProxyWait::Possible }
}

/// Names of variables that the body sets from an answer of the proxy: `STATUS=$(curl ...)`.
fn variables_from_the_proxy(body: &[Token]) -> Vec<&str> {
    let set = |text: &'_ str| is_assignment(text) && asks_if_ready(text);
    texts(body).into_iter().filter(|text| set(text)).filter_map(|text| Some(text.split_once('=')?.0)).collect()
}

fn refers_to(text: &str, variable: &str) -> bool {
    text == format!("${variable}") || text == format!("${{{variable}}}")
}

fn is_forever(keyword: &str, head: &[&str]) -> bool {
    matches!((keyword, head), ("while", ["true" | ":"] | ["[", "1" | "true", "]"]) | ("until", ["false"]))
}

const COMPARISONS: [&str; 4] = ["-lt", "-le", "-gt", "-ge"];

fn is_counter(head: &[&str]) -> bool {
    head.iter().any(|word| COMPARISONS.contains(word))
}

/// The loop's head, read as one condition: it holds until (or while not) the proxy says that it is ready.
fn goes_on_until_ready(keyword: &str, head: &[Token], variables: &[&str]) -> bool {
    // A counter beside the question bounds the loop and does not change what it waits for.
    let parts = head.split(|token| matches!(token, Token::Separator(Separator::And | Separator::Or)));
    let about_proxy = |part: &&[Token]| {
        asks(part) || texts(part).iter().any(|text| variables.iter().any(|name| refers_to(text, name)))
    };
    let [question] = parts.filter(about_proxy).collect::<Vec<_>>()[..] else { return false };
    let words = texts(question);
    let (negated, words) = match words.split_first() {
        Some((&"!", rest)) => (true, rest),
        _ => (false, &words[..]),
    };
    let Some(true_when_ready) = true_when_ready(words) else { return false };
    if keyword == "while" && !negated && may_fail_as_a_test(question, words) {
        return false;
    }
    // `until` stops when its condition is true, `while` when it is false.
    (keyword == "until") == (true_when_ready != negated)
}

/// `[ $S != 200 ]` and `[ "$S" -ne 200 ]` are errors while `S` is empty, and so is `[[` where `sh` does not have it. An error ends a
/// `while`: such a loop may not wait at all.
fn may_fail_as_a_test(question: &[Token], words: &[&str]) -> bool {
    let quoted =
        question.iter().any(|token| matches!(token, Token::Word { quoted: true, text, .. } if text.starts_with('$')));
    match words.first() {
        Some(&"[[") => true,
        Some(&("[" | "test")) => !quoted || words.contains(&"-ne"),
        _ => false,
    }
}

/// Whether the condition is true once the proxy is ready (`Some(true)`), or as long as it is not (`Some(false)`).
fn true_when_ready(words: &[&str]) -> Option<bool> {
    const READY_ANSWERS: [&str; 4] = ["200", "LIVE", "live", "ok"];
    match basename(words.first()?) {
        "[" | "[[" | "test" => {
            let compares_with_ready = words.iter().any(|word| READY_ANSWERS.contains(word));
            let operator = words.iter().find(|word| ["=", "==", "-eq", "!=", "-ne"].contains(word))?;
            compares_with_ready.then_some(!["!=", "-ne"].contains(operator))
        }
        "curl" | "wget" | "nc" | "ncat" | "netcat" => {
            // `| grep -v` and the like would turn the meaning round.
            let turned = words.iter().any(|word| *word == "-v" && words.contains(&"grep"));
            (!turned).then_some(true)
        }
        _ => None,
    }
}

/// The body of an endless or counted loop: `curl ... && break`, or `if curl ...; then ... break`.
fn leaves_when_ready(body: &[Token]) -> bool {
    let Some(question) = body.iter().position(|token| token.text().is_some_and(asks_if_ready)) else { return false };
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
fn has_other_end(head: &[&str], body: &[Token]) -> bool {
    let counted = |word: &str| COMPARISONS.contains(&word) || word.contains("SECONDS") || word == "-eq";
    let arithmetic = body.windows(2).any(|pair| pair == [Token::Open, Token::Open]);
    let body = texts(body);
    let own_break = body.iter().any(|word| matches!(*word, "break" | "exit" | "return"));
    is_counter(head) || arithmetic || body.iter().any(|word| counted(word)) || body.contains(&"exit") || {
        // A `break` that is not the answer's own: the loop's head already asks the proxy.
        own_break && asks_if_ready(&head.join(" "))
    }
}
