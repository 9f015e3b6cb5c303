//! The edits that let a pod end well: the grace period and the proxy that its preStops need.
//!
//! Each is made only where it is not enough yet, and nothing is ever lowered.

use crate::base::{Edit, Fix};
use crate::checks::capped_grace::leaves;
use crate::checks::ending::{Ending, LONGEST_GRACE_PERIOD, certain_proxy_exit, likely_proxy_exit};
use crate::checks::envoy_drain::drain_for_grace;
use crate::checks::proxy::proxy_life;
use crate::checks::proxy_edit::{DrainStrategy, ProxyEdit, longer_life, native_sidecar};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{NATIVE_EXIT_ALLOWANCE, SidecarKind};

/// What a pod gets for its ending.
#[derive(Debug, Clone, PartialEq)]
pub struct EndingEdit {
    /// The grace period in seconds, where it is raised.
    pub grace: Option<i64>,
    /// The proxy, where it is changed.
    pub proxy: Option<ProxyEdit>,
    edits: Vec<Edit>,
}

/// What the platform allows for it.
#[derive(Debug, Clone, Copy)]
pub struct Means {
    /// How a classic proxy is made to last.
    pub strategy: DrainStrategy,
    /// The longest grace period that is proposed, in seconds.
    pub longest_grace: u32,
}

impl Default for Means {
    fn default() -> Self {
        Self { strategy: DrainStrategy::default(), longest_grace: LONGEST_GRACE_PERIOD }
    }
}

impl EndingEdit {
    /// All that this ending needs: a grace period that covers it, and a classic proxy that lasts as long as it is needed.
    ///
    /// # Errors
    /// The reason why it cannot be done: one line for people.
    pub fn all(
        subject: &Subject<'_>,
        pod: &PodTemplate<'_>,
        ending: &Ending<'_>,
        means: Means,
    ) -> Result<Self, String> {
        let proxy = lasting_proxy(subject, pod, ending, means.strategy)?;
        Self::of((subject, pod, ending), ending.needed_grace(proxy_exit_after(subject, proxy.as_ref())), means, proxy)
    }

    /// A grace period that covers this ending, and more of a classic proxy only where the longer life would outlast it.
    ///
    /// # Errors
    /// The reason why it cannot be done: one line for people.
    pub fn grace(
        subject: &Subject<'_>,
        pod: &PodTemplate<'_>,
        ending: &Ending<'_>,
        means: Means,
    ) -> Result<Self, String> {
        let lasts_today = !is_classic(subject) || is_covered(subject, pod, ending, pod.grace_period());
        let proxy = if lasts_today { lasting_proxy(subject, pod, ending, means.strategy)? } else { None };
        Self::of((subject, pod, ending), ending.needed_grace(proxy_exit_after(subject, proxy.as_ref())), means, proxy)
    }

    /// A proxy that lasts as long as this ending needs it, and a longer grace period only where the other proxy needs it.
    ///
    /// # Errors
    /// The reason why it cannot be done: one line for people.
    pub fn proxy(
        subject: &Subject<'_>,
        pod: &PodTemplate<'_>,
        ending: &Ending<'_>,
        means: Means,
    ) -> Result<Self, String> {
        match lasting_proxy(subject, pod, ending, means.strategy)? {
            Some(native) if is_native(&native) => Self::with_native(subject, pod, ending, means, native),
            proxy => Self::of((subject, pod, ending), None, means, proxy),
        }
    }

    /// A native sidecar, with the grace period that the pod then needs: its proxy ends after the application.
    ///
    /// # Errors
    /// The reason why it cannot be done: one line for people.
    pub fn native(
        subject: &Subject<'_>,
        pod: &PodTemplate<'_>,
        ending: &Ending<'_>,
        means: Means,
    ) -> Result<Self, String> {
        Self::with_native(subject, pod, ending, means, native_sidecar(subject, pod)?)
    }

    fn with_native(
        subject: &Subject<'_>,
        pod: &PodTemplate<'_>,
        ending: &Ending<'_>,
        means: Means,
        native: ProxyEdit,
    ) -> Result<Self, String> {
        let needed = ending.needed_grace(NATIVE_EXIT_ALLOWANCE.seconds_ceil());
        Self::of((subject, pod, ending), needed, means, Some(native))
    }

