//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io;
use std::path::{self, PathBuf};

/// Development tasks for the workspace: demo, checks, benchmark, package.
///
/// Exit codes: 0 as expected, 1 not as expected, 2 error.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Enrol the people in tests/photos and run a simulated door on other photos
    Demo,
    /// Run all checks, or the named ones
    Test(Test),
    /// Measure recognition on a folder of photos: enrolled people who are named, strangers who are named by mistake
    CheckRecognition(CheckRecognition),
    /// Compare the speed with common alternatives, in turns on one core
    Bench(Bench),
    /// Run the tests that take minutes: memory use over thousands of frames, a day of people passing by
    Endurance,
    /// Fuzz the programs with libFuzzer
    Fuzz(Fuzz),
    /// Simulate a day at the door in accelerated time, with random faults
    Soak(Soak),
    /// Build the documentation as one book, in target/book
    Book,
    /// Build the door unit for a Raspberry Pi with a 64-bit system
    Cross,
    /// Run the door unit on an emulated Raspberry Pi 3B with a camera, and read the lock pin from outside the machine
    PiTest,
    /// Build the Debian package of the door unit
    Package(Package),
}

/// Fuzz the programs with libFuzzer: databases, logs, networks, pictures, input from card readers.
///
/// Starts from the files in fuzz/seeds and the corpus of earlier runs in target/fuzz/corpus. Exit code 1 if something
/// was found; the input is then in target/fuzz/findings.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Names of targets, such as "database" (default: all)
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Seconds for each target
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: u32,
}

/// Measure recognition on a folder of photos: enrolled people who are named, strangers who are named by mistake.
///
/// Enrols the first 60 people by name who have at least three photos, each without their last photo. Then identifies
/// those last photos, and the first photo of each of the first 200 other people. Exit code 1 if fewer than 59 of the 60
/// people are named, or more than 1 of the 200 strangers.
///
/// Then tests the twelve people of the FaceNet exercise and small faces in large photos, if those data are in
/// ../shared.
///
/// Then tests the gate against faces that are hardly recognisable, with people whose photos were not used to train it:
/// a stranger whose photo is degraded like an enrolled one (upside down, covered, blurred, ...) must not be named, and
/// at most 1 % of unchanged photos may be refused.
#[derive(Debug, Args)]
pub(crate) struct CheckRecognition {
    /// A folder with one folder of photos for each person, as in Labeled Faces in the Wild
    #[arg(long, value_name = "DIR", value_parser = absolute)]
    pub(crate) images: PathBuf,
    /// A folder of the same form with other people, used only as strangers: also run identification trials, 20 draws of
    /// 200 enrolled people, and check the error rates that stored thresholds promise; the gate test uses these people,
    /// too
    #[arg(long, value_name = "DIR", value_parser = absolute)]
    pub(crate) strangers: Option<PathBuf>,
}

/// Simulate a day at the door in accelerated time, with random faults.
///
/// Faults are lost cameras, full disks, power cuts, clock jumps, new databases, bursts of cards and kill -9. The seed
/// determines all of them, so that a failure can be reproduced. Exit code 1 if something was found.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// Length of the day in frames of a tenth of a second
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub(crate) frames: u64,
    /// Seed of the random faults
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Run all checks, or the named ones.
///
/// A check that needs photos or weights from ../shared is skipped, or shortened, if they are missing; the summary names
/// them.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Names of checks as in the summary, such as "package"
    #[arg(value_name = "CHECK")]
    pub(crate) checks: Vec<String>,
    /// Run only the checks that take less than three minutes after the build: no emulators, no fuzzing, no package
    #[arg(long, conflicts_with = "checks")]
    pub(crate) quick: bool,
}

/// Compare the speed with common alternatives, in turns on one core.
///
/// Needs the peers' scripts in ../shared/bench and photos in ../shared/lfw-dev/images. Installs the peers from PyPI
/// into target/peers and writes target/bench.json.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Number of turns of each program; the medians are compared
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
}

/// Build the Debian package of the door unit: program, unit file, configuration, manual pages, completions, the book.
#[derive(Debug, Args)]
pub(crate) struct Package {
    /// Architecture of the package
    #[arg(long, value_enum, default_value_t = Architecture::Arm64)]
    pub(crate) architecture: Architecture,
    /// Add the PAD network in this bundle, which `encoder-tool model import` made. It is not used until the configuration
    /// names it
    #[arg(long, value_name = "DIR", value_parser = absolute)]
    pub(crate) with_pad: Option<PathBuf>,
}

/// An architecture, by Debian's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// A Raspberry Pi with a 64-bit system
    Arm64,
    /// This computer
    Amd64,
}

/// Makes a path absolute, because commands run in the workspace's folder and not where the path was typed.
fn absolute(path: &str) -> io::Result<PathBuf> {
    path::absolute(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_path_argument_becomes_absolute() {
        let arguments = Arguments::try_parse_from(["xtask", "check-recognition", "--images", "photos"]).unwrap();
        let Command::CheckRecognition(check) = arguments.command else { panic!("{arguments:?}") };
        assert_eq!(check.images, std::env::current_dir().unwrap().join("photos"));
    }
}
