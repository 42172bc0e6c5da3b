//! What needs neither an etcd nor a quiet machine: pages, statistics, formats, the command line. Uses every processor.

#[path = "../support/mod.rs"]
mod support;

mod batches;
mod charts;
mod check;
mod check_from;
mod cli;
mod compare;
mod deploy;
mod examples;
mod export;
mod hostile;
mod import;
mod logs;
mod merge;
mod mistakes;
mod record;
mod report;
mod result;
mod result_full;
mod scenarios;
mod serve;
mod trend;
mod words;
