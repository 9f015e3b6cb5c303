//! What may go wrong with a wait for the metadata server that is a shell script.

use super::asking::is_group;
use super::curl::retries;
use super::failures::{ignored, tells_until};
use super::flaws::{IdentityFlaw, curl_flaws};
use super::target::names_metadata_server;
use super::unanswered::Turns;
use crate::mesh::wrapper::basename;
use crate::mesh::wrapper::shell::course::in_background;
use crate::mesh::wrapper::shell::reading::Interpreter;
use crate::mesh::wrapper::shell::script::{Item, ItemKind, items};
use crate::mesh::wrapper::shell::tokens::{Separator, Token, tokens};
use crate::mesh::wrapper::shell::variables::variables_in;
use crate::mesh::wrapper::wait::script_wait::{is_assignment, is_counter, is_forever};
use crate::mesh::wrapper::wait::wait_only::run_in_the_end;
use std::collections::BTreeSet;

/// A script whose commands are known.
pub(super) struct Script {
    tokens: Vec<Token>,
    /// Those that hold an address of the server.
    variables: BTreeSet<String>,
    /// The place behind the last words that may tell of a failure.
    tells_until: usize,
    /// It ends at a command that fails, or may do so.
    pub(super) stops_at_failures: bool,
    /// Its shell is bash for certain.
    pub(super) bash: bool,
}

impl Script {
    /// None where it holds what is not followed.
    pub(super) fn of(text: &str, variables: &[String], shell: Interpreter<'_>) -> Option<Self> {
        let tokens = tokens(text)?;
        let assigned = tokens.iter().filter_map(Token::text).filter_map(|word| word.split_once('='));
        let assigned = assigned.filter(|(name, value)| is_assignment(&format!("{name}=")) && names_server(value));
        let variables = variables.iter().cloned().chain(assigned.map(|(name, _)| name.to_owned())).collect();
        let tells_until = tells_until(&tokens);
        Some(Self { tokens, variables, tells_until, stops_at_failures: shell.stops_at_failures, bash: shell.bash })
    }

    /// The flaws of its waits.
    pub(super) fn flaws(&self) -> Vec<IdentityFlaw> {
        let Some(items) = items(&self.tokens) else { return Vec::new() };
        let in_background = in_background(&items);
        let list = List { items: &items, ignored: ignored(&items, self.stops_at_failures), trap: trap(&items) };
        let mut flaws = Vec::new();
        for (at, item) in items.iter().enumerate() {
            // What runs in the background holds nothing back.
            if !in_background[at] {
                flaws.extend(self.flaws_at(&list, at));
            }
            if item.is_alone() && leaves(item) {
                break;
            }
        }
        flaws
    }

    /// The flaws of the command at this place.
    fn flaws_at(&self, list: &List<'_>, at: usize) -> Vec<IdentityFlaw> {
        let item = &list.items[at];
        match item.kind {
            ItemKind::Simple(words) => {
                let words = command(texts(words));
                if !self.waits_once(&words) {
                    return Vec::new();
                }
                let ignored = list.ignored[at] && !self.tells_failure_behind(item);
                let mut flaws = Vec::from_iter(ignored.then_some(IdentityFlaw::FailureIgnored));
                if item.after != Separator::Pipe {
                    flaws.extend(self.curl_flaws(&words));
                }
                flaws
            }
            ItemKind::Loop { keyword, head, body } => {
                let behind = list.items.get(at + 1..).unwrap_or_default();
                // A trap may change how the script ends.
                let is_judged = item.is_alone() && list.trap >= at;
                self.loop_flaws(&Turns { keyword, head, body, behind }, is_judged)
            }
            ItemKind::Block([first, inner @ .., _]) if is_group(first) && item.after != Separator::Pipe => {
                self.flaws_in_group(inner)
            }
            ItemKind::Block(_) | ItemKind::Function { .. } => Vec::new(),
        }
    }

