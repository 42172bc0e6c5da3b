//! The program as a pipeline meets it: exit codes, words, files.

use std::fs;
use std::path::Path;

use etcdbench::result::{self, Finding};
use predicates::prelude::*;
use predicates::str::contains;

use super::nights::{Lines, Results, date, etcdbench, nights, phase, wobble};

#[test]
fn equal_nights_are_steady() {
    let results = Results::of(&nights(40, 0, 1.0));
    results
        .trend()
        .assert()
        .code(0)
        .stdout(contains("STEADY").and(contains("disk /var/lib/etcd on cp1 · 40 nights")));
}

#[test]
fn one_bad_night_is_a_suspicion_and_two_are_a_regression() {
    let results = Results::of(&nights(40, 1, 1.15));
    let suspicion = contains("REGRESSED?")
        .and(contains("etcd/wal.fsync.p99 on cp1 is at"))
        .and(contains("% above the usual 10"))
        .and(contains("not confirmed"))
        .and(contains("regressed? 1 of 2 nights"));
    results.trend().assert().code(0).stdout(suspicion);

    let results = Results::of(&nights(40, 2, 1.15));
    let regression = contains("REGRESSED  ").and(contains("regressed since 2026-02-08"));
    results.trend().assert().code(3).stdout(regression);
    // Who asks for three gets them.
    let mut patient = results.trend();
    patient.args(["--confirm-nights", "3"]);
    patient.assert().code(0).stdout(contains("regressed? 2 of 3 nights"));
    // And who does not mind 20 % is not told of 15.
    let mut lenient = results.trend();
    lenient.args(["--min-difference", "20%"]);
    lenient.assert().code(0).stdout(contains("STEADY"));
}

#[test]
fn a_change_stays_red_until_it_is_acknowledged() {
    let results = Results::of(&nights(40, 6, 1.3));
    let red = contains("regressed since 2026-02-04").and(contains("changes that lasted"));
    results.trend().assert().code(3).stdout(red);
    let mut acknowledge = results.trend();
    acknowledge.args(["--acknowledge", "etcd/*.p99@2026-02-04", "--note", "OPS-12: \"new\" disks"]);
    acknowledge.assert().code(0).stdout(
        contains("acknowledged: OPS-12: \"new\" disks")
            .and(contains("learning the new level (5 of 8 nights)")),
    );
    let marks = fs::read_to_string(results.path().join("trend-marks.toml")).unwrap();
    assert!(marks.contains("[[acknowledge]]"), "{marks}");
    // From then on without the flag, and the file of marks is no file left out.
    results.trend().assert().code(0).stdout(contains("left out").not());
}

#[test]
fn an_old_change_is_red_until_it_is_acknowledged() {
    let results = Results::of(&nights(60, 20, 1.3));
    let told = contains("REGRESSED  ").and(contains("2026-02-10").and(contains("1.30×")));
    results.trend().assert().code(3).stdout(told);
    let mut acknowledge = results.trend();
    acknowledge.args(["--acknowledge", "*@2026-02-10", "--note", "OPS-12"]);
    acknowledge.assert().code(0).stdout(contains("STEADY"));
}

#[test]
fn an_acknowledgement_takes_the_id_of_a_directory_and_answers_with_a_receipt() {
    let results = Results::of(&nights(40, 6, 1.3));
    let id = "20260204T020000Z-run-cp1";
    let night = results.path().join("run-034.jsonl");
    let execution = results.path().join(id);
    fs::create_dir_all(execution.join("all/disk")).unwrap();
    fs::rename(&night, execution.join("all/disk/001.jsonl")).unwrap();
    fs::write(execution.join("scenario.json"), "{}").unwrap();
    let told = contains("--acknowledge 'etcd/wal.fsync.p99@2026-02-04' --note '…'")
        .and(contains("etcdbench compare '"));
    let mut wide = results.trend();
    wide.env("COLUMNS", "600").assert().code(3).stdout(told);
    let mut acknowledge = results.trend();
    acknowledge.args(["--acknowledge", &format!("*@{id}"), "--note", "OPS-12"]);
    let receipt = contains("trend-marks.toml: * from 20260204T020000Z-run-cp1 on");
    acknowledge.env("COLUMNS", "600").assert().code(0).stdout(receipt);
}

