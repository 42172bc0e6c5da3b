//! What is drawn, before it is written: shapes in units of a canvas 640 wide, each with what it is part of.
//!
//! No text is ever put over another: a text that would touch one already there is refused, so whoever draws first draws
//! what matters most.

use std::collections::BTreeMap;

use crate::report::text::clean;

use super::area::Area;
use super::measure::{ASCENT, DESCENT, Face};
use super::palette::{self, Ink};
use super::part::{Named, Part, Time};

/// Width of every chart.
pub(super) const WIDTH: f64 = 640.0;
/// plotters counts in whole pixels: it is given four to a unit, so that curves have no steps.
pub(super) const PIXELS: f64 = 4.0;
/// Empty room around everything.
pub(super) const MARGIN: f64 = 12.0;

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

/// Lines of a grid and to labels are no wider; those that show data are.
const FINE: f64 = 1.5;
/// Characters in a line of what is told under the pointer.
const LONGEST_TOLD: usize = 120;
/// Air beside a tick.
const AIR: f64 = 4.0;

/// Something that is drawn.
#[derive(Debug)]
pub(super) enum Shape {
    Path(Vec<(f64, f64)>, Ink, f64, f64),
    Fill(Vec<(f64, f64)>, Ink, f64),
    Box(Area, Ink, f64),
    Dot((f64, f64), f64, Ink, bool),
    Text(String, (f64, f64), Anchor, Face, Ink),
}

/// A drawing.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    pub(super) shapes: Vec<(Part, Shape)>,
    texts: Vec<Area>,
    pub(super) spots: Vec<(Part, Area, String)>,
    /// What is drawn now.
    part: Part,
    /// Its time axis, where it has one.
    pub(super) time: Option<Time>,
    pub(super) named: Vec<Named>,
    /// What entries of the legend say of a stretch of the time, where that is something else.
    pub(super) renamed: BTreeMap<usize, String>,
    pub(super) height: f64,
}

impl Canvas {
    /// An empty canvas of this height.
    pub fn new(height: f64) -> Self {
        Canvas { height, ..Canvas::default() }
    }

    /// Draws something as this part.
    pub fn part<T>(&mut self, part: Part, draw: impl FnOnce(&mut Canvas) -> T) -> T {
        let around = std::mem::replace(&mut self.part, part);
        let drawn = draw(self);
        self.part = around;
        drawn
    }

    /// Its x axis is this stretch of time.
    pub fn time(&mut self, time: Time) {
        self.time = Some(time);
    }

    /// What an entry of the legend says where a stretch of the time is shown.
    pub fn rename(&mut self, key: usize, text: String) {
        self.renamed.insert(key, text);
    }

    /// A name of moments; returns its part.
    pub fn named(&mut self, named: Named) -> Part {
        self.named.push(named);
        Part::name(self.named.len() - 1)
    }

    fn shape(&mut self, shape: Shape) {
        self.shapes.push((self.part, shape));
    }

    /// A line through points.
    pub fn path(&mut self, points: Vec<(f64, f64)>, ink: Ink, width: f64) {
        self.faint_path(points, ink, width, 1.0);
    }

    /// A line that lets through what is behind.
    pub fn faint_path(&mut self, points: Vec<(f64, f64)>, ink: Ink, width: f64, opacity: f64) {
        if points.len() > 1 {
            self.shape(Shape::Path(points, ink, width, opacity));
        }
    }

    /// An area within points.
    pub fn fill(&mut self, points: Vec<(f64, f64)>, ink: Ink, opacity: f64) {
        if points.len() > 2 {
            self.shape(Shape::Fill(points, ink, opacity));
        }
    }

    /// A filled rectangle.
    pub fn rect(&mut self, area: Area, ink: Ink, opacity: f64) {
        self.shape(Shape::Box(area, ink, opacity));
    }

    /// A filled dot.
    pub fn dot(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        self.shape(Shape::Dot(at, radius, ink, true));
    }

    /// A ring with paper inside.
    pub fn hollow(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        self.dot(at, radius, palette::PAPER);
        self.ring(at, radius, ink.whole());
    }

    /// A ring.
    pub fn ring(&mut self, at: (f64, f64), radius: f64, ink: Ink) {
        self.shape(Shape::Dot(at, radius, ink, false));
    }

