//! fio's text of a run as it is described, so that tests can say in which way one differs from another.

/// What a run was like.
#[derive(Debug, Clone)]
pub struct Written {
    pub name: &'static str,
    pub version: &'static str,
    pub engine: &'static str,
    pub block: u64,
    pub writes: u64,
    /// So many of its syncs are told, as short reads.
    pub syncs: u64,
    pub ms: u64,
    /// In MiB; `None` where it overwrote a file.
    pub laid_out: Option<u64>,
    pub unit: &'static str,
    /// Minimum, maximum, and the 17 percentiles that fio tells by default.
    pub extremes: (u64, u64),
    pub percentiles: [u64; 17],
    pub date: &'static str,
    pub pid: u32,
    pub devices: &'static str,
}

const SHARES: [&str; 17] = [
    " 1.00", " 5.00", "10.00", "20.00", "30.00", "40.00", "50.00", "60.00", "70.00", "80.00",
    "90.00", "95.00", "99.00", "99.50", "99.90", "99.95", "99.99",
];

/// A disk that is good enough, written as etcd's recipe has it.
pub const GOOD: Written = Written {
    name: "journal",
    version: "fio-3.29",
    engine: "psync",
    block: 2300,
    writes: 10_029,
    syncs: 10_029,
    ms: 14_207,
    laid_out: Some(22),
    unit: "usec",
    extremes: (612, 7_411),
    percentiles: [
        660, 701, 734, 791, 848, 930, 1_020, 1_110, 1_230, 1_500, 1_910, 2_310, 3_130, 3_620,
        5_020, 5_930, 7_120,
    ],
    date: "Fri Mar  6 21:14:09 2026",
    pid: 3117,
    devices: "",
};

/// A disk of which nearly nothing is slow, in whole milliseconds.
pub const COARSE: Written = Written {
    unit: "msec",
    extremes: (4, 71),
    percentiles: [5, 6, 6, 7, 7, 7, 8, 8, 9, 10, 10, 10, 10, 10, 10, 10, 66],
    ms: 80_000,
    ..GOOD
};

impl Written {
    /// As fio prints it.
    pub fn text(&self) -> String {
        let Written { name, version, engine, block, .. } = self;
        let laid_out = match self.laid_out {
            Some(mib) => format!("{name}: Laying out IO file (1 file / {mib}MiB)\n"),
            None => String::new(),
        };
        format!(
            "{name}: (g=0): rw=write, bs=(R) {block}B-{block}B, (W) {block}B-{block}B, (T) {block}B-{block}B, \
             ioengine={engine}, iodepth=1\n{version}\nStarting 1 process\n{laid_out}\n{}",
            self.report()
        )
    }

    /// What it prints at the end.
    pub fn report(&self) -> String {
        let Written { name, pid, date, ms, writes, syncs, block, .. } = self;
        let mib = *writes as f64 * *block as f64 / 1_048_576.0;
        let iops = writes * 1000 / ms.max(&1);
        let sections = match syncs {
            0 => String::new(),
            _ => self.sync_section(),
        };
        format!(
            "{name}: (groupid=0, jobs=1): err= 0: pid={pid}: {date}\n  write: IOPS={iops}, BW=1622KiB/s \
             (1661kB/s)({mib:.1}MiB/{ms}msec); 0 zone resets\n    clat (usec): min=5, max=811, avg=31.20, stdev=40.11\n     \
             lat (usec): min=5, max=812, avg=31.70, stdev=40.12\n    clat percentiles (usec):\n     |  1.00th=[    6], \
             50.00th=[   22], 99.00th=[  233]\n{sections}  cpu          : usr=0.31%, sys=2.02%, ctx=24811, majf=0, \
             minf=13\n  IO depths    : 1={}%, 2=0.0%, 4=0.0%, 8=0.0%, 16=0.0%, 32=0.0%, >=64=0.0%\n     submit    : \
             0=0.0%, 4=100.0%, 8=0.0%, 16=0.0%, 32=0.0%, 64=0.0%, >=64=0.0%\n     issued rwts: total=0,{writes},0,0 \
             short={syncs},0,0,0 dropped=0,0,0,0\n     latency   : target=0, window=0, percentile=100.00%, \
             depth=1\n\nRun status group 0 (all jobs):\n  WRITE: bw=1622KiB/s (1661kB/s), io={mib:.1}MiB, \
             run={ms}-{ms}msec\n{}",
            100.0 + *syncs as f64 / *writes as f64 * 100.0,
            self.devices
        )
    }

    /// The part that is published most.
    pub fn sync_section(&self) -> String {
        let (min, max) = self.extremes;
        let unit = self.unit;
        let pairs: Vec<String> = SHARES
            .iter()
            .zip(self.percentiles)
            .map(|(share, value)| format!("{share}th=[{value:>5}]"))
            .collect();
        let rows: Vec<String> =
            pairs.chunks(4).map(|row| format!("     | {}", row.join(", "))).collect();
        format!(
            "  fsync/fdatasync/sync_file_range:\n    sync ({unit}): min={min}, max={max}, avg={}.40, stdev=502.10\n    sync \
             percentiles ({unit}):\n{}\n",
            self.percentiles[6],
            rows.join(",\n")
        )
    }
}
