//! `build-db`: from folders of photos to a people database.
//!
//! folders and photos -> roster (who is who) -> encode (every core) -> duplicates ->
//! resemblance (who looks like another person) -> write (the database) -> signed and sealed file.

mod changes;
mod duplicates;
mod encode;
mod looked_at;
mod page;
pub(crate) mod people_csv;
mod quality;
mod report;
mod resemblance;
mod roster;
pub(crate) mod schedules_toml;
mod table;
mod write;

use crate::args::BuildDb;
use crate::photo_folders::{self, Photo, Scan};
use crate::protect::Protect;
use crate::rule_files::NearMiss;
use crate::{calibrate, database, doors};
use accuracy::calibration::{Risk, fnir_at, risk_at};
use anyhow::anyhow;
use changes::Changes;
use duplicates::{Outcome, leave_out_duplicates};
use encode::Encoded;
use files::Access;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use looked_at::LookedAt;
use models::Recogniser;
use models::bundle::Calibration;
use people_csv::Row;
use quality::{LeftOut, SMALL_FACE_PIXELS};
use report::{NotEnrolled, Report, Skipped, SmallFace, TurnedPhoto};
use roster::Member;
use schedules_toml::Planned;
use shared::gallery::{Audience, Gallery, GalleryBuilder, MAX_ENCODINGS_OF_PERSON, Mode, NewEncoding};
use std::path::Path;
use std::time::Instant;
use terminal::{Answer, Help, ShowPath, Verbosity, percent};
use write::{Enrolled, EnrolledPhoto, Findings, Heritage};

/// With more of those enrolled not recognised than this, a door is one that people prop open.
const MAX_FNIR: f64 = 0.3;

