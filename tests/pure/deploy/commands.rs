//! Every command line of etcdbench below `deploy/` is understood by etcdbench: a flag that was renamed breaks this test.

use std::collections::BTreeSet;

use clap::{CommandFactory, Parser};
use etcdbench::cli::{Cli, Command, DiskArgs};
use etcdbench::plan::{DiskPlan, LoadPlan, ScenarioPlan};

use super::files::{at, below, documents, list, measuring, pods, read, words};
use super::github;
use super::systemd;
use super::troubleshoot;
use crate::support::needs::{Need, needs};

/// What etcdbench is given, and where that stands.
struct Line {
    place: String,
    words: Vec<String>,
}

fn parsed(words: &[String]) -> Result<Command, String> {
    let line = std::iter::once("etcdbench").chain(words.iter().map(String::as_str));
    match Cli::try_parse_from(line) {
        Ok(cli) => Ok(cli.command),
        Err(error) => Err(error.to_string()),
    }
}

/// Parsed, and planned where that touches nothing.
fn understood(words: &[String]) -> Result<(), String> {
    let planned = match parsed(words)? {
        Command::Disk(args) => DiskPlan::resolve(&args.spec).map(drop),
        Command::Load(args) => LoadPlan::resolve(&args.spec).map(drop),
        Command::Run(args) => ScenarioPlan::resolve(&args).map(drop),
        _ => Ok(()),
    };
    planned.map_err(|error| error.to_string())
}

fn disk(words: &[String]) -> DiskArgs {
    match parsed(words) {
        Ok(Command::Disk(args)) => *args,
        other => panic!("{words:?}: {other:?}"),
    }
}

/// How long the phases of a `disk …` take at most, in seconds.
pub fn disk_length_s(words: &[String]) -> u64 {
    let plan = DiskPlan::resolve(&disk(words).spec).unwrap();
    let ns: u64 = plan.phases.iter().map(|phase| phase.duration_ns).sum();
    ns / 1_000_000_000
}

/// The calls of etcdbench in lines of shell.
pub fn in_shell(script: &str) -> Vec<Vec<String>> {
    let script = script.replace("\\\n", " ");
    let pieces = script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split(" | "))
        .flat_map(|piece| piece.split("||"))
        .flat_map(|piece| piece.split("&&"))
        .flat_map(|piece| piece.split(';'));
    let mut calls = Vec::new();
    for piece in pieces {
        // What follows is for the shell.
        let piece = piece.split(['>', '#']).next().unwrap_or_default();
        let Some(words) = shlex::split(piece) else {
            continue;
        };
        if let Some((program, rest)) = words.split_first()
            && program.rsplit('/').next() == Some("etcdbench")
        {
            calls.push(rest.to_vec());
        }
    }
    calls
}

/// The shell in a page's fenced blocks.
fn in_page(page: &str) -> String {
    let mut shell = String::new();
    let mut inside = false;
    for line in page.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => shell.push_str(&format!("{line}\n")),
            _ => {}
        }
    }
    shell
}

fn all() -> Vec<Line> {
    let mut lines = Vec::new();
    let mut take = |place: String, words: Vec<String>| lines.push(Line { place, words });
    for (place, pod) in pods() {
        for container in measuring(pod) {
            take(place.clone(), words(&container["args"]));
        }
    }
    for unit in below("deploy/systemd", ".service") {
        let text = std::fs::read_to_string(&unit).unwrap();
        for command in systemd::commands(&text) {
            take(unit.display().to_string(), command[1..].to_vec());
        }
    }
    for collector in troubleshoot::collectors() {
        take(troubleshoot::FILE.to_owned(), words(&collector["args"]));
    }
    for step in github::scripts() {
        for call in in_shell(&step.script) {
            take(format!("nightly.yml: {}", step.name), call);
        }
    }
    for call in in_shell(&in_page(&read("deploy/README.md"))) {
        take("deploy/README.md".to_owned(), call);
    }
    lines
}

#[test]
fn etcdbench_understands_every_command_line() {
    needs!(Need::Validators);
    let lines = all();
    for place in [".yaml", "troubleshoot", ".service", "nightly.yml", "README.md"] {
        assert!(lines.iter().any(|line| line.place.contains(place)), "none in {place}");
    }
    let wrong: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            let why = understood(&line.words).err()?;
            Some(format!("{}: etcdbench {}: {why}", line.place, line.words.join(" ")))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_flag_that_does_not_exist_is_noticed() {
    let calls = in_shell("status=0\n  etcdbench disk /x \\\n    --resullt y || status=$?\n");
    assert_eq!(calls, [["disk", "/x", "--resullt", "y"]]);
    let why = understood(&calls[0]).unwrap_err();
    assert!(why.contains("--resullt"), "{why}");
    // One that only the plan can refuse.
    let why = understood(&["disk", "/x", "--phases", "wall"].map(str::to_owned)).unwrap_err();
    assert!(why.contains("wall"), "{why}");
}

/// The environment of a container and that of a ConfigMap are etcdctl's, and etcdbench's.
#[test]
fn etcdbench_reads_every_variable() {
    needs!(Need::Validators);
    let command = Cli::command();
    let load = command.find_subcommand("load").unwrap();
    let known: BTreeSet<&str> =
        load.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
    let mut used = BTreeSet::new();
    for (_, pod) in pods() {
        for container in measuring(pod) {
            for variable in list(&container["env"]) {
                used.insert(variable["name"].as_str().unwrap().to_owned());
            }
        }
    }
    let generators = &documents(&at("deploy/kubernetes/load/kustomization.yaml"))[0];
    for literal in words(&generators["configMapGenerator"][0]["literals"]) {
        used.insert(literal.split_once('=').unwrap().0.to_owned());
    }
    let etcdctl: Vec<&String> = used.iter().filter(|name| name.as_str() != "NODE_NAME").collect();
    assert_eq!(etcdctl.len(), 4, "{etcdctl:?}");
    for name in etcdctl {
        assert!(known.contains(name.as_str()), "{name} is none of {known:?}");
    }
}
