//! The answer of a result: for the termination message, and for the log.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;

use crate::error::{Error, Result};
use crate::printable::clean;

/// Of a longer message Kubernetes keeps 4,096 bytes, of all containers of a pod 12 KiB; a table wants one line.
const MOST_CHARS: usize = 1_000;
/// No line of a result is longer.
const LONGEST_LINE: u64 = 16 << 20;

/// Puts the answer where Kubernetes reads it, and the result into the log.
pub fn tell(result: &Path, message: &Path) -> Result<()> {
    if let Some(headline) = headline(result)? {
        // Outside of a pod there is no such file, and nobody who would read it.
        if let Ok(mut file) = OpenOptions::new().write(true).truncate(true).open(message) {
            writeln!(file, "{headline}").map_err(Error::io("write", message))?;
        }
    }
    let mut file = File::open(result).map_err(Error::io("read", result))?;
    match io::copy(&mut file, &mut io::stdout().lock()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write", "stdout")(error))
        }
        _ => Ok(()),
    }
}

/// The headline of a result that ends with a summary. A run that was killed wrote none.
fn headline(result: &Path) -> Result<Option<String>> {
    let last = last_line(result).map_err(Error::io("read", result))?;
    let Ok(summary) = serde_json::from_slice::<serde_json::Value>(&last) else {
        return Ok(None);
    };
    if summary["type"] != "summary" {
        return Ok(None);
    }
    let words = |headline: &str| {
        let clean = clean(headline);
        let line = clean.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        line.chars().take(MOST_CHARS).collect()
    };
    Ok(summary["headline"].as_str().map(words))
}

fn last_line(path: &Path) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut last, mut line) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        if reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(last);
        }
        std::mem::swap(&mut last, &mut line);
    }
}