    /// Where a pointer is told this: values that the drawing only shows.
    pub fn spot(&mut self, area: Area, told: String) {
        // Names of others may hold anything, and be long.
        let line = |line: &str| clean(line).chars().take(LONGEST_TOLD).collect::<String>();
        let told: Vec<String> = told.lines().map(line).collect();
        if area.right > area.left && area.bottom > area.top {
            self.spots.push((self.part, area, told.join("\n")));
        }
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

    /// A text at the first of these places in the plot where it covers no line that shows data. Whether it was put.
    pub fn beside(
        &mut self,
        text: &str,
        places: &[((f64, f64), Anchor)],
        plot: Area,
        face: Face,
        ink: Ink,
    ) -> bool {
        let free = |(at, anchor): &&((f64, f64), Anchor)| {
            let area = text_area(text, *at, *anchor, face);
            area.within(&plot) && !self.covers(&area)
        };
        match places.iter().find(free) {
            Some(&(at, anchor)) => self.text(text, at, anchor, face, ink),
            None => false,
        }
    }

    /// A text beside a point where it covers no line that shows data: at the first of these places, else as near as
    /// there is room within the plot, with a thin line to its point.
    pub fn place(
        &mut self,
        text: &str,
        point: (f64, f64),
        places: &[((f64, f64), Anchor)],
        plot: Area,
        face: Face,
        ink: Ink,
    ) -> bool {
        if self.beside(text, places, plot, face, ink) {
            return true;
        }
        let free = |canvas: &Canvas, at: (f64, f64), anchor: Anchor| {
            let area = text_area(text, at, anchor, face);
            area.within(&plot) && !canvas.covers(&area)
        };
        let (half, step) = (face.width(text) / 2.0, face.size / 2.0);
        let rows = ((plot.bottom - plot.top) / step) as usize;
        let columns = (plot.width() / (2.0 * step)) as usize;
        let spots = (1..rows).flat_map(|row| (0..=columns).map(move |column| (row, column)));
        let spots = spots.map(|(row, column)| {
            let x = plot.left + half + column as f64 * 2.0 * step;
            (x, plot.top + row as f64 * step)
        });
        // From the edge of the text that is nearer.
        let leader = |(x, y): (f64, f64)| {
            let end = point.0.clamp(x - half, x + half);
            let edge = if y < point.1 { y + DESCENT * face.size } else { y - ASCENT * face.size };
            ((end, edge), point)
        };
        let cost = |canvas: &Canvas, at: (f64, f64)| {
            let (from, to) = leader(at);
            // A line to the point that crosses another text is worse than a long one.
            let crossed = canvas.texts.iter().any(|other| other.crossed(from, to));
            (from.0 - to.0).hypot(from.1 - to.1) + if crossed { WIDTH } else { 0.0 }
        };
        let near = spots
            .filter(|at| free(self, *at, Anchor::Middle))
            .min_by(|a, b| cost(self, *a).total_cmp(&cost(self, *b)));
        let Some(at) = near else {
            return false;
        };
        let (from, to) = leader(at);
        self.path(vec![from, to], ink, 1.0);
        self.text(text, at, Anchor::Middle, face, ink)
    }

    /// Whether a text there would touch another or lie on a line that shows data.
    fn covers(&self, area: &Area) -> bool {
        let on = |(part, shape): &(Part, Shape)| match shape {
            // What is not there at first is in nobody's way.
            _ if part.finer => false,
            Shape::Path(points, _, width, _) => {
                *width > FINE && points.windows(2).any(|ends| area.crossed(ends[0], ends[1]))
            }
            Shape::Dot((x, y), radius, ..) => area.touches(&Area {
                left: x - radius,
                top: y - radius,
                right: x + radius,
                bottom: y + radius,
            }),
            _ => false,
        };
        self.texts.iter().any(|other| other.touches(area)) || self.shapes.iter().any(on)
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
        // Where that goes is seen when it is shown.
        if self.part.finer {
            self.shape(Shape::Text(text.to_owned(), at, anchor, face, ink));
            return true;
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
        self.shape(Shape::Text(text, at, anchor, face, ink));
        true
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
