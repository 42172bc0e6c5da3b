//! Facts about the machine. What cannot be found out is left out.

mod cgroup;
pub mod counters;
mod cpu;
pub mod device;
pub mod process;
mod work_unit;

use std::collections::BTreeMap;

use crate::host::device::Dmi;
use crate::result::Environment;
use crate::system::System;

pub use work_unit::work_unit_ns;

/// Kernel settings that bear on write-back and on the engines.
const SYSCTLS: &[&str] = &[
    "vm.dirty_ratio",
    "vm.dirty_background_ratio",
    "vm.dirty_bytes",
    "vm.dirty_background_bytes",
    "vm.dirty_expire_centisecs",
    "vm.dirty_writeback_centisecs",
    "kernel.io_uring_disabled",
];

/// Makers of virtual machines, as firmware names them where no CPU flag tells.
const VIRTUAL_VENDORS: &[&str] = &[
    "QEMU",
    "VMware",
    "innotek",
    "Xen",
    "Parallels",
    "KVM",
    "Virtual Machine",
    "Bochs",
    "Nutanix AHV",
];

/// Everything about this machine but its disk and its etcd.
pub fn environment() -> Environment {
    let uname = rustix::system::uname();
    let text = |field: &std::ffi::CStr| Some(field.to_string_lossy().into_owned());
    let system = System::live();
    Environment {
        host: uname.nodename().to_string_lossy().into_owned(),
        kernel: text(uname.release()),
        arch: text(uname.machine()),
        cpus: cpu::allowed(),
        ..read_from(&system)
    }
}

/// What files tell.
fn read_from(system: &System) -> Environment {
    Environment {
        os: os(system),
        cpu_model: cpu::model(system),
        cpu_governor: system.read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        memory_bytes: memory(system),
        virtualization: virtualization(system),
        container: container(system),
        clocksource: system
            .read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        limits: cgroup::limits(system),
        sysctls: sysctls(system),
        ..Environment::default()
    }
}

fn os(system: &System) -> Option<String> {
    let text = system.read("/etc/os-release").or_else(|| system.read("/usr/lib/os-release"))?;
    text.lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| name.trim_matches(['"', '\'']).to_owned())
}