/// Builds the database, writes it and reports. Yes if everybody has an encoding.
///
/// # Errors
/// If nothing could be built or written; what was there before is then still there.
pub(crate) fn run(arguments: &BuildDb, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let started = Instant::now();
    let Scan { folders, people_file, schedules_file, near_misses, passed_over } =
        photo_folders::scan(&arguments.photos).help("photos lie in PHOTOS/<person>/<photo>")?;
    refuse_near_misses(&near_misses)?;
    passed_over.iter().for_each(|line| verbosity.note(&format!("passed over {line}")));
    let names: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
    let rows = people_file.as_deref().map(read_people_file).transpose()?;
    let members = roster::roster(&names, rows)?;
    let schedules = schedules_file.as_deref().map(read_schedules_file).transpose()?.unwrap_or_default();
    files::require_replaceable(&arguments.output).help("choose another file with -o")?;
    if let Some(page) = &arguments.html {
        files::require_replaceable(page)?;
    }
    let replaced = database::read_previous(&arguments.output, &arguments.keys)?;
    let protect = Protect::new(arguments.sign.as_deref(), &arguments.encrypt_to, &arguments.keys, replaced.as_ref())?;
    let is_signed = arguments.sign.is_some();
    let audience = doors::choose(&arguments.doors, &arguments.encrypt_to, is_signed, replaced.as_ref())?;
    doors::require_sealed_for_them(audience.as_ref(), &protect.sealed_for())?;
    let heritage = Heritage::from_previous(replaced.as_ref().map(|replaced| &replaced.gallery));
    let recogniser = Recogniser::load(&arguments.model.folders)?;
    if let Some(why) = recogniser.gate_problem() {
        verbosity.note(&why);
    }

    let (owners, photos): (Vec<usize>, Vec<Photo>) = members
        .iter()
        .enumerate()
        .flat_map(|(member, Member { folder, .. })| folder.iter().map(move |&folder| (member, folder)))
        .flat_map(|(member, folder)| folders[folder].photos.iter().map(move |photo| (member, photo.clone())))
        .unzip();
    let results = encode::encode_all(
        &recogniser,
        &photos,
        arguments.minimum_face,
        arguments.html.is_some(),
        verbosity.is_quiet(),
    );
    let mut outcomes: Vec<Outcome<'_>> = (owners.into_iter().zip(&photos).zip(results))
        .map(|((member, photo), result)| Outcome { member, shown: &photo.shown, result })
        .collect();
    leave_out_duplicates(&mut outcomes);

    let now = Timestamp::now().as_second();
    let turned: Vec<TurnedPhoto> = outcomes.iter().filter_map(TurnedPhoto::from_outcome).collect();
    turned.iter().for_each(|photo| verbosity.note(&photo.in_words()));
    let (kept, skipped) = sort_out(outcomes, members.len(), now);
    skipped.iter().for_each(|Skipped { photo, reason }| verbosity.note(&format!("left out {photo}: {reason}")));
    let (enrolled, not_enrolled) = with_photos(members, kept);
    let everybody = not_enrolled.is_empty();
    let encodings = enrolled.iter().map(|person| person.photos.len()).sum();
    let grey_photos = grey_photos(&enrolled);
    let [risk, grey] = risks_of(arguments, enrolled.len(), &recogniser);
    // Among themselves, photos without colour are as near as those in colour.
    let grey = grey.filter(|_| grey_photos.is_empty());
    let threshold = risk.as_ref().map_or(recogniser.threshold(), |risk| risk.threshold);
    // At the looser of both: look-alikes need a card in grey, too.
    let loosest = grey.as_ref().map_or(threshold, |grey| grey.threshold.max(threshold));
    let looked_at = LookedAt::at(&enrolled, loosest);
    let mut report = Report {
        people: enrolled.len(),
        photos: photos.len(),
        encodings,
        skipped,
        turned,
        not_enrolled,
        changes: None,
        threshold: risk.map(|risk| risk.threshold),
        threshold_grey: grey.map(|grey| grey.threshold),
        calibration: risk,
        audience: audience.as_ref().map(doors::Shown::from),
        grey_photos,
        small_faces: enrolled.iter().filter_map(small_face).collect(),
        odd_photos: looked_at.odd_photos(),
        look_alikes: looked_at.look_alikes(),
        seconds: started.elapsed().as_secs_f64(),
    };
    if enrolled.is_empty() {
        if arguments.json {
            terminal::print_json(&report)?;
        }
        return Err(anyhow!("no photo of {} can be used, so no database was written", photos.len()))
            .help("correct what was left out, for the reason given with each");
    }
    enrolled.iter().filter(|person| needs_a_card(person)).for_each(|person| {
        verbosity.note(&format!(
            "{} must show a card ({}) and has none: cannot enter",
            person.member.name,
            Mode::CardAndFace.in_files()
        ));
    });
    report.grey_photos.iter().for_each(|photo| verbosity.note(&report::grey_in_words(photo)));
    report.small_faces.iter().for_each(|small| verbosity.note(&small.in_words()));
    report.odd_photos.iter().for_each(|odd| verbosity.note(&odd.in_words()));
    report.look_alikes.iter().for_each(|pair| verbosity.note(&pair.in_words()));
    let about = threshold_in_words([risk.as_ref(), grey.as_ref()], &recogniser);
    let findings = Findings { risk, grey, look_alikes: looked_at.look_alike_people() };
    let gallery = write::build(&enrolled, schedules, &findings, &heritage, &recogniser, now)?;
    let gallery = for_doors(gallery, audience);
    report.changes = replaced.as_ref().map(|replaced| {
        let cards = enrolled.iter().map(|Enrolled { member, .. }| (member.name.clone(), member.cards.clone()));
        Changes::between(&replaced.gallery, &gallery, &cards.collect())
    });
    if let Err(refused) = refuse_what_was_not_asked_for(arguments, &report, &recogniser) {
        tell(arguments, &report, None)?;
        return Err(refused);
    }
    if let Some(path) = &arguments.html {
        let page = page::page_of(&report, &looked_at.resemblance, &looked_at.photos, &about);
        files::replace(path, Access::Private, page.as_bytes())?;
    }
    files::replace(&arguments.output, Access::Private, &protect.encode(&gallery)?)
        .help("make room, or choose another file with -o")?;
    let doors_and_keys = format!("The database is {}.", in_words(&gallery, &protect));
    let about = if verbosity.is_verbose() { about } else { threshold_in_one_line(&report, &recogniser) };
    tell(arguments, &report, Some([about, doors_and_keys]))?;
    let odd = !report.odd_photos.is_empty() || !report.look_alikes.is_empty();
    Ok(Answer::yes_if(everybody && !(arguments.strict && odd)))
}

