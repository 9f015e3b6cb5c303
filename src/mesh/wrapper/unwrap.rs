//! Taking the wait for the proxy out of a command, so that it does at once what it did when the proxy had answered.
//!
//! All else stays as it is written, byte by byte. Where it cannot be shown that nothing but the wait is lost there is
//! the reason and no result: the wait must only ask, pause and tell (see `wait::wait_only`), what follows must not read what
//! it sets, and nothing that is left may speak of the proxy where there is none.

mod cut;
mod inner;
mod leftover;

use crate::mesh::wrapper::shell::reading::{Interpreter, Reading};
use crate::mesh::wrapper::shell::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::tokens::{Separator, Token, located_tokens};
use crate::mesh::wrapper::wait::script_wait::{first_wait, is_assignment, script_wait, waiting_tokens};
use crate::mesh::wrapper::wait::wait_only::{reads, tokens_only_wait};
use crate::mesh::wrapper::{
    ADMIN_API_WRAPPERS, ContainerStart, Environment, OwnCall, ProxyWait, SHELLS, after_options, after_options_and,
    basename, inline_script_at, quits_proxy, side_car,
};
use cut::{cut_of, may_give_up, without_parts};
use leftover::leftovers;
use std::iter;
use std::ops::Range;

/// What is to be done to `command` followed by `args`, counted as one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwrapped {
    /// The script in this element becomes this text.
    Script {
        /// Its place in the list.
        at: usize,
        /// The script without its wait.
        text: String,
    },
    /// These elements go: a program that waits, with its own options, and then runs the rest of the list.
    Program {
        /// Their places in the list.
        words: Range<usize>,
    },
}

/// What the rest of a command may still do, when its wait is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Speak to the proxy, such as to tell it to quit: the pod has one.
    MeansProxy,
    /// Anything but that: there is none.
    NeverMeansProxy,
}

/// Why a wait is not taken out. Each is one line for people, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotUnwrap {
    /// Where the wait ends and the application begins cannot be told.
    #[error("the application's own command cannot be told apart from the wait: write it without the wait")]
    NotExact,
    /// The wait is all there is.
    #[error("the command does nothing but wait")]
    OnlyWaits,
    /// The wait does more than asking the proxy.
    #[error("the wait does more than asking the proxy (`{0}`): take out what only waits")]
    DoesMore(String),
    /// What is left needs something that the wait sets.
    #[error("what follows the wait may read `{0}`, which the wait sets")]
    Reads(String),
    /// What is left asks for the proxy, or tells it to quit, and fails or waits where there is none.
    #[error("the rest of the command speaks to the proxy too: take that out with the wait")]
    StillMeansProxy,
    /// Kubernetes changes the script before the shell reads it.
    #[error("Kubernetes puts the variable `{0}` into the script before the shell reads it")]
    Expanded(String),
}

impl ContainerStart<'_> {
    /// How the wait for the proxy is taken out of a command that certainly has one.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn without_proxy_wait(&self, rest: Rest) -> Result<Unwrapped, CannotUnwrap> {
        let argv: Vec<&str> = self.argv().collect();
        let at = behind_launchers(&argv);
        let at = at + usize::from(argv.get(at).is_some_and(|program| basename(program) == "busybox"));
        let words = argv.get(at..).unwrap_or_default();
        let (program, arguments) = words.split_first().ok_or(CannotUnwrap::NotExact)?;
        if let Some(call) = OwnCall::of(words) {
            let own = call.waiting_words().map_err(CannotUnwrap::DoesMore)?;
            return Ok(Unwrapped::Program { words: at + own.start..at + own.end });
        }
        if is_wrapper(program) {
            only_quits_istio(self.env)?;
            let own = wrapper_words(words).ok_or(CannotUnwrap::NotExact)?;
            return Ok(Unwrapped::Program { words: at..at + own });
        }
        if !SHELLS.contains(&basename(program)) {
            return Err(CannotUnwrap::NotExact);
        }
        let options = inline_script_at(arguments).ok_or(CannotUnwrap::NotExact)?;
        let script = arguments[options];
        if let Some((name, _)) = self.env.iter().find(|(name, _)| script.contains(&format!("$({name})"))) {
            return Err(CannotUnwrap::Expanded((*name).to_owned()));
        }
        let exports = arguments[..options].iter().any(|word| exports_all(word));
        let shell = Interpreter::of(program, &arguments[..options], script, self.env);
        let text = Script { shell, exports, rest }.without_waits(script)?;
        Ok(Unwrapped::Script { at: at + 1 + options, text })
    }
}

