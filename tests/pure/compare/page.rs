//! What is shown, word for word.

use super::place::{Place, pairs, slower};

/// stdout of a comparison, whatever it ends with.
fn shown(place: &Place, words: &[&str]) -> String {
    let output = place.compare(words).get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

#[test]
fn pairs_that_differ() {
    let place = Place::new();
    pairs(&place, 1.3);
    insta::assert_snapshot!(shown(&place, &["a", "b"]));
}

#[test]
fn pairs_that_differ_in_markdown() {
    let place = Place::new();
    pairs(&place, 1.3);
    insta::assert_snapshot!(shown(&place, &["a", "b", "--format", "markdown"]));
}

#[test]
fn five_machines_one_of_them_odd() {
    let place = Place::new();
    let hosts = ["cp1", "cp2", "cp3", "cp4", "cp5"];
    for (index, host) in hosts.into_iter().enumerate() {
        let mut fake = slower(index as u64 + 1, if index == 3 { 11.0 } else { 1.0 });
        fake.host = host;
        place.write(&format!("{host}.jsonl"), &fake);
    }
    insta::assert_snapshot!(shown(&place, &["."]));
}

#[test]
fn what_cannot_be_compared() {
    let place = Place::new();
    place.write("a.jsonl", &slower(1, 1.0));
    let mut other = slower(2, 1.0);
    other.plan = super::files::plan(1024);
    place.write("b.jsonl", &other);
    insta::assert_snapshot!(shown(&place, &["a.jsonl", "b.jsonl"]));
}
