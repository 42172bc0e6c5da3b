//! Scenarios that make no sense are refused, with file and line, before anything runs.

use crate::support::scenario::Place;

/// What is said about a scenario; nothing may have been made by then.
fn refused(scenario: &str) -> String {
    let place = Place::with(scenario);
    let (code, stdout, stderr) = place.run(&["mine.toml"]);
    assert_eq!(code, 2, "{stderr}");
    assert_eq!(stdout, "");
    assert!(!place.path("results").exists());
    stderr
}

#[test]
fn slips_are_named_with_their_line() {
    for (scenario, wanted) in [
        ("descripton = 'x'", "mine.toml:1: no key 'descripton'; did you mean 'description'?"),
        (
            "[load.put]\noperation = 'put'\nval_siez = 5",
            "mine.toml:3: unknown key 'val_siez' in [load.put]; did you mean 'val_size'?",
        ),
        ("[load.put]\noperation = 'put'\n\nval_size = '12q'", "mine.toml:4: "),
        ("[load.put]\noperation = 'put'\nrate = 0", "mine.toml:3: --rate 0"),
        (
            "[load.put]\noperation = 'put'\nguarded = 3",
            "mine.toml:3: guarded is true or false, not 3",
        ),
        ("[load.put]\noperation = 'put'\nrate = true", "mine.toml:3: rate takes a value, not true"),
        ("[load.put]\noperation = 'pot'", "mine.toml:2: "),
        ("[disk.a]\ndirectory = '.'\nphases = 'wall=3s'", "mine.toml:3: "),
        ("[load]\noperation = 'put'", "mine.toml:2: 'operation' stands right in [load]"),
        (
            "[parameters]\na = '= b'\nb = '= a + 1'\n[load.put]\noperation = 'put'",
            "mine.toml:2: a stands for itself, round in a circle",
        ),
        (
            "[parameters]\na = '= 1 / 0'\n[load.put]\noperation = 'put'",
            "mine.toml:2: a = \"= 1 / 0\": it is divided by 0",
        ),
        (
            "[parameters]\nv = 2\n[choice.v.1]\nrate = 5\n[load.put]\noperation = 'put'",
            "mine.toml:2: v = 2: it is one of 1",
        ),
        (
            "[choice.v.1]\nrate = 5\n[load.put]\noperation = 'put'",
            "mine.toml:1: there is no parameter v that could be chosen",
        ),
        ("[load.put]\nresult = 'x'", "mine.toml:2: 'result': this is chosen by run"),
        ("[load.put]\npassword = 'x'", "mine.toml:2: 'password': secrets do not belong into files"),
        (
            "[defaults.laod]\nrate = 5",
            "mine.toml:1: [defaults]: no table 'laod'; did you mean 'load'?",
        ),
        (
            "[disk.\"../../../escaped\"]\ndirectory = '.'",
            "mine.toml:1: '../../../escaped' is no name for a run",
        ),
        ("[disk.\"/tmp/x\"]\ndirectory = '.'", "mine.toml:1: '/tmp/x' is no name for a run"),
        ("[load.\"..\"]\noperation = 'put'", "mine.toml:1: '..' is no name for a run"),
        ("[load.\"\"]\noperation = 'put'", "mine.toml:1: '' is no name for a run"),
        ("[load.\"a\\u001b[2J\"]\noperation = 'put'", "is no name for a run"),
        (
            "[load.put]\noperation = 'put'\nuser = 'root:hunter2'",
            "mine.toml:3: user: secrets do not belong into files: name the user alone",
        ),
        (
            "[target]\nuser = 'root:hunter2'\n[load.put]\noperation = 'put'",
            "mine.toml:2: user: secrets do not belong into files",
        ),
        (
            "[load.k]\nrate = 5\n[load.k.class.pods]\noperation = 'put'",
            "mine.toml:2: 'rate' stands in [load.k] beside classes",
        ),
        (
            "[load.put]\noperation = 'put'\nkey_size = 10\nprefix = '/much/too/long/'",
            "mine.toml:3: --key-size 10 is too short",
        ),
        ("[load.put]\noperation = 'put'\nkey-size = 10", "mine.toml:3: --key-size 10 is too short"),
        (
            "[load.put]\noperation = 'put'\ncommand_timeout = '5'",
            "mine.toml:3: command_timeout: '5' is not a duration; write it with a unit",
        ),
        ("a = [1,", "mine.toml:1: "),
        (
            "repeats = 0\n[disk.a]\ndirectory = '.'",
            "mine.toml:1: repeats = 0: a whole number from 1 to 1000",
        ),
        ("repeats = 'two'\n[disk.a]\ndirectory = '.'", "mine.toml:1: repeats = two"),
        ("order = 'random'\n[disk.a]\ndirectory = '.'", "mine.toml:1: no order 'random'"),
        (
            "[load.k.class.pods]\nmix = 'txn=1'\nrat = 5",
            "mine.toml:3: unknown key 'rat' in [load.k.class.pods]; did you mean 'rate'?",
        ),
        ("[load.k.class.pods]\nrate = 5", "mine.toml:1: [load.k.class.pods] has nothing to do"),
        ("[disk.a.class.pods]\nrate = 5", "mine.toml:1: [disk.a.class]: only a load has classes"),
        (
            "description = 'nothing'",
            "there is nothing to run: add a table [disk.NAME] or [load.NAME]",
        ),
    ] {
        let said = refused(scenario);
        assert!(said.contains(wanted), "{scenario}\n{said}");
        assert!(!said.contains("hunter2"), "{said}");
        // One line, and below it at most what to type.
        let below: Vec<&str> = said.lines().skip(1).collect();
        assert!(below.len() <= 1 && below.iter().all(|one| one.starts_with("Type: ")), "{said}");
    }
}

