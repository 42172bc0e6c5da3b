//! The checker on made-up sources.

use super::resolve::Crate;
use super::rules::{Layer, Table, check};

const TABLE: &Table = &[
    ("top", Layer::Command),
    ("pages", Layer::Show),
    ("engine", Layer::Measure),
    ("judge", Layer::Judge),
    ("base", Layer::Base),
];

/// What is wrong with a crate of these modules; those that are not given are empty.
fn wrong(sources: &[(&str, &str)]) -> Vec<String> {
    let root = TABLE.iter().map(|(module, _)| format!("mod {module};")).collect::<String>();
    let mut all = vec![("src/lib.rs".to_owned(), root)];
    for (module, _) in TABLE {
        let below = |file: &str| {
            file == format!("src/{module}.rs") || file == format!("src/{module}/mod.rs")
        };
        if !sources.iter().any(|(file, _)| below(file)) {
            all.push((format!("src/{module}.rs"), String::new()));
        }
    }
    all.extend(sources.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())));
    check(&Crate::parse(&all), TABLE)
}

/// The one thing that is wrong.
fn only(sources: &[(&str, &str)]) -> String {
    let all = wrong(sources);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.into_iter().next().unwrap_or_default()
}

#[test]
fn imports_that_go_down_are_fine() {
    let top = "use crate::pages::show;\nuse crate::engine;\nfn run() { engine::measure(); crate::base::X; }";
    let sources = [
        ("src/top.rs", top),
        ("src/pages.rs", "pub fn show() {}"),
        ("src/engine.rs", "pub fn measure() {}"),
        ("src/base.rs", "pub const X: u8 = 1;"),
    ];
    assert_eq!(wrong(&sources), [""; 0]);
}

#[test]
fn an_upward_import_is_told_with_file_line_and_rule() {
    let forms = [
        "\nuse crate::judge::Verdict;",
        "\nuse crate::{judge::{self, Other}};",
        "\nuse super::judge::Verdict as Told;",
        "\nfn f() -> crate::judge::Verdict { todo!() }",
        "\nfn f() { let _ = <crate::judge::Verdict>::default(); }",
        "\npub use crate::judge::Verdict;",
        "\n/* use */ pub(crate) use crate::judge::*;",
        "\nmacro_rules! m { () => { $crate::judge::Verdict } }",
    ];
    for form in forms {
        let all = wrong(&[
            ("src/base.rs", form),
            ("src/judge.rs", "pub struct Verdict;\npub struct Other;"),
        ]);
        assert!(!all.is_empty(), "{form}");
        for one in all {
            assert!(
                one.starts_with("src/base.rs:2: imports go down only: `base` is base"),
                "{form}: {one}"
            );
        }
    }
}

#[test]
fn a_path_is_followed_through_what_is_handed_on() {
    let sources = [
        ("src/base/mod.rs", "mod inner;\npub use crate::judge::Verdict;"),
        ("src/base/inner.rs", "\n\nuse super::Verdict;"),
        ("src/judge.rs", "pub struct Verdict;"),
    ];
    let all = wrong(&sources);
    assert!(
        all.iter().any(|one| one.starts_with("src/base/inner.rs:3: imports go down only")),
        "{all:#?}"
    );
}

#[test]
fn engines_and_pages_are_told_apart() {
    let up =
        only(&[("src/engine.rs", "use crate::pages::show;"), ("src/pages.rs", "pub fn show() {}")]);
    assert!(up.starts_with("src/engine.rs:1: measure and show never import one another"), "{up}");
    let down =
        only(&[("src/pages.rs", "use crate::engine::X;"), ("src/engine.rs", "pub struct X;")]);
    assert!(
        down.starts_with("src/pages.rs:1: measure and show never import one another"),
        "{down}"
    );
}

