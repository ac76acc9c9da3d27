//! `model gate`: learns which faces are hardly recognisable to an encoder, and tests the gate on other people.

mod degrade;
mod fitting;
mod prototypes;
mod regression;
mod sampled_faces;
pub(crate) mod stranger_trial;

use crate::Sources;
use accuracy::Photo;
use accuracy::calibration::DEFAULT_FPIR;
use accuracy::calibration::risk_at;
use anyhow::{Context, Result, bail};
use degrade::Kind;
use files::Access;
use models::Recogniser;
use models::bundle::{Bundle, Bundles};
use models::gate::{GATE_FILE, Gate};
use sampled_faces::{Seen, Side, people, see};
use std::path::PathBuf;
use std::sync::Arc;
use stranger_trial::{ENROLLED, MUST, Trial};
use terminal::{Help, ShowPath, Verbosity, counted, print, say};

/// Largest number of plain photos per person to learn from, so that no person weighs much more than others.
const PLAIN_EACH: usize = 4;
/// The kinds that are hard to tell from plain faces. Learning uses all of them for each person.
const HARD: [Kind; 3] = [Kind::Bar, Kind::Mask, Kind::Blur];
/// Number of the other kinds that learning uses for each person.
const OTHERS_LEARNT: usize = 3;
/// Number of the kinds that need not be safe that the trial uses for each person.
const OTHERS_TRIED: usize = 2;

/// Learn which faces are hardly recognisable, from photos of many people.
///
/// Degrades photos of half of the people (upside down, covered, blurred, ...) and learns to tell them from plain ones.
/// A trial on the other half prints how many strangers are wrongly named if their photos are degraded like an enrolled
/// one. The result is gate.bin in the bundle: enrolment refuses photos below the gate, and a door does not judge such
/// faces.
#[derive(Debug, clap::Args)]
pub struct LearnGate {
    /// Folder of the encoder's bundle
    bundle: PathBuf,
    /// Folder with one folder per person; may be repeated
    #[arg(long, value_name = "DIR", required = true)]
    images: Vec<PathBuf>,
    /// Name of the photo collection, for gate.bin
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// File with names of people to skip because their photos are known to show somebody else, one name per line
    #[arg(long, value_name = "FILE")]
    leave_out: Option<PathBuf>,
    /// Only test the bundle's existing gate, and fail if it is not good enough
    #[arg(long)]
    trial: bool,
    /// Test on at most this many people
    #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    most: usize,
}

impl LearnGate {
    /// Learns, writes and tests a gate, or only tests the existing one.
    ///
    /// # Errors
    /// If the bundle is not an encoder, the photos are too few, the file cannot be written, or the trial fails.
    pub(crate) fn run(&self, sources: &Sources, verbosity: Verbosity) -> Result<()> {
        let Bundle::Encoder(encoder) = Bundle::open(&self.bundle)? else {
            bail!("{} is not an encoder; only encoders have a gate", self.bundle.shown());
        };
        let calibration = encoder.calibration.clone();
        let bundles = Bundles { encoder, ..Bundles::bundled()? };
        let recogniser = Recogniser::new(&bundles)?;
        let gate = match self.trial {
            true => {
                let gate = bundles.encoder.gate.clone();
                gate.with_context(|| format!("{} has no gate", self.bundle.shown()))
                    .help("leave out --trial to learn one")?
            }
            false => self.learn(&recogniser, sources, verbosity)?,
        };
        let left_out = (sources.names_in)(self.leave_out.as_deref())?;
        let of_trial = people(self.photos(sources)?, &left_out, Side::HeldOut);
        let of_trial = &of_trial[..of_trial.len().min(self.most)];
        say(&format!("Testing the gate on {} that it was not learnt from", counted(of_trial.len(), "person")));
        let others = if self.trial { 0 } else { OTHERS_TRIED };
        let seen = see(&recogniser, of_trial, PLAIN_EACH, (&MUST, others), sources, verbosity);
        let threshold = match &calibration.non_mated {
            Some(non_mated) => risk_at(DEFAULT_FPIR, ENROLLED, non_mated, None).threshold,
            None => calibration.threshold,
        };
        let trial = Trial::new(&seen, &gate, threshold);
        print(trial.to_string().trim_end())?;
        let slack = if self.most < usize::MAX { 2.0 } else { 1.0 };
        let failures = trial.failures(slack);
        if self.trial && !failures.is_empty() {
            bail!("the trial failed: {}", failures.join("; "));
        }
        failures.iter().for_each(|failure| say(&format!("not good enough: {failure}")));
        Ok(())
    }

    fn photos(&self, sources: &Sources) -> Result<Vec<Photo>> {
        let folders = self.images.iter().map(|folder| (sources.photos_in)(folder)).collect::<Result<Vec<_>>>()?;
        Ok(folders.concat())
    }

    fn learn(&self, recogniser: &Recogniser, sources: &Sources, verbosity: Verbosity) -> Result<Arc<Gate>> {
        let left_out = (sources.names_in)(self.leave_out.as_deref())?;
        let learnt = people(self.photos(sources)?, &left_out, Side::Learnt);
        say(&format!("Learning from {}", counted(learnt.len(), "person")));
        let seen: Vec<Seen> = see(recogniser, &learnt, PLAIN_EACH, (&HARD, OTHERS_LEARNT), sources, verbosity);
        let names: Vec<String> = self.images.iter().map(|images| images.shown().to_string()).collect();
        let source = self.source.clone().unwrap_or_else(|| names.join(", "));
        let gate = fitting::learn(&seen, recogniser.model_hash(), source)
            .help("give photos of more people, better several hundred")?;
        let path = self.bundle.join(GATE_FILE);
        files::replace(&path, Access::Public, &gate.encode()?).help("make room, or copy the bundle elsewhere")?;
        let plain = seen.iter().filter(|seen| seen.kind.is_none()).count();
        print(&format!(
            "{}: learnt from {} and {}",
            path.shown(),
            counted(plain, "plain photo"),
            counted(seen.len() - plain, "degraded one")
        ))?;
        Ok(Arc::new(gate))
    }
}
