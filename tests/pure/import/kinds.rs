//! Runs of fio that say less than they seem to: what is concluded from each, and what is not.

use etcdbench::exit::Verdict;
use etcdbench::result::{CountKnown, Run};

use super::place::*;
use super::written::*;

fn imported(text: &str) -> Run {
    Place::new().imported("fio", "out.txt", text)
}

fn verdict(run: &Run) -> Verdict {
    run.summary.as_ref().unwrap().verdict
}

fn headline(run: &Run) -> &str {
    &run.summary.as_ref().unwrap().headline
}

/// All that a page says of it.
fn said(run: &Run) -> String {
    let summary = run.summary.as_ref().unwrap();
    let messages = summary.findings.iter().map(|found| found.message.as_str());
    [summary.headline.as_str()].into_iter().chain(messages).collect::<Vec<_>>().join("\n")
}

#[test]
fn percentiles_that_text_rounds_up_are_intervals() {
    let run = imported(&COARSE.text());
    assert_eq!(verdict(&run), Verdict::Warn, "p99.95 is at most 10 ms: {}", headline(&run));
    assert!(headline(&run).contains("9–10 ms"), "{}", headline(&run));
    let mut over = COARSE;
    over.percentiles[5..].fill(11);
    over.percentiles[16] = 66;
    let run = imported(&over.text());
    assert_eq!(verdict(&run), Verdict::Fail, "more than 10 ms: {}", headline(&run));
    // 999 ms and something, cut: below the election timeout whatever was cut off.
    let long = Written { extremes: (4, 999), ..COARSE };
    assert_ne!(verdict(&imported(&long.text())), Verdict::Fail);
    let longer = Written { extremes: (4, 1_000), ..COARSE };
    assert_eq!(verdict(&imported(&longer.text())), Verdict::Fail);
}

#[test]
fn syncs_that_reach_no_device_never_pass() {
    let memory = Written {
        unit: "nsec",
        ms: 33,
        extremes: (171, 40_211),
        percentiles: [
            180, 191, 201, 211, 221, 231, 241, 251, 262, 270, 282, 302, 410, 502, 780, 1_020,
            11_072,
        ],
        ..GOOD
    };
    let run = imported(&memory.text());
    assert_eq!(verdict(&run), Verdict::Inconclusive);
    assert!(headline(&run).contains("reach no device"), "{}", headline(&run));
    assert!(!said(&run).contains("fresh 4 KiB block"), "{}", said(&run));
    let rules = &run.summary.as_ref().unwrap().rules;
    assert!(rules.iter().all(|rule| rule.margin.is_none()));
    let mut partly = GOOD;
    partly.percentiles[..3].fill(2);
    partly.extremes.0 = 1;
    let run = imported(&partly.text());
    assert_eq!(verdict(&run), Verdict::Inconclusive);
    assert!(headline(&run).contains("10 % of the syncs reached no device"), "{}", headline(&run));
    // The fastest there is takes some 10 µs.
    let fast = Written { unit: "nsec", extremes: (9_000, 90_000), ..GOOD };
    let fast = Written { percentiles: fast.percentiles.map(|us| us * 10), ..fast };
    assert_eq!(verdict(&imported(&fast.text())), Verdict::Warn);
}

#[test]
fn overwritten_files_are_told_and_not_called_fresh() {
    let wrapped = Written { writes: 50_000, syncs: 50_000, ms: 60_000, ..GOOD };
    let old = Written { laid_out: None, ..GOOD };
    for (written, brief) in
        [(wrapped, "its file written 4.99 times over"), (old, "an old file overwritten")]
    {
        let run = imported(&written.text());
        assert_eq!(verdict(&run), Verdict::Inconclusive);
        assert!(headline(&run).contains(brief), "{}", headline(&run));
        assert!(!said(&run).contains("fresh 4 KiB block"), "{}", said(&run));
    }
    assert!(said(&imported(&GOOD.text())).contains("56.2 % of the syncs met a fresh"));
}

#[test]
fn few_syncs_have_no_p99() {
    let one = Written {
        syncs: 1,
        block: 1_048_576,
        engine: "libaio",
        laid_out: Some(9_999),
        unit: "msec",
        extremes: (412, 412),
        percentiles: [413; 17],
        ..GOOD
    };
    let run = imported(&one.text());
    assert_eq!(verdict(&run), Verdict::Inconclusive);
    assert!(headline(&run).contains("1 sync has no p99"), "{}", headline(&run));
    assert!(said(&run).contains("1 sync in 10,029 writes"), "{}", said(&run));
    let dozen = Written { syncs: 12, ..GOOD };
    assert!(headline(&imported(&dozen.text())).contains("12 syncs have no p99"));
    assert!(has(&imported(&dozen.text()), "fio_sync_every"));
}

#[test]
fn many_slow_syncs_disqualify_though_no_time_is_told() {
    // Between 5 and 10 in a hundred.
    for (slow, expected) in [(11, Verdict::Fail), (30, Verdict::Fail)] {
        let mut written = Written { unit: "msec", extremes: (5, 602), ms: 61_000, ..GOOD };
        written.percentiles = [6, 6, 6, 6, 6, 7, 7, 7, 8, 8, 9, slow, 61, 72, 98, 203, 598];
        let run = imported(&written.text());
        assert_eq!(verdict(&run), expected, "{slow} ms: {}", headline(&run));
        assert!(headline(&run).starts_with("NOT QUALIFIED"), "{}", headline(&run));
    }
    // A hiccup of a quarter of a second is no more than that.
    let mut hiccup = Written { ms: 2_000, writes: 1_000, syncs: 1_000, laid_out: Some(2), ..GOOD };
    hiccup.percentiles[12..].copy_from_slice(&[12_000, 12_000, 12_000, 12_100, 12_100]);
    hiccup.extremes.1 = 12_100;
    assert_eq!(verdict(&imported(&hiccup.text())), Verdict::Inconclusive);
}

