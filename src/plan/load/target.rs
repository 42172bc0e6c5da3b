//! Which etcd is driven, and which of its members.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::{Placement, Target};
use crate::error::{Error, Result, usage};
use crate::etcd::Endpoint;
use crate::plan::resolve::{MAX_QUOTA as RECOMMENDED_QUOTA, QUOTA, within};
use crate::spec::LoadSpec;
use crate::units::exact_bytes;

/// The program that is started when no other is named.
pub(super) const ETCD: &str = "etcd";
/// What [`Connect`](crate::plan::Connect) makes of nothing said.
pub(super) const ENDPOINT: &str = "http://127.0.0.1:2379";
/// etcd recommends no more than seven members (etcd.io, FAQ); a throwaway one may have as many.
const MAX_MEMBERS: u32 = 7;
/// What the largest Kubernetes ask for (etcd #22332); above what etcd recommends it warns, and does it.
const MAX_QUOTA: u64 = 32 << 30;
/// A database needs some room to be opened at all, and a load some to write.
const MIN_QUOTA: u64 = 16 << 20;

pub(super) fn target(args: &LoadSpec, endpoints: &[Endpoint]) -> Result<Target> {
    let Some(members) = args.local else {
        for (given, flag) in [
            (args.etcd.is_some(), "--etcd"),
            (args.local_dir.is_some(), "--local-dir"),
            (args.quota.is_some(), "--quota"),
            (!args.etcd_args.is_empty(), "--etcd-arg"),
        ] {
            if given {
                return Err(usage(
                    &[flag, "--local"],
                    format!(
                        "{flag} is about the throwaway etcd that --local starts; add --local or drop {flag}"
                    ),
                ));
            }
        }
        let endpoints = endpoints.iter().map(Endpoint::to_string);
        return Ok(Target::Endpoints(endpoints.collect()));
    };
    let quota_bytes = args.quota.unwrap_or(QUOTA);
    if !(MIN_QUOTA..=MAX_QUOTA).contains(&quota_bytes) {
        return Err(usage(
            &["--quota"],
            format!(
                "--quota {} is out of range; it must be {} to {} (etcd recommends up to {})",
                exact_bytes(quota_bytes),
                exact_bytes(MIN_QUOTA),
                exact_bytes(MAX_QUOTA),
                exact_bytes(RECOMMENDED_QUOTA)
            ),
        ));
    }
    Ok(Target::Local {
        members: within("--local", members, 1, MAX_MEMBERS)?,
        etcd: named("--etcd", args.etcd.as_deref(), ETCD)?,
        directory: directory(args)?,
        quota_bytes,
        arguments: arguments(&args.etcd_args)?,
    })
}

/// What is etcd's own affair. What says where it listens and who belongs to it, or what the rules must know of, is not.
fn arguments(typed: &[String]) -> Result<Vec<String>> {
    const OURS: [(&str, &str); 9] = [
        ("--quota-backend-bytes", "--quota"),
        ("--heartbeat-interval", "--heartbeat-interval"),
        ("--election-timeout", "--election-timeout"),
        ("--name", ""),
        ("--data-dir", "--local-dir"),
        ("--listen-", ""),
        ("--initial-", ""),
        ("--advertise-", ""),
        ("--logger", ""),
    ];
    for argument in typed {
        let refused =
            |why: &str| Err(usage(&["--etcd-arg"], format!("--etcd-arg {argument}: {why}")));
        let flag = argument.split('=').next().unwrap_or_default();
        if !flag.starts_with("--") || flag.len() < 3 {
            return refused(
                "write a flag of etcd's with its value, as in --etcd-arg=--snapshot-count=5000",
            );
        }
        // etcd would take the next argument for its value, if it is one.
        if !argument.contains('=') {
            return refused(
                "write its value behind '=', also of a switch: --etcd-arg=--pre-vote=true",
            );
        }
        let ours = |(theirs, _): &&(&str, &str)| match theirs.ends_with('-') {
            true => flag.starts_with(theirs),
            false => flag == *theirs,
        };
        match OURS.iter().find(ours) {
            Some((_, "")) => return refused("--local decides that; drop it"),
            Some((_, instead)) => {
                return refused(&format!(
                    "the verdict depends on that; pass {instead} to etcdbench instead"
                ));
            }
            None => {}
        }
    }
    Ok(typed.to_vec())
}

impl Target {
    /// Whether it shares the CPUs of the machine that drives it: a throwaway one, or one that is reached over the
    /// loopback.
    pub fn shares_this_machine(&self) -> bool {
        let loops_back = |text: &String| {
            Endpoint::parse(text).is_ok_and(|endpoint| {
                let host = endpoint.host().trim_matches(['[', ']']);
                let address = host.parse::<IpAddr>();
                host == "localhost" || address.is_ok_and(|address| address.is_loopback())
            })
        };
        match self {
            Target::Local { .. } => true,
            Target::Endpoints(endpoints) => endpoints.iter().all(loops_back),
        }
    }
}

pub(super) fn placement(args: &LoadSpec, target: &Target) -> Result<Placement> {
    let Some(text) = args.placement.as_deref() else {
        return Ok(Placement::Spread);
    };
    match (text, target) {
        ("spread", _) => Ok(Placement::Spread),
        ("leader", _) => Ok(Placement::Leader),
        ("followers", Target::Local { members: 1, .. }) => Err(usage(
            &["--connect", "--local"],
            "--connect followers: a single member has none; start more with --local=3",
        )),
        ("followers", _) => Ok(Placement::Followers),
        (_, Target::Local { .. }) => Err(usage(
            &["--connect", "--local"],
            format!(
                "--connect {text}: the members that --local starts have no endpoints yet; it may be spread, leader or \
             followers"
            ),
        )),
        (_, Target::Endpoints(endpoints)) => endpoint(text, endpoints),
    }
}

/// One of the endpoints, by its URL or by what stands in it.
fn endpoint(text: &str, endpoints: &[String]) -> Result<Placement> {
    // All endpoints were parsed once; what is typed without a scheme may be any of them.
    let same = |endpoint: &&String| {
        [false, true].iter().any(|tls| {
            Endpoint::parse_or(text, *tls).is_ok_and(|typed| typed.to_string() == **endpoint)
        })
    };
    let found = endpoints.iter().find(same);
    let found = found.ok_or_else(|| {
        usage(
            &["--connect", "--endpoints"],
            format!(
                "--connect {text}: it must be spread, leader, followers or one of --endpoints: {}",
                endpoints.join(", ")
            ),
        )
    })?;
    Ok(Placement::Endpoint(found.clone()))
}

fn directory(args: &LoadSpec) -> Result<PathBuf> {
    let directory = named("--local-dir", args.local_dir.as_deref(), ".")?;
    std::path::absolute(&directory).map_err(Error::io("resolve", &directory))
}

/// A path that a result can hold.
fn named(flag: &'static str, given: Option<&Path>, default: &str) -> Result<PathBuf> {
    let path = given.unwrap_or(Path::new(default));
    if path.to_str().is_none() {
        return Err(usage(
            &[flag],
            format!(
                "{flag} {}: the name is not UTF-8, which a result file cannot hold; give it by another path",
                path.display()
            ),
        ));
    }
    Ok(path.to_path_buf())
}
