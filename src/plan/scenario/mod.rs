//! Scenarios: a file says what is measured; here it becomes runs of `disk` and `load`, each checked as if it had been
//! typed, before anything is touched.

mod choices;
mod classes;
mod document;
mod formula;
mod keys;
#[cfg(test)]
mod kubernetes_tests;
mod matrix;
mod parameters;
mod runs;
pub mod shipped;

use document::{ONLY_IF, is_wanted, text};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::RunArgs;
use crate::error::{Result, usage};
use crate::plan::{PlannedRun, Resolved};
use crate::suggest;

use document::{Document, KINDS, Origin, RawStep, Table, Value};
use parameters::Settings;

/// More repeats of each cell than this are a mistake.
const MOST_REPEATS: u32 = 1_000;

/// The parameter that `--scale` sets.
const SCALE: &str = "scale";

/// Re-runs that settle a suspicion: their median is held against the nights before.
const CONFIRM: u32 = 3;
/// More of them are a night of their own.
const MOST_CONFIRM: u32 = 100;

/// A scenario, resolved.
#[derive(Debug, Clone)]
pub struct ScenarioPlan {
    /// The file's name without its end.
    pub name: String,
    /// What it stands for, in its own words.
    pub description: String,
    /// Each combination of the matrix; one where there is none.
    pub cells: Vec<Cell>,
    /// How often each cell is measured.
    pub repeats: u32,
    /// In which order.
    pub order: Order,
    /// Labels of all runs.
    pub labels: BTreeMap<String, String>,
    /// Where the directory with the results is made.
    pub output: PathBuf,
    /// The nights before, where this is one of many.
    pub history: Option<HistoryPlan>,
}

/// What is done with a night beside measuring it.
#[derive(Debug, Clone)]
pub struct HistoryPlan {
    /// Where the nights are.
    pub directory: PathBuf,
    /// Re-runs of what is suspected, of each run; 0 confirms nothing.
    pub confirm: u32,
    /// Nights of this scenario older than this are removed.
    pub keep_ns: Option<u64>,
}

/// In which order the repeats of cells are measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// All cells once, then once more in the opposite order, and so on: what drifts meets all alike.
    #[default]
    Interleaved,
    /// All repeats of a cell, then those of the next.
    Sequential,
}

/// One combination of the matrix.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The name of its directory: `val_size=256,clients=10`; `all` where there is no matrix.
    pub slug: String,
    /// The values of the matrix' keys, in its order.
    pub settings: Vec<(String, String)>,
    /// Its runs, one after the other.
    pub steps: Vec<Step>,
}

/// One run of a cell.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name in the file.
    pub name: String,
    /// `disk` or `load`.
    pub kind: &'static str,
    /// What is done.
    pub run: PlannedRun,
}

/// One run that is to be made, in its place in the order.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// Counted from 1.
    pub repeat: u32,
    /// The cell.
    pub cell: &'a Cell,
    /// The run.
    pub step: &'a Step,
}

impl ScenarioPlan {
    /// Reads a scenario and resolves every run of it.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) naming the file and the line, [`Error::Io`](crate::error::Error::Io) for a file that cannot be read.
    pub fn resolve(args: &RunArgs) -> Result<ScenarioPlan> {
        let (origin, name) = origin(&args.scenario)?;
        let mut document = document::read(&origin)?;
        let mut set: Vec<(String, String)> = args.set.clone();
        set.extend(scale(args, &document)?);
        choices::choose(&mut document, &set)?;
        parameters::apply(&mut document, &set)?;
        choices::settle(&mut document.parameters, &set)?;
        if document.steps.is_empty() {
            return Err(usage(
                &[],
                format!(
                    "{}: there is nothing to run: add a table [disk.NAME] or [load.NAME]",
                    args.scenario
                ),
            ));
        }
        if !args.endpoints.is_empty() && !document.steps.iter().any(|step| step.kind == "load") {
            return Err(usage(
                &["--endpoints"],
                format!("--endpoints is about loads, and {} has none: drop it", args.scenario),
            ));
        }
        let settings = matrix::cells(&document)?;
        let cells = settings.iter().map(|settings| cell(&document, settings, args));
        let mut cells = cells.collect::<Result<Vec<Cell>>>()?;
        if cells.iter().all(|cell| cell.steps.is_empty()) {
            return Err(usage(
                &[],
                format!(
                    "{}: there is nothing to run: {ONLY_IF} leaves out every table",
                    args.scenario
                ),
            ));
        }
        set_apart(&mut cells);
        let plan = ScenarioPlan {
            name,
            description: description(&document)?,
            cells,
            repeats: repeats(&document)?,
            order: order(&document)?,
            labels: labels(&document, &settings, args)?,
            history: history(args)?,
            output: match args.history.as_ref().or(args.output.as_ref()) {
                Some(output) => output.clone(),
                None => text(&document, "output")?
                    .map_or_else(|| PathBuf::from("results"), PathBuf::from),
            },
        };
        machines(args, &plan)?;
        Ok(plan)
    }

