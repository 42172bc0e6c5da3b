//! Timers as exact as the model needs them.

/// Asks the kernel to wake this thread when it said, not up to 50 µs later.
pub fn fine_timers() {
    // Where it is refused the model is only a little less exact.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
}
