//! A difference of means, and how sure it is.

use super::student::{t_quantile, t_two_sided};

/// A difference of means, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// The second mean minus the first.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Degrees of freedom of the standard error.
    pub degrees_of_freedom: f64,
}

impl Contrast {
    /// The same with a standard error that is not below this one.
    #[must_use]
    pub fn at_least(self, standard_error: f64) -> Contrast {
        Contrast { standard_error: self.standard_error.max(standard_error), ..self }
    }

    /// The interval that holds the true difference with this confidence (0 to 1).
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        let t = t_quantile(f64::midpoint(1.0, confidence), self.degrees_of_freedom);
        let half = t * self.standard_error;
        (self.difference - half, self.difference + half)
    }

    /// How likely so large a difference, or a larger one, would be were there none. 1 for no difference at all.
    pub fn p_value(&self) -> f64 {
        if self.difference == 0.0 {
            return 1.0;
        }
        t_two_sided(self.difference / self.standard_error, self.degrees_of_freedom)
    }
}
