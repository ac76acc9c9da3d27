//! `build-db`: builds a people database from folders of photos.
//!
//! inputs (folders, rules, keys, networks) -> enrolment (encodings of each person, new or kept) -> threshold ->
//! resemblance (who looks like another person) -> write (the database) -> signed and sealed file.

mod changes;
mod duplicates;
pub(crate) mod encode;
pub(crate) mod encoded;
mod enrolment;
mod inputs;
pub(crate) mod kept_encodings;
mod looked_at;
mod page;
pub(crate) mod people_csv;
pub(crate) mod quality;
mod report;
mod resemblance;
mod retention;
pub(crate) mod roster;
pub(crate) mod schedules_toml;
pub(crate) mod separated_values;
mod stored_thresholds;
pub(crate) mod write;

use crate::args::BuildDb;
use crate::doors;
use crate::protect::Protect;
use accuracy::calibration::fnir_at;
use anyhow::{Context, anyhow};
use changes::Changes;
use encode::Encoder;
use enrolment::Enrolment;
use files::Access;
use inputs::Inputs;
use jiff::Timestamp;
use kept_encodings::KeptEncodings;
use looked_at::LookedAt;
use models::Recogniser;
use report::{Report, ReportedPasses, Skipped, SmallFace};
use roster::Member;
use shared::gallery::{Audience, Gallery, GalleryBuilder, Mode};
use std::time::Instant;
use stored_thresholds::Thresholds;
use terminal::{Answer, Help, ShowPath, Verbosity, counted, percent};
use write::{Enrolled, Findings, Heritage};

/// The highest acceptable share of enrolled people who are not recognised (FNIR): above it, people prop the door open.
const MAX_FNIR: f64 = 0.3;

/// Builds the database, writes it and reports. Yes if everybody has an encoding, or the mode `card` and a card.
///
/// # Errors
/// If nothing could be built or written; an existing database is then unchanged.
pub(crate) fn run(arguments: &BuildDb, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let started = Instant::now();
    let Inputs { folders, members, schedules, passes, replaced, protect, audience, recogniser } =
        Inputs::read(arguments, verbosity)?;
    let now = Timestamp::now().as_second();
    let passes = passes.accepted(now)?;
    let kept = KeptEncodings::open(!arguments.no_cache, &recogniser, verbosity);
    let encoder = Encoder::new(arguments.minimum_face, kept);
    let enrolment = Enrolment::from_photos(&encoder, &folders, members, &recogniser, now, verbosity.is_quiet())?;
    if verbosity.is_verbose() {
        let Enrolment { encoded, kept, .. } = &enrolment;
        verbosity.note(&format!("photos: {encoded} encoded now, {kept} by an earlier run"));
    }
    enrolment.turned.iter().for_each(|photo| verbosity.note(&photo.in_words()));
    let skipped = enrolment.skipped.iter();
    skipped.for_each(|Skipped { photo, reason }| verbosity.note(&format!("left out {photo}: {reason}")));
    let thresholds = Thresholds::choose(arguments, &enrolment, &recogniser);
    let looked_at = LookedAt::at(&enrolment.enrolled, thresholds.loosest());
    let audience_shown = audience.as_ref().map(doors::Shown::from);
    let mut report = report_of(&enrolment, &thresholds, &looked_at, audience_shown, started);
    report.passes = ReportedPasses::new(&passes);
    if enrolment.enrolled.is_empty() {
        if arguments.json {
            terminal::print_json(&report)?;
        }
        if enrolment.photos == 0 {
            let each: Vec<String> = report.not_enrolled.iter().map(report::NotEnrolled::in_words).collect();
            return Err(anyhow!("nobody can be enrolled, so no database was written: {}", each.join(", ")));
        }
        return Err(anyhow!(
            "no usable photo among {}, so no database was written",
            counted(enrolment.photos, "photo")
        ))
        .help("replace the photos that were left out; the reason is given with each");
    }
    warn(&enrolment, &report, verbosity);

    let findings =
        Findings { risk: thresholds.risk, grey: thresholds.grey, look_alikes: looked_at.look_alike_people() };
    let enrolled: Vec<&Member> = enrolment.enrolled.iter().map(|person| &person.member).collect();
    let schedules = schedules_toml::without(schedules, &enrolment.withheld, &enrolled);
    let heritage = Heritage::from_previous(replaced.as_ref().map(|replaced| &replaced.gallery));
    let gallery = write::build(&enrolment.enrolled, schedules, passes, &findings, &heritage, &recogniser, now)?;
    let gallery = for_doors(gallery, audience);
    report.changes = replaced.as_ref().map(|replaced| {
        let cards =
            enrolment.enrolled.iter().map(|Enrolled { member, .. }| (member.name.clone(), member.cards.clone()));
        Changes::between(&replaced.gallery, &gallery, &cards.collect())
    });
    if let Err(refused) = refuse_many_lockouts(arguments, &report, &enrolment.withheld, &recogniser) {
        print_report(arguments, &report, None)?;
        return Err(refused);
    }
    if let Some(path) = &arguments.html {
        let page = page::page_of(&report, &looked_at.resemblance, &looked_at.photos, &thresholds.in_full());
        files::replace(path, Access::Private, page.as_bytes())?;
    }
    files::replace(&arguments.output, Access::Private, &protect.encode(&gallery)?)
        .help("make room, or choose another file with -o")?;
    if let (Some(kept), Some(replaced)) = (encoder.kept(), &replaced) {
        kept.erase_unused(&replaced.gallery, &gallery)
            .context("the database was written, but the cache still holds encodings that it no longer has")
            .help("erase the cache with `encoder-tool cache clear`")?;
    }
    let doors_and_keys = format!("The database is {}.", in_words(&gallery, &protect));
    let about = if verbosity.is_verbose() { thresholds.in_full() } else { thresholds.in_one_line() };
    print_report(arguments, &report, Some([about, doors_and_keys]))?;
    let odd = !report.odd_photos.is_empty() || !report.look_alikes.is_empty();
    Ok(Answer::yes_if(report.not_enrolled.is_empty() && report.without_face.is_empty() && !(arguments.strict && odd)))
}

