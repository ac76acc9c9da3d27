//! `cargo xtask check-recognition`: checks that enrolled people are named and strangers are not. Runs `encoder-tool` as
//! a user would, with the default threshold of the bundled encoder. With photos of many more strangers, it also runs
//! identification trials with computed thresholds.

mod answers;
mod exercise;
pub(crate) mod gate_trial;
mod large_photos;
mod selection;
mod tally;
mod trials;

use crate::programs::{self, encoder_tool};
use crate::shared_data::{COLOUR_PHOTOS, EXERCISE};
use crate::{Outcome, process};
use answers::{Answer, parse_answers};
use anyhow::{Context, Result, ensure};
use selection::{Person, Selection, select};
use std::fs;
use std::path::{Path, PathBuf};
use tally::{Tally, Verdict};

/// Enrols the people, identifies the photos, counts, and prints the result.
///
/// # Errors
/// If the folder contains too few people, or `encoder-tool` fails.
pub(crate) fn run(images: &Path, strangers: Option<&Path>) -> Result<Outcome> {
    programs::build()?;
    let selection = select(selection::people_in(images)?);
    selection.require_enough().with_context(|| format!("{}: too few people", images.display()))?;
    let database_folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let database = database_folder.path().join("people.db");
    enrol(&selection.enrolled, &database)?;
    let tally = Tally::new(mated_verdicts(&selection, &database)?, stranger_verdicts(&selection, &database)?);
    println!("{}", tally.in_words());
    let exercise = exercise::is_right(&EXERCISE.path())?;
    let large_photos = large_photos::are_found(&COLOUR_PHOTOS.path())?;
    let are_right = tally.is_good_enough() && exercise && large_photos;
    let Some(strangers) = strangers else { return Ok(Outcome::as_expected_if(are_right)) };
    let trials = trials::run(images, strangers)?;
    println!("{}", trials.lines.join("\n"));
    Ok(Outcome::as_expected_if(are_right && trials.is_good_enough))
}

/// Enrols the people in a folder of folders. Returns the number of people in the database.
fn enrol_folder(people: &Path, database: &Path) -> Result<usize> {
    let mut build_db = encoder_tool(["build-db", "--uncalibrated", "--json", "-q"]);
    let report = process::answer_of(build_db.arg(people).arg("-o").arg(database), &[0, 1])?;
    let report: serde_json::Value = serde_json::from_str(&report).context("build-db's report")?;
    let people = report["people"].as_u64().context("build-db's report has no number of people")?;
    Ok(people as usize)
}

/// Enrols each person with all their photos except the one held back.
fn enrol(people: &[Person], database: &Path) -> Result<()> {
    let photos = tempfile::tempdir().context("cannot make a temporary folder")?;
    for person in people {
        let folder = photos.path().join(&person.name);
        fs::create_dir(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
        for (number, photo) in person.enrolled_photos().iter().enumerate() {
            let copy = folder.join(format!("{number:04}.{}", extension(photo)));
            fs::copy(photo, &copy).with_context(|| format!("{}: cannot be copied", photo.display()))?;
        }
    }
    let mut build_db = encoder_tool(["build-db", "--uncalibrated"]);
    let status = process::run_to_any_end(build_db.arg(photos.path()).arg("-o").arg(database))?;
    // Exit code 1: a person has no encoding. That person will count as not named.
    ensure!(matches!(status.code(), Some(0 | 1)), "build-db ended with {status}");
    Ok(())
}

fn extension(photo: &Path) -> String {
    photo.extension().unwrap_or_default().to_string_lossy().into_owned()
}

fn mated_verdicts(selection: &Selection, database: &Path) -> Result<Vec<Verdict>> {
    let photos = selection.enrolled.iter().map(Person::held_back_photo);
    let answers = identify(photos, database)?;
    Ok(selection.enrolled.iter().zip(answers).map(|(person, answer)| Verdict::new(&person.name, answer)).collect())
}

fn stranger_verdicts(selection: &Selection, database: &Path) -> Result<Vec<Verdict>> {
    let answers = identify(selection.strangers.iter().map(Person::first_photo), database)?;
    Ok(selection.strangers.iter().zip(answers).map(|(person, answer)| Verdict::new(&person.name, answer)).collect())
}

/// The answer of `encoder-tool identify` for each photo.
fn identify<'a>(photos: impl Iterator<Item = &'a PathBuf>, database: &Path) -> Result<Vec<Answer>> {
    let photos: Vec<&PathBuf> = photos.collect();
    let mut identify = encoder_tool(["identify", "--json", "--db"]);
    identify.arg(database).args(&photos);
    let answers = parse_answers(&process::answer_of(&mut identify, &[0, 1])?)?;
    ensure!(
        answers.len() == photos.len(),
        "{} photos were sent, but {} answers were received",
        photos.len(),
        answers.len()
    );
    Ok(answers)
}
