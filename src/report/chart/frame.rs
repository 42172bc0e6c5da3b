//! What all charts share: a title, a legend, and panels with axes.

use super::area::Area;
use super::canvas::{Anchor, Canvas, MARGIN, WIDTH};
use super::measure::{PLAIN, STRONG, TITLE};
use super::palette::{GRID, Ink, LIMIT, MUTED, TEXT};
use super::part::Part;
use super::scale::Axis;

/// From one line of text to the next.
pub(super) const LINE: f64 = 26.0;
/// Width of the lines that show data.
pub(super) const PEN: f64 = 2.5;

/// How a legend shows an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A line, dashed as its ink has it.
    Line,
    /// A patch.
    Patch,
    /// A dot.
    Dot,
    /// A ring.
    Ring,
}

impl Mark {
    /// How wide its sample is.
    fn width(self) -> f64 {
        match self {
            Mark::Line => 40.0,
            Mark::Patch | Mark::Dot | Mark::Ring => 16.0,
        }
    }
}

/// One entry of a legend.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    /// How it is drawn.
    pub mark: Mark,
    /// In which ink.
    pub ink: Ink,
    /// What it means.
    pub text: String,
}

impl Key {
    /// An entry.
    pub fn new(mark: Mark, ink: Ink, text: impl Into<String>) -> Self {
        Key { mark, ink, text: text.into() }
    }
}

/// Title, subtitle and legend; the canvas begins with them.
#[derive(Debug, Clone, Default)]
pub(super) struct Head<'a> {
    /// What is shown.
    pub title: &'a str,
    /// Of which run.
    pub subtitle: &'a str,
    /// What the inks mean; of one there is no need to tell.
    pub keys: &'a [Key],
    /// What the inks of a ramp stand for.
    pub ramp: Option<Ramp<'a>>,
}

/// Inks from one end to the other, and what the ends are.
#[derive(Debug, Clone)]
pub(super) struct Ramp<'a> {
    /// The inks.
    pub inks: &'a [Ink],
    /// What the first stands for.
    pub low: String,
    /// What the last stands for.
    pub high: String,
}

impl Ramp<'_> {
    fn draw(&self, canvas: &mut Canvas, baseline: f64) {
        let mut left = MARGIN;
        canvas.text(&self.low, (left, baseline), Anchor::Start, PLAIN, MUTED);
        left += PLAIN.width(&self.low) + 8.0;
        for ink in self.inks {
            let area =
                Area { left, top: baseline - 15.0, right: left + 18.0, bottom: baseline + 1.0 };
            canvas.rect(area, *ink, 1.0);
            left += 18.0;
        }
        let text = PLAIN.fit(&self.high, WIDTH - MARGIN - left - 8.0);
        canvas.text(&text, (left + 8.0, baseline), Anchor::Start, PLAIN, MUTED);
    }
}

impl Head<'_> {
    /// How high it is.
    pub fn height(&self) -> f64 {
        let lines = 1
            + usize::from(!self.subtitle.is_empty())
            + usize::from(self.ramp.is_some())
            + self.rows().len();
        MARGIN + lines as f64 * LINE + 8.0
    }

    /// The legend's entries in rows that are not too wide: where each begins, and what it says.
    fn rows(&self) -> Vec<Vec<(f64, usize, String)>> {
        let mut rows: Vec<Vec<(f64, usize, String)>> = Vec::new();
        let mut right = f64::INFINITY;
        for (index, key) in self.keys.iter().enumerate() {
            let room = WIDTH - 2.0 * MARGIN - key.mark.width() - 8.0;
            let text = PLAIN.fit(&key.text, room);
            let width = key.mark.width() + 8.0 + PLAIN.width(&text);
            if right + 24.0 + width > WIDTH - MARGIN {
                rows.push(Vec::new());
                right = MARGIN - 24.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((right + 24.0, index, text));
            }
            right += 24.0 + width;
        }
        rows
    }

    /// Draws it at the top of the canvas.
    pub fn draw(&self, canvas: &mut Canvas) {
        let room = WIDTH - 2.0 * MARGIN;
        let mut baseline = MARGIN + 21.0;
        let title = TITLE.fit(self.title, room);
        canvas.text(&title, (MARGIN, baseline), Anchor::Start, TITLE, TEXT);
        if !self.subtitle.is_empty() {
            baseline += LINE;
            let subtitle = PLAIN.fit(self.subtitle, room);
            canvas.text(&subtitle, (MARGIN, baseline), Anchor::Start, PLAIN, MUTED);
        }
        if let Some(ramp) = &self.ramp {
            baseline += LINE;
            ramp.draw(canvas, baseline);
        }
        for row in self.rows() {
            baseline += LINE;
            for (left, index, text) in row {
                let key = &self.keys[index];
                let at = (left + key.mark.width() + 8.0, baseline);
                canvas.part(Part::legend(index), |canvas| {
                    sample(canvas, key, left, baseline - 7.0);
                    canvas.text(&text, at, Anchor::Start, PLAIN, TEXT);
                });
            }
        }
    }
}

