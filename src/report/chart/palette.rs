//! The inks: few, safe for the colour-blind (after Okabe and Ito), each with a value for light and one for dark pages.
//! Series differ by dash as well as by colour, so that a page printed in grey can still be read.

/// A colour of a chart. What is drawn carries the light value; that value is unique, so that a style sheet or a
/// renderer of pixels can put the dark one in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    /// On light pages, `0xRRGGBB`.
    pub light: u32,
    /// On dark pages.
    pub dark: u32,
    /// How lines are dashed, as `stroke-dasharray` has it in the drawing's units; empty for whole lines.
    pub dash: &'static str,
}

impl Ink {
    /// The same without dashes: for bars and rings. Dashes go with the colour of a line, so it is a hair off.
    pub fn whole(self) -> Ink {
        WHOLE
            .into_iter()
            .zip(SERIES)
            .find(|(_, dashed)| *dashed == self)
            .map_or(self, |(whole, _)| whole)
    }
}

const fn ink(light: u32, dark: u32) -> Ink {
    Ink { light, dark, dash: "" }
}

const fn dashed(light: u32, dark: u32, dash: &'static str) -> Ink {
    Ink { light, dark, dash }
}

/// Titles and what must be read.
pub(super) const TEXT: Ink = ink(0x1F2328, 0xE6EDF3);
/// Ticks, units, subtitles.
pub(super) const MUTED: Ink = ink(0x57606A, 0x9DA7B3);
/// Lines that help the eye.
pub(super) const GRID: Ink = ink(0xD8DEE4, 0x30363D);
/// The page behind; plates under labels.
pub(super) const PAPER: Ink = ink(0xFFFFFF, 0x0D1117);
/// Limits and thresholds.
pub(super) const LIMIT: Ink = dashed(0xA4133C, 0xFF7A90, "16 12");
/// Something happened at this moment.
pub(super) const EVENT: Ink = dashed(0x6E7781, 0x8B949E, "6 10");
/// Better.
pub(super) const GOOD: Ink = ink(0x117733, 0x3FB950);
/// Worse, stalls.
pub(super) const BAD: Ink = ink(0xB3261E, 0xF2736B);
/// Neither.
pub(super) const OPEN: Ink = ink(0x8C6D1F, 0xD9A521);
/// Text on the strong end of a ramp.
pub(super) const ON_STRONG: Ink = ink(0xFEFEFE, 0x0D1116);

/// Series, in the order they are given out.
pub(super) const SERIES: [Ink; 6] = [
    ink(0x0072B2, 0x56B4E9),
    dashed(0xD55E00, 0xFF8A3D, "40 16"),
    dashed(0x009E73, 0x2FCB9B, "12 14"),
    dashed(0xA8478A, 0xE39CC6, "44 14 10 14"),
    dashed(0xB07C00, 0xE6B422, "70 18"),
    dashed(0x444B54, 0xC3CAD1, "24 10 8 10 8 10"),
];

/// The inks of series for what is never dashed.
const WHOLE: [Ink; 6] = [
    ink(0x0072B3, 0x56B4E9),
    ink(0xD55E01, 0xFF8A3D),
    ink(0x009E74, 0x2FCB9B),
    ink(0xA8478B, 0xE39CC6),
    ink(0xB07C01, 0xE6B422),
    ink(0x444B55, 0xC3CAD1),
];

/// From few to many (after ColorBrewer's YlGnBu; on dark pages after viridis).
pub(super) const RAMP: [Ink; 8] = [
    ink(0xE6F5D0, 0x1B1F3B),
    ink(0xC7E9B4, 0x2B2F6B),
    ink(0x7FCDBB, 0x31528C),
    ink(0x41B6C4, 0x26828E),
    ink(0x1D91C0, 0x1F9E89),
    ink(0x225EA8, 0x6DCD59),
    ink(0x253494, 0xB4DE2C),
    ink(0x081D58, 0xFDE725),
];

/// From better to worse, nothing in the middle (after ColorBrewer's RdBu).
pub(super) const DIVERGING: [Ink; 7] = [
    ink(0x2166AC, 0x6CB8F0),
    ink(0x67A9CF, 0x4A86B8),
    ink(0xD1E5F0, 0x34506B),
    ink(0xF7F7F7, 0x3A3F46),
    ink(0xFDDBC7, 0x6B3B3B),
    ink(0xEF8A62, 0xC0504A),
    ink(0xB2182B, 0xF4685F),
];

/// The ink of the series with this index; from the seventh on they begin anew.
pub(super) fn series(index: usize) -> Ink {
    SERIES[index % SERIES.len()]
}

/// The ink of a share of the ramp, 0 to 1.
pub(super) fn ramp(share: f64) -> Ink {
    let top = RAMP.len() - 1;
    RAMP[((share.clamp(0.0, 1.0) * top as f64).round() as usize).min(top)]
}

/// Whether text on this ink must be [`ON_STRONG`].
pub(super) fn is_strong(ink: Ink) -> bool {
    let at = |inks: &[Ink]| inks.iter().position(|&other| other == ink);
    at(&RAMP).is_some_and(|at| at >= 4) || at(&DIVERGING).is_some_and(|at| at == 0 || at == 6)
}

/// Every ink.
pub(super) fn all() -> impl Iterator<Item = Ink> {
    let single = [TEXT, MUTED, GRID, PAPER, LIMIT, EVENT, GOOD, BAD, OPEN, ON_STRONG];
    single.into_iter().chain(SERIES).chain(WHOLE).chain(RAMP).chain(DIVERGING)
}

/// As an attribute has it: `#0072B2`.
pub(super) fn hex(color: u32) -> String {
    format!("#{color:06X}")
}

#[cfg(test)] // they are kept in style.css
/// Rules that give every ink within elements of class `chart` its dark value.
pub(super) fn dark_rules() -> String {
    use std::fmt::Write as _;
    let mut rules = String::new();
    for ink in all() {
        let (light, dark) = (hex(ink.light), hex(ink.dark));
        let _ = write!(
            rules,
            ".chart [fill=\"{light}\"]{{fill:{dark}}}.chart [stroke=\"{light}\"]{{stroke:{dark}}}"
        );
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn no_two_inks_share_a_light_value() {
        let mut seen = std::collections::BTreeSet::new();
        for ink in all() {
            assert!(seen.insert(ink.light), "{ink:?}");
        }
    }
}
