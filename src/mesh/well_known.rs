//! Protocols by what people call their ports, by their registered numbers and by the images of their servers.
//!
//! Numbers are those of <https://www.iana.org/assignments/service-names-port-numbers>, or the default of the server's own
//! documentation. Who speaks first is in the protocols' specifications: the greetings of RFC 959, 1939, 3977, 5321 and 9051, the
//! version exchange of RFC 4253, section 7.1.1 of RFC 6143, the handshake of MySQL and the INFO of NATS. With PostgreSQL, AMQP,
//! LDAP, MQTT, Kafka and Redis it is the client, and inside of TLS too. Why that matters:
//! <https://istio.io/latest/docs/ops/deployment/application-requirements/#server-first-protocols>.

/// A protocol that is known by its name, its number or its servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WellKnown {
    /// What people call it.
    pub called: &'static str,
    /// What it is for a proxy.
    pub speaks: Spoken,
    /// Whether the server sends the first bytes. A proxy that guesses waits for the client's, and so do they both.
    pub greets: bool,
    /// What ports are called that speak it: whole names.
    pub port_names: &'static [&'static str],
    /// The TCP ports where it is spoken.
    pub numbers: &'static [i64],
    /// The names of images of its servers, without registry, folder and tag.
    pub images: &'static [&'static str],
}

/// What a protocol is for a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// Bytes.
    Bytes,
    /// HTTP/1.
    Http,
    /// HTTP in TLS.
    Https,
    /// gRPC.
    Grpc,
}

/// All that are known here. `kafka-ui` and `postgres-metrics` are HTTP: names count as a whole.
pub const WELL_KNOWN: [WellKnown; 32] = [
    greeting("FTP", &["ftp"], &[21], &["vsftpd", "proftpd", "pure-ftpd"]),
    greeting("SSH", &["ssh", "sftp"], &[22], &["openssh-server", "sshd", "sftp"]),
    greeting("SMTP", &["smtp", "submission"], &[25, 587], &["postfix", "exim"]),
    greeting("POP3", &["pop3"], &[110], &["dovecot"]),
    greeting("NNTP", &["nntp"], &[119], &[]),
    greeting("IMAP", &["imap"], &[143], &["dovecot"]),
    greeting(
        "MySQL",
        &["mysql", "mariadb"],
        &[3306],
        &["mysql", "mysql-server", "mariadb", "percona", "percona-server"],
    ),
    greeting("NATS", &["nats"], &[4222], &["nats", "nats-server"]),
    greeting("VNC", &["vnc", "rfb"], &[5900], &[]),
    bytes("AMQP", &["amqp"], &[5672], &["rabbitmq"]),
    bytes("AMQP", &["amqps"], &[5671], &[]),
    bytes("Cassandra", &["cassandra", "cql"], &[9042], &["cassandra", "scylla"]),
    // gRPC and HTTP/1 on one port: of all that Istio knows only bytes are true of it.
    bytes("etcd", &["etcd"], &[2379, 2380], &["etcd"]),
    bytes("IMAP", &["imaps"], &[993], &[]),
    bytes("Kafka", &["kafka"], &[9092], &["kafka", "cp-kafka"]),
    bytes("LDAP", &["ldap"], &[389], &["openldap"]),
    bytes("LDAP", &["ldaps"], &[636], &[]),
    bytes("memcached", &["memcached"], &[11211], &["memcached"]),
    bytes("MongoDB", &["mongodb"], &[27017], &["mongo", "mongodb"]),
    bytes("MQTT", &["mqtt"], &[1883], &["eclipse-mosquitto"]),
    bytes("MQTT", &["mqtts"], &[8883], &[]),
    bytes("SQL Server", &["mssql"], &[1433], &[]),
    bytes("POP3", &["pop3s"], &[995], &[]),
    bytes("PostgreSQL", &["pg", "pgsql", "postgres", "postgresql"], &[5432], &["postgres", "postgresql", "postgis"]),
    bytes("Redis", &["rediss"], &[6379], &["redis", "valkey"]),
    bytes("SMTP", &["smtps"], &[465], &[]),
    bytes("STOMP", &["stomp"], &[61613], &[]),
    bytes("Telnet", &["telnet"], &[23], &[]),
    bytes("ZooKeeper", &["zookeeper"], &[2181], &["zookeeper"]),
    WellKnown { speaks: Spoken::Http, ..bytes("HTTP", &[], &[80], &["nginx", "httpd"]) },
    // Not registered, but the number of all examples of gRPC.
    WellKnown { speaks: Spoken::Grpc, ..bytes("gRPC", &[], &[50051], &[]) },
    WellKnown { speaks: Spoken::Https, ..bytes("HTTPS", &[], &[443], &[]) },
];

const fn greeting(
    called: &'static str,
    port_names: &'static [&'static str],
    numbers: &'static [i64],
    images: &'static [&'static str],
) -> WellKnown {
    WellKnown { greets: true, ..bytes(called, port_names, numbers, images) }
}

const fn bytes(
    called: &'static str,
    port_names: &'static [&'static str],
    numbers: &'static [i64],
    images: &'static [&'static str],
) -> WellKnown {
    WellKnown { called, speaks: Spoken::Bytes, greets: false, port_names, numbers, images }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_mean_one_protocol() {
        let mut names: Vec<&str> = WELL_KNOWN.iter().flat_map(|it| it.port_names).copied().collect();
        let mut numbers: Vec<i64> = WELL_KNOWN.iter().flat_map(|it| it.numbers).copied().collect();
        let (all_names, all_numbers) = (names.len(), numbers.len());
        names.sort_unstable();
        names.dedup();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!((names.len(), numbers.len()), (all_names, all_numbers));
    }
}
