//! The report of `build-db`.

use super::changes::Changes;
use super::duplicates::Outcome;
use super::quality::SMALL_FACE_PIXELS;
use super::roster::Member;
use super::write::Enrolled;
use crate::doors::Shown;
use accuracy::calibration::Risk;
use serde::Serialize;
use shared::gallery::Mode;
use shared::pass::AcceptedPasses;
use terminal::counted;

/// The answer of `--json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Report {
    /// People in the database.
    pub(crate) people: usize,
    /// Photos that were read. Those of people who are left out, or enter by card alone, are not.
    pub(crate) photos: usize,
    /// Encodings in the database.
    pub(crate) encodings: usize,
    /// Photos that the networks examined.
    pub(crate) encoded: usize,
    /// Photos that were examined by an earlier run, whose findings are in the cache.
    pub(crate) kept: usize,
    pub(crate) skipped: Vec<Skipped>,
    /// Photos that were the wrong way round.
    pub(crate) turned: Vec<TurnedPhoto>,
    /// People who cannot be enrolled.
    pub(crate) not_enrolled: Vec<NotEnrolled>,
    /// People who are enrolled with a card only, though their mode is not `card`, and why.
    pub(crate) without_face: Vec<NotEnrolled>,
    /// Changes from the replaced database; `null` if there was none.
    pub(crate) changes: Option<Changes>,
    /// The visitor passes that the database accepts; `null` if it accepts none.
    pub(crate) passes: Option<ReportedPasses>,
    /// Threshold stored in the database, an L2 distance; `null` if the encoder's own applies.
    pub(crate) threshold: Option<f32>,
    /// Threshold for pictures without colour; `null` if `threshold` applies to them too, for example because somebody
    /// is enrolled from such a picture.
    pub(crate) threshold_grey: Option<f32>,
    /// The calibration of the threshold.
    pub(crate) calibration: Option<Risk>,
    /// The doors that the database is for; `null` if it names none.
    pub(crate) audience: Option<Shown>,
    /// Photos without colour, `person/photo`.
    pub(crate) grey_photos: Vec<String>,
    /// Small faces that are the only one of their person.
    pub(crate) small_faces: Vec<SmallFace>,
    pub(crate) odd_photos: Vec<OddPhotoReport>,
    pub(crate) look_alikes: Vec<LookAlikeReport>,
    /// Duration of the whole command.
    pub(crate) seconds: f64,
}

/// The visitor passes that a database accepts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ReportedPasses {
    /// Fingerprints of the pass keys.
    pub(crate) keys: Vec<String>,
    /// Number of revoked passes that are not over.
    pub(crate) revoked: usize,
}

/// A photo that was left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Skipped {
    /// `person/photo`
    pub(crate) photo: String,
    pub(crate) reason: String,
}

/// A photo that was turned, because its face is recognisable only that way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TurnedPhoto {
    /// `person/photo`
    pub(crate) photo: String,
    /// Clockwise.
    pub(crate) degrees: u16,
}

/// The small face in a person's only photo.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SmallFace {
    /// `person/photo`
    pub(crate) photo: String,
    /// The shorter side of its box.
    pub(crate) pixels: f32,
}

/// A person who is not in the database, or there without a face, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct NotEnrolled {
    pub(crate) name: String,
    pub(crate) reason: &'static str,
}

/// A photo that does not resemble the others of its person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct OddPhotoReport {
    pub(crate) photo: String,
    /// The nearest photo of the same person that it does not resemble.
    pub(crate) nearest_own: Near,
    /// The nearest photo of somebody else, if it is within the threshold.
    pub(crate) nearest_other: Option<Near>,
}

/// Two people who resemble each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LookAlikeReport {
    pub(crate) people: [String; 2],
    /// Their nearest photos.
    pub(crate) photos: [String; 2],
    pub(crate) distance: f32,
    /// Which of the two have no card.
    pub(crate) without_card: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Near {
    pub(crate) photo: String,
    pub(crate) distance: f32,
}

impl ReportedPasses {
    /// `None` if no pass is accepted.
    pub(super) fn new(passes: &AcceptedPasses) -> Option<Self> {
        let keys = passes.issuers().iter().map(|issuer| issuer.fingerprint().to_string()).collect();
        (!passes.is_empty()).then(|| Self { keys, revoked: passes.revoked().len() })
    }

