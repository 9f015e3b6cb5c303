//! A script within the script, `sh -c 'until ...; done'`: how its shell ends is told to the commands around it.

use super::cut::loop_gives_up;
use crate::mesh::wrapper::shell::reading::{Interpreter, Reading};
use crate::mesh::wrapper::shell::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::tokens::{Separator, Token};
use crate::mesh::wrapper::wait::repeating::leaving_word;
use crate::mesh::wrapper::wait::script_wait::{asks, is_assignment, only_sets, texts};
use crate::mesh::wrapper::wait::wait_only::run_in_the_end;
use crate::mesh::wrapper::{ProxyWait, SHELLS, basename, program_wait};

/// Whether a command is a shell whose script may fail although the proxy is ready. What is not followed may.
pub(super) fn shell_may_fail(words: &[Token], shell: Interpreter<'_>) -> bool {
    let words = texts(words);
    let own = words.iter().take_while(|word| **word == "exec" || is_assignment(word)).count();
    let run = words[own..].split_first().and_then(|(program, arguments)| run_in_the_end(program, arguments));
    match run {
        Some((program, [options, script])) if SHELLS.contains(&basename(program)) => {
            let inner = Interpreter::of(program, &[options], script, shell.environment);
            let reading = Reading::of(script, inner);
            reading.is_none_or(|reading| !reading.items().is_some_and(|items| end_well(&items, inner)))
        }
        _ => false,
    }
}

/// Whether these commands, which only wait, end well once the proxy is ready.
fn end_well(items: &[Item<'_>], shell: Interpreter<'_>) -> bool {
    items.iter().enumerate().all(|(at, item)| {
        let is_asked = || at.checked_sub(1).is_some_and(|before| is_question(&items[before]));
        match item.before {
            // Only where the one before it failed.
            Separator::Or => true,
            Separator::Pipe if is_asked() => true,
            _ => ends_well(item, shell),
        }
    })
}

fn ends_well(item: &Item<'_>, shell: Interpreter<'_>) -> bool {
    const SUCCEED: [&str; 7] = [":", "date", "echo", "printf", "sleep", "true", "usleep"];
    match item.kind {
        ItemKind::Simple(words) => match texts(words)[..] {
            ["exit"] | ["exit", "0"] => true,
            [program, ..] if SUCCEED.contains(&program) => true,
            ref command => {
                let waits = || is_question(item) || program_wait(command, shell.environment) != ProxyWait::None;
                only_sets(item) || waits() && !shell_may_fail(words, shell)
            }
        },
        ItemKind::Loop { keyword, head, body } => {
            let exits = leaving_word(keyword, head, body, shell) == Some("exit");
            loop_gives_up(head, body).is_none() && !(exits && exits_otherwise(body))
        }
        ItemKind::Block([first, inner @ .., _]) if *first == Token::Open || first.keyword() == Some("{") => {
            items(inner).is_some_and(|inner| end_well(&inner, shell))
        }
        ItemKind::Block(_) => false,
        ItemKind::Function { .. } => true,
    }
}

fn is_question(item: &Item<'_>) -> bool {
    matches!(item.kind, ItemKind::Simple(words) if asks(words))
}

/// Whether there is an `exit` other than `exit 0`.
fn exits_otherwise(tokens: &[Token]) -> bool {
    (0..tokens.len()).any(|at| {
        tokens[at].keyword() == Some("exit") && tokens.get(at + 1).and_then(Token::text).is_some_and(|code| code != "0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::wrapper::shell::tokens::tokens;

    #[test]
    fn a_shell_that_ends_well_once_the_proxy_is_ready_goes() {
        for script in [
            "until nc -z localhost 15021; do sleep 1; done",
            "until nc -z localhost 15021; do sleep 1; done; echo ready",
            "until nc -z localhost 15021; do sleep 1; done; exit 0",
            "until nc -z localhost 15021; do sleep 1; done && echo ready || exit 1",
            "until curl -s localhost:15000/server_info | grep -q LIVE; do sleep 1; done; exit",
            "while true; do nc -z localhost 15021 && exit 0; sleep 1; done",
            "n=0; until nc -z localhost 15021; do n=$(expr $n + 1); [ $n -gt 30 ] && exit 1; sleep 1; done",
            "(until nc -z localhost 15021; do sleep 1; done)",
            "pilot-agent wait && echo ready",
            "curl --retry 30 --retry-connrefused -fs -o /dev/null localhost:15021/healthz/ready",
        ] {
            for launcher in ["", "timeout 60 ", "exec "] {
                let tokens = tokens(&format!("{launcher}sh -c '{script}'")).unwrap();
                let shell = Interpreter::of("sh", &[], "", &[]);
                assert!(!shell_may_fail(&tokens, shell), "{launcher}{script}");
            }
        }
    }
}
