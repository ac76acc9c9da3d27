//! What a panel hears in any replies. For fuzzing.

use super::key::ReaderKey;
use super::line::Line;
use super::panel::{Found, Panel};
use super::report::Report;
use super::shown::ReaderLights;
use osdp::packet::{Address, ControlByte, CtrlFlags, PacketBuilder, ParsedPacket, Scb, ScsType};
use shared::card::{CardNumber, WiegandFormats};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

const ADDRESS: u8 = 0;

/// A reply of somebody at the line.
#[derive(Debug, Clone)]
pub enum AnyReply {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A packet with the right address, sequence number and check sum.
    Packet {
        /// The code of the reply.
        code: u8,
        /// The type and the byte of its security block: 0 to 3 for SCS_12, 14, 16 and 18; `None` for clear text.
        block: Option<(u8, u8)>,
        /// Its data. The last four bytes are the MAC if the type has one.
        data: Vec<u8>,
    },
}

/// The cards that a panel reads from these replies: with a key that the sender does not know, or in clear text.
pub(crate) fn cards_heard(replies: Vec<AnyReply>, has_key: bool) -> Vec<CardNumber> {
    let key = ReaderKey::random().ok().filter(|_| has_key);
    let mut line = AnyLine { replies: replies.into(), arriving: Vec::new() };
    let (mut panel, formats) = (Panel::new(ADDRESS, ReaderLights::default()), WiegandFormats::default());
    let mut cards = Vec::new();
    while !line.replies.is_empty() {
        if !panel.is_connected() {
            let _why_not = panel.connect(&mut line, key.as_ref());
        } else if let Ok(Found::Report(Report::Card(bits))) = panel.turn(&mut line) {
            cards.extend(formats.decode(&bits));
        }
    }
    cards
}

struct AnyLine {
    replies: VecDeque<AnyReply>,
    arriving: Vec<u8>,
}

impl Line for AnyLine {
    fn discard(&mut self) -> io::Result<()> {
        self.arriving.clear();
        Ok(())
    }

    fn send(&mut self, command: &[u8]) -> io::Result<()> {
        self.arriving = match self.replies.pop_front() {
            None => Vec::new(),
            Some(AnyReply::Bytes(bytes)) => bytes,
            Some(AnyReply::Packet { code, block, data }) => packet(command, code, block, data).unwrap_or_default(),
        };
        Ok(())
    }

    fn receive(&mut self, into: &mut Vec<u8>, _within: Duration) -> io::Result<usize> {
        into.extend_from_slice(&self.arriving);
        Ok(std::mem::take(&mut self.arriving).len())
    }
}

fn packet(command: &[u8], code: u8, block: Option<(u8, u8)>, data: Vec<u8>) -> Option<Vec<u8>> {
    let (asked, _) = ParsedPacket::parse(command).ok()?;
    let kinds = [ScsType::Scs12, ScsType::Scs14, ScsType::Scs16, ScsType::Scs18];
    let scb = block.map(|(kind, byte)| Scb::new(kinds[usize::from(kind) % kinds.len()], [byte]));
    let mut flags = CtrlFlags::USE_CRC;
    flags.set(CtrlFlags::HAS_SCB, scb.is_some());
    let (addr, ctrl) = (Address::reply(ADDRESS).ok()?, ControlByte::new(asked.ctrl.sqn, flags));
    if !scb.as_ref().is_some_and(|scb| scb.ty.has_mac()) {
        return PacketBuilder { addr, ctrl, scb, code, data }.encode().ok();
    }
    let (data, mac) = data.split_last_chunk().map_or((&data[..], &[0; 4]), |(data, mac)| (data, mac));
    PacketBuilder { addr, ctrl, scb, code, data: data.to_vec() }.encode_with_mac(|_| *mac).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_in_clear_text_are_heard_only_without_a_key() {
        let clear = |code, data: &[u8]| AnyReply::Packet { code, block: None, data: data.to_vec() };
        let card = clear(0x50, &[0, 1, 26, 0, 0xbd, 0x88, 0xeb, 0x80]);
        let noise = AnyReply::Bytes(vec![0x53, 0x80, 0xff]);
        let ack = clear(0x40, &[]);
        let replies = vec![clear(0x45, &[0; 12]), clear(0x48, &[0, 0]), ack, noise, card];
        assert_eq!(cards_heard(replies.clone(), false).len(), 1);
        assert_eq!(cards_heard(replies, true), []);
    }
}
