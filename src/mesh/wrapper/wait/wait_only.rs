//! Does a piece of shell script nothing but wait for the proxy?
//!
//! Only programs that are known to leave nothing behind are let through, in forms that leave nothing behind: they ask
//! the proxy and nobody else, pause, and tell what they do. Whatever is not understood is taken for more than a wait.

use crate::mesh::wrapper::shell::tokens::{Token, located_tokens};
use crate::mesh::wrapper::wait::local_proxy::{asks_by_device, asks_if_ready};
use crate::mesh::wrapper::wait::script_wait::is_assignment;
use crate::mesh::wrapper::{ContainerStart, SHELLS, basename, behind_launchers, inline_script};
use std::ops::Range;

impl ContainerStart<'_> {
    /// Whether its command is a script that waits for the proxy, and does nothing else.
    pub fn only_waits(&self) -> bool {
        let argv: Vec<&str> = self.argv().collect();
        match argv.get(behind_launchers(&argv)..).and_then(|words| words.split_first()) {
            Some((program, arguments)) if SHELLS.contains(&basename(program)) => {
                inline_script(arguments).is_some_and(|script| only_waits(script).is_ok())
            }
            Some((program, arguments)) => basename(program) == "pilot-agent" && arguments.first() == Some(&"wait"),
            None => false,
        }
    }
}

/// The variables that a wait sets.
///
/// # Errors
/// The first word that makes it more than a wait.
pub(in crate::mesh::wrapper) fn only_waits(script: &str) -> Result<Vec<String>, String> {
    let Some((tokens, spans)) = located_tokens(script) else { return Err(shortened(script)) };
    only_wait(script, 0, &tokens, &spans)
}

/// The same of some tokens of a script, which may hold the values of variables.
pub(in crate::mesh::wrapper) fn tokens_only_wait(
    script: &str,
    tokens: &[Token],
    spans: &[Range<usize>],
) -> Result<Vec<String>, String> {
    only_wait(script, spans.first().map_or(0, |span| span.start), tokens, spans)
}

/// The same from a byte of the script on: what stands between two tokens may redirect the second.
fn only_wait(script: &str, mut end: usize, tokens: &[Token], spans: &[Range<usize>]) -> Result<Vec<String>, String> {
    let mut set = Vec::new();
    let mut command = Command::default();
    for (token, span) in tokens.iter().zip(spans) {
        let between = script.get(end..span.start).unwrap_or_default();
        end = span.end;
        match token {
            Token::Word { text, .. } => {
                let raw = &script[span.clone()];
                // `${X:=1}` sets a variable without looking like it.
                let mut braces = raw.split("${").skip(1).filter_map(|rest| rest.split('}').next());
                if braces.any(|inside| inside.contains('=')) {
                    return Err("$".to_owned());
                }
                let substitutes = raw.contains('`');
                if between.contains(['<', '>']) {
                    command.redirected(between);
                    is_nowhere(text)?;
                } else {
                    command.push(Word { text, bare: token.keyword().is_some(), substitutes })?;
                }
            }
            // What a subshell sets is gone with it: to take it for set is on the safe side.
            Token::Separator(_) | Token::Open | Token::Close => command.finish(&mut set)?,
        }
    }
    command.finish(&mut set)?;
    Ok(set)
}

/// Whether a script may read a variable, or make it one of the environment: its name stands there other than to be set.
pub(in crate::mesh::wrapper) fn reads(script: &str, name: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|it| it.is_ascii_alphanumeric() || it == '_');
    script.match_indices(name).any(|(at, _)| {
        let (before, after) = (script[..at].chars().next_back(), script[at + name.len()..].chars().next());
        let is_set = after == Some('=') && before.is_none_or(|it| it.is_whitespace() || it == ';' || it == '&');
        !is_part(before) && !is_part(after) && !is_set
    })
}

#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    bare: bool,
    /// It holds backquotes, so that all of its value is taken for a script.
    substitutes: bool,
}

