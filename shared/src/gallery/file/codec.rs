//! Encodes a people database as file sections, and decodes it. Allocations are bounded by the header and by the length
//! of the file.
//!
//! In a sealed database, all sections except `head`, `door`, `gate` and `grey` are inside the section `body`: see
//! `protection`.
//!
//! | section | contents |
//! |---|---|
//! | `head` | postcard: [`Header`] |
//! | `door` | only with the required feature [`AUDIENCE`]; postcard: which doors may use the database |
//! | `gate` | optional; SHA-256 of the gate that people were enrolled with, 32 bytes |
//! | `grey` | optional; postcard: [`GreyThreshold`], for pictures without colour |
//! | `peop` | postcard, one record per person, with the number of encodings |
//! | `rows` | the integers of all encodings, `dimensions` bytes each, in the order of people |
//! | `from` | 10 bytes per encoding: digest of its photo, stretch of its row (2 bytes, little-endian) |
//! | `made` | postcard, runs of encodings made at the same time: their number, seconds since the previous run |
//! | `plai` | optional if no face is plain; one bit per encoding, lowest first: whether its face is plain |
//! | `card` | optional if nobody has a card; postcard: the key of the card hashes, 32 bytes |
//! | `hour` | only with the required feature [`HOURS`]; postcard: when people may enter, one record per schedule |
//! | `mode` | only with the required feature [`DOOR_HOURS`]; postcard: what doors do at which hours, one record each |
//! | `pass` | optional; postcard: the keys of those who may issue visitor passes, and the revoked passes. A unit without it
//!   accepts no pass |
//! | `like` | optional; postcard, pairs of look-alikes: index, index, L2 distance |

use super::audience_record::AudienceRecord;
use super::sections::{AUDIENCE, DOOR_HOURS, HOURS, Section, SectionWriter, Sections, WITHOUT_FACE};
use crate::card::{CardHash, CardKey};
use crate::gallery::audience::Audience;
use crate::gallery::digests::GateDigest;
use crate::gallery::enrolled::Enrolled;
use crate::gallery::error::{GalleryError, Problem, Tag};
use crate::gallery::header::{GreyThreshold, Header};
use crate::gallery::invariants::{Taken, check_grey, check_header, check_person, require_card_key};
use crate::gallery::name::PersonName;
use crate::gallery::person::{Details, MAX_CARDS, Person};
use crate::gallery::{Gallery, LookAlikes, PhotoDigest};
use crate::mode::Mode;
use crate::pass::{AcceptedPasses, MAX_PASS_ISSUERS, RevokedPass};
use crate::person_id::PersonId;
use crate::schedule::{MAX_GROUPS, Schedules};
use crate::seal::PassIssuer;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(super) const HEAD: Tag = Tag(*b"head");
pub(super) const DOORS: Tag = Tag(*b"door");
pub(super) const GATE: Tag = Tag(*b"gate");
pub(super) const GREY: Tag = Tag(*b"grey");
pub(super) const PEOPLE: Tag = Tag(*b"peop");
pub(super) const ROWS: Tag = Tag(*b"rows");
pub(super) const ORIGINS: Tag = Tag(*b"from");
pub(super) const TIMES: Tag = Tag(*b"made");
pub(super) const PLAIN: Tag = Tag(*b"plai");
pub(super) const CARD_KEY: Tag = Tag(*b"card");
pub(super) const SCHEDULES: Tag = Tag(*b"hour");
pub(super) const DOOR_MODES: Tag = Tag(*b"mode");
pub(super) const PASSES: Tag = Tag(*b"pass");
pub(super) const LOOK_ALIKES: Tag = Tag(*b"like");

const ORIGIN_BYTES: usize = 8 + 2;
/// Smallest record: id, a name of one byte and its length, number of encodings, no details.
const LEAST_PERSON_BYTES: u64 = 16 + 2 + 1 + 1;

#[derive(Serialize, Deserialize)]
struct PersonRecord<'a> {
    id: PersonId,
    name: &'a str,
    encodings: u32,
    #[serde(borrow)]
    details: Option<DetailsRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
struct DetailsRecord<'a> {
    note: &'a str,
    #[serde(borrow)]
    groups: heapless::Vec<&'a str, MAX_GROUPS>,
    mode: Mode,
    valid_from: Option<i64>,
    valid_until: Option<i64>,
    cards: heapless::Vec<CardHash, MAX_CARDS>,
}

#[derive(Serialize, Deserialize)]
struct TimesRecord {
    encodings: u32,
    seconds_later: i64,
}

