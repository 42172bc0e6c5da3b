//! "Did you mean …?"

/// The known word a person most likely meant, if any is near enough.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(2);
    known
        .iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Names a word that is not known, with the one that was probably meant or all there are.
pub fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("no {what} '{word}'; did you mean '{near}'?"),
        None => format!("no {what} '{word}'; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 3] = ["idle", "wal", "etcd"];

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        assert_eq!(nearest("wla", &KNOWN), Some("wal"));
        assert_eq!(nearest("etdc", &KNOWN), Some("etcd"));
        assert_eq!(nearest("capacity", &KNOWN), None);
        assert_eq!(unknown("phase", "x", &["ab"]), "no phase 'x'; there are ab");
    }
}
