//! What is drawn, before it is written: shapes in units of a canvas 640 wide, drawn by plotters into SVG.
//!
//! No text is ever put over another: a text that would touch one already there is refused, so whoever draws first draws
//! what matters most.

use std::fmt::Write as _;

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, DrawingArea, IntoDrawingArea as _, PathElement, Polygon, RGBColor, Rectangle,
    SVGBackend, ShapeStyle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, TextStyle};

use super::measure::{ASCENT, DESCENT, Face};
use super::palette::{self, Ink};

/// Width of every chart.
pub(super) const WIDTH: f64 = 640.0;
/// plotters counts in whole pixels: it is given four to a unit, so that curves have no steps.
const PIXELS: f64 = 4.0;
/// Empty room around everything.
pub(super) const MARGIN: f64 = 12.0;
/// The fonts of a page that names none; the measure of texts holds for all of them.
const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/// Where a text stands to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Begins there.
    Start,
    /// Has its middle there.
    Middle,
    /// Ends there.
    End,
}

/// What a text has around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Nothing.
    Bare,
    /// Some air to both sides.
    Airy,
    /// A plate of paper under it.
    Plate,
}

/// Air beside a tick.
const AIR: f64 = 4.0;

/// An upright rectangle: left, top, right, bottom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    fn touches(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// From left to right.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }
}

#[derive(Debug)]
enum Shape {
    Path(Vec<(f64, f64)>, Ink, f64, f64),
    Fill(Vec<(f64, f64)>, Ink, f64),
    Box(Area, Ink, f64),
    Dot((f64, f64), f64, Ink, bool),
    Text(String, (f64, f64), Anchor, Face, Ink),
}

/// A drawing.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    shapes: Vec<Shape>,
    texts: Vec<Area>,
    height: f64,
}

impl Canvas {
    /// An empty canvas of this height.
    pub fn new(height: f64) -> Self {
        Canvas { height, ..Canvas::default() }
    }

    /// A line through points.
    pub fn path(&mut self, points: Vec<(f64, f64)>, ink: Ink, width: f64) {
        self.faint_path(points, ink, width, 1.0);
    }

    /// A line that lets through what is behind.
    pub fn faint_path(&mut self, points: Vec<(f64, f64)>, ink: Ink, width: f64, opacity: f64) {
        if points.len() > 1 {
            self.shapes.push(Shape::Path(points, ink, width, opacity));
        }
    }

    /// An area within points.
    pub fn fill(&mut self, points: Vec<(f64, f64)>, ink: Ink, opacity: f64) {
        if points.len() > 2 {
            self.shapes.push(Shape::Fill(points, ink, opacity));
        }
    }

    /// A filled rectangle.
    pub fn rect(&mut self, area: Area, ink: Ink, opacity: f64) {
        self.shapes.push(Shape::Box(area, ink, opacity));
    }

    /// A filled dot.
    pub fn dot(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        self.shapes.push(Shape::Dot(at, radius, ink, true));
    }

    /// A ring with paper inside.
    pub fn hollow(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        self.dot(at, radius, palette::PAPER);
        self.ring(at, radius, ink.whole());
    }

    /// A ring.
    pub fn ring(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        self.shapes.push(Shape::Dot(at, radius, ink, false));
    }

    /// A text on a baseline, unless it would touch another or leave the canvas. Whether it was put.
    pub fn text(
        &mut self,
        text: &str,
        at: (f64, f64),
        anchor: Anchor,
        face: Face,
        ink: Ink,
    ) -> bool {
        self.put(text, at, anchor, face, ink, Room::Bare)
    }

    /// A text that keeps a little air to its left and right: ticks in a row.
    pub fn tick(&mut self, text: &str, at: (f64, f64), face: Face, ink: Ink) -> bool {
        self.put(text, at, Anchor::Middle, face, ink, Room::Airy)
    }

    /// A text with a plate of paper under it, for where lines pass.
    pub fn label(
        &mut self,
        text: &str,
        at: (f64, f64),
        anchor: Anchor,
        face: Face,
        ink: Ink,
    ) -> bool {
        self.put(text, at, anchor, face, ink, Room::Plate)
    }

    fn put(
        &mut self,
        text: &str,
        at: (f64, f64),
        anchor: Anchor,
        face: Face,
        ink: Ink,
        room: Room,
    ) -> bool {
        if text.trim().is_empty() {
            return false;
        }
        let mut area = text_area(text, at, anchor, face);
        let inside = area.left >= 0.0
            && area.right <= WIDTH
            && area.top >= 0.0
            && area.bottom <= self.height;
        if room == Room::Airy {
            area.left -= AIR;
            area.right += AIR;
        }
        if !inside || self.texts.iter().any(|other| other.touches(&area)) {
            return false;
        }
        if room == Room::Plate {
            self.rect(area, palette::PAPER, 0.8);
        }
        self.texts.push(area);
        let text = text.to_owned();
        self.shapes.push(Shape::Text(text, at, anchor, face, ink));
        true
    }

