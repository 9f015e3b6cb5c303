//! A loop over the exit code of what asked last: `RC=1; while [ $RC -ne 0 ]; do curl ...; RC=$?; sleep 1; done`.
//!
//! The variable must hold a failure before the loop, and be set in its body once, right behind the question, and nowhere else: then the
//! test is never an error, and nothing but an answer ends it. Each form of the tests was run under dash and bash.

use crate::mesh::wrapper::basename;
use crate::mesh::wrapper::identity::commands;
use crate::mesh::wrapper::shell::reading::Interpreter;
use crate::mesh::wrapper::shell::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::tokens::{Separator, Token};
use crate::mesh::wrapper::wait::condition::Conditions;
use crate::mesh::wrapper::wait::leaving::{asked_right_before, is_equality};
use crate::mesh::wrapper::wait::script_wait::{is_assignment, only_sets, texts};

/// Whether a loop surely goes on as long as its question fails.
pub(in crate::mesh::wrapper) fn goes_on_while_failing(
    keyword: &str,
    head: &[Token],
    body: &[Token],
    before: &[Item<'_>],
    shell: Interpreter<'_>,
) -> bool {
    // It would have ended with what asked.
    let variable = if shell.stops_at_failures { None } else { compared(keyword, head, shell.bash) };
    variable.is_some_and(|name| starts_failed(before, name, shell) && only_takes_the_code(body, name, shell))
}

/// Whether a word keeps the exit code of the command before it.
pub(in crate::mesh::wrapper) fn keeps_code(token: &Token) -> bool {
    expanded(token).is_some_and(|text| is_assignment(text) && text.ends_with("=$?"))
}

/// The variable whose value keeps the loop going unless it is 0.
fn compared<'a>(keyword: &str, head: &'a [Token], bash: bool) -> Option<&'a str> {
    let lines = head.iter().rev().take_while(|token| **token == Token::Separator(Separator::Next)).count();
    let head = &head[..head.len() - lines];
    let words = texts(head);
    if words.len() != head.len() {
        return None;
    }
    let (negated, words) = without_negation(&words);
    let test = match words {
        ["[", test @ .., "]"] | ["test", test @ ..] => test,
        ["[[", test @ .., "]]"] if bash => test,
        _ => return None,
    };
    let (negated_within, test) = without_negation(test);
    let [value, operator, "0"] = *test else { return None };
    let holds_at_failure = is_equality(operator)? == (negated != negated_within);
    // Within single quotes it is no variable.
    let is_variable = head.iter().filter_map(expanded).any(|text| text == value);
    let name = value.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let is_name = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_') && name.bytes().all(is_part);
    (is_variable && is_name && (keyword == "while") == holds_at_failure).then_some(name)
}

fn without_negation<'w, 'a>(words: &'w [&'a str]) -> (bool, &'w [&'a str]) {
    match words.split_first() {
        Some((&"!", rest)) => (true, rest),
        _ => (false, words),
    }
}

/// The text of a word in which the shell puts the values of variables.
fn expanded(token: &Token) -> Option<&str> {
    match token {
        Token::Word { text, bare, quoted } if *bare || *quoted => Some(text),
        _ => None,
    }
}

/// Whether the variable surely holds a failure when the loop begins.
fn starts_failed(before: &[Item<'_>], name: &str, shell: Interpreter<'_>) -> bool {
    let mut is_failure = false;
    for item in before {
        let (parts, may_be_called) = match item.kind {
            ItemKind::Simple(words) => ([words, &[]], false),
            ItemKind::Loop { head, body, .. } => ([head, body], true),
            ItemKind::Block(tokens) | ItemKind::Function { body: tokens, .. } => ([tokens, &[]], true),
        };
        let mut words = parts.into_iter().flatten().filter_map(Token::text).peekable();
        let is_local = words.peek() == Some(&"local");
        let sets = only_sets(item) && (!is_local || shell.in_function);
        let is_sure = item.before == Separator::Next && matches!(item.after, Separator::Next | Separator::And);
        let mut changing = words.filter(|text| may_change(text, name) || may_change_any(text)).peekable();
        if changing.peek().is_none() {
            continue;
        }
        if may_be_called {
            return false;
        }
        let is_failure_code =
            |text: &str| text.split_once('=').is_some_and(|(_, value)| value.parse::<u8>().is_ok_and(|it| it > 0));
        is_failure = sets && is_sure && changing.all(is_failure_code);
    }
    is_failure
}

/// Whether the body asks, and keeps the code of that in the variable, which nothing else changes.
fn only_takes_the_code(body: &[Token], name: &str, shell: Interpreter<'_>) -> bool {
    /// They change no variable that they do not name.
    const KNOWN: [&str; 17] = [
        "curl", "wget", "nc", "ncat", "netcat", "grep", "timeout", "sleep", "echo", "printf", "true", ":", "[", "test",
        "date", "break", "exit",
    ];
    let Some(items) = items(body) else { return false };
    let keeps = |item: &Item<'_>| match item.kind {
        ItemKind::Simple([word]) => keeps_code(word) && word.text().is_some_and(|text| may_change(text, name)),
        _ => false,
    };
    let changes = body.iter().filter_map(Token::text).filter(|text| may_change(text, name)).count();
    let Some(at) = items.iter().position(keeps).filter(|_| changes == 1) else { return false };
    let is_alone = items[at].is_alone();
    let is_known = |words: &[&str]| words.first().is_none_or(|program| KNOWN.contains(&basename(program)));
    is_alone
        && commands(body).iter().all(|(words, _)| is_known(words))
        && asked_right_before(body, &items, at, Conditions { answers: &[], bash: shell.bash })
}

