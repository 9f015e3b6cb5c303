//! Does a container wait for the GKE metadata server, and what may go wrong with that?
//!
//! Recognition only, in the spellings in use: Google's own of 2020 and of today, loops with curl, wget, gcloud and Python, and our own
//! program. A flaw is claimed where the command can be read in one way; what is not followed has none.
//!
//! Sources: <https://cloud.google.com/kubernetes-engine/docs/troubleshooting/authentication#pod-errors>, `curl(1)` for what it takes
//! for an error and how it repeats.

use crate::mesh::wrapper::own_call::OwnTask;
use crate::mesh::wrapper::shell::tokens::{Token, tokens};
use crate::mesh::wrapper::{ContainerStart, OwnCall};
use memchr::memchr2_iter;
use regex::Regex;
use std::sync::OnceLock;

mod asking;
mod counting;
mod curl;
mod failures;
mod flaws;
mod saying;
mod script_flaws;
mod target;
mod unanswered;

pub use flaws::{CurlOptions, IdentityFlaw};
pub(super) use script_flaws::commands;

/// Container names of Google's documentation, and of our own repair.
const NAMES: [&str; 2] = ["workload-identity-initcontainer", "seaworthy-wait-identity"];
/// Images that do nothing else, in any registry: <https://github.com/loveholidays/workload-identity-is-up> and one that came from it.
const WAITING_IMAGES: [&str; 2] = ["workload-identity-is-up", "wi-is-up"];
/// Google's image of 2020, by its name and tag.
const OLD_IMAGE: &str = "cloud-sdk:326.0.0-alpine";

impl ContainerStart<'_> {
    /// Whether this container asks the GKE metadata server, by one of the signs in use: a path or header of its protocol, its name or
    /// address, a token asked of gcloud or Google's libraries, the container name of Google's documentation or of our own repair, or a
    /// known image.
    ///
    /// For an init container that is a wait, as it is started again until it succeeds; for the application it is one only with
    /// [`Self::tries_again`].
    pub fn waits_for_identity(&self) -> bool {
        let mut values = self.env.iter().filter_map(|(_, value)| *value);
        NAMES.contains(&self.name)
            || self.has_waiting_image()
            || self.runs_identity()
            || values.any(speaks_protocol)
            || self.says_so()
    }

    /// Whether this init container surely waits for the metadata server: it asks for a token, or again and again. To ask it once
    /// for a project or a zone is none, nor is what only names it. Surer than [`Self::waits_for_identity`], which is good for being
    /// silent.
    pub fn is_identity_wait(&self) -> bool {
        let is_about_token = |text: &str| {
            ["service-accounts", "-token", "google.auth", "wait identity"].iter().any(|it| text.contains(it))
        };
        let values = self.env.iter().filter_map(|(_, value)| *value);
        // What a command does, it says itself, whatever the container is called.
        let is_by_name = NAMES.contains(&self.name) && self.command.is_empty();
        is_by_name && matches!(self.args, [] | ["identity", ..])
            || self.has_waiting_image()
            || self.runs_identity() && !self.is_told_of_another_server()
            || self.surely_asks() && (self.tries_again() || self.argv().chain(values).any(is_about_token))
    }

    /// Whether its image, or a word of its command, has the name of a program whose task is this wait, such as
    /// <https://github.com/morzzz007/wait-for-workload-identity>. A sign, good for being silent only.
    pub fn names_identity_wait(&self) -> bool {
        let names_it = |text: &str| may_name_a_wait(text) && text.split(is_between_words).any(names_the_wait);
        names_it(self.image) || self.argv().any(names_it)
    }

    /// Whether our own program asks another server than GKE's.
    fn is_told_of_another_server(&self) -> bool {
        let is_it = |name: &str, value: Option<&str>| {
            name == METADATA_HOST_VARIABLE && value.is_none_or(is_other_metadata_host)
        };
        self.env.iter().any(|(name, value)| is_it(name, *value))
    }

    /// Whether it may wait for the metadata server, as [`Self::waits_for_identity`] or by one of Google's own programs, which need
    /// a token for whatever they do. A sign, good for being silent only.
    pub fn may_wait_for_identity(&self) -> bool {
        self.waits_for_identity() || self.may_run_google()
    }

    /// Whether there is any sign that its command does something again and again.
    pub fn tries_again(&self) -> bool {
        const SIGNS: [&str; 4] = ["until", "while", "for ", "retry"];
        let asks_by_us = |text: &str| may_say_so(text) && tokens(text).is_some_and(|tokens| has_own_question(&tokens));
        let tries = |text: &str| SIGNS.iter().any(|sign| text.contains(sign)) || asks_by_us(text);
        self.runs_identity() || self.argv().any(tries)
    }

    fn has_waiting_image(&self) -> bool {
        WAITING_IMAGES.iter().any(|name| self.image.contains(name))
    }

    /// Whether it runs our own program for this task.
    fn runs_identity(&self) -> bool {
        self.own_call().is_some_and(|call| call.task == OwnTask::Identity)
    }

    /// Whether it runs the image that Google's documentation named in 2020, and many manifests since.
    pub fn has_old_identity_image(&self) -> bool {
        let image = self.image.split('@').next().unwrap_or_default();
        image.strip_suffix(OLD_IMAGE).is_some_and(|registry| registry.is_empty() || registry.ends_with('/'))
    }
}