#[derive(Serialize, Deserialize)]
struct LookAlikesRecord {
    one: u32,
    other: u32,
    distance: f32,
}

#[derive(Serialize, Deserialize)]
struct PassesRecord {
    issuers: heapless::Vec<[u8; 32], MAX_PASS_ISSUERS>,
    revoked: Vec<RevokedPass>,
}

/// Reads the records of one section one after the other.
struct Records<'a> {
    section: Section<'a>,
    left: &'a [u8],
}

impl<'a> Records<'a> {
    fn new(section: Section<'a>) -> Self {
        Self { section, left: section.contents }
    }

    /// Where the next record begins in the file.
    fn byte(&self) -> usize {
        self.section.byte + self.section.contents.len() - self.left.len()
    }

    fn next<T: Deserialize<'a>>(&mut self, what: &'static str) -> Result<T, GalleryError> {
        let (record, left) = postcard::take_from_bytes(self.left).map_err(|_| Problem::Record(what).at(self.byte()))?;
        self.left = left;
        Ok(record)
    }

    fn finish(self) -> Result<(), GalleryError> {
        if self.left.is_empty() { Ok(()) } else { Err(Problem::BytesLeft(self.left.len()).at(self.byte())) }
    }
}

/// The part of a database that can be read without a key.
#[derive(Debug, Clone)]
pub(super) struct Outside {
    pub(super) header: Header,
    pub(super) audience: Option<Audience>,
    pub(super) gate: Option<GateDigest>,
    pub(super) grey: Option<GreyThreshold>,
}

/// Decodes the gallery from the outside and the sections with the records.
pub(super) fn decode_records(outside: &Outside, sections: &Sections<'_>) -> Result<Gallery, GalleryError> {
    let Outside { header, audience, gate, grey } = outside.clone();
    let rows = sections.required(ROWS)?;
    require_length(rows, u64::from(header.encodings) * u64::from(header.dimensions))?;
    let origins = sections.required(ORIGINS)?;
    require_length(origins, u64::from(header.encodings) * ORIGIN_BYTES as u64)?;
    let card_key = sections.optional(CARD_KEY)?.map(|section| decode_one(section, "key of the cards")).transpose()?;
    let card_key = card_key.map(Zeroizing::new);
    let records = sections.required(PEOPLE)?;
    let people = decode_people(records, &header, card_key.as_deref())?;
    if people.iter().any(is_without_face) != (sections.features & WITHOUT_FACE != 0) {
        return Err(Problem::PeopleWithoutFace.at(records.byte));
    }

    let mut enrolled = Enrolled::new(usize::from(header.dimensions));
    enrolled.reserve(header.encodings as usize);
    for (owner, person) in people.iter().enumerate() {
        // Not truncated: there are at most u32::MAX people.
        enrolled.push_owner(owner as u32, person.encodings.len());
    }
    decode_times(sections.required(TIMES)?, &header, &mut enrolled)?;
    let dimensions = usize::from(header.dimensions);
    for (index, origin) in origins.contents.as_chunks::<ORIGIN_BYTES>().0.iter().enumerate() {
        let [photo @ .., s0, s1] = *origin;
        let row = &rows.contents[index * dimensions..][..dimensions];
        enrolled
            .push_row(row, u16::from_le_bytes([s0, s1]), PhotoDigest(photo))
            .ok_or(Problem::NotAnEncoding(index).at(rows.byte + index * dimensions))?;
    }
    decode_plain(sections, &header, &mut enrolled)?;
    let look_alikes = match sections.optional(LOOK_ALIKES)? {
        Some(section) => decode_look_alikes(section, people.len())?,
        None => Vec::new(),
    };
    let schedules = decode_schedules(sections)?;
    let passes = sections.optional(PASSES)?.map_or(Ok(AcceptedPasses::NONE), decode_passes)?;
    Ok(Gallery { header, audience, gate, grey, people, enrolled, look_alikes, schedules, card_key, passes })
}

fn require_length(section: Section<'_>, expected: u64) -> Result<(), GalleryError> {
    let found = section.contents.len();
    if found as u64 == expected {
        return Ok(());
    }
    Err(Problem::SectionLength { tag: section.tag, expected, found }.at(section.byte))
}

/// # Errors
/// If a section is missing, duplicated or invalid.
pub(super) fn decode_outside(sections: &Sections<'_>) -> Result<Outside, GalleryError> {
    Ok(Outside {
        header: decode_header(sections.required(HEAD)?)?,
        audience: decode_audience(sections)?,
        gate: sections.optional(GATE)?.map(|section| decode_one(section, "digest of the gate")).transpose()?,
        grey: sections.optional(GREY)?.map(decode_grey).transpose()?,
    })
}

