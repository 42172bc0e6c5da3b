//! What plotters writes, made what a page can hold: smaller, with a label and dashes; and what plotters does not write.

use std::fmt::Write as _;

use super::canvas::{PIXELS, Shape};
use super::palette::{self, Ink};

/// The fonts of a page that names none; the measure of texts holds for all of them.
const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/// The beginning of a drawing of this size, with words for those who do not see it.
pub(super) fn open(size: (u32, u32), label: &str, more: &str) -> String {
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {} {}\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" \
         aria-label=\"{}\" font-family=\"{FONTS}\" stroke-linejoin=\"round\"{more}>\n",
        size.0,
        size.1,
        escape(label),
    )
}

/// Gives plotters' elements what it has no words for: dashes, values that a style sheet finds; takes away what only makes
/// them long. plotters writes one element per line.
pub(super) fn dress(out: &mut String, drawn: &str) {
    let dashes: Vec<(String, String)> = palette::all()
        .filter(|ink| !ink.dash.is_empty())
        .map(|ink| {
            let stroke = format!("stroke=\"{}\"", palette::hex(ink.light));
            let dashed = format!("{stroke} stroke-dasharray=\"{}\"", ink.dash);
            (stroke, dashed)
        })
        .collect();
    let mut boxes = Boxes::default();
    let outer = |line: &&str| line.starts_with("<svg") || line.starts_with("</svg");
    for line in drawn.lines().filter(|line| !outer(line)) {
        if boxes.take(line) {
            continue;
        }
        boxes.write(out);
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
    boxes.write(out);
}

/// Lines, dots and areas with decimals, which plotters does not write: a stretch of the time is shown at many times the
/// size. Dots of one look are one path.
pub(super) fn exact<'a>(out: &mut String, shapes: impl Iterator<Item = &'a Shape>) {
    let mut shapes = shapes.peekable();
    while let Some(shape) = shapes.next() {
        match shape {
            Shape::Path(points, ink, width, _) => line(out, points, *ink, *width),
            Shape::Fill(points, ink, _) => {
                let color = palette::hex(ink.light);
                let _ = writeln!(out, "<polygon fill=\"{color}\" points=\"{}\"/>", joined(points));
            }
            Shape::Dot(at, radius, ink, _) => {
                let mut path = dot(*at);
                let same = |next: &&Shape| matches!(next, Shape::Dot(_, r, i, _) if r == radius && i == ink);
                while let Some(Shape::Dot(at, ..)) = shapes.next_if(same) {
                    path.push_str(&dot(*at));
                }
                let (color, width) = (palette::hex(ink.light), decimal(2.0 * radius));
                let _ = writeln!(
                    out,
                    "<path fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" stroke-linecap=\"round\" d=\"{path}\"/>"
                );
            }
            // Of these a stretch of the time has none.
            Shape::Box(..) | Shape::Text(..) => {}
        }
    }
}

fn line(out: &mut String, points: &[(f64, f64)], ink: Ink, width: f64) {
    let dashes = match ink.dash {
        "" => String::new(),
        dash => format!(" stroke-dasharray=\"{dash}\""),
    };
    let (color, width) = (palette::hex(ink.light), decimal(width));
    let _ = writeln!(
        out,
        "<polyline fill=\"none\" stroke=\"{color}\"{dashes} stroke-width=\"{width}\" points=\"{}\"/>",
        joined(points)
    );
}

fn joined(points: &[(f64, f64)]) -> String {
    let pair = |(x, y): &(f64, f64)| format!("{},{}", decimal(*x), decimal(*y));
    points.iter().map(pair).collect::<Vec<_>>().join(" ")
}

/// Units of the canvas in those of the drawing, finer than plotters counts.
pub(super) fn decimal(units: f64) -> String {
    let text = format!("{:.2}", units * PIXELS);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A line without length: its round ends make a dot.
fn dot((x, y): (f64, f64)) -> String {
    format!("M{},{}h0", decimal(x), decimal(y))
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
