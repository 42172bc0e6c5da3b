//! fio's output, in all its forms.

use std::fs;

use etcdbench::exit::Verdict;
use etcdbench::plan::{ImportPlan, Layout};
use etcdbench::result::{Run, SeriesSummary};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use super::place::*;
use crate::support::needs::{Need, needs};

fn figures<'a>(run: &'a Run, series: &str) -> &'a SeriesSummary {
    let summary = run.summary.as_ref().unwrap();
    let mut all = summary.phases[0].series.iter();
    all.find(|found| found.series == series).unwrap()
}

fn quantile(run: &Run, q: f64) -> u64 {
    let found = figures(run, "wal.fsync").quantiles.iter();
    found.into_iter().find(|found| (found.q - q).abs() < 1e-9).unwrap().value_ns
}

fn plan(run: &Run) -> ImportPlan {
    serde_json::from_value(run.header.plan.clone()).unwrap()
}

fn told(text: &str, percent: &str) -> u64 {
    let document: Value = serde_json::from_str(text).unwrap();
    let percentiles = &document["jobs"][0]["sync"]["lat_ns"]["percentile"];
    percentiles[percent].as_u64().unwrap()
}

/// Within what fio's bins and ours may be off together.
fn near(a: u64, b: u64) -> bool {
    a.abs_diff(b) as f64 <= b as f64 * (1.0 / 128.0 + 0.001)
}

#[test]
fn bins_become_a_histogram_with_fios_own_quantiles() {
    let run = Place::new().imported("fio", "fio.json", FIO_BINS);
    let phase = run.phase("fio").unwrap();
    let syncs = phase.series("wal.fsync").unwrap();
    assert!(syncs.told.is_none());
    assert_eq!(syncs.total.count(), 911);
    assert_eq!((syncs.total.min_ns(), syncs.total.max_ns()), (75_402, 1_811_803));
    for (q, percent) in [(0.5, "50.000000"), (0.9, "90.000000"), (0.99, "99.000000")] {
        let (ours, theirs) = (quantile(&run, q), told(FIO_BINS, percent));
        assert!(near(ours, theirs), "p{percent}: {ours} and {theirs}");
    }
    let quantiles = &figures(&run, "wal.fsync").quantiles;
    assert!(
        quantiles.iter().all(|q| q.low_ns.is_none() && q.high_ns.is_none()),
        "nothing is known of when what happened, so nothing of the doubt: {quantiles:?}"
    );
    assert_eq!(phase.series("wal.write").unwrap().total.count(), 911);
    assert_eq!(phase.length_ns, 154_000_000);
}

#[test]
fn percentiles_are_kept_as_they_were_told_and_nothing_is_made_up() {
    for text in [FIO, TROUBLESHOOT] {
        let run = Place::new().imported("fio", "fio.json", text);
        let syncs = run.phase("fio").unwrap().series("wal.fsync").unwrap();
        assert_eq!(syncs.total.count(), 0, "no samples came with it");
        let found = figures(&run, "wal.fsync");
        assert!(found.told && found.count == 911);
        assert_eq!(quantile(&run, 0.99), told(FIO, "99.000000"));
        assert_eq!(quantile(&run, 0.5), told(FIO, "50.000000"));
        let p99 = found.quantiles.iter().find(|q| q.q == 0.99).unwrap();
        assert!(!p99.resolvable, "nine samples lie beyond it");
        assert_eq!((p99.low_ns, p99.high_ns, p99.design_effect), (None, None, None));
        assert!(has(&run, "fio_quantiles"));
    }
}

#[test]
fn the_text_has_units_in_its_headings() {
    let run = Place::new().imported("fio", "fio.txt", FIO_TEXT);
    let syncs = figures(&run, "wal.fsync");
    assert_eq!((syncs.count, syncs.min_ns, syncs.max_ns), (911, 75_000, 431_000));
    assert_eq!(quantile(&run, 0.99), 322_000);
    assert_eq!(quantile(&run, 0.9999), 433_000);
    assert_eq!(figures(&run, "wal.write").max_ns, 211_000);
    let plan = plan(&run);
    assert_eq!(plan.options["bs"], "2300");
    assert_eq!((plan.layout, plan.options_complete), (Layout::Fresh, false));
    let in_ms = FIO_TEXT
        .replace("sync (usec)", "sync (msec)")
        .replace("sync percentiles (usec)", "sync percentiles (msec)");
    let run = Place::new().imported("fio", "slow.txt", &in_ms);
    assert_eq!(quantile(&run, 0.99), 322_000_000);
    let old_file = FIO_TEXT.replace("etcd-wal: Laying out IO file (1 file / 2MiB)\n", "");
    let run = Place::new().imported("fio", "old.txt", &old_file);
    assert!(has(&run, "fio_overwrote"));
}

