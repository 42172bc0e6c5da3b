//! `etcdbench compare`: flags → a plan.

use std::path::PathBuf;

use clap::Parser;

use crate::cli::{Cli, Command, CompareArgs};
use crate::error::{Result, usage};
use crate::plan::PlannedRun;
use crate::rule::comparison::{Pairs, Settings};
use crate::spec::first_line;

/// Pairs that are measured unless told otherwise: the fewest whose signed ranks can speak at 5 %.
const PAIRS: u32 = 6;
/// With fewer pairs nothing is judged.
const FEWEST_PAIRS: u32 = 4;
/// More are a mistake.
const MOST_PAIRS: u32 = 1_000;

/// Everything `etcdbench compare` needs to know, checked as far as it can be without looking at files.
#[derive(Debug, Clone)]
pub struct ComparePlan {
    /// What is compared.
    pub source: Source,
    /// How it is judged; the calibration is not read yet.
    pub settings: Settings,
    /// The file with the machine's noise, where one was named.
    pub calibration: Option<PathBuf>,
}

/// What is compared.
#[derive(Debug, Clone)]
pub enum Source {
    /// Stored results: for each side its files, directories and patterns.
    Stored(Vec<Vec<String>>),
    /// As many sides as there are results in one place.
    Each(String),
    /// Measured now.
    Measured(Box<Measure>),
    /// No comparison: identical runs, to learn their noise.
    Calibrate(Vec<String>),
}

/// Runs that are made in turn.
#[derive(Debug, Clone)]
pub struct Measure {
    /// The baseline.
    pub a: PlannedRun,
    /// The other side.
    pub b: PlannedRun,
    /// How many of each.
    pub pairs: Pairs,
    /// Where the results are kept; a fresh directory below `results` when absent.
    pub keep: Option<PathBuf>,
}

impl ComparePlan {
    /// Checks flags against one another.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) naming the flags and the way out.
    pub fn resolve(args: &CompareArgs) -> Result<ComparePlan> {
        Ok(ComparePlan {
            source: source(args)?,
            settings: Settings {
                intent: args.intent,
                fail_on: args.fail_on.clone(),
                min_differences: args.min_diff.clone(),
                allow: args.allow.clone(),
                calibration: None,
                run_deviation: args.run_deviation,
            },
            calibration: args.calibration.clone(),
        })
    }
}

fn source(args: &CompareArgs) -> Result<Source> {
    let stored = !(args.results.is_empty() && args.a.is_empty() && args.b.is_empty());
    if let Some(measure) = &args.measure {
        if stored || args.calibrate {
            let other = if args.calibrate { "--calibrate" } else { "results" };
            return Err(usage(
                &["--measure"],
                format!("--measure and {other} exclude one another: drop one"),
            ));
        }
        return measured(measure, args).map(Box::new).map(Source::Measured);
    }
    for (flag, given) in [("--pairs", args.pairs.is_some()), ("--keep", args.keep.is_some())] {
        if given {
            return Err(usage(
                &[flag, "--measure"],
                format!("{flag} is about --measure: add that or drop {flag}"),
            ));
        }
    }
    if args.calibrate {
        let all = [&args.results[..], &args.a, &args.b].concat();
        if all.is_empty() {
            return Err(usage(
                &["--calibrate"],
                "--calibrate: name repeated runs of the same thing",
            ));
        }
        return Ok(Source::Calibrate(all));
    }
    sides(args)
}

fn sides(args: &CompareArgs) -> Result<Source> {
    let mut sides: Vec<Vec<String>> = args.results.iter().map(|one| vec![one.clone()]).collect();
    for (flag, more) in [("--a", &args.a), ("--b", &args.b)] {
        if !more.is_empty() && !args.results.is_empty() {
            return Err(usage(
                &[flag, "--a", "--b"],
                format!(
                    "{flag} and sides without a flag exclude one another: name both sides with --a and --b"
                ),
            ));
        }
        if !more.is_empty() {
            sides.push(more.clone());
        }
    }
    match (&sides[..], args.a.is_empty(), args.b.is_empty()) {
        ([], ..) => Err(usage(
            &["--measure"],
            "name at least two results: etcdbench compare old.jsonl new.jsonl; or --measure both",
        )),
        (_, false, true) => Err(usage(&["--a", "--b"], "--a without --b: name the other side too")),
        (_, true, false) => Err(usage(&["--b", "--a"], "--b without --a: name the baseline too")),
        ([only], ..) => Ok(Source::Each(only[0].clone())),
        _ => Ok(Source::Stored(sides)),
    }
}

