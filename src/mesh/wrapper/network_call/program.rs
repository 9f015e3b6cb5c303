//! The programs whose command line shows that they call somebody, each as it reads its own arguments.

use crate::mesh::wrapper::network_call::Callee;
use crate::mesh::wrapper::network_call::address::{authority_host, is_elsewhere, url_host, with_port};
use crate::mesh::wrapper::network_call::migration::migration_call;
use crate::mesh::wrapper::network_call::script::script_call;
use crate::mesh::wrapper::network_call::tool::tool_host;
use crate::mesh::wrapper::shell::variables::Variables;
use crate::mesh::wrapper::wait::wait_only::timed;
use crate::mesh::wrapper::{SHELLS, after_options_and, basename, inline_script};

/// Whom a command line calls: a program with its arguments.
pub(super) fn command_call(words: &[&str], variables: &Variables<'_>) -> Option<Callee> {
    let (program, arguments) = started(words)?.split_first()?;
    let first = arguments.first().copied().unwrap_or_default();
    match basename(program) {
        name if SHELLS.contains(&name) => script_call(inline_script(arguments)?, name == "bash", variables),
        "kubectl" | "oc" => cluster_call(arguments, &KUBECTL_VERBS),
        "helm" => cluster_call(arguments, &HELM_VERBS),
        "aws" | "gsutil" | "gcloud" | "az" => cloud_call(basename(program), arguments, variables),
        name @ ("flyway" | "liquibase") => migration_call(name, arguments, variables),
        "apk" => {
            const FRESH: [&str; 4] = ["-U", "--no-cache", "--update", "--update-cache"];
            let fetches = arguments.contains(&"update")
                || arguments.contains(&"add") && arguments.iter().any(|it| FRESH.contains(it));
            (fetches && !arguments.contains(&"--no-network")).then_some(Callee::Others)
        }
        "apt-get" | "apt" => arguments.contains(&"update").then_some(Callee::Others),
        _ if TELLING.contains(&first) => None,
        name => host(name, arguments, variables).map(|host| Callee::Host(host.to_owned())),
    }
}

/// What a command line runs in the end, behind programs that only start another.
fn started<'a, 'b>(mut words: &'a [&'b str]) -> Option<&'a [&'b str]> {
    while let Some((program, arguments)) = words.split_first() {
        words = match basename(program) {
            "timeout" => timed(arguments)?,
            "busybox" | "nohup" | "time" => arguments,
            "env" => after_options_and(arguments, |word| word.contains('=')),
            _ => return Some(words),
        };
    }
    None
}

/// As a first argument: nobody is called.
const TELLING: [&str; 5] = ["--version", "-V", "--help", "version", "help"];

/// The host that a program with these arguments calls.
fn host<'a>(name: &str, arguments: &[&'a str], variables: &'a Variables<'_>) -> Option<&'a str> {
    match name {
        "curl" => web(&CURL, arguments),
        "wget" => web(&WGET, arguments),
        "nc" | "ncat" | "netcat" | "telnet" => listener(arguments),
        "psql" | "pg_isready" | "pg_dump" | "pg_restore" | "createdb" => server(arguments)
            .or_else(|| any_url(arguments))
            .or_else(|| arguments.iter().find_map(|word| conninfo_host(word)))
            .or_else(|| variables.value("PGHOST").filter(|host| names_none(arguments) && is_elsewhere(host))),
        "mysql" | "mysqladmin" | "mysqldump" | "mariadb" | "mariadb-admin" | "mariadb-dump" => {
            let by_socket = arguments.iter().any(|it| it.starts_with("--socket") || it.starts_with("--protocol"));
            server(arguments).filter(|_| !by_socket)
        }
        "redis-cli" | "valkey-cli" => server(arguments).or_else(|| any_url(arguments)),
        "mongo" | "mongosh" => {
            let connects = !arguments.contains(&"--nodb");
            server(arguments).or_else(|| any_url(arguments)).filter(|_| connects)
        }
        "git" => git_remote(arguments),
        "kafka-topics.sh" | "kafka-topics" | "kafka-broker-api-versions.sh" | "kafka-broker-api-versions" => {
            after(arguments, &["--bootstrap-server"]).and_then(with_port)
        }
        "kcat" | "kafkacat" | "cub" => after(arguments, &["-b"]).and_then(with_port),
        "grpc_health_probe" => after(arguments, &["-addr", "--addr"]).and_then(with_port),
        "openssl" => after(arguments, &["-connect"]).and_then(with_port),
        "vault" => {
            const ASKING: [&str; 7] = ["status", "read", "write", "kv", "login", "token", "list"];
            let asks = arguments.first().is_some_and(|verb| ASKING.contains(verb));
            let named = after(arguments, &["-address"]).or(variables.value("VAULT_ADDR"));
            named.and_then(url_host).filter(|_| asks)
        }
        _ => tool_host(name, arguments, variables),
    }
}

