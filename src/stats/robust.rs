//! What single outliers cannot move: median, median absolute deviation, the median of Walsh averages with its exact
//! signed-rank test (J. Hodges and E. Lehmann, Annals of Mathematical Statistics 34 (1963); F. Wilcoxon 1945).

/// A standard deviation's worth of a normal distribution's median absolute deviation.
pub const MAD_TO_DEVIATION: f64 = 1.482_602_218_505_602;

/// The middle value, or the mean of the middle two; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The median distance from the median; `None` without values.
pub fn median_deviation(values: &[f64]) -> Option<f64> {
    let centre = median(values)?;
    let distances: Vec<f64> = values.iter().map(|v| (v - centre).abs()).collect();
    median(&distances)
}

/// The median of all means of two values, each with itself among them; `None` without values.
pub fn hodges_lehmann(values: &[f64]) -> Option<f64> {
    let mut walsh = Vec::with_capacity(values.len() * (values.len() + 1) / 2);
    for (index, &a) in values.iter().enumerate() {
        walsh.extend(values[index..].iter().map(|&b| f64::midpoint(a, b)));
    }
    median(&walsh)
}

/// Wilcoxon's exact signed-rank probability, both sides, that values symmetric about 0 are as lopsided as these.
/// Zeros are left out; values of equal size share their mean rank. `None` for more than 40 values, where nobody needs
/// it, and without any.
pub fn signed_rank_p(values: &[f64]) -> Option<f64> {
    let mut values: Vec<f64> = values.iter().copied().filter(|v| *v != 0.0).collect();
    if values.is_empty() || values.len() > 40 {
        return None;
    }
    values.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let ranks = doubled_ranks(&values);
    let positive: usize =
        values.iter().zip(&ranks).filter(|(v, _)| **v > 0.0).map(|(_, r)| r).sum();
    let all: usize = ranks.iter().sum();
    let extreme = positive.min(all - positive);
    // ways[s]: in how many of the 2ⁿ choices of signs the positive ranks add up to s.
    let mut ways = vec![0.0f64; all + 1];
    ways[0] = 1.0;
    for &rank in &ranks {
        for sum in (rank..=all).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let tail: f64 = ways[..=extreme].iter().sum();
    Some((2.0 * tail / (values.len() as f64).exp2()).min(1.0))
}

/// Twice the ranks, so that the mean rank of ties is whole.
fn doubled_ranks(sorted: &[f64]) -> Vec<usize> {
    let mut ranks = vec![0; sorted.len()];
    let mut start = 0;
    while start < sorted.len() {
        let size = sorted[start].abs();
        let end = start + sorted[start..].iter().take_while(|v| v.abs() == size).count();
        ranks[start..end].fill(start + 1 + end);
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
        assert_eq!(median_deviation(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]), Some(1.0));
        assert_eq!(hodges_lehmann(&[1.0, 2.0, 9.0]), Some(3.5));
    }

    #[test]
    fn signed_ranks_as_r_has_them() {
        // R: wilcox.test(c(1.1, 2.2, 3.3, 4.4, 5.5, 6.6))$p.value, and with the largest negative.
        assert_eq!(signed_rank_p(&[1.1, 2.2, 3.3, 4.4, 5.5, 6.6]), Some(0.031_25));
        assert_eq!(signed_rank_p(&[1.1, 2.2, 3.3, 4.4, 5.5, -6.6]), Some(0.4375));
        assert_eq!(signed_rank_p(&[0.0, 0.0]), None);
        assert_eq!(signed_rank_p(&[1.0, -1.0, 1.0, -1.0]), Some(1.0));
    }
}