/// How many words stand before the program that is run in the end: `tini --`, `env A=b`.
pub(super) fn behind_launchers(argv: &[&str]) -> usize {
    let mut rest = argv;
    while let Some((program, arguments)) = rest.split_first() {
        rest = match basename(program) {
            "tini" | "dumb-init" | "catatonit" => after_options(arguments),
            "su-exec" | "gosu" => arguments.get(1..).unwrap_or_default(),
            "env" => after_options_and(arguments, |word| word.contains('=')),
            _ => break,
        };
    }
    argv.len() - rest.len()
}

/// scuttle also ends other sidecars than Istio's when it is told where.
fn only_quits_istio(environment: Environment<'_>) -> Result<(), CannotUnwrap> {
    const OTHERS: &str = "GENERIC_QUIT_ENDPOINTS";
    let told = environment.iter().any(|(name, value)| *name == OTHERS && *value != Some(""));
    if told { Err(CannotUnwrap::DoesMore(OTHERS.to_owned())) } else { Ok(()) }
}

/// Whether options of a shell or of `set` make every variable one of the environment: `-a`, `-o allexport`.
fn exports_all(word: &str) -> bool {
    word == "allexport" || word.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains('a'))
}

/// Whether a script calls `set -a` anywhere.
fn sets_exports(script: &str) -> bool {
    let options = script.split([';', '&', '|', '\n']).filter_map(|command| command.trim_start().strip_prefix("set "));
    options.flat_map(str::split_whitespace).any(exports_all)
}

/// Waits that are taken out of one script, which is read anew for each. Nobody writes as many.
const MOST_WAITS: usize = 16;
/// Bytes of a script that are read anew for all its waits together: a pod may hold many of the longest ones.
const MOST_BYTES: usize = 128 * 1024;

/// What is known of the shell that reads a script.
struct Script<'a> {
    shell: Interpreter<'a>,
    exports: bool,
    rest: Rest,
}

impl Script<'_> {
    /// The script without all its waits for the proxy.
    fn without_waits(&self, script: &str) -> Result<String, CannotUnwrap> {
        let mut text = script.to_owned();
        let mut found = 0;
        while let Some(shorter) = self.without_first_wait(&text)? {
            (text, found) = (shorter, found + 1);
            if found > MOST_WAITS || found * script.len() > MOST_BYTES {
                return Err(CannotUnwrap::NotExact);
            }
        }
        if found == 0 {
            return Err(CannotUnwrap::NotExact);
        }
        if self.rest == Rest::MeansProxy {
            return Ok(text);
        }
        let speaks_of_quitting = quits_proxy(&text) || text.contains("quitquitquit");
        if speaks_of_quitting || script_wait(&text, self.shell) != ProxyWait::None {
            return Err(CannotUnwrap::StillMeansProxy);
        }
        Ok(text)
    }

    /// The script without the first of its waits, if it has one. Each time it is shorter.
    fn without_first_wait(&self, script: &str) -> Result<Option<String>, CannotUnwrap> {
        let reading = Reading::of(script, self.shell).ok_or(CannotUnwrap::NotExact)?;
        let items = reading.items().ok_or(CannotUnwrap::NotExact)?;
        let Some(at) = first_wait(&items, self.shell) else { return Ok(None) };
        let is_other =
            |(other, item): (usize, &Item<'_>)| other != at && !matches!(item.kind, ItemKind::Function { .. });
        let spans = &reading.spans;
        if let Some(words) = wrapper_in(&items[at]) {
            only_quits_istio(self.shell.environment)?;
            let own = spans[words.start].start..spans[words.end].start;
            return Ok(Some(without_parts(script, iter::once(own))));
        }
        if !items.iter().enumerate().any(is_other) {
            return Err(CannotUnwrap::OnlyWaits);
        }
        let waiting = waiting_tokens(&items, at);
        let tokens = &reading.tokens[waiting.clone()];
        may_give_up(tokens, self.shell).map_or(Ok(()), |word| Err(CannotUnwrap::DoesMore(word.to_owned())))?;
        let set = tokens_only_wait(script, tokens, &spans[waiting]).map_err(CannotUnwrap::DoesMore)?;
        let cut = cut_of(&items, at, script, &reading).ok_or(CannotUnwrap::NotExact)?;
        let mut parts = leftovers(&items, at, script, &reading, &cut);
        let before = without_parts(&script[..cut.start], parts.iter().cloned());
        self.nobody_reads(&set, &before, &script[cut.end..])?;
        parts.push(cut);
        Ok(Some(without_parts(script, parts)))
    }

    /// Whether what is left of a script has no use for the variables that the wait sets, nor for its exit code.
    fn nobody_reads(&self, set: &[String], before: &str, after: &str) -> Result<(), CannotUnwrap> {
        let exports = self.exports || [before, after].into_iter().any(sets_exports);
        for name in set {
            let in_environment = self.shell.environment.iter().any(|(known, _)| known == name);
            if exports || in_environment || reads(before, name) || reads(after, name) {
                return Err(CannotUnwrap::Reads(name.clone()));
            }
        }
        let implied = EXIT_CODES.into_iter().find(|name| first_command(after).contains(name));
        let timed = ["SECONDS"].into_iter().find(|name| after.contains(name));
        let started = reads_last_background(after).then_some("$!");
        implied.or(timed).or(started).map_or(Ok(()), |name| Err(CannotUnwrap::Reads(name.to_owned())))
    }
}

