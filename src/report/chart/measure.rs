//! How much room a text takes. plotters knows no fonts when it writes SVG, and a page may show the text in any: so texts
//! are measured by DejaVu Sans, which is wider than the sans-serif fonts that are usual, and by an upper bound where a
//! letter is not in the table. What fits by this measure fits everywhere.

use unicode_width::UnicodeWidthChar as _;

use crate::report::text::clean;

/// The least that can be read when a chart is scaled to a telephone's 390 pixels: 12 of them.
pub(super) const SMALL: f64 = 20.0;
/// Titles.
pub(super) const LARGE: f64 = 22.0;
/// From the baseline to the top of a line, in ems.
pub(super) const ASCENT: f64 = 0.93;
/// From the baseline to its bottom.
pub(super) const DESCENT: f64 = 0.24;

/// Advances of the characters from space to `~`, in thousandths of an em: DejaVu Sans.
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// The same of DejaVu Sans Bold.
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683,
    683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771,
    724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665,
    343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];

/// A size and a weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Face {
    /// The em.
    pub size: f64,
    /// Whether it is bold.
    pub bold: bool,
}

/// What most texts are set in.
pub(super) const PLAIN: Face = Face { size: SMALL, bold: false };
/// Titles.
pub(super) const TITLE: Face = Face { size: LARGE, bold: true };
/// Titles of panels.
pub(super) const STRONG: Face = Face { size: SMALL, bold: true };

impl Face {
    /// At most how wide a text is, in units of the canvas.
    pub fn width(self, text: &str) -> f64 {
        text.chars().map(|c| self.advance(c)).sum::<f64>() * self.size / 1000.0
    }

    fn advance(self, c: char) -> f64 {
        let table = if self.bold { &BOLD } else { &REGULAR };
        let in_table = (c as usize).checked_sub(32).and_then(|at| table.get(at));
        if let Some(&advance) = in_table {
            return f64::from(advance);
        }
        match (c, c.width()) {
            ('·', _) => 380.0,
            ('–', _) => 500.0,
            ('µ', _) => 736.0,
            ('×' | '±' | '≤' | '≥' | '→' | '−', _) => 838.0,
            (_, Some(0)) => 0.0,
            ('\u{ac00}'..='\u{d7a3}' | '\u{2e80}'..='\u{9fff}', _) => 1_050.0,
            (_, Some(1)) if c.is_lowercase() => 1_150.0,
            (_, Some(1)) => 1_330.0,
            _ => 1_500.0,
        }
    }

    /// The text, cut with … where it is wider than this, and cleaned of what no page may hold.
    pub fn fit(self, text: &str, width: f64) -> String {
        let text = printable(text);
        if self.width(&text) <= width {
            return text;
        }
        let room = width - self.width("…");
        let mut taken = 0.0;
        let fits = |c: &char| {
            taken += self.advance(*c) * self.size / 1000.0;
            taken <= room
        };
        let kept: String = text.chars().take_while(fits).collect();
        format!("{}…", kept.trim_end())
    }
}

/// Without control characters, and without the two code points that XML forbids besides.
pub(super) fn printable(text: &str) -> String {
    clean(text)
        .chars()
        .map(|c| match c {
            '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{PLAIN, TITLE};

    #[test]
    fn long_names_are_cut_between_letters_and_fit() {
        let long = "größe-ディスク-<&>\"".repeat(20);
        for width in [1.0, 30.0, 100.0, 400.0] {
            let cut = TITLE.fit(&long, width);
            assert!(cut.ends_with('…'));
            assert!(TITLE.width(&cut) <= width || cut == "…", "{cut}");
        }
        assert_eq!(PLAIN.fit("10 ms", 200.0), "10 ms");
        assert_eq!(PLAIN.fit("a\u{1b}b\u{ffff}", 200.0), "a\u{fffd}b\u{fffd}");
    }
}
