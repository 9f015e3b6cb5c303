//! Loops that compare a status with `-ne`, or without quotes: a test of an empty word is an error, and an error ends a `while`.

use crate::mesh::wrapper::shell::script::{Item, ItemKind};
use crate::mesh::wrapper::shell::tokens::Token;
use crate::mesh::wrapper::wait::local_proxy::asks_if_ready;
use crate::mesh::wrapper::wait::repeating::variables_from_the_proxy;
use crate::mesh::wrapper::wait::script_wait::{refers_to, texts};

/// Whether what a loop compares is a number at its first test, and stays one where curl is there: the answer of
/// `curl -w '%{http_code}'`, or a variable that a command before the loop sets to one.
///
/// bash, in its own `[[`, takes what is empty for 0.
pub(in crate::mesh::wrapper) fn starts_with_status(
    head: &[Token],
    body: &[Token],
    before: &[Item<'_>],
    bash: bool,
) -> bool {
    let head = texts(head);
    let is_of_bash = head.contains(&"[[");
    // Where `sh` does not have it, it is an error whatever is compared.
    if is_of_bash && !bash {
        return false;
    }
    let compares = |name: &&str| head.iter().any(|text| refers_to(text, name));
    let mut variables = variables_from_the_proxy(body).into_iter().filter(compares).peekable();
    if variables.peek().is_none() {
        return head.iter().any(|text| is_status(text));
    }
    variables.all(|name| {
        texts(body).iter().filter_map(|text| value_of(text, name)).all(is_status)
            && match last_value(before, name) {
                Some(value) => is_status(value) || is_other_number(value) || is_of_bash && value.is_empty(),
                None => is_of_bash,
            }
    })
}

/// curl prints `000` where there is no answer.
pub(in crate::mesh::wrapper) fn is_status(text: &str) -> bool {
    asks_if_ready(text) && ["%{http_code}", "%{response_code}"].iter().any(|format| text.contains(format))
}

/// A number that is not what the loop waits for.
fn is_other_number(value: &str) -> bool {
    value != "200" && !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('=')
}

/// What the last command that sets a variable, and does nothing else, sets it to.
fn last_value<'a>(before: &'a [Item<'_>], name: &str) -> Option<&'a str> {
    let simple = |item: &'a Item<'_>| match item.kind {
        ItemKind::Simple([word]) => word.text(),
        _ => None,
    };
    before.iter().filter_map(simple).filter_map(|text| value_of(text, name)).next_back()
}
