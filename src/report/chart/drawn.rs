//! A canvas as SVG: plotters draws the shapes. The drawing that stands alone tells of no parts; that of a page has
//! each in a group of its own.

use std::fmt::Write as _;

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, DrawingArea, IntoDrawingArea as _, PathElement, Polygon, RGBColor, Rectangle,
    SVGBackend, ShapeStyle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, TextStyle};

use super::area::Area;
use super::canvas::{Anchor, Canvas, PIXELS, Shape, WIDTH};
use super::measure::Face;
use super::palette::Ink;
use super::part::{Part, Role};
use super::svg::{self, escape};

/// Stands for the id of a chart in its page, which is known only there; no text has it.
pub(super) const ID: &str = "\u{1}";

impl Canvas {
    /// The drawing as a complete `<svg>` without prolog and size: it takes what room the page gives it.
    pub fn finish(&self, label: &str) -> String {
        let shapes = self.shapes.iter().filter(|(part, _)| !part.finer);
        let spots = self.spots.iter().filter(|(part, ..)| !part.finer);
        let mut out = svg::open(self.size(), label, "");
        svg::dress(&mut out, &self.drawn(shapes.map(|(_, shape)| shape)));
        let rects: String = spots.map(under_pointer).collect();
        out + &spotted(&rects) + "</svg>\n"
    }

    /// The same for a page with a script: with parts, and with what is only for the script.
    pub fn live(&self, label: &str) -> String {
        let time = self.time.map(|time| {
            let s = |ns: u64| ns as f64 / 1e9;
            let (left, right) = (time.left * PIXELS, time.right * PIXELS);
            format!(" data-time=\"{left} {right} {} {}\"", s(time.from_ns), s(time.to_ns))
        });
        let mut out = svg::open(self.size(), label, &time.unwrap_or_default());
        for run in self.shapes.chunk_by(|(a, _), (b, _)| a == b) {
            let part = run[0].0;
            let mut drawn = String::new();
            if part.finer && part.role == Role::Data {
                svg::exact(&mut drawn, run.iter().map(|(_, shape)| shape));
            } else {
                svg::dress(&mut drawn, &self.drawn(run.iter().map(|(_, shape)| shape)));
            }
            out.push_str(&self.group(part, &drawn));
        }
        let mut rects = String::new();
        for run in self.spots.chunk_by(|(a, ..), (b, ..)| a == b) {
            let inner: String = run.iter().map(under_pointer).collect();
            rects.push_str(&self.group(run[0].0, &inner));
        }
        out + &spotted(&rects) + "</svg>\n"
    }

    fn size(&self) -> (u32, u32) {
        (pixels(WIDTH) as u32, pixels(self.height) as u32)
    }

    /// What plotters writes of shapes.
    fn drawn<'a>(&self, shapes: impl Iterator<Item = &'a Shape>) -> String {
        let mut drawn = String::new();
        {
            let root = SVGBackend::with_string(&mut drawn, self.size()).into_drawing_area();
            shapes.for_each(|shape| draw(&root, shape));
            // Writing to memory cannot fail.
            let _ = root.present();
        }
        drawn
    }

    /// A part in a group of its own; the ground has none.
    fn group(&self, part: Part, inner: &str) -> String {
        let Some(class) = part.role.class() else {
            return inner.to_owned();
        };
        let finer = if part.finer { " finer" } else { "" };
        let mut out = format!("<g class=\"{class}{finer}\"");
        if let Some(column) = part.place {
            // A String takes any amount.
            let _ = write!(out, " id=\"{ID}-at-{column}\"");
        }
        match (part.role, part.key) {
            (Role::Names, Some(index)) => {
                let named = &self.named[index];
                let at: Vec<String> = named.at.iter().map(|x| svg::decimal(*x)).collect();
                let _ = write!(
                    out,
                    " data-name=\"{}\" data-at=\"{}\"",
                    escape(&named.name),
                    at.join(" ")
                );
            }
            (role, Some(key)) => {
                let _ = write!(out, " data-key=\"{key}\"");
                if let Some(text) = self.renamed.get(&key).filter(|_| role == Role::Legend) {
                    let _ = write!(out, " data-zoomed=\"{}\"", escape(text));
                }
            }
            (_, None) => {}
        }
        // Last, where a script puts it back.
        let hidden = if part.finer { " display=\"none\"" } else { "" };
        format!("{out}{hidden}>\n{inner}</g>\n")
    }
}

/// A place without colour with a title: what browsers show under the pointer without a script.
fn under_pointer((part, area, told): &(Part, Area, String)) -> String {
    let (left, top) = point((area.left, area.top));
    let (right, bottom) = point((area.right, area.bottom));
    let (x, width) = match part.finer {
        true => (svg::decimal(area.left), svg::decimal(area.width())),
        false => (left.to_string(), (right - left).to_string()),
    };
    format!(
        "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{}\"><title>{}</title></rect>\n",
        bottom - top,
        escape(told)
    )
}

/// Places without colour, together.
fn spotted(rects: &str) -> String {
    if rects.is_empty() {
        return String::new();
    }
    format!("<g class=\"spots\" fill=\"#000\" fill-opacity=\"0\">\n{rects}</g>\n")
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
