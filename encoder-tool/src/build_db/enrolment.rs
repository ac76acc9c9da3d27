//! Encodes the photos of the roster, and sorts out who can be enrolled.

use super::duplicates::{Outcome, leave_out_duplicates};
use super::encode::{Encoder, Origin};
use super::encoded::Encoded;
use super::quality::LeftOut;
use super::report::{NotEnrolled, Skipped, TurnedPhoto};
use super::roster::Member;
use super::write::{Enrolled, EnrolledPhoto};
use crate::photo_folders::{Folder, Photo};
use anyhow::Context;
use models::Recogniser;
use shared::gallery::{MAX_ENCODINGS_OF_PERSON, Mode, NewEncoding};
use terminal::Help;

/// People to enrol with their photos, and the people and photos that are left out.
pub(crate) struct Enrolment {
    pub(crate) enrolled: Vec<Enrolled>,
    pub(crate) not_enrolled: Vec<NotEnrolled>,
    /// People who should have a face and are enrolled with a card only.
    pub(crate) without_face: Vec<NotEnrolled>,
    /// People whose data may not be stored. They are among those who are not enrolled.
    pub(crate) withheld: Vec<Member>,
    /// Photos that were left out.
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) turned: Vec<TurnedPhoto>,
    /// Number of all photos.
    pub(crate) photos: usize,
    /// Number of photos that the networks examined.
    pub(crate) encoded: usize,
    /// Number of photos that an earlier run examined.
    pub(crate) kept: usize,
}

impl Enrolment {
    /// Encodes the photos on every core. `now` is in Unix seconds. The photos of people who may not be stored, or enter
    /// by card alone, are not encoded, and what the cache holds of them is erased.
    ///
    /// # Errors
    /// If the cache cannot be erased.
    pub(super) fn from_photos(
        encoder: &Encoder,
        folders: &[Folder],
        members: Vec<Member>,
        recogniser: &Recogniser,
        now: i64,
        quiet: bool,
    ) -> anyhow::Result<Self> {
        let (withheld, members): (Vec<Member>, Vec<Member>) =
            members.into_iter().partition(|member| member.retention.objection(now).is_some());
        let by_card_alone = members.iter().filter(|member| member.details.mode == Mode::Card);
        let without_encoding = withheld.iter().chain(by_card_alone).filter_map(|member| member.folder);
        encoder
            .erase_kept(without_encoding.flat_map(|folder| &folders[folder].photos))
            .context("the cache may hold encodings of people who may not be stored, which cannot be erased")
            .help("erase the cache with `encoder-tool cache clear`")?;
        let (owners, photos): (Vec<usize>, Vec<Photo>) = members
            .iter()
            .enumerate()
            .filter(|(_, member)| member.details.mode != Mode::Card)
            .flat_map(|(member, Member { folder, .. })| folder.iter().map(move |&folder| (member, folder)))
            .flat_map(|(member, folder)| folders[folder].photos.iter().map(move |photo| (member, photo.clone())))
            .unzip();
        let (results, origins): (Vec<_>, Vec<Origin>) =
            encoder.encode_all(recogniser, &photos, quiet).into_iter().unzip();
        let count = |wanted| origins.iter().filter(|&&origin| origin == wanted).count();
        let mut outcomes: Vec<Outcome<'_>> = (owners.into_iter().zip(&photos).zip(results))
            .map(|((member, photo), result)| Outcome { member, shown: &photo.shown, result })
            .collect();
        leave_out_duplicates(&mut outcomes);
        let turned = outcomes.iter().filter_map(TurnedPhoto::from_outcome).collect();
        let (kept, mut skipped) = sort_out(outcomes, members.len(), now);
        skipped.extend(of_card_holders(&members, folders));
        let (enrolled, mut not_enrolled) = with_face_or_card(members, kept);
        let objections = withheld.iter().filter_map(|member| {
            Some(NotEnrolled { name: member.name.to_string(), reason: member.retention.objection(now)? })
        });
        not_enrolled.extend(objections);
        let faceless = enrolled.iter().filter(|person| person.photos.is_empty());
        let without_face = faceless.filter(|person| person.member.details.mode != Mode::Card);
        let without_face = without_face.map(|person| NotEnrolled::new(&person.member)).collect();
        Ok(Self {
            enrolled,
            not_enrolled,
            without_face,
            withheld,
            skipped,
            turned,
            photos: photos.len(),
            encoded: count(Origin::Encoded),
            kept: count(Origin::Kept),
        })
    }

    /// Enrolled photos without colour.
    pub(super) fn grey_photos(&self) -> Vec<String> {
        let photos = self.enrolled.iter().flat_map(|person| &person.photos);
        photos.filter(|photo| photo.is_grey).map(|photo| photo.shown.clone()).collect()
    }

    /// People with a face who have not been informed.
    pub(super) fn not_informed(&self) -> impl Iterator<Item = &Member> {
        let with_face = self.enrolled.iter().filter(|person| !person.photos.is_empty());
        with_face.map(|person| &person.member).filter(|member| !member.retention.is_informed)
    }

    /// People whose mode requires a card and who have none.
    pub(super) fn without_their_card(&self) -> impl Iterator<Item = &Member> {
        let members = self.enrolled.iter().map(|person| &person.member);
        members.filter(|member| member.details.mode == Mode::CardAndFace && member.cards.is_empty())
    }
}

/// People with a usable photo or a card that may be enough, and the others.
fn with_face_or_card(members: Vec<Member>, kept: Vec<Vec<EnrolledPhoto>>) -> (Vec<Enrolled>, Vec<NotEnrolled>) {
    let people = members.into_iter().zip(kept).map(|(member, photos)| Enrolled { member, photos });
    let (enrolled, others): (Vec<Enrolled>, Vec<Enrolled>) = people.partition(|Enrolled { member, photos }| {
        let needs_face = matches!(member.details.mode, Mode::Face | Mode::CardAndFace);
        !photos.is_empty() || !member.cards.is_empty() && !needs_face
    });
    (enrolled, others.iter().map(|person| NotEnrolled::new(&person.member)).collect())
}

/// Photos of people who enter by card alone: they are not encoded.
fn of_card_holders(members: &[Member], folders: &[Folder]) -> Vec<Skipped> {
    let holders = members.iter().filter(|member| member.details.mode == Mode::Card);
    let photos = holders.filter_map(|member| member.folder).flat_map(|folder| &folders[folder].photos);
    let reason = "this person enters by card alone, so the photo is not needed: delete it";
    photos.map(|photo| Skipped { photo: photo.shown.clone(), reason: reason.to_owned() }).collect()
}

/// The photos to enrol of each member, and the photos that are left out.
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
            Ok(Encoded { digest, encoding, is_plain, is_grey, face, portrait }) => {
                let new = NewEncoding { encoding, photo: digest, made_at: now, is_plain };
                of_member.push(EnrolledPhoto { shown: shown.to_owned(), new, is_grey, face, portrait });
            }
            Err(reason) => skipped.push(Skipped { photo: shown.to_owned(), reason: reason.to_string() }),
        }
    }
    (kept, skipped)
}