/// Whether a word may do something else with a variable than read it.
fn may_change(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + name.len()..]);
        let is_whole = !before.bytes().next_back().is_some_and(is_part) && !behind.bytes().next().is_some_and(is_part);
        let is_read = before.ends_with('$') || before.ends_with("${") && behind.starts_with('}');
        is_whole && !is_read
    })
}

/// Whether a word may be a command that changes any variable.
fn may_change_any(word: &str) -> bool {
    matches!(word, "eval" | "." | "source" | "unset" | "read")
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::wrapper::wait::script_wait::script_wait;
    use crate::mesh::wrapper::{Bound, ProxyWait};

    /// `ASK` stands for the question.
    fn wait(shell: &str, script: &str) -> ProxyWait {
        let script = script.replace("ASK", "curl -fs localhost:15021/healthz/ready");
        script_wait(&script, Interpreter::of(shell, &[], &script, &[]))
    }

    #[test]
    fn a_loop_over_the_code_of_the_question_waits() {
        for script in [
            "RC=1; while [ $RC -gt 0 ]; do ASK -o /dev/null; RC=$?; sleep 1; done; exec /app",
            "RC=1\nuntil [ $RC -eq 0 ]\ndo\n  ASK\n  RC=$?\n  sleep 1\ndone\nexec /app",
            "STATUS=7; while [ \"$STATUS\" != \"0\" ]; do sleep 1; ASK; STATUS=$?; done; /app",
            "A=b RC=1; while ! [ $RC = 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; while [ ! $RC -eq 0 ]; do ASK > /dev/null 2>&1; RC=\"$?\"; echo $RC; done; /app",
            "RC=1; while test ${RC} -ne 0; do ASK; RC=$?; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do X=$(ASK); RC=$?; sleep 1; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK; RC=$?; [ $RC -ne 0 ] && sleep 1; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK | grep -q LIVE; RC=$?; sleep 1; done; /app",
            "RC=0; RC=1; until [ $RC -eq 0 ]; do ASK; RC=$?; done; /app",
            ". /env; RC=1; until [ $RC -eq 0 ]; do ASK; RC=$?; done; /app",
            "up() { local RC=1; while [ $RC -ne 0 ]; do ASK; RC=$?; sleep 1; done; }; up; /app",
        ] {
            assert_eq!(wait("sh", script), ProxyWait::Certain(Bound::Endless), "{script}");
        }
        let of_bash = "RC=1; while [[ $RC -ne 0 ]]; do ASK; RC=$?; sleep 1; done; /app";
        assert_eq!(wait("bash", of_bash), ProxyWait::Certain(Bound::Endless));
        assert_eq!(wait("sh", of_bash), ProxyWait::Possible);
        for script in [
            "RC=1; i=0; while [ $RC -ne 0 ]; do ASK; RC=$?; i=$((i+1)); [ $i -gt 60 ] && exit 1; sleep 1; done; /app",
            "RC=1; i=0; while [ $RC -ne 0 ]; do ASK; RC=$?; if [ $((i=i+1)) -gt 60 ]; then break; fi; done; /app",
        ] {
            assert_eq!(wait("sh", script), ProxyWait::Certain(Bound::Bounded), "{script}");
        }
    }

    #[test]
    fn a_code_of_something_else_is_no_proof() {
        for script in [
            "while [ $RC -ne 0 ]; do ASK; RC=$?; sleep 1; done; /app",
            "until [ $RC -eq 0 ]; do ASK; RC=$?; sleep 1; done; /app",
            "RC=0; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "RC=-1; while [ $RC -gt 0 ]; do ASK; RC=$?; done; /app",
            "RC=; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; RC=0; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; read RC; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; . /env; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "[ -z \"$A\" ] || RC=1; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; if [ -z \"$A\" ]; then RC=0; fi; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "f() { RC=0; }; RC=1; f; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "(RC=1); while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "local RC=1; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK; sleep 1; RC=$?; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do sleep 1; RC=$?; ASK; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK || true; RC=$?; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do true && ASK; RC=$?; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK | cat; RC=$?; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK & RC=$?; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do (ASK; RC=$?); done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ! ASK; RC=$?; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do echo \"$(ASK)\"; RC=$?; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK; RC='$?'; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK; RC=$? & done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK; RC=$?; RC=0; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK; RC=$?; : ${RC:=0}; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK; RC=$?; eval $X; done; /app",
            "RC=1; while [ $RC -ne 0 ]; do ASK; RC=$?; next; done; /app",
            "RC=1; while [ '$RC' -ne 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; while [ $RC -eq 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; until [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; until [ $RC == 0 ]; do ASK; RC=$?; done; /app",
            "RC=1; while [ $RC -lt 1 ]; do ASK; RC=$?; done; /app",
            "RC=1; while [ $OTHER -ne 0 ]; do ASK; RC=$?; done; /app",
            "set -e; RC=1; while [ $RC -ne 0 ]; do ASK; RC=$?; done; /app",
        ] {
            assert_eq!(wait("sh", script), ProxyWait::Possible, "{script}");
        }
    }
}
