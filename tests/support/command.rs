//! Running system tools, with their own words when they fail.

use std::process::Command;

/// Runs a tool and returns what it printed.
///
/// # Panics
/// With the tool's standard error when it fails or is missing.
pub fn run(tool: &str, arguments: &[&str]) -> String {
    match try_run(tool, arguments) {
        Ok(printed) => printed,
        Err(why) => panic!("{why}"),
    }
}

/// Runs a tool and returns what it printed, or why it failed.
pub fn try_run(tool: &str, arguments: &[&str]) -> Result<String, String> {
    let told = || format!("{tool} {}", arguments.join(" "));
    let output =
        Command::new(tool).args(arguments).output().map_err(|e| format!("{}: {e}", told()))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {}: {}", told(), output.status, words.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