fn memory(system: &System) -> Option<u64> {
    let text = system.read("/proc/meminfo")?;
    let kib =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().strip_suffix("kB")?;
    kib.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

fn sysctls(system: &System) -> BTreeMap<String, String> {
    SYSCTLS
        .iter()
        .filter_map(|&name| {
            let value = system.read(format!("/proc/sys/{}", name.replace('.', "/")))?;
            Some((name.to_owned(), value))
        })
        .collect()
}

/// `AWS (m5.large)`, `QEMU Standard PC`, or that there is a hypervisor which hides its name.
fn virtualization(system: &System) -> Option<String> {
    let dmi = Dmi::read(system);
    if let Some(cloud) = dmi.cloud() {
        return Some(match dmi.product {
            Some(product) => format!("{cloud} ({product})"),
            None => cloud.to_owned(),
        });
    }
    let firmware = [dmi.vendor, dmi.product].into_iter().flatten().collect::<Vec<_>>().join(" ");
    if VIRTUAL_VENDORS.iter().any(|name| firmware.contains(name)) {
        return Some(firmware);
    }
    if let Some(hypervisor) = system.read("/sys/hypervisor/type") {
        return Some(hypervisor);
    }
    if let Some(hypervisor) = system.read("/proc/device-tree/hypervisor/compatible") {
        return Some(hypervisor.replace('\0', " "));
    }
    cpu::has_flag(system, "hypervisor").then(|| match firmware.as_str() {
        "" => "a hypervisor that hides its name".to_owned(),
        named => named.to_owned(),
    })
}

/// The kind of container. Kubernetes is asked for first: below it there is always another kind.
fn container(system: &System) -> Option<String> {
    let cgroups = ["/proc/self/cgroup", "/proc/1/cgroup"]
        .iter()
        .filter_map(|file| system.read(file))
        .collect::<String>();
    let markers: [(&str, bool); 8] = [
        (
            "kubernetes",
            system.exists("/run/secrets/kubernetes.io")
                || system.exists("/var/run/secrets/kubernetes.io")
                || cgroups.contains("kubepods"),
        ),
        ("podman", system.exists("/run/.containerenv")),
        ("docker", system.exists("/.dockerenv")),
        ("podman", cgroups.contains("libpod")),
        ("docker", cgroups.contains("/docker")),
        ("lxc", cgroups.contains("/lxc")),
        ("containerd", cgroups.contains("containerd")),
        ("nspawn", cgroups.contains("machine.slice")),
    ];
    markers
        .into_iter()
        .find(|(_, found)| *found)
        .map(|(kind, _)| kind.to_owned())
        .or_else(|| system.read("/run/systemd/container"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    pub(super) fn imitate(files: &[(&str, &str)]) -> (tempfile::TempDir, System) {
        let root = tempfile::tempdir().expect("a directory");
        for (path, text) in files {
            let place = root.path().join(path.trim_start_matches('/'));
            std::fs::create_dir_all(place.parent().unwrap_or(Path::new("/"))).expect("a directory");
            std::fs::write(place, text).expect("a file");
        }
        let system = System::imitated(root.path(), |_| None);
        (root, system)
    }

    #[test]
    fn nothing_known_is_nothing_said() {
        let (_root, system) = imitate(&[]);
        let found = read_from(&system);
        assert_eq!(found.os, None);
        assert_eq!(found.memory_bytes, None);
        assert_eq!(found.virtualization, None);
        assert_eq!(found.container, None);
        assert!(found.limits.is_empty() && found.sysctls.is_empty());
    }

    #[test]
    fn a_pod_on_a_cloud() {
        let (_root, system) = imitate(&[
            ("/etc/os-release", "ID=x\nPRETTY_NAME=\"Bottlerocket 1.2\"\n"),
            ("/proc/meminfo", "MemTotal:       16 kB\nMemFree: 1 kB\n"),
            ("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n"),
            ("/sys/class/dmi/id/product_name", "m5.large\n"),
            ("/proc/self/cgroup", "0::/kubepods.slice/pod1\n"),
            ("/proc/sys/vm/dirty_ratio", "20\n"),
        ]);
        let found = read_from(&system);
        assert_eq!(found.os.as_deref(), Some("Bottlerocket 1.2"));
        assert_eq!(found.memory_bytes, Some(16_384));
        assert_eq!(found.virtualization.as_deref(), Some("AWS (m5.large)"));
        assert_eq!(found.container.as_deref(), Some("kubernetes"));
        assert_eq!(found.sysctls["vm.dirty_ratio"], "20");
    }

    #[test]
    fn virtual_machines_with_and_without_a_name() {
        let flags = ("/proc/cpuinfo", "model name : X\nflags\t\t: fpu hypervisor lm\n");
        let (_root, system) = imitate(&[flags]);
        assert_eq!(virtualization(&system).as_deref(), Some("a hypervisor that hides its name"));
        let qemu = ("/sys/class/dmi/id/sys_vendor", "QEMU");
        let (_root, system) = imitate(&[qemu, ("/sys/class/dmi/id/product_name", "Standard PC")]);
        assert_eq!(virtualization(&system).as_deref(), Some("QEMU Standard PC"));
        let dell = ("/sys/class/dmi/id/sys_vendor", "Dell Inc.");
        let (_root, system) = imitate(&[dell]);
        assert_eq!(virtualization(&system), None);
    }

    #[test]
    fn this_machine_has_a_name_and_a_kernel() {
        let found = environment();
        assert!(!found.host.is_empty());
        assert!(found.kernel.is_some() && found.arch.is_some());
        assert!(found.cpus.is_some_and(|cpus| cpus > 0));
        assert!(found.memory_bytes.is_some_and(|bytes| bytes > 1 << 20));
    }
}