fn decode_grey(section: Section<'_>) -> Result<GreyThreshold, GalleryError> {
    let grey = decode_one(section, "threshold for grey")?;
    check_grey(&grey).map_err(|problem| problem.at(section.byte))?;
    Ok(grey)
}

fn decode_header(section: Section<'_>) -> Result<Header, GalleryError> {
    let header = decode_one(section, "header")?;
    check_header(&header).map_err(|problem| problem.at(section.byte))?;
    Ok(header)
}

fn decode_audience(sections: &Sections<'_>) -> Result<Option<Audience>, GalleryError> {
    let Some(section) = announced(sections, DOORS, AUDIENCE)? else { return Ok(None) };
    let record: AudienceRecord<'_> = decode_one(section, "doors that may use the database")?;
    record.checked().map(Some).map_err(|problem| problem.at(section.byte))
}

/// A section that must occur if and only if this required feature is set.
fn announced<'a>(sections: &Sections<'a>, tag: Tag, feature: u64) -> Result<Option<Section<'a>>, GalleryError> {
    if sections.features & feature != 0 {
        return sections.required(tag).map(Some);
    }
    match sections.optional(tag)? {
        Some(section) => Err(Problem::Unannounced(tag).at(section.byte)),
        None => Ok(None),
    }
}

/// Decodes the only record of a section.
fn decode_one<'a, T: Deserialize<'a>>(section: Section<'a>, what: &'static str) -> Result<T, GalleryError> {
    let mut records = Records::new(section);
    let record = records.next(what)?;
    records.finish()?;
    Ok(record)
}

fn decode_people(
    section: Section<'_>,
    header: &Header,
    card_key: Option<&CardKey>,
) -> Result<Vec<Person>, GalleryError> {
    let least = u64::from(header.people) * LEAST_PERSON_BYTES;
    if least > section.contents.len() as u64 {
        let problem = Problem::SectionLength { tag: PEOPLE, expected: least, found: section.contents.len() };
        return Err(problem.at(section.byte));
    }
    let mut people = Vec::with_capacity(header.people as usize);
    let mut taken = Taken::default();
    let mut records = Records::new(section);
    let mut encodings = 0_usize;
    for _ in 0..header.people {
        let byte = records.byte();
        let record: PersonRecord<'_> = records.next("record of a person")?;
        let person = person_of(record, encodings).map_err(|problem| problem.at(byte))?;
        require_card_key(card_key, &person.name, &person.details).map_err(|problem| problem.at(byte))?;
        taken.take(person.id, &person.name, &person.details.cards).map_err(|problem| problem.at(byte))?;
        encodings = person.encodings.end;
        people.push(person);
    }
    records.finish()?;
    if encodings as u64 != u64::from(header.encodings) {
        let problem = Problem::EncodingsOfNobody { claimed: encodings as u64, stored: header.encodings };
        return Err(problem.at(section.byte));
    }
    Ok(people)
}

fn person_of(record: PersonRecord<'_>, first_encoding: usize) -> Result<Person, Problem> {
    let name = PersonName::parse(record.name).map_err(|source| Problem::Name { name: record.name.into(), source })?;
    if name.as_str() != record.name {
        return Err(Problem::NameForm(record.name.into()));
    }
    let details = record.details.map_or_else(Details::default, |details| Details {
        note: details.note.into(),
        groups: details.groups.iter().map(|group| String::from(*group)).collect(),
        mode: details.mode,
        valid_from: details.valid_from,
        valid_until: details.valid_until,
        cards: details.cards.iter().copied().collect(),
    });
    let count = record.encodings as usize;
    check_person(&name, &details, count)?;
    let end = first_encoding.checked_add(count).ok_or(Problem::TooMany)?;
    Ok(Person { id: record.id, name, details, encodings: first_encoding..end })
}

fn decode_times(section: Section<'_>, header: &Header, enrolled: &mut Enrolled) -> Result<(), GalleryError> {
    let mut records = Records::new(section);
    let mut left = header.encodings;
    let mut made_at = 0_i64;
    while left > 0 {
        let byte = records.byte();
        let unreadable = || Problem::Record("times at which encodings were made").at(byte);
        let run: TimesRecord = records.next("times at which encodings were made")?;
        left = left.checked_sub(run.encodings).filter(|_| run.encodings > 0).ok_or_else(unreadable)?;
        made_at = made_at.checked_add(run.seconds_later).ok_or_else(unreadable)?;
        enrolled.push_made_at(made_at, run.encodings as usize);
    }
    records.finish()
}

