//! What may go wrong with a wait for the metadata server, as its command shows it.

use super::curl::{fails_on_errors, has_no_limit, missing_options};
use super::script_flaws::Script;
use super::target::names_metadata_server;
use crate::mesh::wrapper::shell::reading::Interpreter;
use crate::mesh::wrapper::shell::tokens::{Token, located_tokens};
use crate::mesh::wrapper::wait::wait_only::timed;
use crate::mesh::wrapper::{ContainerStart, SHELLS, basename, behind_launchers, inline_script_at, is_own_program};

/// A flaw of a wait for the metadata server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdentityFlaw {
    /// A loop that nothing else ends than an answer.
    Endless,
    /// When no answer comes, the container goes on as if it had.
    FailureIgnored,
    /// curl takes an error for an answer.
    AnswerUnchecked,
    /// So many tries, with pauses that grow, that it takes hours.
    NoTimeLimit,
}

impl ContainerStart<'_> {
    /// The worst flaw of its wait for the metadata server; none where there is none that can be proved.
    pub fn identity_flaw(&self) -> Option<IdentityFlaw> {
        let argv: Vec<&str> = self.argv().collect();
        // What runs before the arguments is in the image.
        if self.command.is_empty() && !argv.first().is_some_and(|program| is_own_program(program)) {
            return None;
        }
        flaws_of(&argv, &self.address_variables()).into_iter().min()
    }

    /// The command with the options that its curl lacks: the script, or the curl of a bare argv with what comes behind it.
    pub fn with_identity_options(&self) -> Option<CurlOptions> {
        let argv: Vec<&str> = self.argv().collect();
        if argv.first().is_some_and(|program| basename(program) == "curl") && !self.command.is_empty() {
            let missing = missing_options(argv.get(1..)?);
            return (!missing.is_empty()).then_some(CurlOptions::Words { at: 1, words: missing });
        }
        let at = inline_script_at(argv.get(1..)?)? + 1;
        let text = with_options(argv.get(at)?)?;
        Some(CurlOptions::Script { at, text })
    }
}

/// What to write so that curl checks the answer and has a limit. Places count the words of `command` and `args` together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CurlOptions {
    /// Another script at this place.
    Script {
        /// Where it stands.
        at: usize,
        /// What it is to be.
        text: String,
    },
    /// More words before this place.
    Words {
        /// Where they come to stand.
        at: usize,
        /// Which they are.
        words: Vec<&'static str>,
    },
}

/// The flaws of one command line; `variables` hold an address of the server.
fn flaws_of(argv: &[&str], variables: &[String]) -> Vec<IdentityFlaw> {
    let (argv, is_timed) = started(argv);
    let mut flaws = own_flaws(argv, variables);
    flaws.retain(|it| !is_timed || !matches!(it, IdentityFlaw::Endless | IdentityFlaw::NoTimeLimit));
    flaws
}

/// What a command line runs in the end, behind programs that only start another, and whether one of them gives it a time.
fn started<'a, 'b>(mut argv: &'a [&'b str]) -> (&'a [&'b str], bool) {
    let mut is_timed = false;
    loop {
        argv = argv.get(behind_launchers(argv)..).unwrap_or_default();
        let Some((program, arguments)) = argv.split_first() else { return (argv, is_timed) };
        argv = match basename(program) {
            "busybox" => arguments,
            "timeout" => {
                is_timed = true;
                timed(arguments).unwrap_or_default()
            }
            _ => return (argv, is_timed),
        };
    }
}

/// The flaws of a program and its arguments.
fn own_flaws(argv: &[&str], variables: &[String]) -> Vec<IdentityFlaw> {
    let Some((program, arguments)) = argv.split_first() else { return Vec::new() };
    match basename(program) {
        name if SHELLS.contains(&name) => {
            let Some(at) = inline_script_at(arguments) else { return Vec::new() };
            let script = arguments.get(at).copied().unwrap_or("");
            let shell = Interpreter::of(name, arguments.get(..at).unwrap_or_default(), script, &[]);
            Script::of(script, variables, shell).map_or_else(Vec::new, |script| script.flaws())
        }
        "curl" if names_metadata_server(arguments) => curl_flaws(arguments),
        _ if is_own_program(program) && starts_anyway(arguments) => vec![IdentityFlaw::FailureIgnored],
        _ => Vec::new(),
    }
}

/// `seaworthy-wait` with `--on-timeout start`.
fn starts_anyway(arguments: &[&str]) -> bool {
    let own: Vec<&str> = arguments.iter().take_while(|word| **word != "--").copied().collect();
    own.contains(&"--on-timeout=start") || own.windows(2).any(|pair| pair == ["--on-timeout", "start"])
}

/// The flaws of a curl that asks the server, by its arguments.
pub(super) fn curl_flaws(words: &[&str]) -> Vec<IdentityFlaw> {
    let unchecked = (!fails_on_errors(words)).then_some(IdentityFlaw::AnswerUnchecked);
    unchecked.into_iter().chain(has_no_limit(words).then_some(IdentityFlaw::NoTimeLimit)).collect()
}

/// A script with the options that its curls lack, right behind each `curl` that asks the server; none where none lacks any.
fn with_options(script: &str) -> Option<String> {
    let (tokens, spans) = located_tokens(script)?;
    let mut text = script.to_owned();
    let mut changed = false;
    let mut end = tokens.len();
    // From the end to the start, so that places stay right.
    for command in tokens.rsplit(|token| token.text().is_none()) {
        let start = end - command.len();
        end = start.saturating_sub(1);
        let is_curl = |token: &Token| token.text().is_some_and(|it| basename(it) == "curl" && !it.contains(' '));
        let Some(within) = command.iter().position(is_curl) else { continue };
        let arguments: Vec<&str> = command[within + 1..].iter().filter_map(Token::text).collect();
        if !names_metadata_server(&arguments) {
            continue;
        }
        let at = start + within;
        let missing = missing_options(&arguments);
        if !missing.is_empty() {
            text.insert_str(spans[at].end, &format!(" {}", missing.join(" ")));
            changed = true;
        }
    }
    changed.then_some(text)
}
