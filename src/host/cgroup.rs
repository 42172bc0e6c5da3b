//! What holds this process back: limits of its own control group and of every parent that can be seen.

use std::collections::BTreeMap;

use crate::system::System;
use crate::system::mount::{self, Mount};

/// Files worth reading per controller (Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/).
const V2_FILES: &[&str] =
    &["io.max", "io.weight", "io.latency", "cpu.max", "memory.max", "memory.high"];
const V1_FILES: &[(&str, &[&str])] = &[
    (
        "blkio",
        &[
            "blkio.throttle.read_bps_device",
            "blkio.throttle.read_iops_device",
            "blkio.throttle.write_bps_device",
            "blkio.throttle.write_iops_device",
        ],
    ),
    ("cpu", &["cpu.cfs_quota_us", "cpu.cfs_period_us"]),
    ("memory", &["memory.limit_in_bytes"]),
];

/// v1 says "no limit" with the largest page-aligned number.
const V1_UNLIMITED: u64 = 1 << 62;

/// Limits in force, as `file` for the own group and `file (group)` for a parent. What says "no limit" is left out.
pub(super) fn limits(system: &System) -> BTreeMap<String, String> {
    let mounts = mount::table(system);
    let own = system.read("/proc/self/cgroup").unwrap_or_default();
    let mut found = BTreeMap::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else {
            continue;
        };
        for (hierarchy, files) in hierarchies(&mounts, controllers) {
            collect(system, hierarchy, group, files, &mut found);
        }
    }
    // A period means something only beside a quota.
    if !found.keys().any(|name| name.starts_with("cpu.cfs_quota_us")) {
        found.retain(|name, _| !name.starts_with("cpu.cfs_period_us"));
    }
    found
}

/// The mounts of the hierarchy that a line of `/proc/self/cgroup` speaks of, with the files to read there.
fn hierarchies<'a>(
    mounts: &'a [Mount],
    controllers: &'a str,
) -> impl Iterator<Item = (&'a Mount, &'static [&'static str])> {
    let v1 = V1_FILES
        .iter()
        .filter(move |(controller, _)| controllers.split(',').any(|name| name == *controller))
        .filter_map(|&(controller, files)| {
            let of_controller = |mount: &&Mount| {
                mount.filesystem == "cgroup" && mount.options.iter().any(|o| o == controller)
            };
            Some((mounts.iter().find(of_controller)?, files))
        });
    let v2 = mounts
        .iter()
        .find(move |mount| controllers.is_empty() && mount.filesystem == "cgroup2")
        .map(|mount| (mount, V2_FILES));
    v1.chain(v2)
}

fn collect(
    system: &System,
    hierarchy: &Mount,
    group: &str,
    files: &[&str],
    found: &mut BTreeMap<String, String>,
) {
    // Without a name space of its own a container sees the host's path, and only its part of the tree.
    let visible = match hierarchy.root.as_str() {
        "/" => group,
        root => group.strip_prefix(root).unwrap_or("/"),
    };
    let mut at = visible.trim_end_matches('/');
    loop {
        for file in files {
            let path = format!("{}{at}/{file}", hierarchy.point);
            let Some(value) = system.read(path).filter(|value| limits_something(value)) else {
                continue;
            };
            let own = at == visible.trim_end_matches('/');
            let name = match (own, at) {
                (true, _) => (*file).to_owned(),
                (false, "") => format!("{file} (/)"),
                (false, parent) => format!("{file} ({parent})"),
            };
            found.insert(name, value.replace('\n', "; "));
        }
        match at.rsplit_once('/') {
            Some((parent, _)) => at = parent,
            None => break,
        }
    }
}

fn limits_something(value: &str) -> bool {
    let unlimited = value == "max"
        || value.starts_with("max ")
        || value == "-1"
        || value == "default 100"
        || value.parse::<u64>().is_ok_and(|number| number >= V1_UNLIMITED);
    !unlimited
}

#[cfg(test)]
mod tests {
    use super::super::tests::imitate;
    use super::*;

    #[test]
    fn version_two_with_a_parent() {
        let (_root, system) = imitate(&[
            ("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
            ("/proc/self/cgroup", "0::/kubepods/pod1\n"),
            (
                "/sys/fs/cgroup/kubepods/pod1/io.max",
                "259:0 rbps=max wbps=max riops=max wiops=400\n8:0 wbps=1000\n",
            ),
            ("/sys/fs/cgroup/kubepods/pod1/cpu.max", "max 100000\n"),
            ("/sys/fs/cgroup/kubepods/pod1/io.weight", "default 100\n"),
            ("/sys/fs/cgroup/kubepods/cpu.max", "200000 100000\n"),
            ("/sys/fs/cgroup/memory.max", "1024\n"),
        ]);
        let found = limits(&system);
        let expected = [
            ("cpu.max (/kubepods)", "200000 100000"),
            ("io.max", "259:0 rbps=max wbps=max riops=max wiops=400; 8:0 wbps=1000"),
            ("memory.max (/)", "1024"),
        ];
        let found: Vec<(&str, &str)> =
            found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn version_one_in_a_container_that_sees_only_its_part() {
        let (_root, system) = imitate(&[
            (
                "/proc/self/mountinfo",
                "35 31 0:30 /docker/abc /sys/fs/cgroup/blkio ro - cgroup cgroup rw,blkio\n\
                 36 31 0:31 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n\
                 37 31 0:32 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
            ),
            (
                "/proc/self/cgroup",
                "7:blkio:/docker/abc\n2:cpu,cpuacct:/docker/abc\n4:memory:/a\n1:name=systemd:/\n",
            ),
            ("/sys/fs/cgroup/blkio/blkio.throttle.write_iops_device", "254:0 400\n"),
            ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"),
            ("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
            ("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n"),
        ]);
        let found = limits(&system);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found["blkio.throttle.write_iops_device"], "254:0 400");
    }
}
