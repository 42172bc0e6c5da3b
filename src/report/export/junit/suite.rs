//! Test cases, and the XML they become.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::report::export::Document;
use crate::report::export::figures::slug;
use crate::report::text::clean;

/// How a case ends.
pub(super) enum Outcome {
    Passed,
    Failure { kind: &'static str, why: String },
    Error { kind: &'static str, why: String },
    Skipped(String),
}

/// A test case.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) outcome: Outcome,
    /// The numbers behind it, line by line.
    pub(super) told: Vec<String>,
}

/// Cases under one name.
pub(super) fn suite(name: &str, cases: &[Case]) -> TestSuite {
    let mut suite = TestSuite::new(xml(name));
    // What stands before the last dot is a package to those who draw packages.
    let class = format!("etcdbench.{}", slug(name).replace('.', "_"));
    for case in cases {
        let mut test = TestCase::new(xml(&case.name), status(&case.outcome));
        test.set_classname(class.as_str());
        let told: Vec<String> = case.told.iter().map(|line| xml(line)).collect();
        test.set_system_out(told.join("\n"));
        suite.add_test_case(test);
    }
    suite
}

pub(super) fn status(outcome: &Outcome) -> TestCaseStatus {
    let failed = |kind, ty: &str, why: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(ty).set_message(xml(why));
        status
    };
    match outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failure { kind, why } => failed(NonSuccessKind::Failure, kind, why),
        Outcome::Error { kind, why } => failed(NonSuccessKind::Error, kind, why),
        Outcome::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(xml(why));
            status
        }
    }
}

/// Text on one line, without what XML lacks or a terminal would obey.
pub(super) fn xml(text: &str) -> String {
    clean(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

pub(super) fn attribute(suite: &mut TestSuite, name: &str, value: &str) {
    suite.extra.insert(name.into(), xml(value).into());
}

pub(super) fn document(name: &str, suites: Vec<TestSuite>) -> Document {
    let mut report = Report::new("etcdbench");
    report.add_test_suites(suites);
    // Text without characters that XML lacks always serialises.
    let text = report.to_string().unwrap_or_default();
    // Surefire's and Jenkins' schemas know no such count of all suites together.
    let skipped = format!(" skipped=\"{}\"", report.skipped);
    Document { file_name: format!("{name}.xml"), text: text.replacen(&skipped, "", 1) }
}
