//! The settings of a proxy that are measured, as people write them, and what the real agent was seen to do with them.

use crate::callers::Direction;
use crate::sidecar::half_seconds;
use seaworthy::mesh::{GoDuration, ProxyConfig, ProxySettings, SidecarKind};

/// The preStop of the application, in seconds: it serves and calls all the time.
pub const PRE_STOP: i64 = 10;
/// What it takes after SIGTERM; it serves and calls on.
pub const SHUTDOWN_MILLIS: i64 = 2500;
/// When it is gone, in half seconds.
pub const GONE: u32 = 25;
/// The grace period in seconds.
pub const GRACE: i64 = 20;
/// Its end in half seconds.
pub const KILL: u32 = 40;

/// A setting, with the traffic that it is measured under.
pub struct Setting {
    /// Names its record.
    pub id: &'static str,
    /// In a table.
    pub title: &'static str,
    /// How the proxy is placed in the pod.
    pub kind: SidecarKind,
    /// The annotation `proxy.istio.io/config`, as JSON.
    pub annotation: &'static str,
    /// Who calls.
    pub traffic: Traffic,
    /// What the real agent did; none where nobody looked.
    pub real: Option<Real>,
}

/// Who calls beside those with a new connection for each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// Nobody.
    ShortOnly,
    /// Those with connections that stay open.
    Long,
    /// The same, and whom the application talks to over TCP never closes a connection.
    LongToDeaf,
}

/// What was seen of Istio's own agent 1.31 with Envoy 1.40, in a pod whose application was gone at 12.5 s.
#[derive(Debug, Clone, Copy)]
pub struct Real {
    /// What became of calls out.
    out: Fate,
    /// What became of new requests in.
    inward: Fate,
    /// When the agent ended.
    pub ended: &'static str,
}

/// What became of calls beside the real agent.
#[derive(Debug, Clone, Copy)]
pub enum Fate {
    /// They died, after so many seconds.
    Died(f64),
    /// None died.
    Lived,
    /// Nobody looked.
    Unseen,
}

/// All of them.
pub const SETTINGS: [Setting; 11] = [
    Setting {
        id: "classic",
        title: "classic, defaults",
        real: Real::seen(Fate::Died(5.03), Fate::Died(5.03), "5.03 s"),
        ..Setting::LONG
    },
    Setting {
        id: "termination-drain",
        title: "classic, `terminationDrainDuration` 15 s",
        annotation: r#"{"terminationDrainDuration": "15s"}"#,
        real: Real::seen(Fate::Lived, Fate::Lived, "15 s"),
        ..Setting::LONG
    },
    Setting {
        id: "early-drain",
        title: "classic, `drainDuration` 6 s, `terminationDrainDuration` 14 s",
        annotation: r#"{"drainDuration": "6s", "terminationDrainDuration": "14s"}"#,
        real: Real::seen(Fate::Lived, Fate::Died(6.0), "14 s"),
        ..Setting::LONG
    },
    Setting {
        id: "exit-on-zero-covering",
        title: "exit on zero, minimum 12 s",
        annotation: r#"{"proxyMetadata": {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true", "MINIMUM_DRAIN_DURATION": "12s"}}"#,
        real: Real::seen(Fate::Lived, Fate::Lived, "13.0 s"),
        ..Setting::LONG
    },
    Setting {
        id: "exit-on-zero-long",
        title: "exit on zero, minimum 3 s, long connections",
        annotation: r#"{"proxyMetadata": {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true", "MINIMUM_DRAIN_DURATION": "3s"}}"#,
        real: Real::seen(Fate::Lived, Fate::Lived, "at its first look after the last one closed"),
        ..Setting::LONG
    },
    Setting {
        id: "exit-on-zero-short",
        title: "exit on zero, minimum 3 s, short requests only",
        annotation: r#"{"proxyMetadata": {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true", "MINIMUM_DRAIN_DURATION": "3s"}}"#,
        traffic: Traffic::ShortOnly,
        real: Real::seen(Fate::Died(4.03), Fate::Died(4.03), "minimum + 1 s"),
        ..Setting::LONG
    },
    Setting {
        id: "exit-on-zero-alone",
        title: "exit on zero alone, short requests only",
        annotation: r#"{"proxyMetadata": {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true"}}"#,
        traffic: Traffic::ShortOnly,
        real: Real::seen(Fate::Died(6.06), Fate::Died(6.06), "default minimum 5 s + 1 s"),
        ..Setting::LONG
    },
    Setting {
        id: "exit-on-zero-early-drain",
        title: "exit on zero, minimum 3 s, long connections, `drainDuration` 6 s",
        annotation: r#"{"drainDuration": "6s", "proxyMetadata": {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true", "MINIMUM_DRAIN_DURATION": "3s"}}"#,
        ..Setting::LONG
    },
    Setting {
        id: "exit-on-zero-deaf-peer",
        title: "exit on zero, minimum 3 s, a TCP peer that never closes",
        annotation: r#"{"proxyMetadata": {"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true", "MINIMUM_DRAIN_DURATION": "3s"}}"#,
        traffic: Traffic::LongToDeaf,
        real: Real::seen(Fate::Unseen, Fate::Unseen, "not in 11 minutes, before SIGKILL"),
        ..Setting::LONG
    },
    Setting {
        id: "native",
        title: "native",
        kind: SidecarKind::Native,
        real: Real::seen(Fate::Lived, Fate::Lived, "12 to 25 ms after its SIGTERM"),
        ..Setting::LONG
    },
    Setting {
        id: "native-early-drain",
        title: "native, `drainDuration` 6 s",
        kind: SidecarKind::Native,
        annotation: r#"{"drainDuration": "6s"}"#,
        real: Real::seen(Fate::Lived, Fate::Lived, "milliseconds after its SIGTERM"),
        ..Setting::LONG
    },
];

impl Setting {
    const LONG: Self =
        Self { id: "", title: "", kind: SidecarKind::Classic, annotation: "{}", traffic: Traffic::Long, real: None };

    /// The one with this name.
    pub fn named(id: &str) -> &'static Self {
        SETTINGS.iter().find(|setting| setting.id == id).unwrap_or_else(|| panic!("no setting {id}"))
    }

    /// The annotation laid over Istio's defaults.
    pub fn proxy(&self) -> ProxySettings {
        let annotation = serde_json::from_str(self.annotation).unwrap();
        ProxyConfig::read(&annotation).unwrap().laid_over(&ProxySettings::default())
    }

    /// When Envoy has drained, in half seconds, if that is before the end of the grace period.
    pub fn drained(&self) -> Option<u32> {
        Some(half_seconds(self.proxy().drain_duration)).filter(|drained| *drained < KILL)
    }
}

impl Real {
    const fn seen(out: Fate, inward: Fate, ended: &'static str) -> Option<Self> {
        Some(Self { out, inward, ended })
    }

    /// What became of new calls in this direction.
    pub fn fate(self, direction: Direction) -> Fate {
        match direction {
            Direction::Out => self.out,
            Direction::In => self.inward,
        }
    }
}

/// When the application is gone.
pub fn gone() -> GoDuration {
    format!("{PRE_STOP}s{SHUTDOWN_MILLIS}ms").parse().unwrap()
}
