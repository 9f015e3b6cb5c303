//! A call of our own program, `seaworthy-wait run --proxy -- /app`, as the program itself reads it.
//!
//! What its tasks and options mean: docs/wait.md. A command line that it would refuse is no call of it.

use crate::mesh::wrapper::basename;
use crate::mesh::wrapper::wait::local_proxy::{asks_if_ready, mentions_readiness};
use crate::mesh::{Bound, ProxyWait};
use std::ops::Range;

/// A command line of our own program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCall<'a> {
    /// What it is to do.
    pub task: OwnTask,
    /// The options as they are written, each with its value.
    pub options: Vec<OwnOption<'a>>,
    /// How many words stand before what it runs: program, task, options and `--`. All of them for a task that runs nothing.
    pub prefix: usize,
}

/// An option of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnOption<'a> {
    /// With its dashes.
    pub name: &'a str,
    /// Its value, which stands behind `=` or in the next word; empty for a flag.
    pub value: &'a str,
    /// The place of its word in the call, from 0 for the program.
    pub at: usize,
}

/// A task of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnTask {
    /// It waits, and then becomes the application.
    Run,
    /// It runs the application, and then tells the proxy to quit.
    Job,
    /// It waits until the application's sockets are closed.
    Drain,
    /// It waits for GKE's metadata server.
    Identity,
    /// It puts itself into a folder.
    Install,
}

/// Where [`OwnTask::Install`] puts the program when it is told [`OWN_FOLDER`].
pub const OWN_PROGRAM: &str = "/seaworthy/wait";
/// The folder that containers of a pod share for it.
pub const OWN_FOLDER: &str = "/seaworthy";

const FLAGS: [&str; 2] = ["--proxy", "--quiet"];
const OF_CHECKS: [&str; 8] =
    ["--proxy", "--http", "--host", "--tcp", "--timeout", "--attempt-timeout", "--on-timeout", "--quiet"];
const QUIT_URL: &str = "--quit-url";
const OF_JOB: [&str; 3] = [QUIT_URL, "--quit-timeout", "--quit-after"];
const OF_DRAIN: [&str; 4] = ["--timeout", "--proxy-uid", "--ignore-port", "--quiet"];
const OF_IDENTITY: [&str; 4] = ["--timeout", "--attempt-timeout", "--server", "--quiet"];

