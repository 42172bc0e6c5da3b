//! Several rates one after the other.

use serde_json::json;

use super::super::testing::{Builder, Load};
use super::{ends, growing};
use crate::exit::Verdict;
use crate::plan::{Class, LoadPlan};
use crate::report::conclude;

fn step(phase: &'static str, wanted: u64) -> Load<'static> {
    Load { phase, seconds: 10, wanted, reached: wanted, ..Load::default() }
}

fn overloaded(phase: &'static str, wanted: u64) -> Load<'static> {
    Load { reached: wanted / 2, service: &growing, in_flight_max: 4_000, ..step(phase, wanted) }
}

#[test]
fn several_rates_tell_up_to_which_everything_holds() {
    let sweep = |loads: &[Load]| Builder::new(1).steps(loads).conclude();
    let all = sweep(&[step("rate.1", 500), step("rate.2", 1_000)]);
    ends(&all, Verdict::Pass, "PASSED  up to 1,000 puts/s, the highest rate tried");
    assert!(all.capacity.unwrap().at_least);

    let some = sweep(&[step("rate.1", 500), step("rate.2", 1_000), overloaded("rate.3", 2_000)]);
    ends(
        &some,
        Verdict::Warn,
        "PASSED  up to 1,000 puts/s; at 2,000 puts/s etcd does not keep up: 1,000/s reached",
    );
    assert_eq!(some.steps.iter().map(|step| step.kept).collect::<Vec<_>>(), [true, true, false]);
    let capacity = some.capacity.unwrap();
    assert_eq!((capacity.puts_per_s, capacity.at_least), (Some(1_000.0), false));
    assert_eq!(capacity.limited_by, Some("rate reached".into()));
    assert!(
        some.ladder.iter().all(|step| step.count == 0),
        "the overload is no stall of the rates that hold"
    );

    let none = sweep(&[overloaded("rate.1", 500), overloaded("rate.2", 1_000)]);
    ends(&none, Verdict::Fail, "FAILED  already at 500 puts/s etcd does not keep up");
    assert_eq!(none.capacity.unwrap().puts_per_s, None);

    let lucky = sweep(&[step("rate.1", 500), overloaded("rate.2", 1_000), step("rate.3", 1_500)]);
    ends(&lucky, Verdict::Warn, "PASSED  up to 500 puts/s");
}

#[test]
fn where_the_client_gives_out_the_end_stays_open() {
    let full = Load { thread_use: 0.99, reached: 1_400, ..step("rate.2", 2_000) };
    let summary = Builder::new(1).steps(&[step("rate.1", 500), full]).conclude();
    ends(
        &summary,
        Verdict::Inconclusive,
        "INCONCLUSIVE  holds at least to 500 puts/s; at 2,000 puts/s the client was the limit",
    );
    let capacity = summary.capacity.unwrap();
    assert_eq!((capacity.puts_per_s, capacity.at_least), (Some(500.0), true));
}

#[test]
fn what_is_open_for_the_run_leaves_its_rates_open() {
    let unread =
        json!({ "acked_keys": 10, "checked": 0, "lost": 0, "phantom": 0, "error": "no leader" });
    let loads = [step("rate.1", 500), step("rate.2", 1_000)];
    let summary = Builder::new(1).steps(&loads).event("verify", "verify", unread).conclude();
    ends(
        &summary,
        Verdict::Inconclusive,
        "INCONCLUSIVE  holds to 1,000 puts/s, the highest rate tried; but",
    );
}

#[test]
fn what_holds_for_the_run_holds_for_all_its_rates() {
    let lost = json!({ "acked_keys": 10, "checked": 10, "lost": 1, "phantom": 0 });
    let loads = [step("rate.1", 500), overloaded("rate.2", 1_000)];
    let summary = Builder::new(1).steps(&loads).event("verify", "verify", lost).conclude();
    ends(&summary, Verdict::Fail, "acknowledged writes are not there any more");
    let run = Builder::new(1).steps(&loads).build();
    ends(&conclude(&run, false, true, String::new()), Verdict::Inconclusive, "interrupted");
}

#[test]
fn the_highest_stage_of_a_story_must_hold_too() {
    let story = |loads: &[Load]| {
        let only = |plan: &mut LoadPlan| {
            plan.classes = vec![Class {
                name: "put".to_owned(),
                unscaled: false,
                connections: plan.connections,
                pace: plan.pace.clone(),
                operations: plan.operations.clone(),
                keys: plan.keys.clone(),
                values: plan.values,
                reads: plan.reads,
                writes: plan.writes,
                watch: None,
                stm: plan.stm,
                preload: 0,
            }];
        };
        Builder::new(1).steps(loads).plan(only).conclude()
    };
    let whole = story(&[step("rate.1", 500), step("rate.2", 1_000), step("rate.3", 500)]);
    assert_eq!(whole.verdict, Verdict::Pass, "{}", whole.headline);
    // A rate above a kept one that breaks a rule is the end of a climb; the middle of a story has to hold.
    let broken = story(&[step("rate.1", 500), overloaded("rate.2", 2_000), step("rate.3", 500)]);
    ends(&broken, Verdict::Fail, "FAILED  in rate.2 ");
}
