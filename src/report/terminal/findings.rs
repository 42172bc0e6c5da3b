//! What is worth knowing: the gravest first, each with what to do about it.

use super::Page;
use super::disk::capacity;
use crate::report::text::{clean, wrap};
use crate::result::{Finding, Severity};

pub(super) fn findings(page: &Page<'_>, out: &mut String) {
    let told_above =
        |finding: &&Finding| finding.code == capacity::IN_NODES && page.summary.capacity.is_some();
    let all = page.summary.findings.iter();
    let mut findings: Vec<&Finding> = all.filter(|finding| !told_above(finding)).collect();
    if findings.is_empty() {
        return;
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    out.push_str("\n  Worth knowing\n");
    for finding in findings {
        let mark = match finding.severity {
            Severity::Critical => "✘",
            Severity::Warning => "!",
            Severity::Info => "·",
        };
        let mark = page.style.severity(finding.severity, mark);
        paragraph(page, &mark, &finding.message, out);
        if let Some(advice) = &finding.advice {
            paragraph(page, " ", &format!("→ {advice}"), out);
        }
    }
}

fn paragraph(page: &Page<'_>, mark: &str, text: &str, out: &mut String) {
    for (index, line) in wrap(&clean(text), page.style.prose() - 4)
        .iter()
        .enumerate()
    {
        let mark = if index == 0 { mark } else { " " };
        out.push_str(&format!("  {mark} {line}\n"));
    }
}
