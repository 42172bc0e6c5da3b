//! The verdict on a load: was it the load that was asked for, did etcd carry it, and what does etcd itself say.

mod achieved;
mod applies;
mod client;
mod evidence;
mod findings;
mod headline;
mod ladder;
mod live;
mod machines;
mod member_rules;
mod modelled;
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
mod way_back;
mod whole;

use crate::exit::Verdict;
use crate::plan::LoadPlan;
use crate::result::Run;

use super::outcome::overall;
use super::{Ending, Headline, Judgement, plan_of};
use achieved::AchievedLoad;
use evidence::Evidence;
pub use findings::{
    DatabaseFinding, HeldBy, LeaderChanged, LeaderKilled, LoadFinding, SlowMember, SlowWork,
};
use headline::HeadlineInput;
pub use headline::{Broken, Carried, Gravest, LoadHeadline, Undecided, Why, Work};
pub use modelled::{MODELLED, of_run as modelled_series};
pub use planned::ELECTION_WITHIN_NS;
use steps::RateSweep;
pub use steps::Stage;
pub use way_back::WayBack;

/// What a load amounts to.
///
/// # Errors
/// A message when the plan of the result cannot be read.
pub(super) fn judge(run: &Run, ending: Ending) -> Result<Judgement, String> {
    let plan = plan_of::<LoadPlan>(run)?.own();
    let evidence = Evidence::new(run, &plan, ending.complete);
    let achieved = AchievedLoad::of(&evidence);
    let sweep = RateSweep::of(&evidence);
    let mut of_run = whole::rules(run, plan.verify);
    of_run.extend(machines::rules(run));
    let (mut rules, judged) = match &sweep {
        Some(sweep) => (sweep.shown().outcome.rules.clone(), sweep.verdict()),
        None => {
            let rules = rules::rules(&evidence, &achieved);
            let verdict = overall(&rules, ending.complete);
            (rules, verdict)
        }
    };
    let unfinished = (!ending.complete).then_some(Verdict::Inconclusive);
    let verdicts = of_run.iter().map(|rule| rule.verdict).chain(unfinished);
    let verdict = verdicts.fold(judged, Verdict::max);
    rules.extend(of_run);
    let shown = sweep
        .as_ref()
        .map_or_else(|| evidence.clone(), |sweep| evidence.only(&[&sweep.shown().outcome.phase]));
    // What a rate beyond the end makes wait says nothing about the rates that hold.
    let carried =
        sweep.as_ref().map_or_else(|| evidence.clone(), |sweep| evidence.only(&sweep.kept()));
    let told = HeadlineInput { rules: &rules, achieved: &achieved, sweep: sweep.as_ref(), ending };
    Ok(Judgement {
        headline: Headline::Load(Box::new(headline::headline(verdict, &evidence, &told))),
        findings: findings::findings(&evidence, &achieved, &rules, sweep.as_ref()),
        ladder: ladder::ladder(&carried),
        members: server::members(&shown),
        capacity: sweep.as_ref().and_then(RateSweep::capacity),
        steps: sweep
            .map_or_else(Vec::new, |sweep| sweep.steps.into_iter().map(|s| s.outcome).collect()),
        rules,
        verdict,
    })
}