    /// The flaws of the curls in brackets: who learns of their failure the commands around tell.
    fn flaws_in_group(&self, tokens: &[Token]) -> Vec<IdentityFlaw> {
        let items = items(tokens).unwrap_or_default();
        let reached = items.iter().take_while(|item| !(item.is_alone() && leaves(item)));
        let mut flaws = Vec::new();
        for item in reached.filter(|item| !matches!(item.after, Separator::Pipe | Separator::Background)) {
            if let ItemKind::Simple(words) = item.kind {
                let words = command(texts(words));
                flaws.extend(if self.waits_once(&words) { self.curl_flaws(&words) } else { Vec::new() });
            }
        }
        flaws
    }

    /// Its words and separators.
    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whether words name the server, or a variable that holds its address.
    pub(super) fn asks(&self, words: &[&str]) -> bool {
        let refers = |word: &str| variables_in(word).any(|name| self.variables.contains(name));
        names_metadata_server(words) || words.iter().any(|word| refers(word))
    }

    /// Whether one of these commands asks the server, and not only somebody else about it.
    fn any_asks_in(&self, tokens: &[Token]) -> bool {
        tokens.split(|token| token.text().is_none()).any(|words| {
            let words = texts(words);
            let program = command(words.clone());
            let started = program.split_first().and_then(|(first, rest)| run_in_the_end(first, rest));
            let is_about_names = started.is_some_and(|(program, _)| ABOUT_NAMES.contains(&basename(program)));
            !is_about_names && self.asks(&words)
        })
    }

    /// Whether a command asks for a token, or again and again: to ask the server for a zone is no wait.
    fn waits_once(&self, words: &[&str]) -> bool {
        if words.first().is_some_and(|program| PRINTING.contains(program)) {
            return false;
        }
        let is_about_token = words.iter().any(|it| it.contains("service-accounts") || it.contains("-token"));
        self.asks(words) && (is_about_token || retries(words))
    }

    fn curl_flaws(&self, words: &[&str]) -> Vec<IdentityFlaw> {
        match words.split_first() {
            Some((program, arguments)) if basename(program) == "curl" && self.asks(arguments) => curl_flaws(arguments),
            _ => Vec::new(),
        }
    }

    /// The flaws of a loop; `is_judged` is whether the commands beside it leave it to itself how it ends.
    fn loop_flaws(&self, turns: &Turns<'_>, is_judged: bool) -> Vec<IdentityFlaw> {
        let Turns { keyword, head, body, .. } = *turns;
        let (head_words, body_words) = (texts(head), texts(body));
        let set_by_asking =
            body_words.iter().filter_map(|word| word.split_once('=')).filter(|(_, value)| self.asks(&[value]));
        let names: BTreeSet<&str> = set_by_asking.map(|(name, _)| name).collect();
        let by_variable = head_words.iter().any(|word| variables_in(word).any(|name| names.contains(name)));
        let in_head = self.any_asks_in(head) || by_variable;
        if !in_head && !self.any_asks_in(body) {
            return Vec::new();
        }
        let mut flaws = self.unchecked_in(head);
        flaws.extend(self.unchecked_in(body));
        let is_forever = is_forever(keyword, &head_words);
        let until_answered = match (keyword, head_words.first()) {
            ("until", Some(first)) => in_head && *first != "!",
            ("while", Some(first)) => in_head && matches!(*first, "!" | "[" | "[[" | "test"),
            _ => false,
        };
        let other_ends = other_ends(&head_words, body, usize::from(is_forever));
        let ends_by_answer = other_ends == Some(0) && !may_end_otherwise(keyword, head);
        if ends_by_answer && (until_answered || is_forever) {
            flaws.push(IdentityFlaw::Endless);
        } else if is_judged && turns.end_well_unanswered(self) {
            flaws.push(IdentityFlaw::FailureIgnored);
        }
        flaws
    }

    /// The flaws of the curls within a loop.
    fn unchecked_in(&self, tokens: &[Token]) -> Vec<IdentityFlaw> {
        let mut flaws = Vec::new();
        for (words, after) in commands(tokens) {
            if after != Some(Separator::Pipe) {
                let unchecked = self.curl_flaws(&words).into_iter().filter(|it| *it == IdentityFlaw::AnswerUnchecked);
                flaws.extend(unchecked);
            }
        }
        flaws
    }

