//! The condition of a loop: whether it goes on until the proxy answers.

use crate::mesh::wrapper::local_proxy::asks_by_device;
use crate::mesh::wrapper::shell::{Separator, Token, tokens};
use crate::mesh::wrapper::wait_only::untimed;
use crate::mesh::wrapper::waiting::{asks, is_counter, refers_to, texts};
use crate::mesh::wrapper::{SHELLS, basename};

/// How sure it is that a loop goes on until the proxy is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surety {
    Sure,
    /// Its test may be an error, in an image without curl, say; that ends it.
    UnlessItFails,
}

/// The loop's head, read as one condition: it holds until (or while not) the proxy says that it is ready.
pub(super) fn goes_on_until_ready(keyword: &str, head: &[Token], variables: &[&str]) -> Option<Surety> {
    let about_proxy = |part: &[Token]| {
        asks(part) || texts(part).iter().any(|text| variables.iter().any(|name| refers_to(text, name)))
    };
    let question = only_question(keyword, head, about_proxy)?;
    let words = plain_question(question)?;
    let (negated, words) = match words.split_first() {
        Some((&"!", rest)) => (true, rest),
        _ => (false, &words[..]),
    };
    let true_when_ready = true_when_ready(words)?;
    let may_fail = keyword == "while" && !negated && may_fail_as_a_test(question, words);
    // `until` stops when its condition is true, `while` when it is false.
    let goes_on = (keyword == "until") == (true_when_ready != negated);
    goes_on.then_some(if may_fail { Surety::UnlessItFails } else { Surety::Sure })
}

/// The one part of the head that asks the proxy, if no other part can end the loop but a counter.
///
/// `until` ends when its head is true: with `||` another part may end it, with `&&` none. Of `while` the opposite holds.
fn only_question<'a>(keyword: &str, head: &'a [Token], asks: impl Fn(&[Token]) -> bool) -> Option<&'a [Token]> {
    let lines = head.iter().rev().take_while(|token| **token == Token::Separator(Separator::Next)).count();
    let head = &head[..head.len() - lines];
    let has = |separator| head.contains(&Token::Separator(separator));
    // Of several commands in a row the last one decides; such heads are not followed.
    if has(Separator::Next) || has(Separator::Background) {
        return None;
    }
    let ends_alone = if keyword == "until" { Separator::Or } else { Separator::And };
    let parts = head.split(|token| matches!(token, Token::Separator(Separator::And | Separator::Or)));
    let (questions, others): (Vec<&[Token]>, Vec<&[Token]>) = parts.partition(|part| asks(part));
    let counters = others.iter().all(|part| is_counter(&texts(part)));
    match questions[..] {
        [question] if others.is_empty() || counters || !has(ends_alone) => Some(question),
        _ => None,
    }
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
    let opens_connection = || words.iter().any(|word| asks_by_device(word));
    let (program, arguments) = words.split_first()?;
    let (program, arguments) = untimed(program, arguments)?;
    match basename(program) {
        "[" | "[[" | "test" => {
            let compares_with_ready = words.iter().any(|word| READY_ANSWERS.contains(word));
            let has_alternative = words.contains(&"-o") && !is_counter(words);
            let operator = words.iter().find(|word| ["=", "==", "-eq", "!=", "-ne"].contains(word))?;
            (compares_with_ready && !has_alternative).then_some(!["!=", "-ne"].contains(operator))
        }
        "curl" | "wget" | "nc" | "ncat" | "netcat" => Some(true),
        // Nothing is run while the connection cannot be opened; `:` would end the shell then, as a special built-in.
        "echo" | "printf" | "true" | "cat" => opens_connection().then_some(true),
        _ if asks_by_device(program) => Some(true),
        name if SHELLS.contains(&name) => {
            let [option, script, ..] = arguments else { return None };
            let tokens = tokens(script).filter(|_| option.contains('c'))?;
            let is_one = !tokens.iter().any(|token| matches!(token, Token::Separator(_)));
            true_when_ready(&texts(&tokens)).filter(|_| is_one)
        }
        _ => None,
    }
}

/// The words of a question without what does not change its meaning: `$(curl ...)` as a command is as good as `curl ...`, and so is
/// `curl ... | grep 200`. None where another program makes something else of the answer.
fn plain_question(question: &[Token]) -> Option<Vec<&str>> {
    let mut stages = question.split(|token| *token == Token::Separator(Separator::Pipe));
    let asking = texts(stages.next()?);
    for stage in stages {
        let (program, arguments) = stage.iter().filter_map(Token::text).next().zip(Some(texts(stage)))?;
        let turns = |word: &&str| word.starts_with('-') && !word.starts_with("--") && word.contains('v');
        if !matches!(basename(program), "grep" | "egrep" | "fgrep") || arguments.iter().any(turns) {
            return None;
        }
    }
    match asking[..] {
        [single] => match single.strip_prefix("$(").and_then(|inside| inside.strip_suffix(')')) {
            Some(inside) if !inside.contains(['|', ';', '&', '$']) => Some(inside.split_whitespace().collect()),
            _ => Some(asking),
        },
        _ => Some(asking),
    }
}
