//! Cloud volumes that burst: what is left of them once the credits are spent, by the provider's own arithmetic.
//!
//! A short run always sees the burst. The guest cannot tell which kind of volume it is, so the message says "if".

use crate::result::{BlockDevice, Severity};

use super::super::evidence::Evidence;
use super::super::facts;
use super::{DiskFinding, Found};

/// AWS, "Amazon EBS General Purpose SSD volumes": gp2 has 3 IOPS per GiB, at least 100, and bursts to 3,000 for 30
/// minutes; from 1,000 GiB on its baseline is no less than the burst.
const GP2_IOPS_PER_GIB: f64 = 3.0;
const GP2_MIN_IOPS: f64 = 100.0;
const GP2_BURST_IOPS: f64 = 3_000.0;
/// Microsoft, "Managed disk bursting": Premium SSD up to P20 (512 GiB) bursts for 30 minutes.
const AZURE_BURSTING_GIB: f64 = 512.0;
/// Writes per WAL sync where they were not counted: data, and a journal commit for about every second one.
const WRITES_PER_SYNC: f64 = 2.0;
const GIB: f64 = 1_073_741_824.0;

pub(super) fn find(evidence: &Evidence) -> Option<Found> {
    if evidence.soaks() {
        return None;
    }
    let disk = evidence.run.header.environment.disk.as_ref()?;
    disk.devices.iter().find_map(|device| {
        let cloud = device.cloud.as_deref()?;
        let gib = device.size_bytes? as f64 / GIB;
        if cloud == "AWS EBS" {
            gp2(device, gib, writes_per_sync(evidence))
        } else if cloud.starts_with("Azure") && cloud.ends_with("disk") {
            azure(device, gib)
        } else {
            None
        }
    })
}

fn writes_per_sync(evidence: &Evidence) -> f64 {
    facts::durability(evidence.run)
        .and_then(|durability| durability.device_writes_per_sync)
        .filter(|writes| *writes >= 1.0)
        .unwrap_or(WRITES_PER_SYNC)
}

fn gp2(device: &BlockDevice, gib: f64, writes_per_sync: f64) -> Option<Found> {
    let baseline = (GP2_IOPS_PER_GIB * gib).max(GP2_MIN_IOPS);
    if baseline >= GP2_BURST_IOPS {
        return None;
    }
    let syncs = baseline / writes_per_sync;
    let what = DiskFinding::Gp2 {
        device: device.name.clone(),
        bytes: (gib * GIB) as u64,
        baseline_iops: baseline,
        syncs_per_s: syncs,
    };
    Some(
        Found::new(what, Severity::Info)
            .number("baseline_iops", baseline)
            .number("syncs_per_s", syncs),
    )
}

fn azure(device: &BlockDevice, gib: f64) -> Option<Found> {
    (gib <= AZURE_BURSTING_GIB).then(|| {
        let what = DiskFinding::AzureDisk(device.name.clone(), (gib * GIB) as u64);
        Found::new(what, Severity::Info)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Builder, S};
    use crate::result::{BlockDevice, Finding};

    fn on(cloud: &str, gib: u64, soak_s: u64) -> Option<Finding> {
        let device = BlockDevice {
            name: "nvme1n1".to_owned(),
            cloud: Some(cloud.to_owned()),
            size_bytes: Some(gib << 30),
            ..BlockDevice::default()
        };
        let mut run = Builder::healthy(1).disk(|disk| disk.devices = vec![device]).build();
        if soak_s > 0 {
            run.header.plan["phases"][2]["duration_ns"] = (soak_s * S).into();
        }
        let summary = crate::report::conclude(&run, true, false, String::new());
        summary.findings.into_iter().find(|finding| finding.code == "burst_credits")
    }

    #[test]
    fn small_volumes_are_told_their_baseline() {
        let found = on("AWS EBS", 20, 0).unwrap();
        assert_eq!(found.numbers["baseline_iops"], 100.0);
        assert!(
            found.message.contains("held to 100 IOPS")
                && found.message.contains("about 50 WAL syncs/s"),
            "{}",
            found.message
        );
        assert!(on("Azure managed disk", 128, 0).is_some());
    }

    #[test]
    fn large_volumes_other_clouds_and_soaked_ones_are_not() {
        assert!(on("AWS EBS", 1024, 0).is_none());
        assert!(on("Azure managed disk", 1024, 0).is_none());
        assert!(on("GCP Persistent Disk", 20, 0).is_none());
        assert!(on("Azure local NVMe", 20, 0).is_none());
        assert!(on("AWS EBS or instance store", 20, 0).is_none());
        assert!(on("AWS EBS", 20, 2700).is_none());
    }
}