    fn in_words(&self) -> String {
        let Self { keys, revoked } = self;
        format!("visitor passes: signed by {}; {revoked} revoked", keys.join(", "))
    }
}

impl TurnedPhoto {
    /// If the photo had to be turned before its face was recognised.
    pub(super) fn from_outcome(outcome: &Outcome<'_>) -> Option<Self> {
        let degrees = outcome.result.as_ref().ok()?.face.turned;
        (degrees > 0).then(|| Self { photo: outcome.shown.to_owned(), degrees })
    }

    pub(crate) fn in_words(&self) -> String {
        let Self { photo, degrees } = self;
        format!("turned {photo} by {degrees} degrees: without turning, the face is hardly recognisable")
    }
}

impl SmallFace {
    /// The face of a person's only photo, if it is small.
    pub(super) fn of_only_photo(Enrolled { photos, .. }: &Enrolled) -> Option<Self> {
        let [only] = photos.as_slice() else { return None };
        let pixels = (10.0 * only.face.bounds.shorter_side()).round() / 10.0;
        (pixels < SMALL_FACE_PIXELS).then(|| Self { photo: only.shown.clone(), pixels })
    }
}

/// The warning about a photo without colour.
pub(super) fn grey_in_words(photo: &str) -> String {
    format!("{photo} is without colour, so no separate threshold for such pictures is stored")
}

impl NotEnrolled {
    /// Why this person has no face in the database.
    pub(super) fn new(member: &Member) -> Self {
        let reason = match (member.folder, member.details.mode) {
            (_, Mode::Card) => "the mode card, but no card",
            (Some(_), _) => "no usable photo",
            (None, _) => "a line in people.csv but no folder",
        };
        Self { name: member.name.to_string(), reason }
    }

    /// `Ann (no usable photo)`
    pub(crate) fn in_words(&self) -> String {
        format!("{} ({})", self.name, self.reason)
    }
}

impl SmallFace {
    pub(crate) fn in_words(&self) -> String {
        format!(
            "{}: the only photo of this person has a face of {:.0} pixels: recognition is less reliable below \
             {SMALL_FACE_PIXELS:.0} pixels",
            self.photo, self.pixels
        )
    }
}

impl OddPhotoReport {
    pub(crate) fn in_words(&self) -> String {
        let Self { photo, nearest_own, nearest_other } = self;
        let own = format!("{} ({:.3})", nearest_own.photo, nearest_own.distance);
        match nearest_other {
            Some(other) => format!("wrong photo? {photo} resembles {} ({:.3}), not {own}", other.photo, other.distance),
            None => {
                format!("wrong photo? {photo} does not resemble {own}: check which of this person's photos are right")
            }
        }
    }
}

impl LookAlikeReport {
    pub(crate) fn in_words(&self) -> String {
        let Self { people: [one, other], photos: [a, b], distance, without_card } = self;
        let cards = match without_card.as_slice() {
            [] => String::new(),
            [one] => format!(", but {one} has none and cannot enter"),
            _ => ", but neither has one, so they cannot enter".to_owned(),
        };
        format!(
            "one person twice, or look-alikes? {one} and {other}: {a} and {b} are only {distance:.3} apart. Both must now \
             show a card{cards}"
        )
    }
}

impl Report {
    /// One line.
    pub(crate) fn in_words(&self, database: &str) -> String {
        let Self { people, photos, encodings, skipped, seconds, .. } = self;
        let (people, encodings) = (counted(*people, "person"), counted(*encodings, "encoding"));
        let (photos, skipped) = (counted(*photos, "photo"), skipped.len());
        format!("{database}: {people} with {encodings} from {photos} ({skipped} left out) in {seconds:.1} s")
    }