/// Names the metadata server to Google's libraries and to our own program, with its port where that is another.
/// <https://google-auth.readthedocs.io/en/latest/reference/google.auth.environment_vars.html>
pub const METADATA_HOST_VARIABLE: &str = "GCE_METADATA_HOST";

/// Whether a value of that variable names another server than the one of the node. An empty one names none.
pub fn is_other_metadata_host(value: &str) -> bool {
    const OF_NODE: [&str; 4] = ["", "169.254.169.254", "metadata", "metadata.google.internal"];
    let host = value.trim().trim_end_matches(":80").trim_end_matches('.');
    !OF_NODE.contains(&host)
}

fn may_name_a_wait(text: &str) -> bool {
    text.contains("wait") && (text.contains("identity") || text.contains("metadata"))
}

/// Whether one word, of a command or an image, speaks of both. A URL is what is asked, and no program.
fn names_the_wait(word: &str) -> bool {
    let is_about_identity = ["workload-identity", "workload_identity", "workloadidentity", "metadata"];
    may_name_a_wait(word) && !word.contains("://") && is_about_identity.iter().any(|it| word.contains(it))
}

fn is_between_words(character: char) -> bool {
    character.is_whitespace() || matches!(character, ';' | '&' | '|' | '(' | ')' | '"' | '\'' | '`')
}

/// Whether any sign may be in the text: most commands have none, and nobody takes those apart.
fn may_say_so(text: &str) -> bool {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| Regex::new(r"(?i:metadata)|-token|google|169\.254|seaworthy").ok());
    pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

/// Whether a script has a command that is our own program's, which is to ask.
fn has_own_question(tokens: &[Token]) -> bool {
    commands(tokens).iter().any(|(words, _)| is_own_question(words))
}

/// Whether a command line is our own program's, which is to ask.
fn is_own_question(words: &[&str]) -> bool {
    OwnCall::of(words).is_some_and(|call| call.task == OwnTask::Identity)
}

/// Whether a text speaks the protocol of the metadata server: its path, or its header.
fn speaks_protocol(text: &str) -> bool {
    const HEADER: &[u8] = b"metadata-flavor";
    let is_header = |at: usize| {
        text.as_bytes().get(at..at + HEADER.len()).is_some_and(|header| header.eq_ignore_ascii_case(HEADER))
    };
    text.contains("computeMetadata") || memchr2_iter(b'm', b'M', text.as_bytes()).any(is_header)
}

/// Whether a word or script asks the metadata server, or something that asks it.
fn asks_metadata_server(text: &str) -> bool {
    speaks_protocol(text) || text.contains("metadata.google.internal") || asks_libraries(text) || calls_address(text)
}

/// Whether it asks for a token by Google's tools, which know the address.
fn asks_libraries(text: &str) -> bool {
    ["print-access-token", "print-identity-token", "google.auth"].iter().any(|sign| text.contains(sign))
}

/// Whether it calls the server by its address. Other clouds have another server there, with paths of their own.
fn calls_address(text: &str) -> bool {
    const ADDRESS: &str = "169.254.169.254";
    let is_other = |rest: &str| {
        let path = rest.trim_start_matches(|it: char| it == ':' || it.is_ascii_digit());
        ["/latest", "/metadata/", "/openstack", "/opc"].iter().any(|other| path.starts_with(other))
    };
    // A range in an argument is nobody that is asked.
    text.match_indices(ADDRESS).any(|(at, _)| {
        let rest = &text[at + ADDRESS.len()..];
        !is_other(rest) && !rest.starts_with("/32") && !rest.starts_with(|it: char| it.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests;