fn sample(canvas: &mut Canvas, key: &Key, left: f64, middle: f64) {
    let width = key.mark.width();
    let centre = (left + width / 2.0, middle);
    match key.mark {
        Mark::Line => {
            let ends = vec![(left, middle), (left + width, middle)];
            canvas.path(ends, key.ink, PEN);
        }
        Mark::Patch => canvas.rect(
            Area { left, top: middle - 8.0, right: left + width, bottom: middle + 8.0 },
            key.ink,
            1.0,
        ),
        Mark::Dot => canvas.dot(centre, 6.0, key.ink),
        Mark::Ring => canvas.ring(centre, 6.0, key.ink),
    }
}

/// Axes around an area in which data is drawn.
#[derive(Debug, Clone)]
pub(super) struct Panel {
    /// Where data goes.
    pub plot: Area,
    /// Along the bottom.
    pub x: Axis,
    /// Up the left side.
    pub y: Axis,
}

/// What of a panel is labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Labels {
    /// Ticks along the bottom.
    pub x: bool,
    /// Ticks up the side.
    pub y: bool,
}

/// Everything labelled.
pub(super) const ALL: Labels = Labels { x: true, y: true };

/// Room that the texts of a y axis take on its left.
pub(super) fn gutter(y: &Axis) -> f64 {
    let widths = y.ticks.iter().map(|(_, text)| PLAIN.width(text));
    widths.fold(0.0, f64::max).min(200.0) + 10.0
}

/// Height of what stands below a panel: ticks and the axis' label.
pub(super) const BELOW: f64 = 2.0 * LINE + 12.0;

/// A strip from top to bottom around each quantile, and what is told there.
pub(super) fn strips(
    panel: &Panel,
    quantiles: &[f64],
    told: impl Fn(f64) -> String,
) -> Vec<(Area, String)> {
    let x = |at: usize| quantiles.get(at).map(|q| panel.x(*q));
    let strip = |(at, q): (usize, &f64)| {
        let here = panel.x(*q);
        let before = at.checked_sub(1).and_then(x);
        let left = before.map_or(panel.plot.left, |before| f64::midpoint(before, here));
        let right = x(at + 1).map_or(here + 6.0, |next| f64::midpoint(here, next));
        let area = Area { left, right: right.min(panel.plot.right), ..panel.plot };
        (area, format!("{}\n{}", percentile(*q), told(*q)))
    };
    quantiles.iter().enumerate().map(strip).collect()
}

/// `p99.2`, as far as it matters.
fn percentile(q: f64) -> String {
    let decimals = (-(1.0 - q).max(1e-9).log10()).ceil().max(0.0) as usize;
    let text = format!("{:.decimals$}", q * 100.0);
    match text.contains('.') {
        true => format!("p{}", text.trim_end_matches('0').trim_end_matches('.')),
        false => format!("p{text}"),
    }
}

impl Panel {
    /// One panel that takes the whole width, from `top` down, `height` high without its texts. The y axis' label stands
    /// above it.
    pub fn wide(top: f64, height: f64, x: Axis, y: Axis) -> Self {
        let above = if y.label.is_empty() { 10.0 } else { LINE + 12.0 };
        let plot = Area {
            left: MARGIN + gutter(&y),
            top: top + above,
            right: WIDTH - MARGIN - 10.0,
            bottom: top + above + height,
        };
        Panel { plot, x, y }
    }

