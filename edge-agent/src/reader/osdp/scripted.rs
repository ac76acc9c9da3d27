//! A reader for tests: the other side of the protocol, and a line that noise, an attacker or a cut wire can disturb.

use super::line::Line;
use osdp::packet::{Address, ControlByte, CtrlFlags, PacketBuilder, ParsedPacket, Scb, ScsType, Sqn, crc16_le};
use osdp::reply::CCrypt;
use osdp::secure::crypto::{SessionKeys, client_cryptogram};
use osdp::secure::{Direction, Disconnected, SCBK_D, Secure, Session, seal, unseal};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

pub(super) const ADDRESS: u8 = 5;

/// What happens to the reader's replies on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disturbance {
    None,
    /// The n-th bit is flipped.
    Flip(usize),
    /// The n-th bit after the header is flipped, and the check sum is made right.
    FlipWithCrc(usize),
    /// The last card that was read comes again instead, with the right sequence number and check sum.
    Replay,
    /// A reply in clear text comes instead.
    ClearText,
    /// A card in clear text, with the right check sum and sequence number, comes instead.
    ForgedCard,
    /// A refusal in clear text comes instead.
    ClearRefusal,
    Lost,
}

/// The keys of a session, both random numbers, and the shared key.
type HalfOpen = (SessionKeys, [u8; 8], [u8; 8], [u8; 16]);

/// A reader and the line to it.
pub(super) struct ScriptedReader {
    pub(super) key: [u8; 16],
    /// Whether it accepts the default key.
    pub(super) is_in_install_mode: bool,
    pub(super) reports: VecDeque<(u8, Vec<u8>)>,
    /// The commands that it has carried out: code and data.
    pub(super) told: Vec<(u8, Vec<u8>)>,
    pub(super) disturbance: Disturbance,
    /// Whether only replies to polls are disturbed.
    pub(super) only_polls: bool,
    /// Whether a new key is refused.
    pub(super) refuses_keys: bool,
    /// Whether polls are refused through the channel.
    pub(super) refuses_polls: bool,
    pub(super) is_cut: bool,
    session: Option<Session<Secure>>,
    half_open: Option<HalfOpen>,
    /// The sequence number of the last command through the channel, and its reply: a repeated command gets it again.
    last: Option<(Sqn, Vec<u8>)>,
    last_card: Vec<u8>,
    arriving: Vec<u8>,
}

impl ScriptedReader {
    pub(super) fn new(key: [u8; 16]) -> Self {
        Self {
            key,
            is_in_install_mode: false,
            reports: VecDeque::new(),
            told: Vec::new(),
            disturbance: Disturbance::None,
            only_polls: false,
            refuses_keys: false,
            refuses_polls: false,
            is_cut: false,
            session: None,
            half_open: None,
            last: None,
            last_card: Vec::new(),
            arriving: Vec::new(),
        }
    }

    pub(super) fn present(&mut self, bits: &str) {
        let mut data = vec![0, 1, bits.len() as u8, 0];
        for byte in bits.as_bytes().chunks(8) {
            data.push(byte.iter().enumerate().fold(0, |all, (at, bit)| all | (bit & 1) << (7 - at)));
        }
        self.reports.push_back((0x50, data));
    }

