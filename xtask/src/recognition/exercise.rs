//! The photos of the FaceNet exercise: 96 by 96 pixels, with faces of 28 to 68 pixels. Twelve people are enrolled from
//! one photo each and identified as in the exercise.

use super::answers::parse_answers;
use super::enrol_folder;
use crate::process;
use crate::programs::encoder_tool;
use crate::workspace::sorted_entries;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// The file name prefix of camera photos; other photos have the name of a person.
const FROM_CAMERA: &str = "camera_";
/// Photos with the person who must be named.
const WHO_IS_IT: [(&str, &str); 2] = [("camera_0.jpg", "younes"), ("camera_1.jpg", "bertrand")];
/// A photo and a person who must not be named.
const IS_NOT: (&str, &str) = ("benoit.jpg", "kian");

/// Checks that all are enrolled and that the answers are right, and prints them. `true` if the photos are missing.
///
/// # Errors
/// If `encoder-tool` fails.
pub(super) fn is_right(photos: &Path) -> Result<bool> {
    if !photos.is_dir() {
        println!("Exercise: skipped, {} is not there", photos.display());
        return Ok(true);
    }
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let people = one_folder_each(photos, &folder.path().join("people"))?;
    let database = folder.path().join("people.db");
    let enrolled = enrol_folder(&folder.path().join("people"), &database)?;
    println!("Exercise: {enrolled} of {people} people enrolled (required: all)");
    let mut right = enrolled == people;
    for (photo, name) in WHO_IS_IT {
        let lines = process::answer_of(
            encoder_tool(["identify", "--json", "--db"]).arg(&database).arg(photos.join(photo)),
            &[0, 1],
        )?;
        let answers = parse_answers(&lines)?;
        let face = answers.first().and_then(|answer| answer.largest_face());
        let said = face.map_or_else(
            || "no face".to_owned(),
            |face| format!("{} ({:.3})", face.name.as_deref().unwrap_or("nobody known"), face.distance),
        );
        println!("Exercise: {photo} is {said} (required: {name})");
        right &= face.is_some_and(|face| face.name.as_deref() == Some(name));
    }
    let (photo, name) = IS_NOT;
    let mut verify = encoder_tool(["verify", "--identity", name, "--db"]);
    let said = process::answer_of(verify.arg(&database).arg(photos.join(photo)), &[0, 1])?;
    println!("Exercise: {photo}: {}", said.trim());
    Ok(right && said.starts_with(&format!("It's not {name}")))
}

/// Copies each person's photo into a folder of that name. Returns the number of people.
fn one_folder_each(photos: &Path, to: &Path) -> Result<usize> {
    let is_of_somebody = |photo: &PathBuf| !name_of(photo).starts_with(FROM_CAMERA);
    let of_people: Vec<PathBuf> = sorted_entries(photos)?.into_iter().filter(is_of_somebody).collect();
    ensure!(!of_people.is_empty(), "{}: no photos of people", photos.display());
    for photo in &of_people {
        let folder = to.join(name_of(photo));
        fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be made", folder.display()))?;
        let copy = folder.join(photo.file_name().unwrap_or_default());
        fs::copy(photo, copy).with_context(|| format!("{}: cannot be copied", photo.display()))?;
    }
    Ok(of_people.len())
}

fn name_of(photo: &Path) -> String {
    photo.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