    /// Where a value of the x axis lies.
    pub fn x(&self, value: f64) -> f64 {
        self.plot.left + self.x.scale.share(value) * self.plot.width()
    }

    /// Where a value of the y axis lies.
    pub fn y(&self, value: f64) -> f64 {
        let height = self.plot.bottom - self.plot.top;
        self.plot.bottom - self.y.scale.share(value) * height
    }

    /// Where a pair of values lies.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x(x), self.y(y))
    }

    /// Draws lines, ticks and labels.
    pub fn draw(&self, canvas: &mut Canvas, labels: Labels) {
        let plot = self.plot;
        for (value, text) in &self.y.ticks {
            let y = self.y(*value);
            canvas.path(vec![(plot.left, y), (plot.right, y)], GRID, 1.0);
            if labels.y {
                let at = (plot.left - 8.0, y + 7.0);
                canvas.text(text, at, Anchor::End, PLAIN, MUTED);
            }
        }
        canvas.part(Part::TICKS, |canvas| {
            for (value, text) in &self.x.ticks {
                let x = self.x(*value);
                canvas.path(vec![(x, plot.top), (x, plot.bottom + 5.0)], GRID, 1.0);
                if labels.x {
                    self.x_tick(canvas, x, text);
                }
            }
        });
        let edge = vec![(plot.left, plot.bottom), (plot.right, plot.bottom)];
        canvas.path(edge, MUTED, 1.5);
        if labels.y && !self.y.label.is_empty() {
            let text = PLAIN.fit(&self.y.label, WIDTH - 2.0 * MARGIN);
            // Above the text of a tick at the very top.
            let at = (MARGIN, plot.top - 18.0);
            canvas.text(&text, at, Anchor::Start, PLAIN, MUTED);
        }
        if labels.x && !self.x.label.is_empty() {
            let text = PLAIN.fit(&self.x.label, WIDTH - 2.0 * MARGIN);
            let at = (plot.right, plot.bottom + 2.0 * LINE + 5.0);
            let placed = canvas.text(&text, at, Anchor::End, PLAIN, MUTED);
            if !placed {
                canvas.text(&text, (MARGIN, at.1), Anchor::Start, PLAIN, MUTED);
            }
        }
    }

    /// A tick's text under it, kept within the canvas.
    fn x_tick(&self, canvas: &mut Canvas, x: f64, text: &str) {
        let half = PLAIN.width(text) / 2.0;
        let x = x.min(WIDTH - 4.0 - half).max(4.0 + half);
        // Below the text of a tick of the other axis at the very bottom.
        let at = (x, self.plot.bottom + LINE + 6.0);
        canvas.tick(text, at, PLAIN, MUTED);
    }

    /// A limit as a line across, with its name where there is room.
    pub fn limit(&self, canvas: &mut Canvas, value: f64, name: &str) {
        let (y, plot) = (self.y(value), self.plot);
        canvas.path(vec![(plot.left, y), (plot.right, y)], LIMIT, 2.0);
        let text = PLAIN.fit(name, plot.width() - 12.0);
        let above = y - 7.0;
        let below = y + 21.0;
        let places = [
            ((plot.right - 6.0, above), Anchor::End),
            ((plot.left + 6.0, above), Anchor::Start),
            ((plot.right - 6.0, below), Anchor::End),
            ((plot.left + 6.0, below), Anchor::Start),
            ((f64::midpoint(plot.left, plot.right), above), Anchor::Middle),
        ];
        // The legend has it in any case.
        canvas.beside(&text, &places, plot, PLAIN, LIMIT);
    }

    /// A name in the panel's upper left corner, above its plot.
    pub fn name(&self, canvas: &mut Canvas, name: &str) {
        let text = STRONG.fit(name, self.plot.width());
        let at = (self.plot.left, self.plot.top - 8.0);
        canvas.text(&text, at, Anchor::Start, STRONG, TEXT);
    }
}