#[test]
fn re_runs_beside_the_newest_night_count_without_being_named() {
    for (again, code) in [(1.3, 3), (1.0, 0)] {
        let results = Results::of(&nights(40, 1, 1.3));
        let execution = results.path().join("20260209T020000Z-run-cp1");
        let place = |folder: &str, name: &str| {
            fs::create_dir_all(execution.join(folder)).unwrap();
            execution.join(folder).join(name)
        };
        fs::rename(results.path().join("run-039.jsonl"), place("all/disk", "001.jsonl")).unwrap();
        fs::write(place("", "scenario.json"), "{}").unwrap();
        for index in 0..2 {
            let path = results.night(50 + index, 10.0 * again * wobble(index), |lines| {
                lines.header.started_at = date(39);
            });
            fs::rename(path, place("reruns", &format!("all-disk.{index:03}.jsonl"))).unwrap();
        }
        results.trend().assert().code(code).stdout(contains("2 re-runs"));
    }
}

#[test]
fn as_many_nights_are_looked_back_on_as_are_asked_for() {
    // Since night 20 it is worse; who looks back on 30 of 60 nights does not know it was ever better.
    let results = Results::of(&nights(60, 40, 1.3));
    results.trend().assert().code(3);
    let mut short = results.trend();
    short.args(["--look-back", "30"]).assert().code(0).stdout(contains("STEADY"));
    let mut none = results.trend();
    none.args(["--look-back", "3"]).assert().code(2).stderr(contains("at least 9 nights"));
}

#[test]
fn re_runs_decide_about_a_suspicion() {
    for (factor, code, words) in
        [(1.3, 3, "3 re-runs confirm it"), (1.0, 0, "3 re-runs do not show it")]
    {
        let results = Results::of(&nights(40, 1, 1.3));
        let again = Results::new();
        let mut command = results.trend();
        command.arg("--confirm");
        for index in 0..3 {
            let path = again.night(index, 10.0 * factor * wobble(index), |lines| {
                lines.header.run_id = format!("again-{index}");
                lines.header.started_at = date(40);
            });
            command.arg(path);
        }
        command.assert().code(code).stdout(contains(words));
    }
}

#[test]
fn re_runs_in_the_same_noise_confirm_nothing() {
    let busy = |lines: &mut Lines| {
        lines.summary.findings = vec![Finding {
            code: "cpu_busy".into(),
            message: "The CPUs were busy 95 % of the time.".to_owned(),
            ..Finding::default()
        }];
    };
    // Of the three re-runs so many while somebody else had the CPUs; all as bad as the night.
    for (disturbed, always, code, words) in [
        (3, false, 0, "re-runs were disturbed, as most nights are not"),
        (3, true, 3, "3 re-runs confirm it"),
        (1, false, 3, "2 re-runs confirm it"),
    ] {
        let results = Results::new();
        for (index, p99) in nights(40, 1, 1.3).into_iter().enumerate() {
            results.night(index, p99, |lines| {
                if always {
                    busy(lines);
                }
            });
        }
        let again = Results::new();
        let mut command = results.trend();
        command.arg("--confirm");
        for index in 0..3 {
            command.arg(again.night(index, 13.0 * wobble(index), |lines| {
                lines.header.run_id = format!("again-{index}");
                lines.header.started_at = date(40);
                if index < disturbed {
                    busy(lines);
                }
            }));
        }
        command.assert().code(code).stdout(contains(words));
    }
}

