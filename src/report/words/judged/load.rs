//! The headline of a load.

use super::Names;
use super::headline::{cut_short, ended, first_of};
use super::outcome::{NOTHING, limit, measured};
use super::reason::quota_reached;
use crate::exit::Verdict;
use crate::record::Resolution;
use crate::result::Answer;
use crate::units::{format_count, format_duration, significant};
use crate::verdict::{
    Broken, Carried, Gravest, Judgement, Limit, LoadHeadline, Outcome, Undecided, Why, Work,
};

impl Names<'_> {
    pub(super) fn load(&self, headline: &LoadHeadline, judged: &Judgement) -> (Answer, String) {
        use Answer::{Failed, Inconclusive, Passed};
        match headline {
            LoadHeadline::Lost(rule) => {
                let checked = format_count(rule.samples.unwrap_or_default());
                let told = format!(
                    "acknowledged writes are not there any more: {} of {checked} keys read back",
                    measured(rule)
                );
                (Failed, told)
            }
            LoadHeadline::CutShort(cut) if cut.after_ns == 0 => {
                (Inconclusive, format!("{} before the load began", ended(cut)))
            }
            LoadHeadline::CutShort(cut) => (Inconclusive, cut_short(cut)),
            LoadHeadline::Carried(carried) if judged.verdict == Verdict::Warn => {
                let but = self.reservations(&judged.rules);
                (Passed, format!("{}; but {but}", told(carried)))
            }
            LoadHeadline::Carried(carried) => (Passed, told(carried)),
            LoadHeadline::Undecided(undecided) => (Inconclusive, self.undecided(undecided)),
            LoadHeadline::Broken(broken) => (Failed, self.broken(broken)),
            LoadHeadline::StagesCarried(carried) => {
                (Passed, format!("{} in every phase", told(carried)))
            }
            LoadHeadline::StageWarns { phase, rules } => {
                (Passed, format!("but in {phase} {}", self.reservations(rules)))
            }
            LoadHeadline::StageUndecided(phase, undecided) => {
                (Inconclusive, format!("in {phase} {}", self.undecided(undecided)))
            }
            LoadHeadline::StageBroken(phase, broken) => {
                (Failed, format!("in {phase} {}", self.broken(broken)))
            }
            LoadHeadline::UpTo { kept, end: Some((rate, why)), certain, .. } => {
                let why = self.why(rate, why);
                match certain {
                    true => (Passed, format!("up to {}; {why}", work(kept))),
                    false => (Inconclusive, format!("holds at least to {}; {why}", work(kept))),
                }
            }
            LoadHeadline::UpTo { kept, end: None, certain: false, .. } => {
                let open = judged.rules.iter().filter(|rule| rule.verdict == Verdict::Inconclusive);
                let open = Undecided { invalid_reason: None, rules: open.cloned().collect() };
                let but = self.undecided(&open);
                (
                    Inconclusive,
                    format!("holds to {}, the highest rate tried; but {but}", work(kept)),
                )
            }
            LoadHeadline::UpTo { kept, end: None, warned, .. } => {
                let but = if *warned { self.lower_warned(&judged.rules) } else { String::new() };
                (Passed, format!("up to {}, the highest rate tried{but}", work(kept)))
            }
            LoadHeadline::NotEven(rate, why) => match judged.verdict {
                Verdict::Fail => (Failed, format!("already {}", self.why(rate, why))),
                _ => (Inconclusive, self.why(rate, why)),
            },
            LoadHeadline::NothingMeasured => (Inconclusive, "nothing was measured".to_owned()),
        }
    }

    fn lower_warned(&self, rules: &[Outcome]) -> String {
        match self.reservations(rules) {
            said if said.is_empty() => "; but a lower rate came with a warning".to_owned(),
            said => format!("; but {said}"),
        }
    }

    /// The rules that warn, a clause each.
    fn reservations(&self, rules: &[Outcome]) -> String {
        let warned = rules.iter().filter(|rule| rule.verdict == Verdict::Warn);
        let warned: Vec<String> = warned.map(|rule| self.clause(rule)).collect();
        warned.join("; ")
    }

    /// A rule that does not hold, in a clause.
    fn clause(&self, rule: &Outcome) -> String {
        match self.note(rule) {
            Some(note) if measured(rule) == NOTHING => format!("{}: {note}", self.label(rule)),
            // A member's failure hidden in the merged figures is told by the note.
            Some(note) if rule.margin.is_some_and(|margin| margin >= 1.0) => note,
            _ if rule.limit == Some(Limit::None) => {
                format!("{}: {}", self.label(rule), measured(rule))
            }
            _ => self.against(rule),
        }
    }

    /// What is not known, the client's doing first.
    fn undecided(&self, undecided: &Undecided) -> String {
        if let Some(doubt) = &undecided.invalid_reason {
            let (told, way_out) = self.doubt(doubt);
            return format!("{told}; {way_out}");
        }
        let rules = undecided.rules.iter();
        let clauses: Vec<String> =
            rules.map(|rule| self.noted(rule).unwrap_or_else(|| self.clause(rule))).collect();
        first_of(&clauses)
    }

    fn why(&self, rate: &Work, why: &Why) -> String {
        let why = match why {
            Why::Broken(broken) => self.broken(broken),
            Why::Undecided(undecided) => self.undecided(undecided),
        };
        format!("at {} {why}", work(rate))
    }

    fn broken(&self, broken: &Broken) -> String {
        let told = match &broken.first {
            Gravest::Full(full) => quota_reached(full),
            Gravest::LeaderChanged(times, gap_ns) => leader_changed(*times, *gap_ns),
            Gravest::RateNotReached(rule) => {
                let why = self.note(rule).map_or_else(String::new, |note| format!("; {note}"));
                let (reached, wanted) = (measured(rule), limit(rule));
                format!("etcd does not keep up: {reached} reached, {wanted} wanted{why}")
            }
            Gravest::Errors(rule) => {
                let (share, limit) = (measured(rule), limit(rule));
                format!("{share} of all operations failed, the limit is {limit}")
            }
            Gravest::Rule(rule) => self.clause(rule),
        };
        match broken.others {
            0 => told,
            1 => format!("{told}; and 1 more rule failed"),
            n => format!("{told}; and {n} more rules failed"),
        }
    }
}