    /// Whether the script, behind a command, may still say that it failed.
    pub(super) fn tells_failure_behind(&self, item: &Item<'_>) -> bool {
        item.tokens.end < self.tells_until
    }
}

/// The commands of a script, with what is asked of each and depends on those around it.
struct List<'a> {
    items: &'a [Item<'a>],
    ignored: Vec<bool>,
    /// The place of the first `trap`.
    trap: usize,
}

fn trap(items: &[Item<'_>]) -> usize {
    items.iter().position(|item| starts_with(item, "trap")).unwrap_or(items.len())
}

/// They ask a name server, or the network.
const ABOUT_NAMES: [&str; 6] = ["dig", "getent", "host", "nslookup", "ping", "ping6"];
/// What is told to people is no question.
const PRINTING: [&str; 3] = ["echo", "printf", "cat"];

/// Whether nothing behind this command is reached: `exit`, or `exec` with a program.
fn leaves(item: &Item<'_>) -> bool {
    let ItemKind::Simple(words) = item.kind else { return false };
    let is_file = |word: &str| word.starts_with("/dev/") || word.bytes().all(|byte| byte.is_ascii_digit());
    starts_with(item, "exit") || starts_with(item, "exec") && texts(words).get(1).is_some_and(|word| !is_file(word))
}

fn starts_with(item: &Item<'_>, program: &str) -> bool {
    matches!(item.kind, ItemKind::Simple([first, ..]) if first.text() == Some(program))
}

/// Whether a variable with this value is an address of the server, and not what the server said.
fn names_server(value: &str) -> bool {
    names_metadata_server(&[value]) && !value.starts_with("$(") && !value.starts_with('`') && !value.contains("curl ")
}

/// Whether the head of a loop may end it without an answer: `until` by another part behind `||`, `while` by one behind `&&`, and
/// of several commands in a row the last decides.
fn may_end_otherwise(keyword: &str, head: &[Token]) -> bool {
    let ends_alone = if keyword == "until" { Separator::Or } else { Separator::And };
    let lines = head.iter().rev().take_while(|token| **token == Token::Separator(Separator::Next)).count();
    head[..head.len() - lines].iter().any(|token| match token {
        Token::Separator(it) => *it == ends_alone || matches!(it, Separator::Next | Separator::Background),
        _ => false,
    })
}

/// How many other ends a loop has than the answer; none where they cannot be counted.
fn other_ends(head: &[&str], body: &[Token], own: usize) -> Option<usize> {
    let words = texts(body);
    let counts =
        |words: &[&str]| is_counter(words) || words.iter().any(|word| word.contains("SECONDS") || *word == "-eq");
    let arithmetic = body.windows(2).any(|pair| pair == [Token::Open, Token::Open]);
    if counts(head) || counts(&words) || arithmetic || words.contains(&"kill") {
        return None;
    }
    ways_out(&words).checked_sub(own)
}

fn ways_out(words: &[&str]) -> usize {
    words.iter().filter(|word| matches!(**word, "break" | "return" | "exec" | "exit")).count()
}

/// The commands of a list of tokens with what separates them from the next, whatever blocks they stand in.
pub(in crate::mesh::wrapper) fn commands(tokens: &[Token]) -> Vec<(Vec<&str>, Option<Separator>)> {
    let mut commands = Vec::new();
    let mut words = Vec::new();
    for token in tokens {
        match token {
            Token::Word { text, .. } => words.push(text.as_str()),
            other => {
                let after = if let Token::Separator(separator) = other { Some(*separator) } else { None };
                commands.push((command(std::mem::take(&mut words)), after));
            }
        }
    }
    commands.push((command(words), None));
    commands.retain(|(words, _)| !words.is_empty());
    commands
}

/// A command without the keywords and assignments in front of it.
fn command(words: Vec<&str>) -> Vec<&str> {
    const IN_FRONT: [&str; 12] = ["{", "until", "while", "do", "done", "if", "then", "elif", "else", "fi", "!", "exec"];
    words.into_iter().skip_while(|word| IN_FRONT.contains(word) || is_assignment(word)).collect()
}

pub(super) fn texts(tokens: &[Token]) -> Vec<&str> {
    tokens.iter().filter_map(Token::text).collect()
}
