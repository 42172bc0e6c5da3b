//! What the client alone can do: `etcdbench load` against a server that does nothing.
//!
//! `cargo bench --bench null_server` tells operations per second of one core, and how late requests leave at a fixed
//! rate; `cargo bench --bench null_server -- --serve 2379` only serves, for a try by hand.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use clap::Parser;
use etcdbench::result::{Counters, Run};
use support::load::{self, errors, quantile, steady};
use support::null_server::{Behaviour, NullServer};
use support::quiet;

/// The 99th percentile of the lag at [`PACED_PER_S`] must stay below.
const LAG_LIMIT: Duration = Duration::from_micros(200);
const PACED_PER_S: u32 = 2_000;
/// Told beside it.
const HELD_PER_S: u32 = 10_000;
const SECONDS: u32 = 5;

#[derive(Parser)]
struct Arguments {
    /// Serve on this port until killed, and measure nothing
    #[arg(long, value_name = "PORT")]
    serve: Option<u16>,
    /// Bytes of the values that reads are answered with
    #[arg(long, default_value_t = 256)]
    val_size: usize,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let behaviour = Behaviour { val_size: arguments.val_size, ..Behaviour::default() };
    if let Some(port) = arguments.serve {
        let server = NullServer::listen(port, behaviour);
        println!("serving on {}", server.endpoint());
        loop {
            std::thread::park();
        }
    }
    let _quiet = quiet::quiet();
    let server = NullServer::start(behaviour);
    println!(
        "| operation | clients | connections | operations/s | client CPU per operation | operations/s of one core |"
    );
    println!("|---|---|---|---|---|---|");
    for operation in ["put", "range"] {
        for (clients, connections) in [(1, 1), (100, 10), (1000, 10)] {
            cost(&server, operation, clients, connections);
        }
    }
    println!();
    let late = pace(&server, PACED_PER_S) > LAG_LIMIT;
    pace(&server, HELD_PER_S);
    if late {
        eprintln!("error: at {PACED_PER_S}/s the lag's p99 is above {} µs", LAG_LIMIT.as_micros());
        std::process::exit(1);
    }
}

fn driven(server: &NullServer, operation: &str, more: &str) -> Run {
    let sizes = "--key-size 32 --val-size 256 --key-space-size 10000 --no-scrape --warmup 1s";
    let more = format!("{operation} {more} {sizes} --duration {SECONDS}s");
    let run = load::run(&server.endpoint(), &more).read();
    let failed = errors(&run, &format!("{operation}.service"));
    assert_eq!(failed, 0, "the null server refuses nothing");
    run
}

/// Prints what the clients of a closed loop cost.
fn cost(server: &NullServer, operation: &str, clients: u32, connections: u32) {
    let more = format!("--clients {clients} --conns {connections}");
    let run = driven(server, operation, &more);
    let done = steady(&run, &format!("{operation}.service")).total.count() as f64;
    let of_clients = |c: &&Counters| c.source == "client" && c.phase == "steady";
    let cpu_s: f64 = run
        .counters
        .iter()
        .filter(of_clients)
        .filter_map(|counters| counters.values.get("cpu_s"))
        .sum();
    println!(
        "| {operation} | {clients} | {connections} | {:.0} | {:.2} µs | {:.0} |",
        done / f64::from(SECONDS),
        cpu_s / done * 1e6,
        done / cpu_s
    );
}

/// Prints how late requests leave at a fixed rate; the 99th percentile.
fn pace(server: &NullServer, rate_per_s: u32) -> Duration {
    let run = driven(server, "put", &format!("--rate {rate_per_s}"));
    let reached = steady(&run, "put.response").total.count() as f64 / f64::from(SECONDS);
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|q| quantile(&run, "put.lag", q));
    let micros = |lag: Duration| lag.as_nanos() as f64 / 1e3;
    println!(
        "{rate_per_s}/s: reached {reached:.0}/s, lag p50 {:.0} µs, p99 {:.0} µs, p99.9 {:.0} µs",
        micros(p50),
        micros(p99),
        micros(p999)
    );
    p99
}
