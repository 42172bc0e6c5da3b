//! The table of rules. As wide as it may be; on narrower pages a row takes two lines, and no number is cut.

use super::Page;
use crate::report::text::{flow, left, right, width, wrap};
use crate::report::words;
use crate::report::words::rules::{HEAD, Row, row};
use crate::result::Verdict;

const GAP: &str = "  ";
/// Cells before the first column: indentation, mark, space.
const MARK: usize = 4;
/// A last column narrower than this is not worth having.
const SOURCE_AT_LEAST: usize = 26;

pub(super) fn table(page: &Page<'_>, out: &mut String) {
    let rows: Vec<Row> = page.summary.rules.iter().map(row).collect();
    if rows.is_empty() {
        return;
    }
    let columns = page.style.columns();
    let widths = widths(&rows);
    let numbers = MARK + widths[..5].iter().sum::<usize>() + 4 * GAP.len();
    if numbers + GAP.len() + SOURCE_AT_LEAST <= columns {
        wide(page, &rows, &widths, numbers + GAP.len(), out);
    } else if numbers <= columns {
        medium(page, &rows, &widths, out);
    } else {
        narrow(page, &rows, out);
    }
}

fn mark(page: &Page<'_>, verdict: Verdict) -> String {
    page.style.verdict(verdict, words::mark(verdict))
}

fn widths(rows: &[Row]) -> [usize; 5] {
    std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| width(&row.cells[column]));
        cells.chain([width(HEAD[column])]).max().unwrap_or(0)
    })
}

/// The five columns of names and numbers.
fn numbers(cells: &[String; 6], widths: &[usize; 5]) -> String {
    let [rule, measured, limit, margin, samples, _] = cells;
    [
        left(rule, widths[0]),
        left(measured, widths[1]),
        right(limit, widths[2]),
        right(margin, widths[3]),
        right(samples, widths[4]),
    ]
    .join(GAP)
}

fn wide(page: &Page<'_>, rows: &[Row], widths: &[usize; 5], indent: usize, out: &mut String) {
    let head = numbers(&HEAD.map(str::to_owned), widths);
    line(out, &format!("    {head}{GAP}{}", HEAD[5]));
    for row in rows {
        let mut source = row.cells[5].clone();
        if let Some(note) = &row.note {
            source = format!("{source}; {note}");
        }
        let sources = wrap(&source, page.style.columns() - indent);
        let first = sources.first().map_or("", String::as_str);
        let mark = mark(page, row.verdict);
        line(out, &format!("  {mark} {}{GAP}{first}", numbers(&row.cells, widths)));
        for more in sources.iter().skip(1) {
            line(out, &format!("{}{more}", " ".repeat(indent)));
        }
    }
}

fn medium(page: &Page<'_>, rows: &[Row], widths: &[usize; 5], out: &mut String) {
    line(out, &format!("    {}", numbers(&HEAD.map(str::to_owned), widths)));
    for row in rows {
        let mark = mark(page, row.verdict);
        line(out, &format!("  {mark} {}", numbers(&row.cells, widths)));
        below(page, [Some(row.cells[5].clone()), row.note.clone()], out);
    }
}

fn narrow(page: &Page<'_>, rows: &[Row], out: &mut String) {
    for row in rows {
        let [label, measured, limit, margin, samples, source] = &row.cells;
        let limit = match limit.chars().next() {
            Some(first) if first.is_alphanumeric() => format!("limit {limit}"),
            _ => limit.clone(),
        };
        let mut first = vec![label.clone(), measured.clone()];
        first.extend((limit != "–").then_some(limit));
        let lines = flow(&first, GAP, page.style.columns() - MARK);
        for (index, text) in lines.iter().enumerate() {
            let mark = if index == 0 { mark(page, row.verdict) } else { " ".to_owned() };
            line(out, &format!("  {mark} {text}"));
        }
        let margin = (margin != "–").then(|| format!("margin {margin}"));
        let samples = (samples != "–").then(|| format!("{samples} samples"));
        below(page, [margin, samples, Some(source.clone()), row.note.clone()], out);
    }
}

/// What did not fit beside the numbers.
fn below<const N: usize>(page: &Page<'_>, parts: [Option<String>; N], out: &mut String) {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    for text in flow(&parts, " · ", page.style.columns() - MARK - 2) {
        line(out, &format!("      {text}"));
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}
