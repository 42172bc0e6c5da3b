//! What a history is judged by, as far as a person may change it.

/// How the file of marks is called, beside the results.
pub const MARKS: &str = "trend-marks.toml";

/// What a person may change about the judgement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Bad nights in a row that make a suspicion a regression, at least; more where bad nights were frequent before.
    pub confirm_nights: u32,
    /// The smallest relative change that matters, for every series; absent for each series' own.
    pub min_difference: Option<f64>,
    /// Nights that are looked back on.
    pub look_back: u32,
}

impl Settings {
    /// Two bad nights in a row.
    pub const CONFIRM_NIGHTS: u32 = 2;
    /// A year.
    pub const LOOK_BACK: u32 = 365;
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            confirm_nights: Self::CONFIRM_NIGHTS,
            min_difference: None,
            look_back: Self::LOOK_BACK,
        }
    }
}

/// What a person says about a table.
#[derive(Debug, Clone, Default)]
pub struct TableOptions {
    /// The column of times; found by its name or its values when absent.
    pub time: Option<String>,
    /// The columns to judge; every column of numbers when empty.
    pub columns: Vec<String>,
    /// Columns in which lower is better.
    pub lower_is_better: Vec<String>,
    /// Columns in which higher is better.
    pub higher_is_better: Vec<String>,
}
