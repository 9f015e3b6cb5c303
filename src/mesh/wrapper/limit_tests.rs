//! Scripts that are made to keep whoever reads them busy: each limit, from both sides.

use super::*;
use std::hint::black_box;

const WAIT: &str = "until curl -fs localhost:15021/healthz/ready; do sleep 1; done";

fn start<'a>(command: &'a [&'a str], env: Environment<'a>) -> ContainerStart<'a> {
    ContainerStart { name: "app", image: "registry.example/app:1", command, args: &[], env }
}

fn wait(script: &str) -> ProxyWait {
    start(&["sh", "-c", script], &[]).proxy_wait()
}

fn call(script: &str) -> Option<Callee> {
    start(&["sh", "-c", script], &[]).network_call()
}

fn nested(open: &str, inner: &str, close: &str, levels: usize) -> String {
    format!("{}{inner}{}; /app", open.repeat(levels), close.repeat(levels))
}

#[test]
fn groups_are_followed_to_a_depth() {
    for (open, close) in [("(", ")"), ("{ ", "; }")] {
        // The loop itself is one more.
        for (levels, wanted) in [(31, ProxyWait::Certain(Bound::Endless)), (32, ProxyWait::Possible)] {
            assert_eq!(wait(&nested(open, WAIT, close, levels)), wanted, "{levels} times {open}");
        }
    }
    for (levels, wanted) in [(32, true), (33, false)] {
        assert_eq!(call(&nested("(", "nc -z db 5432", ")", levels)).is_some(), wanted, "{levels}");
        assert_eq!(call(&nested("$(", "nc -z db 5432", ")", levels)).is_some(), wanted, "{levels}");
    }
}

#[test]
fn a_command_line_is_looked_into_up_to_a_number_of_words() {
    for (words, wanted) in [(500, ProxyWait::Certain(Bound::Bounded)), (501, ProxyWait::None)] {
        let command: Vec<&str> =
            ["pilot-agent", "wait"].into_iter().chain(std::iter::repeat("-v")).take(words).collect();
        assert_eq!(start(&command, &[]).proxy_wait(), wanted, "{words}");
    }
}

#[test]
fn scripts_are_read_to_a_length() {
    for (blanks, wanted) in [(60_000, ProxyWait::Certain(Bound::Endless)), (70_000, ProxyWait::Possible)] {
        assert_eq!(wait(&format!("{WAIT}; exec /app{}", " ".repeat(blanks))), wanted, "{blanks} blanks");
    }
    let script = format!("{WAIT}; exec /app");
    for (bytes, wanted) in [(65_536, ProxyWait::Certain(Bound::Endless)), (65_537, ProxyWait::Possible)] {
        let blanks = " ".repeat(bytes - script.len());
        assert_eq!(wait(&format!("{script}{blanks}")), wanted, "{bytes} bytes");
    }
}

#[test]
fn many_groups_beside_each_other_are_not_deep() {
    let script = format!("{}{WAIT}; exec /app", "(echo); ".repeat(100));
    assert_eq!(wait(&script), ProxyWait::Certain(Bound::Endless));
}

#[test]
fn functions_are_followed_to_a_depth() {
    let script = "a() { nc -z db 5432; }; b() { a; }; c() { b; }; d() { c; }; ";
    assert_eq!(call(&format!("{script}c")), Some(Callee::Host("db".to_owned())));
    assert_eq!(call(&format!("{script}d")), None);
}

#[test]
fn functions_that_call_each_other_are_followed_for_so_many_commands() {
    let script = |times: usize| {
        let calls = |name: &str| format!("{name}; ").repeat(times);
        format!("c() {{ date; }}; b() {{ {}}}; a() {{ {}}}; {}nc -z db 5432", calls("c"), calls("b"), calls("a"))
    };
    assert_eq!(call(&script(5)), Some(Callee::Host("db".to_owned())));
    // A thousand of each would be more than 1,000,000,000 commands.
    for times in [10, 1000] {
        assert_eq!(call(&script(times)), None, "{times} calls");
    }
}