/// The options of a program that takes addresses among them, as far as they are known.
struct Options {
    /// Letters with a value behind them, and those that send the call elsewhere or nowhere.
    short_values: &'static str,
    short_other: &'static str,
    flags: &'static [&'static str],
    values: &'static [&'static str],
    other: &'static [&'static str],
}

/// `curl(1)`.
const CURL: Options = Options {
    short_values: "AbcCdDeEFHmoPQrtTuUwXyYz",
    short_other: "xKhMV",
    flags: &[
        "--fail",
        "--silent",
        "--show-error",
        "--location",
        "--insecure",
        "--verbose",
        "--head",
        "--include",
        "--get",
        "--compressed",
        "--retry-connrefused",
        "--retry-all-errors",
        "--fail-with-body",
        "--url",
        "--ipv4",
        "--http1.1",
    ],
    values: &[
        "--retry",
        "--retry-delay",
        "--retry-max-time",
        "--max-time",
        "--connect-timeout",
        "--output",
        "--write-out",
        "--header",
        "--request",
        "--data",
        "--data-raw",
        "--user",
        "--user-agent",
        "--cacert",
        "--cert",
        "--key",
    ],
    other: &[
        "--proxy",
        "--preproxy",
        "--socks5",
        "--socks5-hostname",
        "--socks4",
        "--socks4a",
        "--unix-socket",
        "--abstract-unix-socket",
        "--connect-to",
        "--resolve",
        "--config",
        "--version",
        "--help",
        "--manual",
    ],
};

/// `wget(1)`, GNU's and that of busybox.
const WGET: Options = Options {
    short_values: "oOPtTUawlARDIXQB",
    short_other: "eiYhV",
    flags: &["--spider", "--quiet", "--no-verbose", "--no-check-certificate", "--server-response", "--continue"],
    values: &["--header", "--timeout", "--tries", "--output-document", "--post-data", "--user-agent", "--method"],
    other: &["--execute", "--input-file", "--version", "--help", "--config", "--no-config"],
};

/// The first host of the addresses that curl or wget is given. Without a scheme only what certainly is no value of an option
/// is taken for an address.
fn web<'a>(options: &Options, arguments: &[&'a str]) -> Option<&'a str> {
    let (mut addresses, mut all_known) = (Vec::new(), true);
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let long = word.split_once('=').map_or(*word, |(name, _)| name);
        if options.other.contains(&long) {
            return None;
        }
        if word.starts_with("--") {
            all_known &= options.flags.contains(word) || word.contains('=') || options.values.contains(word);
            if options.values.contains(word) {
                rest.next();
            }
        } else if let Some(cluster) = word.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
            let end = cluster.find(|it| options.short_values.contains(it) || options.short_other.contains(it));
            match end.and_then(|end| cluster[end..].chars().next().map(|it| (end, it))) {
                Some((_, letter)) if options.short_other.contains(letter) => return None,
                Some((end, _)) if end + 1 == cluster.len() => drop(rest.next()),
                _ => {}
            }
        } else {
            addresses.push(*word);
        }
    }
    let host = |word: &&'a str| match word.contains("://") {
        true => url_host(word),
        false if all_known => authority_host(word),
        false => None,
    };
    addresses.iter().find_map(host)
}

/// The host of `nc -z HOST PORT`, over TCP.
fn listener<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    const OTHER: [&str; 5] = ["--listen", "--udp", "--unixsock", "--sctp", "--proxy"];
    let is_cluster = |word: &&&str| word.starts_with('-') && !word.starts_with("--");
    if arguments.iter().filter(is_cluster).any(|word| word.contains(['u', 'l', 'U', 'x', 'X'])) {
        return None;
    }
    if arguments.iter().any(|word| OTHER.contains(&word.split('=').next().unwrap_or(word))) {
        return None;
    }
    let is_port = |word: &str| word.parse::<u16>().is_ok();
    let pair = arguments.windows(2).find(|pair| !pair[0].starts_with('-') && !is_port(pair[0]) && is_port(pair[1]))?;
    Some(pair[0]).filter(|host| is_elsewhere(host))
}

