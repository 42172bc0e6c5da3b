//! The workflows: what GitHub takes, and what the steps of the nightly one do. They are run as GitHub runs them, with a
//! repository beside.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::container::program;
use super::files::{at, documents, list};
use crate::support::command::run;
use crate::support::needs::{Need, needs};
use crate::support::validators::python;

const WORKFLOW: &str = "deploy/github/nightly.yml";
const RELEASE: &str = ".github/workflows/release.yml";
const SCHEMA: [&str; 4] = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"];

/// A step that is a script.
pub struct Script {
    /// The step's name.
    pub name: String,
    /// Its lines.
    pub script: String,
}

/// Those of the nightly workflow.
pub fn scripts() -> Vec<Script> {
    scripts_of(WORKFLOW)
}

/// Those of every workflow.
pub fn all_scripts() -> Vec<Script> {
    [WORKFLOW, RELEASE].into_iter().flat_map(scripts_of).collect()
}

fn scripts_of(workflow: &str) -> Vec<Script> {
    let jobs = documents(&at(workflow))[0]["jobs"].clone();
    let scripts: Vec<Script> = jobs
        .as_object()
        .unwrap()
        .values()
        .flat_map(|job| list(&job["steps"]))
        .filter_map(|step| {
            Some(Script {
                script: step["run"].as_str()?.to_owned(),
                name: step["name"].as_str().expect("a script has a name").to_owned(),
            })
        })
        .collect();
    assert!(scripts.len() >= 5);
    scripts
}

#[test]
fn github_takes_the_workflows() {
    needs!(Need::Validators);
    for workflow in [WORKFLOW, RELEASE] {
        let output = python(&[&SCHEMA[..], &[at(workflow).to_str().unwrap()]].concat());
        let words = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{words}");
    }

    let directory = tempfile::tempdir().unwrap();
    let wrong = directory.path().join("nightly.yml");
    let text = std::fs::read_to_string(at(WORKFLOW)).unwrap();
    std::fs::write(&wrong, text.replace("runs-on:", "run-on:")).unwrap();
    let output = python(&[&SCHEMA[..], &[wrong.to_str().unwrap()]].concat());
    assert!(!output.status.success());
}

/// What publishes may do no more than it needs, and runs nothing that can be changed behind its back.
#[test]
fn the_release_has_few_rights_and_fixed_parts() {
    needs!(Need::Validators);
    let workflow = &documents(&at(RELEASE))[0];
    assert_eq!(workflow["permissions"], serde_json::json!({}));
    let mut used = 0;
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        let rights = job["permissions"].as_object().unwrap();
        let writes = rights.values().filter(|right| *right == "write").count();
        assert_eq!(writes, if name == "publish" { 3 } else { 0 }, "{name}");
        for action in list(&job["steps"]).iter().filter_map(|step| step["uses"].as_str()) {
            let (_, commit) = action.split_once('@').unwrap();
            assert!(
                commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()),
                "{action}"
            );
            used += 1;
        }
    }
    assert!(used >= 5, "{used}");
    assert_eq!(workflow["jobs"]["publish"]["if"], "github.ref_type == 'tag'");
}

/// A checkout of a repository, as a runner has it.
struct Runner {
    directory: TempDir,
    scripts: Vec<Script>,
}

