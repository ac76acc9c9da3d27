//! `build-db`: from folders of photos to a people database.
//!
//! folders and photos -> roster (who is who) -> encode (every core) -> duplicates -> write (the bytes) -> file.

mod duplicates;
mod encode;
mod people_csv;
mod quality;
mod report;
mod roster;
mod write;

use crate::args::BuildDb;
use crate::photo_folders::{self, Photo, Scan};
use crate::{atomic_file, database};
use anyhow::anyhow;
use duplicates::{Outcome, leave_out_duplicates};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use models::Recogniser;
use people_csv::Row;
use quality::LeftOut;
use report::{Report, Skipped};
use roster::Member;
use shared::gallery::{MAX_ENCODINGS_OF_PERSON, NewEncoding};
use std::path::Path;
use std::time::Instant;
use terminal::{Answer, Help, Verbosity};
use write::{Enrolled, Heritage};

/// Builds the database, writes it and reports. Yes if everybody has an encoding.
///
/// # Errors
/// If nothing could be built or written; what was there before is then still there.
pub(crate) fn run(arguments: &BuildDb, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let started = Instant::now();
    let Scan { folders, people_file, passed_over } =
        photo_folders::scan(&arguments.photos).help("photos lie in PHOTOS/<person>/<photo>")?;
    passed_over.iter().for_each(|line| verbosity.note(&format!("passed over {line}")));
    let names: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
    let rows = people_file.as_deref().map(read_people_file).transpose()?;
    let members = roster::roster(&names, rows)?;
    atomic_file::require_replaceable(&arguments.output).help("choose another file with -o")?;
    let heritage = Heritage::of(database::read_previous(&arguments.output)?.as_ref());
    let recogniser = Recogniser::load(&arguments.model.folders)?;

    let (owners, photos): (Vec<usize>, Vec<Photo>) = members
        .iter()
        .enumerate()
        .flat_map(|(member, Member { folder, .. })| folder.iter().map(move |&folder| (member, folder)))
        .flat_map(|(member, folder)| folders[folder].photos.iter().map(move |photo| (member, photo.clone())))
        .unzip();
    let results = encode::encode_all(&recogniser, &photos, verbosity.is_quiet());
    let mut outcomes: Vec<Outcome<'_>> = (owners.into_iter().zip(&photos).zip(results))
        .map(|((member, photo), result)| Outcome { member, shown: &photo.shown, result })
        .collect();
    leave_out_duplicates(&mut outcomes);

    let now = Timestamp::now().as_second();
    let (encodings, skipped) = sort_out(outcomes, members.len(), now);
    skipped.iter().for_each(|Skipped { photo, reason }| verbosity.note(&format!("left out {photo}: {reason}")));
    let (enrolled, empty): (Vec<Enrolled>, Vec<Enrolled>) = members
        .into_iter()
        .zip(encodings)
        .map(|(member, encodings)| Enrolled { member, encodings })
        .partition(|person| !person.encodings.is_empty());
    for Enrolled { member, .. } in &empty {
        let why = if member.folder.is_some() { "no usable photo" } else { "a line in people.csv but no folder" };
        verbosity.note(&format!("not enrolled: {}: {why}", member.name));
    }
    let (people, encodings) = (enrolled.len(), enrolled.iter().map(|person| person.encodings.len()).sum());
    let report = Report { people, photos: photos.len(), encodings, skipped, seconds: started.elapsed().as_secs_f64() };
    if people == 0 {
        if arguments.json {
            terminal::print_json(&report)?;
        }
        return Err(anyhow!("none of the {} photos can be used, so no database was written", photos.len()))
            .help("correct what was left out, for the reason given with each");
    }
    let bytes = write::encode_database(enrolled, &heritage, &recogniser, now)?;
    atomic_file::replace(&arguments.output, &bytes).help("make room, or choose another file with -o")?;
    match arguments.json {
        true => terminal::print_json(&report)?,
        false => terminal::print(&report.in_words(&arguments.output.display().to_string()))?,
    }
    Ok(Answer::yes_if(empty.is_empty()))
}

fn read_people_file(path: &Path) -> anyhow::Result<Vec<Row>> {
    let bytes = terminal::read_bounded(path, people_csv::MAX_BYTES)?;
    people_csv::parse(&bytes, &TimeZone::system()).help("correct the file, or move it away to go by folder names")
}

/// Each member's encodings, and what was left out.
fn sort_out(outcomes: Vec<Outcome<'_>>, members: usize, now: i64) -> (Vec<Vec<NewEncoding>>, Vec<Skipped>) {
    let mut encodings: Vec<Vec<NewEncoding>> = vec![Vec::new(); members];
    let mut skipped = Vec::new();
    for Outcome { member, shown, result } in outcomes {
        let of_member = &mut encodings[member];
        let result = match result {
            Ok(_) if of_member.len() >= MAX_ENCODINGS_OF_PERSON => {
                Err(LeftOut::TooMany { most: MAX_ENCODINGS_OF_PERSON })
            }
            other => other,
        };
        match result {
            Ok(encoded) => {
                of_member.push(NewEncoding { encoding: encoded.encoding, photo: encoded.digest, made_at: now });
            }
            Err(reason) => skipped.push(Skipped { photo: shown.to_owned(), reason: reason.to_string() }),
        }
    }
    (encodings, skipped)
}
