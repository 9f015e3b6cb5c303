//! A condition that asks the proxy: of a loop, of an `if`, or in front of `&&`.

use crate::mesh::wrapper::shell::tokens::{Separator, Token, tokens};
use crate::mesh::wrapper::wait::local_proxy::asks_by_device;
use crate::mesh::wrapper::wait::script_wait::{asks, is_counter, refers_to, texts};
use crate::mesh::wrapper::wait::status::is_status;
use crate::mesh::wrapper::wait::wait_only::run_in_the_end;
use crate::mesh::wrapper::{SHELLS, basename};

/// How sure it is that a loop goes on until the proxy is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mesh::wrapper) enum Surety {
    Sure,
    /// Its test may be an error, in an image without curl, say; that ends it.
    UnlessItFails,
}

/// What conditions in one place are read with.
#[derive(Debug, Clone, Copy)]
pub(in crate::mesh::wrapper) struct Conditions<'a> {
    /// The variables that hold an answer of the proxy.
    pub(in crate::mesh::wrapper) answers: &'a [&'a str],
    /// `[[` is known.
    pub(in crate::mesh::wrapper) bash: bool,
}

impl Conditions<'_> {
    /// The loop's head, read as one condition: it holds until (or while not) the proxy says that it is ready.
    pub(in crate::mesh::wrapper) fn goes_on_until_ready(&self, keyword: &str, head: &[Token]) -> Option<Surety> {
        let question = self.only_question(keyword, head)?;
        let true_when_ready = self.true_when_ready(question)?;
        let may_fail = keyword == "while" && self.may_fail_as_a_test(question);
        // `until` stops when its condition is true, `while` when it is false.
        let goes_on = (keyword == "until") == true_when_ready;
        goes_on.then_some(if may_fail { Surety::UnlessItFails } else { Surety::Sure })
    }

    /// Whether a list of commands, as that of an `if`, succeeds only when the proxy is ready (`Some(true)`), or fails only then.
    pub(in crate::mesh::wrapper) fn decides(&self, list: &[Token]) -> Option<bool> {
        [("until", true), ("while", false)].into_iter().find_map(|(keyword, succeeds)| {
            self.goes_on_until_ready(keyword, list).filter(|surety| *surety == Surety::Sure).map(|_| succeeds)
        })
    }

    fn is_about_proxy(&self, part: &[Token]) -> bool {
        asks(part) || texts(part).iter().any(|text| self.answers.iter().any(|name| refers_to(text, name)))
    }

    /// The one part of the head that asks the proxy, if no other part can end the loop but a counter.
    ///
    /// `until` ends when its head is true: with `||` another part may end it, with `&&` none. Of `while` the opposite holds.
    fn only_question<'a>(&self, keyword: &str, head: &'a [Token]) -> Option<&'a [Token]> {
        let lines = head.iter().rev().take_while(|token| **token == Token::Separator(Separator::Next)).count();
        let head = &head[..head.len() - lines];
        let has = |separator| head.contains(&Token::Separator(separator));
        // Of several commands in a row the last one decides; such heads are not followed.
        if has(Separator::Next) || has(Separator::Background) {
            return None;
        }
        let ends_alone = if keyword == "until" { Separator::Or } else { Separator::And };
        let parts = head.split(|token| matches!(token, Token::Separator(Separator::And | Separator::Or)));
        let (questions, others): (Vec<&[Token]>, Vec<&[Token]>) = parts.partition(|part| self.is_about_proxy(part));
        let counters = others.iter().all(|part| is_counter(&texts(part)));
        match questions[..] {
            [question] if others.is_empty() || counters || !has(ends_alone) => Some(question),
            _ => None,
        }
    }

    /// Whether a pipeline succeeds once the proxy is ready (`Some(true)`), or as long as it is not (`Some(false)`).
    pub(in crate::mesh::wrapper) fn true_when_ready(&self, question: &[Token]) -> Option<bool> {
        let words = plain_question(question)?;
        let (negated, words) = match words.split_first() {
            Some((&"!", rest)) => (true, rest),
            _ => (false, &words[..]),
        };
        Some(program_succeeds(words, self.bash)? != negated)
    }

    /// `[ $S != 200 ]` and `[ "$S" -ne 200 ]` are errors while `S` is empty, and so is `[[` where `sh` does not have it. An error
    /// ends a `while`: such a loop may not wait at all. `[[ $S -ne 200 ]]` takes an empty word for 0, and is an error for a text.
    fn may_fail_as_a_test(&self, question: &[Token]) -> bool {
        let is_whole = |token: &Token| match token {
            Token::Word { quoted: true, text, .. } => text.contains('$'),
            // Behind a letter there is a word, and a status has no blanks.
            Token::Word { text, .. } => text.starts_with(PREFIXES) && is_status(text),
            _ => false,
        };
        let words = texts(question);
        let is_numeric = words.contains(&"-ne");
        match words.first() {
            Some(&"[[") => !self.bash || is_numeric,
            Some(&("[" | "test")) => !question.iter().any(is_whole) || is_numeric,
            _ => false,
        }
    }
}

