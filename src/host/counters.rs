//! What the device, the file system's log and the kernel did meanwhile, second by second.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::record::Emission;
use crate::result::DiskFacts;
use crate::system::System;

use crate::host::device::{DeviceCounters, DeviceReading};

type Values = BTreeMap<String, f64>;

/// How much one source's counters grew over a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct CounterSpan {
    /// Start on the run's clock.
    pub start_ns: u64,
    /// Length of the span.
    pub length_ns: u64,
    /// Whose: `device`, `jbd2`, `xfs`, `psi.io`, `cpu`.
    pub source: &'static str,
    /// Name → growth. Only `in_flight` is no growth but the state at the end.
    pub values: Values,
}

impl CounterSpan {
    /// The same, on its way to the result.
    pub fn into_emission(self, phase: Arc<str>) -> Emission {
        Emission::Counters {
            phase,
            start_ns: self.start_ns,
            length_ns: self.length_ns,
            source: self.source.to_owned(),
            member: None,
            values: self.values,
        }
    }
}

/// Reads every counter that this machine offers. Meant to be asked about once a second.
pub struct CounterSampler {
    system: Arc<System>,
    device: Option<DeviceCounters>,
    device_before: Option<DeviceReading>,
    logs: Vec<Log>,
    before: BTreeMap<&'static str, Values>,
    at_ns: u64,
}

/// A journal's own counters.
struct Log {
    source: &'static str,
    path: String,
    read: fn(&str) -> Option<Values>,
}

impl CounterSampler {
    /// Starts to count at `now_ns` on the run's clock. `device` is what [`DeviceCounters::find`] found.
    pub fn new(facts: &DiskFacts, device: Option<DeviceCounters>, now_ns: u64) -> Self {
        Self::new_in(Arc::new(System::live()), facts, device, now_ns)
    }

    fn new_in(
        system: Arc<System>,
        facts: &DiskFacts,
        device: Option<DeviceCounters>,
        now_ns: u64,
    ) -> Self {
        let mut sampler = CounterSampler {
            logs: logs(&system, facts),
            system,
            device,
            device_before: None,
            before: BTreeMap::new(),
            at_ns: now_ns,
        };
        sampler.sample(now_ns);
        sampler
    }

    /// The growth since the last call, source by source. A source that cannot be read is left out.
    pub fn sample(&mut self, now_ns: u64) -> Vec<CounterSpan> {
        let mut grown = Vec::new();
        grown.extend(self.device_growth().map(|values| ("device", values)));
        for (source, now) in self.readings() {
            let before = self.before.insert(source, now.clone());
            grown.extend(before.map(|before| (source, growth(&before, &now))));
        }
        let start_ns = std::mem::replace(&mut self.at_ns, now_ns);
        grown
            .into_iter()
            .map(|(source, values)| CounterSpan {
                start_ns,
                length_ns: now_ns.saturating_sub(start_ns),
                source,
                values,
            })
            .collect()
    }

    fn device_growth(&mut self) -> Option<Values> {
        let now = self.device.as_ref()?.snapshot()?;
        let grown = now.since(&self.device_before.replace(now)?);
        let mut values = Values::from([
            ("reads".to_owned(), grown.reads as f64),
            ("read_bytes".to_owned(), grown.read_bytes as f64),
            ("writes".to_owned(), grown.writes as f64),
            ("written_bytes".to_owned(), grown.written_bytes as f64),
            ("write_ms".to_owned(), grown.write_ms as f64),
            ("busy_ms".to_owned(), grown.busy_ms as f64),
            ("in_flight".to_owned(), grown.in_flight as f64),
        ]);
        let optional = [("flushes", grown.flushes), ("flush_ms", grown.flush_ms)];
        for (name, value) in optional {
            values.extend(value.map(|value| (name.to_owned(), value as f64)));
        }
        Some(values)
    }

    fn readings(&self) -> Vec<(&'static str, Values)> {
        let mut all = Vec::new();
        for log in &self.logs {
            let values = self.system.read(&log.path).and_then(|t| (log.read)(&t));
            all.extend(values.map(|values| (log.source, values)));
        }
        let pressure = self.system.read("/proc/pressure/io");
        all.extend(pressure.map(|text| ("psi.io", parse_pressure(&text))));
        let stat = self.system.read("/proc/stat");
        all.extend(stat.and_then(|text| Some(("cpu", parse_cpu(&text)?))));
        all
    }
}

fn growth(before: &Values, now: &Values) -> Values {
    now.iter()
        .filter_map(|(name, value)| Some((name.clone(), (value - before.get(name)?).max(0.0))))
        .collect()
}

/// The journal of the first file system: the one the directory lies on.
fn logs(system: &System, facts: &DiskFacts) -> Vec<Log> {
    let Some(device) = facts.devices.first() else {
        return Vec::new();
    };
    // jbd2 names its directory after device and journal inode: `sda1-8` (fs/jbd2/journal.c).
    let jbd2 = system
        .names("/proc/fs/jbd2")
        .into_iter()
        .filter(|name| {
            name.rsplit_once('-')
                .is_some_and(|(of, inode)| of == device.name && inode.parse::<u64>().is_ok())
        })
        .map(|name| Log {
            source: "jbd2",
            path: format!("/proc/fs/jbd2/{name}/info"),
            read: parse_jbd2,
        });
    let path = format!("/sys/fs/xfs/{}/stats/stats", device.name);
    let xfs = system.exists(&path).then_some(Log { source: "xfs", path, read: parse_xfs });
    jbd2.chain(xfs).collect()
}

