//! What clients asked for: growth of counters of the members.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::cluster::Prober;
use crate::cluster::metrics::Sample;
use crate::profile::{Gap, Traffic};

const HANDLED: &str = "grpc_server_handled_total";
const MESSAGES: &str = "grpc_server_msg_received_total";
/// A stream of messages, each of which is a request.
const KEEP_ALIVE: &str = "LeaseKeepAlive";
const EVENTS: &str = "etcd_debugging_mvcc_events_total";
const WATCHES: &str = "etcd_debugging_mvcc_watcher_total";
const STREAMS: &str = "etcd_debugging_mvcc_watch_stream_total";
const SENT: &str = "etcd_network_client_grpc_sent_bytes_total";
const STARTED: &str = "process_start_time_seconds";
/// The services of etcd's API that clients use.
const SERVICES: &str = "etcdserverpb.";

/// Counters of one member at one moment.
#[derive(Debug, Clone)]
pub(super) struct Counters {
    at: Instant,
    started: f64,
    methods: BTreeMap<String, f64>,
    events: f64,
    watches: f64,
    streams: f64,
    sent: f64,
}

/// Those of all members, or why they are not known.
pub(super) type Pages = Vec<Result<Counters, String>>;

/// Reads the metrics of all members.
pub(super) async fn read(members: &mut [(String, Prober)], patience: Duration) -> Pages {
    let all = members.iter_mut().map(|(_, prober)| async move {
        let page = prober.page("/metrics", patience).await;
        page.map(|page| Counters::of(&page.text)).map_err(|error| error.message)
    });
    join_all(all).await
}

impl Counters {
    fn of(text: &str) -> Counters {
        let mut read = Counters {
            at: Instant::now(),
            started: 0.0,
            methods: BTreeMap::new(),
            events: 0.0,
            watches: 0.0,
            streams: 0.0,
            sent: 0.0,
        };
        for sample in text.lines().filter_map(Sample::parse) {
            let label = |name: &str| {
                let found = sample.labels().find(|(label, _)| *label == name);
                found.map(|(_, value)| value.into_owned()).unwrap_or_default()
            };
            match sample.name {
                HANDLED if label("grpc_service").starts_with(SERVICES) => {
                    let method = label("grpc_method");
                    if method != KEEP_ALIVE {
                        *read.methods.entry(method).or_default() += sample.value;
                    }
                }
                MESSAGES if label("grpc_method") == KEEP_ALIVE => {
                    *read.methods.entry(KEEP_ALIVE.to_owned()).or_default() += sample.value;
                }
                EVENTS => read.events = sample.value,
                WATCHES => read.watches = sample.value,
                STREAMS => read.streams = sample.value,
                SENT => read.sent = sample.value,
                STARTED => read.started = sample.value,
                _ => {}
            }
        }
        read
    }

    /// What they grew by, summed over the members; absent where none could be read at both ends.
    pub(super) fn growth(
        before: &Pages,
        after: &Pages,
        members: &[(String, Prober)],
        gaps: &mut Vec<Gap>,
    ) -> Option<Traffic> {
        let mut sum: Option<Traffic> = None;
        for ((before, after), (name, _)) in before.iter().zip(after).zip(members) {
            match (before, after) {
                (Ok(before), Ok(after)) if before.started == after.started => {
                    let all = sum.get_or_insert_with(Traffic::default);
                    after.add_to(before, all);
                }
                (Ok(_), Ok(_)) => gaps.push(Gap::Restarted(name.clone())),
                (Err(why), _) | (_, Err(why)) => gaps.push(Gap::NoMetrics(why.clone())),
            }
        }
        sum
    }

    fn add_to(&self, before: &Counters, sum: &mut Traffic) {
        let seconds = (self.at - before.at).as_secs_f64().max(1e-3);
        sum.window_s = sum.window_s.max(seconds);
        for (method, now) in &self.methods {
            let grown = now - before.methods.get(method).copied().unwrap_or(0.0);
            *sum.per_s.entry(method.clone()).or_default() += grown.max(0.0) / seconds;
        }
        sum.events_per_s += (self.events - before.events).max(0.0) / seconds;
        sum.sent_bytes_per_s += (self.sent - before.sent).max(0.0) / seconds;
        // Before the watch of our own.
        sum.watches += before.watches.max(0.0) as u64;
        sum.streams += before.streams.max(0.0) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_summed_over_outcomes_and_messages_of_keep_alives_count() {
        let page = |ranges: u32, alive: u32| {
            Counters::of(&format!(
                "grpc_server_handled_total{{grpc_code=\"OK\",grpc_method=\"Range\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"}} {ranges}\n\
                 grpc_server_handled_total{{grpc_code=\"Unavailable\",grpc_method=\"Range\",grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"}} 5\n\
                 grpc_server_handled_total{{grpc_code=\"OK\",grpc_method=\"Check\",grpc_service=\"grpc.health.v1.Health\",grpc_type=\"unary\"}} 99\n\
                 grpc_server_msg_received_total{{grpc_method=\"LeaseKeepAlive\",grpc_service=\"etcdserverpb.Lease\",grpc_type=\"bidi_stream\"}} {alive}\n\
                 etcd_debugging_mvcc_watcher_total 7\n"
            ))
        };
        let before = page(100, 10);
        let mut after = page(300, 30);
        after.at = before.at + Duration::from_secs(10);
        let mut sum = Traffic::default();
        after.add_to(&before, &mut sum);
        assert_eq!((sum.per_s("Range"), sum.per_s("LeaseKeepAlive"), sum.watches), (20.0, 2.0, 7));
        assert_eq!(sum.per_s("Check"), 0.0);
    }
}