#[test]
fn what_a_text_tells_is_taken_and_what_it_leaves_out_is_said() {
    let run = imported(&GOOD.text());
    assert_eq!(run.header.started_at, "2026-03-06T21:13:54.793Z");
    assert!(said(&run).contains("Fri Mar 6 21:14:09 2026"), "{}", said(&run));
    assert!(!said(&run).contains("how large its file was"), "{}", said(&run));
    let whole = GOOD.text();
    let cut = whole.split("  cpu ").next().unwrap();
    let run = imported(cut);
    let told = run.phases[0].series[0].told.as_ref().unwrap();
    // The largest is in another bin than p99.99.
    assert_eq!((told.count, told.count_known), (10_000, CountKnown::AtLeast));
    assert_eq!(verdict(&run), Verdict::Warn);
    assert!(said(&run).contains("is not told"), "{}", said(&run));
}

#[test]
fn no_words_of_lost_power_where_devices_were_not_looked_at() {
    for (devices, ms, is_said) in [
        ("", 14_207, false),
        (
            "\nDisk stats (read/write):\n  sdb: ios=0/0, merge=0/0, ticks=0/0, in_queue=0, util=0.00%\n",
            14_207,
            false,
        ),
        (
            "\nDisk stats (read/write):\n  sdb: ios=0/31, merge=0/0, ticks=0/9, in_queue=9, util=1.00%\n",
            14_207,
            true,
        ),
        (
            "\nDisk stats (read/write):\n  sdb: ios=0/31, merge=0/0, ticks=0/9, in_queue=9, util=1.00%\n",
            207,
            false,
        ),
        (
            "\nDisk stats (read/write):\n    dm-0: ios=4/20911, sectors=8/9, merge=0/0, util=9.00%, aggrios=1/2\n  vda: ios=0/21000, merge=0/0, util=9.1%\n",
            14_207,
            false,
        ),
    ] {
        let run = imported(&Written { devices, ms, ..GOOD }.text());
        assert_eq!(said(&run).contains("power"), is_said, "{devices}: {}", said(&run));
    }
}

#[test]
fn what_was_not_timed_is_named() {
    let untimed = Written { syncs: 0, ..GOOD }.text().replace("short=0", "short=10029");
    let old = "job1: (g=0): rw=write, bs=4K-4K/4K-4K/4K-4K, ioengine=sync, iodepth=1\nfio-2.2.10\nStarting 1 \
               process\n\njob1: (groupid=0, jobs=1): err= 0: pid=91: Mon Feb  2 11:00:00 2026\n  write: io=39996KB, \
               bw=4010.1KB/s, iops=1002, runt=  9974msec\n    clat (usec): min=4, max=900, avg=20.10, stdev=9.10\n     \
               issued    : total=r=0/w=9999/d=0, short=r=0/w=0/d=0\n";
    let killed = "journal: (g=0): rw=write, bs=(R) 2300B-2300B, ioengine=sync, iodepth=1\nfio-3.29\nStarting 1 \
                  process\nJobs: 1 (f=1): [W(1)][12.0%][w=90KiB/s][w=40 IOPS][eta 00m:44s]\n";
    let terse = format!("3;fio-3.29;journal;0;0;{}\n", "0;".repeat(120));
    for (text, said) in [
        (untimed.as_str(), "made 10,029 syncs and timed none"),
        (old, "fio-2.2.10 does not time syncs: it made 9,999 writes"),
        (killed, "it was killed, or ended before one began"),
        (terse.as_str(), "terse output (--minimal), which has no times of syncs"),
        (BENCHMARK, "this is a report of etcd's benchmark"),
    ] {
        let place = Place::new();
        place.write("out.txt", text);
        let done = place.import(&["fio", "out.txt"]).code(1);
        let error = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn options_that_take_the_sense_out_of_syncs_are_named() {
    let with = |key: &str, value: &str| {
        let text = changed(FIO, |document| {
            syncs(document, 1, 20);
            job(document)["write"]["total_ios"] = (20 * 911).into();
            job(document)["job options"][key] = value.into();
        });
        imported(&text)
    };
    assert_eq!(verdict(&with("sync", "0")), Verdict::Warn);
    let opened = with("sync", "dsync");
    assert_eq!(verdict(&opened), Verdict::Inconclusive);
    assert!(headline(&opened).contains("synced already"), "{}", headline(&opened));
    let read = changed(FIO, |document| job(document)["read"]["total_ios"] = 400.into());
    assert!(has(&imported(&read), "fio_reads"));
    let early = changed(FIO, |document| {
        let options = job(document)["job options"].as_object_mut().unwrap();
        options.insert("size".to_owned(), "22m".into());
        options.insert("runtime".to_owned(), "5".into());
    });
    let run = imported(&early);
    assert!(said(&run).contains("--runtime=5"), "{}", said(&run));
}
