//! `etcdbench completions` and `etcdbench man`.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;

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

/// The manual page in roff: the program's own, then one section per subcommand.
pub fn man() -> Vec<u8> {
    let mut page = Vec::new();
    // Memory takes any amount.
    let _ = render_man(&mut page);
    page
}

fn render_man(out: &mut Vec<u8>) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(out)?;
    let is_real = |command: &&clap::Command| command.get_name() != "help" && !command.is_hide_set();
    for subcommand in command.get_subcommands().filter(is_real) {
        let section = clap_mangen::Man::new(subcommand.clone());
        let name = subcommand.get_name().to_uppercase();
        writeln!(out, ".SH \"ETCDBENCH {name}\"")?;
        section.render_synopsis_section(out)?;
        section.render_description_section(out)?;
        section.render_options_section(out)?;
    }
    Ok(())
}
