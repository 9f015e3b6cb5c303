//! Programs that run in a pod for the other containers to ask at the loopback address: proxies for a database, agents for secrets.
//! They close their port at SIGTERM, or soon after it.
//!
//! Sources: <https://github.com/GoogleCloudPlatform/cloud-sql-proxy/blob/main/docs/cmd/cloud-sql-proxy.md> (`--max-sigterm-delay`, by
//! default nothing; `-term_timeout` before), <https://github.com/GoogleCloudPlatform/cloud-sql-proxy/blob/main/README.md> (a database's own port, if no
//! other is given), <https://www.pgbouncer.org/config.html> (`listen_port`),
//! <https://developer.hashicorp.com/vault/docs/agent-and-proxy/agent> (a listener at 8200 in all its examples).

use crate::mesh::GoDuration;
use std::iter;

/// One of these programs.
#[derive(Debug, PartialEq, Eq)]
pub struct LocalProxy {
    images: &'static [&'static str],
    programs: &'static [&'static str],
    /// A word that it has to be started with.
    command: Option<&'static str>,
    /// Where it listens if it is not told otherwise.
    pub usual_ports: &'static [u16],
}

const KNOWN: [LocalProxy; 4] = [
    LocalProxy {
        images: &["cloud-sql-proxy", "gce-proxy"],
        programs: &["cloud-sql-proxy", "cloud_sql_proxy"],
        command: None,
        usual_ports: &[5432, 3306, 1433],
    },
    LocalProxy {
        images: &["alloydb-auth-proxy"],
        programs: &["alloydb-auth-proxy"],
        command: None,
        usual_ports: &[5432],
    },
    LocalProxy { images: &["pgbouncer"], programs: &["pgbouncer"], command: None, usual_ports: &[6432] },
    LocalProxy { images: &["vault"], programs: &["vault"], command: Some("agent"), usual_ports: &[8200] },
];

impl LocalProxy {
    /// The one that a container runs, by the name of its image or its program.
    pub fn of<'a>(image: &str, mut argv: impl Iterator<Item = &'a str>) -> Option<&'static Self> {
        let first = argv.next().unwrap_or_default();
        let (image, program) = (name_of_image(image), last_part(first));
        let known = KNOWN.iter().find(|it| it.images.contains(&image) || it.programs.contains(&program))?;
        let mut words = iter::once(first).chain(argv).flat_map(str::split_whitespace);
        let is_told = |command: &str| words.any(|word| word == command);
        known.command.is_none_or(is_told).then_some(known)
    }
}

/// How long such a program goes on after SIGTERM while it has connections: nothing if it is not told.
pub fn stays_after_sigterm<'a>(
    argv: impl Iterator<Item = &'a str>,
    env: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> GoDuration {
    let by_env = env.filter(|(name, _)| name.ends_with("_PROXY_MAX_SIGTERM_DELAY")).filter_map(|(_, value)| value);
    let by_argv = values_of(&DELAYS, argv);
    by_env.chain(by_argv).filter_map(|value| value.parse().ok()).max().unwrap_or(GoDuration::ZERO)
}

/// The port on which Google's proxies take a call to quit, `POST /quitquitquit`, where they are told to take it.
pub fn quit_port<'a>(
    argv: impl Iterator<Item = &'a str>,
    env: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Option<u16> {
    let words: Vec<&str> = argv.flat_map(str::split_whitespace).collect();
    let (mut is_on, mut port) = (words.iter().any(|word| ON.contains(word)), None);
    for (name, value) in env {
        is_on |= name.ends_with("_PROXY_QUITQUITQUIT") && value == Some("true");
        port = port.or(value.filter(|_| name.ends_with("_PROXY_ADMIN_PORT")));
    }
    let port = values_of(&["admin-port"], words.into_iter()).pop().or(port);
    port.map_or(Some(USUAL_ADMIN_PORT), |port| port.parse().ok()).filter(|_| is_on)
}

const ON: [&str; 2] = ["--quitquitquit", "--quitquitquit=true"];
const USUAL_ADMIN_PORT: u16 = 9091;

