//! A chart: its name, its words, and the drawing.

use crate::result::StallLine;

use super::canvas::Canvas;
use super::drawn::ID;
use super::stalls::Shown;

/// A drawing that can stand on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Stem of its file, always the same for the same thing: `percentiles`, `timeline-steady-put.response`. Only of
    /// lower-case letters, digits, `.` and `-`.
    pub name: String,
    /// What it shows, for which part of which run; also drawn at the top of the chart.
    pub title: String,
    /// One sentence: what it shows and in which units. It is the chart's `aria-label`.
    pub caption: String,
    /// A complete `<svg>` without prolog, without size: it takes the width it is given. Safe to put into a page; with
    /// [`STYLE`] in the page it follows the reader's choice of light or dark.
    pub svg: String,
    /// Unique in its page; empty where nothing leads to it.
    pub id: String,
    /// The same for a page with a script.
    live: String,
    stalls: Option<Shown>,
}

/// The id of the place where a stall is drawn, in a chart of its own series before all others.
pub fn place_of(charts: &[Chart], stall: &StallLine) -> Option<String> {
    let place = |chart: &Chart| {
        let shown = chart.stalls.as_ref()?;
        let column = shown.column(stall)?;
        Some((shown.series != stall.series, format!("{}-at-{column}", chart.id)))
    };
    // Of equal ones the first.
    charts.iter().filter_map(place).min_by_key(|(other, _)| *other).map(|(_, id)| id)
}

impl Chart {
    /// A drawing with its words, cleaned of what no page may hold.
    pub(super) fn new(name: &str, title: &str, caption: &str, canvas: Canvas) -> Self {
        let caption = super::measure::printable(caption);
        Chart {
            name: stem(name),
            title: super::measure::printable(title),
            svg: canvas.finish(&caption),
            id: String::new(),
            live: canvas.live(&caption),
            stalls: None,
            caption,
        }
    }

    /// The same, in which these stalls are drawn.
    pub(super) fn with_stalls(self, stalls: Shown) -> Self {
        Chart { stalls: Some(stalls), ..self }
    }

    /// The `<svg>` for a page: with what its script moves and hides.
    pub fn in_page(&self) -> String {
        self.live.replace(ID, &self.id)
    }
}

/// Text as part of a chart's name.
pub(super) fn stem(text: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9' | '.') => c,
        _ => '-',
    };
    let name: String = text.chars().take(60).map(plain).collect();
    // A name must not hide its file.
    match name.trim_matches(['.', '-']) {
        "" => "chart".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn names_are_safe_as_files() {
        assert_eq!(stem("timeline-steady-Put.Response"), "timeline-steady-put.response");
        assert_eq!(stem("../../etc/passwd"), "etc-passwd");
        assert_eq!(stem("größe\n<&>"), "gr--e");
    }
}
