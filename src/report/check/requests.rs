//! What a check asks for and writes, told before.

use crate::diagnosis::{Diagnosis, Observed};
use crate::plan::CheckPlan;
use crate::report::requests::request_row;
use crate::units::{counted, format_count, format_duration, significant};

/// As the check begins.
pub fn check_begins(members: usize, duration_ns: u64, writes: Option<(&str, u64)>) -> String {
    let members = counted(members as u64, "member");
    let long = format_duration(duration_ns);
    match writes {
        Some((prefix, most)) => format!(
            "looking at {members} for {long}: at most {} small guarded writes below {prefix}, removed afterwards",
            format_count(most)
        ),
        None => format!("looking at {members} for {long}: nothing is written"),
    }
}

/// While it goes on.
pub fn check_goes_on(elapsed_ns: u64, duration_ns: u64) -> String {
    format!("{} of {}", format_duration(elapsed_ns), format_duration(duration_ns))
}

/// One look of several, in a line: when, the answer, why.
pub fn check_line(at: &str, observed: &Observed, found: &[Diagnosis]) -> String {
    let (word, reason) = super::page::answered(observed, found);
    format!("{at}  {word}  {reason}\n")
}

/// Every request that a check sends, and what each needs.
pub fn check_requests(plan: &CheckPlan) -> String {
    let mut text = format!(
        "A check of {} would ask each member, beginning with {}:\n\n",
        format_duration(plan.duration_ns),
        plan.connect.endpoints.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    );
    let mut line = |what: &str, how_often: &str, needs: &str| {
        text += &request_row(what, how_often, needs);
    };
    line("request", "how often", "needs");
    line("etcdserverpb.Maintenance/Status", "at both ends", "role root (since 3.5.22)");
    line("etcdserverpb.Cluster/MemberList", "once", "nothing");
    line("GET /metrics", "at both ends", "nothing");
    line("GET /version", "each round", "nothing");
    if plan.connect.security.user.is_some() {
        line("etcdserverpb.Auth/Authenticate", "per connection", "the user and its password");
    }
    if let Some(rate) = plan.writes_per_s {
        let often = format!("{} each a second", significant(rate));
        line("etcdserverpb.KV/Range, serializable, one key", &often, "to read the prefix");
        line("etcdserverpb.KV/Range, linearizable, one key", &often, "to read the prefix");
        line("etcdserverpb.KV/Txn, guarded put of 256 bytes", &often, "to write the prefix");
        line("etcdserverpb.Lease/LeaseGrant", "once", "nothing");
        line("etcdserverpb.Lease/LeaseRevoke", "once", "to write the prefix");
        let prefix = plan.prefix.as_deref().unwrap_or("/etcdbench/ and a random number/");
        text += &format!(
            "\nWritten: at most {} times one key for each member, of 256 bytes, below {prefix}. The keys are bound to a \
             lease, which is revoked at the end; where the check is killed, they go by themselves within {}.\n",
            format_count(plan.most_writes()),
            format_duration(plan.duration_ns.saturating_add(120_000_000_000))
        );
    } else {
        text += "\nNothing is written, and no key is read.\n";
    }
    text += "Never sent: Maintenance/Alarm (a raft proposal), Defragment, Compact, HashKV, Snapshot. Nothing was sent now.\n";
    text
}