    fn of(
        (subject, pod, ending): (&Subject<'_>, &PodTemplate<'_>, &Ending<'_>),
        needed_grace: Option<i64>,
        means: Means,
        proxy: Option<ProxyEdit>,
    ) -> Result<Self, String> {
        if needed_grace.is_some() && !pod.tells_grace_period() {
            return Err("how long the grace period is cannot be told: it is no whole number".to_owned());
        }
        let grace = needed_grace.filter(|needed| pod.grace_period() > 0 && pod.grace_period() < *needed);
        if let Some(needed) = grace.filter(|needed| *needed > i64::from(means.longest_grace)) {
            return Err(too_long(needed, means.longest_grace));
        }
        let certain_exit = match &proxy {
            Some(proxy) if is_native(proxy) => NATIVE_EXIT_ALLOWANCE.seconds_ceil(),
            _ => certain_proxy_exit(subject),
        };
        let needed = ending.needed_grace(certain_exit).unwrap_or(0);
        leaves(subject, pod, grace.unwrap_or(pod.grace_period()), needed)?;
        // A life that is raised brings its drain; one that lasts may drain too early for the longer grace period.
        let proxy = match (proxy, grace) {
            (None, Some(raised)) => drain_for_grace(subject, pod, raised)?,
            (proxy, _) => proxy,
        };
        let path = pod.spec_path().key("terminationGracePeriodSeconds");
        let mut edits: Vec<Edit> = grace.iter().map(|needed| Edit::set(path.clone(), *needed)).collect();
        edits.extend(proxy.iter().flat_map(|proxy| proxy.edits.iter().cloned()));
        Ok(Self { grace, proxy, edits })
    }

    /// What it does, in clauses for people: what to write where.
    pub fn clauses(&self) -> Vec<String> {
        let grace = self.grace.map(|seconds| format!("set `terminationGracePeriodSeconds: {seconds}`"));
        let proxy = self.proxy.as_ref().map(|proxy| {
            let ProxyEdit { annotation, setting, .. } = proxy;
            if is_native(proxy) {
                format!("and use a native sidecar: annotation `{annotation}: {setting}`")
            } else {
                format!("and let the proxy last as long: `{setting}` in the annotation {annotation}")
            }
        });
        grace.into_iter().chain(proxy).collect()
    }

    /// The fix, with other edits before these.
    pub fn fix(self, title: impl Into<String>, before: Vec<Edit>) -> Fix {
        let edits = before.into_iter().chain(self.edits).collect();
        match self.proxy.and_then(|proxy| proxy.risk) {
            Some(risk) => Fix::risky(title, risk, edits),
            None => Fix::safe(title, edits),
        }
    }
}

/// Why so long a grace period is not proposed.
pub fn too_long(needed: i64, longest: u32) -> String {
    format!("{needed}s is beyond the {longest}s that are reasonable: shorten the preStop or the shutdown")
}

/// The change of a classic proxy that does not last as long as it is needed.
fn lasting_proxy(
    subject: &Subject<'_>,
    pod: &PodTemplate<'_>,
    ending: &Ending<'_>,
    strategy: DrainStrategy,
) -> Result<Option<ProxyEdit>, String> {
    match ending.longest_wait() {
        Some(end) if is_classic(subject) && !is_covered(subject, pod, ending, i64::MAX) => {
            longer_life(subject, pod, end.takes.seconds(), strategy).map(Some)
        }
        _ => Ok(None),
    }
}

fn is_classic(subject: &Subject<'_>) -> bool {
    subject.sidecar_kind() == Some(SidecarKind::Classic)
}

/// Whether the classic proxy certainly lasts as long as this ending needs it within a grace period.
fn is_covered(subject: &Subject<'_>, pod: &PodTemplate<'_>, ending: &Ending<'_>, grace: i64) -> bool {
    let Some(longest) = ending.longest_wait() else { return true };
    grace <= 0 || proxy_life(subject, pod).is_ok_and(|life| life.covers(longest.takes, grace))
}

fn is_native(proxy: &ProxyEdit) -> bool {
    proxy.annotation == NATIVE_SIDECAR_ANNOTATION
}

fn proxy_exit_after(subject: &Subject<'_>, proxy: Option<&ProxyEdit>) -> i64 {
    if proxy.is_some_and(is_native) { NATIVE_EXIT_ALLOWANCE.seconds_ceil() } else { likely_proxy_exit(subject) }
}
