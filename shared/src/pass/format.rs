//! The bytes of a pass before its signature.

use super::error::PassError;
use super::{DoorTag, HostTag, Pass, PassHours, PassId};
use alloc::vec::Vec;

const VERSION: u8 = 1;
const HAS_HOST: u8 = 1 << 3;
const DOORS: u8 = HAS_HOST - 1;
/// First byte, id, first minute, minutes, uses.
const FIXED_BYTES: usize = 1 + 6 + 4 + 3 + 1;
const DOOR_BYTES: usize = 4;
const HOST_BYTES: usize = 5;

impl Pass {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let Self { id, hours, uses, doors, host } = self;
        let host_flag = if host.is_some() { HAS_HOST } else { 0 };
        // Not truncated: there are at most four doors.
        let mut bytes = Vec::from([VERSION << 4 | host_flag | doors.len() as u8]);
        bytes.extend(id.0);
        bytes.extend(hours.from_minute.to_be_bytes());
        bytes.extend(&hours.minutes.to_be_bytes()[1..]);
        bytes.push(uses.unwrap_or(0));
        doors.iter().for_each(|door| bytes.extend(door.0));
        host.iter().for_each(|host| bytes.extend(host.0));
        bytes
    }

    /// Reads what [`Pass::to_bytes`] writes.
    ///
    /// # Errors
    /// [`PassError`]
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, PassError> {
        let expected = length(bytes)?;
        let cut = PassError::Length { expected, found: bytes.len() };
        let (fixed, rest) = bytes.split_first_chunk::<FIXED_BYTES>().ok_or(cut)?;
        if bytes.len() != expected {
            return Err(cut);
        }
        let &[first, i0, i1, i2, i3, i4, i5, f0, f1, f2, f3, m0, m1, m2, uses] = fixed;
        let (doors, host) = rest.split_at(usize::from(first & DOORS) * DOOR_BYTES);
        let doors: Vec<DoorTag> = doors.as_chunks::<DOOR_BYTES>().0.iter().map(|tag| DoorTag(*tag)).collect();
        let host = host.first_chunk::<HOST_BYTES>().map(|tag| HostTag(*tag));
        let hours = PassHours {
            from_minute: u32::from_be_bytes([f0, f1, f2, f3]),
            minutes: u32::from_be_bytes([0, m0, m1, m2]),
        };
        let id = PassId([i0, i1, i2, i3, i4, i5]);
        Self::new(id, hours, Some(uses).filter(|uses| *uses > 0), &doors, host)
    }
}

/// The length of the bytes before the signature, according to the first one.
///
/// # Errors
/// If there is none, or it names another version.
pub(super) fn length(bytes: &[u8]) -> Result<usize, PassError> {
    let &first = bytes.first().ok_or(PassError::Length { expected: FIXED_BYTES + DOOR_BYTES, found: 0 })?;
    if first >> 4 != VERSION {
        return Err(PassError::Version(first >> 4));
    }
    let host = if first & HAS_HOST != 0 { HOST_BYTES } else { 0 };
    Ok(FIXED_BYTES + usize::from(first & DOORS) * DOOR_BYTES + host)
}

#[cfg(test)]
mod tests {
    use super::super::tests::pass;
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (uses, doors, host) in [(Some(1), 1, false), (Some(255), 1, true), (None, 1, true), (None, 4, true)] {
            let pass = pass(uses, doors, host);
            let bytes = pass.to_bytes();
            assert_eq!(Pass::from_bytes(&bytes), Ok(pass.clone()));
            for length in 0..bytes.len() {
                assert!(matches!(Pass::from_bytes(&bytes[..length]), Err(PassError::Length { .. })), "{length}");
            }
            assert!(matches!(Pass::from_bytes(&[&bytes[..], &[0]].concat()), Err(PassError::Length { .. })));
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let expected = [0x19, 1, 2, 3, 4, 5, 6, 0x01, 0xc9, 0xc3, 0x80, 0, 0, 180, 2, 9, 9, 9, 0, 7, 7, 7, 7, 7];
        assert_eq!(pass(Some(2), 1, true).to_bytes(), expected);
    }

    #[test]
    fn impossible_contents_are_named() {
        let good = pass(None, 2, false).to_bytes();
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            Pass::from_bytes(&bytes)
        };
        assert_eq!(with(0, 0x22), Err(PassError::Version(2)));
        assert_eq!(with(14, 3), Err(PassError::UsesAtSeveralDoors(2)));
        assert_eq!(with(22, 0), Err(PassError::DoorTwice));
        assert_eq!(with(13, 0), Err(PassError::Hours(0)));
        assert_eq!(with(11, 0xff), Err(PassError::Hours(0xff_00b4)));
        assert_eq!(Pass::from_bytes(&[&[0x10], &good[1..15]].concat()), Err(PassError::Doors(0)));
    }
}