#[test]
fn impossible_combinations_are_refused_at_the_key_that_asks_for_them() {
    let said = refused("[load.put]\noperation = 'put'\nrate = 100\nmix = 'put=1'");
    assert!(said.contains("mine.toml:"), "{said}");
    let said = refused("[disk.a]\ndirectory = '.'\nrate = 5\nclients = 5");
    assert!(said.contains("mine.toml:"), "{said}");
}

#[test]
fn a_matrix_must_make_sense() {
    let with = |matrix: &str| {
        refused(&format!("[matrix]\n{matrix}\n[load.put]\noperation = 'put'\nrate = '${{rate}}'"))
    };
    assert!(with("rate = []").contains("mine.toml:2: rate is empty: the matrix has no cells"));
    assert!(with("rate = 5").contains("mine.toml:2: rate takes a list of values: rate = [1, 10]"));
    assert!(with("rate = [1, 2, 1]").contains("mine.toml:2: rate holds 1 twice"));
    assert!(with("rate = [[1]]").contains("mine.toml:2: rate holds a list"));
    assert!(
        with("rates = [1]").contains("mine.toml:5: no parameter 'rate'; did you mean 'rates'?")
    );
    let thousand: Vec<String> = (1..=1000).map(|n| n.to_string()).collect();
    let thousand = thousand.join(",");
    let said = with(&format!("rate = [{thousand}]\nother = [{thousand}]"));
    assert!(said.contains("mine.toml:3: with other the matrix has 1,000,000 cells"), "{said}");
}

#[test]
fn parameters_must_be_there() {
    let scenario = "[parameters]\nrate = 5\n[load.put]\noperation = 'put'\nrate = '${rate}'";
    let place = Place::with(scenario);
    let (code, _, said) = place.run(&["mine.toml", "--set", "rat=6"]);
    assert_eq!(
        (code, said.trim()),
        (
            2,
            "error: --set rat: no parameter 'rat'; did you mean 'rate'?\n\
             Type: etcdbench run mine.toml --set rate=6"
        )
    );
    let (code, _, said) = place.run(&["mine.toml", "--set", "rate=fast"]);
    assert_eq!(code, 2);
    assert!(said.contains("mine.toml:5: --rate fast"), "{said}");
    let (code, said, _) = place.run(&["mine.toml", "--set", "rate=6", "--dry-run"]);
    assert_eq!(code, 0);
    assert!(said.contains("--rate 6"), "{said}");
}

