//! What a container's command does about the proxy and the metadata server before, and after, it does its own work.
//!
//! Recognition only: a claim is made ([`ProxyWait::Certain`]) where the command can be read in one way, and where it speaks of the proxy
//! in a manner not understood the answer is [`ProxyWait::Possible`], on which no rule may build a finding in either direction.

mod connecting;
mod identity;
mod network_call;
mod own_call;
mod plain_words;
mod quit;
pub(in crate::mesh) mod shell;
mod unwrap;
mod wait;

pub use identity::{CurlOptions, IdentityFlaw, METADATA_HOST_VARIABLE, is_other_metadata_host};
pub use network_call::Callee;
pub use own_call::{OWN_FOLDER, OWN_PROGRAM, OwnCall, OwnOption, OwnTask};
pub use quit::{is_refused_by_proxy, quits_proxy};
pub use unwrap::{CannotUnwrap, Rest, Unwrapped};
pub use wait::weakness::Weaknesses;

use own_call::is_own_program;
use shell::reading::Interpreter;
use unwrap::behind_launchers;
pub use wait::local_proxy::mentions_readiness;
use wait::local_proxy::{asks_if_ready, names_a_wait};
use wait::script_wait::script_wait;
use wait::side_car::{self, side_car_wait};
use wait::wait_only::timed;

/// A container as far as its start is concerned.
#[derive(Debug, Clone, Copy)]
pub struct ContainerStart<'a> {
    /// `name`.
    pub name: &'a str,
    /// `image`.
    pub image: &'a str,
    /// `command`; empty when the image's own ENTRYPOINT runs.
    pub command: &'a [&'a str],
    /// `args`.
    pub args: &'a [&'a str],
    /// `env`: names and values.
    pub env: Environment<'a>,
}

/// Environment variables; the value is `None` where it comes from elsewhere (`valueFrom`).
pub type Environment<'a> = &'a [(&'a str, Option<&'a str>)];

/// Whether a container waits for the pod's own proxy before its application starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyWait {
    /// Nothing speaks of the proxy.
    None,
    /// It may wait, or may not: nothing is to be said about it.
    Possible,
    /// It waits; without a proxy in the pod, as long as the bound says.
    Certain(Bound),
}

/// How long a wait lasts when the proxy never comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// For ever: the application never starts.
    Endless,
    /// Until a time or a number of attempts is over.
    Bounded,
    /// The manifest does not show it.
    Unknown,
}

impl ContainerStart<'_> {
    /// Whether it waits for the proxy.
    ///
    /// With an ENTRYPOINT that the manifest does not show nothing is certain, whatever the arguments say.
    pub fn proxy_wait(&self) -> ProxyWait {
        self.concluded(program_wait(&self.argv().collect::<Vec<_>>(), self.env))
    }

    /// What the wait of its command comes to.
    fn concluded(&self, wait: ProxyWait) -> ProxyWait {
        let wait = match wait {
            ProxyWait::Certain(_) if self.command.is_empty() => ProxyWait::Possible,
            wait => wait,
        };
        let first = || self.argv().next();
        let is_wrapper = || first().is_some_and(|program| ADMIN_API_WRAPPERS.contains(&basename(program)));
        if wait == ProxyWait::None && !is_wrapper() && self.is_told_to_wait() { ProxyWait::Possible } else { wait }
    }

    /// `command` and `args` as one list: what the container starts with, where its image's own words are not in it.
    fn argv(&self) -> impl Iterator<Item = &str> {
        self.command.iter().chain(self.args).copied()
    }

    /// The image without its registry, folders, tag and digest.
    fn image_name(&self) -> &str {
        self.image.split('@').next().map_or("", basename).split(':').next().unwrap_or("")
    }

    /// Whether a variable may tell a script, or one of those wrappers, of the image where to ask: the wrappers' own variable has been
    /// looked at where the command starts one.
    fn is_told_to_wait(&self) -> bool {
        let asks = |name: &str, value: Option<&str>| name == ADMIN_API && value != Some("");
        let tells = |name: &str, value: Option<&str>| {
            names_a_wait(name) || asks(name, value) || value.is_some_and(mentions_readiness)
        };
        self.env.iter().any(|(name, value)| tells(name, *value))
    }

    /// The call of our own program that it starts with, if it does; also where the image is ours and only `args` are said.
    pub fn own_call(&self) -> Option<OwnCall<'_>> {
        let name = self.image_name();
        let own_image = (self.command.is_empty() && is_own_program(name)).then_some(name);
        let argv: Vec<&str> = own_image.into_iter().chain(self.argv()).collect();
        OwnCall::of(argv.get(behind_launchers(&argv)..).unwrap_or_default())
    }
}

/// <https://github.com/redboxllc/scuttle> and its origin <https://github.com/monzo/envoy-preflight>: they wait for the Envoy at
/// `ENVOY_ADMIN_API`, and without that variable run the application at once.
const ADMIN_API_WRAPPERS: [&str; 2] = ["scuttle", "envoy-preflight"];
/// The variable that tells these wrappers where to ask.
const ADMIN_API: &str = "ENVOY_ADMIN_API";

const SHELLS: [&str; 5] = ["sh", "bash", "ash", "dash", "zsh"];

