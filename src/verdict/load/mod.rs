//! The verdict on a load: was it the load that was asked for, did etcd carry it, and what does etcd itself say.

mod applies;
mod client;
mod delivery;
mod evidence;
mod findings;
mod headline;
mod ladder;
mod member_rules;
mod planned;
mod rules;
mod server;
mod steps;
mod tally;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod waits;
mod whole;

use crate::exit::Verdict;
use crate::plan::LoadPlan;
use crate::result::Run;

use super::outcome::overall;
use super::{Ending, Headline, Judgement, plan_of};
use delivery::Delivery;
use evidence::Evidence;
pub use findings::{
    DatabaseFinding, HeldBy, LeaderChanged, LeaderKilled, LoadFinding, SlowMember, SlowWork,
};
use headline::Told;
pub use headline::{Broken, Carried, Gravest, LoadHeadline, Undecided, Why, Work};
pub use planned::ELECTION_WITHIN_NS;
use steps::Climb;
pub use steps::Stage;

/// What a load amounts to.
///
/// # Errors
/// A message when the plan of the result cannot be read.
pub(super) fn judge(run: &Run, ending: Ending) -> Result<Judgement, String> {
    let plan: LoadPlan = plan_of(run)?;
    let evidence = Evidence::new(run, &plan, ending.complete);
    let delivery = Delivery::of(&evidence);
    let climb = Climb::of(&evidence);
    let of_run = whole::rules(run, plan.verify);
    let (mut rules, judged) = match &climb {
        Some(climb) => (climb.shown().outcome.rules.clone(), climb.verdict()),
        None => {
            let rules = rules::rules(&evidence, &delivery);
            let verdict = overall(&rules, ending.complete);
            (rules, verdict)
        }
    };
    let unfinished = (!ending.complete).then_some(Verdict::Inconclusive);
    let verdicts = of_run.iter().map(|rule| rule.verdict).chain(unfinished);
    let verdict = verdicts.fold(judged, Verdict::max);
    rules.extend(of_run);
    let shown = climb
        .as_ref()
        .map_or_else(|| evidence.clone(), |climb| evidence.only(&[&climb.shown().outcome.phase]));
    // What a rate beyond the end makes wait says nothing about the rates that hold.
    let carried =
        climb.as_ref().map_or_else(|| evidence.clone(), |climb| evidence.only(&climb.kept()));
    let told = Told { rules: &rules, delivery: &delivery, climb: climb.as_ref(), ending };
    Ok(Judgement {
        headline: Headline::Load(Box::new(headline::headline(verdict, &evidence, &told))),
        findings: findings::findings(&evidence, &delivery, &rules, climb.as_ref()),
        ladder: ladder::ladder(&carried),
        members: server::members(&shown),
        capacity: climb.as_ref().and_then(Climb::capacity),
        steps: climb
            .map_or_else(Vec::new, |climb| climb.steps.into_iter().map(|s| s.outcome).collect()),
        rules,
        verdict,
    })
}
