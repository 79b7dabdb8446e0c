//! What a harness was asked to do and what it found.

use std::fmt;

/// What is asked of a harness.
#[derive(Debug, Clone)]
pub struct Asked {
    /// How many trials (images, kills, cases).
    pub count: u64,
    /// Where chance begins; the same seed gives the same trials.
    pub seed: u64,
    /// Break the promise on purpose: the harness must find it out.
    pub sabotage: bool,
    /// Only this trial of the run.
    pub only: Option<u64>,
}

impl Asked {
    /// `count` trials from `seed`, all of them, nothing broken on purpose.
    pub fn new(count: u64, seed: u64) -> Asked {
        Asked { count, seed, sabotage: false, only: None }
    }
    /// The same with the promise broken on purpose.
    pub fn sabotaged(self) -> Asked {
        Asked { sabotage: true, ..self }
    }
    /// The numbers of the trials to run.
    pub fn trials(&self) -> std::ops::Range<u64> {
        match self.only {
            Some(one) => one..one + 1,
            None => 0..self.count,
        }
    }
    /// Chance for trial `number`: it does not depend on the trials before.
    pub fn chance(&self, number: u64) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// A promise that was not kept.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What was found.
    pub what: String,
    /// The command line that shows it again.
    pub replay: String,
}

/// What a harness did and found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The harness, as its subcommand is called.
    pub harness: &'static str,
    /// What it was asked.
    pub asked: Asked,
    /// Counts worth knowing also when everything is good: name and number, in order.
    pub counts: Vec<(&'static str, u64)>,
    /// The promises that were not kept.
    pub failures: Vec<Failure>,
}

impl Report {
    /// An empty report.
    pub fn new(harness: &'static str, asked: &Asked) -> Report {
        Report { harness, asked: asked.clone(), counts: Vec::new(), failures: Vec::new() }
    }
    /// Adds `number` to the count called `name`.
    pub fn count(&mut self, name: &'static str, number: u64) {
        match self.counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += number,
            None => self.counts.push((name, number)),
        }
    }
    /// The count called `name`.
    pub fn counted(&self, name: &str) -> u64 {
        self.counts.iter().find(|(known, _)| *known == name).map_or(0, |(_, sum)| *sum)
    }
    /// Notes that trial `number` broke a promise.
    pub fn failed(&mut self, number: u64, what: impl Into<String>) {
        let sabotage = if self.asked.sabotage { " --sabotage" } else { "" };
        let replay = format!(
            "zhangfang-torture {} --count {} --seed {} --only {number}{sabotage}",
            self.harness, self.asked.count, self.asked.seed
        );
        self.failures.push(Failure { what: what.into(), replay });
    }
    /// Is everything as it should be: no failure, or, under sabotage, at least one?
    pub fn is_as_expected(&self) -> bool {
        self.failures.is_empty() != self.asked.sabotage
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sabotage = if self.asked.sabotage { " (sabotaged)" } else { "" };
        write!(out, "{}{sabotage} seed {}:", self.harness, self.asked.seed)?;
        for (name, number) in &self.counts {
            write!(out, " {number} {name},")?;
        }
        write!(out, " {} failures", self.failures.len())?;
        // A sabotaged run fails by design: one example is enough.
        let shown = if self.asked.sabotage { 1 } else { 20 };
        for failure in self.failures.iter().take(shown) {
            let what: String = failure.what.chars().take(600).collect();
            write!(out, "\n  {what}\n    replay: {}", failure.replay)?;
        }
        Ok(())
    }
}
