//! How wide a page may be, and whether it may have colours.

use owo_colors::{OwoColorize, Style as Paint};

use super::page::Tone;
use crate::exit::Verdict;

/// What the place where a page is shown can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Whether the verdict and the marks may be coloured.
    pub color: bool,
    /// Lines of the window; `None` where nobody says, and where nothing scrolls away.
    pub height: Option<usize>,
}

impl Style {
    /// Narrower than this, lines are broken by the terminal.
    const NARROWEST: usize = 40;
    /// Prose is hard to read in longer lines.
    const PROSE: usize = 110;
    /// Where nobody says how wide the page is: a file, a pipe.
    pub const UNKNOWN_WIDTH: usize = 100;

    /// The style of this process' stdout. Colours only on a terminal, and as `NO_COLOR`, `CLICOLOR` and `TERM` say.
    pub fn of_stdout(no_color: bool) -> Self {
        let stdout = std::io::stdout();
        let asked = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let size = terminal_size::terminal_size_of(&stdout);
        let width = size.map(|(width, _)| usize::from(width.0)).or(asked);
        let height = size.map(|(_, height)| usize::from(height.0));
        let choice = anstream::AutoStream::choice(&stdout);
        Style {
            width: width.unwrap_or(Self::UNKNOWN_WIDTH),
            color: !no_color && choice != anstream::ColorChoice::Never,
            height,
        }
    }

    /// Columns that are used at least.
    pub(super) fn columns(self) -> usize {
        self.width.max(Self::NARROWEST)
    }

    /// Columns for running text.
    pub(super) fn prose(self) -> usize {
        self.columns().min(Self::PROSE)
    }

    /// Text in the colour of a verdict.
    pub(super) fn verdict(self, verdict: Verdict, text: &str) -> String {
        self.tone(verdict.into(), text)
    }

    /// Text with this emphasis.
    pub(super) fn tone(self, tone: Tone, text: &str) -> String {
        let paint = Paint::new().bold();
        let paint = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Pass => paint.green(),
            Tone::Warn | Tone::Open => paint.yellow(),
            Tone::Fail => paint.red(),
        };
        if self.color && !text.is_empty() { text.style(paint).to_string() } else { text.to_owned() }
    }
}
