//! Files that may be open: each connection is one.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::error::{Error, Result};

/// What is open beside connections: the result, the metrics of members, sockets of the runtime.
const BESIDE: u64 = 64;

/// Has the system allow as many open files as so many connections take. A shell allows 1,024 at first and more to those
/// who ask, as etcd does.
///
/// # Errors
/// [`Error::Refused`] when it allows fewer.
pub fn allow(connections: u32) -> Result<()> {
    let needed = u64::from(connections) + BESIDE;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|now| now >= needed) {
        return Ok(());
    }
    if limit.maximum.is_some_and(|most| most < needed) {
        return Err(refused(connections, limit.maximum));
    }
    limit.current = Some(needed);
    setrlimit(Resource::Nofile, limit).map_err(|_| refused(connections, limit.maximum))
}

fn refused(connections: u32, most: Option<u64>) -> Error {
    let most = most.map_or_else(|| "no more".to_owned(), |most| format!("only {most}"));
    Error::Refused(format!(
        "{connections} connections are as many open files, and this shell allows {most}; raise its limit (ulimit -Hn, \
         LimitNOFILE=) or use fewer --conns"
    ))
}