impl Runner {
    fn new() -> Runner {
        let runner = Runner { directory: tempfile::tempdir().unwrap(), scripts: scripts() };
        let origin = runner.at("origin.git");
        let origin = origin.to_str().unwrap();
        run("git", &["init", "--quiet", "--bare", "-b", "main", origin]);
        let first = runner.at("first");
        let first = first.to_str().unwrap();
        run("git", &["clone", "--quiet", origin, first]);
        let who = ["-c", "user.name=t", "-c", "user.email=t@t"];
        let commit = ["commit", "--quiet", "--allow-empty", "-m", "a"];
        run("git", &[&["-C", first][..], &who, &commit].concat());
        run("git", &["-C", first, "push", "--quiet", "origin", "HEAD:main"]);
        runner
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A fresh checkout: runners of GitHub's are new each night.
    fn checkout(&self, night: &str) -> PathBuf {
        let origin = format!("file://{}", self.at("origin.git").display());
        let checkout = self.at(night);
        run("git", &["clone", "--quiet", "--depth=1", &origin, checkout.to_str().unwrap()]);
        checkout
    }

    /// A step in a checkout; `etcdbench` is what the test has put into `bin`.
    fn step(&self, name: &str, checkout: &Path) -> Output {
        let step = self.scripts.iter().find(|step| step.name == name).unwrap();
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &step.script])
            .current_dir(checkout)
            .env("PATH", path)
            .env("RESULTS", "etcdbench-results")
            .env("DIRECTORY", ".")
            .env("GITHUB_STEP_SUMMARY", self.at("summary"))
            .env("GITHUB_OUTPUT", self.at("output"))
            .env("HOME", self.directory.path())
            .output()
            .unwrap()
    }

    fn good(&self, name: &str, checkout: &Path) {
        let output = self.step(name, checkout);
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {words}");
    }
}

#[test]
fn each_night_finds_those_before() {
    needs!(Need::Validators, Need::Program("git"));
    let runner = Runner::new();
    for night in ["1", "2", "3"] {
        let checkout = runner.checkout(night);
        runner.good("Fetch the nights before", &checkout);
        let history = checkout.join("history");
        let before = std::fs::read_dir(history.join("results")).map_or(0, Iterator::count);
        assert_eq!(before + 1, night.parse::<usize>().unwrap());
        std::fs::create_dir_all(history.join("results")).unwrap();
        std::fs::write(history.join("results").join(night), "a night").unwrap();
        runner.good("Keep the night", &checkout);
    }
    let origin = runner.at("origin.git");
    let log =
        run("git", &["-C", origin.to_str().unwrap(), "log", "--format=%s", "etcdbench-results"]);
    assert_eq!(log.lines().count(), 4, "{log}");
}

/// A history must not begin anew because the network was down for a moment.
#[test]
fn without_the_nights_before_nothing_is_measured() {
    needs!(Need::Validators, Need::Program("git"));
    let runner = Runner::new();
    let checkout = runner.checkout("1");
    std::fs::remove_dir_all(runner.at("origin.git")).unwrap();
    let output = runner.step("Fetch the nights before", &checkout);
    assert!(!output.status.success());
    assert!(!checkout.join("history").exists());
}

#[test]
fn a_regression_fails_the_job_and_no_verdict_does_not() {
    needs!(Need::Validators, Need::Program("git"));
    let runner = Runner::new();
    let checkout = runner.checkout("1");
    for (code, ends, told) in
        [(0, 0, ""), (3, 3, "::error"), (4, 0, "::warning"), (1, 1, "::error")]
    {
        let night = format!("mkdir report; echo 'night {code}' >report/summary.md; exit {code}");
        program(&runner.at("bin"), "etcdbench", &night);
        let output = runner.step("Measure", &checkout);
        assert_eq!(output.status.code(), Some(ends), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.starts_with(told) && said.is_empty() == told.is_empty(), "{code}: {said}");
        let summary = std::fs::read_to_string(runner.at("summary")).unwrap();
        assert!(summary.ends_with(&format!("night {code}\n")), "{summary}");
    }
}

#[test]
fn the_charts_have_a_branch_and_only_files_that_are_there() {
    needs!(Need::Validators, Need::Program("git"));
    let runner = Runner::new();
    let checkout = runner.checkout("1");
    runner.good("Fetch the nights before", &checkout);
    std::fs::create_dir(checkout.join("report")).unwrap();
    let file = checkout.join("report/github-action-benchmark-smaller-is-better.json");
    std::fs::write(file, "[]").unwrap();
    runner.good("Prepare the charts", &checkout);
    // The branch is there now.
    runner.good("Prepare the charts", &checkout);
    let output = std::fs::read_to_string(runner.at("output")).unwrap();
    assert_eq!(output, "smaller=yes\nsmaller=yes\n");
    let origin = runner.at("origin.git");
    run("git", &["-C", origin.to_str().unwrap(), "rev-parse", "gh-pages"]);
}
