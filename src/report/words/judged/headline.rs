//! The answer in one line: a word or two, and what follows.

use super::Names;
use super::outcome::{NOTHING, limit, measured};
use crate::exit::Verdict;
use crate::plan::{DiskPlan, Neighbour};
use crate::record::Resolution;
use crate::report::subject::Plan;
use crate::report::text::clean;
use crate::result::{Answer, RuleId, RuleName};
use crate::rule::profile;
use crate::units::{format_count, format_duration, significant};
use crate::verdict::{Consequence, CutShort, DiskHeadline, Headline, Judgement, Measured, Outcome};

/// What stands before a gap, and what stands behind it.
pub(super) fn headline(names: &Names<'_>, judged: &Judgement) -> (Answer, String) {
    match &judged.headline {
        Headline::Unreadable(problem) => (Answer::Inconclusive, problem.clone()),
        Headline::Disk(headline) => {
            let (answer, because) = names.disk(headline, judged);
            let beside = match &names.plan {
                Plan::Disk(plan) => beside(plan),
                _ => String::new(),
            };
            (answer, because + &beside)
        }
        Headline::Load(headline) => names.load(headline, judged),
    }
}

/// Says that somebody else was at work on purpose: these figures are not those of the disk alone.
fn beside(plan: &DiskPlan) -> String {
    let names: Vec<String> = plan.neighbours.iter().map(Neighbour::told).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("; beside a neighbour: {one}"),
        several => format!("; beside neighbours: {}", several.join(", ")),
    }
}

/// How a run ended before its plan did.
pub(super) fn ended(cut: &CutShort) -> &str {
    match &cut.halted {
        Some(why) => why,
        None if cut.interrupted => "interrupted",
        None => "the run was killed",
    }
}

/// How a run ended before its plan did, and when.
pub(super) fn cut_short(cut: &CutShort) -> String {
    let after = format_duration(cut.after_ns);
    format!("{} after {after} under load; no rule was seen to break", ended(cut))
}

/// The first of several clauses, and how many there are beside it.
pub(super) fn first_of(clauses: &[String]) -> String {
    match clauses {
        [] => "nothing was judged".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}; and {} more", rest.len()),
    }
}

impl Names<'_> {
    fn disk(&self, headline: &DiskHeadline, judged: &Judgement) -> (Answer, String) {
        match headline {
            DiskHeadline::Qualified => {
                let but = self.reasons(&judged.rules, Verdict::Warn);
                let but = match but.is_empty() {
                    true => String::new(),
                    false => format!("; but {}", but.join("; ")),
                };
                (Answer::Qualified, format!("{}{but}", self.qualified_for()))
            }
            DiskHeadline::CutShort(cut) => (Answer::Inconclusive, cut_short(cut)),
            DiskHeadline::Undecided => {
                let undecided = self.reasons(&judged.rules, Verdict::Inconclusive);
                (Answer::Inconclusive, first_of(&undecided))
            }
            DiskHeadline::NoSync => {
                let told = "fast because it does not sync: what etcd has acknowledged is lost with the power";
                (Answer::NotQualified, told.to_owned())
            }
            DiskHeadline::DiskFailed(what, why) => {
                (Answer::NotQualified, format!("the disk failed, {what}: {}", clean(why)))
            }
            DiskHeadline::Broken(rule, then) => {
                let then = then.map_or("", consequence);
                (Answer::NotQualified, format!("{}{then}", self.broken_disk(rule)))
            }
        }
    }

    fn qualified_for(&self) -> String {
        let Plan::Disk(plan) = &self.plan else {
            return "for etcd".to_owned();
        };
        let target = profile(&plan.profile).map_or("etcd", |profile| profile.target);
        format!(
            "for {target} with a {} heartbeat and a {} election timeout",
            format_duration(plan.heartbeat_ns),
            format_duration(plan.election_ns)
        )
    }

    /// Why rules came out with this verdict, a clause each.
    fn reasons(&self, rules: &[Outcome], verdict: Verdict) -> Vec<String> {
        let of_verdict = rules.iter().filter(|rule| rule.verdict == verdict);
        of_verdict.map(|rule| self.noted(rule).unwrap_or_else(|| self.against(rule))).collect()
    }

    /// A rule with its note, where it has one.
    pub(super) fn noted(&self, rule: &Outcome) -> Option<String> {
        self.note(rule).map(|note| format!("{}: {note}", self.label(rule)))
    }

    /// A rule's figure against its limit.
    pub(super) fn against(&self, rule: &Outcome) -> String {
        if rule.resolution == Resolution::TooFew && rule.verdict == Verdict::Fail {
            return format!("{} breaks its limit of {}", self.label(rule), limit(rule));
        }
        format!("{} is {}, the limit is {}", self.label(rule), measured(rule), limit(rule))
    }

    fn broken_disk(&self, rule: &Outcome) -> String {
        if let (RuleId::Stalls { at_least_ns, .. }, Some(Measured::Stalls(hits, _))) =
            (&rule.rule, rule.measured)
        {
            let took = if hits == 1 { "wait took" } else { "waits took" };
            let length = format_duration(*at_least_ns);
            let samples = format_count(rule.samples.unwrap_or_default());
            let seen = format_count(hits);
            return format!("{seen} {took} {length} or longer among {samples}");
        }
        let label = self.label(rule);
        if rule.rule.is(&RuleName::Space) {
            let free = || format!("{label}: {} free, {} wanted", measured(rule), limit(rule));
            return self.noted(rule).unwrap_or_else(free);
        }
        if rule.resolution == Resolution::TooFew && rule.limit.is_some() {
            let member = self.note(rule).filter(|_| measured(rule) == NOTHING);
            return member
                .unwrap_or_else(|| format!("{label} breaks its limit of {}", limit(rule)));
        }
        let base = format!("{label} is {}", measured(rule));
        let is_upper = rule.limit.is_some_and(|limit| limit.is_upper());
        match rule.margin {
            // A member's failure hidden in the merged figures is told by the note.
            Some(margin) if margin >= 1.0 => self.note(rule).unwrap_or(base),
            Some(margin) if is_upper => format!("{base}, {}", times_the_limit(1.0 / margin)),
            _ => format!("{base}, the limit is {}", limit(rule)),
        }
    }
}

fn times_the_limit(times: f64) -> String {
    const WORDS: [&str; 11] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ];
    if times < 2.0 {
        return format!("{} times the limit", significant(times));
    }
    match WORDS.get(times as usize - 2) {
        Some(word) => format!("{word} times the limit"),
        None => format!("{} times the limit", significant(times.floor())),
    }
}

/// What etcd would do.
fn consequence(then: Consequence) -> &'static str {
    match then {
        Consequence::StopWrites => "; etcd would stop taking writes",
        Consequence::LoseLeader => "; etcd would lose its leader",
        Consequence::WarnAndMayLoseLeader => "; etcd would warn and may lose its leader",
        Consequence::LateHeartbeats => "; heartbeats would be late",
    }
}