#[test]
fn a_disturbed_night_says_so() {
    let results = Results::of(&nights(40, 0, 1.0));
    results.night(40, 13.0, |lines| {
        lines.summary.findings = vec![Finding {
            code: "cpu_steal".into(),
            message: "The hypervisor gave 15 % of this machine's CPU time to others.".to_owned(),
            ..Finding::default()
        }];
    });
    let told = contains("in this night, unlike most: The hypervisor gave 15 %");
    results.trend().assert().code(0).stdout(told);
}

#[test]
fn re_runs_among_the_nights_are_no_nights() {
    let results = Results::of(&nights(40, 1, 1.3));
    let again = results.night(40, 13.0, |_| {});
    let mut command = results.trend();
    command.arg("--confirm").arg(again);
    command.assert().code(3).stdout(contains("40 nights").and(contains("one re-run confirms it")));
}

#[test]
fn re_runs_of_something_else_confirm_nothing() {
    let results = Results::of(&nights(40, 1, 1.3));
    let again = Results::new();
    let path = again.night(40, 13.0, |lines| {
        lines.header.environment.host = "cp2".to_owned();
    });
    let mut command = results.trend();
    command.arg("--confirm").arg(path);
    command.assert().code(0).stdout(contains("disk /var/lib/etcd on cp2 confirm nothing"));
}

#[test]
fn too_few_nights_are_no_verdict() {
    let results = Results::of(&nights(5, 0, 1.0));
    let words = contains("NO VERDICT").and(contains("there are 5 nights of"));
    results.trend().assert().code(4).stdout(words);
    Results::new().trend().assert().code(4).stdout(contains("there is no result here"));
}

#[test]
fn what_changed_with_a_change_is_told() {
    let results = Results::new();
    for (index, p99) in nights(40, 10, 1.3).into_iter().enumerate() {
        results.night(index, p99, |lines| {
            let header = &mut lines.header;
            if index >= 30 {
                header.environment.kernel = Some("6.8.0-48".to_owned());
                header.labels.insert("commit".to_owned(), "def".to_owned());
            } else {
                header.labels.insert("commit".to_owned(), "abc".to_owned());
            }
            if index >= 31 {
                header.environment.etcd.insert("version".to_owned(), "3.6.0".to_owned());
            }
        });
    }
    let words = contains("with kernel 6.8.0-45 → 6.8.0-48; label commit abc → def").and(
        predicates::function::function(|page: &str| {
            let words: Vec<&str> = page.split_whitespace().collect();
            words.join(" ").contains("etcd.version unknown → 3.6.0")
        }),
    );
    results.trend().assert().code(3).stdout(words);
}

#[test]
fn histories_are_told_apart_by_what_was_measured_and_where() {
    let results = Results::new();
    for (index, p99) in nights(20, 0, 1.0).into_iter().enumerate() {
        results.night(index, p99, |_| {});
        results.night(100 + index, 3.0 * p99, |lines| {
            lines.header.started_at = date(index);
            lines.header.environment.host = "cp2".to_owned();
        });
    }
    for (index, p99) in nights(20, 0, 1.0).into_iter().enumerate() {
        results.night(200 + index, 2.0 * p99, |lines| {
            lines.header.started_at = date(20 + index);
            lines.header.plan["workload"]["val_size"] = 4096.into();
            // What is not measured by makes no other history.
            lines.header.plan["seed"] = index.into();
        });
    }
    let words = contains("disk /var/lib/etcd on cp1 · plan.workload.val_size 1024 · 20 nights")
        .and(contains("disk /var/lib/etcd on cp1 · plan.workload.val_size 4096 · 20 nights"))
        .and(contains("disk /var/lib/etcd on cp2 · 20 nights"))
        .and(contains("goes on as another history from 2026-01-21 on"))
        .and(contains("on cp2: no run since 2026-01-20"));
    let mut wide = results.trend();
    wide.env("COLUMNS", "400").assert().code(0).stdout(words);
}

