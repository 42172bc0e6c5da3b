//! CSV (quoted as RFC 4180 has it, lines end in a newline): one row per phase, series and member, a header row,
//! durations in nanoseconds.
//!
//! | column | meaning |
//! |---|---|
//! | `run_id`, `name` | which run, so that files can be joined |
//! | `phase`, `series` | what was measured |
//! | `member` | which of several members; empty for all of them together |
//! | `count`, `errors` | samples, and failed operations of all classes |
//! | `rate_per_s` | samples per second of the phase |
//! | `mean_ns`, `min_ns`, `max_ns` | exact |
//! | `p50_ns` … `p99.99_ns` | quantiles; empty where too few samples stand behind one |
//! | `p50_low_ns`, `p50_high_ns` … | their 95 % interval; empty where the samples cannot bound it |

use csv::Writer;

use crate::result::{Header, PhaseSummary, QuantileSummary, Run, SeriesSummary, Summary};

/// Quantiles that have columns, with the columns' names.
const QUANTILES: [(f64, &str); 5] = [
    (0.5, "p50"),
    (0.9, "p90"),
    (0.99, "p99"),
    (0.999, "p99.9"),
    (0.9999, "p99.99"),
];

/// The figures of a run as CSV.
pub fn csv(run: &Run, summary: &Summary) -> String {
    let mut rows = vec![head()];
    for phase in &summary.phases {
        rows.extend(
            phase
                .series
                .iter()
                .map(|series| row(&run.header, phase, series)),
        );
    }
    let mut writer = Writer::from_writer(Vec::new());
    for row in &rows {
        // Rows are of equal length and memory takes any amount.
        let _ = writer.write_record(row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn head() -> Vec<String> {
    let fixed = [
        "run_id",
        "name",
        "phase",
        "series",
        "member",
        "count",
        "errors",
        "rate_per_s",
        "mean_ns",
        "min_ns",
        "max_ns",
    ];
    let mut head: Vec<String> = fixed.map(str::to_owned).to_vec();
    for (_, name) in QUANTILES {
        head.extend([
            format!("{name}_ns"),
            format!("{name}_low_ns"),
            format!("{name}_high_ns"),
        ]);
    }
    head
}

fn row(header: &Header, phase: &PhaseSummary, series: &SeriesSummary) -> Vec<String> {
    let mut row = vec![
        header.run_id.clone(),
        header.name.clone(),
        phase.phase.clone(),
        series.series.clone(),
        series
            .member
            .map_or_else(String::new, |member| member.to_string()),
        series.count.to_string(),
        series.errors.values().sum::<u64>().to_string(),
        format!("{:.3}", series.rate_per_s),
        format!("{:.1}", series.mean_ns),
        series.min_ns.to_string(),
        series.max_ns.to_string(),
    ];
    for (q, _) in QUANTILES {
        row.extend(quantile(series, q));
    }
    row
}

/// Value, low and high; all empty where the quantile is not resolvable.
fn quantile(series: &SeriesSummary, q: f64) -> [String; 3] {
    let matches = |found: &&QuantileSummary| (found.q - q).abs() < 1e-9 && found.resolvable;
    let text = |ns: Option<u64>| ns.map_or_else(String::new, |ns| ns.to_string());
    match series.quantiles.iter().find(matches) {
        Some(found) => [
            found.value_ns.to_string(),
            text(found.low_ns),
            text(found.high_ns),
        ],
        None => Default::default(),
    }
}
