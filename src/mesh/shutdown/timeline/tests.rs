//! Drawings of whole pods.

use super::*;
use crate::mesh::{GoDuration, ProxySettings, SidecarKind, Version};

const ISTIO: Version = Version::new(1, 31);

fn sleeping(seconds: i64) -> DrawnHook {
    DrawnHook::Takes(HookTime { at_least: seconds, only_sleeps: true })
}

fn container(name: &str, hook: DrawnHook) -> DrawnContainer<'_> {
    DrawnContainer { name, hook, shutdown: 10, stops_last: false, callers: 0 }
}

fn classic(termination: i64, drain: i64) -> DrawnProxy {
    let settings = ProxySettings {
        termination_drain_duration: GoDuration::from_seconds(termination),
        drain_duration: GoDuration::from_seconds(drain),
        ..ProxySettings::default()
    };
    DrawnProxy::Lives(ProxyLife::of(SidecarKind::Classic, &settings, ISTIO, 0))
}

fn native() -> DrawnProxy {
    DrawnProxy::Lives(ProxyLife::of(SidecarKind::Native, &ProxySettings::default(), ISTIO, 0))
}

fn drawn(containers: Vec<DrawnContainer<'_>>, grace: i64, proxy: DrawnProxy) -> String {
    timeline(&PodEnd { containers, grace, proxy }).join("\n")
}

