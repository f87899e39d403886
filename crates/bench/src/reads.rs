//! Lists and pages, on data sets of several sizes in turn, so that whatever else the machine does hits all alike.

use std::time::Duration;

use anyhow::Result;
use store::Store;

use crate::measure::{Figure, Samples};
use crate::process::{Data, Server};
use crate::targets::{self, Endpoint};
use crate::{client, output};

/// Connections.
pub const CONNECTIONS: usize = 8;
const ROUNDS: u32 = 5;

struct Subject {
    name: &'static str,
    engine: &'static str,
    server: Server,
    endpoints: Vec<Endpoint>,
}

/// Measures every endpoint on every data set.
pub async fn measure(sets: &[(&'static str, Data)], only: &[&str], duration: Duration) -> Result<Vec<Figure>> {
    let mut subjects = Vec::new();
    for (name, data) in sets {
        subjects.push(Subject::start(name, data).await?);
    }
    let mut figures = Vec::new();
    for number in 0..subjects.first().map_or(0, |subject| subject.endpoints.len()) {
        let name = subjects[0].endpoints[number].name;
        if only.is_empty() || only.contains(&name) {
            figures.extend(measure_one(&subjects, number, duration).await?);
        }
    }
    for subject in subjects {
        subject.server.stop().await?;
    }
    Ok(figures)
}

async fn measure_one(subjects: &[Subject], number: usize, duration: Duration) -> Result<Vec<Figure>> {
    let mut measured: Vec<_> = subjects.iter().map(|_| (Samples::new(Duration::ZERO), Duration::ZERO)).collect();
    let part = duration / ROUNDS;
    for _ in 0..ROUNDS {
        for (subject, (samples, cpu)) in subjects.iter().zip(&mut measured) {
            let before = subject.server.cpu();
            let requests = subject.endpoints[number].requests.clone();
            samples.append(client::load(subject.server.address, requests, CONNECTIONS, part).await?);
            // Without the warm-up's share.
            *cpu +=
                subject.server.cpu().saturating_sub(before).mul_f64(part.as_secs_f64() / (part.as_secs_f64() + 0.3));
        }
    }
    let mut figures = Vec::new();
    for (subject, (samples, cpu)) in subjects.iter().zip(measured) {
        let what = subject.endpoints[number].name;
        let figure = samples.figure(what, subject.name, subject.engine, CONNECTIONS, cpu);
        output::line(&format!(
            "  {:<46} {:<2} {:>8.0}/s  p50 {:>7.2} ms  p99 {:>7.2} ms  {:>6.0} µs CPU  {:>6} bytes",
            figure.what, figure.data, figure.rate, figure.p50_ms, figure.p99_ms, figure.cpu_us, figure.bytes
        ));
        figures.push(figure);
    }
    Ok(figures)
}

impl Subject {
    async fn start(name: &'static str, data: &Data) -> Result<Self> {
        let store = Store::open(data.options())?;
        let endpoints = targets::endpoints(&targets::sample(&store).await?, &targets::names(&store).await?);
        drop(store);
        Ok(Self { name, engine: data.engine(), server: Server::start(data).await?, endpoints })
    }
}