fn for_doors(gallery: Gallery, audience: Option<Audience>) -> Gallery {
    let Some(audience) = audience else { return gallery };
    let sequence = gallery.header().sequence;
    let mut builder = GalleryBuilder::from_gallery(gallery, sequence);
    builder.set_audience(audience);
    builder.build()
}

/// For which doors, signed with which key, and for whose keys.
fn in_words(gallery: &Gallery, protect: &Protect) -> String {
    let doors = match gallery.audience() {
        Some(audience) => format!("for {audience}"),
        None => {
            "for trying out: it does not say for which doors (--for), and a unit that moves a lock does not take it"
                .to_owned()
        }
    };
    protect.in_words().map_or(doors.clone(), |keys| format!("{doors}; {keys}"))
}

/// The report; `written` says more of a database that was written.
fn tell(arguments: &BuildDb, report: &Report, written: Option<[String; 2]>) -> anyhow::Result<()> {
    if arguments.json {
        return terminal::print_json(report);
    }
    let first = written.is_some().then(|| report.in_words(&arguments.output.shown().to_string()));
    let lines = first.into_iter().chain(report.changes_in_words()).chain(written.into_iter().flatten());
    lines.into_iter().try_for_each(|line| terminal::print(&line))
}

/// Refuses to lock out many of those who could enter, unless that is asked for.
///
/// # Errors
/// If many people would be missing, or many misses are expected of those who are there.
fn refuse_what_was_not_asked_for(arguments: &BuildDb, report: &Report, recogniser: &Recogniser) -> anyhow::Result<()> {
    let changes = report.changes.as_ref().filter(|changes| changes.removes_many() && !arguments.allow_removals);
    if let Some(changes) = changes {
        return Err(anyhow!("nothing was written: it would have {}", changes.removed_in_words()))
            .help("see that PHOTOS is the right folder and whole; --allow-removals if these people shall go");
    }
    let threshold = report.threshold.unwrap_or_else(|| recogniser.threshold());
    let fnir = recogniser.calibration().mated.as_ref().map(|mated| fnir_at(threshold, mated));
    match fnir.filter(|fnir| *fnir > MAX_FNIR && !arguments.allow_misses) {
        Some(fnir) => Err(anyhow!(
            "nothing was written: at threshold {threshold:.3}, which this many people and --fpir call for, {} of those \
             enrolled would not be recognised (FNIR, by one photo each)",
            percent(fnir)
        ))
        .help("raise --fpir, or take an encoder that tells people apart better; --allow-misses if that shall be so"),
        None => Ok(()),
    }
}

/// Those who have a photo, and those who have none.
fn with_photos(members: Vec<Member>, kept: Vec<Vec<EnrolledPhoto>>) -> (Vec<Enrolled>, Vec<NotEnrolled>) {
    let people = members.into_iter().zip(kept).map(|(member, photos)| Enrolled { member, photos });
    let (enrolled, empty): (Vec<Enrolled>, Vec<Enrolled>) = people.partition(|person| !person.photos.is_empty());
    let not_enrolled = empty.into_iter().map(|Enrolled { member, .. }| NotEnrolled {
        name: member.name.to_string(),
        reason: if member.folder.is_some() { "no usable photo" } else { "a line in people.csv but no folder" },
    });
    (enrolled, not_enrolled.collect())
}

/// Enrolled photos without colour.
fn grey_photos(enrolled: &[Enrolled]) -> Vec<String> {
    let photos = enrolled.iter().flat_map(|person| &person.photos);
    photos.filter(|photo| photo.is_grey).map(|photo| photo.shown.clone()).collect()
}

/// The face of somebody's only photo, if it is small.
fn small_face(Enrolled { photos, .. }: &Enrolled) -> Option<SmallFace> {
    let [only] = photos.as_slice() else { return None };
    let pixels = (10.0 * only.face_pixels).round() / 10.0;
    (pixels < SMALL_FACE_PIXELS).then(|| SmallFace { photo: only.shown.clone(), pixels })
}