/// Letters in front of both words of a test, from the days when an empty one was an error.
pub(in crate::mesh::wrapper) const PREFIXES: [char; 3] = ['x', 'X', '_'];

/// Whether a program, called in this way, succeeds once the proxy is ready, or only until then.
fn program_succeeds(words: &[&str], bash: bool) -> Option<bool> {
    let opens_connection = || words.iter().any(|word| asks_by_device(word));
    let (program, arguments) = words.split_first()?;
    let (program, arguments) = run_in_the_end(program, arguments)?;
    match basename(program) {
        "[" | "[[" | "test" => test_succeeds(program, arguments, bash),
        "curl" | "wget" | "nc" | "ncat" | "netcat" | "socat" | "http" | "https" => Some(true),
        // Nothing is run while the connection cannot be opened; `:` would end the shell then, as a special built-in.
        "echo" | "printf" | "true" | "cat" => opens_connection().then_some(true),
        name if name.starts_with("python") => asks_in_python(arguments).then_some(true),
        _ if asks_by_device(program) => Some(true),
        name if SHELLS.contains(&name) => {
            let [option, script, ..] = arguments else { return None };
            let tokens = tokens(script).filter(|_| option.contains('c'))?;
            let is_one = !tokens.iter().any(|token| matches!(token, Token::Separator(_)));
            program_succeeds(&texts(&tokens), name == "bash").filter(|_| is_one)
        }
        _ => None,
    }
}

/// Whether a test that compares with what the proxy answers when it is ready is true then, or only until then.
fn test_succeeds(program: &str, arguments: &[&str], bash: bool) -> Option<bool> {
    const READY_ANSWERS: [&str; 4] = ["200", "LIVE", "live", "ok"];
    let (negated, operands) = match arguments.split_first() {
        Some((&"!", rest)) => (true, rest),
        _ => (false, arguments),
    };
    let has_prefix = |prefix: char| {
        operands.iter().filter_map(|word| word.strip_prefix(prefix)).any(|rest| rest.starts_with(['$', '`']))
    };
    let prefix = PREFIXES.into_iter().find(|prefix| has_prefix(*prefix));
    let is_answer = |word: &&str| {
        // `[[` takes `*LIVE*` for a pattern.
        let word = if program == "[[" { word.trim_matches('*') } else { word };
        READY_ANSWERS.contains(&prefix.and_then(|prefix| word.strip_prefix(prefix)).unwrap_or(word))
    };
    let has_alternative = operands.contains(&"-o") && !is_counter(operands);
    let operator = operands.iter().find(|word| ["=", "==", "=~", "-eq", "!=", "-ne"].contains(word))?;
    let differs = ["!=", "-ne"].contains(operator);
    // What not every `sh` knows is an error, and so never true; `!` within the test does not turn that.
    let is_error = !bash && negated && (program == "[[" || *operator == "==");
    (operands.iter().any(is_answer) && !has_alternative && !is_error).then_some(differs == negated)
}

/// Whether a program in Python asks and does nothing about a failure, which ends it.
fn asks_in_python(arguments: &[&str]) -> bool {
    const ASKING: [&str; 3] = ["urlopen(", "requests.get(", "httpx.get("];
    const CATCHING: [&str; 7] = ["try", "except", "suppress", "exit", "excepthook", "lambda", "def "];
    let code = arguments.windows(2).find(|pair| pair[0].starts_with('-') && pair[0].ends_with('c')).map(|pair| pair[1]);
    code.is_some_and(|code| {
        ASKING.iter().any(|call| code.contains(call)) && !CATCHING.iter().any(|word| code.contains(word))
    })
}

/// The words of a question without what does not change its meaning: `$(curl ...)` as a command is as good as `curl ...`, and so is
/// `curl ... | grep 200`. None where another program makes something else of the answer.
fn plain_question(question: &[Token]) -> Option<Vec<&str>> {
    let mut stages = question.split(|token| *token == Token::Separator(Separator::Pipe));
    let asking = texts(stages.next()?);
    for stage in stages {
        let (program, arguments) = stage.iter().filter_map(Token::text).next().zip(Some(texts(stage)))?;
        let turns = |word: &&str| {
            word.starts_with("--inv") || word.starts_with('-') && !word.starts_with("--") && word.contains(['v', 'L'])
        };
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
