//! How busy others keep this machine while a test measures something.

use std::fs;
use std::ops::Range;

/// Processor time up to now, in the kernel's ticks.
#[derive(Debug, Clone, Copy)]
pub struct Neighbours {
    /// All processors, idle or not.
    all: u64,
    /// All of it that was used, or that the machine below this one took away.
    used: u64,
    /// What this process used, and those of its children that have ended.
    own: u64,
}

impl Neighbours {
    /// From now on.
    pub fn watch() -> Self {
        let stat = fs::read_to_string("/proc/stat").expect("/proc/stat is there");
        let line = stat.lines().next().expect("a line of all processors");
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are within user.
        let ticks: Vec<u64> = numbers(line, 1..9);
        let all = ticks.iter().sum();
        let own = fs::read_to_string("/proc/self/stat").expect("/proc/self/stat is there");
        // After the name, which may hold anything.
        let (_, own) = own.rsplit_once(')').expect("a name in parentheses");
        Neighbours {
            all,
            used: all - ticks[3] - ticks[4],
            // In user and in kernel mode: its own, and that of its children.
            own: numbers(own, 11..15).iter().sum(),
        }
    }

    /// The share of the machine's processors that went to others since then.
    pub fn share(self) -> f64 {
        let now = Self::watch();
        let used = now.used.saturating_sub(self.used);
        let others = used.saturating_sub(now.own - self.own);
        others as f64 / (now.all - self.all).max(1) as f64
    }
}

/// The words of a line from one to another.
fn numbers(line: &str, words: Range<usize>) -> Vec<u64> {
    let all = line.split_whitespace().take(words.end).skip(words.start);
    all.map(|word| word.parse().expect("a number")).collect()
}
