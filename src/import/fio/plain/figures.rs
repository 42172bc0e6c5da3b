//! The figures of one job in fio's text.

use crate::import::fio::moment::moment;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::import::fio::output::share;
use crate::import::foreign::{ForeignSeries, Samples};
use crate::import::text::{digits_before, number};

/// Which figures a block is about.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum FigureKind {
    Write,
    Read,
    Sync,
    #[default]
    Other,
}

/// A job's figures, block by block.
#[derive(Debug, Clone, Default)]
pub(super) struct JobText {
    /// Empty where the text begins behind its heading.
    pub name: String,
    pub pid: String,
    /// fio's own words: `Sun Jun 13 10:05:41 2021`, without its spaces.
    pub date: String,
    /// Processes that are summed up in it.
    pub processes: u64,
    pub error: i32,
    /// Where it begins in the text.
    pub at: usize,
    pub part: FigureKind,
    pub write: ForeignSeries,
    pub sync: ForeignSeries,
    pub length_ns: u64,
    /// (bytes, how exact) from the line of the writes.
    io_bytes: Option<(f64, f64)>,
    read_something: bool,
    iops: Option<f64>,
    /// Reads, writes, trims and syncs.
    issued: Vec<u64>,
    /// Short reads; before fio 3.20 or so syncs were counted among them.
    short_reads: u64,
    /// Percents of the I/O by its depth, added up.
    depths: f64,
}

impl JobText {
    /// `0,jobs=1):err=0:pid=8289:SunJun1310:05:412021…`, behind `(groupid=`.
    pub fn begin(name: String, heading: &str, at: usize) -> JobText {
        let after = |key: &str| heading.split_once(key).map(|(_, rest)| rest);
        let (pid, date) = after("pid=").and_then(|rest| rest.split_once(':')).unwrap_or_default();
        JobText {
            name,
            pid: pid.chars().take_while(char::is_ascii_digit).collect(),
            date: date.chars().take(24).collect(),
            processes: after("jobs=").and_then(number).map_or(1, |(jobs, _)| jobs as u64),
            error: after("err=").and_then(number).map_or(0, |(code, _)| code as i32),
            at,
            ..JobText::default()
        }
    }

    /// One whose heading the text has lost.
    pub fn unnamed(at: usize) -> JobText {
        JobText { processes: 1, at, ..JobText::default() }
    }

    /// Whether it holds figures of a part already: a second block of them is of another run.
    pub fn has(&self, part: FigureKind) -> bool {
        match part {
            FigureKind::Write => self.length_ns > 0 || self.write.max_ns > 0,
            FigureKind::Sync => self.sync.max_ns > 0 || !self.sync.quantiles.is_empty(),
            FigureKind::Read | FigureKind::Other => false,
        }
    }

    /// `908,BW=2040.0KiB/s(2089.0kB/s)(22.0MiB/11041msec);…` behind `IOPS=`, or behind fio 2's `io=`
    /// `22525KB,bw=…,iops=1242,runt=8072msec`.
    pub fn direction(&mut self, part: FigureKind, text: &str) {
        self.part = part;
        if part == FigureKind::Read {
            self.read_something = true;
        }
        if part != FigureKind::Write {
            return;
        }
        let (time, io) = match (text.split_once("runt="), text.split_once("msec)")) {
            (Some((_, time)), _) => (Some(time), Some(text)),
            (None, Some((before, _))) => {
                self.iops = number(text).map(|found| found.0);
                let inner = before.rsplit_once('(').map(|(_, inner)| inner);
                let pair = inner.and_then(|inner| inner.split_once('/'));
                (pair.map(|pair| pair.1), pair.map(|pair| pair.0))
            }
            _ => (None, None),
        };
        let ms = time.and_then(number).map_or(0.0, |(ms, _)| ms);
        self.length_ns = self.length_ns.max((ms * 1e6) as u64);
        self.io_bytes = io.and_then(size);
    }

