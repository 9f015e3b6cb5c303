//! Asks again and again, ever more slowly, until there is an answer or the time is over.

use crate::deadline::{Deadline, TimedOut};
use crate::say::Progress;
use std::collections::hash_map::RandomState;
use std::fmt::Display;
use std::hash::BuildHasher;
use std::time::Duration;

/// A proxy is ready some 200 ms after its start: the first pauses are short against that.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Asks until `ask` succeeds; it is asked at least once.
///
/// # Errors
/// The time was over; with the last reason.
pub fn until<T, E: Display>(
    what: &str,
    deadline: Deadline,
    progress: &mut Progress,
    mut ask: impl FnMut() -> Result<T, E>,
) -> Result<T, TimedOut> {
    let mut pause = FIRST_PAUSE;
    loop {
        let reason = match ask() {
            Ok(answer) => {
                progress.done(&format!("{what} is ready"));
                return Ok(answer);
            }
            Err(reason) => reason.to_string(),
        };
        if let Some(left) = deadline.left() {
            progress.not_yet(what, &reason);
            std::thread::sleep(jittered(pause, random()).min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        if deadline.left().is_none() {
            return Err(TimedOut::new(what, deadline, &reason));
        }
    }
}

/// Between half of it and all of it, so that pods that start together do not ask together.
fn jittered(pause: Duration, random: u64) -> Duration {
    let half = pause / 2;
    half + half.mul_f64(f64::from((random >> 32) as u32) / f64::from(u32::MAX))
}

/// From the kernel, by way of what protects hash maps.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_succeeds_is_asked_no_more() {
        let mut asked = 0;
        let answer = until("it", Deadline::after(Duration::from_secs(60)), &mut Progress::new(true), || {
            asked += 1;
            if asked == 3 { Ok("done") } else { Err("not yet") }
        });
        assert_eq!((answer, asked), (Ok("done"), 3));
    }

    #[test]
    fn without_any_time_it_is_asked_once() {
        let mut asked = 0;
        let answer: Result<(), _> = until("it", Deadline::after(Duration::ZERO), &mut Progress::new(true), || {
            asked += 1;
            Err("refused")
        });
        assert_eq!((answer, asked), (Err(TimedOut("gave up after 0s of waiting for it: refused".to_owned())), 1));
    }

    #[test]
    fn pauses_differ_within_their_upper_half() {
        let pause = Duration::from_millis(100);
        assert_eq!((jittered(pause, 0), jittered(pause, u64::MAX)), (pause / 2, pause));
        let drawn: std::collections::HashSet<Duration> = (0..20).map(|_| jittered(pause, random())).collect();
        assert!(drawn.len() > 1, "twenty draws gave the same pause: {drawn:?}");
    }
}
