//! How long a load lasts, and with that its rates: alone on the machine, for a tenth of a second makes the difference.

use etcdbench::result::Run;

use crate::support::etcd::Fresh;
use crate::support::load::{self, number};
use crate::support::needs::{Need, needs};

fn rate(run: &Run, series: &str) -> f64 {
    let summary = run.summary.as_ref().expect("the run has a summary");
    let phase = summary.phases.iter().find(|phase| phase.phase == "steady").expect("a phase");
    let found = phase.series.iter().find(|found| found.series == series);
    found.expect("the series").rate_per_s
}

#[test]
fn a_load_lasts_as_long_as_it_was_to() {
    needs!(Need::Program("etcd"));
    let etcd = Fresh::packaged();
    for (flags, due, per_s) in [
        ("--rate 0.4 --duration 5s", 2, 0.4),
        ("--rate 2 --duration 3s", 6, 2.0),
        ("--rate 10 --total 20", 20, 10.0),
    ] {
        let run = load::run(&etcd.address(), &format!("put {flags} --warmup 0s --conns 1")).read();
        assert_eq!(number(&run, "load.phase", "due"), due, "{flags}");
        let told = rate(&run, "put.response");
        // A load of so many puts lasts until the last is answered.
        let due_s = due as f64 / per_s;
        let longest_s = load::steady(&run, "put.response").total.max_ns() as f64 / 1e9;
        let waited_s = if flags.contains("--total") { longest_s } else { 0.0 };
        let least = due as f64 / (due_s + waited_s);
        assert!((least * 0.97..per_s * 1.03).contains(&told), "{flags}: {told}/s");
    }
}
