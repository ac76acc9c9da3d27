//! Reads the drawing of a format: one letter for each bit.

use super::{MAX_FRAME_BITS, MIN_FRAME_BITS};
use heapless::Vec;

/// Smallest number of bits of a card's number: fewer are guessed at the door.
const MIN_NUMBER_BITS: u32 = 16;

/// Largest number of parity bits.
pub(super) const MAX_PARITY_BITS: usize = 8;

/// A parity bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parity {
    /// Its place.
    pub(super) bit: usize,
    /// The bits that it covers, with itself.
    pub(super) covers: u64,
    /// Whether the number of ones among these is odd.
    pub(super) is_odd: bool,
}

/// Why a drawing is not a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrawingError {
    /// The frame is too short or too long.
    #[error("fields has {bits} letters: a frame has {MIN_FRAME_BITS} to {MAX_FRAME_BITS} bits, one letter each")]
    Length {
        /// Number of letters.
        bits: usize,
    },
    /// The fields contain another letter.
    #[error(
        "fields contains {letter:?}: write F for the facility code, N for the number, P for parity, . for other bits"
    )]
    Field {
        /// The letter.
        letter: char,
    },
    /// A drawing of a parity bit contains another letter.
    #[error("parity contains {letter:?}: write E or O for the parity bit, X for the bits that it covers, . for others")]
    Parity {
        /// The letter.
        letter: char,
    },
    /// A drawing of a parity bit has another length than the frame.
    #[error("a drawing in parity has {found} letters, but fields has {bits}")]
    OtherLength {
        /// Its number of letters.
        found: usize,
        /// Number of letters of the fields.
        bits: usize,
    },
    /// A drawing does not have exactly one parity bit.
    #[error("a drawing in parity has {found} parity bits: each has one, E (even) or O (odd)")]
    NotOneBit {
        /// How many it has.
        found: u32,
    },
    /// The drawings' parity bits are not those of the fields.
    #[error(
        "the parity bits (P in fields) are not those of the drawings in parity: each P needs one drawing with its E or O"
    )]
    OtherBits,
    /// There are too many drawings.
    #[error("there are more than {MAX_PARITY_BITS} drawings in parity")]
    TooMany,
    /// A parity bit covers one that is listed later, so no frame can be made.
    #[error("a parity bit covers another one that is listed after it: list a parity bit before those that cover it")]
    Order,
    /// A parity bit covers nothing.
    #[error("a parity bit covers no other bit: mark these with X")]
    CoversNothing,
    /// The number is too short.
    #[error(
        "facility code and number (F and N) have {bits} bits together: fewer than {MIN_NUMBER_BITS} are easily guessed"
    )]
    FewBits {
        /// Number of bits.
        bits: u32,
    },
    /// The bytes of the number cannot be reversed.
    #[error(
        "byte-order cannot be \"least-significant-first\": facility code and number have {bits} bits, not whole bytes"
    )]
    PartOfAByte {
        /// Number of bits of the number.
        bits: u32,
    },
}

/// What a drawing says.
pub(super) struct Drawn {
    pub(super) bits: usize,
    pub(super) facility: u64,
    pub(super) number: u64,
    pub(super) parity: Vec<Parity, MAX_PARITY_BITS>,
}

/// Reads the drawings of a format's fields and its parity bits.
pub(super) fn parse(fields: &str, parity: &[&str]) -> Result<Drawn, DrawingError> {
    let bits = fields.chars().count();
    if !(MIN_FRAME_BITS..=MAX_FRAME_BITS).contains(&bits) {
        return Err(DrawingError::Length { bits });
    }
    let [mut facility, mut number, mut parity_bits] = [0_u64; 3];
    for (bit, letter) in fields.chars().enumerate() {
        match letter {
            'F' => facility |= 1 << bit,
            'N' => number |= 1 << bit,
            'P' => parity_bits |= 1 << bit,
            '.' => {}
            letter => return Err(DrawingError::Field { letter }),
        }
    }
    let parity = all_parity(parity, bits)?;
    let mut drawn = 0;
    for rule in parity.iter().rev() {
        if rule.covers & drawn != 0 {
            return Err(DrawingError::Order);
        }
        drawn |= 1 << rule.bit;
    }
    if drawn != parity_bits || parity.len() as u32 != parity_bits.count_ones() {
        return Err(DrawingError::OtherBits);
    }
    match facility.count_ones() + number.count_ones() {
        bits if bits < MIN_NUMBER_BITS => Err(DrawingError::FewBits { bits }),
        _ => Ok(Drawn { bits, facility, number, parity }),
    }
}

