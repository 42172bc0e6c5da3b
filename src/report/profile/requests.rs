//! What a profile asks for, told before.

use crate::plan::ProfilePlan;
use crate::report::requests::request_row;
use crate::units::{counted, format_count, format_duration};

/// As it begins.
pub fn profile_begins(member: &str, requests: u64) -> String {
    format!(
        "looking at the keys of {member}, with {} at most and a pause after each; nothing is written",
        counted(requests, "request")
    )
}

/// When writes are watched.
pub fn profile_goes_on(prefixes: u64, keys: u64, requests: u64, duration_ns: u64) -> String {
    format!(
        "{} below {}, by {}; watching writes for {}",
        counted(keys, "key"),
        counted(prefixes, "prefix"),
        counted(requests, "request"),
        format_duration(duration_ns)
    )
}

/// Every request that a profile sends, and what each needs.
pub fn profile_requests(plan: &ProfilePlan) -> String {
    let endpoints: Vec<String> = plan.connect.endpoints.iter().map(ToString::to_string).collect();
    let mut text = format!(
        "A profile of {} would ask, beginning with {}:\n\n",
        format_duration(plan.duration_ns),
        endpoints.join(", ")
    );
    let mut line = |what: &str, how_often: &str, needs: &str| {
        text += &request_row(what, how_often, needs);
    };
    let keys = match plan.keys.prefix.as_str() {
        "" => "to read all keys".to_owned(),
        prefix => format!("to read {prefix}"),
    };
    line("request", "how often", "needs");
    line("etcdserverpb.Maintenance/Status", "once, each member", "role root (since 3.5.22)");
    line("etcdserverpb.Cluster/MemberList", "once", "nothing");
    line("GET /metrics", "three times, each member", "nothing");
    if plan.connect.security.user.is_some() {
        line("etcdserverpb.Auth/Authenticate", "per connection", "the user and its password");
    }
    let most = format!("at most {}, one member", format_count(plan.keys.requests));
    line("etcdserverpb.KV/Range, serializable, limit 1 or 10", &most, &keys);
    line("etcdserverpb.Lease/LeaseTimeToLive", "once a prefix with leases", "to read its keys");
    line("etcdserverpb.Watch/Watch, one watch", "once, the same member", &keys);
    text += "\nThe member that is asked does not lead, where there is one that does not. After each range comes a pause of \
             four times what it took, at least 10 ms. The watch costs what one more watch of everything costs: each value \
             that is written is sent once more.\n\
             Nothing is written, and no value is kept. Never sent: Put, Txn, DeleteRange, Compact, Defragment, Snapshot, \
             LeaseGrant. Nothing was sent now.\n";
    text
}
