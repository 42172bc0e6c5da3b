//! Stages of a load: the one in which a rule breaks is named, on a machine on which no other breaks one.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::support::etcd::Etcd;
use crate::support::load::{self, of_class};
use crate::support::needs::{Need, needs};
use crate::support::probe;
use etcdbench::exit::Verdict;
use rustix::process::Signal;

#[test]
fn a_rule_is_of_one_class_and_a_stage_that_breaks_it_is_named() {
    needs!(Need::Program("etcd"));
    let scratch = probe::scratch();
    let etcd = Etcd::start(Path::new("etcd"), scratch.path(), |program| Command::new(program));
    let words = "--warmup 0s --class 'base: put --rate 50' --class 'storm: put --rate 0/2s,0+60/6s,0/2s' \
        --rule 'base.service.max < 1s'";
    let driving = load::start(&etcd.address(), words);
    driving.until("rate.2");
    sleep(Duration::from_secs(1));
    etcd.signal(Signal::STOP);
    sleep(Duration::from_millis(2500));
    etcd.signal(Signal::CONT);
    let driven = driving.wait();
    let run = driven.read();
    assert_eq!(of_class(&run, "rate.2", "storm", "due"), 60);
    assert_eq!(
        of_class(&run, "rate.1", "storm", "due") + of_class(&run, "rate.3", "storm", "due"),
        0
    );
    let summary = run.summary.as_ref().expect("it was judged");
    let verdicts: Vec<Verdict> = summary.steps.iter().map(|step| step.verdict).collect();
    assert_eq!(verdicts.len(), 3);
    assert_eq!(summary.verdict, Verdict::Fail, "{}", summary.headline);
    assert_eq!(verdicts[1], Verdict::Fail, "{verdicts:?}");
    assert!(summary.headline.starts_with("FAILED  in rate.2 "), "{}", summary.headline);
    assert!(summary.rules.iter().any(|rule| rule.label.starts_with("base.service")));
    assert!(
        driven.finished.stdout.contains("base.response in each phase"),
        "{}",
        driven.finished.stdout
    );
}
