//! Builds the database, as `build-db` does, for the doors of the list.

use crate::build_db::encode::Encoder;
use crate::build_db::inputs::Inputs;
use crate::build_db::kept_encodings::KeptEncodings;
use crate::build_db::plan::Plan;
use crate::build_db::write_file;
use crate::desk::doors::doors_file::{Door, DoorsFile};
use crate::desk::site::Site;
use crate::desk::texts::fill;
use crate::desk::work::Log;
use anyhow::{Context, bail};
use shared::seal::SigningKey;
use std::fs;
use tempfile::TempDir;
use terminal::{ShowPath, Verbosity, counted};

/// What the page may allow besides.
const ALLOWED: [&str; 3] = ["--allow-removals", "--allow-misses", "--remove-everybody"];

/// Builds it and replaces the file. Returns the last line.
///
/// # Errors
/// If nothing could be built or written; an existing database is then unchanged.
pub(super) fn build(site: &Site, key: SigningKey, allowed: Vec<String>, log: &Log) -> anyhow::Result<String> {
    let t = site.texts;
    let doors = DoorsFile::read(&site.places.doors)?.doors();
    // Public keys of units, as the arguments of a build take them.
    let public_keys = TempDir::new().context("cannot make a folder for the public keys of the doors")?;
    let mut more = vec!["--sign".to_owned(), path(&site.places.signing)?];
    more.extend(for_doors(&doors, !site.places.database.exists(), &public_keys)?);
    more.extend(allowed.into_iter().filter(|allowed| ALLOWED.contains(&allowed.as_str())));
    let arguments = site.build_arguments(&more)?;
    let inputs = {
        let _unchanged = site.reading();
        Inputs::read(&arguments, Verbosity::QUIET)?
    };
    let protect = inputs.protect(&arguments, Some(key))?;
    let recogniser = site.own_recogniser();
    let kept = KeptEncodings::open(true, &recogniser, Verbosity::QUIET);
    let encoder = Encoder::new(arguments.minimum_face, kept);
    log.say(t.looking);
    let plan = Plan::make(&inputs, &arguments, &encoder, &recogniser, true);
    site.examiner.erase_removed()?;
    let plan = plan?;
    log.say(&fill(t.encoded_now, &[&counted(plan.report.encoded, "photo"), &counted(plan.report.kept, "photo")]));
    let gallery = plan.require_somebody()?;
    plan.refuse_many_lockouts(&arguments, &recogniser)?;
    write_file(gallery, &inputs, &protect, &arguments, &encoder)?;
    site.examiner.look_again();
    plan.report.changes_in_words().iter().for_each(|line| log.say(line));
    protect.in_words().iter().for_each(|line| log.say(line));
    let people = counted(plan.report.people, "person");
    Ok(fill(t.database_is_written, &[&site.places.database.shown().to_string(), &people]))
}

/// The arguments that name the doors: units whose keys are known, and for which the database is sealed; else those of the
/// existing database; else all doors.
fn for_doors(doors: &[Door], is_first: bool, folder: &TempDir) -> anyhow::Result<Vec<String>> {
    let keys: Vec<&str> = doors.iter().filter_map(|door| door.key.as_deref()).collect();
    if keys.is_empty() {
        return Ok(if is_first { vec!["--for".to_owned(), "all".to_owned()] } else { Vec::new() });
    }
    if let Some(without) = doors.iter().find(|door| door.key.is_none()) {
        bail!(
            "the door {:?} has no public key, and could not open a database that is sealed for the others: add its key, or \
             remove all keys",
            without.name
        );
    }
    let mut arguments = Vec::new();
    for (number, key) in keys.into_iter().enumerate() {
        let file = folder.path().join(format!("{number}.pub"));
        fs::write(&file, key)?;
        arguments.extend(["--encrypt-to".to_owned(), path(&file)?]);
    }
    Ok(arguments)
}

fn path(path: &std::path::Path) -> anyhow::Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("the path {} is not UTF-8", path.shown()))
}
