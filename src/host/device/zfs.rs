//! What only ZFS' own tools can tell.

use std::process::{Command, Stdio};

use crate::system::environment;

/// The block devices of a pool, by path; none when the tool is missing or refuses.
pub(super) fn pool_devices(pool: &str) -> Vec<String> {
    run("zpool", &["list", "-v", "-H", "-P", "-L", pool])
        .map(|text| parse_devices(&text))
        .unwrap_or_default()
}

/// The dataset's `sync` property: `standard`, `always` or `disabled`.
pub(crate) fn sync_property(dataset: &str) -> Option<String> {
    let text = run("zfs", &["get", "-H", "-o", "value", "sync", dataset])?;
    Some(text.trim().to_owned())
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = environment::keep_what_is_needed(&mut Command::new(program))
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// With `-H -P` each device is a tab-separated line whose first non-empty column is its path.
fn parse_devices(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split('\t').find(|column| !column.is_empty()))
        .filter(|name| name.starts_with("/dev/"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::host::device::zfs::parse_devices;

    #[test]
    fn devices_of_a_mirror_with_a_log() {
        let text = "tank\t928G\t1G\t927G\t-\t-\t0%\t0%\t1.00x\tONLINE\t-\n\
                    \tmirror-0\t928G\t1G\t927G\t-\t-\t0%\t0.10%\t-\tONLINE\n\
                    \t/dev/sda1\t931G\t-\t-\t-\t-\t-\t-\t-\tONLINE\n\
                    \t/dev/sdb1\t931G\t-\t-\t-\t-\t-\t-\t-\tONLINE\n\
                    logs\t-\t-\t-\t-\t-\t-\t-\t-\t-\n\
                    \t/dev/nvme0n1p4\t16G\t-\t-\t-\t-\t-\t-\t-\tONLINE\n";
        assert_eq!(parse_devices(text), ["/dev/sda1", "/dev/sdb1", "/dev/nvme0n1p4"]);
    }
}
