//! Words of other tools, and ours.

/// A command of each subcommand that can be typed as it stands, or needs a name filled in.
pub(super) const EXAMPLES: [(&str, &str); 14] = [
    ("disk", "etcdbench disk /var/lib/etcd"),
    ("load", "etcdbench load put --local"),
    ("compare", "etcdbench compare old.jsonl new.jsonl"),
    ("merge", "etcdbench merge results/*.jsonl"),
    ("rendezvous", "etcdbench rendezvous --shards 3"),
    ("report", "etcdbench report results/*.jsonl"),
    ("import", "etcdbench import fio fio.json"),
    ("trend", "etcdbench trend results"),
    ("check", "etcdbench check --endpoints 127.0.0.1:2379"),
    ("profile", "etcdbench profile --output mine.toml"),
    ("logs", "etcdbench logs /var/log/etcd.log"),
    ("run", "etcdbench run --list"),
    ("completions", "etcdbench completions bash"),
    ("man", "etcdbench man"),
];

/// Operations.
pub(super) const OPERATIONS: [(&str, &str); 20] = [
    ("get", "range"),
    ("read", "range"),
    ("reads", "range"),
    ("list", "range"),
    ("scan", "range"),
    ("set", "put"),
    ("puts", "put"),
    ("write", "put"),
    ("writes", "put"),
    ("update", "put"),
    ("insert", "put"),
    ("del", "delete"),
    ("rm", "delete"),
    ("remove", "delete"),
    ("subscribe", "watch"),
    ("watches", "watch"),
    ("transaction", "txn"),
    ("cas", "txn"),
    ("compaction", "compact"),
    ("grant", "lease"),
];

/// Words where a subcommand belongs.
pub(super) const WORDS: [(&str, &str); 40] = [
    ("put", "etcdbench load put"),
    ("range", "etcdbench load range"),
    ("watch", "etcdbench load watch"),
    ("txn", "etcdbench load txn"),
    ("mixed", "etcdbench load mixed"),
    ("lease", "etcdbench load lease"),
    ("fio", "etcdbench import fio fio.json, or etcdbench disk DIR to measure"),
    ("benchmark", "etcdbench load put"),
    ("perf", "etcdbench load put, or etcdbench disk DIR before etcd is installed"),
    ("bench", "etcdbench load put, or etcdbench disk DIR before etcd is installed"),
    ("test", "etcdbench disk /var/lib/etcd"),
    ("fsync", "etcdbench disk /var/lib/etcd"),
    ("start", "etcdbench load put --local"),
    ("etcd", "etcdbench load put --local"),
    ("stress", "etcdbench load put --local"),
    ("snapshot", "etcdbench profile"),
    ("record", "etcdbench profile"),
    ("capture", "etcdbench profile"),
    ("nightly", "etcdbench run nightly --history DIR"),
    ("scenario", "etcdbench run --list"),
    ("scenarios", "etcdbench run --list"),
    ("qualify", "etcdbench run qualify"),
    ("soak", "etcdbench disk /var/lib/etcd --soak 30m"),
    ("version", "etcdbench --version"),
    ("diff", "etcdbench compare old.jsonl new.jsonl"),
    ("cmp", "etcdbench compare old.jsonl new.jsonl"),
    ("show", "etcdbench report results/*.jsonl"),
    ("view", "etcdbench report results/*.jsonl"),
    ("plot", "etcdbench report results/*.jsonl --charts charts"),
    ("chart", "etcdbench report results/*.jsonl --charts charts"),
    ("charts", "etcdbench report results/*.jsonl --charts charts"),
    ("export", "etcdbench report results/*.jsonl --export openmetrics"),
    ("history", "etcdbench trend results"),
    ("status", "etcdbench check"),
    ("health", "etcdbench check"),
    ("doctor", "etcdbench check"),
    ("diagnose", "etcdbench check"),
    ("join", "etcdbench merge results/*.jsonl"),
    ("log", "etcdbench logs /var/log/etcd.log"),
    ("manual", "etcdbench man"),
];

