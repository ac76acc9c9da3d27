//! `encoder-tool model …`: everything that is done to a network before a unit runs it.

mod bench;
mod golden;
pub(crate) mod import;
mod inspect;
mod measure;
mod parts;
mod quantise;

use anyhow::Result;
use clap::Subcommand;
use terminal::Verbosity;

/// Work on models.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    Import(import::Import),
    Measure(measure::Measure),
    #[command(name = "quantize", visible_alias = "quantise")]
    Quantise(quantise::Quantise),
    Inspect(inspect::Inspect),
    Bench(bench::Bench),
    Golden(golden::MakeGolden),
}

/// Name of the network in a bundle's folder.
const NETWORK_FILE: &str = "model.onnx";

impl ModelCommand {
    /// Does what was asked.
    ///
    /// # Errors
    /// As the command's own `run`.
    pub(crate) fn run(&self, verbosity: Verbosity) -> Result<()> {
        match self {
            Self::Import(import) => import.run(verbosity),
            Self::Measure(measure) => measure.run(verbosity),
            Self::Quantise(quantise) => quantise.run(verbosity),
            Self::Inspect(inspect) => inspect.run(),
            Self::Bench(bench) => bench.run(),
            Self::Golden(golden) => golden.run(),
        }
    }
}
