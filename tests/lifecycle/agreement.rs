//! What was recorded, computed, drawn and seen says the same; where it would not, what was recorded is right.

use crate::callers::{Direction, Way};
use crate::drawing::mark;
use crate::measured::{Measured, READY, RECORD, label};
use crate::page;
use crate::predicted::{Ends, Predicted};
use crate::setting::{Fate, GONE, KILL, PRE_STOP, SETTINGS};
use crate::sidecar::half_seconds;
use seaworthy::mesh::{GoDuration, SidecarKind};

const DIRECTIONS: [Direction; 2] = [Direction::Out, Direction::In];
const WAYS: [Way; 4] = [Way::New, Way::Kept, Way::Stream, Way::Tcp];

/// The real agent was asked every 100 ms, and noticed a little later.
const SAMPLED: f64 = 0.1;

#[test]
fn calls_die_when_it_is_computed() {
    for setting in &SETTINGS {
        let (measured, predicted) = (Measured::recorded(setting), Predicted::of(setting));
        for (direction, way) in DIRECTIONS.into_iter().flat_map(|direction| WAYS.map(|way| (direction, way))) {
            if measured.letters(&label(direction, way)).is_some() {
                let computed = predicted.died(direction, way).map(half_seconds);
                assert_eq!(measured.died(direction, way), computed, "{}: {direction:?} {way:?}", setting.id);
            }
        }
    }
}

#[test]
fn the_proxy_ends_when_it_is_computed() {
    for setting in &SETTINGS {
        let ended = Measured::recorded(setting).ended.unwrap();
        match Predicted::of(setting).ends() {
            Ends::At(time) => assert_eq!(ended, half_seconds(time), "{}", setting.id),
            Ends::WithApplication => assert_eq!(ended, GONE, "{}", setting.id),
            Ends::WithConnections(earliest) => assert!(ended >= half_seconds(earliest).max(GONE), "{}", setting.id),
        }
    }
}

#[test]
fn drawings_show_what_was_measured() {
    for setting in &SETTINGS {
        let (measured, drawing) = (Measured::recorded(setting), Predicted::of(setting).drawing());
        let served = half_seconds(GoDuration::from_seconds(PRE_STOP));
        for (direction, name, until) in [(Direction::Out, "requests out", GONE), (Direction::In, "requests in", served)]
        {
            let row = drawing.iter().find(|line| line.starts_with(name)).unwrap();
            let letters = measured.letters(&label(direction, Way::New)).unwrap();
            for (half_second, letter) in letters.chars().enumerate().take(until as usize) {
                let drawn = mark(row, half_second);
                let agrees = drawn == letter || drawn == '?';
                assert!(agrees, "{}: {half_second}: measured {letter} in {letters}, drawn in\n{row}", setting.id);
            }
        }
    }
}

/// A native proxy is drawn with the time that the sum of the grace period allows it.
#[test]
fn a_classic_proxy_is_drawn_for_as_long_as_it_lived() {
    for setting in SETTINGS.iter().filter(|setting| setting.kind == SidecarKind::Classic) {
        let drawing = Predicted::of(setting).drawing();
        let row = drawing.iter().find(|line| line.starts_with("istio-proxy")).unwrap();
        let ended = Measured::recorded(setting).ended.unwrap();
        for half_second in 0..KILL {
            let marks = if half_second < ended { ['T', '-', '?'] } else { ['|', ' ', '?'] };
            let drawn = mark(row, half_second as usize);
            assert!(marks.contains(&drawn), "{}: ended at {ended}, drawn {drawn} at {half_second}\n{row}", setting.id);
        }
    }
}

/// What is only drawn as unknown could hide anything: that is so only for a proxy that its connections may hold.
#[test]
fn only_connections_make_a_drawing_uncertain() {
    for setting in &SETTINGS {
        let drawing = Predicted::of(setting).drawing().join("\n");
        let can_be_held = setting.proxy().exit_on_zero_active_connections;
        assert_eq!(drawing.contains('?'), can_be_held, "{}:\n{drawing}", setting.id);
    }
}

#[test]
fn the_real_agent_did_the_same() {
    for (setting, real) in SETTINGS.iter().filter_map(|setting| Some((setting, setting.real?))) {
        let measured = Measured::recorded(setting);
        for direction in DIRECTIONS {
            let died = measured.died(direction, Way::New).map(|died| f64::from(died) / 2.0);
            let agrees = match real.fate(direction) {
                Fate::Died(seen) => died.is_some_and(|died| (died..=died + SAMPLED).contains(&seen)),
                Fate::Lived => died.is_none(),
                Fate::Unseen => true,
            };
            assert!(agrees, "{}: {direction:?}: measured {died:?}, seen {real:?}", setting.id);
        }
    }
}

/// Within 15 ms and 30 ms of the stop it was seen with the real agent.
#[test]
fn at_once_readiness_ends_beside_a_classic_agent_and_kept_connections_in_are_told_to_close() {
    for setting in &SETTINGS {
        let measured = Measured::recorded(setting);
        let letters = |label: &str| measured.letters(label).unwrap_or_default();
        let ready = if setting.kind == SidecarKind::Classic { 'x' } else { 'o' };
        assert!(letters(READY).chars().all(|letter| letter == ready), "{}", setting.id);
        assert!(!letters("in kept").contains('o') && !letters("out kept").contains('c'), "{}", setting.id);
    }
}

#[test]
fn the_page_is_what_comes_out() {
    let page = std::fs::read_to_string(page::path()).unwrap();
    let wanted = page::with_parts(&page, &page::parts());
    if std::env::var_os(RECORD).is_some() {
        std::fs::write(page::path(), &wanted).unwrap();
    }
    let same = page == wanted;
    assert!(same, "docs/lifecycle.md is old: renew it by `{RECORD}=1 cargo test --test lifecycle`, twice");
}