#[test]
fn of_several_documents_the_last_whole_one_counts() {
    let first = changed(FIO, |document| syncs(document, 7, 1));
    let cut = &FIO_BINS[..FIO_BINS.len() / 2];
    let text = format!("fio: a note {{ }}\n{{\"other\": 1}}\n{first}\n{FIO}\nnote: more\n{cut}");
    let run = Place::new().imported("fio", "fio.json", &text);
    assert_eq!(quantile(&run, 0.5), told(FIO, "50.000000"));
    let remarks = plan(&run).remarks.join("\n");
    assert!(remarks.contains("2 documents"), "{remarks}");
    assert!(remarks.contains("cut off at line"), "{remarks}");
    assert!(has(&run, "import_remark"));
}

#[test]
fn a_foreign_run_never_passes_but_may_fail() {
    let verdict = |text: &str| {
        let run = Place::new().imported("fio", "fio.json", text);
        let summary = run.summary.unwrap();
        (summary.verdict, summary.headline)
    };
    let slow = |document: &mut Value| syncs(document, 100, 20);
    let (good, headline) = verdict(&changed(FIO, |document| syncs(document, 1, 20)));
    assert_eq!(good, Verdict::Warn, "{headline}");
    assert!(headline.starts_with("NOT DISQUALIFIED"), "{headline}");
    let (bad, headline) = verdict(&changed(FIO, slow));
    assert_eq!(bad, Verdict::Fail, "{headline}");
    assert!(headline.starts_with("NOT QUALIFIED  wal.fsync p99 is 35 ms"), "{headline}");
    let (unfair, headline) = verdict(&changed(FIO, |document| {
        slow(document);
        job(document)["job options"]["numjobs"] = json!("16");
    }));
    assert_eq!(unfair, Verdict::Inconclusive, "{headline}");
    assert!(headline.contains("asked for more than etcd"), "{headline}");
    let one_moment = changed(FIO_BINS, |document| {
        let times = &mut job(document)["sync"]["lat_ns"];
        times["bins"]["20000000"] = json!(20);
        times["max"] = json!(20_100_000);
    });
    let (open, headline) = verdict(&one_moment);
    assert_eq!(open, Verdict::Inconclusive, "{headline}");
    assert!(headline.contains("whether in one bad moment"), "{headline}");
}

#[test]
fn what_differs_from_etcd_is_told_from_the_options() {
    for (option, value, code) in [
        ("fdatasync", "8", "fio_sync_every"),
        ("rw", "randwrite", "fio_pattern"),
        ("direct", "1", "fio_direct"),
        ("numjobs", "4", "fio_parallel"),
        ("ioengine", "libaio", "fio_engine"),
        ("fallocate", "none", "fio_growing_file"),
        ("overwrite", "1", "fio_overwrote"),
        ("filename", "/dev/sdb", "fio_raw_device"),
        ("size", "200k", "fio_wrapped"),
        ("rate_iops", "100", "fio_paced"),
        ("unlink", "0", "fio_layout_unknown"),
    ] {
        let with = changed(FIO, |document| {
            job(document)["job options"][option] = json!(value);
        });
        let run = Place::new().imported("fio", "fio.json", &with);
        assert!(has(&run, code), "{option}={value}");
        let plain = Place::new().imported("fio", "fio.json", FIO);
        assert!(!has(&plain, code), "{code} without {option}={value}");
    }
    let fsync = changed(FIO, |document| {
        let options = job(document)["job options"].as_object_mut().unwrap();
        options.remove("fdatasync");
        options.insert("fsync".to_owned(), json!("1"));
    });
    assert!(has(&Place::new().imported("fio", "fio.json", &fsync), "fio_fsync"));
    for (writes, ms, is_said) in [(10, 5_000, true), (10, 155, false), (0, 5_000, false)] {
        let lost = changed(FIO, |document| {
            document["disk_util"][0]["write_ios"] = json!(writes);
            job(document)["write"]["runtime"] = json!(ms);
        });
        let run = Place::new().imported("fio", "fio.json", &lost);
        let said = has(&run, "fio_syncs_not_at_device");
        assert_eq!(said, is_said, "{writes} writes in {ms} ms: fio looks four times a second");
    }
    let wrapped = changed(FIO, |document| {
        document["global options"] = json!({ "size": "200k" });
        job(document)["job options"].as_object_mut().unwrap().remove("size");
    });
    let run = Place::new().imported("fio", "fio.json", &wrapped);
    assert_eq!(run.summary.unwrap().verdict, Verdict::Inconclusive);
}