/// The wait of one command line.
fn program_wait(argv: &[&str], environment: Environment<'_>) -> ProxyWait {
    let Some((program, arguments)) = argv.split_first() else { return ProxyWait::None };
    // One that starts another may do so again and again: a made-up command must not exhaust the stack.
    if argv.len() > MOST_WORDS {
        return mentioned(argv);
    }
    match basename(program) {
        name if SHELLS.contains(&name) => match inline_script_at(arguments) {
            Some(at) => {
                let script = arguments[at];
                script_wait(script, Interpreter::of(name, &arguments[..at], script, environment))
            }
            None => mentioned(argv),
        },
        "tini" | "dumb-init" | "catatonit" => program_wait(after_options(arguments), environment),
        // They become what stands behind the name of a user.
        "su-exec" | "gosu" => program_wait(arguments.get(1..).unwrap_or_default(), environment),
        "busybox" => program_wait(arguments, environment),
        "env" => program_wait(after_options_and(arguments, |word| word.contains('=')), environment),
        "timeout" => match program_wait(timed(arguments).unwrap_or_default(), environment) {
            ProxyWait::Certain(_) => ProxyWait::Certain(Bound::Bounded),
            wait => wait,
        },
        "pilot-agent" if arguments.first() == Some(&"wait") => ProxyWait::Certain(Bound::Bounded),
        name if ADMIN_API_WRAPPERS.contains(&name) => admin_api_wait(environment),
        side_car::NAME => side_car_wait(arguments),
        "wait-for-envoy" | "istio-wait" => ProxyWait::Certain(Bound::Unknown),
        _ if is_own_program(program) => own_wait(argv, environment),
        _ => mentioned(argv),
    }
}

/// Words of a command line that is looked into; of a longer one only its words count.
const MOST_WORDS: usize = 500;

/// That of a call of our own program, or of what it runs. What it refuses is no wait, and no start either.
fn own_wait(argv: &[&str], environment: Environment<'_>) -> ProxyWait {
    let Some(call) = OwnCall::of(argv) else { return ProxyWait::Possible };
    let rest = program_wait(argv.get(call.prefix..).unwrap_or_default(), environment);
    match (call.proxy_wait(), rest) {
        (ProxyWait::None, wait) | (ProxyWait::Possible, wait @ ProxyWait::Certain(_)) => wait,
        (wait, _) => wait,
    }
}

fn mentioned(argv: &[&str]) -> ProxyWait {
    if mentions_readiness(&argv.join(" ")) { ProxyWait::Possible } else { ProxyWait::None }
}

/// The variable may also be set in the image, so its absence proves nothing.
fn admin_api_wait(environment: Environment<'_>) -> ProxyWait {
    let value = |wanted: &str| environment.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    match value(ADMIN_API) {
        Some(Some("")) => ProxyWait::None,
        // Another port is another mesh's.
        Some(Some(url)) if asks_if_ready(url) => match value("START_WITHOUT_ENVOY") {
            None | Some(Some("" | "false")) => {
                let limits = ["WAIT_FOR_ENVOY_TIMEOUT", "QUIT_WITHOUT_ENVOY_TIMEOUT"];
                let limited = limits.iter().any(|name| value(name).is_some_and(|value| value != Some("")));
                ProxyWait::Certain(if limited { Bound::Bounded } else { Bound::Endless })
            }
            Some(Some("true")) => ProxyWait::None,
            Some(_) => ProxyWait::Possible,
        },
        _ => ProxyWait::Possible,
    }
}

/// The shell that is known, and the script, of a command that is `sh -c SCRIPT` and nothing else, maybe behind `tini` or `env`.
fn shell_script<'a>(argv: &[&'a str]) -> Option<(&'a str, &'a str)> {
    let (shell, arguments) = argv.get(behind_launchers(argv)..)?.split_first()?;
    let name = basename(shell);
    // What others than these do with traps has not been tried.
    inline_script(arguments).filter(|_| matches!(name, "sh" | "bash" | "dash" | "ash")).map(|script| (name, script))
}

/// The script of `sh -c SCRIPT`, also with other options: `bash -eo pipefail -c SCRIPT`.
fn inline_script<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    inline_script_at(arguments).and_then(|at| arguments.get(at).copied())
}

fn inline_script_at(arguments: &[&str]) -> Option<usize> {
    let mut inline = false;
    let mut rest = arguments.iter().enumerate();
    while let Some((at, argument)) = rest.next() {
        match argument.strip_prefix(['-', '+']) {
            Some(long) if long.starts_with('-') => {}
            Some(cluster) => {
                inline |= cluster.contains('c');
                if cluster.ends_with(['o', 'O']) {
                    rest.next();
                }
            }
            None => return inline.then_some(at),
        }
    }
    None
}

fn after_options<'a, 'b>(arguments: &'a [&'b str]) -> &'a [&'b str] {
    after_options_and(arguments, |_| false)
}

fn after_options_and<'a, 'b>(arguments: &'a [&'b str], skip: impl Fn(&str) -> bool) -> &'a [&'b str] {
    let count = arguments.iter().take_while(|argument| argument.starts_with('-') || skip(argument)).count();
    &arguments[count..]
}

fn basename(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

#[cfg(test)]
mod limit_tests;
#[cfg(test)]
mod spelling_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod word_tests;