#[test]
fn a_circle_of_files_is_told_once_with_every_tie() {
    let sources = [
        ("src/judge/mod.rs", "mod one;\nmod two;\nmod three;"),
        ("src/judge/one.rs", "use super::two::B;\npub struct A;"),
        ("src/judge/two.rs", "\nuse super::three::C;\npub struct B;"),
        ("src/judge/three.rs", "pub struct C(super::one::A);"),
    ];
    let circle = only(&sources);
    for part in [
        "a circle of 3 files",
        "src/judge/one.rs:1:",
        "src/judge/two.rs:2:",
        "src/judge/three.rs:1:",
    ] {
        assert!(circle.contains(part), "{part}: {circle}");
    }
}

#[test]
fn a_child_that_takes_its_parents_type_and_gives_it_a_function_is_a_circle() {
    let child = ("src/judge/child.rs", "use super::Own;\npub fn f(_: Own) {}");
    let uses = "mod child;\npub struct Own;\nfn g() { child::f(Own) }";
    assert!(only(&[("src/judge/mod.rs", uses), child]).contains("a circle of 2 files"));
    // A parent that hands a name on does not use it.
    let hands_on = "mod child;\npub use child::f;\npub struct Own;";
    assert_eq!(wrong(&[("src/judge/mod.rs", hands_on), child]), [""; 0]);
}

#[test]
fn modules_of_one_layer_may_not_need_one_another() {
    const TWO: &Table = &[("left", Layer::Judge), ("right", Layer::Judge)];
    let sources = [
        ("src/lib.rs", "mod left;\nmod right;"),
        ("src/left/mod.rs", "mod a;\nmod b;"),
        ("src/left/a.rs", "use crate::right::c::C;"),
        ("src/left/b.rs", "pub struct B;"),
        ("src/right/mod.rs", "pub mod c;\nmod d;"),
        ("src/right/c.rs", "pub struct C;"),
        ("src/right/d.rs", "use crate::left::b::B;"),
    ];
    let all: Vec<_> =
        sources.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    let wrong = check(&Crate::parse(&all), TWO);
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    assert!(wrong[0].starts_with("a circle of 2 modules"), "{wrong:#?}");
}

#[test]
fn a_module_without_a_layer_and_a_layer_without_a_module_are_told() {
    let sources = [("src/stray.rs".to_owned(), String::new())];
    let wrong = check(&Crate::parse(&sources), &[("base", Layer::Base)]);
    assert!(wrong[0].contains("the module `stray` has no layer"), "{wrong:#?}");
    assert!(wrong[1].contains("names `base`, and there is no such module"), "{wrong:#?}");
}

#[test]
fn tests_may_import_what_they_like() {
    let base = "pub fn f() {}\n#[cfg(test)]\nmod tests { use crate::judge::V; }\n#[cfg(test)]\nmod more;\n\
                #[cfg(test)]\nuse crate::judge::V;\n#[test]\nfn t() { crate::judge::V; }";
    let sources = [
        ("src/base/mod.rs", base),
        ("src/base/more.rs", "use crate::top::X;"),
        ("src/judge.rs", "pub struct V;"),
    ];
    assert_eq!(wrong(&sources), [""; 0]);
    // What stands behind the tests is code again.
    let behind = format!("{base}\nuse crate::judge::V;");
    let sources = [("src/base/mod.rs", behind.as_str()), sources[1], sources[2]];
    assert!(only(&sources).starts_with("src/base/mod.rs:10:"));
}

#[test]
fn words_in_comments_and_texts_are_no_imports() {
    let base = r####"//! [`crate::judge`]
/* crate::judge::V /* crate::judge::V */ */
const A: &str = "crate::judge::V \" crate::judge::V";
const B: &str = r#"" crate::judge::V"#;
const C: (char, char, u8) = ('"', '\'', b'"');
fn f<'judge>(x: &'judge str) -> &'judge str { x }
pub(in crate::base) fn g() {}
"####;
    assert_eq!(wrong(&[("src/base.rs", base), ("src/judge.rs", "pub struct V;")]), [""; 0]);
}