#[test]
fn a_classic_proxy_that_ends_first() {
    insta::assert_snapshot!(drawn(vec![container("web", sleeping(30))], 45, classic(5, 45)), @"
    seconds       0     5     10     15    20    25    30     35    40    45
    web           =====================================T------------|
    istio-proxy   T-----|
    grace 45s     ........................................................K
    requests in   ooooooxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    requests out  ooooooxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                  = preStop  T SIGTERM  - shutting down  | ended  K SIGKILL
                  . running  o requests work  x requests die
    ");
}

#[test]
fn a_grace_period_that_ends_in_the_pre_stop() {
    insta::assert_snapshot!(drawn(vec![container("web", sleeping(30))], 30, native()), @"
    seconds       0     5     10     15    20    25    30     35    40    45
    web           =====================================K*************
    istio-proxy   .....................................K*******************
    grace 30s     .....................................K
    requests in   ooooooooooooooooooooooooooooooooooooo
    requests out  ooooooooooooooooooooooooooooooooooooox
                  = preStop  K SIGKILL  * never happens  . running
                  o requests work  x requests die
    ");
}

#[test]
fn no_pre_stop_at_all() {
    let web = DrawnContainer { callers: 30, ..container("web", DrawnHook::Absent) };
    insta::assert_snapshot!(drawn(vec![web], 30, native()), @"
    seconds       0        5         10       15       20        25       30
    web           T------------------|
    istio-proxy   ...................T--------|
    grace 30s     ........................................................K
    requests in   xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    requests out  ooooooooooooooooooo
                  T SIGTERM  - shutting down  | ended  K SIGKILL  . running
                  o requests work  x requests die
    ");
}

#[test]
fn all_is_well() {
    insta::assert_snapshot!(drawn(vec![container("web", sleeping(30))], 47, native()), @"
    seconds       0     5     10    15    20    25    30    35    40    45
    web           ====================================T-----------|
    istio-proxy   ................................................T-----|
    grace 47s     ........................................................K
    requests in   oooooooooooooooooooooooooooooooooooo
    requests out  oooooooooooooooooooooooooooooooooooooooooooooooo
                  = preStop  T SIGTERM  - shutting down  | ended  K SIGKILL
                  . running  o requests work
    ");
}

#[test]
fn listeners_that_close_before_the_proxy_ends() {
    insta::assert_snapshot!(drawn(vec![container("web", sleeping(10))], 30, classic(20, 6)), @"
    seconds       0        5         10       15       20        25       30
    web           ===================T-----------------|
    istio-proxy   T------------------------------------|
    grace 30s     ........................................................K
    requests in   oooooooooooxxxxxxxx
    requests out  ooooooooooooooooooooooooooooooooooooo
                  = preStop  T SIGTERM  - shutting down  | ended  K SIGKILL
                  . running  o requests work  x requests die
    ");
}

#[test]
fn a_hook_of_unknown_length() {
    insta::assert_snapshot!(drawn(vec![container("web", DrawnHook::Unknown)], 30, classic(20, 45)), @"
    seconds       0        5         10       15       20        25       30
    web           ????????????????????????????????????????????????????????K
    istio-proxy   T------------------------------------|
    grace 30s     ........................................................K
    requests in   ????????????????????????????????????????????????????????
    requests out  ooooooooooooooooooo?????????????????????????????????????
                  T SIGTERM  - shutting down  | ended  K SIGKILL  . running
                  o requests work  ? not known
    ");
}

#[test]
fn a_hook_that_takes_more_than_its_sleep_and_a_sidecar_that_stops_last() {
    let hook = DrawnHook::Takes(HookTime { at_least: 20, only_sleeps: false });
    let cache = DrawnContainer { stops_last: true, ..container("cache", sleeping(5)) };
    insta::assert_snapshot!(drawn(vec![container("web", hook), cache], 60, native()), @"
    seconds       0        10        20       30       40        50       60
    web           ===================?--------|
    cache         =====.......................T
    istio-proxy   ............................T----|
    grace 60s     ........................................................K
    requests in   ooooooooooooooooooo
    requests out  oooooooooooooooooooooooooooo
                  = preStop  T SIGTERM  - shutting down  | ended  K SIGKILL
                  . running  o requests work  ? not known
    ");
}

#[test]
fn a_proxy_that_ends_with_its_last_connection() {
    let settings = ProxySettings { exit_on_zero_active_connections: true, ..ProxySettings::default() };
    let idle = DrawnProxy::Lives(ProxyLife::of(SidecarKind::Classic, &settings, ISTIO, 0));
    insta::assert_snapshot!(drawn(vec![container("web", sleeping(20))], 45, idle), @"
    seconds       0     5     10     15    20    25    30     35    40    45
    web           =========================T-----------|
    istio-proxy   T------?????????????????????????????????????????????????
    grace 45s     ........................................................K
    requests in   ooooooo??????????????????
    requests out  ooooooo??????????????????????????????
                  = preStop  T SIGTERM  - shutting down  | ended  K SIGKILL
                  . running  o requests work  ? not known
    ");
}

/// As a real Envoy did: `docs/lifecycle.md`.
#[test]
fn a_proxy_that_is_held_by_its_connections_behind_closed_listeners() {
    let settings = ProxySettings {
        exit_on_zero_active_connections: true,
        minimum_drain_duration: GoDuration::from_seconds(3),
        drain_duration: GoDuration::from_seconds(6),
        ..ProxySettings::default()
    };
    let held = DrawnProxy::Lives(ProxyLife::of(SidecarKind::Classic, &settings, ISTIO, 0));
    insta::assert_snapshot!(drawn(vec![container("web", sleeping(10))], 22, held), @"
    seconds       0            5           10           15           20
    web           =========================T-------------------------|
    istio-proxy   T---------??????????????????????????????????????????????
    grace 22s     ........................................................K
    requests in   oooooooooo?????xxxxxxxxxx
    requests out  oooooooooo?????????????????????????????????????????
                  = preStop  T SIGTERM  - shutting down  | ended  K SIGKILL
                  . running  o requests work  x requests die  ? not known
    ");
    let unknown = drawn(vec![container("web", DrawnHook::Unknown)], 22, held);
    assert!(unknown.contains("requests in   ?????????"), "{unknown}");
    assert!(!unknown.contains("requests die"), "{unknown}");
}

#[test]
fn no_proxy_or_one_that_nobody_knows() {
    let web = || vec![container("web", sleeping(10))];
    insta::assert_snapshot!(drawn(web(), 30, DrawnProxy::Absent), @"
    seconds       0        5         10       15       20        25       30
    web           ===================T-----------------|
    grace 30s     ........................................................K
    requests in   ooooooooooooooooooo
    requests out  ooooooooooooooooooooooooooooooooooooo
                  = preStop  T SIGTERM  - shutting down  | ended  K SIGKILL
                  . running  o requests work
    ");
    insta::assert_snapshot!(drawn(web(), 30, DrawnProxy::Unknown), @"
    seconds       0        5         10       15       20        25       30
    web           ===================T-----------------|
    istio-proxy   ????????????????????????????????????????????????????????K
    grace 30s     ........................................................K
    requests in   ???????????????????
    requests out  ?????????????????????????????????????
                  = preStop  T SIGTERM  - shutting down  | ended  K SIGKILL
                  . running  ? not known
    ");
}

#[test]
fn a_grace_period_far_beyond_all_ends_and_a_proxy_that_is_killed() {
    insta::assert_snapshot!(drawn(vec![container("web", sleeping(10))], 3600, classic(600, 600)), @"
    seconds       0          5          10          15         20         25
    web           ======================T----------------------|
    istio-proxy   T------------------------------------------------------->
    grace 3600s   ........................................................>
    requests in   oooooooooooooooooooooo
    requests out  ooooooooooooooooooooooooooooooooooooooooooooo
                  = preStop  T SIGTERM  - shutting down  | ended  . running
                  o requests work  > goes on
    ");
}

#[test]
fn many_containers_with_odd_names() {
    let names = ["a-rather-long-name-of-a-container", "t\u{1b}[31mab", "c", "d", "e", "f", "g", "h"];
    let drawing = drawn(names.map(|name| container(name, sleeping(1))).to_vec(), 30, native());
    let labels: Vec<&str> = drawing.lines().map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(labels[1..8], ["a-rather-...", "t?[31mab", "c", "d", "e", "f", "and 2 more containers"]);
}

#[test]
fn nothing_is_drawn_without_a_grace_period() {
    for grace in [0, -1, i64::MIN] {
        assert_eq!(drawn(vec![container("web", sleeping(30))], grace, native()), "");
    }
}

proptest::proptest! {
    /// Whatever the numbers are, and there are no limits to what a manifest may say.
    #[test]
    fn every_line_is_short_and_plain(
        hook in proptest::option::of(0..=i64::MAX),
        shutdown in 0..=i64::MAX,
        callers in 0..=i64::MAX,
        grace in 1..=i64::MAX,
        own_hook in 0..=i64::MAX,
        termination in -10..=i64::MAX,
        stops_last: bool,
        is_native: bool,
        name in ".*",
    ) {
        let hook = hook.map_or(DrawnHook::Unknown, sleeping);
        let kind = if is_native { SidecarKind::Native } else { SidecarKind::Classic };
        let settings = ProxySettings {
            termination_drain_duration: GoDuration::from_seconds(termination),
            ..ProxySettings::default()
        };
        let proxy = DrawnProxy::Lives(ProxyLife::of(kind, &settings, ISTIO, own_hook));
        let containers = vec![DrawnContainer { name: &name, hook, shutdown, stops_last, callers }];
        let lines = timeline(&PodEnd { containers, grace, proxy });
        proptest::prop_assert!(lines.len() >= 4);
        for line in lines {
            proptest::prop_assert!(line.len() <= WIDTH && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
        }
    }
}
