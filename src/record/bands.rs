//! Coarse bands of duration for maps over time: four to a factor of two, so that a cell of a map is as high wherever it
//! lies on a logarithmic scale. Quantiles are never taken from them.

use super::Distribution;

/// Samples of a stretch of time by band: (band, count), ascending, without empty ones.
pub type Bands = Vec<(u16, u64)>;

/// The band that a duration falls in.
pub fn band_of(ns: u64) -> u16 {
    let ns = ns.max(1);
    let octave = ns.ilog2();
    // The two bits after the first tell which quarter.
    let quarter = if octave >= 2 { (ns >> (octave - 2)) & 3 } else { (ns << (2 - octave)) & 3 };
    (octave * 4) as u16 + quarter as u16
}

/// The shortest duration of a band, in nanoseconds; that of the next band is its end.
pub fn band_floor(band: u16) -> f64 {
    let octave = 2_f64.powi(i32::from(band / 4));
    octave * (1.0 + f64::from(band % 4) / 4.0)
}

/// A distribution by bands.
pub fn bands(samples: &Distribution) -> Bands {
    let mut bands = Bands::new();
    for &(value, count) in samples.buckets() {
        let band = band_of(value.clamp(samples.min_ns(), samples.max_ns()));
        match bands.last_mut() {
            Some((last, sum)) if *last == band => *sum = sum.saturating_add(count),
            _ => bands.push((band, count)),
        }
    }
    bands
}

/// Adds one to another.
pub fn add_bands(to: &mut Bands, from: &[(u16, u64)]) {
    for &(band, count) in from {
        match to.binary_search_by_key(&band, |&(band, _)| band) {
            Ok(at) => to[at].1 = to[at].1.saturating_add(count),
            Err(at) => to.insert(at, (band, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{add_bands, band_floor, band_of, bands};
    use crate::record::{Distribution, Samples};

    #[test]
    fn every_duration_lies_in_its_band() {
        let mut values: Vec<u64> = (0..64).map(|bit| 1_u64 << bit).collect();
        values.extend((1..200).chain([999, 1_000_000, 1_250_000, 3_600_000_000_000, u64::MAX]));
        for ns in values {
            let band = band_of(ns);
            let (floor, end) = (band_floor(band), band_floor(band + 1));
            assert!(floor <= ns as f64 && ns as f64 <= end, "{ns}: {floor}..{end}");
        }
        assert_eq!(band_of(0), band_of(1));
    }

    #[test]
    fn no_sample_is_lost() {
        let mut samples = Samples::new();
        (1..5_000_u64).for_each(|n| samples.record(n * n));
        let whole = Distribution::from_samples(&samples);
        let mut sum = bands(&whole);
        assert!(sum.is_sorted_by(|a, b| a.0 < b.0));
        add_bands(&mut sum, &bands(&whole));
        add_bands(&mut sum, &[(0, 1), (200, 1)]);
        let count: u64 = sum.iter().map(|&(_, count)| count).sum();
        assert_eq!(count, 2 * whole.count() + 2);
        assert!(sum.is_sorted_by(|a, b| a.0 < b.0));
    }
}