#[test]
fn variables_are_replaced_by_values_of_a_length() {
    let doubled = |times: usize| {
        let set = (1..=times).map(|number| format!("A{number}=$A{0}$A{0}; ", number - 1));
        format!("A0=ab; {}nc -z $A{times} 5432", set.collect::<String>())
    };
    assert_eq!(call(&doubled(3)), Some(Callee::Host("ab".repeat(8))));
    // 40 times would be 2 TiB.
    for times in [10, 40] {
        let called = call(&doubled(times));
        assert!(called.as_ref().is_none_or(|it| matches!(it, Callee::Host(host) if host.len() < 10)), "{called:?}");
    }
}

#[test]
fn a_word_is_replaced_up_to_a_length() {
    let env = [("HOST", Some("a.b.c.d"))];
    for (times, wanted) in [(1000, true), (10_000, false)] {
        let word = format!("http://{}/", "$(HOST)".repeat(times));
        let replaced = match start(&["curl", &word], &env).network_call() {
            Some(Callee::Host(host)) => host.starts_with("a.b.c.d"),
            _ => false,
        };
        assert_eq!(replaced, wanted, "{times}");
        let script = format!("curl http://{}/", "$HOST".repeat(times));
        let called = start(&["sh", "-c", &script], &env).network_call();
        assert_eq!(called.is_some(), wanted, "{times}");
    }
}

/// Each reader goes from one level to the next by calling itself.
#[test]
fn nothing_deep_exhausts_the_stack() {
    const QUIT: &str = "curl localhost:15020/quitquitquit";
    const BLANK: &str = "\u{a0}";
    let quit = format!("'{}'", QUIT.replace(' ', BLANK));
    let pairs = [("(", ")"), ("{ ", "; }"), ("$(", ")"), ("if true; then ", "; fi"), ("f() { ", "; }"), ("((", "))")];
    let openings = [
        "! ",
        "timeout 1 ",
        "exec ",
        "env A=b ",
        "sh -c ",
        "sleep 1 && ",
        "true | ",
        "`",
        "'",
        "\"$(",
        "case x in x) ",
    ];
    let blocks = pairs.into_iter().chain(openings.into_iter().map(|open| (open, "")));
    for (open, close) in blocks {
        for inner in [WAIT, QUIT, &quit, "nc -z db 5432", "curl http://metadata.google.internal/computeMetadata/v1/"] {
            // Within the length that is read, and beyond it.
            for bytes in [20_000, 100_000] {
                let script = nested(open, inner, close, bytes / (open.len() + close.len()));
                let command = ["sh", "-c", &script];
                let start = start(&command, &[]);
                let certain = matches!(start.proxy_wait(), ProxyWait::Certain(_));
                let unwrapped = start.without_proxy_wait(Rest::NeverMeansProxy).is_ok();
                assert!(!unwrapped || certain, "{bytes} bytes of {open}");
                assert!(start.identity_flaw().is_none() || start.may_wait_for_identity(), "{bytes} bytes of {open}");
                let turns = format!("for i in 1 2; do {script} && break; sleep 1; done");
                let command = ["sh", "-c", &turns];
                black_box(ContainerStart { command: &command, ..start }.identity_flaw());
                black_box((start.weighed_wait(), start.network_call(), start.only_waits(), quits_proxy(&script)));
            }
        }
    }
}

/// Each of these words may start what follows it.
#[test]
fn a_command_of_many_launchers_is_read_to_its_end() {
    for word in ["tini", "env", "timeout", "/seaworthy/wait"] {
        let command = vec![word; 100_000];
        let start = ContainerStart { name: "web", image: "web", command: &command, args: &[], env: &[] };
        assert!(matches!(start.proxy_wait(), ProxyWait::None | ProxyWait::Possible), "{word}");
        assert!(start.own_call().is_none_or(|call| call.prefix <= command.len()), "{word}");
    }
}

#[test]
fn only_so_many_waits_are_taken_out_of_one_script() {
    let wait = "until curl -s localhost:15021/healthz/ready; do sleep 1; done; ";
    let long = "date; ".repeat(8_000);
    for (waits, rest, is_taken) in
        [(16, "", true), (17, "", false), (2000, "", false), (2, long.as_str(), true), (3, long.as_str(), false)]
    {
        let script = format!("{}{rest}exec /app", wait.repeat(waits));
        let command = ["sh", "-c", &script];
        let start = ContainerStart { name: "web", image: "web", command: &command, args: &[], env: &[] };
        assert_eq!(start.without_proxy_wait(Rest::MeansProxy).is_ok(), is_taken, "{waits} {}", rest.len());
    }
}
