//! The histogram core: samples are recorded per worker and series, handed over each interval, merged by
//! addition, and turned into quantiles here and nowhere else.

mod bands;
mod buckets;
mod distribution;
mod encode;
mod estimate;
mod filled_in;
mod hdr;
mod pool;
mod recorder;
mod samples;

pub use bands::{Bands, add_bands, band_floor, band_of, bands};
pub use buckets::{Bracket, Buckets};
pub use distribution::Distribution;
pub use encode::Encoder;
pub use estimate::{
    Exceedance, MIN_TAIL_SAMPLES, QuantileEstimate, Resolution, exceedance, quantile,
    quantile_interval, shares_below,
};
pub use pool::Pool;
pub use recorder::{Emission, IntervalSamples, Recorder, RecorderSettings, Series, Sink, Stall};
pub use samples::{
    ErrorTexts, HIGHEST_NS, OTHER_TEXTS, SIGNIFICANT_DIGITS, Samples, add_error_texts,
};
