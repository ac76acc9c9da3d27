//! The single place where grants are made, by face, card or both, after every rule has been checked.

use super::credential::{Credential, Shown};
use super::enrolled::Neighbour;
use super::observation::{Now, Observation};
use super::reason::Reason;
use super::recognition::Recognised;
use super::rules::MAX_CONSENSUS_FRAMES;
use super::signals::{Report, Reports};
use super::{Policy, company, permission};
use heapless::Vec;
use shared::gallery::PersonId;
use shared::schedule::ScheduleSet;

impl Policy {
    /// Grants entry if every rule allows it: no lockout, no forbidden company, not yet let in during this approach,
    /// enough frames that agree, the required credential, a permitted time, and a live person according to every signal
    /// that is required of them.
    pub(super) fn let_in(&mut self, shown: &Shown, observation: &Observation<'_>, now: &Now) -> Result<Grant, Reason> {
        self.require_no_lockout(shown.tried(), now)?;
        self.require_allowed_company(shown, observation, now)?;
        self.require_room_in_approach(shown)?;
        self.begin_signals(shown, observation.schedules, now);
        let distances = self.require_agreement(shown, now)?;
        permission::check_shown(&self.rules, shown)?;
        permission::check_moment(&self.circumstances(observation.schedules, now), shown.holder())?;
        let signals = self.require_liveness(shown, observation.chance, now)?;
        let nearest = observation.nearest().map(|(index, _)| index);
        Ok(Grant {
            person: shown.holder().person,
            credential: shown.credential(),
            distance: shown.recognised().map(|recognised| recognised.nearest().distance),
            distances,
            runner_up: shown.recognised().and_then(Recognised::runner_up),
            face: shown.recognised().and(nearest),
            is_grey: shown.recognised().is_some() && observation.is_grey,
            opens: shown.holder().hours.opens,
            signals,
            utc_ms: now.utc_ms,
        })
    }

    fn require_allowed_company(&self, shown: &Shown, observation: &Observation<'_>, now: &Now) -> Result<(), Reason> {
        let nearest = observation.nearest().map(|(index, _)| index);
        company::check(&self.rules, observation.faces, nearest, shown.holder().person)?;
        match shown {
            Shown::Card(_) => self.company.check_recent(&self.rules, now.monotonic_ms),
            // Frames with forbidden company already count against the consensus.
            Shown::Face(_) | Shown::CardAndFace(_) => Ok(()),
        }
    }

    /// A card lets its holder in each time that it is presented; a face only once per approach.
    fn require_room_in_approach(&self, shown: &Shown) -> Result<(), Reason> {
        let has_room = match shown {
            Shown::Card(_) | Shown::CardAndFace(_) => self.approaches.has_room(),
            Shown::Face(recognised) => self.approaches.may_let_in(recognised.person()),
        };
        if has_room { Ok(()) } else { Err(Reason::AlreadyGranted) }
    }

    /// The L2 distances in the frames that agree; empty for a card alone.
    fn require_agreement(&mut self, shown: &Shown, now: &Now) -> Result<Vec<f32, MAX_CONSENSUS_FRAMES>, Reason> {
        let Some(recognised) = shown.recognised() else { return Ok(Vec::new()) };
        let agreed = self.consensus.agreed(recognised.person(), &self.rules, now.monotonic_ms);
        let distances = agreed.ok_or(Reason::Deciding)?;
        self.attempt.settle();
        Ok(distances)
    }
}

/// The permission to open the door once, for one person. It can be neither made nor copied outside the policy:
///
/// ```compile_fail,E0451
/// use shared::gallery::PersonId;
/// use policy::Grant;
/// let (distance, distances) = (None, Default::default());
/// let credential = policy::Credential::Card;
/// let forged = Grant { person: PersonId([0; 16]), credential, distance, distances, runner_up: None, face: None, is_grey: false, opens: Default::default(), signals: Default::default(), utc_ms: 0 };
/// ```
///
/// ```compile_fail,E0599
/// fn twice(grant: policy::Grant) -> (policy::Grant, policy::Grant) {
///     (grant.clone(), grant)
/// }
/// ```
#[derive(Debug, PartialEq)]
#[must_use = "an ignored grant leaves a person standing outside"]
pub struct Grant {
    person: PersonId,
    credential: Credential,
    distance: Option<f32>,
    distances: Vec<f32, MAX_CONSENSUS_FRAMES>,
    runner_up: Option<Neighbour>,
    face: Option<usize>,
    is_grey: bool,
    opens: ScheduleSet,
    signals: Reports,
    utc_ms: i64,
}

impl Grant {
    /// The schedules that this entry opens.
    pub(super) fn opens(&self) -> ScheduleSet {
        self.opens
    }

    /// Who is let in.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// The credential used.
    pub fn credential(&self) -> Credential {
        self.credential
    }

    /// L2 distance in the frame that decided; `None` if no face was judged.
    pub fn distance(&self) -> Option<f32> {
        self.distance
    }

    /// L2 distances in the frames that agreed, oldest first.
    pub fn distances(&self) -> &[f32] {
        &self.distances
    }

    /// The nearest other person in the frame that decided.
    pub fn runner_up(&self) -> Option<Neighbour> {
        self.runner_up
    }

    /// Which of the observation's faces was judged, if one was.
    pub fn face(&self) -> Option<usize> {
        self.face
    }

    /// Whether the face was judged in a picture without colour, by the grey threshold.
    pub fn is_grey(&self) -> bool {
        self.is_grey
    }

    /// What the signals reported, in the order of [`Signal::ALL`](super::Signal::ALL).
    pub fn signals(&self) -> &[Report] {
        &self.signals
    }

    /// When it was granted, milliseconds since 1970, UTC.
    pub fn utc_ms(&self) -> i64 {
        self.utc_ms
    }
}