fn decode_plain(sections: &Sections<'_>, header: &Header, enrolled: &mut Enrolled) -> Result<(), GalleryError> {
    let encodings = header.encodings as usize;
    let Some(section) = sections.optional(PLAIN)? else {
        enrolled.push_plain(core::iter::repeat_n(false, encodings));
        return Ok(());
    };
    require_length(section, u64::from(header.encodings).div_ceil(8))?;
    let bits = || section.contents.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    if bits().skip(encodings).any(|bit| bit) {
        return Err(Problem::Record("mark of a plain face").at(section.byte));
    }
    enrolled.push_plain(bits().take(encodings));
    Ok(())
}

fn decode_look_alikes(section: Section<'_>, people: usize) -> Result<Vec<LookAlikes>, GalleryError> {
    let mut records = Records::new(section);
    let mut pairs = Vec::new();
    while !records.left.is_empty() {
        let byte = records.byte();
        let record: LookAlikesRecord = records.next("pair of look-alikes")?;
        let pair = LookAlikes { one: record.one as usize, other: record.other as usize, distance: record.distance };
        pair.check(people).map_err(|problem| problem.at(byte))?;
        pairs.push(pair);
    }
    Ok(pairs)
}

fn decode_schedules(sections: &Sections<'_>) -> Result<Schedules, GalleryError> {
    let mut schedules = Schedules::default();
    if let Some(section) = announced(sections, SCHEDULES, HOURS)? {
        let people = decode_all(section, "schedule")?;
        schedules = Schedules::new(people).map_err(|error| Problem::from(error).at(section.byte))?;
    }
    let Some(section) = announced(sections, DOOR_MODES, DOOR_HOURS)? else { return Ok(schedules) };
    let doors = decode_all(section, "hours of a door")?;
    schedules.with_doors(doors).map_err(|error| Problem::from(error).at(section.byte))
}

/// Decodes all records of a section.
fn decode_all<'a, T: Deserialize<'a>>(section: Section<'a>, what: &'static str) -> Result<Vec<T>, GalleryError> {
    let mut records = Records::new(section);
    let mut all = Vec::new();
    while !records.left.is_empty() {
        all.push(records.next(what)?);
    }
    Ok(all)
}

fn decode_passes(section: Section<'_>) -> Result<AcceptedPasses, GalleryError> {
    let unsound = || Problem::Passes.at(section.byte);
    let PassesRecord { issuers, revoked } = decode_one(section, "record of passes")?;
    let keys = issuers.iter().map(PassIssuer::from_bytes).collect::<Option<Vec<_>>>().ok_or_else(unsound)?;
    let passes = AcceptedPasses::new(keys.clone(), revoked.clone()).ok_or_else(unsound)?;
    // Exactly one file has these contents.
    let is_in_order = passes.issuers() == keys && passes.revoked() == revoked && !passes.is_empty();
    if is_in_order { Ok(passes) } else { Err(unsound()) }
}

/// The features that a reader of this gallery must support.
pub(super) fn required_features(gallery: &Gallery) -> u64 {
    let hours = if gallery.schedules.iter().next().is_none() { 0 } else { HOURS };
    let door_hours = if gallery.schedules.doors().is_empty() { 0 } else { DOOR_HOURS };
    let audience = if gallery.audience.is_none() { 0 } else { AUDIENCE };
    let without_face = if gallery.people.iter().any(is_without_face) { WITHOUT_FACE } else { 0 };
    hours | door_hours | audience | without_face
}

fn is_without_face(person: &Person) -> bool {
    person.encodings.is_empty()
}

/// What can be read without a key.
pub(super) fn encode_outside(file: &mut SectionWriter, gallery: &Gallery) -> Result<(), Problem> {
    file.section(HEAD, |out| append(out, &gallery.header, "header"))?;
    if let Some(audience) = &gallery.audience {
        file.section(DOORS, |out| append(out, &AudienceRecord::new(audience), "doors that may use the database"))?;
    }
    if let Some(gate) = &gallery.gate {
        file.section(GATE, |out| append(out, gate, "digest of the gate"))?;
    }
    let Some(grey) = &gallery.grey else { return Ok(()) };
    file.section(GREY, |out| append(out, grey, "threshold for grey"))
}

