//! Charts as PNG: resvg draws the SVG with a font of its own, so that a picture looks the same on a machine without
//! any.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::error::{Error, Result, usage};

use super::{Chart, palette};

/// DejaVu Sans without what no chart needs; see assets/fonts/README.md.
const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans-subset.ttf");
/// The same in bold.
const BOLD: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans-Bold-subset.ttf");
const FAMILY: &str = "DejaVu Sans";

/// The widest picture that is drawn, in pixels.
const WIDEST: u32 = 16_384;

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

/// The chart as a PNG of this many pixels' width.
///
/// # Errors
/// [`Error::Usage`] for a width of 0 or more than 16,384; [`Error::Refused`] when the drawing cannot be read or drawn.
pub fn png(chart: &Chart, width: u32, theme: Theme) -> Result<Vec<u8>> {
    if width == 0 || width > WIDEST {
        return Err(usage(&[], format!("a picture can be 1 to {WIDEST} pixels wide, not {width}")));
    }
    let failed = |why: String| Error::Refused(format!("chart {}: {why}", chart.name));
    let svg = match theme {
        Theme::Light => chart.svg.clone(),
        Theme::Dark => dark(&chart.svg),
    };
    let options =
        Options { font_family: FAMILY.to_owned(), fontdb: fonts(&svg), ..Options::default() };
    let tree = Tree::from_str(&svg, &options).map_err(|e| failed(e.to_string()))?;
    let scale = width as f32 / tree.size().width();
    let height = (tree.size().height() * scale).ceil() as u32;
    let mut pixmap = Pixmap::new(width, height.max(1))
        .ok_or_else(|| failed("a picture of this size does not fit in memory".to_owned()))?;
    pixmap.fill(paper(theme));
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|e| failed(e.to_string()))
}

fn paper(theme: Theme) -> Color {
    let color = match theme {
        Theme::Light => palette::PAPER.light,
        Theme::Dark => palette::PAPER.dark,
    };
    let [_, red, green, blue] = color.to_be_bytes();
    Color::from_rgba8(red, green, blue, 255)
}

/// Every ink by its dark value. Light values are unique, and only attributes are touched.
fn dark(svg: &str) -> String {
    let mut out = svg.to_owned();
    for ink in palette::all() {
        // By way of a value that is no ink, so that none is changed twice.
        let marked = format!("\"@{:06X}\"", ink.light);
        out = out.replace(&format!("\"{}\"", palette::hex(ink.light)), &marked);
    }
    for ink in palette::all() {
        let marked = format!("\"@{:06X}\"", ink.light);
        out = out.replace(&marked, &format!("\"{}\"", palette::hex(ink.dark)));
    }
    out
}

/// The embedded font alone, or with those of the system where a name is in a script that it lacks. Looking for those
/// takes a while, so it is done once.
fn fonts(svg: &str) -> Arc<fontdb::Database> {
    static OWN: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    static ALL: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let own = || {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        fonts.set_sans_serif_family(FAMILY);
        fonts
    };
    if svg.chars().all(is_embedded) {
        OWN.get_or_init(|| Arc::new(own())).clone()
    } else {
        let all = || {
            let mut fonts = own();
            fonts.load_system_fonts();
            fonts.set_sans_serif_family(FAMILY);
            Arc::new(fonts)
        };
        ALL.get_or_init(all).clone()
    }
}

/// Whether the embedded font has this character, or a box in its place will do.
fn is_embedded(c: char) -> bool {
    matches!(c, '\0'..='\u{17f}' | '\u{370}'..='\u{45f}' | '\u{2010}'..='\u{2265}' | '\u{fffd}')
}
