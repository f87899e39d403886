//! Durations on their way to rates and percentiles.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happened while something was measured.
#[derive(Debug, Clone)]
pub struct Samples {
    /// Microseconds of each call.
    micros: Vec<u32>,
    bytes: usize,
    duration: Duration,
}

/// A measurement as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figure {
    /// What was called.
    pub what: String,
    /// On which data.
    pub data: String,
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// Connections, or callers.
    pub callers: usize,
    /// Calls in a second.
    pub rate: f64,
    /// Median, in milliseconds.
    pub p50_ms: f64,
    /// In milliseconds.
    pub p99_ms: f64,
    /// Bytes of an answer, on average.
    pub bytes: usize,
    /// Microseconds of processor time that the serving process took for a call.
    pub cpu_us: f64,
    /// Milliseconds at each twentieth of the calls, from the fastest to the slowest.
    pub twentieths_ms: Vec<f64>,
}

impl Samples {
    /// Nothing yet, over `duration`.
    pub fn new(duration: Duration) -> Self {
        Self { micros: Vec::new(), bytes: 0, duration }
    }

    /// Adds a call.
    pub fn add(&mut self, elapsed: Duration, bytes: usize) {
        self.micros.push(u32::try_from(elapsed.as_micros()).unwrap_or(u32::MAX));
        self.bytes += bytes;
    }

    /// Adds what another caller measured at the same time.
    pub fn merge(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.bytes += other.bytes;
    }

    /// Adds what was measured later.
    pub fn append(&mut self, other: Self) {
        self.duration += other.duration;
        self.merge(other);
    }

    /// Calls in a second.
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand calls")]
    pub fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.duration.as_secs_f64()
    }

    /// The measurement, with the processor time that all calls together took.
    #[expect(clippy::cast_precision_loss, reason = "some ten thousand calls")]
    pub fn figure(mut self, what: &str, data: &str, engine: &str, callers: usize, cpu: Duration) -> Figure {
        self.micros.sort_unstable();
        let calls = self.micros.len().max(1);
        let at = |part: f64| self.at(part);
        Figure {
            what: what.to_owned(),
            data: data.to_owned(),
            engine: engine.to_owned(),
            callers,
            rate: round(self.rate()),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            bytes: self.bytes / calls,
            cpu_us: round(cpu.as_micros() as f64 / calls as f64),
            twentieths_ms: (0..=20u32).map(|part| at(f64::from(part) / 20.0)).collect(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "some ten thousand calls")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    fn at(&self, part: f64) -> f64 {
        // What never answered has no time, and keeps no budget.
        let Some(last) = self.micros.len().checked_sub(1) else { return f64::NAN };
        let micros = self.micros.get((last as f64 * part).round() as usize).copied().unwrap_or_default();
        f64::from(micros) / 1_000.0
    }
}

/// With one digit after the point.
pub fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Samples;

    #[test]
    fn percentiles_are_those_of_the_sorted_calls() {
        let mut samples = Samples::new(Duration::from_secs(2));
        for millis in (1..=100).rev() {
            samples.add(Duration::from_millis(millis), 10);
        }
        let figure = samples.figure("x", "S", "sqlite", 1, Duration::from_millis(100));
        assert!((figure.rate - 50.0).abs() < 0.01);
        assert!((figure.p99_ms - 99.0).abs() < 0.01);
        assert!((figure.cpu_us - 1_000.0).abs() < 0.01);
        assert_eq!((figure.bytes, figure.twentieths_ms.len()), (10, 21));
    }
}
