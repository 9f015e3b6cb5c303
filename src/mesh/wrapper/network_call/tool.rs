//! Tools for waiting, migrating and copying whose command line names the other side, beside the clients in `program`.
//!
//! Sources: <https://github.com/wait4x/wait4x>, <https://github.com/jeffbski/wait-on>,
//! <https://github.com/golang-migrate/migrate/tree/master/cmd/migrate>, <https://github.com/amacneil/dbmate>,
//! <https://github.com/pressly/goose>, <https://atlasgo.io/cli-reference>, <https://github.com/fullstorydev/grpcurl>,
//! <https://httpie.io/docs/cli>, `socat(1)`, `ssh(1)`, `ldapsearch(1)`.

use crate::mesh::wrapper::network_call::address::{is_elsewhere, url_host, with_port};
use crate::mesh::wrapper::network_call::program::{after, any_url, conninfo_host, server};
use crate::mesh::wrapper::shell::variables::Variables;

/// The host that a tool with these arguments calls.
pub(super) fn tool_host<'a>(name: &str, arguments: &[&'a str], variables: &'a Variables<'_>) -> Option<&'a str> {
    let does = |words: &[&str]| arguments.iter().any(|word| words.contains(word));
    match name {
        "dockerize" => after(arguments, &["-wait", "--wait"]).and_then(url_host),
        "wait-for-it.sh" | "wait-for-it" | "wait-for" | "wait-for.sh" => {
            let own = arguments.split(|word| *word == "--").next()?;
            server(own).or_else(|| own.iter().find_map(|word| with_port(word)))
        }
        // The other way round they wait until nobody answers.
        "wait4x" if !does(&["-v", "--invert-check"]) => {
            operands(arguments).find_map(|word| url_host(word).or_else(|| with_port(word)))
        }
        "wait-on" if !does(&["-r", "--reverse"]) => operands(arguments).find_map(url_host),
        "socat" => socat_host(arguments),
        "grpcurl" => operands(arguments).next().and_then(with_port),
        "mongorestore" | "mongodump" | "mongoimport" | "mongoexport" => {
            server(arguments).or_else(|| any_url(arguments))
        }
        "cqlsh" => arguments.first().copied().filter(|word| !word.starts_with('-') && is_elsewhere(word)),
        // With `--api` it asks nobody.
        "mc" if arguments.starts_with(&["alias", "set"]) && after(arguments, &["--api"]).is_none() => {
            any_url(arguments)
        }
        "ldapsearch" | "ldapwhoami" | "ldapadd" | "ldapmodify" => after(arguments, &["-H"]).and_then(url_host),
        "http" | "https" => {
            let is_sent = !does(&["--offline"]) && after(arguments, &["--proxy"]).is_none();
            operands(arguments).find(|word| word.starts_with("http")).and_then(url_host).filter(|_| is_sent)
        }
        "ssh" | "sftp" => operands(arguments).find_map(user_host),
        "scp" | "rsync" => operands(arguments).filter(|word| word.contains(':')).find_map(user_host),
        _ => database(name, arguments, variables),
    }
}

/// The database that a program for migrations is told of, when its task takes it there.
fn database<'a>(name: &str, arguments: &[&'a str], variables: &'a Variables<'_>) -> Option<&'a str> {
    let (tasks, host): (&[&str], _) = match name {
        "migrate" => (
            &["up", "down", "goto", "force", "version", "drop"],
            after(arguments, &["-database", "--database"]).and_then(url_host),
        ),
        "dbmate" => {
            // Another variable may be meant.
            let variable = variables.value("DATABASE_URL").filter(|_| after(arguments, &["-e", "--env"]).is_none());
            (
                &["up", "migrate", "create", "drop", "rollback", "down", "wait", "status", "dump", "load"],
                after(arguments, &["--url", "-u"]).or(variable).and_then(url_host),
            )
        }
        "goose" => (
            &["up", "up-by-one", "up-to", "down", "down-to", "redo", "reset", "status", "version"],
            any_url(arguments).or_else(|| arguments.iter().find_map(|word| conninfo_host(word))),
        ),
        "atlas" if matches!(arguments.first(), Some(&"migrate" | &"schema")) => {
            (&["apply", "status", "inspect"], after(arguments, &["--url", "-u"]).and_then(url_host))
        }
        _ => return None,
    };
    host.filter(|_| arguments.iter().any(|word| tasks.contains(word)))
}