#[test]
fn secrets_of_other_engines_are_not_kept() {
    let with = changed(FIO, |document| {
        job(document)["job options"]["http_s3_key"] = json!("hunter2");
    });
    let place = Place::new();
    place.imported("fio", "fio.json", &with);
    let kept = fs::read_to_string(place.path("fio.json.jsonl")).unwrap();
    assert!(!kept.contains("hunter2"));
}

#[test]
fn synced_writes_and_microseconds_of_old_fio() {
    let old = json!({
        "fio version": "fio-2.2.10",
        "jobs": [{
            "jobname": "dsync", "error": 0,
            "job options": { "sync": "1", "bs": "4k", "rw": "write" },
            "write": { "total_ios": 2000, "runtime": 4000, "clat": {
                "min": 90, "max": 5000, "mean": 200.5,
                "percentile": { "50.000000": 180, "99.000000": 900, "0.00": 0 },
            }},
        }],
    });
    let run = Place::new().imported("fio", "old.json", &old.to_string());
    let found = figures(&run, "wal.sync");
    assert_eq!((found.count, found.min_ns, found.max_ns), (2000, 90_000, 5_000_000));
    let p99 = found.quantiles.iter().find(|q| q.q == 0.99).unwrap();
    assert_eq!(p99.value_ns, 900_000);
    assert!(p99.resolvable);
}

#[test]
fn jobs_of_one_name_add_up_and_others_must_be_named() {
    let twice = changed(FIO_BINS, |document| {
        let again = job(document).clone();
        document["jobs"].as_array_mut().unwrap().push(again);
    });
    let run = Place::new().imported("fio", "fio.json", &twice);
    assert_eq!(figures(&run, "wal.fsync").count, 2 * 911);
    let place = Place::new();
    let without_bins = changed(FIO, |document| {
        let again = job(document).clone();
        document["jobs"].as_array_mut().unwrap().push(again);
    });
    place.write("two.json", without_bins);
    place
        .import(&["fio", "two.json"])
        .code(1)
        .stderr(contains("two.json:").and(contains("--group_reporting")));
    let clients = changed(FIO, |document| {
        let mut one = job(document).clone();
        one["hostname"] = json!("cp1");
        let mut other = one.clone();
        other["hostname"] = json!("cp2");
        other["sync"]["lat_ns"]["N"] = json!(500);
        let mut all = one.clone();
        all["jobname"] = json!("All clients");
        let document = document.as_object_mut().unwrap();
        document.remove("jobs");
        document.insert("client_stats".to_owned(), json!([one, other, all]));
    });
    place.write("clients.json", clients);
    place
        .import(&["fio", "clients.json"])
        .code(2)
        .stderr(contains("etcd-wal@cp1, etcd-wal@cp2").and(contains("--job")));
    place
        .import(&["fio", "clients.json", "--job", "cp2", "--format", "json"])
        .success()
        .stdout(contains("\"count\": 500").and(contains("\"host\": \"cp2\"")));
    place
        .import(&["fio", "clients.json", "--job", "cp9"])
        .code(2)
        .stderr(contains("has no such job"));
}

