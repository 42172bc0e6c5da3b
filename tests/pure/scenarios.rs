//! Scenarios that come with the program, as far as nothing has to run for it.

use assert_cmd::Command;
use etcdbench::plan::scenario::shipped;

#[test]
fn every_one_can_be_planned_as_it_is_shipped() {
    let place = tempfile::tempdir().unwrap();
    for name in shipped::names() {
        let mut command = Command::new(crate::support::probe::program());
        let output = command.current_dir(place.path()).args(["run", name, "--dry-run"]).output();
        let output = output.expect("it can be started");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{name}: {told}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(" in all ("), "{name}");
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "nothing is left");
}