/// The words before `--` that are no options, and not behind one that may take them.
fn operands<'a>(arguments: &[&'a str]) -> impl Iterator<Item = &'a str> {
    const FLAGS: [&str; 8] = ["-plaintext", "-insecure", "-q", "--quiet", "-a", "-av", "-r", "--check-status"];
    let own: Vec<&str> = arguments.iter().take_while(|word| **word != "--").copied().collect();
    let is_free = |before: Option<&&str>| before.is_none_or(|word| !word.starts_with('-') || FLAGS.contains(word));
    (0..own.len()).filter_map(move |at| {
        let before = at.checked_sub(1).and_then(|before| own.get(before));
        Some(own[at]).filter(|word| !word.starts_with('-') && is_free(before))
    })
}

/// The host of `TCP:db:5432,retry=9`; who listens calls only when somebody has called.
fn socat_host<'a>(arguments: &[&'a str]) -> Option<&'a str> {
    let kind = |word: &str| word.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if arguments.iter().any(|word| kind(word).contains("listen") || kind(word).ends_with("-l")) {
        return None;
    }
    let connects = |word: &&&str| ["tcp", "tcp4", "tcp6", "tcp-connect", "openssl"].contains(&kind(word).as_str());
    arguments.iter().filter(connects).find_map(|word| with_port(word.split_once(':')?.1))
}

/// The host of `user@host` or `user@host:path`, as it stands in a word of its own.
fn user_host(word: &str) -> Option<&str> {
    let (user, rest) = word.split_once('@')?;
    let is_name = !user.is_empty() && user.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it));
    let host = rest.split(':').next()?;
    Some(host).filter(|host| is_name && is_elsewhere(host))
}

#[cfg(test)]
mod tests {
    use crate::mesh::wrapper::network_call::Callee;
    use crate::mesh::wrapper::{ContainerStart, Environment};

    fn called(env: Environment<'_>, line: &str) -> Option<String> {
        let words: Vec<&str> = line.split(' ').collect();
        let start = ContainerStart { name: "init", image: "tools:1", command: &words, args: &[], env };
        match start.network_call()? {
            Callee::Host(host) => Some(host),
            other => Some(format!("{other:?}")),
        }
    }

    #[test]
    fn tools_call_whom_their_command_line_names() {
        for (line, wanted) in [
            ("wait4x tcp db:5432 -t 60s", "db"),
            ("wait4x http http://api/ready -- /app http://other/", "api"),
            ("wait-on -t 9 http://api:3000", "api"),
            ("socat - TCP:db:5432,retry=9", "db"),
            ("grpcurl -plaintext db:50051 list", "db"),
            ("migrate -path /m -database postgres://u:p@db:5432/x?sslmode=disable up", "db"),
            ("dbmate --url postgres://db:5432/x up", "db"),
            ("goose -dir /m postgres host=db up", "db"),
            ("atlas migrate apply --url postgres://db/x", "db"),
            ("mongorestore --host db /dump", "db"),
            ("mongodump --uri=mongodb://db/x", "db"),
            ("cqlsh cassandra 9042", "cassandra"),
            ("mc alias set x http://minio:9000 a b", "minio"),
            ("ldapsearch -x -H ldap://ldap -b dc=x", "ldap"),
            ("http --check-status GET http://config.shop/x", "config.shop"),
            ("ssh -i /k git@host true", "host"),
            ("scp a@host:/x /y", "host"),
            ("rsync -a /x a@host:/y", "host"),
        ] {
            assert_eq!(called(&[], line).as_deref(), Some(wanted), "{line}");
        }
        let url: Environment<'_> = &[("DATABASE_URL", Some("postgres://db/x"))];
        assert_eq!(called(url, "dbmate up").as_deref(), Some("db"));
        assert_eq!(called(url, "dbmate -e OTHER up"), None);
    }

    #[test]
    fn tools_that_may_call_nobody_are_no_calls() {
        for line in [
            "wait4x tcp localhost:5432",
            "wait4x http http://localhost:80 --expect-header X=http://other",
            "wait4x tcp db:5432 --invert-check",
            "wait-on --reverse http://api:3000",
            "socat TCP-LISTEN:80,fork TCP:db:5432",
            "socat tcp-l:80,fork tcp:db:5432",
            "socat - UNIX:/run/x",
            "grpcurl -authority a:80 localhost:50051 list",
            "migrate -path /m -database sqlite3://x.db up",
            "migrate create -database postgres://db/x -ext sql a",
            "dbmate new a",
            "goose postgres host=db create a",
            "atlas migrate hash --url postgres://db/x",
            "cqlsh --version",
            "cqlsh -f /x",
            "mc alias list",
            "mc alias set x http://minio:9000 a b --api s3v4",
            "http --offline http://config.shop/x",
            "http POST localhost:80/x callback=http://config.shop/x",
            "ssh -i me@key localhost",
            "rsync -a /x /y",
            "scp a@b /y",
        ] {
            assert_eq!(called(&[], line), None, "{line}");
        }
    }
}
