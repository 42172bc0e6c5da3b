//! Turns of pods, by the clock.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::LOOK;
use crate::cli::PodTurnArgs;
use crate::error::{Result, usage};
use crate::exit::Exit;
use crate::signals;

/// Only the beginning of a turn will do: what begins late ends in the turn of another.
const BEGINNING_S: u64 = 10;

/// Waits for the turn of this pod.
///
/// # Errors
/// Wrong usage where there are fewer turns than pods.
pub fn turn(args: &PodTurnArgs) -> Result<Exit> {
    if args.index >= args.turns {
        return Err(usage(
            &["--index"],
            format!(
                "pod {} has no turn, there are only {}: give as many turns as the Job has completions",
                args.index, args.turns
            ),
        ));
    }
    let signalled = signals::watch()?;
    while !is_turn(args, now_s()) {
        if signalled.load(Ordering::SeqCst) {
            return Ok(Exit::Interrupted);
        }
        thread::sleep(LOOK);
    }
    Ok(Exit::Ok)
}

fn is_turn(args: &PodTurnArgs, now_s: u64) -> bool {
    let whose = now_s / args.seconds % u64::from(args.turns);
    whose == u64::from(args.index) && now_s % args.seconds < BEGINNING_S
}

fn now_s() -> u64 {
    // A clock before 1970 stands at 0.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the pod of this index begins, in turns of 20 s, three in a round, asked at a time.
    fn begins(index: u32, from_s: u64) -> u64 {
        let args = PodTurnArgs { seconds: 20, turns: 3, index };
        (from_s..).find(|now_s| is_turn(&args, *now_s)).unwrap()
    }

    #[test]
    fn each_pod_begins_in_its_own_turn() {
        let round = 60 * 1000;
        assert_eq!(begins(0, round), round);
        assert_eq!(begins(1, round + 14), round + 20);
        // Near its beginning is early enough, later is not.
        assert_eq!(begins(1, round + 29), round + 29);
        assert_eq!(begins(2, round + 50), round + 60 + 40);
    }
}
