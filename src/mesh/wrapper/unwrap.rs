//! Taking the wait for the proxy out of a command, so that it does at once what it did when the proxy had answered.
//!
//! All else stays as it is written, byte by byte. Where it cannot be shown that nothing but the wait is lost there is
//! the reason and no result: the wait must only ask, pause and tell (see [`only_waits`]), what follows must not read what
//! it sets, and nothing that is left may speak of the proxy.

use crate::mesh::wrapper::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::{Separator, Token, located_tokens};
use crate::mesh::wrapper::wait_only::{only_waits, reads};
use crate::mesh::wrapper::waiting::{first_wait, is_assignment, script_wait};
use crate::mesh::wrapper::{
    ADMIN_API_WRAPPERS, ContainerStart, Environment, ProxyWait, SHELLS, after_options, after_options_and, basename,
    inline_script_at, quits_proxy,
};
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
    /// This element goes: the name of a program that waits, and then runs the rest of the list.
    Program {
        /// Its place in the list.
        at: usize,
    },
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
    pub fn without_proxy_wait(&self) -> Result<Unwrapped, CannotUnwrap> {
        let argv: Vec<&str> = self.command.iter().chain(self.args).copied().collect();
        let at = behind_launchers(&argv);
        let rest = argv.get(at..).unwrap_or_default();
        let (program, arguments) = rest.split_first().ok_or(CannotUnwrap::NotExact)?;
        if ADMIN_API_WRAPPERS.contains(&basename(program)) {
            // Both take no options of their own: the rest is what they run, found as the container's own program would be.
            let runs = arguments.first().is_some_and(|word| !word.starts_with('-'));
            only_quits_istio(self.env)?;
            return if runs { Ok(Unwrapped::Program { at }) } else { Err(CannotUnwrap::NotExact) };
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
        let text = Script { environment: self.env, exports }.without_waits(script)?;
        Ok(Unwrapped::Script { at: at + 1 + options, text })
    }
}

/// How many words stand before the program that is run in the end: `tini --`, `env A=b`.
fn behind_launchers(argv: &[&str]) -> usize {
    let rest = match argv.split_first() {
        Some((program, arguments)) if matches!(basename(program), "tini" | "dumb-init") => after_options(arguments),
        Some((program, arguments)) if basename(program) == "env" => {
            after_options_and(arguments, |word| word.contains('='))
        }
        _ => return 0,
    };
    argv.len() - rest.len() + behind_launchers(rest)
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

/// What is known of the shell that reads a script.
struct Script<'a> {
    environment: Environment<'a>,
    exports: bool,
}

impl Script<'_> {
    /// The script without all its waits for the proxy.
    fn without_waits(&self, script: &str) -> Result<String, CannotUnwrap> {
        let mut text = script.to_owned();
        let mut found = false;
        while let Some(shorter) = self.without_first_wait(&text)? {
            (text, found) = (shorter, true);
        }
        if !found {
            return Err(CannotUnwrap::NotExact);
        }
        if quits_proxy(&text) || script_wait(&text, self.environment) != ProxyWait::None {
            return Err(CannotUnwrap::StillMeansProxy);
        }
        Ok(text)
    }

    /// The script without the first of its waits, if it has one. Each time it is shorter.
    fn without_first_wait(&self, script: &str) -> Result<Option<String>, CannotUnwrap> {
        let Some((tokens, spans)) = located_tokens(script) else { return Err(CannotUnwrap::NotExact) };
        let Some(items) = items(&tokens) else { return Err(CannotUnwrap::NotExact) };
        let Some(at) = first_wait(&items, self.environment) else { return Ok(None) };
        let item = &items[at];
        let cut = match wrapper_in(item) {
            Some(wrapper) => {
                only_quits_istio(self.environment)?;
                spans[wrapper].start..spans[wrapper + 1].start
            }
            None if items.len() == 1 => return Err(CannotUnwrap::OnlyWaits),
            None => {
                let wait = spans[item.tokens.start].start..spans[item.tokens.end - 1].end;
                let set = only_waits(&script[wait.clone()]).map_err(CannotUnwrap::DoesMore)?;
                let cut = with_separator(script, item, &tokens, &spans).ok_or(CannotUnwrap::NotExact)?;
                self.nobody_reads(&set, &script[..cut.start], &script[cut.end..])?;
                cut
            }
        };
        Ok(Some([&script[..cut.start], &script[cut.end..]].concat()))
    }

    /// Whether what is left of a script has no use for the variables that the wait sets, nor for its exit code.
    fn nobody_reads(&self, set: &[String], before: &str, after: &str) -> Result<(), CannotUnwrap> {
        let exports = self.exports || [before, after].into_iter().any(sets_exports);
        for name in set {
            let in_environment = self.environment.iter().any(|(known, _)| known == name);
            if exports || in_environment || reads(before, name) || reads(after, name) {
                return Err(CannotUnwrap::Reads(name.clone()));
            }
        }
        let implied = ["$?", "PIPESTATUS", "SECONDS"].into_iter().find(|name| after.contains(name));
        implied.map_or(Ok(()), |name| Err(CannotUnwrap::Reads(name.to_owned())))
    }
}

/// The token of a waiting program that runs what stands behind it: `exec scuttle /app`.
fn wrapper_in(item: &Item<'_>) -> Option<usize> {
    let ItemKind::Simple(words) = &item.kind else { return None };
    let is_prefix = |token: &&Token| token.text().is_some_and(|word| word == "exec" || is_assignment(word));
    let at = words.iter().take_while(is_prefix).count();
    let is_wrapper = ADMIN_API_WRAPPERS.contains(&basename(words.get(at)?.text()?));
    let runs = !words.get(at + 1)?.text()?.starts_with('-');
    (is_wrapper && runs).then_some(item.tokens.start + at)
}

/// The bytes of a waiting command with what joins it to the next one. Lines that it had for itself go as a whole.
fn with_separator(script: &str, item: &Item<'_>, tokens: &[Token], spans: &[Range<usize>]) -> Option<Range<usize>> {
    let wait = spans.get(item.tokens.start)?.start..spans.get(item.tokens.end - 1)?.end;
    let line = script[..wait.start].rfind('\n').map_or(0, |at| at + 1);
    let own_line = is_blank(&script[line..wait.start]);
    let separator = spans.get(item.tokens.end);
    match (item.before, item.after) {
        // Behind it is what runs when it has succeeded, as it always does in the end.
        (Separator::Next | Separator::And, Separator::And) => {
            let next = (item.tokens.end..tokens.len())
                .find(|at| tokens[*at].text().is_some() || tokens[*at] == Token::Open)?;
            let next = spans.get(next)?.start;
            (!script[wait.end..next].contains('#')).then_some(wait.start..next)
        }
        (Separator::Next, Separator::Next) => {
            let mut end = wait.end;
            if let Some(separator) = separator.filter(|it| script.get((*it).clone()) == Some(";")) {
                end = separator.end;
            }
            let rest = &script[end..];
            let blanks = rest.len() - rest.trim_start_matches(BLANKS).len();
            match rest[blanks..].chars().next() {
                Some('\n') if own_line => Some(line..end + blanks + 1),
                Some('\n') | None => Some(script[..wait.start].trim_end_matches(BLANKS).len()..end),
                Some(';') => None,
                Some(_) => Some(wait.start..end + blanks),
            }
        }
        _ => None,
    }
}

const BLANKS: [char; 3] = [' ', '\t', '\r'];

fn is_blank(text: &str) -> bool {
    text.trim_matches(BLANKS).is_empty()
}

#[cfg(test)]
mod tests;
