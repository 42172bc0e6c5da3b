//! How fast logs are read, and in how much memory: `cargo bench --bench logs [-- MIB]`, a gigabyte if not told.

use std::io::Write as _;
use std::time::Instant;

use etcdbench::{diagnosis, logs};

/// Lines as a busy member prints them: mostly slow applies, whose requests are long.
const LINES: [&str; 5] = [
    r#"{"level":"info","ts":"2026-03-14T02:MM:SS.004Z","caller":"mvcc/index.go:214","msg":"compact tree index","revision":884120}"#,
    r#"{"level":"warn","ts":"2026-03-14T02:MM:SS.611Z","caller":"etcdserver/util.go:166","msg":"apply request took too long","took":"1.840210044s","expected-duration":"100ms","prefix":"read-only range ","request":"key:\"/registry/leases/kube-system/sched\" ","response":"range_response_count:1 size:477"}"#,
    r#"{"level":"info","ts":"2026-03-14T02:MM:SS.700Z","caller":"traceutil/trace.go:171","msg":"trace[90112] linearizableReadLoop","detail":"{readStateIndex:55120; appliedIndex:55118; }","duration":"381.0041ms","start":"2026-04-11T19:55:02.623Z","end":"2026-04-11T19:55:03.004Z","steps":["trace[90112] 'read index received'  (duration: 380.120ms)","trace[90112] 'applied index is now lower than readState.Index'  (duration: 0.88ms)"],"step_count":2}"#,
    r#"{"level":"warn","ts":"2026-03-14T02:MM:SS.902Z","caller":"wal/wal.go:805","msg":"slow fdatasync","took":"2.209871160s","expected-duration":"1s"}"#,
    r#"{"level":"info","ts":"2026-03-14T02:MM:SS.950Z","caller":"mvcc/kvstore_compaction.go:57","msg":"finished scheduled compaction","compact-revision":884120,"took":"95.1ms"}"#,
];

fn main() {
    let mib = std::env::args().filter_map(|arg| arg.parse::<usize>().ok()).next().unwrap_or(1024);
    let file = std::env::temp_dir().join(format!("etcdbench-logs-{}.log", std::process::id()));
    write(&file, mib << 20).expect("the temporary directory has room");
    let begun = Instant::now();
    let read = logs::read(std::slice::from_ref(&file)).expect("it is a log");
    let found = diagnosis::diagnose(&read.members);
    let took = begun.elapsed().as_secs_f64();
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown").to_owned();
    println!(
        "{mib} MiB, {} lines in {took:.2} s: {:.0} MiB/s; {peak}; {found:?}",
        read.lines,
        mib as f64 / took,
        found = found.len()
    );
    let _ = std::fs::remove_file(&file);
}

fn write(file: &std::path::Path, bytes: usize) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    let mut written = 0;
    for n in 0_usize.. {
        let line = LINES[n % LINES.len()];
        let (minute, second) = (n / 300 % 60, n / 5 % 60);
        let line = line.replacen("MM:SS", &format!("{minute:02}:{second:02}"), 1);
        writeln!(out, "{line}")?;
        written += line.len() + 1;
        if written >= bytes {
            break;
        }
    }
    out.flush()
}