#[test]
fn hosts_that_come_and_go_can_be_one_machine() {
    let results = Results::new();
    for (index, p99) in nights(20, 0, 1.0).into_iter().enumerate() {
        results.night(index, p99, |lines| {
            lines.header.environment.host = format!("runner-{index}");
        });
    }
    results.trend().assert().code(4).stdout(contains("--one-machine"));
    let mut one = results.trend();
    one.arg("--one-machine");
    one.assert().code(0).stdout(contains("disk /var/lib/etcd · 20 nights"));
    // The label does it too.
    let labelled = Results::new();
    for (index, p99) in nights(20, 0, 1.0).into_iter().enumerate() {
        labelled.night(index, p99, |lines| {
            lines.header.environment.host = format!("runner-{index}");
            lines.header.labels.insert("machine".into(), "c5.large".into());
        });
    }
    labelled.trend().assert().code(0).stdout(contains("on c5.large · 20 nights"));
}

#[test]
fn a_history_that_nobody_continues_fails_nothing() {
    let results = Results::of(&nights(40, 3, 1.5));
    for (index, p99) in nights(40, 0, 1.0).into_iter().enumerate() {
        results.night(100 + index, p99, |lines| {
            lines.header.started_at = date(30 + index);
            lines.header.environment.host = "cp2".to_owned();
        });
    }
    results.trend().assert().code(0).stdout(contains("ended").and(contains("STEADY")));
}

#[test]
fn series_that_explain_others_fail_nothing() {
    let results = Results::new();
    for (index, p99) in nights(40, 3, 1.5).into_iter().enumerate() {
        results.night(index, 10.0 * wobble(index), |lines| {
            let steady = 10.0 * wobble(index);
            lines.summary.phases =
                vec![phase(&[("wal.fsync", steady), ("wal.fsync.fresh", p99), ("put.lag", p99)])];
        });
    }
    let words = contains("etcd/wal.fsync.fresh.p99")
        .and(contains("(informational)"))
        .and(contains("put.lag").not());
    results.trend().assert().code(0).stdout(words);
}

#[test]
fn nothing_is_left_out_in_silence() {
    let results = Results::of(&nights(20, 0, 1.0));
    let file = |name: &str, text: &str| fs::write(results.path().join(name), text).unwrap();
    file("notes.txt", "not a result");
    file("empty.jsonl", "");
    file("other.jsonl", "{\"some\": \"thing\"}\n");
    file("future.jsonl", "{\"type\":\"header\",\"schema\":\"9.0\"}\n");
    file("torn.jsonl", "{\"type\":\"header\",\"schema\":\"1.0\",\"to");
    fs::copy(results.path().join("run-003.jsonl"), results.path().join("copy.jsonl")).unwrap();
    fs::create_dir(results.path().join("older")).unwrap();
    results.night(300, 10.0, |lines| lines.header.started_at = "yesterday".into());
    let words = contains("notes.txt: not named *.jsonl")
        .and(contains("empty.jsonl: line 1: the file is empty"))
        .and(contains("other.jsonl: line 1: this is not a result of etcdbench"))
        .and(contains("future.jsonl: written in result format 9.0"))
        .and(contains("torn.jsonl: line 1: the header is torn"))
        .and(contains("run-003.jsonl: the same run as"))
        .and(contains("older: a directory; name it by itself"))
        .and(contains("run-300.jsonl: its start 'yesterday' is no time"));
    let mut wide = results.trend();
    wide.env("COLUMNS", "400").assert().code(0).stdout(words);
}

#[test]
fn a_run_that_was_killed_is_a_night_all_the_same() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/examples/good-disk.jsonl");
    let text = fs::read_to_string(&example).unwrap();
    let (whole, _summary) = text.trim_end().rsplit_once('\n').unwrap();
    let results = Results::new();
    fs::write(results.path().join("killed.jsonl"), format!("{whole}\n")).unwrap();
    let mut json = results.trend();
    let output = json.args(["--format", "json"]).output().unwrap();
    let trend: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let history = &trend["histories"][0];
    assert_eq!(history["nights"][0]["note"], "the run was killed");
    let series = history["series"].as_array().unwrap();
    let fsync = series.iter().find(|s| s["series"] == "etcd/wal.fsync.p99");
    assert!(fsync.unwrap()["values"][0].as_f64().unwrap() > 1e5);
}

