//! The first and the last line of a result, for those who look at hundreds of them.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::error::{Error, Result};

use super::bounds::MAX_LINE;
use super::lift::lift;
use super::reader::{Lines, header};
use super::{Header, Line, Summary};

/// How much of the end is read at first; a summary is about 30 KiB.
const TAIL: u64 = 64 * 1024;
/// How a summary begins, as [`super::Writer`] writes it.
const SUMMARY: &[u8] = b"{\"type\":\"summary\"";

/// Reads the header and the summary, and nothing in between: a damaged line there goes unnoticed. `None` for a run
/// that did not get as far as a summary.
///
/// # Errors
/// As [`super::read`].
pub fn read_ends(path: &Path) -> Result<(Header, Option<Summary>)> {
    let mut lines = Lines::open(path)?;
    let header = header(&mut lines)?;
    let mut file = lines.input.into_inner();
    let length = file.seek(SeekFrom::End(0)).map_err(Error::io("read", path))?;
    let mut tail = Vec::new();
    let mut wanted = TAIL;
    loop {
        let from = length.saturating_sub(wanted);
        tail.clear();
        file.seek(SeekFrom::Start(from))
            .and_then(|_| file.read_to_end(&mut tail))
            .map_err(Error::io("read", path))?;
        let end = tail.trim_ascii_end().len();
        // A line without its end is torn.
        let whole = tail.len() > end && tail[end..].contains(&b'\n');
        let start = tail[..end].iter().rposition(|&byte| byte == b'\n');
        match start {
            Some(start) => {
                let line = &tail[start + 1..end];
                return Ok((header, whole.then(|| summary(line)).flatten()));
            }
            // A line that long is damage; the whole file says where.
            None if from == 0 || wanted > MAX_LINE => return Ok((header, None)),
            None => wanted *= 4,
        }
    }
}

/// `None` for any other line, and for a summary that makes no sense: the whole file is to be read then, and says where.
fn summary(line: &[u8]) -> Option<Summary> {
    if !line.starts_with(SUMMARY) {
        return None;
    }
    match serde_json::from_slice(line) {
        Ok(Line::Summary(summary)) => Some(lift(summary)),
        _ => None,
    }
}
