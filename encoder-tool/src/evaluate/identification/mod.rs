//! `evaluate --identification`: measures how often enrolled people are missed and strangers are named.
//!
//! `accuracy` draws and searches; this module chooses the people and prints the results.

mod page;
mod report;

use super::names::{groups, left_out, pairs};
use super::{encoders, open_cache, photos_of_tree};
use crate::args::Evaluate;
use crate::heif::photo_reader;
use accuracy::identification::{Comparisons, Person, Trials, Trying, at_fpirs, det, people_of, tried};
use accuracy::{AccuracyError, Colours, Measuring, Outcome};
use anyhow::{Context, Result};
use files::Access;
use models::Recogniser;
use report::{Report, TrialsReport};
use std::collections::BTreeSet;
use terminal::{Answer, Help, ShowPath, Verbosity, counted, for_reader, print, print_json};

/// Runs the trials with the first encoder.
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
    let (cache, reader) = (open_cache(!arguments.no_cache, &recogniser)?, photo_reader());
    let quiet = verbosity.is_quiet();
    let measuring = Measuring { recogniser: &recogniser, reader: &reader, cache: cache.as_ref(), quiet };
    let in_colours = |colours| measuring.measure(&photos, colours);
    let outcomes = in_colours(Colours::AsTaken);
    let grey = arguments.grey.then(|| in_colours(Colours::Grey));
    let probes = grey.as_ref().unwrap_or(&outcomes);
    let people = people_of(&recogniser, &photos, (&outcomes, probes), known);
    let without: Vec<Person<'_>> = people_of(&recogniser, &photos, (&outcomes, probes), known)
        .into_iter()
        .filter(|person| !left_out.contains(person.name))
        .collect();
    let comparisons = Comparisons::new(&without);
    let groups = match &arguments.by {
        Some(column) => Some(comparisons.by(&without, &groups(&arguments.images, column)?, column)),
        None => None,
    };
    let hard = match &arguments.pairs {
        Some(path) => {
            Some(comparisons.of_pairs(&without, &pairs(path)?).help("--pairs must name folders of --images")?)
        }
        None => None,
    };
    let mut trials = vec![trials_of(&people, arguments, BTreeSet::new())?];
    if without.len() < people.len() {
        trials.push(trials_of(&without, arguments, left_out)?);
    }
    let &Evaluate { draws, seed, grey: is_grey, .. } = arguments;
    let trying = Trying { draws, seed, grey: is_grey, only_strangers: arguments.strangers.is_some() };
    let promises = tried(&recogniser, &without, trying);
    let hash = recogniser.model_hash().to_string();
    let verification = comparisons.at_rates();
    let (unreadable, no_face) = failures(&outcomes);
    let report = Report { model: name, hash, no_face, unreadable, trials, promises, verification, groups, hard };
    if let Some(path) = &arguments.html {
        files::replace(path, Access::Private, page::page_of(&report)?.as_bytes())?;
        verbosity.note(&format!("wrote the page {}", path.shown()));
    }
    match arguments.json {
        true => print_json(&report)?,
        false => print(&for_reader(&report.in_words(), 4))?,
    }
    Ok(Answer::Yes)
}

fn trials_of(people: &[Person<'_>], arguments: &Evaluate, left_out: BTreeSet<String>) -> Result<TrialsReport> {
    let trials = Trials::run(people, arguments.enrolled, arguments.draws, arguments.seed);
    if trials.mated.is_empty() || trials.strangers.is_empty() {
        return Err(AccuracyError::NobodySearched)
            .with_context(|| arguments.images.shown())
            .help("give photos of more people than --enrolled, some of them with two or more photos");
    }
    Ok(TrialsReport {
        left_out,
        people: people.len(),
        draws: arguments.draws,
        enrolled: trials.mated.len() / arguments.draws.max(1),
        strangers: trials.strangers.len() / arguments.draws.max(1),
        rates: at_fpirs(&trials, people.len()),
        det: det(&trials, people.len()),
    })
}

/// Photos that cannot be read, and photos without a face.
fn failures(outcomes: &[Outcome]) -> (usize, usize) {
    let unreadable = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    (unreadable, outcomes.iter().filter(|outcome| matches!(outcome, Ok(None))).count())
}