#[test]
fn a_phase_that_was_cut_short_is_left_out_and_named() {
    let mut p99s = nights(40, 0, 1.0);
    p99s[39] = 50.0;
    let results = Results::of(&p99s);
    results.night(39, 50.0, |lines| {
        lines.summary.complete = false;
        lines.summary.interrupted = true;
        lines.summary.phases[0].length_ns /= 3;
    });
    let words = contains("the run was interrupted; phase etcd was cut short and is left out")
        .and(contains("no value"));
    results.trend().assert().code(4).stdout(words);
}

#[test]
fn first_and_last_line_say_the_same_as_the_whole_file() {
    for name in ["good-disk", "slow-disk"] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("results/examples/{name}.jsonl"));
        let whole = result::read(&path).unwrap();
        let (header, summary) = result::read_ends(&path).unwrap();
        assert_eq!(
            serde_json::to_string(&(header, summary)).unwrap(),
            serde_json::to_string(&(whole.header, whole.summary)).unwrap()
        );
    }
}

#[test]
fn a_file_without_its_last_end_of_line_has_no_summary_yet() {
    let results = Results::of(&[10.0]);
    let path = results.path().join("run-000.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.trim_end()).unwrap();
    assert!(result::read_ends(&path).unwrap().1.is_none());
    let header = text.lines().next().unwrap();
    fs::write(&path, format!("{header}\n")).unwrap();
    assert!(result::read_ends(&path).unwrap().1.is_none());
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let results = Results::of(&nights(12, 0, 1.0));
    let directory = results.path().to_str().unwrap();
    let table: &[(&[&str], i32, &[&str])] = &[
        (&["nowhere"], 1, &["nowhere", "open"]),
        (&["nowhere/*.jsonl"], 2, &["no file matches 'nowhere/*.jsonl'"]),
        (&["[", "--confirm-nights", "2"], 2, &["'[' is no pattern"]),
        (&[directory, "--confirm-nights", "0"], 2, &["--confirm-nights 0", "1 to 7"]),
        (&[directory, "--confirm-nights", "99"], 2, &["1 to 7"]),
        (&[directory, "--min-difference", "0"], 2, &["--min-difference 0"]),
        (&[directory, "--min-difference", "ten"], 2, &["--min-difference", "0.1%"]),
        (&[directory, "--csv", "x.csv"], 2, &["cannot be used with"]),
        (&[directory, "--time", "t"], 2, &["--time", "--csv FILE"]),
        (&[directory, "--acknowledge", "a@2026-01-01"], 2, &["--note"]),
        (&[directory, "--acknowledge", "etcd/wal.fsync.p99", "--note", "x"], 2, &["SERIES@DATE"]),
        (
            &[directory, "--acknowledge", "etcd/wal.fsnyc.p99@2026-01-01", "--note", "x"],
            2,
            &["no series 'etcd/wal.fsnyc.p99'; did you mean 'etcd/wal.fsync.p99'?"],
        ),
        (
            &[directory, "--acknowledge", "*@2027-01-01", "--note", "x"],
            2,
            &["no night of this date", "the newest is of 2026-01-12"],
        ),
        (&[directory, "--marks", "none.toml"], 1, &["none.toml"]),
    ];
    for (args, code, words) in table {
        let mut command = etcdbench();
        let mut assert = command.arg("trend").args(*args).assert().code(*code);
        for word in *words {
            assert = assert.stderr(contains(*word));
        }
    }
    assert!(!results.path().join("trend-marks.toml").exists());
}
