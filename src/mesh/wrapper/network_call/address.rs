//! Who is named by an address that a command holds: somebody outside the pod, or nobody that counts.

/// The host of a URL that is written out.
pub(super) fn url_host(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let name = scheme.rsplit(|it: char| !it.is_ascii_alphanumeric()).next()?;
    SCHEMES.contains(&name).then(|| authority_host(rest)).flatten()
}

/// Over TCP; names without a server behind them, such as `mongodb+srv`, are none.
const SCHEMES: [&str; 25] = [
    "http",
    "https",
    "tcp",
    "ftp",
    "ftps",
    "sftp",
    "ssh",
    "git",
    "telnet",
    "ldap",
    "ldaps",
    "smtp",
    "smtps",
    "mqtt",
    "ws",
    "wss",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "sqlserver",
    "redis",
    "rediss",
    "mongodb",
    "amqp",
];

/// The host of what stands behind `http://`: `user@host:80/path`.
pub(super) fn authority_host(text: &str) -> Option<&str> {
    let authority = text.split(['/', '?', '#', ';']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = if host.starts_with('[') { host.split_inclusive(']').next()? } else { host.split(':').next()? };
    Some(host).filter(|host| is_elsewhere(host))
}

/// The host of an address with a port: `db:5432`, also the first of several.
pub(super) fn with_port(text: &str) -> Option<&str> {
    let (host, port) = text.split(',').next()?.rsplit_once(':')?;
    port.parse::<u16>().is_ok().then_some(host).filter(|host| is_elsewhere(host))
}

/// Whether this is the name or address of somebody outside the pod, and not that of the node's metadata server.
pub(super) fn is_elsewhere(host: &str) -> bool {
    const HERE: [&str; 7] = ["localhost", "0.0.0.0", "[::1]", "::1", "[::]", "metadata.google.internal", "metadata"];
    let is_name = |character: char| character.is_ascii_alphanumeric() || "-.:[]".contains(character);
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    !name.is_empty()
        && name.chars().all(is_name)
        && !HERE.contains(&name.as_str())
        && !name.ends_with(".localhost")
        && !["127.", "169.254."].iter().any(|start| name.starts_with(start))
}

/// Whether a text speaks of something within the pod: a database in a file or in memory, or on its own address.
pub(super) fn is_local(text: &str) -> bool {
    const SIGNS: [&str; 7] = ["localhost", "127.0.0.1", "[::1]", "sqlite", ":h2:", ":memory:", "file:/"];
    SIGNS.iter().any(|sign| text.contains(sign))
}
