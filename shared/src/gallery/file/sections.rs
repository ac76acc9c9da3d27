//! The outer structure of a database file: magic, version, required features, tagged sections, checksum. All numbers
//! are little-endian.
//!
//! | bytes | contents |
//! |---|---|
//! | 8 | `PEOPLEDB` |
//! | 2 | format version |
//! | 8 | required features: a reader refuses a bit that it does not know |
//! | … | sections: 4 bytes tag, 4 bytes length, contents; a reader skips a tag that it does not know |
//! | 4 | CRC-32 (ISO-HDLC) of everything before |

use crate::gallery::error::require_size;
use crate::gallery::error::{GalleryError, Problem, Tag};
use alloc::vec::Vec;
use crc::{CRC_32_ISO_HDLC, Crc, Table};

const MAGIC: &[u8; 8] = b"PEOPLEDB";
/// The format version that is written and read.
pub const FORMAT_VERSION: u16 = 1;
/// Required feature: the last section is a signature over everything before it.
pub(super) const SIGNED: u64 = 1;
/// Required feature: the records are in the section `body`, encrypted for the recipients in the section `seal`.
pub(super) const SEALED: u64 = 1 << 1;
/// Required feature: people have hours, in the section `hour`. A reader without it would let them in at all times.
pub(super) const HOURS: u64 = 1 << 2;
/// Required feature: the section `door` says which doors may use the database. A unit without it would accept the
/// database of another door.
pub(super) const AUDIENCE: u64 = 1 << 3;
/// Required feature: somebody is enrolled without a face. A reader without it would refuse that person's record.
pub(super) const WITHOUT_FACE: u64 = 1 << 4;
/// Required feature: doors ask for other credentials at certain hours, or are held open, by the section `mode`. A unit
/// without it would ask for fewer.
pub(super) const DOOR_HOURS: u64 = 1 << 5;
/// The required features that this program supports.
const KNOWN_FEATURES: u64 = SIGNED | SEALED | HOURS | AUDIENCE | WITHOUT_FACE | DOOR_HOURS;
const PREAMBLE: usize = 8 + 2 + 8;
/// Number of bytes that [`require_beginning`] needs.
pub const BEGINNING_BYTES: usize = PREAMBLE;
const SECTION_HEAD: usize = 4 + 4;
const CHECKSUM: usize = 4;

/// With sixteen tables, 10 000 people are checked in 2 ms.
static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// The contents of one section and where in the file they begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'a> {
    pub(super) tag: Tag,
    pub(super) byte: usize,
    pub(super) contents: &'a [u8],
}

/// Checks the first [`BEGINNING_BYTES`] of a file (or all, if it is shorter), before the rest is read: magic, format
/// version and required features.
///
/// # Errors
/// If it is not a people database, or its version or a required feature is not supported.
pub fn require_beginning(file: &[u8]) -> Result<(), GalleryError> {
    features(file).map(drop)
}

/// The required features that a file names at its beginning.
fn features(file: &[u8]) -> Result<u64, GalleryError> {
    let shown = file.len().min(MAGIC.len());
    if file.is_empty() || file[..shown] != MAGIC[..shown] {
        return Err(GalleryError::NotADatabase);
    }
    let Some((preamble, _)) = file.split_first_chunk::<PREAMBLE>() else {
        let what = "the beginning of the file";
        return Err(GalleryError::CutOff { byte: 0, what, wanted: PREAMBLE as u64, left: file.len() });
    };
    let [.., v0, v1, f0, f1, f2, f3, f4, f5, f6, f7] = *preamble;
    let found = u16::from_le_bytes([v0, v1]);
    if found != FORMAT_VERSION {
        return Err(GalleryError::Version { supported: FORMAT_VERSION, found });
    }
    let features = u64::from_le_bytes([f0, f1, f2, f3, f4, f5, f6, f7]);
    let unknown = features & !KNOWN_FEATURES;
    if unknown != 0 {
        return Err(GalleryError::Features { unknown });
    }
    Ok(features)
}

/// Sections with a valid structure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sections<'a> {
    /// The required features of the file.
    pub(super) features: u64,
    bytes: &'a [u8],
    /// Where in the file the first section begins.
    first: usize,
}