/// The host behind `-h` or `--host`, perhaps with its port.
pub(super) fn server<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let named = after(arguments, &["-h", "--host"]);
    let joined = || arguments.iter().find_map(|word| word.strip_prefix("-h").filter(|host| !host.is_empty()));
    let host = named.or_else(joined)?;
    Some(with_port(host).unwrap_or(host)).filter(|host| is_elsewhere(host))
}

/// Whether nothing among the arguments may name a server.
fn names_none(arguments: &[&str]) -> bool {
    !arguments
        .iter()
        .any(|it| it.starts_with("-h") || it.starts_with("--host") || it.contains("://") || it.contains('='))
}

/// The host of `host=db port=5432`.
pub(super) fn conninfo_host(word: &str) -> Option<&str> {
    word.split_whitespace().find_map(|pair| pair.strip_prefix("host=")).filter(|host| is_elsewhere(host))
}

pub(super) fn any_url<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    arguments.iter().find_map(|word| url_host(word))
}

/// The value of an option, in the next word or behind `=`.
pub(super) fn after<'a>(arguments: &[&'a str], names: &[&str]) -> Option<&'a str> {
    let apart = arguments.windows(2).find(|pair| names.contains(&pair[0])).map(|pair| pair[1]);
    let joined = || arguments.iter().filter_map(|word| word.split_once('=')).find(|(name, _)| names.contains(name));
    apart.or_else(|| joined().map(|(_, value)| value))
}

/// The host of a repository that is copied, also as `git@host:path`.
fn git_remote<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let mut rest = arguments;
    while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
        rest = rest.get(if matches!(*option, "-C" | "-c") { 2 } else { 1 }..)?;
    }
    let (verb, arguments) = rest.split_first()?;
    let copies = matches!(*verb, "clone" | "fetch" | "pull" | "ls-remote");
    let by_shell = |word: &&'a str| {
        let (_, host) = word.split_once(':')?.0.split_once('@')?;
        Some(host).filter(|host| is_elsewhere(host))
    };
    let named = any_url(arguments).or_else(|| arguments.iter().find_map(by_shell));
    named.filter(|_| copies)
}

const KUBECTL_VERBS: [&str; 16] = [
    "get", "wait", "apply", "create", "delete", "patch", "rollout", "describe", "logs", "exec", "scale", "label",
    "annotate", "replace", "top", "auth",
];
const HELM_VERBS: [&str; 8] = ["install", "upgrade", "uninstall", "rollback", "status", "get", "history", "list"];

/// A call of the API server, unless another server is meant or nothing is asked.
fn cluster_call(arguments: &[&str], verbs: &[&str]) -> Option<Callee> {
    const OTHER: [&str; 5] = ["--dry-run", "--local", "--server", "-s", "--help"];
    const WITH_VALUES: [&str; 5] = ["-n", "--namespace", "--context", "--kubeconfig", "--kube-context"];
    let mut rest = arguments;
    while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
        rest = rest.get(if WITH_VALUES.contains(option) { 2 } else { 1 }..)?;
    }
    let asks = rest.first().is_some_and(|verb| verbs.contains(verb));
    let is_other = |word: &&str| OTHER.contains(&word.split('=').next().unwrap_or(word));
    // What a program behind `--` is told is not for it.
    let mut own = arguments.split(|word| *word == "--").next()?.iter();
    (asks && !own.any(is_other)).then_some(Callee::ApiServer)
}

/// A call of a cloud: a store that is named by its own scheme, or a task that nothing answers on this side.
fn cloud_call(program: &str, arguments: &[&str], variables: &Variables<'_>) -> Option<Callee> {
    let has = |scheme: &str| arguments.iter().any(|word| word.starts_with(scheme));
    let starts = |words: &[&str]| arguments.starts_with(words);
    let calls = match program {
        "aws" => {
            let elsewhere = has("--endpoint-url") || variables.value("AWS_ENDPOINT_URL").is_some();
            let asks =
                starts(&["s3"]) && has("s3://") || starts(&["secretsmanager"]) || starts(&["ssm"]) || starts(&["sts"]);
            asks && !elsewhere
        }
        "gsutil" => has("gs://"),
        "gcloud" => starts(&["storage"]) && has("gs://") || starts(&["secrets", "versions", "access"]),
        _ => starts(&["storage", "blob"]) || starts(&["keyvault", "secret"]),
    };
    (calls && !arguments.contains(&"help") && !arguments.contains(&"--help")).then_some(Callee::Others)
}