/// What only the first command behind a wait can read of it: every command sets them anew.
const EXIT_CODES: [&str; 2] = ["$?", "PIPESTATUS"];

/// The first command of a script; all of it where its commands cannot be told apart.
fn first_command(script: &str) -> &str {
    let first = || {
        let (tokens, spans) = located_tokens(script)?;
        let items = items(&tokens)?;
        let words = items.first().filter(|item| matches!(item.kind, ItemKind::Simple(_)))?.tokens.clone();
        script.get(..spans.get(words.end - 1)?.end)
    };
    first().unwrap_or(script)
}

/// Whether a script asks for the process that was last started in the background before it starts one itself.
fn reads_last_background(script: &str) -> bool {
    let reads = |token: &Token| token.text().is_some_and(|text| text.contains("$!"));
    let starts = |token: &Token| *token == Token::Separator(Separator::Background);
    script.contains("$!")
        && located_tokens(script)
            .is_none_or(|(tokens, _)| tokens.iter().find(|token| reads(token) || starts(token)).is_some_and(reads))
}

fn is_wrapper(program: &str) -> bool {
    let program = basename(program);
    program == side_car::NAME || ADMIN_API_WRAPPERS.contains(&program)
}

/// How many words of a wrapper's command line are its own. What follows is what it runs, found as the container's own
/// program would be.
fn wrapper_words(words: &[&str]) -> Option<usize> {
    let (program, arguments) = words.split_first()?;
    if basename(program) == side_car::NAME {
        return side_car::own_arguments(arguments).map(|own| 1 + own);
    }
    // The other two take no options of their own.
    arguments.first().filter(|word| !word.starts_with('-')).map(|_| 1)
}

/// The tokens of a waiting program that runs what stands behind it: `exec scuttle /app`.
fn wrapper_in(item: &Item<'_>) -> Option<Range<usize>> {
    let ItemKind::Simple(words) = &item.kind else { return None };
    let words: Vec<&str> = words.iter().filter_map(Token::text).collect();
    let at = words.iter().take_while(|word| **word == "exec" || is_assignment(word)).count();
    let own = words.get(at).filter(|program| is_wrapper(program)).and_then(|_| wrapper_words(&words[at..]))?;
    let start = item.tokens.start + at;
    Some(start..start + own)
}

#[cfg(test)]
mod spelling_tests;
#[cfg(test)]
mod tests;
