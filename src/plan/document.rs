//! Which document is wanted, and where it goes: refused before anything is measured that could not be written after.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cli::{DocumentArgs, Format, Table};
use crate::error::{Error, Result, WayOut, usage};

/// A result's document, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPlan {
    /// Its form.
    pub format: Format,
    /// Which table, where it is CSV.
    pub table: Table,
    /// The file it goes to; stdout when absent.
    pub output: Option<PathBuf>,
}

impl DocumentPlan {
    /// The page for people, on stdout.
    pub fn text() -> DocumentPlan {
        DocumentPlan { format: Format::Text, table: Table::default(), output: None }
    }

    /// Checks flags against one another. `results` are files that must not be overwritten.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) naming the flags and the way out.
    pub fn resolve(args: &DocumentArgs, results: &[PathBuf]) -> Result<DocumentPlan> {
        let (mut format, output) = output(args.format, args.output.as_deref(), results)?;
        if let Some(table) = args.table {
            let asked_otherwise = args.format.is_some_and(|format| format != Format::Csv);
            if asked_otherwise {
                let table = table.to_possible_value();
                let table = table.as_ref().map_or("", |value| value.get_name());
                return Err(usage(
                    &["--table", "--format"],
                    format!("--table {table} is about --format csv: drop one, or ask for csv"),
                ));
            }
            format = Format::Csv;
        }
        Ok(DocumentPlan { format, table: args.table.unwrap_or_default(), output })
    }
}

/// The form of a document and the file it goes to, stdout when absent: as asked for, or as the ending of the file's name
/// says. `results` are files that must not be overwritten.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) for an ending of something else, and for a place where nothing can be written.
pub fn output<F: ValueEnum + Default>(
    asked: Option<F>,
    output: Option<&Path>,
    results: &[PathBuf],
) -> Result<(F, Option<PathBuf>)> {
    Ok((chosen(asked, output)?, place(output, results)?))
}

/// Endings of documents, each with the name that formats have for it.
const ENDINGS: [(&str, &str); 5] =
    [("html", "html"), ("md", "markdown"), ("csv", "csv"), ("json", "json"), ("txt", "text")];
/// Endings of what is no document.
const FOREIGN: [&str; 10] =
    ["pdf", "png", "svg", "jpg", "jpeg", "docx", "xlsx", "xml", "gz", "zip"];