#[test]
fn nonsense_is_refused_with_its_line_and_nothing_is_written() {
    let truncated = &FIO[..3000];
    let with = |change: fn(&mut Value)| changed(FIO, change);
    let failed = with(|document| job(document)["error"] = json!(5));
    let nothing = with(|document| {
        job(document)["write"]["total_ios"] = json!(0);
        job(document)["sync"]["lat_ns"]["N"] = json!(0);
    });
    let unsynced = with(|document| {
        job(document)["sync"]["lat_ns"]["N"] = json!(0);
        job(document)["job options"].as_object_mut().unwrap().remove("fdatasync");
    });
    let untimed = with(|document| {
        job(document)["sync"]["lat_ns"]["N"] = json!(0);
        job(document)["job options"]["gtod_reduce"] = json!("1");
    });
    let old = with(|document| {
        document["fio version"] = json!("fio-3.1");
        job(document).as_object_mut().unwrap().remove("sync");
    });
    let no_jobs = with(|document| document["jobs"] = json!([]));
    let disordered = with(|document| {
        let times = &mut job(document)["sync"]["lat_ns"];
        times["percentile"]["50.000000"] = json!(9_000_000);
    });
    let broken = FIO.replace("\"jobs\" : [", "\"jobs\" : nan, [");
    for (text, said) in [
        ("", "bad:1: it is empty"),
        ("wal: hello\n", "bad:1: this is no output of fio"),
        ("{\"a\": 1}", "bad:1: this is no output of fio"),
        (truncated, "bad:121: fio's JSON is cut off here"),
        (broken.as_str(), "bad:6: this is no JSON"),
        (failed.as_str(), "Input/output error"),
        (nothing.as_str(), "job 'etcd-wal' wrote nothing"),
        (unsynced.as_str(), "made 911 writes and no sync"),
        (untimed.as_str(), "gtod_reduce=1 switched fio's clock off"),
        (old.as_str(), "fio-3.1 does not time syncs"),
        (no_jobs.as_str(), "fio tells of no job"),
        (disordered.as_str(), "its percentiles are not in order"),
    ] {
        let place = Place::new();
        place.write("bad", text);
        place.write("good", FIO);
        place
            .import(&["fio", "good", "bad"])
            .code(1)
            .stdout("")
            .stderr(contains(said).and(contains("bad:")));
        assert_eq!(place.files(), ["bad", "good"], "{said}");
    }
    let place = Place::new();
    place.import(&["fio", "nowhere"]).code(1).stderr(contains("nowhere: cannot open"));
}

#[test]
fn results_keep_the_published_schema_and_are_shown_again() {
    let schema = fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/result.schema.json"),
    );
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let place = Place::new();
    for (name, text) in [("bins", FIO_BINS), ("told", FIO), ("text", FIO_TEXT)] {
        place.imported("fio", name, text);
        let to = format!("{name}.jsonl");
        for line in fs::read_to_string(place.path(&to)).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let error = validator.iter_errors(&line).next();
            assert!(error.is_none(), "{}: {line}", error.unwrap());
        }
        place
            .run(&["report", &to], "")
            .success()
            .stdout(contains("NOT DISQUALIFIED").and(contains("wal.fsync p99")));
        place.run(&["report", &to, "--strict"], "").code(3);
        place
            .run(&["report", &to, "--format", "csv"], "")
            .success()
            .stdout(contains(",fio,wal.fsync,,911,0,"));
    }
}

#[test]
fn several_files_and_stdin() {
    let place = Place::new();
    place.write("a.json", FIO);
    place.write("b.json", FIO_BINS);
    place.import(&["fio", "a.json", "b.json", "--name", "recipe", "--label", "rack=b7"]).success();
    let results = fs::read_dir(place.path("results")).unwrap().count();
    assert_eq!(results, 2);
    let done = place.run(&["import", "fio", "-", "--format", "json"], FIO);
    let document: Value = serde_json::from_slice(&done.get_output().stdout).unwrap();
    assert_eq!(document["header"]["kind"], "import");
    assert_eq!(document["header"]["name"], "etcd-wal");
    assert_eq!(document["header"]["started_at"], "2026-11-22T03:51:31.128Z");
    place
        .import(&["fio", "a.json", "--result", "b.json"])
        .code(2)
        .stderr(contains("never overwritten"));
}

#[test]
fn a_long_line_of_nonsense_is_refused_at_once() {
    let place = Place::new();
    place.write("bad", format!("{{\"jobs\": [{}", "{]".repeat(500_000)));
    let began = std::time::Instant::now();
    place.import(&["fio", "bad"]).code(1).stderr(contains("bad:1: this is no JSON"));
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn a_real_fio_is_understood() {
    needs!(Need::Program("fio"));
    let place = Place::new();
    for (format, histogram) in [("json+", true), ("json", false), ("normal", false)] {
        let output = std::process::Command::new("fio")
            .current_dir(place.path(""))
            .args(["--name=wal", "--rw=write", "--ioengine=sync", "--fdatasync=1"])
            .args(["--size=400k", "--bs=2300", "--unlink=1"])
            .arg(format!("--output-format={format}"))
            .output()
            .unwrap();
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        let run = place.imported("fio", &format!("out-{format}"), &text);
        let syncs = run.phase("fio").unwrap().series("wal.fsync").unwrap();
        // 400 KiB in writes of 2300 bytes, a sync after each.
        assert_eq!(syncs.count(), 178, "{format}");
        assert_eq!(syncs.told.is_none(), histogram, "{format}");
    }
}
