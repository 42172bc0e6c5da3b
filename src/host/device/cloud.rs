//! Which cloud or hypervisor a disk belongs to, by the names it carries.

use crate::result::BlockDevice;
use crate::system::System;

/// Names given to the machine by its firmware.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dmi {
    pub(crate) vendor: Option<String>,
    pub(crate) product: Option<String>,
    pub(crate) bios_vendor: Option<String>,
    pub(crate) bios_version: Option<String>,
    pub(crate) chassis_asset_tag: Option<String>,
}

/// The asset tag of every Azure machine (documented by Microsoft for cloud-init's Azure data source).
const AZURE_ASSET_TAG: &str = "7783-7084-3265-9085-8269-3286-77";

impl Dmi {
    pub(crate) fn read(system: &System) -> Self {
        let field = |name: &str| system.read(format!("/sys/class/dmi/id/{name}"));
        Dmi {
            vendor: field("sys_vendor"),
            product: field("product_name"),
            bios_vendor: field("bios_vendor"),
            bios_version: field("bios_version"),
            chassis_asset_tag: field("chassis_asset_tag"),
        }
    }

    /// The cloud that runs this machine, if its firmware names one.
    pub(crate) fn cloud(&self) -> Option<&'static str> {
        let any = |needle: &str| {
            [&self.vendor, &self.product, &self.bios_vendor, &self.bios_version]
                .into_iter()
                .flatten()
                .any(|text| text.to_lowercase().contains(needle))
        };
        if self.chassis_asset_tag.as_deref() == Some(AZURE_ASSET_TAG) {
            return Some("Azure");
        }
        let clouds = [
            ("amazon", "AWS"),
            ("google", "GCP"),
            ("alibaba", "Alibaba Cloud"),
            ("digitalocean", "DigitalOcean"),
            ("hetzner", "Hetzner Cloud"),
            ("oraclecloud", "OCI"),
            ("openstack", "OpenStack"),
            ("linode", "Linode"),
            ("akamai", "Linode"),
            ("vultr", "Vultr"),
            ("scaleway", "Scaleway"),
        ];
        clouds.into_iter().find(|(needle, _)| any(needle)).map(|(_, cloud)| cloud)
    }
}

/// Model names, longest first where one contains another, and the volume they stand for.
const MODELS: &[(&str, &str)] = &[
    ("Amazon Elastic Block Store", "AWS EBS"),
    ("Amazon EC2 NVMe Instance Storage", "AWS instance store"),
    ("nvme_card-pd", "GCP Persistent Disk"),
    ("nvme_card", "GCP Local SSD"),
    ("PersistentDisk", "GCP Persistent Disk"),
    ("EphemeralDisk", "GCP Local SSD"),
    ("MSFT NVMe Accelerator", "Azure managed disk"),
    ("Microsoft NVMe Direct Disk", "Azure local NVMe"),
    ("Alibaba Cloud Elastic Block Storage", "Alibaba Cloud block storage"),
    ("BlockVolume", "OCI Block Volume"),
    ("QEMU", "QEMU virtual disk"),
    ("VBOX", "VirtualBox virtual disk"),
    ("VMware", "VMware virtual disk"),
];

/// Vendor and model where the model alone says too little.
const VENDORS: &[(&str, &str, &str)] = &[
    ("VMware", "", "VMware virtual disk"),
    ("QEMU", "", "QEMU virtual disk"),
    ("HC", "Volume", "Hetzner Cloud volume"),
    ("DO", "Volume", "DigitalOcean volume"),
    ("Linode", "Volume", "Linode volume"),
    ("Nutanix", "", "Nutanix virtual disk"),
];

/// The volume this device looks like.
pub(super) fn volume(device: &BlockDevice, dmi: &Dmi) -> Option<String> {
    let model = device.model.as_deref().unwrap_or("");
    let vendor = device.vendor.as_deref().unwrap_or("");
    if vendor == "Msft" && model == "Virtual Disk" {
        let name = match dmi.cloud() {
            Some("Azure") => "Azure virtual disk",
            _ => "Hyper-V virtual disk",
        };
        return Some(name.to_owned());
    }
    if let Some((_, name)) = MODELS.iter().find(|(needle, _)| model.contains(needle)) {
        return Some((*name).to_owned());
    }
    if let Some((_, _, name)) = VENDORS.iter().find(|(v, m, _)| vendor == *v && model.contains(m)) {
        return Some((*name).to_owned());
    }
    // Virtual buses carry no model; the machine's firmware is the only hint left.
    match (device.transport.as_deref(), dmi.cloud()) {
        (Some("xen"), Some("AWS")) => Some("AWS EBS or instance store".to_owned()),
        (Some("virtio" | "xen"), Some(cloud)) => Some(format!("{cloud} virtual disk")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::host::device::cloud::*;

    fn device(vendor: &str, model: &str) -> BlockDevice {
        BlockDevice {
            vendor: Some(vendor.to_owned()),
            model: Some(model.to_owned()),
            ..BlockDevice::default()
        }
    }

    #[test]
    fn volumes_by_their_names() {
        let dmi = Dmi::default();
        let volume = |vendor, model| volume(&device(vendor, model), &dmi);
        assert_eq!(volume("", "Amazon Elastic Block Store").as_deref(), Some("AWS EBS"));
        assert_eq!(volume("", "nvme_card-pd").as_deref(), Some("GCP Persistent Disk"));
        assert_eq!(volume("", "nvme_card").as_deref(), Some("GCP Local SSD"));
        assert_eq!(volume("Google", "PersistentDisk").as_deref(), Some("GCP Persistent Disk"));
        assert_eq!(volume("ATA", "QEMU HARDDISK").as_deref(), Some("QEMU virtual disk"));
        assert_eq!(volume("Msft", "Virtual Disk").as_deref(), Some("Hyper-V virtual disk"));
        assert_eq!(volume("", "SAMSUNG MZQL2960HCJR"), None);
    }

    #[test]
    fn firmware_names_the_cloud() {
        let azure = Dmi {
            vendor: Some("Microsoft Corporation".to_owned()),
            chassis_asset_tag: Some(AZURE_ASSET_TAG.to_owned()),
            ..Dmi::default()
        };
        assert_eq!(
            volume(&device("Msft", "Virtual Disk"), &azure).as_deref(),
            Some("Azure virtual disk")
        );
        let hetzner = Dmi { vendor: Some("Hetzner".to_owned()), ..Dmi::default() };
        let virtio = BlockDevice { transport: Some("virtio".to_owned()), ..BlockDevice::default() };
        assert_eq!(volume(&virtio, &hetzner).as_deref(), Some("Hetzner Cloud virtual disk"));
        assert_eq!(volume(&virtio, &Dmi::default()), None);
    }
}
