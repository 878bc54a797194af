//! The composition root: what one node is made of. `main` and the tests build the same one.

use crate::config::Config;
use crate::http::blocking::Gate;
use crate::metrics::Metrics;
use crate::model::error::Result;
use crate::model::time::Clock;

/// One node. Handlers get it as `Data<App>`, commands by reference.
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub metrics: Metrics,
    /// The door off the async threads.
    pub gate: Gate,
    checks: Vec<Check>,
}

/// A part that has to work before this node takes requests, for `/health/ready`.
pub struct Check {
    pub name: &'static str,
    pub probe: Box<dyn Fn() -> Result<()> + Send + Sync>,
}

impl App {
    /// Fails when the configuration contradicts itself.
    pub fn new(config: Config, clock: Clock) -> Result<Self> {
        config.check()?;
        let gate = Gate::new(config.limits.blocking, config.limits.blocking_queue);
        let metrics = Metrics::new()?;
        gate.watch(&metrics)?;
        Ok(Self { config, clock, metrics, gate, checks: Vec::new() })
    }

    /// Adds a part to `/health/ready`. The probe may block; it should answer within a second.
    pub fn add_check(&mut self, name: &'static str, probe: impl Fn() -> Result<()> + Send + Sync + 'static) {
        self.checks.push(Check { name, probe: Box::new(probe) });
    }

    pub fn checks(&self) -> &[Check] {
        &self.checks
    }
}
