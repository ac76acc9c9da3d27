//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io;
use std::path::{self, PathBuf};

/// See the workspace work, check it, measure it.
///
/// Exit codes: 0 as it should be, 1 not, 2 error.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Enrol the people in tests/photos and let a simulated door decide about other photos
    Demo,
    /// Run every check, or those that are named
    Test(Test),
    /// Count how many of the people in a folder are recognised, and how many strangers are taken for one of them
    CheckRecognition(CheckRecognition),
    /// Time us against what others would pick instead, on one core, taking turns
    Bench(Bench),
    /// Run the tests that take minutes: memory over thousands of frames, a day of people passing by
    Endurance,
    /// Let libFuzzer look for input that breaks the programs
    Fuzz(Fuzz),
    /// Live through a day at the door in accelerated time, with faults at random
    Soak(Soak),
    /// Build the documents as one book, in target/book
    Book,
    /// Build the door unit for a Raspberry Pi with a 64-bit system
    Cross,
    /// Run the door unit on an emulated Raspberry Pi 3B with a camera, and watch its lock's pin from outside
    PiTest,
    /// Make the Debian package of the door unit
    Package(Package),
}

/// Let libFuzzer look for input that breaks the programs: databases, logs, networks, pictures, what readers send.
///
/// Begins with the files in fuzz/seeds, and with what earlier runs have left in target/fuzz/corpus. Exit code 1 if
/// something was found; the file lies in target/fuzz/findings then.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Names of targets, such as "database"; without any, all of them
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// For how long each is fuzzed
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: u32,
}

/// Count how many of the people in a folder are recognised, and how many strangers are taken for one of them.
///
/// The first 60 people by name with at least three photos are enrolled, each without the last photo, which is then
/// asked about; so is the first photo of the first 200 other people. Exit code 1 if fewer than 59 of the 60 are named,
/// or more than 1 of the 200 strangers.
///
/// Then, if they are at hand (../shared): the twelve people of the FaceNet exercise, and small faces in large photos.
///
/// Then the gate against faces that are hardly recognisable is tried, on those people of the folders whose photos it was
/// not learnt from: strangers whose photos are degraded like an enrolled one (upside down, covered, blurred, ...) must not be
/// named, and of plain photos at most 1 % may be refused.
#[derive(Debug, Args)]
pub(crate) struct CheckRecognition {
    /// A folder that holds a folder of photos for each person, as Labeled Faces in the Wild does
    #[arg(long, value_name = "DIR", value_parser = absolute)]
    pub(crate) images: PathBuf,
    /// A folder of the same kind with other people, who are strangers only: also run identification trials, 20 draws of 200
    /// people enrolled, and try what stored thresholds promise; the gate's trial takes them, too
    #[arg(long, value_name = "DIR", value_parser = absolute)]
    pub(crate) strangers: Option<PathBuf>,
}

/// Live through a day at the door in accelerated time, with faults at random.
///
/// Cameras that are lost, full disks, power cuts, a clock that jumps, databases that come, bursts of cards, kill -9: the
/// seed says everything that happens, so that whatever is found can be found again. Exit code 1 if something was found.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// How many tenths of a second
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub(crate) frames: u64,
    /// Which of all days
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Run every check, or those that are named.
///
/// Checks that need photos or weights from ../shared are skipped, wholly or in part, where these are missing; the
/// summary names what was missing.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Names of checks, as the summary has them, such as "package"
    #[arg(value_name = "CHECK")]
    pub(crate) checks: Vec<String>,
    /// Only the checks that take under three minutes once everything is built: no emulators, no fuzzing, no package
    #[arg(long, conflicts_with = "checks")]
    pub(crate) quick: bool,
}

/// Time us against what others would pick instead, on one core, taking turns.
///
/// Wants the peers' scripts in ../shared/bench and photos in ../shared/lfw-dev/images. Installs the peers from PyPI
/// into target/peers and writes target/bench.json.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// How often each of the two takes its turn; the medians are compared
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
}

/// Make the Debian package of the door unit: program, unit file, configuration, manual pages, completions, the book.
#[derive(Debug, Args)]
pub(crate) struct Package {
    /// What it is for
    #[arg(long, value_enum, default_value_t = Architecture::Arm64)]
    pub(crate) architecture: Architecture,
}

/// A kind of computer, as Debian calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// A Raspberry Pi with a 64-bit system
    Arm64,
    /// This computer
    Amd64,
}

/// Commands run in the workspace's folder; a path that is given means one in the folder where it was typed.
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
    fn a_given_path_does_not_depend_on_the_folder_any_more() {
        let arguments = Arguments::try_parse_from(["xtask", "check-recognition", "--images", "photos"]).unwrap();
        let Command::CheckRecognition(check) = arguments.command else { panic!("{arguments:?}") };
        assert_eq!(check.images, std::env::current_dir().unwrap().join("photos"));
    }
}