fn report_of(
    enrolment: &Enrolment,
    thresholds: &Thresholds<'_>,
    looked_at: &LookedAt<'_>,
    audience: Option<doors::Shown>,
    started: Instant,
) -> Report {
    Report {
        people: enrolment.enrolled.len(),
        photos: enrolment.photos,
        encodings: enrolment.enrolled.iter().map(|person| person.photos.len()).sum(),
        encoded: enrolment.encoded,
        kept: enrolment.kept,
        skipped: enrolment.skipped.clone(),
        turned: enrolment.turned.clone(),
        not_enrolled: enrolment.not_enrolled.clone(),
        without_face: enrolment.without_face.clone(),
        changes: None,
        passes: None,
        threshold: thresholds.risk.map(|risk| risk.threshold),
        threshold_grey: thresholds.grey.map(|grey| grey.threshold),
        calibration: thresholds.risk,
        audience,
        grey_photos: enrolment.grey_photos(),
        small_faces: enrolment.enrolled.iter().filter_map(SmallFace::of_only_photo).collect(),
        odd_photos: looked_at.odd_photos(),
        look_alikes: looked_at.look_alikes(),
        seconds: started.elapsed().as_secs_f64(),
    }
}

/// Prints warnings for the office that do not prevent the database from being written.
fn warn(enrolment: &Enrolment, report: &Report, verbosity: Verbosity) {
    let mode = Mode::CardAndFace.in_files();
    for member in enrolment.without_their_card() {
        verbosity.note(&format!("{} must show a card ({mode}) and has none, so this person cannot enter", member.name));
    }
    for member in enrolment.not_informed() {
        verbosity.note(&format!(
            "{} has no date in informed_on: inform this person before the door compares faces",
            member.name
        ));
    }
    let grey = report.grey_photos.iter().map(|photo| report::grey_in_words(photo));
    let small = report.small_faces.iter().map(SmallFace::in_words);
    let odd = report.odd_photos.iter().map(report::OddPhotoReport::in_words);
    let look_alikes = report.look_alikes.iter().map(report::LookAlikeReport::in_words);
    grey.chain(small).chain(odd).chain(look_alikes).for_each(|line| verbosity.note(&line));
}

fn for_doors(gallery: Gallery, audience: Option<Audience>) -> Gallery {
    let Some(audience) = audience else { return gallery };
    let sequence = gallery.header().sequence;
    let mut builder = GalleryBuilder::from_gallery(gallery, sequence);
    builder.set_audience(audience);
    builder.build()
}

/// The doors, the signer and the recipients in words.
fn in_words(gallery: &Gallery, protect: &Protect) -> String {
    let doors = match gallery.audience() {
        Some(audience) => format!("for {audience}"),
        None => "for tests only: it names no doors (--for), so a unit that controls a lock refuses it".to_owned(),
    };
    protect.in_words().map_or(doors.clone(), |keys| format!("{doors}; {keys}"))
}

/// Prints the report; `written` is more text about a database that was written.
fn print_report(arguments: &BuildDb, report: &Report, written: Option<[String; 2]>) -> anyhow::Result<()> {
    if arguments.json {
        return terminal::print_json(report);
    }
    let first = written.is_some().then(|| report.in_words(&arguments.output.shown().to_string()));
    let lines = first.into_iter().chain(report.changes_in_words()).chain(written.into_iter().flatten());
    lines.into_iter().try_for_each(|line| terminal::print(&line))
}

/// Refuses to lock out many people, unless the user allows it.
///
/// # Errors
/// If many people would be removed, or many enrolled people would not be recognised.
fn refuse_many_lockouts(
    arguments: &BuildDb,
    report: &Report,
    withheld: &[Member],
    recogniser: &Recogniser,
) -> anyhow::Result<()> {
    let removes_many = |changes: &&Changes| changes.removes_many(withheld) && !arguments.allow_removals;
    let changes = report.changes.as_ref().filter(removes_many);
    if let Some(changes) = changes {
        return Err(anyhow!("nothing was written: it would have {}", changes.removed_in_words()))
            .help("check that PHOTOS is the right folder and complete; --allow-removals removes these people");
    }
    let threshold = report.threshold.unwrap_or_else(|| recogniser.threshold());
    let fnir = recogniser.calibration().mated.as_ref().map(|mated| fnir_at(threshold, mated));
    match fnir.filter(|fnir| *fnir > MAX_FNIR && !arguments.allow_misses) {
        Some(fnir) => Err(anyhow!(
            "nothing was written: at threshold {threshold:.3}, which follows from the number of people and --fpir, {} of \
             those enrolled would not be recognised (FNIR, with one photo each)",
            percent(fnir)
        ))
        .help("raise --fpir, or use an encoder that tells people apart better; --allow-misses writes the database anyway"),
        None => Ok(()),
    }
}
