//! What plotters writes, made what a page can hold: smaller, with a label, dashes and classes.

use std::fmt::Write as _;

use super::palette;

/// The fonts of a page that names none; the measure of texts holds for all of them.
const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/// Gives plotters' SVG what it has no words for: a label, dashes, a class for the style sheet; takes away what only makes
/// it long. plotters writes one element per line.
pub(super) fn dress(drawn: &str, size: (u32, u32), label: &str) -> String {
    let mut out = String::with_capacity(drawn.len());
    let _ = writeln!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {} {}\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" \
         aria-label=\"{}\" font-family=\"{FONTS}\" stroke-linejoin=\"round\">",
        size.0,
        size.1,
        escape(label),
    );
    let dashes: Vec<(String, String)> = palette::all()
        .filter(|ink| !ink.dash.is_empty())
        .map(|ink| {
            let stroke = format!("stroke=\"{}\"", palette::hex(ink.light));
            let dashed = format!("{stroke} stroke-dasharray=\"{}\"", ink.dash);
            (stroke, dashed)
        })
        .collect();
    let mut boxes = Boxes::default();
    for line in drawn.lines().filter(|line| !line.starts_with("<svg")) {
        if boxes.take(line) {
            continue;
        }
        boxes.write(&mut out);
        if boxes.take(line) {
            continue;
        }
        let mut line = line
            .replace(" font-family=\"sans-serif\"", "")
            .replace(" opacity=\"1\"", "")
            .replace(" \"/>", "\"/>");
        if line.starts_with("<polyline") {
            for (stroke, dashed) in &dashes {
                line = line.replace(stroke, dashed);
            }
        }
        out.push_str(&line);
        // A text must not begin or end with a line's end.
        if line.starts_with('<') && !line.starts_with("<text") {
            out.push('\n');
        }
    }
    out
}

/// Rectangles of one ink in a row: together they are one path, a fifth as long.
#[derive(Default)]
struct Boxes {
    look: String,
    path: String,
}

impl Boxes {
    /// Takes a line in, if it is a rectangle of the same look.
    fn take(&mut self, line: &str) -> bool {
        let Some(found) = rectangle(line) else {
            return false;
        };
        let (look, path) = found;
        if !self.path.is_empty() && self.look != look {
            return false;
        }
        self.look = look;
        self.path.push_str(&path);
        true
    }

    fn write(&mut self, out: &mut String) {
        if !self.path.is_empty() {
            let _ = writeln!(out, "<path d=\"{}\"{}/>", self.path, self.look);
            self.path.clear();
        }
    }
}

/// A filled rectangle as plotters writes it: how it looks, and as part of a path.
fn rectangle(line: &str) -> Option<(String, String)> {
    let value = |name: &str| {
        let (_, rest) = line.split_once(&format!(" {name}=\""))?;
        rest.split('"').next()
    };
    if !line.starts_with("<rect ") || value("stroke")? != "none" {
        return None;
    }
    let (x, y) = (value("x")?, value("y")?);
    let (width, height) = (value("width")?, value("height")?);
    let opacity = match value("opacity")? {
        "1" => String::new(),
        part => format!(" opacity=\"{part}\""),
    };
    let look = format!("{opacity} fill=\"{}\"", value("fill")?);
    Some((look, format!("M{x},{y}h{width}v{height}h-{width}z")))
}

/// Text as an attribute may hold it.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
