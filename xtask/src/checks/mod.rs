//! `cargo xtask test`: runs the checks and reports the time of each. A failed check does not stop the others.

mod arm;
mod dependencies;
mod oldest_compiler;
mod same_encodings;
mod sanitised;
mod step;

use crate::args::Test;
use crate::process::{self, cargo};
use crate::programs::{self, ONE_BUILD};
use crate::requirements::{self, AGE, CLIPPY, HEIF_DECODER, RUSTFMT, SSH_SERVER};
use crate::shared_data::{self, COLOUR_PHOTOS, EXERCISE, STRANGERS};
use crate::tools::TYPOS;
use crate::{Outcome, demo, fuzz, original_networks, package, peers, recognition};
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

/// Runs all checks, the quick ones, or the named ones, and prints a summary.
///
/// # Errors
/// If there is no check of that name. An error inside a check is a failure of that check.
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

/// Checks the spelling; `_typos.toml` lists the exceptions.
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

/// Downloads the original networks. Without them, the test that rebuilds the bundles is skipped.
fn networks() -> Result<Done> {
    match original_networks::fetch() {
        Ok(folder) => {
            println!("The original networks are in {}", folder.display());
            Ok(Done::Passed)
        }
        Err(error) => Ok(Done::Skipped(format!("{error:#}: the bundles are not rebuilt"))),
    }
}

fn tests() -> Result<Done> {
    requirements::ensure(&[SSH_SERVER, HEIF_DECODER, AGE])?;
    let missing = [peers::install()?, shared_data::missing_from_tests()];
    process::run(cargo(["test", "--no-fail-fast"]).args(ONE_BUILD))?;
    let missing: Vec<String> = missing.into_iter().flatten().collect();
    Ok(Done::passed_but((!missing.is_empty()).then(|| missing.join("; "))))
}

/// Runs each target for a short time, enough to see that it works and has no shallow bugs. `cargo xtask fuzz` goes
/// deeper.
fn fuzzing() -> Result<Done> {
    if !cfg!(target_arch = "x86_64") {
        return Ok(Done::Skipped("it is set up for x86_64".to_owned()));
    }
    as_expected(fuzz::run(&[], SECONDS_OF_A_TARGET)?)
}

/// The number of people for about a minute; `cargo xtask check-recognition` uses all of them.
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

/// Tests the package in a folder, as root.
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
