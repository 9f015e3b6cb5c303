//! One thing to wait for: an HTTP answer or an open port. Once it was there it is not asked for again.

use crate::answer::NotYet;
use crate::arguments::Arguments;
use crate::deadline::{Deadline, TimedOut};
use crate::endpoint::Endpoint;
use crate::exit::Stop;
use crate::http;
use crate::say::Progress;
use crate::url::{Authority, Url};
use crate::wait;
use std::time::Duration;

/// Where Istio's proxy tells that it is ready, through Envoy itself. Before its first configuration nobody listens there.
/// <https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>
const PROXY: &str = "http://localhost:15021/healthz/ready";

/// What is waited for.
#[derive(Debug, PartialEq, Eq)]
enum Check {
    /// An answer 200 to 299.
    Http(Url),
    /// A connection.
    Tcp(Authority),
}

impl Check {
    /// What to do where it never came.
    fn advice(&self) -> &'static str {
        match self {
            Self::Http(url) if Url::parse(PROXY).as_ref() == Ok(url) => {
                "is there a sidecar in this pod? If not, want --on-timeout start; if it is slow, a longer --timeout"
            }
            _ => "want it to answer, a longer --timeout, or --on-timeout start",
        }
    }
}

/// What is waited for, and how long: the options that `run` and `job` share.
#[derive(Debug)]
pub struct Checks {
    checks: Vec<(String, Check)>,
    timeout: Duration,
    attempt: Duration,
    start_anyway: bool,
    quiet: bool,
    /// The last option was an `--http` whose host was not said yet, beside others that are no check.
    may_have_host: bool,
}

impl Checks {
    /// One minute, as long as the agent's own `pilot-agent wait` waits.
    pub fn new() -> Self {
        let (timeout, attempt) = (Duration::from_secs(60), Duration::from_secs(3));
        Self { checks: Vec::new(), timeout, attempt, start_anyway: false, quiet: false, may_have_host: false }
    }

    /// Takes an option that is one of these; false where it is none.
    ///
    /// # Errors
    /// Its value is wrong.
    pub fn take(&mut self, option: &str, arguments: &mut Arguments) -> Result<bool, Stop> {
        match option {
            "--proxy" => self.add_proxy(),
            "--http" => {
                let value = arguments.value()?;
                let url = Url::parse(&value).map_err(|why| arguments.wrong(&why))?;
                self.checks.push((value, Check::Http(url)));
                self.may_have_host = true;
            }
            "--host" => self.set_host(arguments)?,
            "--tcp" => {
                let value = arguments.value()?;
                let authority = Authority::parse(&value, None).map_err(|why| arguments.wrong(&why))?;
                self.checks.push((value, Check::Tcp(authority)));
                self.may_have_host = false;
            }
            "--timeout" => self.timeout = arguments.time()?,
            "--attempt-timeout" => self.attempt = arguments.attempt()?,
            "--on-timeout" => self.start_anyway = arguments.one_of(["fail", "start"])? == 1,
            "--quiet" => self.quiet = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_host(&mut self, arguments: &mut Arguments) -> Result<(), Stop> {
        let host = arguments.value()?;
        match self.checks.last_mut() {
            Some((name, Check::Http(url))) if std::mem::take(&mut self.may_have_host) => {
                *url = url.clone().with_host(&host).map_err(|why| arguments.wrong(&why))?;
                *name = format!("{name} (host {host})");
                Ok(())
            }
            _ => Err(arguments.wrong("it belongs behind the --http that it is for, once")),
        }
    }

    fn add_proxy(&mut self) {
        // A constant that a test reads; were it wrong, there would be nothing to wait for.
        if let Ok(url) = Url::parse(PROXY) {
            self.checks.push((format!("the proxy at {PROXY}"), Check::Http(url)));
            self.may_have_host = false;
        }
    }

    /// Waits for the proxy where nothing else was asked for.
    pub fn or_proxy(mut self) -> Self {
        if self.checks.is_empty() {
            self.add_proxy();
        }
        self
    }

    /// Waits for all of them, one behind the other; the time is for all together.
    ///
    /// # Errors
    /// The time was over, and the application is not to be started all the same.
    pub fn wait(&self) -> Result<(), TimedOut> {
        let deadline = Deadline::after(self.timeout);
        for (name, check) in &self.checks {
            let mut progress = Progress::new(self.quiet);
            match self.wait_for(name, check, deadline, &mut progress) {
                Err(TimedOut(why)) if self.start_anyway => {
                    progress.say(&format!("{why}; starting all the same"));
                    break;
                }
                Err(TimedOut(why)) => return Err(TimedOut(format!("{why}; {}", check.advice()))),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn wait_for(&self, name: &str, check: &Check, until: Deadline, progress: &mut Progress) -> Result<(), TimedOut> {
        let mut endpoint = Endpoint::new(match check {
            Check::Http(url) => url.authority.clone(),
            Check::Tcp(authority) => authority.clone(),
        });
        wait::until(name, until, progress, || {
            endpoint.ask(until, self.attempt, |mut stream, deadline| match check {
                Check::Tcp(_) => Ok(()),
                Check::Http(url) => match http::ask("GET", url, None, &mut stream, deadline)?.status {
                    200..300 => Ok(()),
                    status => Err(NotYet::Status(status)),
                },
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(line: &str) -> Result<Checks, Stop> {
        let mut arguments = Arguments::new(line.split_whitespace().map(Into::into).collect());
        let mut checks = Checks::new();
        while let Some(option) = arguments.option()? {
            assert!(checks.take(&option, &mut arguments)?, "{option}");
        }
        Ok(checks.or_proxy())
    }

    #[test]
    fn without_a_check_it_is_the_proxy() {
        let url = Url::parse(PROXY).unwrap();
        for line in ["", "--proxy", "--timeout 5s --quiet"] {
            assert_eq!(
                checks(line).unwrap().checks,
                [(format!("the proxy at {PROXY}"), Check::Http(url.clone()))],
                "{line}"
            );
        }
        assert_eq!(checks("--proxy --tcp db:5432 --http http://a").unwrap().checks.len(), 3);
    }

    #[test]
    fn a_host_is_for_the_check_before_it() {
        let checks = checks("--http http://a/ --http http://b/ --quiet --host c").unwrap().checks;
        let hosts = checks.iter().filter_map(|(_, check)| match check {
            Check::Http(url) => Some((&*url.authority.host, &*url.host_header)),
            Check::Tcp(_) => None,
        });
        assert_eq!(hosts.collect::<Vec<_>>(), [("a", "a"), ("b", "c")]);
    }

    #[test]
    fn wrong_values_name_their_option() {
        let cases = [
            ("--host a", "--host: it belongs behind"),
            ("--tcp a:1 --host b", "--host: it belongs behind"),
            ("--http http://a/ --proxy --host b", "--host: it belongs behind"),
            ("--http http://a/ --host b --host c", "--host: it belongs behind"),
            ("--proxy --host a", "--host: it belongs behind"),
            ("--tcp a", "--tcp: `a` is no host:port: it names no port"),
            ("--tcp a:65536", "--tcp: `a:65536` is no host:port: want a port from 1 to 65535"),
            ("--http a", "--http: `a` is no URL"),
            ("--timeout 60", "--timeout: `60` is no length"),
            ("--attempt-timeout 0s", "--attempt-timeout: no attempt"),
            ("--on-timeout go", "--on-timeout: `go` is neither fail nor start"),
        ];
        for (line, wanted) in cases {
            let why = checks(line).unwrap_err().why;
            assert!(why.starts_with(wanted), "{line}: {why}");
        }
    }
}
