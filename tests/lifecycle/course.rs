//! The end of a pod, half second by half second: who is told what, what each does then, and what becomes of the calls.
//!
//! All but Envoy is played, and for what is played time is a number: a half second is over when everybody has called once and
//! was answered or not. So nothing comes out differently on a busy machine. Envoy has one clock of its own that counts, its time
//! to drain, and that one is waited for: the half second in which it is over begins when Envoy itself says so.

use crate::callers::{Answer, Caller, Direction, Way};
use crate::measured::Measured;
use crate::pod::until;
use crate::servers::{self, Server};
use crate::setting::{GONE, KILL, Setting, Traffic};
use crate::sidecar::{Sidecar, active_connections, is_ready, pre_stop_of_native, uptime};
use seaworthy::mesh::SidecarKind;

/// What Envoy gets for a time to drain that ends within what is measured, in seconds. Should the machine be so slow that the half
/// seconds before it take longer, the next one is tried.
const DRAIN_SECONDS: [u32; 4] = [4, 8, 16, 32];
/// For one that ends behind it.
const NEVER: u32 = 3600;

/// What happens with this setting. To be called in a pod.
pub fn measure(setting: &Setting) -> Measured {
    let Some(drained) = setting.drained() else {
        return Course::start(setting, NEVER).run(None).expect("nothing to be late for");
    };
    let attempt = |seconds| Course::start(setting, seconds).run(Some(DrainTime { drained, seconds, began: uptime() }));
    DRAIN_SECONDS.into_iter().find_map(attempt).expect("a machine that is not too slow")
}

/// The time to drain on Envoy's own clock, which is of whole seconds.
struct DrainTime {
    /// The half second that begins when it is over.
    drained: u32,
    seconds: u32,
    /// A moment before it began.
    began: u32,
}

impl DrainTime {
    fn is_over(&self) -> bool {
        uptime() >= self.began + self.seconds + 2
    }

    /// Whether it may be over.
    fn is_late(&self) -> bool {
        uptime() >= self.began + self.seconds
    }
}

/// A pod that ends.
struct Course<'a> {
    setting: &'a Setting,
    sidecar: Sidecar,
    callers: Vec<Caller>,
    application: Option<Server>,
    upstreams: [Server; 2],
    measured: Measured,
}

impl<'a> Course<'a> {
    /// All is well, and everybody has called once.
    fn start(setting: &'a Setting, envoy_drain_seconds: u32) -> Self {
        let tcp = if setting.traffic == Traffic::LongToDeaf { servers::echo_for_ever } else { servers::echo };
        let mut course = Self {
            setting,
            application: Some(Server::start("127.0.0.7:8080", servers::answer)),
            upstreams: [Server::start("127.0.0.5:8080", servers::answer), Server::start("127.0.0.5:9000", tcp)],
            sidecar: Sidecar::start(&setting.proxy(), envoy_drain_seconds),
            callers: callers(setting.traffic),
            measured: Measured::default(),
        };
        for caller in &mut course.callers {
            assert_eq!(caller.call(), Answer::Given, "before the end: {:?} {:?}", caller.direction, caller.way);
        }
        course
    }

    /// None where Envoy's time to drain may have been over too early.
    fn run(mut self, drain: Option<DrainTime>) -> Option<Measured> {
        let mut now = 0;
        while now < GONE || self.sidecar.has_envoy() {
            if let Some(drain) = drain.as_ref().filter(|drain| drain.drained == now && self.sidecar.has_envoy()) {
                until("the end of Envoy's time to drain", || drain.is_over().then_some(()));
            }
            self.half_second(now);
            let is_late = |drain: &DrainTime| now < drain.drained && self.sidecar.has_envoy() && drain.is_late();
            if drain.as_ref().is_some_and(is_late) {
                self.end();
                return None;
            }
            now += 1;
        }
        Some(self.end())
    }

    fn half_second(&mut self, now: u32) {
        self.kubelet(now);
        if self.sidecar.has_envoy() {
            let open = self.connections();
            until(&format!("Envoy to have {open} connections"), || (active_connections() == open).then_some(()));
        }
        self.sidecar.pass(now);
        self.measured.deeds(now, self.sidecar.new_deeds());
        if !self.sidecar.has_envoy() {
            self.measured.ended.get_or_insert(now);
        }
        if now < GONE {
            for caller in &mut self.callers {
                let answer = caller.call();
                self.measured.called(caller.direction, caller.way, answer);
            }
            self.measured.probed(is_ready());
        }
    }

    /// Tells the containers what a kubelet tells them.
    fn kubelet(&mut self, now: u32) {
        let is_native = self.setting.kind == SidecarKind::Native;
        match now {
            0 if is_native => pre_stop_of_native(),
            0 => self.sidecar.terminate(now),
            GONE => {
                self.application.take().expect("one end").end();
                self.callers.iter_mut().for_each(Caller::hang_up);
                if is_native {
                    self.sidecar.terminate(now);
                }
            }
            KILL => self.sidecar.kill(),
            _ => {}
        }
    }

    /// The connections through the proxy of which one end is still open. When the application has closed its end, Envoy has to
    /// notice it; when the other end stays, so does the connection.
    fn connections(&self) -> usize {
        let held_by_peer = self.application.is_none() && self.setting.traffic == Traffic::LongToDeaf;
        self.callers.iter().filter(|caller| caller.is_connected()).count() + usize::from(held_by_peer)
    }

    /// Everything is gone, so that all ports are free again.
    fn end(self) -> Measured {
        self.sidecar.end();
        self.application.into_iter().chain(self.upstreams).for_each(Server::end);
        self.measured
    }
}

fn callers(traffic: Traffic) -> Vec<Caller> {
    let all = [
        (Direction::Out, Way::New),
        (Direction::Out, Way::Kept),
        (Direction::Out, Way::Stream),
        (Direction::Out, Way::Tcp),
        (Direction::In, Way::New),
        (Direction::In, Way::Kept),
        (Direction::In, Way::Stream),
    ];
    let calls = |way: Way| traffic != Traffic::ShortOnly || way == Way::New;
    all.into_iter().filter(|(_, way)| calls(*way)).map(|(direction, way)| Caller::new(direction, way)).collect()
}
