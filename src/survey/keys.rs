//! Which keys there are, without reading them all: from the first key of a prefix to the first behind it, and of each prefix
//! how many there are and how large some of them are.
//!
//! A range walks the index of all keys in it, whatever its limit, and holds up writes meanwhile (`mvcc/index.go`): so ranges
//! are kept short, and after each comes a pause of several times what it took.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::cluster::{Answered, Outline, Outlines, Prober};
use crate::profile::{Layout, Sample, Sizes, end_of};

/// Values read at a time.
const VALUES: u32 = 10;
/// Prefixes that are told apart.
const MOST_PREFIXES: usize = 300;
/// Prefixes below another; beyond, they are the names of things, and are taken as one. Not below the root of a Kubernetes.
const MOST_BELOW: usize = 64;
/// A part of a prefix with more keys than this is looked into.
const DENSE: u64 = 1_000;
/// How often a part of a part is looked into.
const DEEPEST: u32 = 3;
/// Where a prefix is cut into parts: names are of digits and lower-case letters mostly.
const CUTS: &[u8] = b"-02468aeimqu{";
/// Where the first part of a path below the root of a Kubernetes begins.
const ROOT: &[u8] = b"/registry/";
/// A pause is so many times what the request took, and no shorter than this.
const PAUSES: u32 = 4;
const LEAST_PAUSE: Duration = Duration::from_millis(10);

/// What may be asked for.
pub(super) struct Budget<'a> {
    left: u64,
    sent: u64,
    stop: &'a AtomicBool,
}

impl<'a> Budget<'a> {
    pub(super) fn new(requests: u64, stop: &'a AtomicBool) -> Self {
        Budget { left: requests, sent: 0, stop }
    }

    fn is_spent(&self) -> bool {
        self.left == 0 || self.stop.load(Ordering::Relaxed)
    }
}

/// A prefix.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// How many keys there are.
    pub keys: u64,
    /// They lie right there, beside other prefixes.
    pub bare: bool,
    /// Seconds for which the lease of one of them was granted.
    pub ttl_s: Option<u64>,
    samples: Vec<Sample>,
    leased: f64,
    lease: i64,
}

impl Group {
    /// Some of its keys, which stand for so many.
    fn add(&mut self, first: &[Outline], stand_for: u64) {
        let weight = stand_for as f64 / first.len().max(1) as f64;
        for outline in first {
            self.samples.push(Sample { bytes: outline.value_bytes, weight });
            if outline.lease != 0 {
                self.leased += weight;
                self.lease = outline.lease;
            }
        }
    }

    pub(super) fn leased_share(&self) -> f64 {
        let all: f64 = self.samples.iter().map(|sample| sample.weight).sum();
        if all > 0.0 { self.leased / all } else { 0.0 }
    }

    pub(super) fn sizes(&self) -> Sizes {
        Sizes::of(self.samples.clone())
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By their prefix.
    pub groups: BTreeMap<Vec<u8>, Group>,
    /// Requests that were sent.
    pub requests: u64,
    /// There was more than may be looked at.
    pub cut_short: bool,
}

/// Looks at the keys of one member.
pub(super) struct Keys<'a> {
    prober: &'a mut Prober,
    budget: Budget<'a>,
    layout: Layout,
    patience: Duration,
    /// What lies below each prefix: the ends of prefixes, and keys.
    below: BTreeMap<Vec<u8>, usize>,
    found: Found,
}

impl<'a> Keys<'a> {
    pub(super) fn new(
        prober: &'a mut Prober,
        budget: Budget<'a>,
        layout: Layout,
        patience: Duration,
    ) -> Self {
        Keys { prober, budget, layout, patience, below: BTreeMap::new(), found: Found::default() }
    }

    /// Looks at all keys that begin so.
    pub(super) async fn look(&mut self, prefix: &[u8]) -> Answered<Found> {
        let end = if prefix.is_empty() { vec![0] } else { end_of(prefix) };
        let mut from = if prefix.is_empty() { vec![0] } else { prefix.to_vec() };
        loop {
            let until = bound(&from, &end);
            from = self.step(&from, &until).await?.unwrap_or(until);
            if from == end {
                break;
            }
            if self.budget.is_spent() || self.found.groups.len() >= MOST_PREFIXES {
                self.found.cut_short |= self.rest(&from, &end).await?;
                break;
            }
        }
        self.spread_out().await?;
        self.leases().await?;
        let mut found = std::mem::take(&mut self.found);
        found.requests = self.budget.sent;
        Ok(found)
    }

