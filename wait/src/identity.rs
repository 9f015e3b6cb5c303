//! `identity`: waits until GKE's metadata server gives tokens, which for a new pod takes some seconds.
//! <https://cloud.google.com/kubernetes-engine/docs/troubleshooting/authentication#pod-errors>
//!
//! Only a token of the metadata server itself counts: a proxy that answers 200, a 403 or a 404 is none. The token is neither
//! kept nor shown.

use crate::answer::NotYet;
use crate::arguments::Arguments;
use crate::deadline::{Deadline, TimedOut};
use crate::endpoint::Endpoint;
use crate::exit::{Exit, Stop};
use crate::http;
use crate::json;
use crate::say::Progress;
use crate::url::{Authority, Url};
use crate::wait;
use std::time::Duration;

const SERVER: &str = "169.254.169.254";
/// What Google's own libraries read.
const SERVER_VARIABLE: &str = "GCE_METADATA_HOST";
const TOKEN: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// The server wants it in the request, and gives it back: <https://cloud.google.com/compute/docs/metadata/querying-metadata>
const FLAVOR: (&str, &str) = ("Metadata-Flavor", "Google");
/// Many times a token.
const LONGEST_BODY: usize = 64 * 1024;
const NO_TOKEN: &str = "the answer is no JSON object with an access_token";

struct Options {
    /// Host and port as they were given, and read.
    server: (String, Authority),
    timeout: Duration,
    attempt: Duration,
    quiet: bool,
}

/// Done when there was a token.
///
/// # Errors
/// Wrong usage, or the time was over.
pub fn main(mut arguments: Arguments) -> Result<Exit, Stop> {
    let (mut timeout, mut attempt) = (Duration::from_secs(60), Duration::from_secs(3));
    let (mut server, mut quiet) = (None, false);
    while let Some(option) = arguments.option()? {
        match &*option {
            "--server" => {
                let value = arguments.value()?;
                server = Some(read(value).map_err(|why| arguments.wrong(&why))?);
            }
            "--timeout" => timeout = arguments.time()?,
            "--attempt-timeout" => attempt = arguments.attempt()?,
            "--quiet" => quiet = true,
            _ => return Err(arguments.unknown()),
        }
    }
    arguments.none()?;
    let server = server.map_or_else(server_of_variable, Ok)?;
    Options { server, timeout, attempt, quiet }.wait()
}

fn read(server: String) -> Result<(String, Authority), String> {
    Authority::parse(&server, Some(80)).map(|read| (server, read))
}

/// Somebody else may have set it: what is wrong there is told of, not passed over.
fn server_of_variable() -> Result<(String, Authority), Stop> {
    let server = std::env::var_os(SERVER_VARIABLE).filter(|server| !server.is_empty());
    let server = server.map_or(SERVER.to_owned(), |server| server.to_string_lossy().into_owned());
    read(server).map_err(|why| Stop::usage(format!("the variable {SERVER_VARIABLE}: {why}")))
}

impl Options {
    fn wait(&self) -> Result<Exit, Stop> {
        let (shown, authority) = self.server.clone();
        let what = format!("the metadata server at http://{shown}");
        let url = Url { authority, host_header: shown, target: TOKEN.to_owned() };
        let mut endpoint = Endpoint::new(url.authority.clone());
        let deadline = Deadline::after(self.timeout);
        let token = wait::until(&what, deadline, &mut Progress::new(self.quiet), || {
            endpoint.ask(deadline, self.attempt, |mut stream, deadline| {
                let answer = http::ask("GET", &url, Some(FLAVOR), &mut stream, deadline)?;
                if answer.status != 200 {
                    return Err(NotYet::Status(answer.status));
                }
                if answer.header(FLAVOR.0) != Some(FLAVOR.1) {
                    return Err(NotYet::Stranger(
                        "the answer is not the metadata server's: no Metadata-Flavor: Google",
                    ));
                }
                let body = http::body(answer, &mut stream, deadline, LONGEST_BODY)?;
                if holds_token(&body) { Ok(()) } else { Err(NotYet::Stranger(NO_TOKEN)) }
            })
        });
        let advice = "does this pod run under GKE workload identity? If it does, want a longer --timeout";
        token.map_err(|TimedOut(why)| TimedOut(format!("{why}; {advice}")))?;
        Ok(Exit::Done)
    }
}

/// Whether this is a JSON object with a token that is not empty: what Google's libraries would take.
fn holds_token(body: &[u8]) -> bool {
    let token = std::str::from_utf8(body).ok().and_then(|body| json::string_of(body, "access_token"));
    token.is_some_and(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::holds_token;

    #[test]
    fn a_token_is_there_or_not() {
        for body in [r#"{"access_token":"a","expires_in":1}"#, "{\n  \"access_token\" : \"ya29.x\"\n}"] {
            assert!(holds_token(body.as_bytes()), "{body}");
        }
        for body in [
            "",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":"abc""#,
            r#"error: {"access_token":"abc"}"#,
            r#"{"access_token":"abc"}garbage"#,
            r#"{"access_token":null}"#,
            r#"{"access_token":"cut"#,
            "access_token: a",
        ] {
            assert!(!holds_token(body.as_bytes()), "{body}");
        }
        assert!(!holds_token(b"{\"access_token\":\"\xff\"}"), "no UTF-8");
    }
}