pub(super) fn encode_records(file: &mut SectionWriter, gallery: &Gallery) -> Result<(), Problem> {
    file.section(PEOPLE, |out| gallery.people.iter().try_for_each(|person| encode_person(out, person)))?;
    file.section(ROWS, |out| {
        gallery.enrolled.iter().for_each(|encoding| out.extend(encoding.numbers.iter().map(|&z| z as u8)));
        Ok(())
    })?;
    file.section(ORIGINS, |out| {
        for (photo, stretch) in gallery.enrolled.origins() {
            out.extend(photo.0);
            out.extend(stretch.to_le_bytes());
        }
        Ok(())
    })?;
    file.section(TIMES, |out| {
        let mut before = 0;
        for run in gallery.enrolled.made_at().chunk_by(|a, b| a == b) {
            let encodings = u32::try_from(run.len()).map_err(|_| Problem::TooMany)?;
            let seconds_later = run[0].checked_sub(before).ok_or(Problem::TimeApart)?;
            append(out, &TimesRecord { encodings, seconds_later }, "times at which encodings were made")?;
            before = run[0];
        }
        Ok(())
    })?;
    let plain = gallery.enrolled.plain();
    if plain.contains(&true) {
        file.section(PLAIN, |out| {
            let byte = |eight: &[bool]| eight.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
            out.extend(plain.chunks(8).map(byte));
            Ok(())
        })?;
    }
    if let Some(key) = &gallery.card_key {
        file.section(CARD_KEY, |out| append(out, &**key, "key of the cards"))?;
    }
    if gallery.schedules.iter().next().is_some() {
        file.section(SCHEDULES, |out| {
            gallery.schedules.iter().try_for_each(|schedule| append(out, schedule, "schedule"))
        })?;
    }
    let doors = gallery.schedules.doors();
    if !doors.is_empty() {
        file.section(DOOR_MODES, |out| doors.iter().try_for_each(|hours| append(out, hours, "hours of a door")))?;
    }
    if !gallery.passes.is_empty() {
        file.section(PASSES, |out| {
            let record = PassesRecord {
                issuers: gallery.passes.issuers().iter().map(|issuer| *issuer.as_bytes()).collect(),
                revoked: gallery.passes.revoked().to_vec(),
            };
            append(out, &record, "record of passes")
        })?;
    }
    if !gallery.look_alikes.is_empty() {
        file.section(LOOK_ALIKES, |out| {
            gallery.look_alikes.iter().try_for_each(|pair| {
                let record =
                    LookAlikesRecord { one: pair.one as u32, other: pair.other as u32, distance: pair.distance };
                append(out, &record, "pair of look-alikes")
            })
        })?;
    }
    Ok(())
}

/// An upper bound of the bytes that [`encode_records`] writes, so that the buffer never grows and leaves a copy behind.
pub(super) fn most_bytes(gallery: &Gallery) -> usize {
    let person = |person: &Person| {
        let Details { note, groups, cards, .. } = &person.details;
        let groups: usize = groups.iter().map(|group| group.len() + 2).sum();
        16 + person.name.as_str().len() + note.len() + groups + cards.len() * 17 + 64
    };
    let each = usize::from(gallery.header.dimensions) + ORIGIN_BYTES + 15;
    let people: usize = gallery.people.iter().map(person).sum();
    let passes = gallery.passes.issuers().len() * 32 + gallery.passes.revoked().len() * 16;
    people
        + gallery.encoding_count() * each
        + gallery.look_alikes.len() * 14
        + gallery.schedules.most_bytes()
        + passes
        + 256
}

fn encode_person(out: &mut Vec<u8>, person: &Person) -> Result<(), Problem> {
    let Person { id, name, details, encodings } = person;
    let full = |_| Problem::Record("record of a person");
    let mut record = PersonRecord {
        id: *id,
        name: name.as_str(),
        encodings: u32::try_from(encodings.len()).map_err(|_| Problem::TooMany)?,
        details: None,
    };
    if *details != Details::default() {
        record.details = Some(DetailsRecord {
            note: &details.note,
            groups: details.groups.iter().map(String::as_str).collect(),
            mode: details.mode,
            valid_from: details.valid_from,
            valid_until: details.valid_until,
            cards: heapless::Vec::from_slice(&details.cards).map_err(full)?,
        });
    }
    append(out, &record, "record of a person")
}

fn append<T: Serialize>(out: &mut Vec<u8>, record: &T, what: &'static str) -> Result<(), Problem> {
    *out = postcard::to_extend(record, core::mem::take(out)).map_err(|_| Problem::Record(what))?;
    Ok(())
}
