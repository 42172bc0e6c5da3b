//! What is worth knowing: the gravest first, each with what to do about it.

use super::Page;
use crate::report::text::{clean, wrap};
use crate::report::words;

pub(super) fn findings(page: &Page<'_>, out: &mut String) {
    let findings = words::findings(page);
    if findings.is_empty() {
        return;
    }
    out.push_str("\n  Worth knowing\n");
    for finding in findings {
        let mark = words::severity_mark(finding.severity);
        let mark = page.style.severity(finding.severity, mark);
        paragraph(page, &mark, &finding.message, out);
        if let Some(advice) = &finding.advice {
            paragraph(page, " ", &format!("→ {advice}"), out);
        }
    }
}

fn paragraph(page: &Page<'_>, mark: &str, text: &str, out: &mut String) {
    for (index, line) in wrap(&clean(text), page.style.prose() - 4).iter().enumerate() {
        let mark = if index == 0 { mark } else { " " };
        out.push_str(&format!("  {mark} {line}\n"));
    }
}
