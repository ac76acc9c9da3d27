//! The next database, before anything is written: who is enrolled, what was found, what changes.

use super::changes::Changes;
use super::encode::Encoder;
use super::enrolment::Enrolment;
use super::inputs::Inputs;
use super::looked_at::LookedAt;
use super::report::{self, Report, ReportedPasses, Skipped, SmallFace};
use super::resemblance::Resemblance;
use super::roster::Member;
use super::schedules_toml;
use super::stored_thresholds::Thresholds;
use super::write::{self, EnrolledPhoto, Findings, Heritage};
use crate::args::BuildDb;
use crate::doors;
use accuracy::calibration::fnir_at;
use anyhow::anyhow;
use jiff::Timestamp;
use models::Recogniser;
use shared::gallery::{Audience, Gallery, GalleryBuilder};
use terminal::{Help, ShowPath, Verbosity, counted, percent};

/// The highest acceptable share of enrolled people who are not recognised (FNIR): above it, people prop the door open.
const MAX_FNIR: f64 = 0.3;

/// What would be written.
pub(crate) struct Plan {
    pub(crate) report: Report,
    pub(crate) enrolment: Enrolment,
    /// Photos are given by their index in [`Self::photos`].
    pub(crate) resemblance: Resemblance,
    /// The database; `None` if nobody can be enrolled.
    pub(crate) gallery: Option<Gallery>,
    pub(crate) thresholds_in_one_line: String,
    /// The thresholds with the statistics behind them.
    pub(crate) thresholds_in_full: String,
}

impl Plan {
    /// Encodes what is not kept, chooses the thresholds, compares everybody with everybody, and builds the database.
    ///
    /// # Errors
    /// If the cache cannot be erased, or a limit of the database is exceeded.
    pub(crate) fn make(
        inputs: &Inputs,
        arguments: &BuildDb,
        encoder: &Encoder,
        recogniser: &Recogniser,
        quiet: bool,
    ) -> anyhow::Result<Self> {
        let Inputs { folders, members, schedules, passes, replaced, audience, .. } = inputs;
        let now = Timestamp::now().as_second();
        let passes = passes.accepted(now)?;
        let enrolment = Enrolment::from_photos(encoder, folders, members.clone(), recogniser, now, quiet)?;
        let thresholds = Thresholds::choose(arguments, &enrolment, recogniser);
        let looked_at = LookedAt::at(&enrolment.enrolled, thresholds.loosest());
        let mut report = report_of(&enrolment, &thresholds, &looked_at, audience.as_ref().map(doors::Shown::from));
        report.passes = ReportedPasses::new(&passes);
        let findings =
            Findings { risk: thresholds.risk, grey: thresholds.grey, look_alikes: looked_at.look_alike_people() };
        let replaced = replaced.as_ref().map(|replaced| &replaced.gallery);
        let mut gallery = None;
        // Nobody is left, or nobody whose data may be stored.
        let is_nobody_left = enrolment.withheld.len() == members.len();
        if arguments.remove_everybody && (!is_nobody_left || replaced.is_none()) {
            let why = if is_nobody_left { "there is no database yet" } else { "there are still people" };
            return Err(anyhow!("nothing was written: {why}, for {}", arguments.photos.shown()))
                .help("leave --remove-everybody out");
        }
        if !enrolment.enrolled.is_empty() || arguments.remove_everybody {
            let enrolled: Vec<&Member> = enrolment.enrolled.iter().map(|person| &person.member).collect();
            let schedules = schedules_toml::without(schedules.clone(), &enrolment.withheld, &enrolled);
            let heritage = Heritage::from_previous(replaced);
            let built = write::build(&enrolment.enrolled, schedules, passes, &findings, &heritage, recogniser, now)?;
            let built = for_doors(built, audience.clone());
            let cards = enrolled.iter().map(|member| (member.name.clone(), member.cards.clone())).collect();
            report.changes = replaced.map(|replaced| Changes::between(replaced, &built, &cards));
            gallery = Some(built);
        }
        let (thresholds_in_one_line, thresholds_in_full) = (thresholds.in_one_line(), thresholds.in_full());
        let resemblance = looked_at.resemblance;
        Ok(Self { report, resemblance, gallery, thresholds_in_one_line, thresholds_in_full, enrolment })
    }

    /// All enrolled photos, person by person.
    pub(crate) fn photos(&self) -> Vec<&EnrolledPhoto> {
        self.enrolment.enrolled.iter().flat_map(|person| &person.photos).collect()
    }

    /// Says what was done with photos.
    pub(super) fn tell(&self, verbosity: Verbosity) {
        let Enrolment { encoded, kept, turned, skipped, .. } = &self.enrolment;
        if verbosity.is_verbose() {
            verbosity.note(&format!("photos: {encoded} encoded now, {kept} by an earlier run"));
        }
        turned.iter().for_each(|photo| verbosity.note(&photo.in_words()));
        skipped.iter().for_each(|Skipped { photo, reason }| verbosity.note(&format!("left out {photo}: {reason}")));
    }

    /// # Errors
    /// If nobody can be enrolled; the message says why.
    pub(crate) fn require_somebody(&self) -> anyhow::Result<&Gallery> {
        let Report { photos, not_enrolled, .. } = &self.report;
        match &self.gallery {
            Some(gallery) => Ok(gallery),
            None if *photos == 0 => {
                let each: Vec<String> = not_enrolled.iter().map(report::NotEnrolled::in_words).collect();
                Err(anyhow!("nobody can be enrolled, so no database was written: {}", each.join(", ")))
                    .help("to remove people from the database whose data may not be stored, use --remove-everybody")
            }
            None => Err(anyhow!("no usable photo among {}, so no database was written", counted(*photos, "photo")))
                .help("replace the photos that were left out; the reason is given with each"),
        }
    }

    /// Refuses to lock out many people, unless the user allows it.
    ///
    /// # Errors
    /// If many people would be removed, or many enrolled people would not be recognised.
    pub(crate) fn refuse_many_lockouts(&self, arguments: &BuildDb, recogniser: &Recogniser) -> anyhow::Result<()> {
        let withheld = &self.enrolment.withheld;
        let removes_many = |changes: &&Changes| {
            changes.removes_many(withheld) && !arguments.allow_removals && !arguments.remove_everybody
        };
        let changes = self.report.changes.as_ref().filter(removes_many);
        if let Some(changes) = changes {
            return Err(anyhow!("nothing was written: it would have {}", changes.removed_in_words()))
                .help("check that PHOTOS is the right folder and complete; --allow-removals removes these people");
        }
        let threshold = self.report.threshold.unwrap_or_else(|| recogniser.threshold());
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
}

fn report_of(
    enrolment: &Enrolment,
    thresholds: &Thresholds<'_>,
    looked_at: &LookedAt<'_>,
    audience: Option<doors::Shown>,
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
        seconds: 0.0,
    }
}

fn for_doors(gallery: Gallery, audience: Option<Audience>) -> Gallery {
    let Some(audience) = audience else { return gallery };
    let sequence = gallery.header().sequence;
    let mut builder = GalleryBuilder::from_gallery(gallery, sequence);
    builder.set_audience(audience);
    builder.build()
}
