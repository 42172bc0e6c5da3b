//! Looks at a chart as a reader's program does: is it XML, does every text lie on the page, does none lie on another?

use std::sync::Arc;

use etcdbench::report::chart::{Chart, Theme, png, standalone};
use resvg::usvg::{Group, Node, Options, Rect, Tree, fontdb, roxmltree};

/// Texts may touch by as much as rounding moves them, in units of the drawing (640 units are 2,560 of them).
const ROUNDING: f32 = 2.0;

fn fonts() -> Arc<fontdb::Database> {
    let mut fonts = fontdb::Database::new();
    for name in ["DejaVuSans-subset", "DejaVuSans-Bold-subset"] {
        let path = format!("{}/assets/fonts/{name}.ttf", env!("CARGO_MANIFEST_DIR"));
        fonts.load_font_file(path).unwrap();
    }
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
}

fn texts(group: &Group, found: &mut Vec<(String, Rect)>) {
    for node in group.children() {
        match node {
            Node::Text(text) => {
                let words: String = text.chunks().iter().map(|chunk| chunk.text()).collect();
                found.push((words, text.abs_bounding_box()));
            }
            Node::Group(inner) => texts(inner, found),
            _ => {}
        }
    }
}

/// Every text with the room it takes, in the drawing's own units.
pub fn texts_of(chart: &Chart) -> Vec<(String, Rect)> {
    let options =
        Options { fontdb: fonts(), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(&chart.svg, &options).unwrap();
    let mut found = Vec::new();
    texts(tree.root(), &mut found);
    found
}

/// Fails with the name of the chart unless all of it is well.
pub fn check(name: &str, chart: &Chart) {
    let name = format!("{name}: {}", chart.name);
    for text in [&chart.svg, &standalone(chart)] {
        let document = roxmltree::Document::parse(text);
        let document = document.unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "svg", "{name}");
        assert_eq!(root.attribute("role"), Some("img"), "{name}");
        assert_eq!(root.attribute("aria-label"), Some(chart.caption.as_str()), "{name}");
        assert!(root.attribute("width").is_none() && root.attribute("height").is_none());
        for element in document.descendants() {
            assert!(
                element
                    .attributes()
                    .all(|a| !a.value().contains("NaN") && !a.value().contains("inf")),
                "{name}: {element:?}"
            );
            assert!(element.tag_name().name() != "script", "{name}");
        }
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    assert!(!chart.name.is_empty() && chart.name.chars().all(plain), "{name}");
    assert!(chart.caption.ends_with(['.', '?', '%', ')']), "{name}: {}", chart.caption);
    words(&name, chart);
}

fn words(name: &str, chart: &Chart) {
    let document = roxmltree::Document::parse(&chart.svg).unwrap();
    let view = document.root_element().attribute("viewBox").unwrap();
    let view: Vec<f32> = view.split(' ').map(|n| n.parse().unwrap()).collect();
    let texts = texts_of(chart);
    assert!(texts.len() > 3, "{name}: only {} texts", texts.len());
    for (at, (text, area)) in texts.iter().enumerate() {
        let inside = area.left() >= -ROUNDING
            && area.top() >= -ROUNDING
            && area.right() <= view[2] + ROUNDING
            && area.bottom() <= view[3] + ROUNDING;
        assert!(inside, "{name}: '{text}' at {area:?} leaves {view:?}");
        // Twelve pixels on a telephone of 390.
        assert!(area.height() * 390.0 / view[2] >= 12.0, "{name}: '{text}' is too small");
        for (other, there) in &texts[..at] {
            let apart = area.left() >= there.right() - ROUNDING
                || there.left() >= area.right() - ROUNDING
                || area.top() >= there.bottom() - ROUNDING
                || there.top() >= area.bottom() - ROUNDING;
            assert!(apart, "{name}: '{text}' {area:?} lies on '{other}' {there:?}");
        }
    }
}

/// Lines of a grid are no wider than this, those that show data are.
const FINE: f32 = 6.0;

/// The lines that show data: their points.
fn data_lines(chart: &Chart) -> Vec<Vec<(f32, f32)>> {
    let document = roxmltree::Document::parse(&chart.svg).unwrap();
    let lines = document.descendants().filter(|node| node.tag_name().name() == "polyline");
    let wide = lines.filter(|line| {
        line.attribute("stroke-width").is_some_and(|width| width.parse::<f32>().unwrap() > FINE)
    });
    let points = |text: &str| {
        let pairs = text.split_whitespace().filter_map(|pair| pair.split_once(','));
        pairs.map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).collect()
    };
    wide.map(|line| points(line.attribute("points").unwrap())).collect()
}

/// No text lies on a line that shows data; looked at along each line, in steps.
pub fn covers_no_line(name: &str, chart: &Chart) {
    let lines = data_lines(chart);
    for (text, area) in texts_of(chart) {
        let inside = |(x, y): (f32, f32)| {
            x > area.left() + ROUNDING
                && x < area.right() - ROUNDING
                && y > area.top() + ROUNDING
                && y < area.bottom() - ROUNDING
        };
        for ends in lines.iter().flat_map(|line| line.windows(2)) {
            let [(x0, y0), (x1, y1)] = [ends[0], ends[1]];
            let crossed = (0..=200).any(|step| {
                let share = step as f32 / 200.0;
                inside((x0 + (x1 - x0) * share, y0 + (y1 - y0) * share))
            });
            assert!(!crossed, "{name}: {}: '{text}' {area:?} lies on {ends:?}", chart.name);
        }
    }
}

/// What is told under the pointer.
pub fn titles(chart: &Chart) -> Vec<String> {
    let document = roxmltree::Document::parse(&chart.svg).unwrap();
    let titles = document.descendants().filter(|node| node.tag_name().name() == "title");
    titles.map(|title| title.text().unwrap_or_default().to_owned()).collect()
}

/// How many pixels of a picture are not those of its paper, and the picture's size.
pub fn painted(chart: &Chart, theme: Theme) -> (usize, u32) {
    let bytes = png(chart, 390, theme).unwrap();
    let picture = resvg::tiny_skia::Pixmap::decode_png(&bytes).unwrap();
    let paper = picture.pixel(0, 0).unwrap();
    let other = picture.pixels().iter().filter(|pixel| **pixel != paper);
    (other.count(), picture.width())
}