impl<'a> Sections<'a> {
    /// Parses a file and verifies its checksum.
    pub(super) fn parse(file: &'a [u8]) -> Result<Self, GalleryError> {
        require_size(file.len() as u64)?;
        let features = features(file)?;
        let cut_off = |byte, what, wanted| GalleryError::CutOff { byte, what, wanted, left: file.len() - byte };
        let Some((body, stored)) = file.split_last_chunk::<CHECKSUM>().filter(|(body, _)| body.len() >= PREAMBLE)
        else {
            return Err(cut_off(PREAMBLE, "the checksum", CHECKSUM as u64));
        };
        let sections = Self::within(features, &body[PREAMBLE..], PREAMBLE)?;
        let stored = u32::from_le_bytes(*stored);
        let computed = CRC.checksum(body);
        if stored != computed {
            return Err(GalleryError::Checksum { end: body.len(), stored, computed });
        }
        Ok(sections)
    }

    /// Parses bytes that consist of sections only and begin at `first` in the file.
    pub(super) fn within(features: u64, bytes: &'a [u8], first: usize) -> Result<Self, GalleryError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let left = rest.len();
            let cut_off = |what, wanted| GalleryError::CutOff { byte: first + bytes.len() - left, what, wanted, left };
            let Some((&[_, _, _, _, l0, l1, l2, l3], contents)) = rest.split_first_chunk::<SECTION_HEAD>() else {
                return Err(cut_off("the head of a section", SECTION_HEAD as u64));
            };
            let length = u32::from_le_bytes([l0, l1, l2, l3]);
            let wanted = SECTION_HEAD as u64 + u64::from(length);
            rest = contents.get(length as usize..).ok_or(cut_off("a section", wanted))?;
        }
        Ok(Self { features, bytes, first })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Section<'a>> {
        let Self { bytes, first, .. } = *self;
        let mut next = 0;
        core::iter::from_fn(move || {
            let (&[t0, t1, t2, t3, l0, l1, l2, l3], rest) = bytes.get(next..)?.split_first_chunk::<SECTION_HEAD>()?;
            let contents = rest.get(..u32::from_le_bytes([l0, l1, l2, l3]) as usize)?;
            let start = next + SECTION_HEAD;
            next = start + contents.len();
            Some(Section { tag: Tag([t0, t1, t2, t3]), byte: first + start, contents })
        })
    }

    pub(super) fn optional(&self, tag: Tag) -> Result<Option<Section<'a>>, GalleryError> {
        let mut found = self.iter().filter(|section| section.tag == tag);
        let first = found.next();
        match found.next() {
            Some(second) => Err(Problem::SecondSection(tag).at(second.byte)),
            None => Ok(first),
        }
    }

    pub(super) fn required(&self, tag: Tag) -> Result<Section<'a>, GalleryError> {
        self.optional(tag)?.ok_or(Problem::MissingSection(tag).at(self.first + self.bytes.len()))
    }
}

/// Writes sections.
pub(super) struct SectionWriter {
    bytes: Vec<u8>,
}

impl SectionWriter {
    /// Begins a database file.
    pub(super) fn file(features: u64) -> Self {
        let mut bytes = Vec::new();
        bytes.extend(MAGIC);
        bytes.extend(FORMAT_VERSION.to_le_bytes());
        bytes.extend(features.to_le_bytes());
        Self { bytes }
    }

    /// Begins sections without the head of a file.
    pub(super) fn within(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    /// The bytes so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Begins a section of this length; the contents follow with [`SectionWriter::extend`].
    pub(super) fn begin(&mut self, tag: Tag, length: usize) -> Result<(), Problem> {
        self.bytes.extend(tag.0);
        self.bytes.extend(u32::try_from(length).map_err(|_| Problem::TooMany)?.to_le_bytes());
        Ok(())
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds a section with the contents that `write` appends.
    pub(super) fn section(
        &mut self,
        tag: Tag,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.bytes.extend(tag.0);
        let length_at = self.bytes.len();
        self.bytes.extend([0; 4]);
        let start = self.bytes.len();
        write(&mut self.bytes)?;
        let length = u32::try_from(self.bytes.len() - start).map_err(|_| Problem::TooMany)?;
        self.bytes[length_at..start].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let checksum = CRC.checksum(&self.bytes);
        self.bytes.extend(checksum.to_le_bytes());
        self.bytes
    }
}
