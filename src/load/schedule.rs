//! When operations are due: fixed beforehand, whatever the server does.

use std::sync::Arc;

use super::draw::Draw;
use crate::plan::Arrival;

const S: f64 = 1e9;

/// A stretch of the load: a phase of the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The phase's name.
    pub phase: Arc<str>,
    /// Its start, from the load's start.
    pub start_ns: u64,
    /// Its length; `u64::MAX` when only a count ends it.
    pub length_ns: u64,
    /// Operations per second at its beginning; 0 in a closed loop.
    pub from_per_s: f64,
    /// At its end.
    pub to_per_s: f64,
    /// Operations due at its very beginning, beside the rate.
    pub burst: u32,
    /// Whether its operations count towards `--total`.
    pub measured: bool,
}

impl Span {
    /// Its end, from the load's start.
    pub fn end_ns(&self) -> u64 {
        self.start_ns.saturating_add(self.length_ns)
    }

    /// When the arrival at `units` on the scale of arrivals is due, from the span's start: the time up to which the
    /// rate adds up to so many.
    fn due(&self, units: f64) -> f64 {
        let units = units - f64::from(self.burst);
        if units < 0.0 {
            return 0.0;
        }
        if self.from_per_s == 0.0 && self.to_per_s == 0.0 {
            return f64::INFINITY;
        }
        let change = (self.to_per_s - self.from_per_s) / (self.length_ns as f64 / S);
        if change.abs() < 1e-9 {
            return units / self.from_per_s * S;
        }
        // from·t + change·t²/2 = units, in the form that does not cancel.
        let root = (self.from_per_s * self.from_per_s + 2.0 * change * units).max(0.0).sqrt();
        2.0 * units / (self.from_per_s + root) * S
    }
}

/// When a load is over whose operations are due at these times, from its start: at the end of its last span, or when the
/// first operation would be due that is one too many. So many in so long is its rate then, and not one more.
pub fn end_ns(spans: &[Span], total: Option<u64>) -> Option<u64> {
    let finite = |span: &Span| span.length_ns != u64::MAX;
    let Some(total) = total else {
        return spans.last().filter(|span| finite(span)).map(Span::end_ns);
    };
    let mut left = total as f64;
    for span in spans.iter().filter(|span| span.measured) {
        let due_ns = span.due(left);
        if due_ns < span.length_ns as f64 {
            return Some(span.start_ns + due_ns as u64);
        }
        if !finite(span) {
            return None;
        }
        let rate = (span.from_per_s + span.to_per_s) / 2.0;
        left -= f64::from(span.burst) + rate * span.length_ns as f64 / S;
    }
    spans.last().map(Span::end_ns)
}

/// An operation that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Its number in the whole load; no two connections have the same.
    pub index: u64,
    /// The span it belongs to.
    pub span: usize,
    /// When, from the load's start.
    pub at_ns: u64,
}

/// The arrivals of one of several connections, in the order of time. Together the connections make up the whole rate.
#[derive(Debug)]
pub struct Schedule {
    spans: Arc<[Span]>,
    arrival: Arrival,
    draw: Draw,
    connection: u64,
    connections: u64,
    /// Where between two arrivals of an even spacing the first lies.
    offset: f64,
    /// Measured operations in all.
    total: u64,
    span: usize,
    /// Arrivals of this connection so far: in the load, in the span, in all measured spans.
    taken: u64,
    in_span: u64,
    measured: u64,
    /// The next arrival on the span's scale of arrivals, for random ones.
    units: f64,
}

impl Schedule {
    /// The arrivals of connection number `connection` of `connections`.
    pub fn new(
        spans: Arc<[Span]>,
        arrival: Arrival,
        total: u64,
        seed: u64,
        connection: u64,
        connections: u64,
    ) -> Self {
        let mut schedule = Schedule {
            spans,
            arrival,
            draw: Draw::of(!seed, connection),
            connection,
            connections,
            offset: 0.0,
            total,
            span: 0,
            taken: 0,
            in_span: 0,
            measured: 0,
            units: 0.0,
        };
        schedule.begin_span();
        schedule
    }

