//! Whether a command surely asks the metadata server: a comment, a text that is printed, a setting or a branch is no question.

use super::failures::ignored;
use super::script_flaws::{Script, commands};
use super::target::names_metadata_server;
use super::{is_own_question, may_say_so};
use crate::mesh::wrapper::shell::reading::Interpreter;
use crate::mesh::wrapper::shell::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::tokens::{Separator, Token};
use crate::mesh::wrapper::wait::wait_only::run_in_the_end;
use crate::mesh::wrapper::{ContainerStart, SHELLS, basename, behind_launchers, inline_script};
use std::collections::BTreeMap;

/// Programs that ask whom their command line names.
const ASKING: [&str; 14] = [
    "curl", "wget", "gcloud", "gsutil", "bq", "python", "python2", "python3", "nc", "ncat", "netcat", "busybox",
    "http", "node",
];
/// Images that hand their arguments to one of these.
const ASKING_IMAGES: [&str; 4] = ["curl", "cloud-sdk", "google-cloud-cli", "python"];

impl ContainerStart<'_> {
    /// Whether one of the commands that surely run asks the metadata server, and its failure is not passed over.
    pub(super) fn surely_asks(&self) -> bool {
        let values = self.env.iter().filter_map(|(_, value)| *value);
        if !self.argv().chain(values).any(may_say_so) {
            return false;
        }
        let argv: Vec<&str> = self.argv().collect();
        let words = argv.get(behind_launchers(&argv)..).unwrap_or_default();
        let Some((program, arguments)) = words.split_first().and_then(|(first, rest)| run_in_the_end(first, rest))
        else {
            return false;
        };
        let name = basename(program);
        match inline_script(arguments).filter(|_| SHELLS.contains(&name)) {
            Some(script) => {
                let shell = Interpreter::of(name, &[], script, self.env);
                Script::of(script, &self.address_variables(), shell).is_some_and(|it| it.surely_asks())
            }
            // What is called so, and is told of the server by a variable, waits for it.
            None if name.contains("wait") => names_metadata_server(words) || !self.address_variables().is_empty(),
            None => (ASKING.contains(&name) || self.hands_on()) && names_metadata_server(&words_that_ask(words)),
        }
    }

    /// The variables of `env` that hold an address of the server.
    pub(super) fn address_variables(&self) -> Vec<String> {
        let holds = |value: Option<&str>| value.is_some_and(|value| names_metadata_server(&[value]));
        self.env.iter().filter(|(_, value)| holds(*value)).map(|(name, _)| (*name).to_owned()).collect()
    }

    /// Whether the image is one of a program that asks, and starts it.
    fn hands_on(&self) -> bool {
        self.command.is_empty() && ASKING_IMAGES.iter().any(|name| self.image_name().contains(name))
    }
}

impl Script {
    fn surely_asks(&self) -> bool {
        let Some(items) = items(self.tokens()) else { return false };
        let (ignored, calls) = (ignored(&items, true), last_calls(&items));
        items.iter().enumerate().any(|(at, item)| {
            let is_called = |name: &str| calls.get(name).is_some_and(|last| *last > at);
            (!ignored[at] || self.tells_failure_behind(item)) && self.asks_at(item, is_called)
        })
    }

    /// Whether a command on the top of the script asks. What may not run, or runs beside the
    /// others, does not count.
    fn asks_at(&self, item: &Item<'_>, is_called: impl Fn(&str) -> bool) -> bool {
        if item.before == Separator::Or || item.after == Separator::Background {
            return false;
        }
        match &item.kind {
            ItemKind::Simple(words) => self.any_asks(words),
            ItemKind::Loop { head, body, .. } => self.any_asks(head) || self.any_asks(body),
            ItemKind::Block([first, inner @ .., _]) if is_group(first) => self.any_asks(inner),
            ItemKind::Function { name, body } => is_called(name) && self.any_asks(body),
            ItemKind::Block(_) => false,
        }
    }

    fn any_asks(&self, tokens: &[Token]) -> bool {
        commands(tokens).iter().any(|(words, _)| self.command_asks(words))
            // `TOKEN=$(curl ...)` is no command by its words.
            || tokens.iter().filter_map(Token::text).any(substitutes_a_question)
    }

    fn command_asks(&self, words: &[&str]) -> bool {
        let Some((program, arguments)) = words.split_first().and_then(|(first, rest)| run_in_the_end(first, rest))
        else {
            return false;
        };
        ASKING.contains(&basename(program)) && self.asks(&words_that_ask(arguments)) || is_own_question(words)
    }
}

/// Whether a block is commands in brackets, which run once.
pub(super) fn is_group(first: &Token) -> bool {
    *first == Token::Open || first.keyword() == Some("{")
}

/// The places of the last commands that begin with each word: calls of functions among them.
fn last_calls<'a>(items: &[Item<'a>]) -> BTreeMap<&'a str, usize> {
    let called = |(at, item): (usize, &Item<'a>)| match item.kind {
        ItemKind::Simple([first, ..]) => Some((first.text()?, at)),
        _ => None,
    };
    items.iter().enumerate().filter_map(called).collect()
}

/// The words without those that only say whom a proxy is not asked for.
fn words_that_ask<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let is_exception = |at: &usize| at.checked_sub(1).is_some_and(|before| words[before] == "--noproxy");
    (0..words.len()).filter(|at| !is_exception(at)).map(|at| words[at]).collect()
}

/// Whether a word runs a program that asks: `$(curl ...)`.
fn substitutes_a_question(word: &str) -> bool {
    let Some((_, inner)) = word.split_once("$(") else { return false };
    let program = inner.split_whitespace().next().map_or("", basename);
    ASKING.contains(&program) && names_metadata_server(&[inner])
}

#[cfg(test)]
mod tests;