#[test]
fn includes_are_taken_in_and_circles_are_found() {
    let place = Place::with("include = 'base.toml'\n[load.put]\nrate = 7");
    place.write("base.toml", "[load.put]\noperation = 'put'\nrate = 5\nval_size = 99");
    let (code, said, _) = place.run(&["mine.toml", "--dry-run"]);
    assert_eq!(code, 0);
    assert!(said.contains("--rate 7") && said.contains("--val-size 99"), "{said}");

    place.write("mine.toml", "include = 'base.toml'\n[load.put]\nval_size = false");
    let (code, said, _) = place.run(&["mine.toml", "--dry-run"]);
    assert_eq!(code, 0);
    assert!(!said.contains("--val-size"), "{said}");

    place.write("mine.toml", "include = 'qualify'\n[load.etcd]\nrate = 77");
    let (code, said, _) = place.run(&["mine.toml", "--dry-run"]);
    assert_eq!(code, 0);
    assert!(said.contains("--rate 77"), "{said}");

    place.write("mine.toml", "include = 'base.toml'\n[load.put]\nrate = 7");
    place.write("base.toml", "include = 'more.toml'");
    place.write("more.toml", "\ninclude = 'mine.toml'");
    let (code, _, said) = place.run(&["mine.toml", "--dry-run"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("more.toml:2: include: 'mine.toml' includes this file in turn"),
        "{said}"
    );

    place.write("base.toml", "include = 'nowhere.toml'");
    let (code, _, said) = place.run(&["mine.toml", "--dry-run"]);
    assert_eq!(code, 2);
    assert!(said.contains("base.toml:1: include: cannot read"), "{said}");
}

#[test]
fn flags_that_need_one_another() {
    let place = Place::with("[disk.a]\ndirectory = '.'");
    for (words, wanted) in [
        (&["nightyl"][..], "did you mean 'nightly'?"),
        (&["gone.toml"], "gone.toml: cannot read"),
        (&["mine.toml", "--keep", "9d"], "--keep is about --history"),
        (&["mine.toml", "--confirm", "9"], "--confirm is about --history"),
        (&["mine.toml", "--history", "h", "--confirm", "900"], "--confirm 900: at most 100"),
        (&["mine.toml", "--set", "rate"], "NAME=VALUE"),
        (
            &["mine.toml", "--scale", "0.1"],
            "--scale 0.1: the scenario mine.toml has no parameter scale",
        ),
    ] {
        let (code, _, said) = place.run(words);
        assert!(code == 2 || code == 1, "{said}");
        assert!(said.contains(wanted), "{words:?}: {said}");
    }
}

#[test]
fn a_choice_brings_parameters_and_what_is_said_wins() {
    const SCENARIO: &str = "[parameters]\nsize = 'small'\nclients = 3\nall = '= clients * each'\n\
        [choice.size.small]\nrate = '${all}'\neach = 10\n[choice.size.'*']\nrate = 7\neach = 1\n\
        [load.put]\noperation = 'put'\nclients = '${clients}'\nrate = '${rate}'";
    let rate = |set: &[&str]| {
        let place = Place::with(SCENARIO);
        let set: Vec<&str> = set.iter().flat_map(|one| ["--set", one]).collect();
        let (code, stdout, stderr) = place.run(&[&["mine.toml", "--dry-run"][..], &set].concat());
        assert_eq!(code, 0, "{stderr}");
        let after = stdout.split("--rate ").nth(1).unwrap_or_else(|| panic!("{stdout}"));
        after.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(rate(&[]), "30");
    assert_eq!(rate(&["clients=4"]), "40");
    assert_eq!(rate(&["each=2"]), "6", "a parameter of a choice may be set");
    assert_eq!(rate(&["size=large"]), "7");
    assert_eq!(rate(&["size=large", "rate=9"]), "9");
}
