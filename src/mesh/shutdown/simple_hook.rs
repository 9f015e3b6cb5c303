//! Hooks that are certain to end, whatever the containers of the pod do meanwhile.

use crate::mesh::shutdown::Handler;
use crate::mesh::shutdown::command::base_name;
use crate::mesh::shutdown::lexer::{Token, tokens};
use serde_json::Value;

/// Whether a hook ends by itself: it waits for a time, or runs nothing but programs that ask nobody and wait for nothing.
pub fn ends_by_itself(hook: &Value) -> bool {
    match Handler::of(hook) {
        Some(Handler::Sleep) => true,
        Some(Handler::Exec) => words(hook).is_some_and(|words| command_ends(&words)),
        Some(Handler::HttpGet | Handler::TcpSocket) | None => false,
    }
}

/// Programs that look at files, change them or print, and builtins of a shell.
const PLAIN: [&str; 23] = [
    ":", "[", "cd", "chgrp", "chmod", "chown", "cp", "date", "echo", "exit", "export", "false", "ln", "ls", "mkdir",
    "mv", "printf", "rm", "set", "test", "touch", "true", "umask",
];

fn words(hook: &Value) -> Option<Vec<&str>> {
    hook.pointer("/exec/command")?.as_array()?.iter().map(Value::as_str).collect()
}

fn command_ends(words: &[&str]) -> bool {
    match words {
        [shell, "-c" | "-ec" | "-ce" | "-exc" | "-xc", script, ..] if is_shell(shell) => script_ends(script),
        [program, arguments @ ..] => program_ends(program, arguments),
        [] => false,
    }
}

fn is_shell(program: &str) -> bool {
    matches!(base_name(program), "sh" | "bash" | "ash" | "dash")
}

fn program_ends(program: &str, arguments: &[&str]) -> bool {
    let is_time = |word: &&str| word.starts_with(|it: char| it.is_ascii_digit());
    PLAIN.contains(&base_name(program))
        || base_name(program) == "sleep" && !arguments.is_empty() && arguments.iter().all(is_time)
}

/// Whether each command of a script is one that ends: no loops, no functions, nothing that runs within a word.
fn script_ends(script: &str) -> bool {
    let runs_within = ["$(", "`", "/dev/tcp", "/dev/udp", "<("].iter().any(|sign| script.contains(sign));
    let Some(tokens) = tokens(script).filter(|_| !runs_within) else { return false };
    tokens.split(|token| !matches!(token, Token::Word(_) | Token::Writes)).all(|command| {
        let words: Vec<&str> = command.iter().filter_map(word).collect();
        words.split_first().is_none_or(|(program, arguments)| program_ends(program, arguments))
    })
}

fn word(token: &Token) -> Option<&str> {
    if let Token::Word(word) = token { Some(word) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_asks_nobody_ends_by_itself() {
        for (command, wanted) in [
            (json!(["/bin/true"]), true),
            (json!(["sleep", "5"]), true),
            (json!(["sleep", "infinity"]), false),
            (json!(["sleep"]), false),
            (json!(["touch", "/tmp/started"]), true),
            (json!(["/init-vault"]), false),
            (json!(["curl", "-f", "localhost:8080"]), false),
            (json!(["sh", "-c", "echo started > /proc/1/fd/1"]), true),
            (json!(["/bin/bash", "-ec", "mkdir -p /tmp/a && chmod 700 /tmp/a; sleep 2"]), true),
            (json!(["sh", "-c", "[ -f /tmp/a ] || touch /tmp/a"]), true),
            (json!(["sh", "-c", "until nc -z localhost 5432; do sleep 1; done"]), false),
            (json!(["sh", "-c", "while true; do sleep 1; done"]), false),
            (json!(["sh", "-c", "echo $(curl -f localhost:8080)"]), false),
            (json!(["sh", "-c", "echo ok; /setup.sh"]), false),
            (json!(["sh", "/setup.sh"]), false),
            (json!([]), false),
        ] {
            assert_eq!(ends_by_itself(&json!({"exec": {"command": command}})), wanted, "{command}");
        }
        assert!(ends_by_itself(&json!({"sleep": {"seconds": 5}})));
        assert!(!ends_by_itself(&json!({"httpGet": {"port": 8080}})));
        assert!(!ends_by_itself(&json!({})));
    }
}