    /// One line for each kind of change from the replaced database, and one for people who are not enrolled.
    pub(crate) fn changes_in_words(&self) -> Vec<String> {
        let mut lines = self.changes.as_ref().map(Changes::in_words).unwrap_or_default();
        if !self.not_enrolled.is_empty() {
            let each: Vec<String> = self.not_enrolled.iter().map(NotEnrolled::in_words).collect();
            lines.push(format!("not enrolled {}: {}", each.len(), each.join(", ")));
        }
        if !self.without_face.is_empty() {
            let each: Vec<String> = self.without_face.iter().map(NotEnrolled::in_words).collect();
            let where_enough = "enrolled without a face, so they enter only where a card alone is enough";
            lines.push(format!("{where_enough}: {} (with the mode card, at every door)", each.join(", ")));
        }
        lines.extend(self.passes.as_ref().map(ReportedPasses::in_words));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::to_json;

    #[test]
    fn in_words_and_as_json() {
        let skipped = vec![Skipped { photo: "bo/1.jpg".to_owned(), reason: "no face".to_owned() }];
        let report = Report {
            people: 1,
            photos: 3,
            encodings: 2,
            encoded: 1,
            kept: 2,
            skipped,
            turned: vec![TurnedPhoto { photo: "bo/2.jpg".to_owned(), degrees: 180 }],
            not_enrolled: vec![NotEnrolled { name: "cy".to_owned(), reason: "no usable photo" }],
            without_face: Vec::new(),
            changes: None,
            passes: Some(ReportedPasses { keys: vec!["11-22".to_owned()], revoked: 2 }),
            threshold: None,
            threshold_grey: None,
            calibration: None,
            audience: None,
            grey_photos: Vec::new(),
            small_faces: Vec::new(),
            odd_photos: Vec::new(),
            look_alikes: Vec::new(),
            seconds: 1.5,
        };
        assert_eq!(
            report.changes_in_words(),
            ["not enrolled 1: cy (no usable photo)", "visitor passes: signed by 11-22; 2 revoked"]
        );
        assert_eq!(report.in_words("a.db"), "a.db: 1 person with 2 encodings from 3 photos (1 left out) in 1.5 s");
        assert_eq!(
            to_json(&report).unwrap(),
            concat!(
                r#"{"schema":1,"people":1,"photos":3,"encodings":2,"encoded":1,"kept":2,"skipped":[{"photo":"bo/1.jpg","reason":"no face"}],"#,
                r#""turned":[{"photo":"bo/2.jpg","degrees":180}],"#,
                r#""not_enrolled":[{"name":"cy","reason":"no usable photo"}],"without_face":[],"changes":null,"passes":{"keys":["11-22"],"revoked":2},"#,
                r#""threshold":null,"threshold_grey":null,"calibration":null,"audience":null,"grey_photos":[],"small_faces":[],"odd_photos":[],"look_alikes":[],"seconds":1.5}"#
            )
        );
    }

    #[test]
    fn odd_photos_and_people_are_described() {
        let near = |photo: &str, distance| Near { photo: photo.to_owned(), distance };
        let odd = |nearest_other| OddPhotoReport {
            photo: "bo/3.jpg".to_owned(),
            nearest_own: near("bo/1.jpg", 1.25),
            nearest_other,
        };
        for (odd, expected) in [
            (
                odd(None),
                "wrong photo? bo/3.jpg does not resemble bo/1.jpg (1.250): check which of this person's photos are right",
            ),
            (
                odd(Some(near("cy/1.jpg", 0.5))),
                "wrong photo? bo/3.jpg resembles cy/1.jpg (0.500), not bo/1.jpg (1.250)",
            ),
        ] {
            assert_eq!(odd.in_words(), expected);
        }
        let [people, photos] = [["bo", "cy"], ["bo/1.jpg", "cy/2.jpg"]].map(|pair| pair.map(str::to_owned));
        let alike = "one person twice, or look-alikes? bo and cy: bo/1.jpg and cy/2.jpg are only 0.500 apart. Both must \
                     now show a card";
        for (without_card, end) in [
            (&[][..], ""),
            (&["cy"], ", but cy has none and cannot enter"),
            (&["bo", "cy"], ", but neither has one, so they cannot enter"),
        ] {
            let without_card = without_card.iter().map(|name: &&str| (*name).to_owned()).collect();
            let (people, photos) = (people.clone(), photos.clone());
            let told = LookAlikeReport { people, photos, distance: 0.5, without_card }.in_words();
            assert_eq!(told, format!("{alike}{end}"));
        }
    }
}
