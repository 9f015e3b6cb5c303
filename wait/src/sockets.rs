//! The TCP sockets of this pod, as the kernel lists them, and whose they are.
//! Format: <https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt>
//!
//! The containers of a pod share the network and not the processes: from the proxy's container the application's processes
//! are not seen, its sockets are.

use std::collections::HashSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

/// Both list only sockets of this pod; the second is absent where IPv6 is off.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
const ESTABLISHED: u8 = 0x01;
const LISTEN: u8 = 0x0A;

/// How the proxy's sockets are told from the application's.
#[derive(Debug)]
pub struct Proxy {
    /// The user it runs as.
    pub uid: u32,
    /// Local ports that are its own.
    pub ports: Vec<u16>,
}

impl Proxy {
    /// Its reserved ports, and the user that its connections to others have: those come from any port.
    /// <https://istio.io/latest/docs/ops/deployment/application-requirements/>
    pub fn istio() -> Self {
        Self { uid: 1337, ports: vec![15000, 15001, 15002, 15004, 15006, 15008, 15020, 15021, 15053, 15090] }
    }
}

/// A socket that keeps the proxy.
#[derive(Debug, PartialEq, Eq)]
pub struct Open {
    listening: bool,
    port: u16,
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.listening { "listens on" } else { "has a connection at" };
        write!(f, "it still {what} port {}", self.port)
    }
}

/// One socket of the application that listens or is connected; none where there is none.
///
/// # Errors
/// The kernel's tables cannot be read, or are not as they are known: one line for people.
pub fn of_the_application(proxy: &Proxy) -> Result<Option<Open>, String> {
    let mut own = None;
    for (index, table) in TABLES.iter().enumerate() {
        let lines = match File::open(table) {
            Ok(file) => BufReader::new(file).lines(),
            Err(error) if error.kind() == ErrorKind::NotFound && index > 0 => continue,
            Err(error) => return Err(format!("cannot read {table}: {error}")),
        };
        for line in lines.skip(1) {
            let line = line.map_err(|error| format!("cannot read {table}: {error}"))?;
            let socket =
                Socket::parse(&line).ok_or_else(|| format!("{table} has a line of an unknown form: {line}"))?;
            if socket.is_in_use() && !socket.is_of(proxy) {
                // Only now, as it looks at every process.
                let own = own.get_or_insert_with(|| sockets_of_processes(Path::new("/proc")));
                if !own.contains(&socket.inode) {
                    return Ok(Some(Open { listening: socket.state == LISTEN, port: socket.port }));
                }
            }
        }
    }
    Ok(None)
}

#[derive(Debug, PartialEq, Eq)]
struct Socket {
    port: u16,
    state: u8,
    uid: u32,
    inode: u64,
}

impl Socket {
    /// `sl local_address rem_address st tx:rx tr:tm->when retrnsmt uid timeout inode ...`
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let port = fields.nth(1)?.rsplit_once(':')?.1;
        let state = fields.nth(1)?;
        let uid = fields.nth(3)?;
        let inode = fields.nth(1)?;
        Some(Self {
            port: u16::from_str_radix(port, 16).ok()?,
            state: u8::from_str_radix(state, 16).ok()?,
            uid: uid.parse().ok()?,
            inode: inode.parse().ok()?,
        })
    }

    fn is_in_use(&self) -> bool {
        matches!(self.state, LISTEN | ESTABLISHED)
    }

    fn is_of(&self, proxy: &Proxy) -> bool {
        self.uid == proxy.uid || proxy.ports.contains(&self.port)
    }
}

/// The sockets of the agent and of Envoy as far as their processes are seen: they may run as any user.
fn sockets_of_processes(proc: &Path) -> HashSet<u64> {
    let mut inodes = HashSet::new();
    // A process may end while it is looked at, and those of others may not be looked into: neither is the proxy's.
    for process in fs::read_dir(proc).into_iter().flatten().flatten() {
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        if !matches!(name.trim_end(), "envoy" | "pilot-agent") {
            continue;
        }
        for file in fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten() {
            let link = fs::read_link(file.path()).unwrap_or_default();
            let inode =
                link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok());
            inodes.extend(inode);
        }
    }
    inodes
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENING: &str = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 25463 1 ffff 100 0 0 10 0";
    const CONNECTED_V6: &str = "   3: 0000000000000000FFFF00000100007F:3A99 0000000000000000FFFF00000100007F:D2F0 01 \
                                00000000:00000000 02:000003E8 00000000  1337        0 77 2 ffff 20 4 30 10 -1";

    #[test]
    fn lines_of_both_tables_are_read() {
        assert_eq!(Socket::parse(LISTENING), Some(Socket { port: 8080, state: LISTEN, uid: 1000, inode: 25463 }));
        assert_eq!(Socket::parse(CONNECTED_V6), Some(Socket { port: 15001, state: ESTABLISHED, uid: 1337, inode: 77 }));
        for line in ["", "0:", "0: 0100007F:1F90", "0: x x 0A x x x 1 0 1", "0: a:FFFFF b:1 0A x x x 1 0 1"] {
            assert_eq!(Socket::parse(line), None, "{line}");
        }
    }

    #[test]
    fn the_proxys_are_told_by_user_or_port() {
        let socket = |port, uid| Socket { port, state: ESTABLISHED, uid, inode: 1 };
        let proxy = Proxy::istio();
        for (port, uid, wanted) in [(15006, 0, true), (40000, 1337, true), (8080, 0, false), (15010, 65532, false)] {
            assert_eq!(socket(port, uid).is_of(&proxy), wanted, "{port} {uid}");
        }
    }

    #[test]
    fn what_is_closing_is_not_in_use() {
        for state in 0x02..=0x09 {
            assert!(!Socket { port: 8080, state, uid: 0, inode: 1 }.is_in_use(), "{state}");
        }
    }
}
