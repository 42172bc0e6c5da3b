//! What a shape is part of. On a page a script moves what lies on a time axis and hides what belongs to an entry of the
//! legend; it finds both by their part. A drawing that stands alone tells of none, and has nothing that is only for the
//! script.

/// A part of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Part {
    /// What it is.
    pub role: Role,
    /// The entry of the legend that it belongs to; of a name its number.
    pub key: Option<usize>,
    /// Whether it is shown in a stretch of the time alone: the whole has no room for it.
    pub finer: bool,
    /// The column of a chart that it marks; what links lead to.
    pub place: Option<u32>,
}

/// What parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Role {
    /// Title, axes, what stays as it is.
    #[default]
    Ground,
    /// An entry of the legend.
    Legend,
    /// Has its place on the x axis.
    Data,
    /// Lies across the plot from side to side.
    Across,
    /// Ticks of the x axis.
    Ticks,
    /// Lines at moments.
    Events,
    /// The name of moments.
    Names,
}

impl Part {
    const fn new(role: Role, key: Option<usize>) -> Part {
        Part { role, key, finer: false, place: None }
    }

    /// The entry of the legend with this index.
    pub const fn legend(key: usize) -> Part {
        Part::new(Role::Legend, Some(key))
    }

    /// Data of that entry.
    pub const fn data(key: usize) -> Part {
        Part::new(Role::Data, Some(key))
    }

    /// Data of no entry.
    pub const DATA: Part = Part::new(Role::Data, None);

    /// A line of that entry from side to side.
    pub const fn across(key: usize) -> Part {
        Part::new(Role::Across, Some(key))
    }

    /// Ticks of the x axis.
    pub const TICKS: Part = Part::new(Role::Ticks, None);

    /// Lines at moments.
    pub const EVENTS: Part = Part::new(Role::Events, None);

    /// The name with this index.
    pub const fn name(index: usize) -> Part {
        Part::new(Role::Names, Some(index))
    }

    /// The same, where `finer`, for a stretch of the time alone.
    pub const fn finer(self, finer: bool) -> Part {
        Part { finer, ..self }
    }

    /// The same, to which links lead.
    pub const fn at(self, column: u32) -> Part {
        Part { place: Some(column), ..self }
    }
}

impl Role {
    /// The class of its elements; the ground has none.
    pub fn class(self) -> Option<&'static str> {
        match self {
            Role::Ground => None,
            Role::Legend => Some("legend"),
            Role::Data => Some("data"),
            Role::Across => Some("across"),
            Role::Ticks => Some("ticks"),
            Role::Events => Some("events"),
            Role::Names => Some("names"),
        }
    }
}

/// A time axis: where it lies on the canvas, and which stretch of the run's clock it shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Time {
    pub left: f64,
    pub right: f64,
    pub from_ns: u64,
    pub to_ns: u64,
}

/// Moments that go by one name, and where they lie on the canvas.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Named {
    pub name: String,
    pub at: Vec<f64>,
}
