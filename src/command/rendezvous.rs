//! `rendezvous`: the machines of a load meet.

use std::net::SocketAddr;

use crate::cli::RendezvousArgs;
use crate::delivery::print;
use crate::error::{Error, Result, usage};
use crate::exit::Exit;
use crate::plan::{MAX_SHARDS, meeting};
use crate::rendezvous::{self, Met, Request};
use crate::signals;

use super::output::say;

/// They have so long when nothing is said: a preload of some million keys takes minutes.
const DEADLINE_NS: u64 = 600_000_000_000;

pub(super) fn rendezvous(args: &RendezvousArgs) -> Result<Exit> {
    if !(1..=MAX_SHARDS).contains(&args.shards) {
        return Err(usage(
            &["--shards"],
            format!("--shards {}: a load may be made by 1 to {MAX_SHARDS} machines", args.shards),
        ));
    }
    let listen = args.listen.clone().unwrap_or_else(|| format!("0.0.0.0:{}", meeting::PORT));
    let token = meeting::token("--token-file", args.token_file.as_deref())?;
    let open = token.is_none();
    let tell = |line: &str| {
        if !args.quiet {
            say(line);
        }
    };
    let request = Request {
        shards: args.shards,
        listen,
        deadline_ns: args.deadline.unwrap_or(DEADLINE_NS),
        token,
        signalled: signals::watch()?,
    };
    let listening = |address: SocketAddr| {
        if open && !address.ip().is_loopback() {
            tell(
                "warning: there is no token, so anybody who reaches this address may keep the load from beginning; \
                 --token-file names one",
            );
        }
        print(format!("http://{address}\n").as_bytes())
    };
    match rendezvous::run(request, listening, &tell)? {
        Met::Begun(at) => {
            tell(&format!("all {} machines begin at {at}", args.shards));
            Ok(Exit::Ok)
        }
        Met::Over(why) => Err(Error::NotTogether(why)),
        Met::Interrupted => Ok(Exit::Interrupted),
    }
}