    async fn ask(&mut self, from: &[u8], end: &[u8], limit: u32) -> Answered<Outlines> {
        self.budget.sent += 1;
        self.budget.left = self.budget.left.saturating_sub(1);
        let begun = Instant::now();
        let answer = self.prober.outlines((from, end), limit, self.patience).await?;
        tokio::time::sleep((begun.elapsed() * PAUSES).max(LEAST_PAUSE)).await;
        Ok(answer)
    }

    /// The first key of a range and what belongs to it; gives where to go on, or nothing where the range holds no key.
    async fn step(&mut self, from: &[u8], until: &[u8]) -> Answered<Option<Vec<u8>>> {
        let first = self.ask(from, until, 1).await?;
        let Some(outline) = first.first.into_iter().next() else {
            return Ok(None);
        };
        let place = self.layout.place(&outline.key);
        let (prefix, bare) = (place.prefix.to_vec(), place.bare);
        match self.crowded(&prefix, bare) {
            // What has no structure from the beginning on is one as far as the root of a Kubernetes.
            Some(crowded) if ROOT.starts_with(&crowded) => {
                self.rest(&outline.key, until).await?;
                return Ok(Some(until.to_vec()));
            }
            Some(crowded) => return self.take_whole(crowded).await.map(Some),
            None => {}
        }
        if bare {
            let group = self.found.groups.entry(prefix).or_default();
            (group.keys, group.bare) = (group.keys + 1, true);
            let next = [&outline.key[..], &[0]].concat();
            group.add(&[outline], 1);
            return Ok(Some(next));
        }
        self.take_whole(prefix).await.map(Some)
    }

    /// The shortest prefix above this one with too many below it, now that this one is.
    fn crowded(&mut self, prefix: &[u8], bare: bool) -> Option<Vec<u8>> {
        let mut above: Vec<&[u8]> = Layout::above(prefix).filter(|one| *one != prefix).collect();
        above.push(prefix);
        let mut crowded = None;
        // Of each its own next part; of the last, where keys lie right there, the key.
        for (index, one) in above.iter().enumerate() {
            let is_new = match above.get(index + 1) {
                Some(child) => {
                    let inside = child.to_vec()..end_of(child);
                    self.found.groups.range(inside).next().is_none()
                }
                None if bare => true,
                None => continue,
            };
            let count = self.below.entry(one.to_vec()).or_default();
            *count += usize::from(is_new);
            if *count > MOST_BELOW && *one != ROOT && crowded.is_none() {
                crowded = Some(one.to_vec());
            }
        }
        crowded
    }

    /// Takes all keys with a prefix as one group, those that were told apart so far among them; gives what is behind them.
    async fn take_whole(&mut self, prefix: Vec<u8>) -> Answered<Vec<u8>> {
        let end = if prefix.is_empty() { vec![0] } else { end_of(&prefix) };
        let from = if prefix.is_empty() { vec![0] } else { prefix.clone() };
        self.found.groups.retain(|other, _| !other.starts_with(&prefix));
        let some = self.ask(&from, &end, VALUES).await?;
        let mut group = Group { keys: some.count, ..Group::default() };
        group.add(&some.first, some.count);
        self.found.groups.insert(prefix, group);
        Ok(end)
    }

    /// A range as one; tells whether there is any key in it.
    async fn rest(&mut self, from: &[u8], end: &[u8]) -> Answered<bool> {
        if from == end {
            return Ok(false);
        }
        let some = self.ask(from, end, VALUES).await?;
        if some.count > 0 {
            let group = self.found.groups.entry(Vec::new()).or_default();
            (group.keys, group.bare) = (group.keys + some.count, true);
            group.add(&some.first, some.count);
        }
        Ok(some.count > 0)
    }

    /// Looks at more of the prefixes with many keys: what comes first is not like everything.
    async fn spread_out(&mut self) -> Answered<()> {
        let mut large: Vec<(u64, Vec<u8>)> = self
            .found
            .groups
            .iter()
            .filter(|(_, group)| group.keys > u64::from(VALUES) && !group.bare)
            .map(|(prefix, group)| (group.keys, prefix.clone()))
            .collect();
        large.sort_by(|a, b| b.cmp(a));
        for (keys, prefix) in large {
            if self.budget.is_spent() {
                return Ok(());
            }
            let mut group = Group { keys, ..Group::default() };
            let end = if prefix.is_empty() { vec![0] } else { end_of(&prefix) };
            self.parts(&prefix, &end, &mut group).await?;
            // A budget that ended in the midst leaves what came first.
            if !group.samples.is_empty() && !self.budget.is_spent() {
                self.found.groups.insert(prefix, group);
            }
        }
        Ok(())
    }

