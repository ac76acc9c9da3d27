//! `cargo xtask test`: every check, and how long each took. One that fails does not keep the others from running.

mod arm;
mod dependencies;
mod oldest_compiler;
mod same_encodings;
mod sanitised;
mod step;

use crate::args::Test;
use crate::process::{self, cargo};
use crate::programs::{self, ONE_BUILD};
use crate::requirements::{self, CLIPPY, HEIF_DECODER, RUSTFMT, SSH_SERVER};
use crate::shared_data::{self, COLOUR_PHOTOS, EXERCISE, STRANGERS};
use crate::tools::TYPOS;
use crate::{Outcome, demo, fuzz, original_networks, package, recognition};
use anyhow::{Result, bail};
use step::{Done, Report, Step};

const STEPS: [Step; 16] = [
    Step { name: "format", is_quick: true, check: format },
    Step { name: "words", is_quick: true, check: words },
    Step { name: "build", is_quick: true, check: build },
    Step { name: "clippy", is_quick: true, check: clippy },
    Step { name: "docs", is_quick: true, check: docs },
    Step { name: "dependencies", is_quick: true, check: dependencies::allowed },
    Step { name: "oldest compiler", is_quick: false, check: oldest_compiler::check },
    Step { name: "original networks", is_quick: false, check: networks },
    Step { name: "tests", is_quick: true, check: tests },
    Step { name: "sanitised", is_quick: false, check: sanitised::tests },
    Step { name: "fuzzing", is_quick: false, check: fuzzing },
    Step { name: "package", is_quick: false, check: package },
    Step { name: "64-bit ARM", is_quick: false, check: arm::tests },
    Step { name: "Raspberry Pi", is_quick: false, check: arm::raspberry_pi },
    Step { name: "recognition", is_quick: false, check: recognition },
    Step { name: "demo", is_quick: true, check: demonstration },
];

const SECONDS_OF_A_TARGET: u32 = 2;

/// Runs all of them, the quick ones, or those that are named, and prints a summary.
///
/// # Errors
/// If there is no check of such a name; what goes wrong in a check is that check's failure.
pub(crate) fn run(Test { checks: named, quick }: &Test) -> Result<Outcome> {
    let known = |name: &String| STEPS.iter().any(|step| step.name == name);
    if let Some(unknown) = named.iter().find(|name| !known(name)) {
        bail!("there is no check {unknown:?}; there are: {}", STEPS.map(|step| step.name).join(", "));
    }
    let wanted = |step: &&Step| match named.is_empty() {
        true => step.is_quick || !quick,
        false => named.iter().any(|name| name == step.name),
    };
    let reports: Vec<Report> = STEPS.iter().filter(wanted).map(Step::run).collect();
    println!("\n{}", step::summary(&reports));
    Ok(Outcome::as_expected_if(reports.iter().all(Report::is_good)))
}

fn format() -> Result<Done> {
    requirements::ensure(&[RUSTFMT])?;
    process::run(&mut cargo(["fmt", "--all", "--check"])).map(|()| Done::Passed)
}

/// Spelling; `_typos.toml` says which words are right all the same.
fn words() -> Result<Done> {
    process::run(&mut TYPOS.command(&["--format", "brief"])?).map(|()| Done::Passed)
}

fn build() -> Result<Done> {
    programs::build().map(|()| Done::Passed)
}

fn clippy() -> Result<Done> {
    requirements::ensure(&[CLIPPY])?;
    let mut clippy = cargo(["clippy", "--all-targets"]);
    process::run(clippy.args(ONE_BUILD).args(["--", "--deny", "warnings"])).map(|()| Done::Passed)
}

fn docs() -> Result<Done> {
    let mut doc = cargo(["doc", "--no-deps"]);
    process::run(doc.args(ONE_BUILD).env("RUSTDOCFLAGS", "--deny warnings")).map(|()| Done::Passed)
}

/// Without them the test that makes the bundles again has nothing to make them from.
fn networks() -> Result<Done> {
    match original_networks::fetch() {
        Ok(folder) => {
            println!("They are in {}", folder.display());
            Ok(Done::Passed)
        }
        Err(error) => Ok(Done::Skipped(format!("{error:#}: the bundles are not made again"))),
    }
}

fn tests() -> Result<Done> {
    requirements::ensure(&[SSH_SERVER, HEIF_DECODER])?;
    process::run(cargo(["test", "--no-fail-fast"]).args(ONE_BUILD))?;
    Ok(Done::passed_but(shared_data::missing_from_tests()))
}

/// Long enough to see that every target runs and that nothing lies on the surface; `cargo xtask fuzz` goes deeper.
fn fuzzing() -> Result<Done> {
    if !cfg!(target_arch = "x86_64") {
        return Ok(Done::Skipped("it is set up for x86_64".to_owned()));
    }
    as_expected(fuzz::run(&[], SECONDS_OF_A_TARGET)?)
}

/// As many as take about a minute; `cargo xtask check-recognition` takes all.
const PEOPLE_OF_GATE_TRIAL: usize = 150;

fn recognition() -> Result<Done> {
    if let Some(missing) = shared_data::missing(&[COLOUR_PHOTOS]) {
        return Ok(Done::Skipped(missing));
    }
    let (images, strangers) = (COLOUR_PHOTOS.path(), STRANGERS.path());
    let outcome = recognition::run(&images, strangers.exists().then_some(strangers.as_path()))?;
    let is_gate_sound = recognition::gate_trial::run(&[images], Some(PEOPLE_OF_GATE_TRIAL))?;
    as_expected(outcome.and_if(is_gate_sound))?;
    Ok(Done::passed_but(shared_data::missing(&[STRANGERS, EXERCISE])))
}

/// It is tried as root, in a folder.
fn package() -> Result<Done> {
    if !cfg!(target_arch = "x86_64") {
        return Ok(Done::Skipped("it is set up for x86_64".to_owned()));
    }
    package::try_out().map(|()| Done::Passed)
}

fn demonstration() -> Result<Done> {
    as_expected(demo::run()?)
}

fn as_expected(outcome: Outcome) -> Result<Done> {
    match outcome {
        Outcome::AsExpected => Ok(Done::Passed),
        Outcome::NotAsExpected => bail!("not as expected"),
    }
}