impl<'a> OwnCall<'a> {
    /// Reads a command line that begins with the name of the program; none where it is another one, or would be refused.
    pub fn of(argv: &[&'a str]) -> Option<Self> {
        let (program, words) = argv.split_first()?;
        if !is_own_program(program) {
            return None;
        }
        let first = words.first()?;
        // Without a task it is `run`.
        let (task, named) = if first.starts_with('-') { (OwnTask::Run, 0) } else { (OwnTask::of(first)?, 1) };
        let (mut options, read) = read_options(task, words.get(named..)?)?;
        options.iter_mut().for_each(|option| option.at += 1 + named);
        let left = words.len() - named - read;
        let is_whole = match task {
            OwnTask::Run | OwnTask::Job => left > 0,
            OwnTask::Drain | OwnTask::Identity => left == 0,
            OwnTask::Install => left == 1,
        };
        let runs = matches!(task, OwnTask::Run | OwnTask::Job);
        is_whole.then_some(Self { task, options, prefix: if runs { 1 + named + read } else { argv.len() } })
    }

    /// Whether it waits for the pod's own proxy before what it runs starts.
    pub fn proxy_wait(&self) -> ProxyWait {
        let asked: Vec<_> = self.asked().collect();
        let by_default = self.task == OwnTask::Run && asked.is_empty();
        // With no time each is asked once.
        let has_no_time =
            self.value("--timeout").is_some_and(|time| !time.contains(|digit| ('1'..='9').contains(&digit)));
        // The tasks that run nothing have no option that asks.
        if by_default || asked.iter().any(|it| it.name == "--proxy" || asks_if_ready(it.value)) {
            if has_no_time { ProxyWait::Possible } else { ProxyWait::Certain(Bound::Bounded) }
        } else if asked.iter().any(|it| mentions_readiness(it.value) || !is_local(it.value)) {
            // An upstream is asked through the proxy, if there is one; a neighbour in the pod is not.
            ProxyWait::Possible
        } else {
            ProxyWait::None
        }
    }

    /// The words of the call that wait for the proxy and for nothing else: all that stands before what it runs, or one option.
    ///
    /// # Errors
    /// What else it waits for.
    pub(super) fn waiting_words(&self) -> Result<Range<usize>, String> {
        let is_proxy = |option: &&OwnOption<'_>| option.name == "--proxy" || asks_if_ready(option.value);
        let (proxy, others): (Vec<&OwnOption<'_>>, Vec<_>) = self.asked().partition(is_proxy);
        let kept = others.first().map(|other| other.name).or(self.quits_another().then_some(QUIT_URL));
        match (kept, proxy.as_slice()) {
            (None, _) => Ok(0..self.prefix),
            (Some(_), [only]) if only.name == "--proxy" => Ok(only.at..only.at + 1),
            (Some(other), _) => Err(other.to_owned()),
        }
    }

    /// Whether it waits for nothing, and only tells Istio's proxy to quit when what it runs has ended.
    pub fn only_quits_proxy(&self) -> bool {
        self.task == OwnTask::Job && self.asked().next().is_none() && !self.quits_another()
    }

    /// Whether it ends something else than Istio's proxy, such as the proxy of a database.
    fn quits_another(&self) -> bool {
        let is_istio = |url: &str| {
            let host_and_port = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/quitquitquit"));
            let (host, port) = host_and_port.and_then(|it| it.rsplit_once(':')).unwrap_or_default();
            ["localhost", "127.0.0.1", "[::1]"].contains(&host) && ["15000", "15020"].contains(&port)
        };
        self.value(QUIT_URL).is_some_and(|url| !is_istio(url))
    }

    /// What it asks, in order.
    fn asked(&self) -> impl Iterator<Item = &OwnOption<'a>> {
        self.options.iter().filter(|option| matches!(option.name, "--proxy" | "--http" | "--tcp"))
    }

    /// The value of an option that was given; of several the last counts.
    pub fn value(&self, name: &str) -> Option<&'a str> {
        self.options.iter().rev().find(|option| option.name == name).map(|option| option.value)
    }
}

impl OwnTask {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "run" => Self::Run,
            "job" => Self::Job,
            "drain" => Self::Drain,
            "identity" => Self::Identity,
            "install" => Self::Install,
            _ => return None,
        })
    }

    fn takes(self, option: &str) -> bool {
        match self {
            Self::Run => OF_CHECKS.contains(&option),
            Self::Job => OF_CHECKS.contains(&option) || OF_JOB.contains(&option),
            Self::Drain => OF_DRAIN.contains(&option),
            Self::Identity => OF_IDENTITY.contains(&option),
            Self::Install => false,
        }
    }
}

/// Our own static waiter, by its name or where the installer puts it.
pub(super) fn is_own_program(program: &str) -> bool {
    basename(program) == "seaworthy-wait" || program == OWN_PROGRAM
}

/// Whether a text calls it for a Job: a sign, also within a script.
pub(super) fn ends_proxy(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| is_own_program(pair[0]) && pair[1] == "job")
}

/// The options at the begin of these words, and how many words they take with the `--` that ends them.
fn read_options<'a>(task: OwnTask, words: &[&'a str]) -> Option<(Vec<OwnOption<'a>>, usize)> {
    let (mut options, mut at) = (Vec::new(), 0);
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-') && **word != "-") {
        let place = at;
        at += 1;
        if *word == "--" {
            break;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (*word, None),
        };
        if !task.takes(name) || FLAGS.contains(&name) && value.is_some() {
            return None;
        }
        let value = match value {
            Some(value) => value,
            None if FLAGS.contains(&name) => "",
            None => {
                at += 1;
                words.get(at - 1).copied().filter(|value| *value != "--")?
            }
        };
        options.push(OwnOption { name, value, at: place });
    }
    Some((options, at))
}

fn is_local(target: &str) -> bool {
    let authority = target.strip_prefix("http://").unwrap_or(target);
    ["localhost:", "127.0.0.1:", "[::1]:"].iter().any(|host| authority.starts_with(host))
}

#[cfg(test)]
mod tests;