fn needs_a_card(Enrolled { member, .. }: &Enrolled) -> bool {
    member.details.mode == Mode::CardAndFace && member.cards.is_empty()
}

/// The threshold for this many people, in colour and without; `None` leaves it to the encoder's own, or to that in colour.
fn risks_of(arguments: &BuildDb, people: usize, recogniser: &Recogniser) -> [Option<Risk>; 2] {
    let Calibration { non_mated: Some(non_mated), non_mated_grey, mated, .. } = recogniser.calibration() else {
        return [None; 2];
    };
    if arguments.uncalibrated || people == 0 {
        return [None; 2];
    }
    let risk = risk_at(arguments.fpir, people, non_mated, mated.as_ref());
    [Some(risk), non_mated_grey.as_ref().map(|non_mated| risk_at(arguments.fpir, people, non_mated, None))]
}

/// What `-v` explains.
fn threshold_in_one_line(report: &Report, recogniser: &Recogniser) -> String {
    let Some(risk) = &report.calibration else {
        return format!("Threshold {:.3}: the encoder's own, whatever the number of people.", recogniser.threshold());
    };
    let grey = report.threshold_grey.map(|grey| format!(", {grey:.3} without colour")).unwrap_or_default();
    format!("Threshold {:.3}{grey}: names a stranger at a rate (FPIR) of {}.", risk.threshold, percent(risk.fpir))
}

fn threshold_in_words([risk, grey]: [Option<&Risk>; 2], recogniser: &Recogniser) -> String {
    let Calibration { non_mated, non_mated_grey, .. } = recogniser.calibration();
    let in_colour = match (risk, non_mated) {
        (Some(risk), Some(non_mated)) => calibrate::in_words(risk, non_mated),
        _ => format!("Threshold {:.3}: the encoder's own, whatever the number of people.", recogniser.threshold()),
    };
    let in_grey = grey.zip(non_mated_grey.as_ref()).map(|(grey, known)| calibrate::grey_in_words(grey, known));
    [in_colour].into_iter().chain(in_grey).collect::<Vec<_>>().join(" ")
}

fn refuse_near_misses(near_misses: &[NearMiss]) -> anyhow::Result<()> {
    if near_misses.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = near_misses.iter().map(ToString::to_string).collect();
    Err(anyhow!("{}", told.join("; ")))
        .help("rename it (a spreadsheet: save it as CSV in UTF-8), or move it out of the folder if it is not meant for the door")
}

fn read_people_file(path: &Path) -> anyhow::Result<Vec<Row>> {
    let bytes = files::read_bounded(path, people_csv::MAX_BYTES)?;
    people_csv::parse(&bytes, &TimeZone::system()).help("correct the file, or move it away to go by folder names")
}

fn read_schedules_file(path: &Path) -> anyhow::Result<Vec<Planned>> {
    let bytes = files::read_bounded(path, schedules_toml::MAX_BYTES)?;
    schedules_toml::parse(&bytes).help("correct the file: with it moved away, everybody could enter at all times")
}

/// Each member's photos that are enrolled, and what was left out.
fn sort_out(outcomes: Vec<Outcome<'_>>, members: usize, now: i64) -> (Vec<Vec<EnrolledPhoto>>, Vec<Skipped>) {
    let mut kept: Vec<Vec<EnrolledPhoto>> = (0..members).map(|_| Vec::new()).collect();
    let mut skipped = Vec::new();
    for Outcome { member, shown, result } in outcomes {
        let of_member = &mut kept[member];
        let result = match result {
            Ok(_) if of_member.len() >= MAX_ENCODINGS_OF_PERSON => {
                Err(LeftOut::TooMany { most: MAX_ENCODINGS_OF_PERSON })
            }
            other => other,
        };
        match result {
            Ok(Encoded { digest, encoding, is_plain, face_pixels, is_grey, crop, .. }) => {
                let new = NewEncoding { encoding, photo: digest, made_at: now, is_plain };
                of_member.push(EnrolledPhoto { shown: shown.to_owned(), new, face_pixels, is_grey, crop });
            }
            Err(reason) => skipped.push(Skipped { photo: shown.to_owned(), reason: reason.to_string() }),
        }
    }
    (kept, skipped)
}
