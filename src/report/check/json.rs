//! The answer for tools and bug reports, as `docs/check.schema.json` has it.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Value, json};

use super::notice;
use crate::diagnosis::{
    self, Answer, CHECK_SCHEMA, Checked, Diagnosis, Filling, Live, Member, MemberId, Notice,
    Observed,
};
use crate::exit::Verdict;
use crate::report::diagnosed::{CauseReport, words};

/// What holds a running cluster back.
#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    /// `etcdbench.check/v1`.
    schema: &'static str,
    /// What the exit code follows from.
    verdict: Verdict,
    /// What to say first.
    answer: Answer,
    /// The same as the page has it: `DISK`, `OK`, `NOT SURE`.
    word: String,
    /// How it was looked at.
    check: Option<&'a Checked>,
    /// Every cause, the gravest first.
    causes: Vec<CauseReport<'a>>,
    /// The members, in the order in which causes and notices name them.
    members: Vec<Of<'a>>,
    /// What is worth knowing beside.
    notices: Vec<NoticeReport<'a>>,
}

/// What is worth knowing.
#[derive(Serialize, JsonSchema)]
struct NoticeReport<'a> {
    #[serde(flatten)]
    notice: &'a Notice,
    /// In a sentence.
    text: String,
}

/// What one member was seen to do.
#[derive(Serialize, JsonSchema)]
struct Of<'a> {
    name: &'a str,
    id: Option<MemberId>,
    version: Option<&'a str>,
    quota_bytes: Option<u64>,
    /// The database.
    database_bytes: Option<u64>,
    /// What of it is in use.
    in_use_bytes: Option<u64>,
    /// How it grew since an earlier look, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    filling: Option<Filling>,
    /// Whether the alarm NOSPACE is raised.
    no_space: bool,
    /// What it was seen to do.
    #[serde(flatten)]
    live: Option<&'a Live>,
}

fn of(member: &Member) -> Of<'_> {
    Of {
        name: &member.name,
        id: member.id,
        version: member.version.as_deref(),
        quota_bytes: member.quota_bytes,
        database_bytes: member.database_bytes.map(|(bytes, _)| bytes),
        in_use_bytes: member.database_bytes.and_then(|(_, in_use)| in_use),
        filling: member.filling,
        no_space: member.no_space,
        live: member.live.as_deref(),
    }
}

/// Nothing but JSON.
pub(super) fn json(observed: &Observed, found: &[Diagnosis], notices: &[Notice]) -> String {
    let members = &observed.members;
    let answer = diagnosis::answer(found);
    let document = Document {
        schema: CHECK_SCHEMA,
        verdict: diagnosis::with_notices(diagnosis::verdict(found), notices),
        word: words::answer(&answer),
        answer,
        check: observed.check.as_ref(),
        causes: found.iter().map(|one| CauseReport::of(members, one)).collect(),
        members: members.iter().map(of).collect(),
        notices: notices
            .iter()
            .map(|one| NoticeReport { notice: one, text: notice::message(members, one) })
            .collect(),
    };
    crate::report::json::document(&document)
}

/// The schema of what `--format json` prints, as published in `docs/check.schema.json`. Fields it does not name are
/// allowed: later minor versions add some.
pub fn json_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Document<'static>>().to_value();
    schema["title"] = json!("What holds a running cluster back, by etcdbench");
    schema
}
