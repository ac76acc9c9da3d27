//! One command and its reply: sequence numbers, addresses, and the search for a packet in what arrives.
//!
//! Nothing here is authentic: the panel checks the secure channel.

use super::line::Line;
use osdp::packet::{Address, ParsedPacket, Sqn};
use std::io;
use std::time::{Duration, Instant};

/// How long a reader may take to reply: 200 ms before the first byte, and 288 bytes at 9600 baud. Cards and keys have fewer.
const REPLY_WITHIN: Duration = Duration::from_millis(500);
/// How often a command is sent without a reply.
const TRIES: usize = 2;
/// The most bytes of a packet, as OSDP limits it.
const MAX_PACKET: usize = 1440;
/// The bytes of a packet before its security block: start, address, length, control.
const HEADER: usize = 5;

const START: u8 = 0x53;
const BUSY: u8 = 0x79;

/// The address and the sequence number of the next command.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) address: Address,
    pub(super) sequence: Sqn,
}

/// Why a command has no reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ExchangeError {
    #[error("the line is gone: {0}")]
    Line(#[from] io::Error),
    #[error("the reader does not reply")]
    NoReply,
}

impl Exchange {
    pub(super) const fn new(address: Address) -> Self {
        Self { address, sequence: Sqn::ZERO }
    }

    /// Sends a command, and returns the bytes of its reply.
    ///
    /// # Errors
    /// [`ExchangeError`]
    pub(super) fn ask(&mut self, line: &mut dyn Line, command: &[u8]) -> Result<Vec<u8>, ExchangeError> {
        for _ in 0..TRIES {
            line.discard()?;
            line.send(command)?;
            if let Some(reply) = self.await_reply(line)? {
                self.sequence = self.sequence.next();
                return Ok(reply);
            }
        }
        Err(ExchangeError::NoReply)
    }

    fn await_reply(&self, line: &mut dyn Line) -> Result<Option<Vec<u8>>, ExchangeError> {
        let until = Instant::now() + REPLY_WITHIN;
        let mut arrived = Vec::new();
        loop {
            while let Some(packet) = next_packet(&mut arrived) {
                if self.is_reply(&packet) {
                    return Ok(Some(packet));
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || arrived.len() > 2 * MAX_PACKET || line.receive(&mut arrived, left)? == 0 {
                return Ok(None);
            }
        }
    }

    /// Whether this packet, whose check sum is right, replies to the command. A busy reader is asked again. The unit sends a
    /// CRC, so that the shorter check sum is not accepted.
    fn is_reply(&self, packet: &[u8]) -> bool {
        ParsedPacket::parse(packet).is_ok_and(|(packet, _)| {
            let is_ours = packet.addr.is_reply() && packet.addr.pd_addr() == self.address.pd_addr();
            is_ours && packet.ctrl.use_crc() && packet.code != BUSY && packet.ctrl.sqn == self.sequence
        })
    }
}

/// Removes the first packet with a right check sum from what has arrived, and the noise before it.
pub(super) fn next_packet(arrived: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        let start = arrived.iter().position(|byte| *byte == START).unwrap_or(arrived.len());
        arrived.drain(..start);
        match ParsedPacket::parse(arrived) {
            Ok((_, length)) => return Some(arrived.drain(..length).collect()),
            Err(_) if is_unfinished(arrived) => return None,
            // This was no start, or noise has changed the packet.
            Err(_) => drop(arrived.remove(0)),
        }
    }
}

/// Whether the rest of a packet may still arrive.
fn is_unfinished(arrived: &[u8]) -> bool {
    match arrived {
        [_, _, low, high, ..] if arrived.len() >= HEADER => {
            let length = usize::from(u16::from_le_bytes([*low, *high]));
            length <= MAX_PACKET && arrived.len() < length
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use osdp::packet::{ControlByte, CtrlFlags, PacketBuilder};
    use proptest::prelude::*;

    fn packet(code: u8, data: &[u8]) -> Vec<u8> {
        let control = ControlByte::new(Sqn::new(1).unwrap(), CtrlFlags::USE_CRC);
        PacketBuilder::plain(Address::reply(5).unwrap(), control, code, data.to_vec()).encode().unwrap()
    }

    #[test]
    fn packets_are_found_among_noise() {
        let ack = packet(0x40, &[]);
        let with_long_security_block = [0x53, 0x85, 10, 0, 0x0d, 200, 0x11, 0, 0, 0];
        for (arrived, found) in [
            (vec![], vec![]),
            (ack.clone(), vec![ack.clone()]),
            ([&[0xff][..], &ack].concat(), vec![ack.clone()]),
            ([&[0x53, 0x53][..], &ack, &[0xff], &ack].concat(), vec![ack.clone(), ack.clone()]),
            (ack[..ack.len() - 1].to_vec(), vec![]),
            ([&ack[..3], &ack].concat(), vec![ack.clone()]),
            ([&with_long_security_block, &ack[..]].concat(), vec![ack.clone()]),
        ] {
            let mut left = arrived.clone();
            let packets: Vec<_> = std::iter::from_fn(|| next_packet(&mut left)).collect();
            assert_eq!(packets, found, "{arrived:02x?}");
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_makes_no_packet(data in proptest::collection::vec(any::<u8>(), 0..40), at: prop::sample::Index) {
            let sent = packet(0x50, &data);
            let mut arrived = sent.clone();
            let bit = at.index(8 * arrived.len());
            arrived[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(std::iter::from_fn(|| next_packet(&mut arrived)).all(|packet| packet != sent));
        }

        #[test]
        fn any_bytes_are_searched_to_the_end(mut arrived in proptest::collection::vec(any::<u8>(), 0..400)) {
            // Nothing that comes before a whole packet hides it for longer than the longest packet.
            arrived.extend(packet(0x40, &[]).repeat(MAX_PACKET / 8 + 1));
            prop_assert!(std::iter::from_fn(|| next_packet(&mut arrived)).any(|found| found == packet(0x40, &[])));
        }
    }
}