fn leader_changed(times: u64, gap_ns: Option<u64>) -> String {
    let times = match times {
        1 => "once".to_owned(),
        n => format!("{} times", format_count(n)),
    };
    match gap_ns {
        Some(ns) => {
            let gap = format_duration(ns);
            format!("the leader changed {times}, and nothing was acknowledged for {gap}")
        }
        None => format!("the leader changed {times}"),
    }
}

/// `2,000 puts/s for 60 s: response p99 2.9 ms, max 48 ms, no error`.
fn told(carried: &Carried) -> String {
    let waits = carried.waits.map_or_else(String::new, |waits| {
        let p99 = format_duration(waits.p99_ns);
        let p99 = match waits.resolution {
            Resolution::Full => format!("p99 {p99}, "),
            Resolution::Rough => format!("p99 ~{p99}, "),
            Resolution::TooFew => String::new(),
        };
        format!(": {} {p99}max {}", carried.wait, format_duration(waits.max_ns))
    });
    let failed = match carried.failed {
        0 => "no error".to_owned(),
        n => format!("{} failed", format_count(n)),
    };
    let killed = carried.killed.map_or_else(String::new, |(times, gap_ns)| {
        let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        let gap = format_duration(gap_ns);
        format!("; the leader was killed {times}, and nothing was acknowledged for {gap}")
    });
    let by = match carried.clients {
        Some(1) => " by 1 client".to_owned(),
        Some(clients) => format!(" by {} clients", format_count(u64::from(clients))),
        None => String::new(),
    };
    let length = format_duration(carried.length_ns);
    format!("{}{by} for {length}{waits}, {failed}{killed}", work(&carried.work))
}

/// A rate in operations: `2,000 puts/s`.
fn work(work: &Work) -> String {
    let what = match &work.operation {
        Some(only) => format!("{only}s"),
        None => "operations".to_owned(),
    };
    format!("{} {what}/s", significant(work.per_s))
}