    /// Every run in its order.
    pub fn turns(&self) -> Vec<Turn<'_>> {
        let mut turns = Vec::new();
        match self.order {
            Order::Interleaved => {
                for repeat in 1..=self.repeats {
                    let cells: Vec<&Cell> = if repeat % 2 == 1 {
                        self.cells.iter().collect()
                    } else {
                        self.cells.iter().rev().collect()
                    };
                    for cell in cells {
                        turns.extend(cell.turns(repeat));
                    }
                }
            }
            Order::Sequential => {
                for cell in &self.cells {
                    for repeat in 1..=self.repeats {
                        turns.extend(cell.turns(repeat));
                    }
                }
            }
        }
        turns
    }
}

impl Cell {
    fn turns(&self, repeat: u32) -> impl Iterator<Item = Turn<'_>> {
        let steps = self.steps.iter();
        steps.map(move |step| Turn { repeat, cell: self, step })
    }
}

impl Step {
    /// The command that makes this run by itself.
    pub fn command(&self) -> String {
        self.run.plan.command()
    }

    /// How long it is meant to take, in nanoseconds, without set-up and clean-up; `None` when a count ends it.
    pub fn length_ns(&self) -> Option<u64> {
        match &self.run.plan {
            Resolved::Disk(plan) => Some(plan.phases.iter().map(|phase| phase.duration_ns).sum()),
            Resolved::Load(plan) => plan.length_ns(),
        }
    }

    /// What it may write at most to a disk (`disk`), or by how much the database is expected to grow (`load`), in
    /// bytes.
    pub fn bytes(&self) -> Option<u64> {
        match &self.run.plan {
            Resolved::Disk(plan) => Some(plan.max_bytes),
            Resolved::Load(plan) => plan.expected_growth_bytes(),
        }
    }
}

/// A file, or one of the shipped scenarios.
fn origin(wanted: &str) -> Result<(Origin, String)> {
    let path = Path::new(wanted);
    if let Some(name) = shipped::name(wanted) {
        return Ok((Origin::Shipped(name), name.to_owned()));
    }
    let is_name = path.extension().is_none() && path.components().count() == 1 && !path.exists();
    if is_name {
        let names: Vec<&str> = shipped::names().collect();
        return Err(usage(
            &[],
            format!(
                "{} A file of your own is named with its end, as in mine.toml",
                ended(suggest::unknown("scenario", wanted, &names))
            ),
        ));
    }
    let stem = path.file_stem().map_or_else(|| wanted.into(), |stem| stem.to_string_lossy());
    Ok((Origin::File(path.to_path_buf()), stem.into_owned()))
}

/// What `--scale` stands for.
fn scale(args: &RunArgs, document: &Document) -> Result<Option<(String, String)>> {
    let Some(scale) = args.scale else {
        return Ok(None);
    };
    let refuse = |text| Err(usage(&["--scale"], format!("--scale {scale}: {text}")));
    if document.parameters.get(SCALE).is_none() {
        return refuse(format!(
            "the scenario {} has no parameter {SCALE}; those of Kubernetes that come with the program have one, and \
             one of your own has it with {SCALE} = 1 in [parameters] and {SCALE} = \"${{{SCALE}}}\" in a load",
            args.scenario
        ));
    }
    if args.set.iter().any(|(name, _)| name == SCALE) {
        return refuse(format!("--set {SCALE} says it too; drop one of them"));
    }
    Ok(Some((SCALE.to_owned(), scale.to_string())))
}

/// Machines that make a load together meet once, and begin once.
fn machines(args: &RunArgs, plan: &ScenarioPlan) -> Result<()> {
    let asked = [
        (args.shard.is_some(), "--shard"),
        (args.start_at.is_some(), "--start-at"),
        (args.rendezvous.is_some(), "--rendezvous"),
    ];
    let Some((_, flag)) = asked.into_iter().find(|(asked, _)| *asked) else {
        return Ok(());
    };
    let turns = plan.turns();
    match turns.as_slice() {
        [only] if only.step.kind == "load" => match &only.step.run.plan {
            Resolved::Load(plan) if !args.dry_run => plan.startable(),
            _ => Ok(()),
        },
        all => Err(usage(
            &[flag],
            format!(
                "{flag} is about one load that several machines make, and {} has {} runs; set what repeats it or \
                 combines it to one value (--set), or write its load down by itself",
                args.scenario,
                all.len()
            ),
        )),
    }
}

/// A sentence after which another may follow.
fn ended(text: String) -> String {
    if text.ends_with('?') { text } else { format!("{text}.") }
}

fn history(args: &RunArgs) -> Result<Option<HistoryPlan>> {
    let Some(directory) = &args.history else {
        return match (args.confirm, args.keep) {
            (None, None) => Ok(None),
            (Some(_), _) => Err(usage(
                &["--confirm", "--history"],
                "--confirm is about --history: add that or drop it",
            )),
            (_, Some(_)) => Err(usage(
                &["--keep", "--history"],
                "--keep is about --history: add that or drop it",
            )),
        };
    };
    let confirm = args.confirm.unwrap_or(CONFIRM);
    if confirm > MOST_CONFIRM {
        return Err(usage(
            &["--confirm"],
            format!("--confirm {confirm}: at most {MOST_CONFIRM} re-runs"),
        ));
    }
    Ok(Some(HistoryPlan { directory: directory.clone(), confirm, keep_ns: args.keep }))
}

