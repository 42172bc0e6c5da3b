//! Keys that earlier loads of ours left behind: killed, or told to leave them.

use crate::error::Result;

use super::Cluster;

/// Below it every load has its keys that was not told another prefix.
pub const OURS: &str = "/etcdbench/";
/// Prefixes that are told apart; each costs a request.
const MOST_PREFIXES: usize = 64;

/// What an earlier load left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What the keys begin with.
    pub prefix: String,
    /// How many there are.
    pub keys: u64,
}

impl Cluster {
    /// What lies below fresh prefixes of loads, and how many keys more there are below prefixes that were not looked at.
    ///
    /// # Errors
    /// When no member answers.
    pub fn leftovers(&mut self) -> Result<(Vec<Leftover>, u64)> {
        let mut found: Vec<Leftover> = Vec::new();
        let mut from = OURS.as_bytes().to_vec();
        // The count of each begins where that of the next ends.
        let mut open: Option<(String, u64)> = None;
        for _ in 0..MOST_PREFIXES {
            let first = self.first_from(OURS.as_bytes(), &from)?;
            let behind = first.as_ref().map_or(0, |(_, count)| *count);
            if let Some((prefix, count)) = open.take() {
                found.push(Leftover { prefix, keys: count.saturating_sub(behind) });
            }
            let Some((first, count)) = first else {
                return Ok((own(found), 0));
            };
            let prefix = group(first.key());
            from = super::keys::after_prefix(prefix.as_bytes());
            open = Some((prefix, count));
        }
        let rest = open.map_or(0, |(_, count)| count);
        Ok((own(found), rest))
    }
}

/// A key's first part below [`OURS`], as a prefix.
fn group(key: &[u8]) -> String {
    let below = &key[OURS.len().min(key.len())..];
    let length = below.iter().position(|byte| *byte == b'/').map_or(below.len(), |at| at + 1);
    format!("{OURS}{}", String::from_utf8_lossy(&below[..length]))
}

fn own(found: Vec<Leftover>) -> Vec<Leftover> {
    found.into_iter().filter(|left| nonce_of(&left.prefix).is_some()).collect()
}

/// What tells the values of the load that made this fresh prefix from those of any other; `None` for a prefix that was
/// chosen by somebody.
pub fn nonce_of(prefix: &str) -> Option<u32> {
    let name = prefix.strip_prefix(OURS)?.strip_suffix('/')?;
    let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    (name.len() == 8 && name.chars().all(hexadecimal))
        .then(|| u32::from_str_radix(name, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_prefix_is_known_by_its_name() {
        assert_eq!(nonce_of("/etcdbench/0000002a/"), Some(42));
        for other in [
            "/etcdbench/running/",
            "/etcdbench/2a/",
            "/etcdbench/0000002A/",
            "/x/",
            "/etcdbench/0000002a",
        ] {
            assert_eq!(nonce_of(other), None, "{other}");
        }
    }

    #[test]
    fn keys_are_grouped_by_their_first_part() {
        assert_eq!(group(b"/etcdbench/0000002a/pods/0001"), "/etcdbench/0000002a/");
        assert_eq!(group(b"/etcdbench/loose"), "/etcdbench/loose");
    }
}
