//! `build-db`: builds a people database from folders of photos.
//!
//! inputs (folders, rules, keys) -> enrolment (encodings of each person, new or kept) -> threshold -> resemblance (who
//! looks like another person) -> write (the database) -> signed and sealed file. `plan` goes as far as the database, and
//! changes no file.

mod changes;
mod duplicates;
pub(crate) mod encode;
pub(crate) mod encoded;
mod enrolment;
pub(crate) mod inputs;
pub(crate) mod kept_encodings;
mod looked_at;
mod page;
pub(crate) mod people_csv;
pub(crate) mod plan;
pub(crate) mod quality;
pub(crate) mod report;
pub(crate) mod resemblance;
mod retention;
pub(crate) mod roster;
pub(crate) mod schedules_toml;
pub(crate) mod separated_values;
mod stored_thresholds;
pub(crate) mod write;

use crate::args::BuildDb;
use crate::protect::Protect;
use anyhow::Context;
use encode::Encoder;
use enrolment::Enrolment;
use files::Access;
use inputs::Inputs;
use kept_encodings::KeptEncodings;
use models::Recogniser;
use plan::Plan;
use report::{Report, SmallFace};
use shared::gallery::{Gallery, Mode};
use std::time::Instant;
use terminal::{Answer, Help, ShowPath, Verbosity};

/// Builds the database, writes it and reports. Yes if everybody has an encoding, or the mode `card` and a card.
///
/// # Errors
/// If nothing could be built or written; an existing database is then unchanged.
pub(crate) fn run(arguments: &BuildDb, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let started = Instant::now();
    let inputs = Inputs::read(arguments, verbosity)?;
    let protect = inputs.protect(arguments, arguments.unlock.signing_key_of(arguments.sign.as_deref())?)?;
    let recogniser = Recogniser::load(&arguments.model.folders)?;
    if let Some(why) = recogniser.gate_problem() {
        verbosity.note(&why);
    }
    let kept = KeptEncodings::open(!arguments.no_cache, &recogniser, verbosity);
    let encoder = Encoder::new(arguments.minimum_face, kept);
    let mut plan = Plan::make(&inputs, arguments, &encoder, &recogniser, verbosity.is_quiet())?;
    plan.report.seconds = started.elapsed().as_secs_f64();
    plan.tell(verbosity);
    if plan.gallery.is_none() && arguments.json {
        terminal::print_json(&plan.report)?;
    }
    let gallery = plan.require_somebody()?;
    warn(&plan.enrolment, &plan.report, verbosity);
    if let Err(refused) = plan.refuse_many_lockouts(arguments, &recogniser) {
        print_report(arguments, &plan.report, None)?;
        return Err(refused);
    }
    if let Some(path) = &arguments.html {
        let page = page::page_of(&plan.report, &plan.resemblance, &plan.photos(), &plan.thresholds_in_full);
        files::replace(path, Access::Private, page.as_bytes())?;
    }
    write_file(gallery, &inputs, &protect, arguments, &encoder)?;
    let doors_and_keys = format!("The database is {}.", in_words(gallery, &protect));
    let about = if verbosity.is_verbose() { &plan.thresholds_in_full } else { &plan.thresholds_in_one_line };
    print_report(arguments, &plan.report, Some([about.clone(), doors_and_keys]))?;
    let Report { not_enrolled, without_face, odd_photos, look_alikes, .. } = &plan.report;
    let odd = !odd_photos.is_empty() || !look_alikes.is_empty();
    Ok(Answer::yes_if(not_enrolled.is_empty() && without_face.is_empty() && !(arguments.strict && odd)))
}

/// Replaces the database, and erases encodings from the cache that it no longer has.
///
/// # Errors
/// If a file cannot be written; the message says which.
pub(crate) fn write_file(
    gallery: &Gallery,
    inputs: &Inputs,
    protect: &Protect,
    arguments: &BuildDb,
    encoder: &Encoder,
) -> anyhow::Result<()> {
    files::replace(&arguments.output, Access::Private, &protect.encode(gallery)?)
        .help("make room, or choose another file with -o")?;
    if let (Some(kept), Some(replaced)) = (encoder.kept(), &inputs.replaced) {
        kept.erase_unused(&replaced.gallery, gallery)
            .context("the database was written, but the cache still holds encodings that it no longer has")
            .help("erase the cache with `encoder-tool cache clear`")?;
    }
    Ok(())
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
