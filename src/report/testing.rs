//! Loads that never happened, for pages that must look right.

use serde_json::json;

use crate::result::Run;
use crate::verdict::load_testing::{Builder, Load, MS, Member, Noise, S, fast};

fn healthy() -> Run {
    Builder::healthy(1)
        .plan(|plan| plan.rules = vec!["put.response.p99 < 50ms".parse().unwrap()])
        .build()
}

/// One disk of three that takes 100 ms, not the leader's.
fn slow_disk() -> Run {
    let slow = Member { fsync_ns: 100 * MS, commit_ns: 180 * MS, ..Member::healthy("m3") };
    Builder::new(2)
        .members(vec![Member::healthy("m1").leading(), Member::healthy("m2"), slow])
        .load(&Load::default())
        .build()
}

/// The client has not enough CPU for what it was told to send.
fn client_limit() -> Run {
    let late = |noise: &mut Noise, _: u64| noise.lognormal(24 * MS, 0.5);
    Builder::new(3)
        .plan(|plan| plan.threads = 1)
        .load(&Load {
            wanted: 9_000,
            reached: 6_400,
            seconds: 10,
            lag: &late,
            thread_use: 0.98,
            ..Load::default()
        })
        .build()
}

/// Three rates, of which the last is too many.
pub fn steps() -> Run {
    let loaded = |noise: &mut Noise, _: u64| noise.lognormal(4 * MS, 0.4);
    let over = |noise: &mut Noise, at: u64| 200 * MS + at / 20 + noise.lognormal(40 * MS, 0.3);
    let step =
        |phase, wanted| Load { phase, seconds: 10, wanted, reached: wanted, ..Load::default() };
    Builder::three(4)
        .plan(|plan| plan.rules = vec!["put.response.p99 < 50ms".parse().unwrap()])
        .steps(&[
            step("rate.1", 500),
            Load { service: &loaded, ..step("rate.2", 1_000) },
            Load { service: &over, reached: 1_100, in_flight_max: 3_900, ..step("rate.3", 1_500) },
        ])
        .build()
}

/// The leader is killed after 12 s; it comes back.
fn leader_killed() -> Run {
    let interrupted = |noise: &mut Noise, at: u64| match at / S {
        12 => 1_400 * MS - (at - 12 * S) + fast(noise, at),
        13 if at < 13 * S + 400 * MS => 13 * S + 400 * MS - at + fast(noise, at),
        _ => fast(noise, at),
    };
    let gap = |ms: u64| json!({ "start_ns": 17 * S, "length_ns": ms * MS });
    Builder::three(5)
        .plan(|plan| plan.verify = true)
        .load(&Load {
            service: &interrupted,
            in_flight_max: 702,
            ..Load::default()
        })
        .failed(&[("leader-changed", 3), ("transport", 11), ("not-sent", 40)])
        .event("steady", "connection.lost", json!({
            "endpoint": "http://10.0.0.1:2379", "class": "transport", "message": "connection reset by peer"
        }))
        .event("steady", "connection.back", json!({ "endpoint": "http://10.0.0.1:2379", "gap_ns": 6_200 * MS }))
        .event("steady", "term", json!({ "from": 2, "to": 3, "endpoint": "http://10.0.0.2:2379" }))
        .event("steady", "leader", json!({ "from": "m1", "to": "m2" }))
        .event("steady", "ack.gap", gap(1_437))
        .event_of("steady", "ack.gap", Some(0), gap(6_213))
        .event_of("steady", "ack.gap", Some(1), gap(1_437))
        .event_of("steady", "ack.gap", Some(2), gap(1_455))
        .set("etcd.state", 0, "is_leader", 12..30, 0.0)
        .set("etcd.state", 1, "is_leader", 13..30, 1.0)
        .event("verify", "verify", json!({
            "acked_keys": 14_102, "checked": 14_102, "lost": 0, "phantom": 0,
            "unknown_applied": 5, "unknown_not_applied": 9, "examples": []
        }))
        .event("cleanup", "cleanup", json!({ "deleted": 14_107, "compacted_to": 15_032, "defragmented": true }))
        .build()
}

/// Every one of them, with its name.
pub fn loads() -> [(&'static str, Run); 5] {
    [
        ("healthy", healthy()),
        ("slow_disk", slow_disk()),
        ("client_limit", client_limit()),
        ("steps", steps()),
        ("leader_killed", leader_killed()),
    ]
}
