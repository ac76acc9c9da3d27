//! `encoder-tool model …`: everything that is done to a network before a unit runs it.

mod bench;
pub(crate) mod confined;
mod fit;
pub(crate) mod gate;
mod golden;
pub(crate) mod import;
mod inspect;
mod measure;
mod parts;
mod quantise;

use anyhow::Result;
use clap::Subcommand;
use confined::Limits;
use std::time::Duration;
use terminal::{Answer, Verbosity};

/// Work on models.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    Import(import::Import),
    Measure(measure::Measure),
    #[command(name = "quantize", visible_alias = "quantise")]
    Quantise(quantise::Quantise),
    Fit(fit::Fit),
    Inspect(inspect::Inspect),
    Bench(bench::Bench),
    Golden(golden::MakeGolden),
    Gate(gate::LearnGate),
}

/// Name of the network in a bundle's folder.
const NETWORK_FILE: &str = "model.onnx";

impl ModelCommand {
    /// What it may take. Networks are other people's: all that is done with them has a limit of memory, and what is
    /// done once in a moment one of time as well.
    pub(crate) fn limits(&self) -> Limits {
        let (work, in_a_moment) = match self {
            Self::Import(import) => return import.limits(),
            Self::Inspect(_) => ("the inspection", true),
            Self::Golden(_) => ("the self-test", true),
            Self::Measure(_) => ("the measurement", false),
            Self::Quantise(_) => ("the quantisation", false),
            Self::Gate(_) => ("the learning of a gate", false),
            Self::Fit(_) => ("the fit", false),
            Self::Bench(_) => ("the benchmark", false),
        };
        let time = in_a_moment.then_some(Duration::from_secs(confined::SECONDS));
        Limits { work, memory_mib: confined::MEMORY_MIB, time }
    }

    /// Does what was asked. No if an encoder was not made better.
    ///
    /// # Errors
    /// As the command's own `run`.
    pub(crate) fn run(&self, verbosity: Verbosity) -> Result<Answer> {
        match self {
            Self::Import(import) => import.run(verbosity),
            Self::Measure(measure) => measure.run(verbosity),
            Self::Quantise(quantise) => quantise.run(verbosity),
            Self::Fit(fit) => return fit.run(verbosity),
            Self::Inspect(inspect) => inspect.run(),
            Self::Bench(bench) => bench.run(),
            Self::Golden(golden) => golden.run(),
            Self::Gate(gate) => gate.run(verbosity),
        }?;
        Ok(Answer::Yes)
    }
}
