//! The outside of a database file: magic, version, required features, tagged sections, checksum. All numbers are
//! little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `PEOPLEDB` |
//! | 2 | format version |
//! | 8 | required features: a reader refuses a bit that it does not know |
//! | … | sections: 4 bytes tag, 4 bytes length, contents; a reader skips a tag that it does not know |
//! | 4 | CRC-32 (ISO-HDLC) of everything before |

use super::error::{GalleryError, Problem};
use alloc::vec::Vec;
use core::fmt;
use crc::{CRC_32_ISO_HDLC, Crc, Table};

const MAGIC: &[u8; 8] = b"PEOPLEDB";
/// The format version that is written and read.
pub const FORMAT_VERSION: u16 = 1;
/// Required feature: people have hours, in the section `hour`. Whoever does not know it would let them in at all times.
pub(super) const HOURS: u64 = 1 << 2;
/// The required features that this program knows.
const KNOWN_FEATURES: u64 = HOURS;
const PREAMBLE: usize = 8 + 2 + 8;
const SECTION_HEAD: usize = 4 + 4;
const CHECKSUM: usize = 4;

/// Sixteen tables: 10 000 people are checked in 2 ms.
static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(pub(super) [u8; 4]);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// The contents of one section and where in the file they begin.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    pub(super) tag: Tag,
    pub(super) byte: usize,
    pub(super) contents: &'a [u8],
}

/// The sections of a file whose structure and checksum are right.
pub(super) struct Sections<'a> {
    /// The required features of the file.
    pub(super) features: u64,
    file: &'a [u8],
}

impl<'a> Sections<'a> {
    pub(super) fn of(file: &'a [u8]) -> Result<Self, GalleryError> {
        let shown = file.len().min(MAGIC.len());
        if file.is_empty() || file[..shown] != MAGIC[..shown] {
            return Err(GalleryError::NotADatabase);
        }
        let cut_off = |byte, what, wanted| GalleryError::CutOff { byte, what, wanted, left: file.len() - byte };
        let Some((preamble, _)) = file.split_first_chunk::<PREAMBLE>() else {
            return Err(cut_off(0, "the beginning of the file", PREAMBLE as u64));
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
        let Some((body, stored)) = file.split_last_chunk::<CHECKSUM>().filter(|(body, _)| body.len() >= PREAMBLE)
        else {
            return Err(cut_off(PREAMBLE, "the checksum", CHECKSUM as u64));
        };
        let mut byte = PREAMBLE;
        while byte < body.len() {
            let left = body.len() - byte;
            let Some((&[_, _, _, _, l0, l1, l2, l3], _)) = body[byte..].split_first_chunk::<SECTION_HEAD>() else {
                return Err(GalleryError::CutOff {
                    byte,
                    what: "the head of a section",
                    wanted: SECTION_HEAD as u64,
                    left,
                });
            };
            let wanted = SECTION_HEAD as u64 + u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
            if wanted > left as u64 {
                return Err(GalleryError::CutOff { byte, what: "a section", wanted, left });
            }
            byte += wanted as usize;
        }
        let stored = u32::from_le_bytes(*stored);
        let computed = CRC.checksum(body);
        if stored != computed {
            return Err(GalleryError::Checksum { end: body.len(), stored, computed });
        }
        Ok(Self { features, file: body })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Section<'a>> {
        let file = self.file;
        let mut next = PREAMBLE;
        core::iter::from_fn(move || {
            let (&[t0, t1, t2, t3, l0, l1, l2, l3], rest) = file.get(next..)?.split_first_chunk::<SECTION_HEAD>()?;
            let contents = rest.get(..u32::from_le_bytes([l0, l1, l2, l3]) as usize)?;
            let byte = next + SECTION_HEAD;
            next = byte + contents.len();
            Some(Section { tag: Tag([t0, t1, t2, t3]), byte, contents })
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
        self.optional(tag)?.ok_or(Problem::MissingSection(tag).at(self.file.len()))
    }
}

/// A database file in the making.
pub(super) struct SectionWriter {
    file: Vec<u8>,
}

impl SectionWriter {
    pub(super) fn new(features: u64) -> Self {
        let mut file = Vec::new();
        file.extend(MAGIC);
        file.extend(FORMAT_VERSION.to_le_bytes());
        file.extend(features.to_le_bytes());
        Self { file }
    }

    /// Adds what `write` appends as one section.
    pub(super) fn section(
        &mut self,
        tag: Tag,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.file.extend(tag.0);
        let length_at = self.file.len();
        self.file.extend([0; 4]);
        let start = self.file.len();
        write(&mut self.file)?;
        let length = u32::try_from(self.file.len() - start).map_err(|_| Problem::TooMany)?;
        self.file[length_at..start].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let checksum = CRC.checksum(&self.file);
        self.file.extend(checksum.to_le_bytes());
        self.file
    }
}