fn cell(document: &Document, settings: &Settings, args: &RunArgs) -> Result<Cell> {
    let matrix = document.matrix.entries.len();
    let own = settings.0.iter().rev().take(matrix).rev();
    let own: Vec<(String, String)> =
        own.map(|(key, value)| (key.clone(), value.to_string())).collect();
    Ok(Cell {
        slug: slug(&own),
        settings: own,
        steps: document
            .steps
            .iter()
            .filter_map(|raw| step(document, raw, settings, args).transpose())
            .collect::<Result<_>>()?,
    })
}

/// A run of a cell; nothing where it is left out.
fn step(
    document: &Document,
    raw: &RawStep,
    settings: &Settings,
    args: &RunArgs,
) -> Result<Option<Step>> {
    let mut table = filled(document, raw, settings)?;
    if !is_wanted(&mut table, "run")? {
        return Ok(None);
    }
    let run = runs::resolve(raw.kind, &raw.name, &table, &raw.at, args)?;
    Ok(Some(Step { name: raw.name.clone(), kind: raw.kind, run }))
}

/// All keys of a run, with what names stand for put in their place.
fn filled(document: &Document, raw: &RawStep, settings: &Settings) -> Result<Table> {
    let mut table = Table::default();
    if let Some(kind) = KINDS.iter().position(|kind| *kind == raw.kind) {
        table.overlay(&document.defaults[kind]);
    }
    if raw.kind == "load" {
        table.overlay(&document.target);
    }
    table.overlay(&raw.table);
    settings.fill_table(&table)
}

/// Settings as a name for a directory. Of paths the last part.
fn slug(settings: &[(String, String)]) -> String {
    if settings.is_empty() {
        return "all".to_owned();
    }
    let parts = settings.iter().map(|(key, value)| {
        let last = Path::new(value).file_name().unwrap_or_default().to_string_lossy();
        format!("{}={}", safe(key), safe(&last))
    });
    parts.collect::<Vec<_>>().join(",")
}

/// As a part of a name of a directory.
fn safe(text: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    text.chars().map(safe).collect()
}

/// Gives cells whose names came out alike, those of two paths that end alike, a number.
fn set_apart(cells: &mut [Cell]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for cell in cells {
        let count = seen.entry(cell.slug.clone()).or_default();
        *count += 1;
        if *count > 1 {
            cell.slug = format!("{}.{count}", cell.slug);
        }
    }
}

fn repeats(document: &Document) -> Result<u32> {
    let Some(entry) = document.top.get("repeats") else {
        return Ok(1);
    };
    let number = match &entry.value {
        Value::Number(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|n| (1..=MOST_REPEATS).contains(n)).ok_or_else(|| {
        entry.error(format!("repeats = {}: a whole number from 1 to {MOST_REPEATS}", entry.value))
    })
}

fn order(document: &Document) -> Result<Order> {
    let Some(entry) = document.top.get("order") else {
        return Ok(Order::default());
    };
    match entry.value.to_string().as_str() {
        "interleaved" => Ok(Order::Interleaved),
        "sequential" => Ok(Order::Sequential),
        other => {
            let text = suggest::unknown("order", other, &["interleaved", "sequential"]);
            Err(entry.error(text))
        }
    }
}

/// The scenario's, and those of the command line, which win.
fn labels(
    document: &Document,
    cells: &[Settings],
    args: &RunArgs,
) -> Result<BTreeMap<String, String>> {
    let first = cells.first().cloned().unwrap_or_default();
    let table = first.fill_table(&document.labels)?;
    let pairs = table.entries.iter().map(|entry| match &entry.value {
        Value::Text(text) | Value::Number(text) => Ok((entry.key.clone(), text.clone())),
        other => Err(entry.error(format!("label {} is text, not {other}", entry.key))),
    });
    let mut labels: BTreeMap<String, String> = pairs.collect::<Result<_>>()?;
    labels.extend(super::labels(&args.labels)?);
    Ok(labels)
}

/// Name and description of each.
///
/// # Errors
/// None that a build that passed its tests can have.
pub fn descriptions() -> Result<Vec<(&'static str, String)>> {
    shipped::names()
        .map(|name| {
            let mut document = document::read(&Origin::Shipped(name))?;
            choices::choose(&mut document, &[])?;
            choices::settle(&mut document.parameters, &[])?;
            Ok((name, description(&document)?))
        })
        .collect()
}

/// What it stands for, with what parameters are in the place of their names.
fn description(document: &Document) -> Result<String> {
    let Some(text) = text(document, "description")? else {
        return Ok(String::new());
    };
    let parameters = document.parameters.entries.iter();
    let known = parameters.map(|entry| (entry.key.clone(), entry.value.clone())).collect();
    match document.top.get("description") {
        Some(entry) => Ok(Settings(known).fill(&Value::Text(text), &entry.at)?.to_string()),
        None => Ok(text),
    }
}
