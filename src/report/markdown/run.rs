//! A run for a pull request or a job summary: the answer, the rules, what is worth knowing; the rest folded away.

use std::path::{Path, PathBuf};

use super::document::{Document, folded, table, text, verbatim};
use crate::report::subject::{Plan, Subject};
use crate::report::words;
use crate::report::words::quantiles::{QUANTILES, told};
use crate::report::words::{Table, rules, stalls};
use crate::result::{Run, SeriesSummary, Summary};
use crate::units::{format_count, format_millis};

/// Runs one below the other, below one marker: that of their kind.
pub fn runs(runs: &[(Run, Summary)], paths: &[PathBuf]) -> String {
    let mut kinds: Vec<&str> = runs.iter().map(|(run, _)| run.header.kind.as_str()).collect();
    kinds.dedup();
    let kind = match kinds.as_slice() {
        [only] => text(only),
        _ => "report".to_owned(),
    };
    let mut out = Document::new(&kind);
    let subjects: Vec<Subject<'_>> =
        runs.iter().map(|(run, summary)| Subject::new(run, summary)).collect();
    // Every answer first: what has to be left out is evidence.
    for subject in &subjects {
        answer(subject, &mut out);
    }
    for (subject, path) in subjects.iter().zip(paths) {
        let name = match subjects.len() {
            1 => String::new(),
            _ => format!("{}: ", text(&subject.run.header.name)),
        };
        evidence(subject, path, &name, &mut out);
    }
    out.finish("`etcdbench report FILE -o page.html`")
}

fn answer(subject: &Subject<'_>, out: &mut Document) {
    let (word, reason) = words::headline(&subject.summary.headline);
    let mark = words::mark(subject.summary.verdict);
    let mut answer = format!("{mark} **{}** {}\n", text(&word), text(&reason));
    if let Some(how) = words::cut_short(subject) {
        answer.push_str(&format!("\n{}\n", text(&how)));
    }
    let about: Vec<String> = words::about(subject).iter().map(|item| text(item)).collect();
    answer.push_str(&format!("\n{}\n\n", about.join(" · ")));
    out.part("an answer", &answer);
    out.part("rules", &rules(subject));
    out.part("worth knowing", &findings(subject));
}

fn rules(subject: &Subject<'_>) -> String {
    if subject.summary.rules.is_empty() {
        return String::new();
    }
    let mut out = "| | rule | measured | limit | margin | samples | source |\n|---|---|---:|---:|---:|---:|---|\n".to_owned();
    for outcome in &subject.summary.rules {
        let row = rules::row(outcome);
        let mut cells: Vec<String> = row.cells.iter().map(|cell| text(cell)).collect();
        if let (Some(note), Some(source)) = (&row.note, cells.last_mut()) {
            *source = format!("{source}; {}", text(note));
        }
        let verdict = format!("{} {}", words::mark(row.verdict), words::verdict(row.verdict));
        out.push_str(&format!("| {verdict} | {} |\n", cells.join(" | ")));
    }
    out
}

fn findings(subject: &Subject<'_>) -> String {
    let findings = words::findings(subject);
    if findings.is_empty() {
        return String::new();
    }
    let mut out = "\nWorth knowing\n\n".to_owned();
    for finding in findings {
        let mark = words::severity_mark(finding.severity);
        out.push_str(&format!("- {mark} {}", text(&finding.message)));
        if let Some(advice) = &finding.advice {
            out.push_str(&format!("<br>→ {}", text(advice)));
        }
        out.push('\n');
    }
    out
}

fn evidence(subject: &Subject<'_>, path: &Path, name: &str, out: &mut Document) {
    let capacity = words::disk::capacity(subject);
    if subject.disk().is_some() && !capacity.is_empty() {
        let body: String = capacity.iter().map(|line| format!("{}\n\n", text(line))).collect();
        out.part("capacity", &folded(&format!("{name}Capacity"), &body));
    }
    if let Plan::Load(plan) = &subject.plan {
        let entries =
            words::load::client(subject, plan).into_iter().chain(words::load::outcome(subject));
        let body: String = entries
            .map(|(label, items)| format!("- {label}: {}\n", text(&items.join(", "))))
            .collect();
        if !body.is_empty() {
            out.part("load", &folded(&format!("{name}Load"), &body));
        }
        for (title, steps) in words::load::tables(subject, plan) {
            let title = format!("{name}{}", text(&title));
            out.part("rates", &folded(&title, &table(&steps)));
        }
        let members = words::load::members(subject, plan);
        if !members.rows.is_empty() {
            out.part("members", &folded(&format!("{name}Members"), &table(&members)));
        }
    }
    let ladder = stalls::ladder(subject);
    if !ladder.is_empty() {
        let body: String =
            ladder.iter().map(|step| format!("- {}\n", text(&stalls::step(step)))).collect();
        out.part("stalls", &folded(&format!("{name}Stalls"), &body));
    }
    figures(subject, name, out);
    out.part("how to do it again", &again(subject, path, name));
}

fn figures(subject: &Subject<'_>, name: &str, out: &mut Document) {
    for phase in &subject.summary.phases {
        let series = phase.series.iter().filter(|series| series.count > 0);
        let rows: Vec<Vec<String>> = series.map(|series| row(subject, series)).collect();
        if rows.is_empty() {
            continue;
        }
        let mut head = vec!["series, ms".to_owned(), String::new()];
        head.extend(QUANTILES.map(|(_, name)| name.to_owned()));
        head.extend(["max".to_owned(), "samples".to_owned()]);
        let figures = Table { head, rows, names: 2 };
        let title = format!("{name}Quantiles of phase {}", text(&phase.phase));
        let part = format!("quantiles of phase {}", text(&phase.phase));
        out.part(&part, &folded(&title, &table(&figures)));
    }
}

fn row(subject: &Subject<'_>, series: &SeriesSummary) -> Vec<String> {
    let member = series.member.map(|member| words::member(subject, member));
    let mut row = vec![series.series.clone(), member.unwrap_or_default()];
    row.extend(told(series).values.into_iter().map(|(_, value)| value));
    row.resize(2 + QUANTILES.len(), "–".to_owned());
    row.push(format_millis(series.max_ns));
    row.push(format_count(series.count));
    row
}

fn again(subject: &Subject<'_>, path: &Path, name: &str) -> String {
    let header = &subject.run.header;
    let mut body = String::new();
    if let Some((command, hint)) = words::again(subject) {
        body.push_str(&verbatim(&command));
        body.extend(hint.map(|hint| format!("\n{hint}\n")));
    }
    let machine = words::machine(&header.environment);
    let known = [
        ("result".to_owned(), path.display().to_string()),
        ("started".to_owned(), header.started_at.clone()),
        (
            "etcdbench".to_owned(),
            [Some(header.tool.version.as_str()), header.tool.git.as_deref()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
        ),
    ];
    let labels = header.labels.iter();
    let labels = labels.map(|(name, value)| (format!("label {name}"), value.clone()));
    let all = known.into_iter().chain(labels).chain(machine);
    body.push('\n');
    for (label, fact) in all {
        body.push_str(&format!("- {}: {}\n", text(&label), text(&fact)));
    }
    folded(&format!("{name}Machine, command, result"), &body)
}
