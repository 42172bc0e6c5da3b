//! The scenarios that come with the program, so that it needs no files beside it.

/// Name and text of a file below `scenarios/`.
macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../scenarios/", $name, ".toml")))),*]
    };
}

const SHIPPED: &[(&str, &str)] = shipped![
    "neighbours",
    "nightly",
    "qualify",
    "rw-heatmap",
    "soak",
    "versions",
    "k8s-10",
    "k8s-100",
    "k8s-1000",
    "k8s-5000",
    "k8s-15000",
    "sig-5000",
    "rollout",
    "training-burst",
    "apiserver-restart",
    "legacy-relist",
    "event-storm",
    "endpoints-fanout",
    "quota-approach",
    "leader-kill",
    "recovery",
];

/// What shipped scenarios share, to be included; nothing that could be run.
const PARTS: &[(&str, &str)] = shipped!["kubernetes"];

/// The names of all of them.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The name as it is kept here.
pub(super) fn name(wanted: &str) -> Option<&'static str> {
    names().find(|name| *name == wanted)
}

/// The name, as it is kept here, of what another scenario may include.
pub(super) fn included(wanted: &str) -> Option<&'static str> {
    let all = SHIPPED.iter().chain(PARTS).map(|(name, _)| *name);
    all.into_iter().find(|name| *name == wanted)
}

/// The text of one.
pub(super) fn text(wanted: &str) -> Option<&'static str> {
    let found = SHIPPED.iter().chain(PARTS).find(|(name, _)| *name == wanted);
    found.map(|(_, text)| *text)
}
