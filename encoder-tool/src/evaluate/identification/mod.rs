//! `evaluate --identification`: how often people who are enrolled are not named, and strangers are.
//!
//! photos -> encodings -> trials (some enrolled, everybody else a stranger) -> rates -> report. Beside that stand the
//! promises of stored thresholds, tried on strangers, and single comparisons, by group and for named pairs.

mod comparisons;
mod names;
mod page;
mod promises;
mod rates;
mod report;
mod trials;

pub(crate) use names::left_out;
pub(crate) use trials::ENROLLED_PHOTOS;

use super::cache::Measured;
use super::measure::{Colours, Outcome, measure_all};
use super::sample::Photo;
use super::{encoders, open_cache, photos_of_tree};
use crate::args::Evaluate;
use anyhow::{Context, Result};
use comparisons::Comparisons;
use files::Access;
use models::Recogniser;
use report::{Report, TrialsReport};
use std::collections::BTreeSet;
use terminal::{Answer, Help, ShowPath, Verbosity, counted, print, print_json};
use trials::{Person, Probe, Trials};

/// Runs the trials with the first of the encoders.
///
/// # Errors
/// If the photos, a model or a list of names cannot be read, nobody can be enrolled, or the page cannot be written.
pub(crate) fn run(arguments: &Evaluate, verbosity: Verbosity) -> Result<Answer> {
    let left_out = left_out(arguments.leave_out.as_deref())?;
    let mut photos = photos_of_tree(&arguments.images)?;
    let known = photos.len();
    if let Some(strangers) = &arguments.strangers {
        photos.extend(photos_of_tree(strangers)?);
    }
    let (name, bundles) = encoders(&arguments.models)?.swap_remove(0);
    verbosity.note(&format!("{name}: {}", counted(photos.len(), "photo")));
    let recogniser = Recogniser::new(&bundles)?;
    let cache = open_cache(arguments, &recogniser)?;
    let in_colours = |colours| measure_all(&recogniser, &photos, colours, cache.as_ref(), verbosity.is_quiet());
    let outcomes = in_colours(Colours::AsTaken);
    let grey = arguments.grey.then(|| in_colours(Colours::Grey));
    let probes = grey.as_ref().unwrap_or(&outcomes);
    let people = people_of(&recogniser, &photos, (&outcomes, probes), known);
    let without: Vec<Person<'_>> = people_of(&recogniser, &photos, (&outcomes, probes), known)
        .into_iter()
        .filter(|person| !left_out.contains(person.name))
        .collect();
    let comparisons = Comparisons::of(&without);
    let groups = match &arguments.by {
        Some(column) => Some(comparisons.by(&without, &names::groups(&arguments.images, column)?, column)),
        None => None,
    };
    let hard = match &arguments.pairs {
        Some(path) => Some(comparisons.of_pairs(&without, &names::pairs(path)?)?),
        None => None,
    };
    let mut trials = vec![trials_of(&people, arguments, BTreeSet::new())?];
    if without.len() < people.len() {
        trials.push(trials_of(&without, arguments, left_out)?);
    }
    let promises = promises::tried(&recogniser, &without, arguments);
    let hash = recogniser.model_hash().to_string();
    let verification = comparisons.at_rates();
    let (unreadable, no_face) = failures(&outcomes);
    let report = Report { model: name, hash, no_face, unreadable, trials, promises, verification, groups, hard };
    if let Some(path) = &arguments.html {
        files::replace(path, Access::Private, page::page_of(&report)?.as_bytes())?;
        verbosity.note(&format!("the page is {}", path.shown()));
    }
    match arguments.json {
        true => print_json(&report)?,
        false => print(&report.in_words())?,
    }
    Ok(Answer::Yes)
}

fn trials_of(people: &[Person<'_>], arguments: &Evaluate, left_out: BTreeSet<String>) -> Result<TrialsReport> {
    let trials = Trials::run(people, arguments.enrolled, arguments.draws, arguments.seed);
    ensure_searched(&trials).with_context(|| arguments.images.shown())?;
    Ok(TrialsReport {
        left_out,
        people: people.len(),
        draws: arguments.draws,
        enrolled: trials.mated.len() / arguments.draws.max(1),
        strangers: trials.strangers.len() / arguments.draws.max(1),
        rates: rates::at_fpirs(&trials, people.len()),
        det: rates::det(&trials, people.len()),
    })
}

fn ensure_searched(trials: &Trials) -> Result<()> {
    let found = !trials.mated.is_empty() && !trials.strangers.is_empty();
    found
        .then_some(())
        .context("nobody can be enrolled, or nobody is a stranger")
        .help("give photos of more people than --enrolled, some with two photos or more")
}

/// Photos that cannot be read, and photos without a face.
fn failures(outcomes: &[Outcome]) -> (usize, usize) {
    let unreadable = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    (unreadable, outcomes.iter().filter(|outcome| matches!(outcome, Ok(None))).count())
}

/// Those with a face, also in what is searched; photos of one person follow each other. From `known` on, people are
/// strangers only.
fn people_of<'a>(
    recogniser: &Recogniser,
    photos: &'a [Photo],
    (outcomes, probes): (&'a [Outcome], &'a [Outcome]),
    known: usize,
) -> Vec<Person<'a>> {
    let standing = |measured: &Measured| recogniser.standing_of(&measured.encoded(), measured.certainty);
    let mut people: Vec<Person<'a>> = Vec::new();
    for (index, (photo, found)) in photos.iter().zip(outcomes.iter().zip(probes)).enumerate() {
        let (Ok(Some(measured)), Ok(Some(probe))) = found else { continue };
        let (name, only_stranger) = (photo.person.as_str(), index >= known);
        if !people.last().is_some_and(|last| last.name == name && last.only_stranger == only_stranger) {
            people.push(Person { name, encodings: vec![], standings: vec![], probes: vec![], only_stranger });
        }
        if let Some(last) = people.last_mut() {
            last.encodings.push(&measured.aligned);
            last.standings.push(standing(measured));
            last.probes.push(Probe { encoding: &probe.aligned, standing: standing(probe) });
        }
    }
    people
}
