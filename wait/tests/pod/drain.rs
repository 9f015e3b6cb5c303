//! `drain`: whose sockets keep the proxy, and for how long.

use crate::harness::{Reply, Running, Server, in_pod, program, run};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

/// Long enough for three looks; only a wait that is not to end uses it up.
const SHORT: &str = "drain --timeout 1s";

#[test]
fn a_pod_without_sockets_is_drained() {
    in_pod(|| {
        let ended = run(&mut program("drain"));
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(0), "", ""));
    });
}

#[test]
fn it_waits_for_listeners_and_then_for_connections() {
    in_pod(|| {
        for address in ["127.0.0.1:8080", "[::1]:8080", "0.0.0.0:8080", "[::]:8080"] {
            let listener = TcpListener::bind(address).unwrap();
            let draining = Running::start(&mut program("drain"));
            draining.says("it still listens on port 8080");
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (served, _) = listener.accept().unwrap();
            drop(listener);
            draining.says("it still has a connection at port ");
            drop((client, served));
            let ended = draining.ended();
            assert_eq!(ended.code, Some(0), "{address}: {}", ended.stderr);
            assert!(ended.stderr.ends_with("the application's sockets are closed\n"), "{}", ended.stderr);
        }
    });
}

#[test]
fn a_socket_that_stays_ends_the_wait_with_its_time() {
    in_pod(|| {
        let _listener = TcpListener::bind("127.0.0.1:8080").unwrap();
        for line in [SHORT, "drain --timeout 0s", "drain --timeout 300ms --quiet"] {
            let ended = run(&mut program(line));
            assert_eq!(ended.code, Some(124), "{line}");
            assert!(
                ended
                    .stderr
                    .contains("of waiting for the application's sockets to close: it still listens on port 8080")
            );
        }
        let ended = run(&mut program("drain --ignore-port 8080"));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    });
}

#[test]
fn the_proxys_own_listeners_do_not_count() {
    in_pod(|| {
        let ports = [15000, 15001, 15002, 15004, 15006, 15008, 15020, 15021, 15053, 15090];
        let _listeners = ports.map(|port| TcpListener::bind(("0.0.0.0", port)).unwrap());
        assert_eq!(run(&mut program("drain")).code, Some(0));
        let _other = TcpListener::bind("0.0.0.0:15010").unwrap();
        assert_eq!(run(&mut program(SHORT)).code, Some(124));
    });
}

#[test]
fn the_proxys_own_connections_do_not_count() {
    in_pod(|| {
        // A connection from any port, of the proxy's user or of another: our own wait for a silent server is one.
        let _server = Server::start("127.0.0.1:8001", [Reply::Stall("")]);
        let place = std::env::temp_dir().join("seaworthy-wait-as-proxy");
        std::fs::copy(crate::harness::program_path(), &place).unwrap();
        for (user, line, code) in [("1337", SHORT, 0), ("1338", SHORT, 124), ("1338", "drain --proxy-uid 1338", 0)] {
            let mut client = Command::new("setpriv");
            client.args([&format!("--reuid={user}"), "--regid=1337", "--clear-groups"]);
            client.args(crate::harness::runner()).arg(&place).args(["run", "--attempt-timeout", "1h"]);
            let client = Running::start(client.args(["--http", "http://127.0.0.1:8001/", "true"]));
            crate::harness::until("the connection", || (established(8001) > 0).then_some(()));
            // The server's side is this test's.
            let ended = run(&mut program(&format!("{line} --ignore-port 8001")));
            assert_eq!(ended.code, Some(code), "user {user}, {line}: {}", ended.stderr);
            drop(client);
            crate::harness::until("no connection", || (established(8001) == 0).then_some(()));
        }
        std::fs::remove_file(place).unwrap();
    });
}

/// Connections to this port, seen from the client.
fn established(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().filter(|line| line.contains(&format!(":{port:04X} 01 "))).count()
}

#[test]
fn a_process_called_envoy_is_the_proxy_whatever_its_user() {
    in_pod(|| {
        // Python names its process by the name it is started with.
        let place = std::env::temp_dir().join("seaworthy-wait-named");
        std::fs::create_dir_all(&place).unwrap();
        let serve =
            "import socket, time; s = socket.create_server(('', 8080)); print('ready', flush=True); time.sleep(1000)";
        let python = python();
        for (name, code) in [("envoy", 0), ("pilot-agent", 0), ("envoyer", 124)] {
            let named = place.join(name);
            std::os::unix::fs::symlink(&python, &named).unwrap();
            let server = Running::start(Command::new(&named).args(["-c", serve]));
            server.writes("ready");
            let ended = run(&mut program(SHORT));
            assert_eq!(ended.code, Some(code), "{name}: {}", ended.stderr);
        }
        std::fs::remove_dir_all(place).unwrap();
    });
}

/// The interpreter itself, not a script that looks for one.
fn python() -> String {
    let found = run(Command::new("python3").args(["-c", "import sys; print(sys.executable)"]));
    found.stdout.trim_end().to_owned()
}

#[test]
fn without_the_kernels_table_it_says_so() {
    in_pod(|| {
        let hidden = run(Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/proc"]));
        assert_eq!(hidden.code, Some(0), "{}", hidden.stderr);
        let ended = run(&mut program("drain"));
        assert_eq!(ended.code, Some(125));
        assert!(ended.stderr.contains("cannot read /proc/net/tcp"), "{}", ended.stderr);
    });
}