/// The values of options, as `--option=value` or in two words.
fn values_of<'a>(options: &[&str], argv: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut is_awaited = false;
    let value = |word: &'a str| {
        let name = word.trim_start_matches('-');
        let value = match name.split_once('=') {
            Some((name, value)) => options.contains(&name).then_some(value),
            None => is_awaited.then_some(word),
        };
        is_awaited = options.contains(&name);
        value.map(|it| it.trim_matches(['"', '\'']))
    };
    argv.flat_map(str::split_whitespace).filter_map(value).collect()
}

const DELAYS: [&str; 2] = ["term_timeout", "max-sigterm-delay"];

fn name_of_image(image: &str) -> &str {
    let named = last_part(image.split('@').next().unwrap_or_default());
    named.split(':').next().unwrap_or_default()
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_or_a_program_tells_it() {
        for (image, argv, ports) in [
            ("gcr.io/cloudsql-docker/gce-proxy:1.33.5", &["/cloud_sql_proxy", "-dir=/cloudsql"][..], Some(5432)),
            ("gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1", &["p:r:i"], Some(5432)),
            ("registry.example.com:5000/tools@sha256:ab", &["/usr/bin/cloud-sql-proxy", "p:r:i"], Some(5432)),
            ("gcr.io/alloydb-connectors/alloydb-auth-proxy", &[], Some(5432)),
            ("bitnami/pgbouncer:1.23", &[], Some(6432)),
            ("hashicorp/vault:1.18", &["vault", "agent", "-config=/etc/vault/agent.hcl"], Some(8200)),
            ("hashicorp/vault:1.18", &["sh", "-c", "vault agent -config=/etc/vault/agent.hcl"], Some(8200)),
            ("hashicorp/vault:1.18", &["server"], None),
            ("prometheuscommunity/pgbouncer-exporter:v0.9", &[], None),
            ("registry.example.com/shop/web:1", &["wait-for", "pgbouncer"], None),
            ("registry.example.com/pgbouncer/web:1", &[], None),
        ] {
            let found = LocalProxy::of(image, argv.iter().copied());
            assert_eq!(found.and_then(|it| it.usual_ports.first().copied()), ports, "{image} {argv:?}");
        }
    }

    #[test]
    fn a_proxy_that_is_told_to_take_the_call_quits_by_it() {
        for (argv, env, port) in [
            (&["--quitquitquit", "p:r:i"][..], None, Some(9091)),
            (&["--quitquitquit=true", "--admin-port=9191", "p:r:i"], None, Some(9191)),
            (&["--quitquitquit", "--admin-port", "9191"], None, Some(9191)),
            (&["--quitquitquit", "--admin-port=$(PORT)"], None, None),
            (&["p:r:i"], Some(("CSQL_PROXY_QUITQUITQUIT", Some("true"))), Some(9091)),
            (&["--quitquitquit"], Some(("CSQL_PROXY_ADMIN_PORT", Some("9191"))), Some(9191)),
            (&["--admin-port=9191", "p:r:i"], None, None),
        ] {
            assert_eq!(quit_port(argv.iter().copied(), env.into_iter()), port, "{argv:?} {env:?}");
        }
    }

    #[test]
    fn flags_and_variables_tell_how_long_it_stays() {
        for (argv, env, seconds) in [
            (&["/cloud_sql_proxy", "-term_timeout=30s"][..], None, 30),
            (&["/cloud_sql_proxy", "--max-sigterm-delay", "1m", "p:r:i"], None, 60),
            (&["sh", "-c", "/cloud_sql_proxy -term_timeout=15s -dir=/cloudsql"], None, 15),
            (&["p:r:i"], Some(("CSQL_PROXY_MAX_SIGTERM_DELAY", Some("45s"))), 45),
            (&["p:r:i"], Some(("CSQL_PROXY_MAX_SIGTERM_DELAY", None)), 0),
            (&["p:r:i"], Some(("DELAY", Some("45s"))), 0),
            (&["-term_timeout=0s"], None, 0),
            (&["-term_timeout=30"], None, 0),
            (&["--max-sigterm-delay"], None, 0),
            (&["--port=30s", "45s"], None, 0),
        ] {
            let stays = stays_after_sigterm(argv.iter().copied(), env.into_iter());
            assert_eq!(stays, GoDuration::from_seconds(seconds), "{argv:?} {env:?}");
        }
    }
}