/// The words of one command, as far as they have been read.
#[derive(Default)]
struct Command<'a>(Vec<Word<'a>>);

impl<'a> Command<'a> {
    /// Adds a word; keywords in front of a command are none of it.
    fn push(&mut self, word: Word<'a>) -> Result<(), String> {
        const KEYWORDS: [&str; 11] = ["until", "while", "do", "done", "if", "then", "elif", "else", "fi", "{", "}"];
        if word.bare && self.0.is_empty() && (KEYWORDS.contains(&word.text) || word.text == "!") {
            return Ok(());
        }
        // Other arithmetic sets variables without looking like it.
        if word.text.contains("((") {
            self.0.push(word);
            return if counts(word.text) { Ok(()) } else { Err("$".to_owned()) };
        }
        substitution(&word).map_or(Ok(()), |inner| only_waits(inner).map(drop))?;
        self.0.push(word);
        Ok(())
    }

    /// A number right before a redirection is what is redirected, and no word.
    fn redirected(&mut self, between: &str) {
        let is_descriptor = |word: &Word<'_>| word.text.bytes().all(|byte| byte.is_ascii_digit());
        if between.starts_with(['<', '>']) && self.0.last().is_some_and(is_descriptor) {
            self.0.pop();
        }
    }

    /// Checks the command, notes what it sets, and begins the next one.
    fn finish(&mut self, set: &mut Vec<String>) -> Result<(), String> {
        let words = std::mem::take(&mut self.0);
        if let [Word { text: "for", bare: true, .. }, variable, ..] = words[..] {
            // What it goes through has been looked at word by word.
            set.push(variable.text.to_owned());
            return Ok(());
        }
        let words = if words.first().is_some_and(|word| word.text == "local") { &words[1..] } else { &words[..] };
        let assignments = words.iter().take_while(|word| is_assignment(word.text)).count();
        let (assigned, words) = words.split_at(assignments);
        set.extend(assigned.iter().filter_map(|word| Some(word.text.split_once('=')?.0.to_owned())));
        let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
        match texts.split_first() {
            Some((program, arguments)) if !leaves_nothing(program, arguments) => Err(shortened(program)),
            _ => Ok(()),
        }
    }
}

/// Whether a word is an assignment that counts up or down: `n=$((n+1))`.
fn counts(word: &str) -> bool {
    let value = word.split_once('=').filter(|_| is_assignment(word)).map(|(_, value)| value);
    let inside = value.and_then(|value| value.strip_prefix("$((")?.strip_suffix("))"));
    let is_plain = |inside: &str| inside.chars().all(|it| it.is_ascii_alphanumeric() || " _+-$".contains(it));
    inside.is_some_and(|inside| is_plain(inside) && !inside.contains("++") && !inside.contains("--"))
}

/// The script within a word, as `$(...)` or in backquotes, which may be the value of an assignment or stand in a text.
fn substitution<'a>(word: &Word<'a>) -> Option<&'a str> {
    let value = word.text;
    if word.substitutes {
        return Some(value.split_once('=').map_or(value, |(_, value)| value));
    }
    let start = value.find("$(")? + 2;
    // Of several only the whole counts, which is no script then, and so more than a wait.
    value.rfind(')').and_then(|end| value.get(start..end))
}

