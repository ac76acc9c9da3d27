//! `cargo xtask demo`: enrols people from photos and runs a simulated door on other photos. Prints the result as a
//! story and checks it: every enrolled person gets in, and nobody else.

mod approach;
mod frame;
mod story;

use crate::process::{self, in_words};
use crate::programs::{self, edge_agent, encoder_tool};
use crate::{Outcome, workspace};
use anyhow::{Context, Result, ensure};
use approach::{Approach, Visitor, approaches};
use frame::parse_frames;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A folder of photos for each person to enrol.
const ENROL: &str = "tests/photos/enrol";
/// The photos that the camera shows.
const DOOR: &str = "tests/photos/door";
/// The person in each photo of [`DOOR`]: a name, or `null` for nobody.
const VISITORS: &str = "tests/photos/door.json";

/// Builds the programs, enrols the people, runs the door and prints the story.
///
/// # Errors
/// If a program cannot be built or run.
pub(crate) fn run() -> Result<Outcome> {
    chapter("Building the programs (the first time this takes minutes)");
    programs::build()?;
    let database = workspace::empty_folder("demo")?.join("people.db");

    chapter(&format!("Enrolling the people in {ENROL}: one folder for each person"));
    process::run(encoder_tool(["build-db", ENROL, "-o"]).arg(&database))?;
    process::run(encoder_tool(["list"]).arg(&database))?;

    chapter(&format!("Standing at the door: the photos in {DOOR}, none of which was enrolled"));
    let visits = visits(&database)?;
    for (visitor, approach) in &visits {
        println!("\n{}", story::render(visitor, approach));
    }

    chapter("In short");
    println!("{}", story::summary(&visits));
    println!("\n{}", story::what_next(&database));
    Ok(Outcome::as_expected_if(visits.iter().all(|(visitor, approach)| approach.is_right_for(visitor))))
}

fn chapter(heading: &str) {
    println!("\n── {heading} ──");
}

/// Runs the door and pairs each visitor with their approach.
fn visits(database: &Path) -> Result<Vec<(Visitor, Approach)>> {
    let mut simulate = edge_agent(["simulate", "--json", "--frames", DOOR, "--db"]);
    simulate.arg(database);
    println!("$ {}", in_words(&simulate));
    // Exit code 1: nobody was let in. The story reports that.
    let frames = parse_frames(&process::answer_of(&mut simulate, &[0, 1])?)?;
    let mut visitors = visitors()?;
    let visits = approaches(&frames).into_iter().map(|approach| {
        let visitor = visitors.remove(&approach.photo);
        let visitor = visitor.with_context(|| format!("{VISITORS} does not say who is in {}", approach.photo))?;
        Ok((visitor, approach))
    });
    let visits = visits.collect::<Result<Vec<_>>>()?;
    ensure!(visitors.is_empty(), "{VISITORS} names photos that were not shown to the door: {:?}", visitors.keys());
    Ok(visits)
}

/// The visitor in each photo.
fn visitors() -> Result<BTreeMap<String, Visitor>> {
    let text = fs::read_to_string(VISITORS).with_context(|| format!("{VISITORS}: cannot be read"))?;
    let names: BTreeMap<String, Option<String>> =
        serde_json::from_str(&text).with_context(|| format!("{VISITORS}: expected a name or null for each photo"))?;
    let is_enrolled = |name: &str| Path::new(ENROL).join(name).is_dir();
    Ok(names.into_iter().map(|(photo, name)| (photo, Visitor::new(name, is_enrolled))).collect())
}
