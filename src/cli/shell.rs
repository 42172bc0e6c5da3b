//! `etcdbench completions` and `etcdbench man`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;
use crate::error::{Result, usage};

/// Print a completion script for a shell.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  etcdbench completions bash > /etc/bash_completion.d/etcdbench
  etcdbench completions zsh > \"${fpath[1]}/_etcdbench\"
  etcdbench completions fish > ~/.config/fish/completions/etcdbench.fish";

/// The completion script of a shell.
pub fn completions(args: &CompletionsArgs) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "etcdbench", &mut script);
    script
}

/// Print the manual page, or write those of all subcommands.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub struct ManArgs {
    /// The subcommand whose page is printed; without it the program's own page, with a section for each of them
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    pub of: Vec<String>,
    /// Write every page, one file each, into this directory
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

const MAN_EXAMPLES: &str = "\
Examples:
  etcdbench man disk | man -l -
  etcdbench man --output /usr/local/share/man/man1";

/// A manual page in roff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its file, as `man` looks for it: `etcdbench-disk.1`.
    pub file_name: String,
    /// Its text.
    pub text: Vec<u8>,
}

/// The manual page in roff: the program's own, then one section per subcommand.
pub fn man() -> Vec<u8> {
    let command = program();
    let mut page = page(&command).text;
    // Memory takes any amount.
    let _ = sections(&command, &mut page);
    page
}

/// The page of one subcommand.
///
/// # Errors
/// Wrong usage where there is none of that name.
pub fn man_of(words: &[String]) -> Result<Vec<u8>> {
    let program = program();
    let mut found = &program;
    for word in words {
        found = shown(found).find(|command| command.get_name() == word).ok_or_else(|| {
            let names = shown(found).map(Command::get_name).collect::<Vec<_>>().join(", ");
            let words = words.join(" ");
            usage(
                &["COMMAND"],
                format!("man {words}: there is no subcommand {word}; there are: {names}"),
            )
        })?;
    }
    Ok(page(found).text)
}

/// The page of the program and those that it refers to, one of each subcommand.
pub fn man_pages() -> Vec<Page> {
    let program = program();
    let mut pages = Vec::new();
    let mut still = vec![&program];
    while let Some(command) = still.pop() {
        pages.push(page(command));
        still.extend(shown(command));
    }
    pages
}

fn program() -> Command {
    // A page about `help` would be one that nobody asked for.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    program
}

fn shown(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|command| !command.is_hide_set())
}

fn page(command: &Command) -> Page {
    // A subcommand has no version of its own.
    let source = concat!("etcdbench ", env!("CARGO_PKG_VERSION"));
    let page = Man::new(command.clone()).source(source).manual("etcdbench");
    let mut text = Vec::new();
    // Memory takes any amount.
    let _ = page.render(&mut text);
    Page { file_name: page.get_filename(), text }
}

fn sections(program: &Command, out: &mut Vec<u8>) -> io::Result<()> {
    for subcommand in shown(program) {
        let section = Man::new(subcommand.clone());
        let name = subcommand.get_name().to_uppercase();
        writeln!(out, ".SH \"ETCDBENCH {name}\"")?;
        section.render_synopsis_section(out)?;
        section.render_description_section(out)?;
        section.render_options_section(out)?;
    }
    Ok(())
}