fn chosen<F: ValueEnum + Default>(asked: Option<F>, output: Option<&Path>) -> Result<F> {
    let named = |name: &str| F::from_str(name, true).ok();
    let (Some(path), None) = (output, &asked) else {
        return Ok(asked.unwrap_or_default());
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let plain = match ending.to_ascii_lowercase().as_str() {
        "htm" => "html".to_owned(),
        "markdown" => "md".to_owned(),
        other => other.to_owned(),
    };
    let known = ENDINGS.iter().find(|(known, _)| *known == plain);
    match known.and_then(|(_, name)| named(name)) {
        Some(format) => Ok(format),
        None if known.is_some() || FOREIGN.contains(&plain.as_str()) => {
            let can = ENDINGS.iter().filter(|(_, name)| named(name).is_some());
            Err(unwritten(path, ending, &plain, can.map(|(ending, _)| *ending).collect()))
        }
        None => Ok(F::default()),
    }
}

/// That no document has such an ending, with those that there are.
fn unwritten(path: &Path, ending: &str, plain: &str, can: Vec<&str>) -> Error {
    let way_out = match plain {
        "png" | "svg" | "jpg" | "jpeg" => "; charts are written with --charts DIR",
        "pdf" => "; a browser prints the page .html as PDF",
        "xml" => "; JUnit is written with --export junit",
        _ => "",
    };
    let (last, others) = can.split_last().map_or(("txt", &[][..]), |(last, rest)| (*last, rest));
    let others: Vec<String> = others.iter().map(|ending| format!(".{ending}")).collect();
    usage(
        &["--output"],
        format!(
            "--output {}: no document ends in .{ending}; name it {} or .{last}{way_out}",
            path.display(),
            others.join(", "),
        ),
    )
}

/// Where a document goes, if it can go there.
///
/// # Errors
/// [`Error::Usage`](crate::error::Error::Usage) for a directory, a place that is not there, and a result file, which is never overwritten.
pub(super) fn place(output: Option<&Path>, results: &[PathBuf]) -> Result<Option<PathBuf>> {
    // As everywhere, `-` is stdout.
    let Some(path) = output.filter(|path| *path != Path::new("-")) else {
        return Ok(None);
    };
    let refuse =
        |why: &str| Err(usage(&["--output"], format!("--output {}: {why}", path.display())));
    if path.as_os_str().is_empty() {
        return refuse("name a file");
    }
    if path.is_dir() {
        return refuse("is a directory; name a file in it");
    }
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("jsonl")) {
        return refuse(
            "is named like a result file, and documents are none; name it .html, .md, .csv, .json or .txt \
             (where the result of a run goes is said with --result)",
        );
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return refuse("its directory is not there; create it first")
            .map_err(|error| error.or_type(WayOut::Value(name)));
    }
    let same = |other: &PathBuf| match (fs::canonicalize(path), fs::canonicalize(other)) {
        (Ok(a), Ok(b)) => a == b,
        _ => path == other,
    };
    if results.iter().any(same) {
        return refuse("is the result itself, which is never overwritten; name another file");
    }
    Ok(Some(path.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{CompareFormat, LogsFormat, TrendFormat};

    #[test]
    fn the_ending_chooses_unless_somebody_does() {
        let chosen_for = |name: &str| chosen::<Format>(None, Some(Path::new(name))).unwrap();
        assert_eq!(chosen_for("a.html"), Format::Html);
        assert_eq!(chosen_for("a.HTM"), Format::Html);
        assert_eq!(chosen_for("a.md"), Format::Markdown);
        assert_eq!(chosen_for("a.json"), Format::Json);
        assert_eq!(chosen_for("a.csv"), Format::Csv);
        assert_eq!(chosen_for("a.log"), Format::Text);
        assert_eq!(chosen_for("html"), Format::Text);
        assert_eq!(chosen(Some(Format::Json), Some(Path::new("a.html"))).unwrap(), Format::Json);
        assert_eq!(chosen::<CompareFormat>(None, None).unwrap(), CompareFormat::Text);
        assert_eq!(
            chosen::<TrendFormat>(None, Some(Path::new("t.html"))).unwrap(),
            TrendFormat::Html
        );
    }

    #[test]
    fn an_ending_of_something_else_is_refused_with_those_that_can_be() {
        let refused =
            |name: &str| chosen::<LogsFormat>(None, Some(Path::new(name))).unwrap_err().to_string();
        // Tables are documents, but not of logs.
        assert!(
            refused("a.csv").ends_with("name it .html, .md, .json or .txt"),
            "{}",
            refused("a.csv")
        );
        assert!(refused("a.PDF").contains("no document ends in .PDF"), "{}", refused("a.PDF"));
        assert_eq!(
            chosen(Some(LogsFormat::Text), Some(Path::new("a.csv"))).unwrap(),
            LogsFormat::Text
        );
    }

    #[test]
    fn a_dash_is_stdout() {
        assert_eq!(place(Some(Path::new("-")), &[]).unwrap(), None);
        assert_eq!(place(None, &[]).unwrap(), None);
        let file = place(Some(Path::new("page.html")), &[]).unwrap();
        assert_eq!(file, Some(PathBuf::from("page.html")));
    }

    #[test]
    fn a_table_is_csv_and_nothing_else() {
        let asked = |format, table| {
            let args = DocumentArgs { format, table, ..DocumentArgs::default() };
            DocumentPlan::resolve(&args, &[])
        };
        let plan = asked(None, Some(Table::Intervals)).unwrap();
        assert_eq!((plan.format, plan.table), (Format::Csv, Table::Intervals));
        let error = asked(Some(Format::Html), Some(Table::Percentiles)).unwrap_err();
        assert!(error.to_string().contains("--table percentiles is about --format csv"), "{error}");
    }
}