    /// With the first of evenly spaced arrivals this far, below 1, on the way to the second.
    pub fn offset(self, offset: f64) -> Self {
        Schedule { offset, ..self }
    }

    fn begin_span(&mut self) {
        self.in_span = 0;
        self.units = self.gap();
    }

    fn gap(&mut self) -> f64 {
        match self.arrival {
            Arrival::Constant => 0.0,
            Arrival::Poisson => self.draw.gap() * self.connections as f64,
        }
    }

    fn step(&mut self, measured: bool) {
        self.taken += 1;
        self.in_span += 1;
        self.measured += u64::from(measured);
        self.units += self.gap();
    }

    /// Where the next arrival lies on the span's scale.
    fn next_units(&self, span: &Span) -> f64 {
        let in_turn = (self.connection + self.in_span * self.connections) as f64;
        match self.arrival {
            // A burst is due at once, whatever the spacing of what follows.
            Arrival::Poisson if in_turn >= f64::from(span.burst) => {
                self.units + f64::from(span.burst)
            }
            Arrival::Poisson => in_turn,
            Arrival::Constant => in_turn + self.offset,
        }
    }
}

impl Iterator for Schedule {
    type Item = Due;

    fn next(&mut self) -> Option<Due> {
        loop {
            let spans = Arc::clone(&self.spans);
            let span = spans.get(self.span)?;
            let in_burst =
                self.connection + self.in_span * self.connections < u64::from(span.burst);
            let offset_ns = span.due(self.next_units(span));
            if offset_ns >= span.length_ns as f64 {
                self.span += 1;
                self.begin_span();
                continue;
            }
            if span.measured && self.connection + self.measured * self.connections >= self.total {
                return None;
            }
            let due = Due {
                index: self.connection + self.taken * self.connections,
                span: self.span,
                at_ns: span.start_ns + offset_ns as u64,
            };
            let units = self.units;
            self.step(span.measured);
            if in_burst {
                // The burst takes no time from the random arrivals after it.
                self.units = units;
            }
            return Some(due);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn span(start_s: u64, length_s: u64, from: f64, to: f64) -> Span {
        Span {
            phase: "steady".into(),
            start_ns: start_s * SECOND,
            length_ns: length_s * SECOND,
            from_per_s: from,
            to_per_s: to,
            burst: 0,
            measured: true,
        }
    }

    fn all(spans: Vec<Span>, arrival: Arrival, total: u64, connections: u64) -> Vec<Due> {
        let spans: Arc<[Span]> = spans.into();
        let connections = (0..connections).flat_map(|connection| {
            Schedule::new(spans.clone(), arrival, total, 1, connection, connections)
        });
        let mut all: Vec<Due> = connections.collect();
        all.sort_by_key(|due| due.at_ns);
        all
    }

    #[test]
    fn a_constant_rate_is_evenly_spaced_over_all_lanes() {
        for connections in [1, 3, 7] {
            let due =
                all(vec![span(0, 10, 1000.0, 1000.0)], Arrival::Constant, u64::MAX, connections);
            assert_eq!(due.len(), 10_000);
            assert!(due.windows(2).all(|w| (w[1].at_ns - w[0].at_ns).abs_diff(1_000_000) <= 1));
            let mut numbers: Vec<u64> = due.iter().map(|due| due.index).collect();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), 10_000);
        }
    }

    #[test]
    fn random_arrivals_have_the_rate_and_the_spread_of_a_poisson_process() {
        let due = all(vec![span(0, 100, 1000.0, 1000.0)], Arrival::Poisson, u64::MAX, 4);
        let per_second: Vec<f64> = (0..100u64)
            .map(|s| due.iter().filter(|due| due.at_ns / SECOND == s).count() as f64)
            .collect();
        let mean = per_second.iter().sum::<f64>() / 100.0;
        let variance = per_second.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 99.0;
        assert!((990.0..1010.0).contains(&mean), "{mean}");
        assert!((650.0..1450.0).contains(&variance), "{variance}");
    }

