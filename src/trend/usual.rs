//! What one more night of a level may be.

use crate::trend::evidence::older;
use crate::trend::noise::Noise;
use crate::trend::points::Points;
use crate::trend::schema::Latest;

/// Error rate, on both sides together, of the interval that one night is held against.
pub(super) const NIGHT_ALPHA: f64 = 0.002;

/// Nights of one level, and what one more of them may be.
pub(super) struct Usual {
    pub level: f64,
    pub noise: Noise,
    pub nights: usize,
}

impl Usual {
    pub fn of(old: &[&[f64]], nights: &[f64], believed: f64) -> Usual {
        let mut known = older(old, nights.len()).to_vec();
        known.push(nights);
        let noise = Noise::of(&known, believed);
        Usual { level: noise.level(nights, None), noise, nights: nights.len() }
    }

    fn reach(&self, sign: f64) -> f64 {
        self.noise.reach(NIGHT_ALPHA / 2.0, self.nights, sign)
    }

    /// Whether a night lies outside, and far enough to matter; on which side.
    pub fn outside(&self, points: &Points, value: f64) -> Option<f64> {
        let off = value - self.level;
        let outside = off.abs() > self.reach(off.signum());
        (outside && points.scale.matters(self.level, value)).then_some(off.signum())
    }

    pub fn tonight(&self, points: &Points, value: f64) -> Latest {
        let back = |scaled: f64| points.back_tonight(scaled);
        let usual = back(self.level);
        Latest {
            value: Some(back(value)),
            usual: Some(usual),
            low: Some(back(self.level - self.reach(-1.0))),
            high: Some(back(self.level + self.reach(1.0))),
            ratio: (usual != 0.0).then(|| back(value) / usual),
            nights: self.nights,
            ..Latest::default()
        }
    }
}
