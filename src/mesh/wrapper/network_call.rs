//! Does the command of a container certainly call somebody over the network, as soon as it starts?
//!
//! Known are programs whose command line names the other side, and images that do nothing else. What may not run, or whom
//! a variable names, is not taken for a call; nor is the metadata server, which nobody reaches through the mesh.

use crate::mesh::wrapper::script::{ItemKind, items};
use crate::mesh::wrapper::shell::{Token, tokens};
use crate::mesh::wrapper::wait_only::timed;
use crate::mesh::wrapper::waiting::surely_runs_first;
use crate::mesh::wrapper::{ContainerStart, SHELLS, basename, behind_launchers, inline_script};

/// Whom such a call is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    /// A host, as the command names it.
    Host(String),
    /// The API server of the cluster.
    ApiServer,
    /// Somebody whom the manifest does not name.
    Others,
}

impl ContainerStart<'_> {
    /// Whom it certainly calls, if anybody.
    pub fn network_call(&self) -> Option<Callee> {
        let argv: Vec<&str> = self.command.iter().chain(self.args).copied().collect();
        if self.command.is_empty() {
            return calls_by_itself(self.image, self.args).then_some(Callee::Others);
        }
        let argv = &argv[behind_launchers(&argv).min(argv.len())..];
        let (program, arguments) = argv.split_first()?;
        if SHELLS.contains(&basename(program)) {
            return script_call(inline_script(arguments)?);
        }
        command_call(argv)
    }
}

/// Images whose ENTRYPOINT calls a database or a store first of all.
const CALLING_IMAGES: [&str; 6] =
    ["flyway", "liquibase", "git-sync", "cloud-sql-proxy", "gce-proxy", "alloydb-auth-proxy"];
/// With these they tell about themselves only.
const TELLING: [&str; 5] = ["version", "--version", "-v", "help", "--help"];

fn calls_by_itself(image: &str, args: &[&str]) -> bool {
    let name = basename(image.split('@').next().unwrap_or(image)).split(':').next().unwrap_or("");
    let tells = args.iter().any(|word| TELLING.contains(word));
    CALLING_IMAGES.contains(&name) && !tells
}

/// The first command of a script that certainly runs and calls.
fn script_call(script: &str) -> Option<Callee> {
    let tokens = tokens(script)?;
    let items = items(&tokens)?;
    let certain = (0..items.len()).filter(|at| surely_runs_first(&items, *at));
    certain.map(|at| &items[at].kind).find_map(|kind| match kind {
        ItemKind::Simple(words) => tokens_call(words),
        ItemKind::Loop { keyword: "for", .. } | ItemKind::Block(_) => None,
        ItemKind::Loop { head, .. } => tokens_call(head),
    })
}

/// The call of the first command of a list.
fn tokens_call(tokens: &[Token]) -> Option<Callee> {
    let words: Vec<&str> = tokens
        .iter()
        .skip_while(|token| matches!(token.text(), Some("!" | "exec")) || **token == Token::Open)
        .map_while(Token::text)
        .collect();
    command_call(&words)
}

fn command_call(words: &[&str]) -> Option<Callee> {
    let (program, arguments) = words.split_first()?;
    let host = |host: &str| Callee::Host(host.to_owned());
    match basename(program) {
        "timeout" => command_call(timed(arguments)?),
        "curl" | "wget" => arguments.iter().find_map(|word| url_host(word)).map(host),
        "nc" | "ncat" | "netcat" => listener(arguments).map(host),
        "psql" | "pg_isready" | "mysql" | "mysqladmin" | "redis-cli" => server(arguments).map(host),
        "git" => {
            let clones = matches!(arguments.first(), Some(&("clone" | "fetch" | "ls-remote")));
            arguments.iter().find_map(|word| url_host(word)).filter(|_| clones).map(host)
        }
        "kubectl" => {
            const VERBS: [&str; 7] = ["get", "wait", "apply", "create", "delete", "patch", "rollout"];
            let asks = arguments.first().is_some_and(|verb| VERBS.contains(verb));
            (asks && !arguments.iter().any(|word| word.starts_with("--dry-run"))).then_some(Callee::ApiServer)
        }
        _ => None,
    }
}

/// The host of a URL that is written out.
fn url_host(word: &str) -> Option<&str> {
    let (scheme, rest) = word.split_once("://")?;
    let known = ["http", "https", "tcp", "ftp", "ssh", "git"].contains(&scheme);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = if host.starts_with('[') { host.split_inclusive(']').next()? } else { host.split(':').next()? };
    known.then_some(host).filter(|host| is_elsewhere(host))
}

