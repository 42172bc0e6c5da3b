//! Reads HdrHistogram's V2 encoding straight into the few buckets that hold something. The library first lays out all
//! of the thirty thousand a histogram of ours has, which for the intervals of an hour is most of the time a reader
//! takes.
//!
//! The format is that of `org.HdrHistogram.Histogram.encodeIntoCompressedByteBuffer`: a cookie, a length and zlib data;
//! in it another cookie, six settings, and the counts by index as ZigZag LEB128 of at most nine bytes, where a negative
//! number is that many empty buckets.

use std::io::Read as _;

use flate2::bufread::ZlibDecoder;

/// Base of the cookie before compressed data; bits 4 to 7 are the word size.
const COMPRESSED: u32 = 0x1c84_9304;
/// Base of the cookie before settings and counts.
const PLAIN: u32 = 0x1c84_9303;
const COOKIE_BASE: u32 = !0xf0;
/// More than the counts of a histogram take that has a value in each of [`MOST_BUCKETS`]: nine bytes for each at most.
const MOST_BYTES: u64 = 1 << 20;
/// A nanosecond to an hour at three digits, which is what this program records, has 34,000 buckets.
const MOST_BUCKETS: usize = 40_000;
/// Bytes before the counts.
const SETTINGS: usize = 40;

/// The buckets that hold something, as (highest value of the bucket, count), ascending.
///
/// # Errors
/// A message when the bytes are not such a histogram.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<(u64, u64)>, String> {
    let mut outer = Bytes { rest: bytes };
    if outer.u32()? & COOKIE_BASE != COMPRESSED {
        return Err("not HdrHistogram V2, compressed".to_owned());
    }
    let length = outer.u32()? as usize;
    let compressed = outer.take(length)?;
    let mut plain = Vec::with_capacity((4 * compressed.len() + SETTINGS).min(MOST_BYTES as usize));
    ZlibDecoder::new(compressed)
        .take(MOST_BYTES + 1)
        .read_to_end(&mut plain)
        .map_err(|error| format!("its compressed part is damaged: {error}"))?;
    if plain.len() as u64 > MOST_BYTES {
        return Err(format!("longer than {MOST_BYTES} bytes without compression"));
    }
    let mut inner = Bytes { rest: &plain };
    if inner.u32()? & COOKIE_BASE != PLAIN {
        return Err("not HdrHistogram V2 inside".to_owned());
    }
    let length = inner.u32()? as usize;
    let offset = inner.u32()?;
    let digits = inner.u32()?;
    let lowest = inner.u64()?;
    let _highest = inner.u64()?;
    let _ratio = inner.u64()?;
    if offset != 0 || digits > 5 || lowest == 0 {
        return Err(format!(
            "settings that cannot be: offset {offset}, {digits} digits, lowest value {lowest}"
        ));
    }
    let counts = Bytes { rest: inner.take(length)? };
    buckets(counts, Scale::new(lowest, digits))
}

fn buckets(mut counts: Bytes<'_>, scale: Scale) -> Result<Vec<(u64, u64)>, String> {
    let mut found = Vec::new();
    let mut index: u64 = 0;
    while !counts.rest.is_empty() {
        let number = counts.zigzag()?;
        if number < 0 {
            index = index.saturating_add(number.unsigned_abs());
            continue;
        }
        if number > 0 {
            if found.len() == MOST_BUCKETS {
                return Err(format!("more than {MOST_BUCKETS} buckets that hold something"));
            }
            let value = scale.highest_at(index).ok_or("more buckets than there can be")?;
            found.push((value, number as u64));
        }
        index += 1;
    }
    Ok(found)
}

/// How indices belong to values.
#[derive(Clone, Copy)]
struct Scale {
    /// log₂ of the smallest unit.
    unit: u32,
    /// log₂ of half the buckets of one power of two.
    half: u32,
}

impl Scale {
    fn new(lowest: u64, digits: u32) -> Scale {
        let resolved = 2 * 10u64.pow(digits);
        Scale { unit: lowest.ilog2(), half: resolved.next_power_of_two().ilog2().max(1) - 1 }
    }

    /// The highest value of a bucket; `None` beyond what 64 bits hold.
    fn highest_at(self, index: u64) -> Option<u64> {
        let part = index >> self.half;
        let within = index & ((1 << self.half) - 1);
        let (power, within) = match part {
            0 => (0, within),
            more => (more - 1, within + (1 << self.half)),
        };
        let shift = u32::try_from(power).ok()?.checked_add(self.unit)?;
        let next = u128::from(within + 1).checked_shl(shift)?;
        (shift < 64).then(|| u64::try_from(next - 1).ok()).flatten()
    }
}

/// Numbers, big end first.
struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (head, tail) = self.rest.split_at_checked(length).ok_or("it ends too early")?;
        self.rest = tail;
        Ok(head)
    }

    fn u32(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?;
        Ok(bytes.iter().fold(0, |sum, b| (sum << 8) | u32::from(*b)))
    }

    fn u64(&mut self) -> Result<u64, String> {
        let bytes = self.take(8)?;
        Ok(bytes.iter().fold(0, |sum, b| (sum << 8) | u64::from(*b)))
    }

    /// Seven bits a byte, the low ones first; a ninth byte has eight.
    fn zigzag(&mut self) -> Result<i64, String> {
        let mut number: u64 = 0;
        for place in 0..9 {
            let byte = self.take(1)?[0];
            if place == 8 {
                number |= u64::from(byte) << 56;
                break;
            }
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
    use proptest::prelude::*;

    use super::decode;

    fn encoded(histogram: &Histogram<u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(histogram, &mut bytes).unwrap();
        bytes
    }

    proptest! {
        // Five digits over twelve decades are a histogram of many megabytes.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn agrees_with_the_library(
            values in prop::collection::vec((1u64..4_000_000_000_000, 1u64..1_000_000_000_000), 0..200),
            digits in 0u8..=5,
            lowest in 1u64..5_000,
        ) {
            let mut histogram =
                Histogram::<u64>::new_with_bounds(lowest, 4_000_000_000_000, digits).unwrap();
            for (value, count) in values {
                histogram.record_n(value, count).unwrap();
            }
            let expected: Vec<(u64, u64)> = histogram
                .iter_recorded()
                .map(|v| (v.value_iterated_to(), v.count_since_last_iteration()))
                .collect();
            prop_assert_eq!(decode(&encoded(&histogram)).unwrap(), expected);
        }

        #[test]
        fn damage_is_an_error_or_another_histogram_but_no_panic(at in 0usize..60, with in any::<u8>()) {
            let mut histogram = Histogram::<u64>::new_with_bounds(1, 3_600_000_000_000, 3).unwrap();
            (1..2_000u64).for_each(|v| histogram.record(v * v * 1_000).unwrap());
            let mut bytes = encoded(&histogram);
            bytes[at] = with;
            let _ = decode(&bytes);
            bytes.truncate(at);
            prop_assert!(decode(&bytes).is_err());
        }
    }
}
