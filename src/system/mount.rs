//! The mount table.

use super::System;

/// One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The mount id.
    pub id: u64,
    /// `major:minor` of the file system; major 0 when no block device stands behind it.
    pub number: String,
    /// Which directory of the file system is mounted.
    pub root: String,
    /// Where.
    pub point: String,
    /// The file system's type.
    pub filesystem: String,
    /// What is mounted, in the file system's own words.
    pub source: String,
    /// Options of the mount, then those of the file system that the mount does not repeat.
    pub options: Vec<String>,
}

impl Mount {
    /// The value of `name=value` among the options.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    }
}

/// The mount of this id, if this process can see it.
pub fn find(system: &System, id: u64) -> Option<Mount> {
    table(system).into_iter().find(|mount| mount.id == id)
}

/// Every mount this process can see.
pub fn table(system: &System) -> Vec<Mount> {
    let text = system.read("/proc/self/mountinfo").unwrap_or_default();
    text.lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<Mount> {
    let (mount, filesystem) = line.split_once(" - ")?;
    let mut mount = mount.split(' ');
    let id = mount.next()?.parse().ok()?;
    let number = mount.nth(1)?.to_owned();
    let root = unescape(mount.next()?);
    let point = unescape(mount.next()?);
    let mount_options = mount.next()?;
    let mut filesystem = filesystem.split(' ');
    let kind = filesystem.next()?.to_owned();
    let source = unescape(filesystem.next()?);
    let super_options = filesystem.next().unwrap_or("");
    let mut options: Vec<String> = Vec::new();
    for option in mount_options.split(',').chain(super_options.split(',')) {
        let option = unescape(option);
        if !option.is_empty() && !options.contains(&option) {
            options.push(option);
        }
    }
    Some(Mount { id, number, root, point, filesystem: kind, source, options })
}

/// Undoes the kernel's `\040` for space, tab, newline, backslash and `#`.
fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes
            .get(at + 1..at + 4)
            .filter(|digits| bytes[at] == b'\\' && digits.iter().all(|d| (b'0'..=b'7').contains(d)))
            .map(|d| {
                (u16::from(d[0] - b'0') << 6)
                    | (u16::from(d[1] - b'0') << 3)
                    | u16::from(d[2] - b'0')
            })
            .and_then(|code| u8::try_from(code).ok());
        match code {
            Some(byte) => {
                out.push(byte);
                at += 4;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_optional_fields_and_escapes() {
        let mount = parse(
            r"36 35 98:0 /sub /mnt\040one\134two rw,noatime master:1 shared:7 - ext3 /dev/my\040disk rw,errors=continue",
        )
        .expect("a mount");
        assert_eq!(mount.id, 36);
        assert_eq!(mount.number, "98:0");
        assert_eq!(mount.root, "/sub");
        assert_eq!(mount.point, r"/mnt one\two");
        assert_eq!(mount.filesystem, "ext3");
        assert_eq!(mount.source, "/dev/my disk");
        assert_eq!(mount.options, ["rw", "noatime", "errors=continue"]);
        assert_eq!(mount.option("errors"), Some("continue"));
        assert_eq!(mount.option("err"), None);
    }

    #[test]
    fn no_optional_fields() {
        let mount = parse("22 1 0:21 / / ro - overlay overlay rw,lowerdir=/l,upperdir=/u,volatile")
            .expect("a mount");
        assert_eq!(mount.option("upperdir"), Some("/u"));
        assert!(mount.options.contains(&"volatile".to_owned()));
    }

    #[test]
    fn broken_escapes_and_lines_are_left_alone() {
        assert_eq!(unescape(r"a\04"), r"a\04");
        assert_eq!(unescape(r"a\777b\"), r"a\777b\");
        assert_eq!(unescape(r"\303\244"), "ä");
        assert_eq!(parse("36 35 98:0 / /mnt rw"), None);
        assert_eq!(parse(""), None);
    }
}