    #[test]
    fn a_ramp_has_the_mean_of_its_ends_and_most_at_the_higher() {
        let due = all(vec![span(0, 10, 0.0, 1000.0)], Arrival::Constant, u64::MAX, 2);
        assert!((4999..=5001).contains(&due.len()), "{}", due.len());
        let late = due.iter().filter(|due| due.at_ns >= 5 * SECOND).count();
        assert!((3745..=3755).contains(&late), "{late}");
    }

    #[test]
    fn a_load_ends_when_the_next_operation_would_be_due() {
        let endless = Span { length_ns: u64::MAX, ..span(1, 0, 100.0, 100.0) };
        let warmup = Span { measured: false, ..span(0, 1, 100.0, 100.0) };
        assert_eq!(end_ns(&[warmup.clone(), endless.clone()], Some(250)), Some(3_500_000_000));
        assert_eq!(end_ns(&[warmup, endless], None), None);
        let steps = [span(0, 2, 10.0, 10.0), span(2, 2, 100.0, 100.0)];
        assert_eq!(end_ns(&steps, None), Some(4 * SECOND));
        assert_eq!(end_ns(&steps, Some(120)), Some(3 * SECOND));
        assert_eq!(end_ns(&steps, Some(20)), Some(2 * SECOND));
        assert_eq!(end_ns(&steps, Some(1000)), Some(4 * SECOND));
    }

    #[test]
    fn steps_follow_each_other() {
        let due = all(
            vec![span(0, 2, 10.0, 10.0), span(2, 2, 100.0, 100.0)],
            Arrival::Constant,
            u64::MAX,
            3,
        );
        let in_span = |n| due.iter().filter(|due| due.span == n).count();
        assert_eq!((in_span(0), in_span(1)), (20, 200));
        assert!(due.iter().filter(|due| due.span == 1).all(|due| due.at_ns >= 2 * SECOND));
    }

    #[test]
    fn a_burst_is_due_at_once_and_comes_beside_the_rate() {
        for arrival in [Arrival::Constant, Arrival::Poisson] {
            let burst = Span { burst: 325, ..span(0, 10, 20.0, 20.0) };
            let due = all(vec![burst], arrival, u64::MAX, 4);
            assert_eq!(due.iter().filter(|due| due.at_ns == 0).count() / 325, 1, "{arrival:?}");
            assert!((480..=580).contains(&due.len()), "{arrival:?}: {}", due.len());
        }
    }

    #[test]
    fn a_step_without_a_rate_has_its_burst_alone() {
        let burst = Span { burst: 7, ..span(10, 5, 0.0, 0.0) };
        for connections in [1, 3] {
            let due = all(
                vec![span(0, 10, 0.0, 0.0), burst.clone()],
                Arrival::Constant,
                u64::MAX,
                connections,
            );
            assert_eq!(due.len(), 7);
            assert!(due.iter().all(|due| due.at_ns == 10 * SECOND));
        }
    }

    #[test]
    fn an_offset_moves_all_arrivals_and_loses_none() {
        let spans: Arc<[Span]> = vec![span(0, 10, 20.0, 20.0)].into();
        let connection = |connection| {
            Schedule::new(spans.clone(), Arrival::Constant, u64::MAX, 1, connection, 2).offset(0.25)
        };
        let mut due: Vec<u64> = (0..2).flat_map(connection).map(|due| due.at_ns).collect();
        due.sort_unstable();
        assert_eq!(due.len(), 200);
        assert_eq!(due[..2], [12_500_000, 62_500_000]);
    }

    #[test]
    fn a_count_ends_it_and_the_warm_up_is_not_counted() {
        let warmup = Span { measured: false, ..span(0, 1, 100.0, 100.0) };
        let endless = Span { length_ns: u64::MAX, ..span(1, 0, 100.0, 100.0) };
        let due = all(vec![warmup, endless], Arrival::Constant, 250, 4);
        assert_eq!(due.iter().filter(|due| due.span == 0).count(), 100);
        assert_eq!(due.iter().filter(|due| due.span == 1).count(), 250);
    }
}
