//! What is done to a network before a unit runs it: the commands `encoder-tool model …`, each beside its arguments.
//!
//! Import, quantise, fit, measure, learn a gate, inspect, time. Networks are other people's, so all of this runs in a process
//! with limits ([`confined`]). Bundles are `models`' format, and how well people are told apart is measured by `accuracy`.
//! Where photos of known people lie is for the program above to say ([`Sources`]); personal data does not outlive a run,
//! unless that program keeps a cache.
//!
//! Errors are for the person who runs a command: [`anyhow`], with what to do.
#![forbid(unsafe_code)]

mod bench;
pub mod confined;
mod fit;
pub mod fuzz_entry_points;
mod gate;
mod golden;
mod import;
mod inspect;
mod measure;
mod onnx_parts;
mod quantise;

use accuracy::{Cache, Photo};
use anyhow::Result;
use clap::Subcommand;
use confined::Limits;
use models::Recogniser;
use models::photo::PhotoReader;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use terminal::{Answer, Verbosity};

/// What the program above knows: where photos of known people lie, how they are read, and what is kept of them.
pub struct Sources {
    /// Every photo of a folder that holds a folder for each person, in the order of their names.
    pub photos_in: fn(&Path) -> Result<Vec<Photo>>,
    /// The names in a file, one a line; none without a file.
    pub names_in: fn(Option<&Path>) -> Result<BTreeSet<String>>,
    /// The measurements that are kept of a model, if they are wanted.
    pub cache_of: fn(bool, &Recogniser) -> Result<Option<Cache>>,
    /// What reads the photos.
    pub reader: PhotoReader,
}

/// Work on models.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "the help of each is that of its type")]
pub enum ModelCommand {
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
    pub fn limits(&self) -> Limits {
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
    pub fn run(&self, sources: &Sources, verbosity: Verbosity) -> Result<Answer> {
        match self {
            Self::Import(import) => import.run(verbosity),
            Self::Measure(measure) => measure.run(sources, verbosity),
            Self::Quantise(quantise) => quantise.run(sources, verbosity),
            Self::Fit(fit) => return fit.run(sources, verbosity),
            Self::Inspect(inspect) => inspect.run(),
            Self::Bench(bench) => bench.run(),
            Self::Golden(golden) => golden.run(),
            Self::Gate(gate) => gate.run(sources, verbosity),
        }?;
        Ok(Answer::Yes)
    }
}
