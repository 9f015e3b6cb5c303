//! The call of 2019 that lets Envoy fail its health check, so that it closes kept-alive connections: `POST
//! localhost:15000/healthcheck/fail`.
//!
//! Since Istio 1.8 the agent drains Envoy gracefully by itself; a GET has never done anything but to answer 405. Sources:
//! <https://www.envoyproxy.io/docs/envoy/latest/operations/admin#post--healthcheck-fail> and
//! <https://github.com/istio/istio/blob/master/pkg/envoy/agent.go>; the 405 was seen on Envoy 1.40.

use crate::mesh::shutdown::http_method::{Method, method_of};
use crate::mesh::wrapper::shell::tokens::{Separator, Token, located_tokens};
use std::ops::Range;

/// A command of a hook that makes the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrainHook {
    /// Whether the call is surely a GET.
    pub is_get: bool,
    /// What is left of the command without the call.
    pub rest: DrainRest,
}

/// What is left of a command without the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrainRest {
    /// The call was all of it.
    Nothing,
    /// This script stands in the element of this index.
    Script {
        /// From 0.
        at: usize,
        /// The other commands as they were written.
        text: String,
    },
    /// The call cannot be told apart from the rest.
    Unclear,
}

/// The call in a command, element by element; none where it is not made.
pub fn drain_hook(argv: &[&str]) -> Option<DrainHook> {
    let (program, arguments) = argv.split_first()?;
    if let Some(method) = drain_call(argv) {
        return Some(DrainHook { is_get: method == Method::Get, rest: DrainRest::Nothing });
    }
    if !matches!(program.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash")) {
        return None;
    }
    let option = arguments.iter().position(|it| !it.starts_with("--") && it.starts_with('-') && it.contains('c'))?;
    let at = option + 1;
    let script = arguments.get(at).filter(|script| script.contains(SIGN))?;
    let commands = Commands::of(script)?;
    let methods: Vec<Method> = commands.simple().filter_map(|words| drain_call(&words)).collect();
    let is_get = !methods.is_empty() && methods.iter().all(|method| *method == Method::Get);
    // The call may also be in what only looks like a word.
    (!methods.is_empty()).then(|| DrainHook { is_get, rest: without_calls(script, at + 1) })
}

/// The script without the steps that make the call, if it is a plain list of steps; all else stays as it is written.
fn without_calls(script: &str, at: usize) -> DrainRest {
    let mut text = script.to_owned();
    for _ in 0..MOST_CALLS {
        let commands = Commands::of(&text);
        let Some((steps, commands)) = commands.and_then(|it| Some((it.steps()?, it))) else {
            return DrainRest::Unclear;
        };
        let call = match commands.first_call(&steps) {
            Ok(Some(call)) => call,
            Ok(None) if steps.is_empty() => return DrainRest::Nothing,
            Ok(None) if !text.contains(SIGN) => return DrainRest::Script { at, text },
            Ok(None) | Err(Entangled) => return DrainRest::Unclear,
        };
        text.replace_range(call, "");
    }
    DrainRest::Unclear
}

/// Nobody makes the call more often in one script.
const MOST_CALLS: usize = 4;

const SIGN: &str = "healthcheck/fail";

/// The method of the call that a single command makes.
fn drain_call(words: &[&str]) -> Option<Method> {
    let (program, arguments) = words.split_first()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    let is_target = |word: &&str| match program {
        "pilot-agent" => word.trim_start_matches('/') == SIGN,
        _ => word.trim_end_matches('/').ends_with(":15000/healthcheck/fail"),
    };
    arguments.iter().any(is_target).then(|| method_of(program, arguments)).flatten()
}

/// A script as its tokens, with their places in it.
struct Commands<'a> {
    script: &'a str,
    tokens: Vec<Token>,
    spans: Vec<Range<usize>>,
}

/// What stands between two separators: commands with `||` between them.
struct Step {
    /// Of the tokens.
    range: Range<usize>,
}

/// The call cannot be told apart from what stands around it.
struct Entangled;

impl<'a> Commands<'a> {
    fn of(script: &'a str) -> Option<Self> {
        let (tokens, spans) = located_tokens(script)?;
        Some(Self { script, tokens, spans })
    }

    /// Each single command as its words, wherever it stands.
    fn simple(&self) -> impl Iterator<Item = Vec<&str>> {
        let commands = self.tokens.split(|token| token.text().is_none());
        commands.map(|command| {
            let words = command.iter().filter_map(Token::text);
            words.skip_while(|word| KEYWORDS.contains(word)).collect()
        })
    }