    /// The drawing as a complete `<svg>` without prolog and size: it takes what room the page gives it.
    pub fn finish(self, label: &str) -> String {
        let size = (pixels(WIDTH) as u32, pixels(self.height) as u32);
        let mut drawn = String::new();
        {
            let root = SVGBackend::with_string(&mut drawn, size).into_drawing_area();
            for shape in &self.shapes {
                draw(&root, shape);
            }
            // Writing to memory cannot fail.
            let _ = root.present();
        }
        dress(&drawn, size, label)
    }
}

/// The room of a text.
fn text_area(text: &str, (x, baseline): (f64, f64), anchor: Anchor, face: Face) -> Area {
    let width = face.width(text);
    let left = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    Area {
        left,
        top: baseline - ASCENT * face.size,
        right: left + width,
        bottom: baseline + DESCENT * face.size,
    }
}

fn pixels(units: f64) -> i32 {
    (units * PIXELS).round() as i32
}

fn point((x, y): (f64, f64)) -> (i32, i32) {
    (pixels(x), pixels(y))
}

fn color(ink: Ink) -> RGBColor {
    let [_, red, green, blue] = ink.light.to_be_bytes();
    RGBColor(red, green, blue)
}

fn stroke(ink: Ink, width: f64, opacity: f64) -> ShapeStyle {
    ShapeStyle { color: color(ink).mix(opacity), filled: false, stroke_width: pixels(width) as u32 }
}

type Root<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(root: &Root<'_>, shape: &Shape) {
    let whole = |points: &[(f64, f64)]| points.iter().copied().map(point).collect::<Vec<_>>();
    let filled = |ink: &Ink, opacity: f64| color(*ink).mix(opacity).filled();
    // Writing to memory cannot fail.
    let _ = match shape {
        Shape::Path(points, ink, width, opacity) => {
            root.draw(&PathElement::new(whole(points), stroke(*ink, *width, *opacity)))
        }
        Shape::Fill(points, ink, opacity) => {
            root.draw(&Polygon::new(whole(points), filled(ink, *opacity)))
        }
        Shape::Box(area, ink, opacity) => root.draw(&Rectangle::new(
            [point((area.left, area.top)), point((area.right, area.bottom))],
            filled(ink, *opacity),
        )),
        Shape::Dot(at, radius, ink, true) => {
            root.draw(&Circle::new(point(*at), pixels(*radius), filled(ink, 1.0)))
        }
        Shape::Dot(at, radius, ink, false) => {
            root.draw(&Circle::new(point(*at), pixels(*radius), stroke(*ink, 2.0, 1.0)))
        }
        Shape::Text(text, at, anchor, face, ink) => {
            root.draw(&lettering(text, *at, *anchor, *face, *ink))
        }
    };
}

/// plotters divides sizes by 1.24, and counts a text anchored at its top 0.76 em down to the baseline.
fn lettering(
    text: &str,
    (x, baseline): (f64, f64),
    anchor: Anchor,
    face: Face,
    ink: Ink,
) -> Text<'static, (i32, i32), String> {
    let across = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let weight = if face.bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = FontDesc::new(FontFamily::SansSerif, face.size * PIXELS * 1.24, weight);
    let style =
        TextStyle { font, color: color(ink).to_backend_color(), pos: Pos::new(across, VPos::Top) };
    Text::new(text.to_owned(), point((x, baseline - 0.76 * face.size)), style)
}

/// Gives plotters' SVG what it has no words for: a label, dashes, a class for the style sheet; takes away what only makes
/// it long. plotters writes one element per line.
fn dress(drawn: &str, size: (u32, u32), label: &str) -> String {
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
fn escape(text: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::{Anchor, Canvas};
    use crate::report::chart::measure::PLAIN;
    use crate::report::chart::palette::TEXT;

    #[test]
    fn the_second_of_two_texts_in_one_place_is_refused() {
        let mut canvas = Canvas::new(100.0);
        let mut put = |text: &str, x, y| canvas.text(text, (x, y), Anchor::Start, PLAIN, TEXT);
        assert!(put("first", 10.0, 50.0));
        assert!(!put("second", 30.0, 55.0));
        assert!(put("below", 10.0, 80.0));
        assert!(!put("out of the canvas", 600.0, 50.0));
        assert!(!put("  ", 300.0, 50.0));
    }

    #[test]
    fn what_a_page_would_take_for_markup_is_escaped() {
        let mut canvas = Canvas::new(100.0);
        canvas.text("<b> & \"c\"", (10.0, 50.0), Anchor::Start, PLAIN, TEXT);
        let svg = canvas.finish("</svg> & \"more\"");
        assert!(svg.contains("aria-label=\"&lt;/svg&gt; &amp; &quot;more&quot;\""));
        assert!(svg.contains("&lt;b&gt; &amp;"), "{svg}");
        assert_eq!(svg.matches("</svg>").count(), 1);
    }
}
