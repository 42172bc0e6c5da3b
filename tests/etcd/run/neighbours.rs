//! The scenario `neighbours`, and the key that leaves runs out.

use crate::support::scenario::Place;

#[test]
fn another_file_system_is_measured_where_one_is_named() {
    let place = Place::new();
    let (code, stdout, stderr) = place.run(&["neighbours", "--dry-run"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("16 runs in all (4 cells × 4 repeats)"), "{stdout}");
    assert!(stdout.contains("--neighbour bulk\n"), "{stdout}");
    assert!(!stdout.contains("other  "), "{stdout}");
    let (code, stdout, _) = place.run(&["neighbours", "--dry-run", "--set", "other=/mnt"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("32 runs in all"), "{stdout}");
    assert!(stdout.contains("--neighbour bulk@/mnt\n"), "{stdout}");
}

#[test]
fn at_the_end_each_is_to_be_held_against_the_disk_alone() {
    let place = Place::new();
    let (code, stdout, stderr) = place.run(&[
        "neighbours",
        "--quiet",
        "--set",
        "phases=etcd=300ms",
        "--set",
        "neighbour=[\"none\", \"sync\", \"read\"]",
    ]);
    assert!([0, 3, 4].contains(&code), "{stderr}");
    let next = stdout.lines().filter(|line| line.contains("compare"));
    let next: Vec<&str> = next.collect();
    assert_eq!(next.len(), 2, "{stdout}");
    for (line, kind) in next.iter().zip(["sync", "read"]) {
        assert!(line.contains("/neighbour=none/same "), "{line}");
        assert!(line.ends_with(&format!("/neighbour={kind}/same")), "{line}");
    }
    assert!(stdout.contains("beside a neighbour: sync"), "{stdout}");
}

#[test]
fn a_run_is_left_out_where_its_condition_is_empty_or_false() {
    let scenario = "[parameters]\na = ''\nb = false\n[disk.x]\ndirectory = '.'\nonly_if = '${a}'\n\
                    [disk.y]\ndirectory = '.'\nonly_if = '${b}'\n";
    let place = Place::with(scenario);
    let (code, _, said) = place.run(&["mine.toml", "--dry-run"]);
    assert_eq!(code, 2);
    assert!(said.contains("only_if leaves out every table"), "{said}");
    for (set, wanted, unwanted) in
        [("a=yes", "    x  ", "    y  "), ("b=true", "    y  ", "    x  ")]
    {
        let (code, said, _) = place.run(&["mine.toml", "--dry-run", "--set", set]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains(wanted) && !said.contains(unwanted), "{said}");
    }
    let place = Place::with("[disk.x]\ndirectory = '.'\nonly_if = 5\n");
    let (code, _, said) = place.run(&["mine.toml", "--dry-run"]);
    assert_eq!(code, 2);
    assert!(said.contains("mine.toml:3: only_if is text, true or false, not 5"), "{said}");
}
