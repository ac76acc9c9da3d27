//! The commands `encoder-tool model …`, which prepare networks for units. Each command is beside its arguments.
//!
//! They import, quantise, fit, measure, inspect and time networks, and learn gates. Networks are untrusted, so all of
//! this runs in a process with limits ([`confined`]). The crate `models` defines the format of bundles, and `accuracy`
//! measures how well people are told apart. The calling program supplies the photos of known people ([`Sources`]).
//! Personal data does not outlive a run, unless that program keeps a cache.
//!
//! Errors are [`anyhow`] errors for the user of a command, and say what to do.
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
mod quantize;

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

/// Functions that the calling program supplies: to find and read photos of known people, and to cache measurements.
pub struct Sources {
    /// Lists every photo of a folder that has one folder per person, in the order of their names.
    pub photos_in: fn(&Path) -> Result<Vec<Photo>>,
    /// Reads the names in a file, one per line; no names without a file.
    pub names_in: fn(Option<&Path>) -> Result<BTreeSet<String>>,
    /// Opens the cached measurements of a model, if caching is wanted.
    pub cache_of: fn(bool, &Recogniser) -> Result<Option<Cache>>,
    /// Reads the photos.
    pub reader: PhotoReader,
}

/// Work on models.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "the argument types are documented")]
pub enum ModelCommand {
    Import(import::Import),
    Measure(measure::Measure),
    #[command(alias = "quantise")]
    Quantize(quantize::Quantize),
    Fit(fit::Fit),
    Inspect(inspect::Inspect),
    Bench(bench::Bench),
    Golden(golden::MakeGolden),
    Gate(gate::LearnGate),
}

/// File name of the network in a bundle's folder.
const NETWORK_FILE: &str = "model.onnx";

impl ModelCommand {
    /// The limits of this command. Networks are untrusted: every command has a memory limit, and commands that usually
    /// take seconds have a time limit as well.
    pub fn limits(&self) -> Limits {
        let (work, limited_in_time) = match self {
            Self::Import(import) => return import.limits(),
            Self::Inspect(_) => ("the inspection", true),
            Self::Golden(_) => ("the self-test", true),
            Self::Measure(_) => ("the measurement", false),
            Self::Quantize(_) => ("the quantisation", false),
            Self::Gate(_) => ("the learning of a gate", false),
            Self::Fit(_) => ("the fit", false),
            Self::Bench(_) => ("the benchmark", false),
        };
        let time = limited_in_time.then_some(Duration::from_secs(confined::SECONDS));
        Limits { work, memory_mib: confined::MEMORY_MIB, time }
    }

    /// Runs the command. Answers no if an encoder was not improved.
    ///
    /// # Errors
    /// The errors of the command's own `run`.
    pub fn run(&self, sources: &Sources, verbosity: Verbosity) -> Result<Answer> {
        match self {
            Self::Import(import) => import.run(verbosity),
            Self::Measure(measure) => measure.run(sources, verbosity),
            Self::Quantize(quantize) => quantize.run(sources, verbosity),
            Self::Fit(fit) => return fit.run(sources, verbosity),
            Self::Inspect(inspect) => inspect.run(),
            Self::Bench(bench) => bench.run(),
            Self::Golden(golden) => golden.run(),
            Self::Gate(gate) => gate.run(sources, verbosity),
        }?;
        Ok(Answer::Yes)
    }
}