    /// The bytes of the first step that makes the call, with the separator that goes with it; none in a script without one.
    ///
    /// # Errors
    /// Where it cannot be told apart from what stands around it.
    fn first_call(&self, steps: &[Step]) -> Result<Option<Range<usize>>, Entangled> {
        let Some(at) = steps.iter().position(|step| self.makes_call(step)) else { return Ok(None) };
        let step = steps.get(at).ok_or(Entangled)?;
        // A redirection before the first word of a step is in no token.
        if [Some(step), steps.get(at + 1)].into_iter().flatten().any(|step| self.is_redirected_first(step)) {
            return Err(Entangled);
        }
        let start = self.spans.get(step.range.start).ok_or(Entangled)?.start;
        let is_and = |index: usize| matches!(self.tokens.get(index), Some(Token::Separator(Separator::And)));
        // Behind `&&` a line may end.
        let separators = (0..step.range.start)
            .rev()
            .take_while(|index| matches!(self.tokens.get(*index), Some(Token::Separator(_))));
        let before = separators.last().filter(|_| at > 0);
        let end = self.end_of_call(step);
        let line = self.script.get(..start).map_or("", |head| head.rsplit('\n').next().unwrap_or(head));
        let rest = self.script.get(end..).unwrap_or_default();
        let is_line = line.trim().is_empty() && (rest.is_empty() || rest.starts_with('\n'));
        Ok(Some(match before {
            // What comes behind depends on what came before, and the call is only skipped.
            _ if is_and(step.range.end) => start..self.start_of(steps.get(at + 1).ok_or(Entangled)?),
            // A line of its own.
            before if is_line && !before.is_some_and(is_and) => start - line.len()..self.script.len().min(end + 1),
            Some(separator) if !line.trim().is_empty() || is_and(separator) => {
                let head = self.spans.get(separator).and_then(|span| self.script.get(..span.start)).ok_or(Entangled)?;
                head.trim_end_matches([' ', '\t']).len()..end
            }
            _ => start..steps.get(at + 1).map_or(end, |next| self.start_of(next)),
        }))
    }

    /// Where a step ends, before its separator; with `;` and a note at the end of a line they go too.
    fn end_of_call(&self, step: &Step) -> usize {
        let Some(separator) = self.spans.get(step.range.end) else { return self.script.len() };
        let line = self.script.get(separator.end..).map_or("", |rest| rest.split('\n').next().unwrap_or(rest));
        let note = line.trim_start();
        let is_semicolon = self.script.get(separator.clone()) == Some(";");
        if is_semicolon && (note.is_empty() || note.starts_with('#')) {
            separator.end + line.len()
        } else {
            separator.start
        }
    }

    fn start_of(&self, step: &Step) -> usize {
        self.spans.get(step.range.start).map_or(self.script.len(), |span| span.start)
    }

    fn is_redirected_first(&self, step: &Step) -> bool {
        let before = step.range.start.checked_sub(1).and_then(|at| self.spans.get(at)).map_or(0, |span| span.end);
        let gap = self.script.get(before..self.start_of(step)).unwrap_or_default();
        gap.lines().any(|line| line.split('#').next().is_some_and(|it| it.contains(['<', '>'])))
    }

    /// The steps one after the other; none where there is a loop, a condition, a group, a pipe or a job in the background.
    fn steps(&self) -> Option<Vec<Step>> {
        let is_plain = |token: &Token| match token {
            Token::Word { .. } => token.keyword().is_none_or(|word| !KEYWORDS.contains(&word)),
            Token::Separator(separator) => matches!(separator, Separator::Next | Separator::And | Separator::Or),
            Token::Open | Token::Close => false,
        };
        if !self.tokens.iter().all(is_plain) {
            return None;
        }
        let (mut steps, mut start) = (Vec::new(), 0);
        for (index, token) in self.tokens.iter().enumerate() {
            if let Token::Separator(Separator::Next | Separator::And) = token {
                steps.push(Step { range: start..index });
                start = index + 1;
            }
        }
        steps.push(Step { range: start..self.tokens.len() });
        steps.retain(|step| !step.range.is_empty());
        Some(steps)
    }

    /// Whether a step is the call, and otherwise nothing: `|| true` behind it goes with it.
    fn makes_call(&self, step: &Step) -> bool {
        let tokens = self.tokens.get(step.range.clone()).unwrap_or_default();
        let words = tokens.split(|token| token.text().is_none()).map(|it| it.iter().filter_map(Token::text).collect());
        let commands: Vec<Vec<&str>> = words.collect();
        let (first, others) =
            commands.split_first().map_or((&[][..], &[][..]), |(first, others)| (first.as_slice(), others));
        let is_harmless = |words: &Vec<&str>| matches!(words.first(), Some(&("true" | ":" | "echo")));
        drain_call(first).is_some() && others.iter().all(is_harmless)
    }
}

/// Words of the shell, before which or behind which commands stand.
const KEYWORDS: [&str; 16] =
    ["if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "case", "esac", "{", "}", "!", "in"];

#[cfg(test)]
mod tests;
