//! Charts as files: the one place that writes what [`crate::report::chart`] draws.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::report::chart::{Chart, Theme, png, standalone};

/// Width of a PNG in pixels.
const PNG_WIDTH: u32 = 1280;

/// Writes each chart as `DIR/<name>.svg`, and as `.png` where wanted. The directory is made where it is missing; files of
/// other names are left alone. Returns what was written, in order.
///
/// # Errors
/// [`Error::Io`] naming the directory or file that could not be written.
pub fn write(charts: &[Chart], directory: &Path, with_png: bool) -> Result<Vec<PathBuf>> {
    fs::create_dir_all(directory).map_err(Error::io("create the directory", directory))?;
    let mut written = Vec::new();
    let mut put = |name: String, bytes: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, bytes).map_err(Error::io("write", &path))?;
        written.push(path);
        Ok::<(), Error>(())
    };
    for chart in charts {
        put(format!("{}.svg", chart.name), standalone(chart).as_bytes())?;
        if with_png {
            let picture = png(chart, PNG_WIDTH, Theme::Light)?;
            put(format!("{}.png", chart.name), &picture)?;
        }
    }
    Ok(written)
}
