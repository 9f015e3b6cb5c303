//! What `mesh::shutdown` says of a setting: times, and the drawing that a finding shows.

use crate::callers::{Direction, Way};
use crate::setting::{GRACE, PRE_STOP, SHUTDOWN_MILLIS, Setting, Traffic, gone};
use seaworthy::mesh::shutdown::{
    DrawnContainer, DrawnHook, DrawnProxy, HookTime, PodEnd, ProxyEnd, ProxyLife, timeline,
};
use seaworthy::mesh::{GoDuration, Version};

/// The version that was seen with the real agent; nothing of it is newer than 1.21.
const ISTIO: Version = Version::new(1, 31);

/// The arithmetic of a setting.
pub struct Predicted {
    life: ProxyLife,
    is_busy: bool,
}

/// When the proxy ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// At this time.
    At(GoDuration),
    /// When the last connection is closed, and not before this time.
    WithConnections(GoDuration),
    /// With the application.
    WithApplication,
}

impl Predicted {
    /// Of this setting.
    pub fn of(setting: &Setting) -> Self {
        let life = ProxyLife::of(setting.kind, &setting.proxy(), ISTIO, 0);
        Self { life, is_busy: setting.traffic != Traffic::ShortOnly }
    }

    /// When calls of this kind die, if that is before the application is gone.
    pub fn died(&self, direction: Direction, way: Way) -> Option<GoDuration> {
        let needs_listener = direction == Direction::In && matches!(way, Way::New | Way::Kept);
        let died = match (self.is_held(), needs_listener) {
            (true, true) => self.life.closes_listeners(),
            (true, false) => None,
            (false, true) => self.life.takes_connections(),
            (false, false) => self.life.lasts(),
        };
        died.filter(|died| *died < gone())
    }

    /// When the proxy ends.
    pub fn ends(&self) -> Ends {
        match (self.life.end, self.life.lasts()) {
            (ProxyEnd::AfterApplication, _) | (_, None) => Ends::WithApplication,
            (_, Some(lasts)) if self.is_held() => Ends::WithConnections(lasts),
            (_, Some(lasts)) => Ends::At(lasts),
        }
    }

    /// Open connections keep it.
    fn is_held(&self) -> bool {
        self.is_busy && self.life.ends_when_idle()
    }

    /// The drawing. It is of whole seconds, so the shutdown is rounded up.
    pub fn drawing(&self) -> Vec<String> {
        let hook = DrawnHook::Takes(HookTime { at_least: PRE_STOP, only_sleeps: true });
        let shutdown = (SHUTDOWN_MILLIS + 999) / 1000;
        let application = DrawnContainer { name: "application", hook, shutdown, stops_last: false, callers: 0 };
        timeline(&PodEnd { containers: vec![application], grace: GRACE, proxy: DrawnProxy::Lives(self.life) })
    }
}
