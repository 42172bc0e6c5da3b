//! A night by its trend and by the rules of its runs, side by side, and what made the exit code.

use super::words;
use crate::exit::Verdict;
use crate::report::page::{Answer, Block, Cell, Column, Medium, Row, Section, Shown, Table, Tone};
use crate::report::text::clean;
use crate::report::words as common;
use crate::trend::{ExitCause, RunOutcome, Trend};
use crate::units::counted;

/// The answer: that of the trend, or of the rules where these alone made the exit code.
pub(super) fn answer(trend: &Trend) -> Answer {
    let causes = &trend.exit.causes;
    let by_rules = [ExitCause::RuleBroken, ExitCause::RuleWarned, ExitCause::RuleUndecided];
    let rules = causes.iter().any(|cause| by_rules.contains(cause));
    let regressed = causes.contains(&ExitCause::RegressionConfirmed);
    let of_trend = || format!("{} {}", trend.verdict.word(), trend.because);
    let (verdict, word, reason) = match (worst(trend).filter(|_| rules), regressed) {
        (Some(run), false) => {
            let why = format!("{}: {}; trend: {}", name(run), run.because, of_trend());
            (run.verdict, run.answer.clone(), why)
        }
        (Some(run), true) => {
            let rules = format!("{}: {} {}", name(run), run.answer, run.because);
            let why = format!("{}; rules of {rules}", trend.because);
            (words::tone(trend), trend.verdict.word().to_owned(), why)
        }
        (None, _) => (words::tone(trend), trend.verdict.word().to_owned(), trend.because.clone()),
    };
    Answer { tone: verdict.into(), mark: common::mark(verdict), word, reason }
}

fn worst(trend: &Trend) -> Option<&RunOutcome> {
    // The first of those that are as bad.
    trend.runs.iter().rev().max_by_key(|run| run.verdict)
}

/// What was run.
fn name(run: &RunOutcome) -> String {
    match run.machine.as_str() {
        "" => run.scenario.clone(),
        machine => format!("{} on {machine}", run.scenario),
    }
}

/// The trend, the rules of each run, the exit code.
pub(super) fn section(trend: &Trend, medium: Medium) -> Section {
    let table = (!trend.runs.is_empty()).then(|| Block::Table(table(trend, medium)));
    let exit = Block::paragraphs(vec![exit(trend)]);
    Section::new("verdicts", "Verdicts", table.into_iter().chain([exit]).collect())
        .shown(Shown::Plain)
}

fn table(trend: &Trend, medium: Medium) -> Table {
    let verdict = words::tone(trend);
    let row = |verdict: Verdict, by: &str, word: &str, why: &str| {
        let word = format!("{} {word}", common::mark(verdict));
        Row::new([Cell::new(by), Cell::new(word).tone(Tone::from(verdict)), Cell::new(why)])
    };
    let mut rows = vec![row(verdict, "trend", trend.verdict.word(), &trend.because)];
    let (kept, others): (Vec<_>, Vec<_>) =
        trend.runs.iter().partition(|run| run.verdict == Verdict::Pass);
    rows.extend(others.into_iter().map(|run| {
        row(run.verdict, &format!("rules of {}", name(run)), &run.answer, &because(run))
    }));
    if !kept.is_empty() {
        let runs = counted(kept.len() as u64, "run");
        rows.push(row(Verdict::Pass, "rules", "kept", &format!("in {runs}")));
    }
    let heads = match medium {
        Medium::Terminal => ["", "", ""],
        Medium::Comment | Medium::Browser => ["judged by", "verdict", "why"],
    };
    let [by, verdict, why] = heads;
    Table {
        caption: "Trend and rules".to_owned(),
        columns: vec![Column::text(by), Column::line(verdict), Column::prose(why)],
        rows,
        ..Table::default()
    }
}

/// Why a run is what it is by its rules, and what re-runs say of it.
pub(in crate::report) fn because(run: &RunOutcome) -> String {
    match reruns(run) {
        Some(reruns) => clean(&format!("{}; {reruns}", run.because)),
        None => clean(&run.because),
    }
}

/// What re-runs say of a rule that a single event broke.
pub(in crate::report) fn reruns(run: &RunOutcome) -> Option<String> {
    let found = run.reruns?;
    let count = counted(found.count.into(), "re-run");
    let broken = match found.broken {
        0 => "none of them broke it again".to_owned(),
        n => format!("{n} of them broke it again"),
    };
    let so = match found.confirm() {
        true => "confirmed",
        false => "not confirmed, and only a warning",
    };
    Some(format!("{count}: {broken}, {so}"))
}

/// The exit code, and what made it.
pub(super) fn exit(trend: &Trend) -> String {
    let causes: Vec<&str> = trend.exit.causes.iter().map(|cause| cause_words(*cause)).collect();
    let ignored = trend.exit.code == 0
        && trend
            .runs
            .iter()
            .any(|run| matches!(run.verdict, Verdict::Fail | Verdict::Inconclusive));
    let why = match causes.as_slice() {
        [] if ignored => "trend ends by the trend alone; rules decide how a run ends".to_owned(),
        [] => "nothing is red".to_owned(),
        causes => causes.join(", "),
    };
    format!("exit code {}: {why}", trend.exit.code)
}

fn cause_words(cause: ExitCause) -> &'static str {
    match cause {
        ExitCause::RuleBroken => "a rule is broken",
        ExitCause::RuleWarned => "a rule warns, and --strict takes that for broken",
        ExitCause::RegressionConfirmed => "a regression is confirmed",
        ExitCause::RuleUndecided => "a run could not be judged by its rules",
        ExitCause::TooFewNights => "no series could be judged",
        ExitCause::Interrupted => "it was interrupted",
    }
}