    fn series(&mut self) -> Option<&mut ForeignSeries> {
        match self.part {
            FigureKind::Write => Some(&mut self.write),
            FigureKind::Sync => Some(&mut self.sync),
            _ => None,
        }
    }

    /// `min=590,max=8120,avg=1101.00,stdev=5.00`, in a unit of so many nanoseconds.
    pub fn extremes(&mut self, text: &str, unit: f64) {
        let Some(series) = self.series() else { return };
        let told = |key: &str| text.split_once(key).and_then(|(_, rest)| number(rest));
        // With a `k` behind it a number was rounded to nearest, without it it was cut.
        let low = |(value, last): (f64, f64)| {
            let is_cut = last == 1.0;
            let low = if is_cut { value } else { (value - last / 2.0).max(0.0) };
            ((low * unit) as u64, (last * unit) as u64)
        };
        let (min, max) = (told("min=").map(low), told("max=").map(low));
        if let (Some((min, _)), Some((max, last))) = (min, max) {
            (series.min_ns, series.max_ns) = (min.min(max), max);
            series.cut_ns = if last > 1 { last } else { 0 };
            series.mean_ns = told("avg=").map_or(0.0, |(mean, _)| mean * unit);
        }
    }

    /// `|1.00th=[612],5.00th=[640],…`.
    pub fn percentiles(&mut self, text: &str, unit: f64) {
        let Some(series) = self.series() else { return };
        series.rounded_up_ns = if unit > 1.0 { unit as u64 } else { 0 };
        for (at, _) in text.match_indices("th=[") {
            let percent = digits_before(&text[..at]).trim_start_matches('.').parse::<f64>().ok();
            let rest = &text[at + "th=[".len()..];
            let value = rest.split_once(']').and_then(|(value, _)| {
                let is_whole = value.bytes().all(|byte| byte.is_ascii_digit());
                value.parse::<f64>().ok().filter(|_| is_whole && value.len() < 16)
            });
            if let (Some(percent), Some(value)) = (percent, value)
                && percent > 0.0
                && percent < 100.0
            {
                series.quantiles.push((share(percent), (value * unit) as u64));
            }
        }
    }

    /// `1=200.0%,2=0.0%,…`.
    pub fn depths(&mut self, text: &str) {
        let percents = text.split(',').filter_map(|depth| number(depth.rsplit('=').next()?));
        self.depths = percents.take(7).map(|found| found.0).sum();
    }

    /// `total=0,10029,0,0short=10029,0,0,0dropped=…` or fio 2's `total=r=0/w=10029/d=0,short=…`.
    pub fn issued(&mut self, text: &str) {
        let numbers = |text: &str| -> Vec<u64> {
            let own = text.split(['s', 'd', 'S']).next().unwrap_or_default();
            own.split(',').filter_map(|n| number(n).map(|found| found.0 as u64)).collect()
        };
        let Some((_, totals)) = text.split_once("total=") else { return };
        if let Some(old) = totals.strip_prefix("r=") {
            let after = |key: &str| old.split_once(key).and_then(|(_, rest)| number(rest));
            let count = |found: Option<(f64, f64)>| found.map_or(0, |found| found.0 as u64);
            self.issued = vec![count(number(old)), count(after("w=")), count(after("d="))];
            return;
        }
        self.issued = numbers(totals);
        if let Some((_, short)) = totals.split_once("short=") {
            self.short_reads = numbers(short).first().copied().unwrap_or(0);
        }
    }

    fn told_issued(&self, index: usize) -> u64 {
        self.issued.get(index).copied().unwrap_or(0)
    }

    /// Reads, at least one where they are not counted.
    pub fn reads(&self) -> u64 {
        self.told_issued(0).max(u64::from(self.read_something))
    }

