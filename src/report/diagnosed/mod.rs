//! A diagnosis in words and on a page, wherever it was read from: what `logs` and `check` have in common.

mod causes;
pub mod words;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::LogsFormat;
use crate::diagnosis::{Certainty, Diagnosis, Member};
use crate::exit::Verdict;
use crate::report::Style;
use crate::report::page::{self, About, Article, Medium, Page, Section, html, markdown, terminal};
use crate::report::words as common;

pub use causes::causes;

/// What a page is made of beside its frame.
pub struct Parts {
    /// What it is called.
    pub kind: &'static str,
    /// The command that makes it.
    pub command: &'static str,
    /// What the exit code follows from.
    pub verdict: Verdict,
    /// What to say first: `DISK`, `OK`, `NOT SURE`.
    pub word: String,
    /// Why.
    pub reason: String,
    /// What was looked at.
    pub about: Vec<String>,
    /// Those that are empty are left out.
    pub sections: Vec<Section>,
    /// How to have it as a page in a browser.
    pub elsewhere: &'static str,
}

/// A page, or a document in its place, in the form asked for.
pub fn in_form(
    format: LogsFormat,
    style: &Style,
    page: impl Fn(Medium) -> Page,
    json: impl FnOnce() -> String,
) -> String {
    match format {
        LogsFormat::Text => terminal::terminal(&page(Medium::Terminal), style),
        LogsFormat::Markdown => markdown::markdown(&page(Medium::Comment)),
        LogsFormat::Html => html::html(&page(Medium::Browser)),
        LogsFormat::Json => json(),
    }
}

/// The page.
pub fn page(parts: Parts) -> Page {
    let sections = parts.sections.into_iter().filter(|section| !section.blocks.is_empty());
    Page {
        kind: parts.kind.to_owned(),
        title: format!("{} · etcdbench {}", parts.word, parts.command),
        articles: vec![Article {
            id: parts.kind.to_owned(),
            name: parts.kind.to_owned(),
            answer: page::Answer {
                tone: parts.verdict.into(),
                mark: common::mark(parts.verdict),
                word: parts.word,
                reason: parts.reason,
            },
            about: About::Line(parts.about),
            sections: sections.collect(),
            ..Article::default()
        }],
        elsewhere: parts.elsewhere,
    }
}

/// The gravest of the causes that are named, at most two that do as much harm.
pub fn named(members: &[Member], found: &[Diagnosis]) -> String {
    let alike = found.first().into_iter().flat_map(|first| {
        found.iter().filter(|one| one.harm == first.harm && one.certainty > Certainty::NotSure)
    });
    let told = alike.take(2).map(|one| words::reason(members, one));
    told.collect::<Vec<_>>().join(" · ")
}

/// `etcd 3.5.30, 3.6.1`, as far as versions are known.
pub fn versions(members: &[Member]) -> Option<String> {
    let mut versions: Vec<&str> =
        members.iter().filter_map(|member| member.version.as_deref()).collect();
    versions.sort_unstable();
    versions.dedup();
    (!versions.is_empty()).then(|| format!("etcd {}", versions.join(", ")))
}

/// A cause with what speaks for it.
#[derive(Serialize, JsonSchema)]
pub struct CauseReport<'a> {
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
    /// The name of the member.
    name: &'a str,
    /// The cause in a sentence.
    text: String,
    /// What to do.
    advice: &'static str,
}

impl<'a> CauseReport<'a> {
    /// Of members that causes name by their index.
    pub fn of(members: &'a [Member], diagnosis: &'a Diagnosis) -> CauseReport<'a> {
        CauseReport {
            diagnosis,
            name: members.get(diagnosis.member).map_or("", |member| &member.name),
            text: words::reason(members, diagnosis),
            advice: words::advice(diagnosis),
        }
    }
}