    fn answer(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        let (asked, _) = ParsedPacket::parse(command).ok()?;
        if asked.addr.as_byte() != ADDRESS {
            return None;
        }
        let plain = |code, data: &[u8], block: Option<(ScsType, u8)>| {
            let mut flags = CtrlFlags::USE_CRC;
            flags.set(CtrlFlags::HAS_SCB, block.is_some());
            let ctrl = ControlByte::new(asked.ctrl.sqn, flags);
            let scb = block.map(|(kind, byte)| Scb::new(kind, [byte]));
            let addr = Address::reply(ADDRESS).unwrap();
            PacketBuilder { addr, ctrl, scb, code, data: data.to_vec() }.encode().ok()
        };
        let kind = asked.scb.map(|block| (block.ty, block.data.first().copied().unwrap_or(0)));
        match (asked.code, kind) {
            (0x61, None) => {
                self.last = None;
                plain(0x45, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], None)
            }
            (0x76, Some((ScsType::Scs11, is_own))) => {
                let key = match is_own {
                    0 if self.is_in_install_mode => SCBK_D,
                    0 => return plain(0x41, &[6], None),
                    _ => self.key,
                };
                let rnd_a: [u8; 8] = asked.data.try_into().ok()?;
                let rnd_b: [u8; 8] = std::array::from_fn(|_| fastrand::u8(..));
                let keys = SessionKeys::derive(&key, &rnd_a);
                let client_cryptogram = client_cryptogram(&keys.s_enc, &rnd_a, &rnd_b);
                self.half_open = Some((keys, rnd_a, rnd_b, key));
                let data = CCrypt { cuid: [7; 8], rnd_b, client_cryptogram }.encode().ok()?;
                plain(0x76, &data, Some((ScsType::Scs12, is_own)))
            }
            (0x77, Some((ScsType::Scs13, _))) => {
                let (keys, rnd_a, rnd_b, key) = self.half_open.take()?;
                let client_cryptogram = client_cryptogram(&keys.s_enc, &rnd_a, &rnd_b);
                let session = Session::<Disconnected>::new(key).challenge(rnd_a);
                let session = session.receive_ccrypt(&CCrypt { cuid: [7; 8], rnd_b, client_cryptogram }).ok()?;
                if asked.data != session.server_cryptogram() {
                    return plain(0x41, &[6], None);
                }
                let first = session.initial_rmac();
                self.session = session.confirm_rmac_i(&first).ok();
                plain(0x78, &first, Some((ScsType::Scs14, 1)))
            }
            (code, Some((ScsType::Scs15 | ScsType::Scs17, _))) => {
                let sequence = asked.ctrl.sqn;
                if let Some((last, reply)) = &self.last
                    && *last == sequence
                {
                    return Some(reply.clone());
                }
                let Some(session) = &mut self.session else { return plain(0x41, &[6], None) };
                let Ok(data) = unseal(session, &asked, command) else {
                    self.session = None;
                    return plain(0x41, &[6], None);
                };
                let (reply, content) = match code {
                    0x60 if self.refuses_polls => (0x41, vec![3]),
                    0x60 => self.reports.pop_front().unwrap_or((0x40, vec![])),
                    0x64 => (0x48, vec![0, 0]),
                    0x75 if self.refuses_keys => (0x41, vec![9]),
                    _ => (0x40, vec![]),
                };
                let sent = seal(
                    session,
                    Address::reply(ADDRESS).unwrap(),
                    asked.ctrl.sqn,
                    Direction::PdToAcu,
                    !content.is_empty(),
                    reply,
                    &content,
                )
                .ok()?;
                if reply == 0x50 && self.disturbance == Disturbance::None {
                    self.last_card = sent.clone();
                }
                self.last = Some((sequence, sent.clone()));
                if code == 0x75 && reply == 0x40 {
                    self.key = data[2..].try_into().ok()?;
                    self.is_in_install_mode = false;
                }
                if code != 0x60 {
                    self.told.push((code, data));
                }
                Some(sent)
            }
            _ => plain(0x41, &[6], None),
        }
    }

    fn disturbed(&mut self, reply: Vec<u8>, command: &[u8]) -> Vec<u8> {
        let clear = |code, data: &[u8]| {
            let (asked, _) = ParsedPacket::parse(command).unwrap();
            let ctrl = ControlByte::new(asked.ctrl.sqn, CtrlFlags::USE_CRC);
            PacketBuilder::plain(Address::reply(ADDRESS).unwrap(), ctrl, code, data.to_vec()).encode().unwrap()
        };
        let asked = ParsedPacket::parse(command).unwrap().0;
        if self.only_polls && asked.code != 0x60 {
            return reply;
        }
        match self.disturbance {
            Disturbance::None => reply,
            Disturbance::FlipWithCrc(bit) => {
                let mut reply = reply[..reply.len() - 2].to_vec();
                let bit = 8 * 5 + bit % (8 * (reply.len() - 5));
                reply[bit / 8] ^= 1 << (bit % 8);
                with_crc(reply)
            }
            Disturbance::Flip(bit) => {
                let (mut reply, bit) = (reply.clone(), bit % (8 * reply.len()));
                reply[bit / 8] ^= 1 << (bit % 8);
                reply
            }
            Disturbance::Replay => {
                let mut card = self.last_card[..self.last_card.len() - 2].to_vec();
                card[4] = card[4] & !3 | command[4] & 3;
                with_crc(card)
            }
            Disturbance::ClearRefusal => clear(0x41, &[6]),
            Disturbance::ClearText => clear(0x40, &[]),
            Disturbance::ForgedCard => clear(0x50, &[0, 1, 26, 0, 0xbd, 0x88, 0xeb, 0x80]),
            Disturbance::Lost => Vec::new(),
        }
    }
}

fn with_crc(mut packet: Vec<u8>) -> Vec<u8> {
    packet.extend(crc16_le(&packet.clone()));
    packet
}

impl Line for ScriptedReader {
    fn discard(&mut self) -> io::Result<()> {
        self.arriving.clear();
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_cut {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if let Some(reply) = self.answer(bytes) {
            let reply = self.disturbed(reply, bytes);
            self.arriving.push(0xff);
            self.arriving.extend(reply);
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut Vec<u8>, _within: Duration) -> io::Result<usize> {
        into.extend_from_slice(&self.arriving);
        Ok(std::mem::take(&mut self.arriving).len())
    }
}
