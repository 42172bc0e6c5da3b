//! What a run amounts to, in values, and how it ended.

use serde::de::DeserializeOwned;

use super::disk::DiskHeadline;
use super::finding::Found;
use super::load::{LoadHeadline, Stage};
use super::outcome::Outcome;
use crate::exit::Verdict;
use crate::result::{Capacity, LadderStep, MemberSummary, Run};

/// What a run amounts to, in values; how that is said is the business of a page.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// What is said of it first.
    pub headline: Headline,
    /// Every rule with its outcome.
    pub rules: Vec<Outcome>,
    /// Stalls counted on the ladder.
    pub ladder: Vec<LadderStep>,
    /// What is worth telling.
    pub findings: Vec<Found>,
    /// What can be carried.
    pub capacity: Option<Capacity>,
    /// The rates that were tried one after the other.
    pub steps: Vec<Stage>,
    /// The members' own view.
    pub members: Vec<MemberSummary>,
}

/// What is said first of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Headline {
    /// It cannot be judged, and why.
    Unreadable(String),
    /// Of a disk.
    Disk(DiskHeadline),
    /// Of a load.
    Load(Box<LoadHeadline>),
}

impl Default for Headline {
    fn default() -> Self {
        Headline::Unreadable(String::new())
    }
}

/// The plan in a result's header.
pub(super) fn plan_of<Plan: DeserializeOwned>(run: &Run) -> Result<Plan, String> {
    serde_json::from_value(run.header.plan.clone())
        .map_err(|problem| format!("the plan of this result cannot be read: {problem}"))
}