/// `1234 transactions (1200 requested), each up to 8192 blocks`
fn parse_jbd2(text: &str) -> Option<Values> {
    let (transactions, rest) = text.lines().next()?.split_once(" transactions (")?;
    let (requested, _) = rest.split_once(" requested")?;
    Some(Values::from([
        ("transactions".to_owned(), transactions.trim().parse().ok()?),
        ("requested".to_owned(), requested.parse().ok()?),
    ]))
}

/// The line `log writes blocks noiclogs forces force_sleeps` (fs/xfs/xfs_stats.c).
fn parse_xfs(text: &str) -> Option<Values> {
    let line = text.lines().find_map(|line| line.strip_prefix("log "))?;
    let numbers: Vec<f64> =
        line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    Some(Values::from([
        ("log_writes".to_owned(), *numbers.first()?),
        ("log_blocks".to_owned(), *numbers.get(1)?),
        ("log_forces".to_owned(), *numbers.get(3)?),
    ]))
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=8134101`, in microseconds during which some or all tasks waited.
fn parse_pressure(text: &str) -> Values {
    text.lines()
        .filter_map(|line| {
            let (kind, rest) = line.split_once(' ')?;
            let total = rest.rsplit_once("total=")?.1.parse().ok()?;
            Some((format!("{kind}_us"), total))
        })
        .collect()
}

/// The line `cpu user nice system idle iowait irq softirq steal …` (proc_stat(5)), in seconds of all CPUs together.
fn parse_cpu(text: &str) -> Option<Values> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<f64> = line
        .split_whitespace()
        .take(8) // guest time, which follows, is already in user time
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let per_second = rustix::param::clock_ticks_per_second() as f64;
    let seconds = |field: usize| Some(ticks.get(field)? / per_second);
    let (idle, iowait, steal) = (seconds(3)?, seconds(4)?, seconds(7)?);
    let total = ticks.iter().sum::<f64>() / per_second;
    Some(Values::from([
        ("total_s".to_owned(), total),
        ("busy_s".to_owned(), total - idle - iowait - steal),
        ("iowait_s".to_owned(), iowait),
        ("steal_s".to_owned(), steal),
    ]))
}

#[cfg(test)]
mod tests {
    use crate::host::counters::*;
    use crate::result::BlockDevice;
    use std::path::Path;

    fn values(pairs: &[(&str, f64)]) -> Values {
        pairs.iter().map(|&(n, v)| (n.to_owned(), v)).collect()
    }

    #[test]
    fn journals() {
        let text = "1234 transactions (1200 requested), each up to 8192 blocks\naverage:\n";
        let expected = values(&[("transactions", 1234.0), ("requested", 1200.0)]);
        assert_eq!(parse_jbd2(text), Some(expected));
        assert_eq!(parse_jbd2("nonsense"), None);
        let text = "trans 1 2 3\nlog 10 20 30 40 50\npush_ail 1\n";
        let expected = values(&[("log_writes", 10.0), ("log_blocks", 20.0), ("log_forces", 40.0)]);
        assert_eq!(parse_xfs(text), Some(expected));
    }

    #[test]
    fn pressure_and_cpu() {
        let text = "some avg10=1.06 avg60=0.35 avg300=0.46 total=81\nfull avg10=0.79 total=77\n";
        let expected = values(&[("some_us", 81.0), ("full_us", 77.0)]);
        assert_eq!(parse_pressure(text), expected);
        let found = parse_cpu("cpu  100 0 50 800 30 0 10 10 5 0\ncpu0 1\n").expect("values");
        let tick = 1.0 / rustix::param::clock_ticks_per_second() as f64;
        assert!((found["total_s"] - 1000.0 * tick).abs() < 1e-9);
        assert!((found["busy_s"] - 160.0 * tick).abs() < 1e-9);
        assert!((found["steal_s"] - 10.0 * tick).abs() < 1e-9);
    }

    fn write(root: &Path, path: &str, text: &str) {
        let place = root.join(path);
        std::fs::create_dir_all(place.parent().expect("a parent")).expect("a directory");
        std::fs::write(place, text).expect("a file");
    }

    #[test]
    fn growth_between_two_samples() {
        let root = tempfile::tempdir().expect("a directory");
        let info = "proc/fs/jbd2/dm-0-8/info";
        write(root.path(), info, "10 transactions (5 requested), each\n");
        write(root.path(), "proc/fs/jbd2/dm-1-8/info", "99 transactions (9 requested), each\n");
        let facts = DiskFacts {
            filesystem: Some("ext4".to_owned()),
            devices: vec![BlockDevice { name: "dm-0".to_owned(), ..BlockDevice::default() }],
            ..DiskFacts::default()
        };
        let system = Arc::new(System::imitated(root.path(), |_| None));
        let mut sampler = CounterSampler::new_in(system, &facts, None, 1000);
        write(root.path(), info, "17 transactions (6 requested), each\n");
        let spans = sampler.sample(3000);
        assert_eq!(
            spans,
            [CounterSpan {
                start_ns: 1000,
                length_ns: 2000,
                source: "jbd2",
                values: values(&[("transactions", 7.0), ("requested", 1.0)]),
            }]
        );
        assert_eq!(sampler.sample(4000)[0].values["transactions"], 0.0);
    }

    #[test]
    fn this_machine_offers_its_cpu_time() {
        let mut sampler = CounterSampler::new(&DiskFacts::default(), None, 0);
        let spans = sampler.sample(1);
        assert!(spans.iter().any(|span| span.source == "cpu"));
        assert!(spans.iter().all(|span| span.source != "device"));
    }
}
