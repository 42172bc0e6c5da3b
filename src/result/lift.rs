//! Results of before typed fields: what a summary lacks is made of its words, here and nowhere else.

use super::{Answer, Summary};

/// What an older version wrote between the answer of a headline and what follows.
const GAP: &str = "  ";

/// A summary with every typed field.
pub fn lift(mut summary: Summary) -> Summary {
    if summary.answer == Answer::default() {
        let (answer, because) = match summary.headline.split_once(GAP) {
            Some((answer, because)) => (answer, because.trim_start()),
            None => (summary.headline.as_str(), ""),
        };
        summary.because = because.to_owned();
        summary.answer = Answer::from(answer);
    }
    summary
}