/// Whether a program, called in this way, leaves nothing behind: no file, no variable, no question to anybody else.
fn leaves_nothing(program: &str, arguments: &[&str]) -> bool {
    // What a substitution prints is run: with `--output /dev/null` nothing. What it does has been looked at.
    if program.starts_with("$(") {
        return arguments.is_empty();
    }
    let Some((program, arguments)) = run_in_the_end(program, arguments) else { return false };
    match basename(program) {
        // To give up is for when the proxy does not answer.
        "echo" | "sleep" | "usleep" | "true" | "false" | ":" | "break" | "continue" | "exit" | "return" | "date"
        | "expr" | "seq" => true,
        // For a `sleep 1 &`: nothing else runs in the background of a wait that holds the application back.
        "wait" => matches!(arguments, [] | ["$!"]),
        "pilot-agent" => arguments.first() == Some(&"wait"),
        name if SHELLS.contains(&name) => {
            matches!(arguments, [option, script] if option.contains('c') && only_waits(script).is_ok())
        }
        "printf" => arguments.first() != Some(&"-v"),
        "[" | "[[" | "test" => !arguments.iter().any(|word| is_other_question(word)),
        "grep" | "egrep" | "fgrep" => !arguments.iter().any(|word| word.contains('/')),
        "curl" | "wget" | "nc" | "ncat" | "netcat" => {
            let keeps = arguments.windows(2).any(|pair| takes_a_file(pair[0]) && is_nowhere(pair[1]).is_err());
            asks_if_ready(&arguments.join(" ")) && !keeps && arguments.iter().all(|word| is_question(word))
        }
        _ => false,
    }
}

/// What `timeout` runs, behind its options and its time: one word at least.
/// <https://www.gnu.org/software/coreutils/manual/html_node/timeout-invocation.html>
pub(in crate::mesh::wrapper) fn timed<'a, 'b>(arguments: &'a [&'b str]) -> Option<&'a [&'b str]> {
    let mut at = 0;
    while let Some(option) = arguments.get(at).filter(|word| word.starts_with('-')) {
        at += if matches!(*option, "-k" | "-s" | "--kill-after" | "--signal") { 2 } else { 1 };
    }
    arguments.get(at + 1..).filter(|rest| !rest.is_empty())
}

/// The program that runs in the end where `timeout` or `busybox` runs it, maybe within another, and its arguments.
pub(in crate::mesh::wrapper) fn run_in_the_end<'a, 'b>(
    program: &'b str,
    arguments: &'a [&'b str],
) -> Option<(&'b str, &'a [&'b str])> {
    let (mut program, mut arguments) = (program, arguments);
    loop {
        let rest = match basename(program) {
            "timeout" => timed(arguments)?,
            "busybox" => arguments,
            _ => return Some((program, arguments)),
        };
        let (inner, behind) = rest.split_first()?;
        (program, arguments) = (*inner, behind);
    }
}

/// Whether an option is followed by the file that the answer goes to.
pub(in crate::mesh::wrapper) fn takes_a_file(option: &str) -> bool {
    let is_cluster = option.starts_with('-') && !option.starts_with("--");
    is_cluster && option.ends_with(['o', 'O']) || matches!(option, "--output" | "--output-document")
}

/// Whether a word of a question means the proxy, nothing that is kept, or no address at all.
fn is_question(word: &str) -> bool {
    let value = word.split_once('=').map_or(word, |(_, value)| value);
    asks_if_ready(word) || is_nowhere(value).is_ok() || !word.contains(['/', ':'])
}

/// Whether an operand of a test asks for something else than an answer: a file.
fn is_other_question(word: &str) -> bool {
    const OF_STRINGS: [&str; 8] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-z", "-n"];
    let is_operator = word.starts_with('-') && word.len() == 2 && !OF_STRINGS.contains(&word);
    is_operator || word.contains('/') && !asks_if_ready(word)
}

/// Whether output goes where nobody finds it again.
pub(in crate::mesh::wrapper) fn is_nowhere(target: &str) -> Result<(), String> {
    const NOWHERE: [&str; 4] = ["/dev/null", "/dev/stdout", "/dev/stderr", "-"];
    let is_descriptor = !target.is_empty() && target.bytes().all(|byte| byte.is_ascii_digit());
    if NOWHERE.contains(&target) || is_descriptor || asks_by_device(target) { Ok(()) } else { Err(shortened(target)) }
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 24;
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() <= LONGEST {
        line.to_owned()
    } else {
        line.chars().take(LONGEST).chain("...".chars()).collect()
    }
}
