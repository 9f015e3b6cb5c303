//! A loop that asks the proxy: whether it surely goes on until the proxy is ready, and what else may end it.

use crate::mesh::wrapper::shell::reading::Interpreter;
use crate::mesh::wrapper::shell::script::Item;
use crate::mesh::wrapper::shell::tokens::Token;
use crate::mesh::wrapper::wait::condition::{Conditions, Surety};
use crate::mesh::wrapper::wait::exit_code::goes_on_while_failing;
use crate::mesh::wrapper::wait::leaving::leaves_when_ready;
use crate::mesh::wrapper::wait::local_proxy::asks_if_ready;
use crate::mesh::wrapper::wait::script_wait::{
    COMPARISONS, asks, is_assignment, is_counter, is_forever, refers_to, texts,
};
use crate::mesh::wrapper::wait::status::starts_with_status;
use crate::mesh::wrapper::{Bound, ProxyWait};

/// The wait of a loop, with the commands before it.
pub(in crate::mesh::wrapper) fn loop_wait(
    keyword: &str,
    head: &[Token],
    body: &[Token],
    before: &[Item<'_>],
    shell: Interpreter<'_>,
) -> ProxyWait {
    let assigned = variables_from_the_proxy(body);
    let head_texts = texts(head);
    let asked_by_variable = head_texts.iter().any(|text| assigned.iter().any(|name| refers_to(text, name)));
    if !asks(head) && !asks(body) && !asked_by_variable {
        return ProxyWait::None;
    }
    if goes_on_while_failing(keyword, head, body, before, shell) {
        let is_bounded = has_other_end(&[], body, false);
        return ProxyWait::Certain(if is_bounded { Bound::Bounded } else { Bound::Endless });
    }
    let conditions = Conditions { answers: &assigned, bash: shell.bash };
    let ends_in_body = ends_in_body(keyword, head, &head_texts);
    let waits = if ends_in_body {
        leaving_word(keyword, head, body, shell).map(|_| Surety::Sure)
    } else {
        conditions.goes_on_until_ready(keyword, head)
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
        (Some(Surety::UnlessItFails), _) if !starts_with_status(head, body, before, shell.bash) => ProxyWait::Possible,
        // bash takes a status that is not there for 0.
        (Some(Surety::UnlessItFails), Bound::Endless) if !head_texts.contains(&"[[") => {
            ProxyWait::Certain(Bound::Unknown)
        }
        (Some(_), bound) => ProxyWait::Certain(bound),
    }
}

/// The word that leaves a loop from its body once the proxy is ready.
pub(in crate::mesh::wrapper) fn leaving_word(
    keyword: &str,
    head: &[Token],
    body: &[Token],
    shell: Interpreter<'_>,
) -> Option<&'static str> {
    let mut answers = variables_from_the_proxy(body);
    // No answer would be the end of the script.
    answers.retain(|_| !shell.stops_at_failures);
    let conditions = Conditions { answers: &answers, bash: shell.bash };
    ends_in_body(keyword, head, &texts(head)).then(|| leaves_when_ready(body, conditions, shell)).flatten()
}

/// Whether the condition of a loop is not about the proxy: it goes on for ever, or counts.
fn ends_in_body(keyword: &str, head: &[Token], head_texts: &[&str]) -> bool {
    keyword == "for" || is_forever(keyword, head_texts) || is_counter(head_texts) && !asks(head)
}

/// Names of variables that the body sets from an answer of the proxy: `STATUS=$(curl ...)`.
pub(in crate::mesh::wrapper) fn variables_from_the_proxy(body: &[Token]) -> Vec<&str> {
    let set = |text: &'_ str| is_assignment(text) && asks_if_ready(text);
    texts(body).into_iter().filter(|text| set(text)).filter_map(|text| Some(text.split_once('=')?.0)).collect()
}

/// Whether one of these variables is set to something else as well: that may end the loop too.
fn sets_otherwise(body: &[Token], variables: &[&str]) -> bool {
    let set = |text: &&str| text.split_once('=').is_some_and(|(name, _)| variables.contains(&name));
    texts(body).iter().any(|text| set(text) && !asks_if_ready(text))
}

/// Whether something else than the proxy's answer may end the loop.
fn has_other_end(head: &[&str], body: &[Token], ends_in_body: bool) -> bool {
    // A test of the answer, or of the status of what asked for it, counts nothing.
    let is_of_answer = |before: &str, after: &str| before == "$?" || after == "200";
    let arithmetic = body.windows(2).any(|pair| pair == [Token::Open, Token::Open]);
    let body = texts(body);
    let word = |at: Option<usize>| at.and_then(|at| body.get(at)).copied().unwrap_or_default();
    let counts = (0..body.len()).any(|at| {
        let is_comparison = COMPARISONS.contains(&body[at]) || body[at] == "-eq";
        let own = is_comparison && is_of_answer(word(at.checked_sub(1)), word(at.checked_add(1)));
        is_comparison && !own || body[at].contains("SECONDS") || body[at] == "kill"
    });
    let ways_out = body.iter().filter(|word| matches!(**word, "break" | "return" | "exec" | "exit")).count();
    // One way out of the body may be the answer's own.
    is_counter(head) || arithmetic || counts || ways_out > usize::from(ends_in_body)
}
