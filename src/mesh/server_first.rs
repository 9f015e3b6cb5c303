//! Protocols in which the server sends the first bytes. A proxy that guesses waits for the client's, and so do they both.
//!
//! Why it matters: <https://istio.io/latest/docs/ops/deployment/application-requirements/#server-first-protocols>. Who speaks first
//! is in the protocols' own specifications: the greetings of RFC 959, 1939, 3977, 5321 and 9051, the version exchange of RFC 4253,
//! section 7.1.1 of RFC 6143, the handshake of MySQL and the INFO of NATS. With PostgreSQL, AMQP, LDAP, MQTT, Kafka and Redis it
//! is the client.

/// A protocol in which the server speaks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerFirst {
    /// What people call it.
    pub protocol: &'static str,
    /// What ports are called that speak it.
    pub port_names: &'static [&'static str],
    /// The TCP ports that are registered for it.
    pub numbers: &'static [i64],
    /// The names of images of its servers, without registry, folder and tag.
    pub images: &'static [&'static str],
}

/// All that are known here. Inside of TLS it is the client who speaks first: `smtps` is none of them.
pub const SERVER_FIRST: [ServerFirst; 9] = [
    server("FTP", &["ftp"], &[21], &["vsftpd", "proftpd", "pure-ftpd"]),
    server("SSH", &["ssh", "sftp"], &[22], &["openssh-server", "sshd", "sftp"]),
    server("SMTP", &["smtp", "submission"], &[25, 587], &["postfix", "exim"]),
    server("POP3", &["pop3"], &[110], &["dovecot"]),
    server("NNTP", &["nntp"], &[119], &[]),
    server("IMAP", &["imap"], &[143], &["dovecot"]),
    server("MySQL", &["mysql", "mariadb"], &[3306], &["mysql", "mysql-server", "mariadb", "percona", "percona-server"]),
    server("NATS", &["nats"], &[4222], &["nats", "nats-server"]),
    server("VNC", &["vnc", "rfb"], &[5900], &[]),
];

const fn server(
    protocol: &'static str,
    port_names: &'static [&'static str],
    numbers: &'static [i64],
    images: &'static [&'static str],
) -> ServerFirst {
    ServerFirst { protocol, port_names, numbers, images }
}