/// The host of `nc -z HOST PORT`, over TCP.
fn listener<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let is_cluster = |word: &&&str| word.starts_with('-') && !word.starts_with("--");
    if arguments.iter().filter(is_cluster).any(|word| word.contains(['u', 'l', 'U'])) {
        return None;
    }
    let is_port = |word: &str| word.parse::<u16>().is_ok();
    let pair = arguments.windows(2).find(|pair| !pair[0].starts_with('-') && !is_port(pair[0]) && is_port(pair[1]))?;
    Some(pair[0]).filter(|host| is_elsewhere(host))
}

/// The host behind `-h` or `--host`.
fn server<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let apart = arguments.windows(2).find(|pair| matches!(pair[0], "-h" | "--host")).map(|pair| pair[1]);
    let joined = arguments.iter().find_map(|word| word.strip_prefix("--host="));
    apart.or(joined).filter(|host| is_elsewhere(host))
}

/// Whether this is the name or address of somebody outside the pod, and not that of the node's metadata server.
fn is_elsewhere(host: &str) -> bool {
    const HERE: [&str; 5] = ["localhost", "0.0.0.0", "[::1]", "::1", "metadata.google.internal"];
    let is_name = |character: char| character.is_ascii_alphanumeric() || "-.:[]".contains(character);
    !host.is_empty()
        && host.chars().all(is_name)
        && !HERE.contains(&host)
        && !["127.", "169.254."].iter().any(|start| host.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(image: &str, command: &[&str], args: &[&str]) -> Option<Callee> {
        ContainerStart { name: "init", image, command, args, env: &[] }.network_call()
    }

    fn host(name: &str) -> Option<Callee> {
        Some(Callee::Host(name.to_owned()))
    }

    #[test]
    fn commands_that_name_the_other_side_call_it() {
        for (script, wanted) in [
            ("until nc -z db 5432; do sleep 1; done", "db"),
            ("while ! nc -zv -w 2 db.shop 5432; do sleep 1; done", "db.shop"),
            ("set -e; curl -fsS http://config.shop:8080/all -o /config/all", "config.shop"),
            ("until timeout 2 curl -fs https://user@config.shop; do sleep 1; done", "config.shop"),
            ("wget -qO- http://[fd00::7]:80/x > /config/x", "[fd00::7]"),
            ("until pg_isready -h db -p 5432; do sleep 1; done; exec migrate", "db"),
            ("psql --host=db.shop -c 'select 1'", "db.shop"),
            ("git clone --depth 1 https://git.example.com/x.git /src", "git.example.com"),
            ("echo waiting && until nc -z db 5432; do sleep 1; done", "db"),
        ] {
            assert_eq!(called("tools:1", &["sh", "-c", script], &[]), host(wanted), "{script}");
        }
        assert_eq!(called("tools:1", &["tini", "--", "curl"], &["http://a.b/"]), host("a.b"));
        assert_eq!(called("tools:1", &["kubectl", "get", "pods"], &[]), Some(Callee::ApiServer));
        assert_eq!(called("registry/flyway/flyway:11", &[], &["migrate"]), Some(Callee::Others));
        assert_eq!(called("flyway@sha256:ab", &[], &[]), Some(Callee::Others));
    }

    #[test]
    fn what_may_not_call_is_no_call() {
        for script in [
            "curl -fs http://localhost:15021/healthz/ready",
            "curl -fs http://127.0.0.1:8080/",
            "curl -fs $URL",
            "curl -fs http://$HOST/",
            "curl -fs http://metadata.google.internal/computeMetadata/v1/",
            "curl -fs http://169.254.169.254/",
            "curl --version",
            "nc -l 8080",
            "nc -zu dns 53",
            "nc -z $DB 5432",
            "nc -U /var/run/a.sock",
            "psql -h /var/run/postgresql -c x",
            "psql -c x",
            "git status http://x.y/",
            "kubectl version",
            "kubectl apply --dry-run=client -f x",
            "if [ -n \"$X\" ]; then curl http://a.b/; fi",
            "[ -n \"$X\" ] && curl http://a.b/",
            "exit 0; curl http://a.b/",
            "for i in 1 2; do curl http://a.b/; done",
            "cat <<EOF\ncurl http://a.b/\nEOF",
            "echo http://a.b/",
        ] {
            assert_eq!(called("tools:1", &["sh", "-c", script], &[]), None, "{script}");
        }
        assert_eq!(called("tools:1", &["sh", "script.sh"], &[]), None);
        assert_eq!(called("flyway:11", &[], &["--version"]), None);
        assert_eq!(called("flyway:11", &["/bin/true"], &[]), None);
        assert_eq!(called("tools:1", &[], &["curl", "http://a.b/"]), None);
        assert_eq!(called("myflyway:11", &[], &[]), None);
        assert_eq!(called("tools:1", &["tini"], &[]), None);
    }
}
