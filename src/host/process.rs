//! A process of this machine that listens on a port: what it got of the CPUs.

use std::collections::BTreeSet;
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};

use crate::system::System;
use crate::system::mount;

/// What a process got of the CPUs since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// How long its threads ran.
    pub ran_ns: u64,
    /// How long its threads were ready and waited (`/proc/PID/schedstat`, Documentation/scheduler/sched-stats).
    pub waited_ns: u64,
    /// How long its control group was throttled (`cpu.stat`).
    pub throttled_ns: u64,
}

/// The process on this machine that listens where an endpoint leads; none where it is another machine, or may not be seen.
pub fn listener(host: &str, port: u16) -> Option<u32> {
    let addresses = (host, port).to_socket_addrs().ok()?;
    let here = |ip: IpAddr| ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok();
    addresses.into_iter().any(|address| here(address.ip())).then_some(())?;
    let system = System::live();
    let sockets = listening(&system, port);
    let processes = std::fs::read_dir("/proc").ok()?;
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.into_iter().find(|pid: &u32| {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files.filter_map(|file| std::fs::read_link(file.path()).ok()).any(|target| {
            let target = target.to_string_lossy();
            let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            inode.is_some_and(|inode| sockets.contains(inode))
        })
    })
}

/// Inodes of the sockets that listen on a port (`/proc/net/tcp`: state 0A).
fn listening(system: &System, port: u16) -> BTreeSet<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let text = tables.iter().filter_map(|table| system.read(table)).collect::<Vec<_>>().join("\n");
    let of = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let local = fields.get(1)?.rsplit_once(':')?.1;
        let listens = fields.get(3) == Some(&"0A");
        let same = u16::from_str_radix(local, 16).ok() == Some(port);
        (listens && same).then(|| fields.get(9).map(|inode| (*inode).to_owned())).flatten()
    };
    text.lines().filter_map(of).collect()
}

/// What a process got until now; none where it is gone.
pub fn cpu_times(pid: u32) -> Option<CpuTimes> {
    let mut times = CpuTimes::default();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        let mut numbers = text.split_whitespace().filter_map(|n| n.parse::<u64>().ok());
        times.ran_ns += numbers.next().unwrap_or_default();
        times.waited_ns += numbers.next().unwrap_or_default();
    }
    times.throttled_ns = throttled(&System::live(), pid).unwrap_or_default();
    Some(times)
}

fn throttled(system: &System, pid: u32) -> Option<u64> {
    let mounts = mount::table(system);
    let groups = system.read(format!("/proc/{pid}/cgroup"))?;
    groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, group) = (fields.next()?, fields.next()?);
        let hierarchy = mounts.iter().find(|mount| match controllers {
            "" => mount.filesystem == "cgroup2",
            all => {
                all.split(',').any(|one| one == "cpu")
                    && mount.filesystem == "cgroup"
                    && mount.options.iter().any(|option| option == "cpu")
            }
        })?;
        let visible = match hierarchy.root.as_str() {
            "/" => group,
            root => group.strip_prefix(root).unwrap_or("/"),
        };
        let path = format!("{}{}/cpu.stat", hierarchy.point, visible.trim_end_matches('/'));
        let text = system.read(path)?;
        text.lines().find_map(|line| {
            let (name, number) = line.split_once(' ')?;
            let number: u64 = number.trim().parse().ok()?;
            match name {
                "throttled_time" => Some(number),
                "throttled_usec" => Some(number.saturating_mul(1_000)),
                _ => None,
            }
        })
    })
}
