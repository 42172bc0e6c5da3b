//! A machine's noise as text.

use std::path::Path;

use csv::Writer;

use crate::compare::{Calibration, Noise};
use crate::report::style::Style;
use crate::report::text::{clean, entry, left, right, width, wrap};
use crate::units::format_share;

/// What stands above [`cells`].
pub(in crate::report) const HEAD: [&str; 3] = ["metric", "between runs", "six pairs find"];
/// What they mean.
pub(in crate::report) const MEANING: &str = "standard deviation between runs, and the smallest change that six \
     interleaved pairs would detect (80 % power) among all metrics that are tested together; later comparisons of one \
     run a side allow for the deviation";

/// What the noise was learnt from.
pub(in crate::report) fn title(noise: &Calibration) -> String {
    format!(
        "{} identical {} runs on {} from {} to {}",
        noise.runs,
        clean(&noise.kind),
        clean(&noise.host),
        clean(&noise.from_to[0]),
        clean(&noise.from_to[1]),
    )
}

/// The page, ending in a newline.
pub(super) fn page(noise: &Calibration, place: &Path, style: &Style) -> String {
    let rows: Vec<[String; 3]> = noise.noise.iter().map(cells).collect();
    let head = HEAD.map(str::to_owned);
    let widths: [usize; 3] = std::array::from_fn(|column| {
        let cells = rows.iter().chain([&head]).map(|row| width(&row[column]));
        cells.max().unwrap_or(0)
    });
    let mut out = format!("{}\n\n", title(noise));
    for row in [&head].into_iter().chain(&rows) {
        let line = [left(&row[0], widths[0]), right(&row[1], widths[1]), right(&row[2], widths[2])];
        out.push_str(&format!("  {}\n", line.join("  ")));
    }
    out.push('\n');
    entry(&mut out, "meaning", 9, &wrap(MEANING, style.prose() - 11));
    entry(&mut out, "written", 9, &[clean(&place.display().to_string())]);
    out
}

/// A metric, how much it differs between runs, and what six pairs would find.
pub(in crate::report) fn cells(noise: &Noise) -> [String; 3] {
    let name = [noise.series.as_str(), noise.stat.name()];
    let name: Vec<&str> = name.into_iter().filter(|part| !part.is_empty()).collect();
    [
        clean(&format!("{}: {}", noise.phase, name.join(" "))),
        format_share(noise.deviation),
        format_share(noise.detectable),
    ]
}

/// One row per metric; deviations of logarithms (of shares: as they are).
pub(super) fn csv(noise: &Calibration) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    // Rows are of equal length and memory takes any amount.
    let _ = writer.write_record([
        "host",
        "phase",
        "series",
        "stat",
        "runs",
        "deviation",
        "between",
        "detectable",
    ]);
    for one in &noise.noise {
        let _ = writer.write_record([
            &noise.host,
            &one.phase,
            &one.series,
            one.stat.name(),
            &one.runs.to_string(),
            &one.deviation.to_string(),
            &one.between.to_string(),
            &one.detectable.to_string(),
        ]);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
