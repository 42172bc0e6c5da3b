//! Names and values in pairs.

/// Half as many items: each takes in the one after it.
pub(super) fn in_pairs<T>(items: Vec<T>, absorb: impl Fn(&mut T, T)) -> Vec<T> {
    let mut halved = Vec::with_capacity(items.len().div_ceil(2));
    let mut items = items.into_iter();
    while let Some(mut first) = items.next() {
        if let Some(second) = items.next() {
            absorb(&mut first, second);
        }
        halved.push(first);
    }
    halved
}
