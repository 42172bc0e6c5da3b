//! The normal distribution.

/// The probability that a standard normal number is below `x`, to 1.2e-7 (the complementary error function of W. Press
/// et al., "Numerical Recipes", §6.2).
pub fn below(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * z);
    const TERMS: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let series = TERMS.iter().rev().fold(0.0, |sum, term| sum * t + term);
    let upper = 0.5 * t * (series - z * z).exp();
    if x < 0.0 { upper } else { 1.0 - upper }
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn tabled_values() {
        for (x, want) in [(0.0, 0.5), (1.959_964, 0.975), (-1.281_552, 0.1), (3.0, 0.998_650_1)] {
            assert!((below(x) - want).abs() < 2e-7, "{x}: {}", below(x));
        }
    }
}