    /// Samples of each part of a prefix; of one with most of the keys, of each part of that.
    async fn parts(&mut self, prefix: &[u8], end: &[u8], group: &mut Group) -> Answered<()> {
        let all = group.keys;
        let mut open = vec![(prefix.to_vec(), prefix.to_vec(), end.to_vec(), 0)];
        while let Some((base, from, end, depth)) = open.pop() {
            let cuts = CUTS.iter().map(|byte| [&base[..], &[*byte]].concat());
            let inside = cuts.filter(|cut| cut > &from && (end == [0] || cut < &end));
            let bounds: Vec<Vec<u8>> =
                [from.clone()].into_iter().chain(inside).chain([end.clone()]).collect();
            for pair in bounds.windows(2) {
                if self.budget.is_spent() {
                    return Ok(());
                }
                let some = self.ask(&pair[0], &pair[1], VALUES).await?;
                let dense = some.count > DENSE && some.count * 2 > all && depth < DEEPEST;
                let deeper = common(&some.first).filter(|common| dense && *common > base);
                match deeper {
                    Some(common) => {
                        open.push((common, pair[0].clone(), pair[1].clone(), depth + 1));
                    }
                    None => group.add(&some.first, some.count),
                }
            }
        }
        Ok(())
    }

    /// For how long leases are granted, asked of one for each prefix.
    async fn leases(&mut self) -> Answered<()> {
        let leased: Vec<(Vec<u8>, i64)> = self
            .found
            .groups
            .iter()
            .filter(|(_, group)| group.lease != 0)
            .map(|(prefix, group)| (prefix.clone(), group.lease))
            .collect();
        for (prefix, lease) in leased {
            if self.budget.is_spent() {
                return Ok(());
            }
            self.budget.sent += 1;
            self.budget.left = self.budget.left.saturating_sub(1);
            // One that may not be asked for, or is gone, is not known.
            let ttl_s = self.prober.granted_ttl_s(lease).await.ok().flatten();
            if let Some(group) = self.found.groups.get_mut(&prefix) {
                group.ttl_s = ttl_s;
            }
        }
        Ok(())
    }
}

/// Where a range that begins here ends at the latest: below the root of a Kubernetes behind all resources that begin with
/// the same letter, so that a small one is not looked for among the keys of a large one.
fn bound(from: &[u8], end: &[u8]) -> Vec<u8> {
    let earlier =
        |bound: Vec<u8>| if end == [0] || bound.as_slice() < end { bound } else { end.to_vec() };
    if from < ROOT {
        return earlier(ROOT.to_vec());
    }
    match from.strip_prefix(ROOT) {
        // Names of resources begin with a letter.
        Some(rest) if rest.first().is_none_or(|letter| *letter < b'a') => {
            earlier([ROOT, b"a"].concat())
        }
        Some([letter, ..]) if *letter < b'z' => earlier([ROOT, &[letter + 1]].concat()),
        Some(_) => earlier(end_of(ROOT)),
        None => end.to_vec(),
    }
}

/// What keys have in common.
fn common(keys: &[Outline]) -> Option<Vec<u8>> {
    let (first, last) = (&keys.first()?.key, &keys.last()?.key);
    let alike = first.iter().zip(last).take_while(|(a, b)| a == b).count();
    Some(first[..alike].to_vec())
}

#[cfg(test)]
mod tests {
    use super::bound;

    fn bounds(from: &str, end: &[u8]) -> String {
        bound(from.as_bytes(), end).escape_ascii().to_string()
    }

    #[test]
    fn a_resource_is_looked_for_among_those_of_its_letter() {
        let all = &[0][..];
        assert_eq!(bounds("\0", all), "/registry/");
        assert_eq!(bounds("/registry/", all), "/registry/a");
        assert_eq!(bounds("/registry/a", all), "/registry/b");
        assert_eq!(bounds("/registry/pods0", all), "/registry/q");
        assert_eq!(bounds("/registry/z", all), "/registry0");
        assert_eq!(bounds("/registry0", all), "\\x00");
        assert_eq!(bounds("/app/a", b"/app0"), "/app0");
        assert_eq!(bounds("/registry/pods/", b"/registry/pods0"), "/registry/pods0");
    }
}