fn all_parity(drawings: &[&str], bits: usize) -> Result<Vec<Parity, MAX_PARITY_BITS>, DrawingError> {
    let mut parity = Vec::new();
    for drawing in drawings {
        parity.push(one_parity(drawing, bits)?).map_err(|_| DrawingError::TooMany)?;
    }
    Ok(parity)
}

fn one_parity(drawing: &str, bits: usize) -> Result<Parity, DrawingError> {
    let length = drawing.chars().count();
    if length != bits {
        return Err(DrawingError::OtherLength { found: length, bits });
    }
    let mut parity = Parity { bit: 0, covers: 0, is_odd: false };
    let mut found = 0;
    for (bit, letter) in drawing.chars().enumerate() {
        match letter {
            'X' => {}
            'E' | 'O' => {
                (parity.bit, parity.is_odd) = (bit, letter == 'O');
                found += 1;
            }
            '.' => continue,
            letter => return Err(DrawingError::Parity { letter }),
        }
        parity.covers |= 1 << bit;
    }
    match (found, parity.covers.count_ones()) {
        (1, 1) => Err(DrawingError::CoversNothing),
        (1, _) => Ok(parity),
        _ => Err(DrawingError::NotOneBit { found }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ByteOrder, KNOWN_WIEGAND_FORMATS, WiegandFormat};
    use super::*;

    #[test]
    fn every_known_format_is_a_drawing_whose_parity_covers_all() {
        for (name, fields, parity) in KNOWN_WIEGAND_FORMATS {
            let format = WiegandFormat::drawn(fields, parity, ByteOrder::default());
            let format = format.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((format.bits(), format.uncovered_bits()), (fields.len(), 0), "{name}");
            assert_eq!(WiegandFormat::known(name), Some(format));
        }
        assert_eq!(WiegandFormat::known("26"), None);
    }

    #[test]
    fn drawings_are_formats_or_refused() {
        use DrawingError::*;
        const PLAIN: &str = "FFFFFFFFNNNNNNNNNNNNNNNNPP";
        let even = "XXXXXXXXXXXX............E.";
        let odd = "............XXXXXXXXXXXX.O";
        for (fields, parity, expected) in [
            (PLAIN, &[even, odd][..], None),
            (PLAIN, &[odd, even], None),
            (&PLAIN.replace('P', "."), &[], None),
            (&PLAIN[1..], &[], Some(Length { bits: 25 })),
            (&"N".repeat(65), &[], Some(Length { bits: 65 })),
            (&PLAIN.replace('F', "C"), &[], Some(Field { letter: 'C' })),
            (&PLAIN.replace('F', "é"), &[], Some(Field { letter: 'é' })),
            (PLAIN, &[even], Some(OtherBits)),
            (PLAIN, &[even, odd, odd], Some(Order)),
            (PLAIN, &[even, &odd[1..]], Some(OtherLength { found: 25, bits: 26 })),
            (PLAIN, &[even, &odd.replace('O', "P")], Some(Parity { letter: 'P' })),
            (PLAIN, &[even, &odd.replace('O', "X")], Some(NotOneBit { found: 0 })),
            (PLAIN, &[even, &odd.replace("XX", "OO")], Some(NotOneBit { found: 13 })),
            (PLAIN, &[even, &odd.replace('X', ".")], Some(CoversNothing)),
            (PLAIN, &["XXXXXXXXXXXX............EX", odd], Some(Order)),
            (PLAIN, &[odd, "XXXXXXXXXXXX............EX"], None),
            (PLAIN, &[even; 9], Some(TooMany)),
            ("...........NNNNNNNNNNNNNNN", &[], Some(FewBits { bits: 15 })),
        ] {
            let found = WiegandFormat::drawn(fields, parity, ByteOrder::default()).err();
            assert_eq!(found, expected, "{fields} {parity:?}");
        }
    }
}
