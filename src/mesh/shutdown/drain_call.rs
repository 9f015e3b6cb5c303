//! The call of 2019 that lets Envoy fail its health check, so that it closes kept-alive connections: `POST
//! localhost:15000/healthcheck/fail`.
//!
//! Since Istio 1.8 the agent drains Envoy gracefully by itself; a GET has never done anything but to answer 405. Sources:
//! <https://www.envoyproxy.io/docs/envoy/latest/operations/admin#post--healthcheck-fail> and
//! <https://github.com/istio/istio/blob/master/pkg/envoy/agent.go>; the 405 was seen on Envoy 1.40.

use crate::mesh::shutdown::http_method::{Method, method_of};
use crate::mesh::wrapper::shell::{Separator, Token, located_tokens};
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
    (!methods.is_empty()).then(|| DrainHook { is_get, rest: commands.without_calls(at + 1) })
}

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
    /// Whether it runs only if the step before it has succeeded.
    depends: bool,
}

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

    /// The script without the steps that make the call, if it is a plain list of steps.
    fn without_calls(&self, at: usize) -> DrainRest {
        let Some(steps) = self.steps() else { return DrainRest::Unclear };
        let (mut text, mut depends) = (String::new(), None);
        for step in steps {
            let depends_here = depends.take().unwrap_or(step.depends);
            if self.makes_call(&step) {
                depends = Some(depends_here);
                continue;
            }
            if !text.is_empty() {
                text.push_str(if depends_here { " && " } else { "; " });
            }
            let Some(words) = self.written(&step) else { return DrainRest::Unclear };
            text.push_str(words);
        }
        if text.is_empty() {
            DrainRest::Nothing
        } else if text.contains(SIGN) {
            DrainRest::Unclear
        } else {
            DrainRest::Script { at, text }
        }
    }

    /// A step as it is written; none where a redirection stands before its first word, and is in no token.
    fn written(&self, step: &Step) -> Option<&'a str> {
        let (first, last) = (self.spans.get(step.range.start)?, self.spans.get(step.range.end - 1)?);
        let before = step.range.start.checked_sub(1).and_then(|at| self.spans.get(at)).map_or(0, |span| span.end);
        let gap = self.script.get(before..first.start)?;
        let is_redirected = gap.lines().any(|line| line.split('#').next().is_some_and(|it| it.contains(['<', '>'])));
        self.script.get(first.start..last.end).filter(|_| !is_redirected)
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
        let (mut steps, mut start, mut depends) = (Vec::new(), 0, false);
        for (index, token) in self.tokens.iter().enumerate() {
            if let Token::Separator(separator @ (Separator::Next | Separator::And)) = token {
                steps.push(Step { range: start..index, depends });
                (start, depends) = (index + 1, *separator == Separator::And);
            }
        }
        steps.push(Step { range: start..self.tokens.len(), depends });
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
mod tests {
    use super::*;

    fn script(text: &str) -> Option<DrainHook> {
        drain_hook(&["/bin/sh", "-c", text])
    }

    fn left(text: &str) -> DrainRest {
        DrainRest::Script { at: 2, text: text.to_owned() }
    }

    #[test]
    fn the_rest_stays_as_it_is_written() {
        const POST: &str = "curl -sX POST http://localhost:15000/healthcheck/fail";
        for (text, rest) in [
            (format!("{POST}; sleep 30"), left("sleep 30")),
            (format!("{POST} && sleep 30"), left("sleep 30")),
            (format!("{POST} >/dev/null 2>&1 || true; sleep 30"), left("sleep 30")),
            (format!("# drain\n{POST}\nsleep 30 # enough\n"), left("sleep 30")),
            (format!("sleep 5 && {POST} && sleep 25"), left("sleep 5 && sleep 25")),
            (format!("sleep 5; {POST} && sleep '25'"), left("sleep 5; sleep '25'")),
            (
                format!("{POST}; /app/drain --now >\"/dev/null\" || exit 1; sleep 5"),
                left("/app/drain --now >\"/dev/null\" || exit 1; sleep 5"),
            ),
            (POST.to_owned(), DrainRest::Nothing),
            (format!("{POST} || true"), DrainRest::Nothing),
            (format!("{POST}; # > that\nsleep 30"), left("sleep 30")),
            (format!("{POST}; >/dev/null sleep 30"), DrainRest::Unclear),
            (format!("{POST} | cat; sleep 30"), DrainRest::Unclear),
            (format!("{POST} || /app/drain; sleep 30"), DrainRest::Unclear),
            (format!("if true; then {POST}; fi; sleep 30"), DrainRest::Unclear),
            (format!("while sleep 1; do {POST}; done"), DrainRest::Unclear),
            (format!("({POST}); sleep 30"), DrainRest::Unclear),
            (format!("{POST} & sleep 30"), DrainRest::Unclear),
            (format!("{POST}; echo healthcheck/fail; sleep 30"), DrainRest::Unclear),
        ] {
            assert_eq!(script(&text), Some(DrainHook { is_get: false, rest }), "{text}");
        }
    }

    #[test]
    fn a_get_is_known_by_its_options() {
        for (argv, is_get) in [
            (&["curl", "http://localhost:15000/healthcheck/fail"][..], true),
            (&["wget", "-qO-", "http://127.0.0.1:15000/healthcheck/fail"], true),
            (&["/usr/bin/wget", "-qO-", "--post-data=", "http://127.0.0.1:15000/healthcheck/fail"], false),
            (&["curl", "-XPOST", "localhost:15000/healthcheck/fail/"], false),
            (&["pilot-agent", "request", "GET", "healthcheck/fail"], true),
            (&["pilot-agent", "request", "POST", "/healthcheck/fail"], false),
            (&["bash", "-ec", "curl -fsS localhost:15000/healthcheck/fail; sleep 5"], true),
        ] {
            assert_eq!(drain_hook(argv).map(|it| it.is_get), Some(is_get), "{argv:?}");
        }
    }

    #[test]
    fn other_calls_are_none() {
        for argv in [
            &[][..],
            &["curl", "-X", "POST", "http://localhost:8080/healthcheck/fail"],
            &["curl", "http://localhost:15000/healthcheck/ok"],
            &["sh", "-c", "curl -X POST http://localhost:8080/healthcheck/fail"],
            &["sh", "-c", "echo healthcheck/fail; sleep 5"],
            &["sh", "-c", "# curl -X POST localhost:15000/healthcheck/fail\nsleep 5"],
            &["sh", "-c"],
            &["sh", "/drain.sh"],
            &["/drain", "http://localhost:15000/healthcheck/fail"],
            &["pilot-agent", "request", "POST", "drain"],
        ] {
            assert_eq!(drain_hook(argv), None, "{argv:?}");
        }
    }
}
