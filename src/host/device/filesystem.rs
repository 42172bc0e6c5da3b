//! What kind of promise a file system can make at all.

/// Where a file system keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// In memory; gone with the power.
    Memory,
    /// On block devices of this machine.
    Local,
    /// In directories of other file systems.
    Stacked,
    /// On another machine, which decides what a sync means.
    Network,
    /// Behind a user-space program, which decides what a sync means.
    UserSpace,
    /// On the host of this virtual machine, which decides what a sync means.
    Host,
    /// Not known to us.
    Unknown,
}

/// Where a file system of this type (as the mount table names it) keeps its data.
pub fn storage(filesystem: &str) -> Storage {
    match filesystem {
        "tmpfs" | "ramfs" | "rootfs" | "devtmpfs" | "hugetlbfs" => Storage::Memory,
        "overlay" | "overlayfs" | "aufs" | "unionfs" | "ecryptfs" => Storage::Stacked,
        "nfs" | "nfs4" | "cifs" | "smb3" | "smbfs" | "ceph" | "lustre" | "afs" | "beegfs"
        | "gpfs" | "glusterfs" | "orangefs" | "pvfs2" | "ncpfs" => Storage::Network,
        "9p" | "virtiofs" | "vboxsf" | "prl_fs" | "vmhgfs" => Storage::Host,
        "ext2" | "ext3" | "ext4" | "xfs" | "btrfs" | "zfs" | "f2fs" | "bcachefs" | "jfs"
        | "reiserfs" | "nilfs2" | "ocfs2" | "gfs2" | "vfat" | "exfat" | "ntfs3" | "squashfs"
        | "erofs" | "iso9660" => Storage::Local,
        "fuse" | "fuseblk" => Storage::UserSpace,
        other if other.starts_with("fuse.") => Storage::UserSpace,
        _ => Storage::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use crate::host::device::filesystem::*;

    #[test]
    fn kinds() {
        assert_eq!(storage("tmpfs"), Storage::Memory);
        assert_eq!(storage("ext4"), Storage::Local);
        assert_eq!(storage("fuse.sshfs"), Storage::UserSpace);
        assert_eq!(storage("nfs4"), Storage::Network);
        assert_eq!(storage("virtiofs"), Storage::Host);
        assert_eq!(storage("overlay"), Storage::Stacked);
        assert_eq!(storage("newfs"), Storage::Unknown);
    }
}