/// Flags that a subcommand lacks, and what does the same there.
pub(super) const FLAGS: [(&str, &str, &str); 45] = [
    ("disk", "--duration", "etcdbench disk DIR --soak 5m"),
    ("disk", "--time", "etcdbench disk DIR --soak 5m"),
    ("disk", "--runtime", "etcdbench disk DIR --soak 5m"),
    ("disk", "-d", "etcdbench disk DIR --soak 5m"),
    ("disk", "--dir", "etcdbench disk /var/lib/etcd"),
    ("disk", "--directory", "etcdbench disk /var/lib/etcd"),
    ("disk", "--filename", "etcdbench disk /var/lib/etcd"),
    ("disk", "--data-dir", "etcdbench disk /var/lib/etcd"),
    ("disk", "--endpoints", "etcdbench load put --endpoints http://127.0.0.1:2379"),
    ("disk", "--local", "etcdbench load put --local"),
    ("disk", "--size", "etcdbench disk DIR --val-size 1KiB"),
    ("disk", "--bs", "etcdbench disk DIR --val-size 1KiB"),
    ("disk", "--ioengine", "etcdbench disk DIR --engine uring"),
    ("disk", "--iodepth", "etcdbench disk DIR --clients 10"),
    ("disk", "--numjobs", "etcdbench disk DIR --clients 10"),
    ("load", "--profile", "etcdbench load put --rule 'put.response.p99 < 25ms'"),
    ("load", "--neighbour", "etcdbench disk DIR --neighbour bulk"),
    ("load", "--engine", "etcdbench disk DIR --engine uring"),
    ("load", "--soak", "etcdbench load put --duration 1h"),
    ("load", "--time", "etcdbench load put --duration 1m"),
    ("load", "--seconds", "etcdbench load put --duration 1m"),
    ("load", "-d", "etcdbench load put --duration 1m"),
    ("load", "-z", "etcdbench load put --duration 1m"),
    ("load", "-n", "etcdbench load put --total 10000"),
    ("load", "--requests", "etcdbench load put --total 10000"),
    ("load", "--iterations", "etcdbench load put --total 10000"),
    ("load", "-c", "etcdbench load put --clients 100"),
    ("load", "-u", "etcdbench load put --clients 100"),
    ("load", "--vus", "etcdbench load put --clients 100"),
    ("load", "--users", "etcdbench load put --clients 100"),
    ("load", "--concurrency", "etcdbench load put --clients 100"),
    ("load", "--threads", "etcdbench load put --clients 100"),
    ("load", "--steps", "etcdbench load put --rate 500..8000:+500/10s"),
    ("load", "--qps", "etcdbench load put --rate 1000"),
    ("load", "--rps", "etcdbench load put --rate 1000"),
    ("load", "--target", "etcdbench load put --endpoints http://127.0.0.1:2379"),
    ("load", "--host", "etcdbench load put --endpoints http://127.0.0.1:2379"),
    ("load", "--connections", "etcdbench load put --conns 10"),
    ("load", "--directory", "etcdbench load put --local --local-dir DIR"),
    ("run", "--duration", "etcdbench run nightly --set duration=5m"),
    ("run", "--rate", "etcdbench run nightly --set rate=1000"),
    ("profile", "--rate", "etcdbench run mine.toml --scale 2"),
    ("profile", "--scenario", "etcdbench profile --output mine.toml"),
    ("compare", "--baseline", "etcdbench compare old.jsonl new.jsonl"),
    ("report", "--open", "etcdbench report results/*.jsonl --output page.html"),
];

/// Flags of many tools that nothing here is like, whatever the subcommand.
pub(super) const ANYWHERE: [(&str, &str); 6] = [
    ("-v", "--version"),
    ("-V", "--version"),
    ("-f", "--format"),
    ("--out", "--output"),
    ("--out-file", "--output"),
    ("--json", "--format json"),
];

/// What makes the file that a flag names.
pub(super) const MAKES: [(&str, &str); 2] = [
    ("--since", "etcdbench check quota --format json --output before.json"),
    ("--disk", "etcdbench disk /var/lib/etcd --result disk.jsonl"),
];

/// Values that are called otherwise here.
pub(super) const VALUES: [(&str, &str); 10] = [
    ("pdf", "html"),
    ("md", "markdown"),
    ("txt", "text"),
    ("prometheus", "openmetrics"),
    ("prom", "openmetrics"),
    ("hdr", "hlog"),
    ("xml", "junit"),
    ("libaio", "uring"),
    ("io_uring", "uring"),
    ("psync", "sync"),
];

/// What a flag's value is called in help, and a value that can be typed.
pub(super) const PLACEHOLDERS: [(&str, &str); 17] = [
    ("DURATION", "30s"),
    ("RATE", "1000"),
    ("SIZE", "1KiB"),
    ("URL,…", "http://127.0.0.1:2379"),
    ("ENDPOINT,…", "127.0.0.1:2379"),
    ("N", "100"),
    ("FILE", "FILE"),
    ("DIR", "DIR"),
    ("NAME=VALUE", "rate=500"),
    ("WHAT,…", "all"),
    ("KEY=VALUE", "rack=a7"),
    ("ADDRESS", "127.0.0.1:8080"),
    ("PREFIX", "/registry/"),
    ("SHARE", "0.05"),
    ("I/N", "1/3"),
    ("SERIES@DATE", "wal.fsync@2026-01-31"),
    ("TEXT", "'new disk'"),
];

/// What stands for a subcommand, where nothing better is known.
pub(super) fn example(subcommand: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(name, _)| *name == subcommand).map(|(_, command)| *command)
}