    /// How many writes there were, from their count, or else from their bytes; `None` where nothing tells.
    pub fn writes(&self, options: &BTreeMap<String, String>) -> Option<Samples> {
        match self.told_issued(1) {
            0 if self.issued.is_empty() => {
                let from_bytes = self.io_bytes.and_then(|(bytes, _)| Some(bytes / block(options)?));
                let from_rate = || Some(self.iops? * self.length_ns as f64 / 1e9);
                let about = from_bytes.or_else(from_rate).filter(|writes| *writes >= 1.0)?;
                Some(Samples::About(about as u64))
            }
            writes => Some(Samples::Told(writes)),
        }
    }

    /// Bytes written: exactly, or as the line of the writes rounds them; 0 where it is not told.
    pub fn written_bytes(&self, options: &BTreeMap<String, String>) -> u64 {
        let exact = block(options).map(|block| block * self.told_issued(1) as f64);
        let rounded = self.io_bytes.map(|(bytes, _)| bytes);
        exact.filter(|bytes| *bytes > 0.0).or(rounded).unwrap_or(0.0) as u64
    }

    /// How many syncs there were, as far as anything but their own percentiles tells.
    pub fn syncs(&self) -> Samples {
        let ios = self.told_issued(0) + self.told_issued(1) + self.told_issued(2);
        let by_depth = (ios as f64 * (self.depths / 100.0 - 1.0)).round();
        if self.told_issued(3) > 0 {
            Samples::Told(self.told_issued(3))
        } else if self.short_reads > 0 && self.told_issued(0) == 0 {
            Samples::Told(self.short_reads)
        } else if self.depths > 100.05 && by_depth >= 1.0 {
            // To 0.1 % of the other I/O.
            Samples::About(by_depth as u64)
        } else {
            Samples::AtLeast(1)
        }
    }

    /// Syncs that were made and not timed; 0 where they were, or where nothing tells.
    pub fn untimed_syncs(&self) -> u64 {
        match self.syncs() {
            _ if self.has(FigureKind::Sync) => 0,
            Samples::AtLeast(_) => 0,
            samples => samples.count(),
        }
    }

    /// When fio wrote this, in the local time of its machine.
    pub fn ended_at(&self) -> Option<(Timestamp, String)> {
        moment(&self.date)
    }
}

fn block(options: &BTreeMap<String, String>) -> Option<f64> {
    options.get("bs")?.parse().ok().filter(|block: &f64| *block > 0.0)
}

/// `22.0MiB`, `22525KB` (of 1,024 bytes in fio 2), in bytes and how exact.
fn size(text: &str) -> Option<(f64, f64)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (value, _) = number(&text[..end])?;
    let times = match text[end..].chars().next()? {
        'B' => 1.0,
        'K' | 'k' => 1024.0,
        'M' => 1_048_576.0,
        'G' => 1_073_741_824.0,
        'T' => 1_099_511_627_776.0,
        _ => return None,
    };
    Some((value * times, times))
}

#[cfg(test)]
mod tests {
    use super::{FigureKind, JobText};

    #[test]
    fn syncs_are_counted_in_each_way_that_fio_had() {
        let mut job = JobText { part: FigureKind::Sync, ..JobText::default() };
        job.issued("rwts:total=0,10029,0,0short=10029,0,0,0dropped=0,0,0,0");
        assert_eq!(job.syncs().count(), 10_029);
        job.issued("rwts:total=0,10029,0,10028short=0,0,0,0dropped=0,0,0,0");
        assert_eq!(job.syncs().count(), 10_028);
        job.issued("rwt:total=0,10000,0,short=0,0,0,dropped=0,0,0");
        job.depths("1=199.9%,2=0.0%,4=0.0%,8=0.0%,16=0.0%,32=0.0%,>=64=0.0%");
        assert_eq!(job.syncs().count(), 9_990);
        job.issued(":total=r=0/w=77/d=0,short=r=0/w=0/d=0");
        assert_eq!(job.writes(&Default::default()).unwrap().count(), 77);
    }
}