fn measured(texts: &[String], args: &CompareArgs) -> Result<Measure> {
    let pairs = args.pairs.unwrap_or(Pairs::Fixed(PAIRS));
    let (least, count, shown) = match pairs {
        Pairs::Fixed(count) => (FEWEST_PAIRS, count, count.to_string()),
        // The first look is after as many.
        Pairs::Auto { most } => (PAIRS, most, format!("auto:{most}")),
    };
    if !(least..=MOST_PAIRS).contains(&count) {
        return Err(usage(&["--pairs"], format!("--pairs {shown}: from {least} to {MOST_PAIRS}")));
    }
    let [a, b] = texts else {
        return Err(usage(&["--measure"], "--measure takes two texts, one a side"));
    };
    let kind = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
    if kind(a) != kind(b) {
        return Err(usage(
            &["--measure"],
            format!(
                "--measure: '{}' and '{}' are apples and oranges: measure the same on both sides",
                kind(a),
                kind(b)
            ),
        ));
    }
    Ok(Measure { a: side(a)?, b: side(b)?, pairs, keep: args.keep.clone() })
}

/// Flags of a run that are not its own here.
const OURS: [&str; 5] = ["--result", "--format", "--table", "--output", "-o"];

/// One side, by its arguments.
fn side(text: &str) -> Result<PlannedRun> {
    let wrong = |why: &str| usage(&["--measure"], format!("--measure '{text}': {why}"));
    let words = shlex::split(text).ok_or_else(|| wrong("a quote is not closed"))?;
    let known = words.first().is_some_and(|first| matches!(first.as_str(), "disk" | "load"));
    if !known {
        return Err(wrong("begin with 'disk' or 'load', then its arguments"));
    }
    let is = |word: &String, flag: &str| {
        word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    if let Some(flag) = OURS.iter().find(|flag| words.iter().any(|word| is(word, flag))) {
        return Err(wrong(&format!("{flag} is chosen by compare; drop it (see --keep)")));
    }
    let program = ["etcdbench".to_owned()];
    let parsed = Cli::try_parse_from(program.iter().chain(&words))
        .map_err(|error| wrong(&first_line(&error)))?;
    match parsed.command {
        Command::Disk(args) => PlannedRun::disk(&args.spec, args.name.clone()),
        Command::Load(args) => PlannedRun::load(&args.spec, args.name.clone()),
        _ => Err(wrong("begin with 'disk' or 'load', then its arguments")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(words: &[&str]) -> std::result::Result<Source, String> {
        let words = [&["etcdbench", "compare"], words].concat();
        let Command::Compare(args) = Cli::try_parse_from(words).map_err(|e| e.to_string())?.command
        else {
            panic!("another subcommand was parsed");
        };
        let plan = ComparePlan::resolve(&args).map_err(|error| error.to_string())?;
        Ok(plan.source)
    }

    #[test]
    fn sides() {
        for (words, wanted) in [
            (&["x", "y"][..], r#"Stored([["x"], ["y"]])"#),
            (&["--a", "x", "--a", "y", "--b", "z"], r#"Stored([["x", "y"], ["z"]])"#),
            (&["dir"], r#"Each("dir")"#),
            (&["--calibrate", "x", "y"], r#"Calibrate(["x", "y"])"#),
        ] {
            assert_eq!(format!("{:?}", resolved(words).unwrap()), wanted);
        }
    }

    #[test]
    fn measuring() {
        let Ok(Source::Measured(measure)) =
            resolved(&["--measure", "disk '/mnt/my disk' --quick", "disk /mnt/b --quick"])
        else {
            panic!("not understood");
        };
        assert_eq!(measure.a.plan.command(), "etcdbench disk '/mnt/my disk' --quick");
        assert_eq!(measure.pairs, Pairs::Fixed(6));
    }

    #[test]
    fn nonsense_names_the_way_out() {
        for (words, hint) in [
            (&[] as &[&str], "at least two results"),
            (&["--a", "x"], "--a without --b"),
            (&["--b", "x"], "--b without --a"),
            (&["--a", "x", "y"], "--a and --b"),
            (&["x", "y", "--pairs", "5"], "--pairs is about --measure"),
            (&["--calibrate"], "repeated runs"),
            (&["--measure", "disk .", "disk .", "x"], "drop one"),
            (&["--measure", "disk .", "disk .", "--pairs", "3"], "from 4 to 1000"),
            (&["--measure", "disk .", "disk .", "--pairs", "auto:5"], "from 6 to 1000"),
            (&["--measure", "disk .", "disk .", "--pairs", "some"], "auto:24"),
            (&["--measure", "disk .", "load put"], "apples and oranges"),
            (&["--measure", "disk '.", "disk ."], "quote is not closed"),
            (&["--measure", "rm -rf", "rm ."], "begin with 'disk'"),
            (&["--measure", "disk . --result x", "disk ."], "--result is chosen by compare"),
            (&["--measure", "disk . --qick", "disk ."], "unexpected argument '--qick'"),
            (&["--measure", "disk . --rate 0", "disk ."], "--rate 0"),
        ] {
            let error = resolved(words).unwrap_err();
            assert!(error.contains(hint), "{words:?}: {error}");
        }
    }
}
