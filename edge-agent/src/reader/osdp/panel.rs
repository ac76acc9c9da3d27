//! The unit's side of the protocol: connects to the reader, polls it, and shows lights. Each turn is one exchange.

use super::exchange::{Exchange, ExchangeError};
use super::key::ReaderKey;
use super::line::Line;
use super::report::Report;
use super::shown::{BUZZER, LED, ReaderLights, buzzer, led};
use crate::lights::LightState;
use data_encoding::HEXLOWER;
use osdp::packet::{Address, ControlByte, CtrlFlags, PacketBuilder, ParsedPacket, Scb, ScsType, Sqn};
use osdp::reply::CCrypt;
use osdp::secure::{Direction, Disconnected, SCBK_D, Secure, Session, seal, unseal};
use std::fmt;

const POLL: u8 = 0x60;
const ID: u8 = 0x61;
const LOCAL_STATUS: u8 = 0x64;
const KEYSET: u8 = 0x75;
const CHALLENGE: u8 = 0x76;
const SERVER_CRYPTOGRAM: u8 = 0x77;
const CCRYPT: u8 = 0x76;
const RMAC_I: u8 = 0x78;
const PD_ID: u8 = 0x45;
const ACK: u8 = 0x40;
const NAK: u8 = 0x41;

/// Turns after which a light or tone that lasts is commanded again. A turn takes at least 50 ms.
const RENEWED_AFTER: u8 = 15;

/// Whether the reader must prove that it has the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// Cards are read only through the secure channel.
    #[default]
    Required,
    /// The reader is spoken to in clear text: anybody at the wires can read and make cards.
    ClearTextAccepted,
}

/// What a turn found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// The reader is connected since this turn, and reports whether its case is open.
    Connected(Report),
    /// It was polled, and reports something.
    Report(Report),
    /// It has done what it was told.
    Done,
}

/// Why a turn failed. The panel is not connected any more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PanelError {
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error("the reader answers in clear text, which anybody at the wires can do: it is not heard")]
    ClearText,
    #[error("the reader has closed the secure channel")]
    ChannelLost,
    #[error("a reply is not from the reader, or was repeated: its MAC is wrong")]
    WrongMac,
    #[error("the reader does not have the key of the pairing")]
    WrongKey,
    #[error("the reader offers no secure channel")]
    NoSecureChannel,
    #[error("there is no key: `edge-agent reader pair` pairs the reader")]
    NotPaired,
    #[error("the reader refuses the command")]
    Refused,
    #[error("the reader gave an answer that does not fit the command")]
    Unexpected,
    #[error("the command cannot be made: {0:?}")]
    Packet(osdp::Error),
}

impl PanelError {
    /// The code for the audit log.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Exchange(ExchangeError::Line(_)) => "unplugged",
            Self::Exchange(ExchangeError::NoReply) => "no_reply",
            Self::ClearText => "clear_text",
            Self::ChannelLost => "channel_lost",
            Self::WrongMac => "wrong_mac",
            Self::WrongKey => "wrong_key",
            Self::NoSecureChannel => "no_secure_channel",
            Self::NotPaired => "not_paired",
            Self::Refused => "refused",
            Self::Unexpected | Self::Packet(_) => "unexpected",
        }
    }

    /// Whether only an attacker causes it: noise does not.
    pub(super) const fn is_of_attacker(&self) -> bool {
        matches!(self, Self::ClearText | Self::WrongMac)
    }

    /// Whether the line must be opened again.
    pub(super) const fn is_of_line(&self) -> bool {
        matches!(self, Self::Exchange(ExchangeError::Line(_)))
    }
}

/// The maker and the serial number of a reader, as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The maker's IEEE number.
    pub(crate) maker: [u8; 3],
    /// The serial number.
    pub(crate) serial: u32,
}

/// The unit's side.
pub(super) struct Panel {
    exchange: Exchange,
    channel: Channel,
    lights: ReaderLights,
    shown: Option<LightState>,
    light_turns: u8,
    tone_turns: u8,
    /// Whether the last command was for a light: the next one is a poll, so that no light keeps cards waiting.
    has_just_shown: bool,
    was_light_last: bool,
}

enum Channel {
    Closed,
    Clear,
    Secure(Box<Session<Secure>>),
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "maker {}, serial number {}", self.maker_in_hex(), self.serial)
    }
}

impl Identity {
    /// The maker's IEEE number in hexadecimal digits.
    pub(crate) fn maker_in_hex(&self) -> String {
        HEXLOWER.encode(&self.maker)
    }
}

impl Panel {
    /// A panel that is not connected. `address` is 0 to 126.
    pub(super) fn new(address: u8, lights: ReaderLights) -> Self {
        let exchange = Exchange::new(Address::from_raw(address & 0x7f));
        Self {
            exchange,
            channel: Channel::Closed,
            lights,
            shown: None,
            light_turns: 0,
            tone_turns: 0,
            has_just_shown: false,
            was_light_last: false,
        }
    }

    pub(super) const fn is_connected(&self) -> bool {
        !matches!(self.channel, Channel::Closed)
    }

    /// Polls a connected reader, or tells it to change its lights.
    ///
    /// # Errors
    /// [`PanelError`]
    pub(super) fn turn(&mut self, line: &mut dyn Line) -> Result<Found, PanelError> {
        let light = if self.has_just_shown { None } else { self.next_lights() };
        self.has_just_shown = light.is_some();
        let result = match light {
            // A reader without lights refuses.
            Some((code, data)) => self.tell(line, code, &data).map(|_| Found::Done),
            None => self.poll(line).map(Found::Report),
        };
        if result.is_err() {
            self.disconnect();
        }
        result
    }

    fn poll(&mut self, line: &mut dyn Line) -> Result<Report, PanelError> {
        match self.tell(line, POLL, &[])? {
            (NAK, _) => Err(PanelError::Refused),
            (code, data) => Ok(Report::from_reply(code, &data)),
        }
    }

    /// Connects with a key, or in clear text without one, and asks whether the case is open.
    ///
    /// # Errors
    /// [`PanelError`]
    pub(super) fn connect(&mut self, line: &mut dyn Line, key: Option<&ReaderKey>) -> Result<Report, PanelError> {
        self.identify(line)?;
        match key {
            Some(key) => self.open_channel(line, key.bytes(), true)?,
            None => self.channel = Channel::Clear,
        }
        let (code, data) = self.tell(line, LOCAL_STATUS, &[]).inspect_err(|_| self.channel = Channel::Closed)?;
        Ok(Report::from_reply(code, &data))
    }

    /// Begins anew and asks who the reader is. What it says is not authentic.
    pub(super) fn identify(&mut self, line: &mut dyn Line) -> Result<Identity, PanelError> {
        self.disconnect();
        let packet = self.plain(ID, vec![0], None)?;
        let reply = self.exchange.ask(line, &packet)?;
        let (reply, _) = ParsedPacket::parse(&reply).map_err(PanelError::Packet)?;
        match (reply.code, reply.data) {
            (PD_ID, &[a, b, c, _, _, s0, s1, s2, s3, ..]) => {
                Ok(Identity { maker: [a, b, c], serial: u32::from_le_bytes([s0, s1, s2, s3]) })
            }
            _ => Err(PanelError::Unexpected),
        }
    }

    /// Opens a channel with the key that every new reader has, to hand over another one. Nothing else is heard through it.
    pub(super) fn open_default_channel(&mut self, line: &mut dyn Line) -> Result<(), PanelError> {
        self.open_channel(line, &SCBK_D, false)
    }

    /// Tells the reader to use this key from now on.
    pub(super) fn hand_over(&mut self, line: &mut dyn Line, key: &ReaderKey) -> Result<(), PanelError> {
        // In one piece: a Vec leaves copies behind when it grows.
        let data = zeroize::Zeroizing::new([&[1, 16][..], key.bytes()].concat());
        match self.tell(line, KEYSET, &data)? {
            (ACK, _) => Ok(()),
            (NAK, _) => Err(PanelError::Refused),
            _ => Err(PanelError::Unexpected),
        }
    }

    fn disconnect(&mut self) {
        (self.channel, self.shown, self.exchange.sequence) = (Channel::Closed, None, Sqn::ZERO);
        self.has_just_shown = false;
    }

    fn open_channel(&mut self, line: &mut dyn Line, key: &[u8; 16], is_ours: bool) -> Result<(), PanelError> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| PanelError::NoSecureChannel)?;
        let session = Session::<Disconnected>::new(*key).challenge(random);
        let asked = self.plain(CHALLENGE, random.to_vec(), Some((ScsType::Scs11, is_ours)))?;
        let reply = self.exchange.ask(line, &asked)?;
        let data = handshake_data(&reply, CCRYPT, ScsType::Scs12, is_ours)?;
        let theirs = CCrypt::decode(&data).map_err(|_| PanelError::Unexpected)?;
        let session = session.receive_ccrypt(&theirs).map_err(|_| PanelError::WrongKey)?;
        let asked =
            self.plain(SERVER_CRYPTOGRAM, session.server_cryptogram().to_vec(), Some((ScsType::Scs13, is_ours)))?;
        let reply = self.exchange.ask(line, &asked)?;
        let data = handshake_data(&reply, RMAC_I, ScsType::Scs14, is_ours)?;
        let theirs = data[..].try_into().map_err(|_| PanelError::Unexpected)?;
        let session = session.confirm_rmac_i(theirs).map_err(|_| PanelError::WrongKey)?;
        self.channel = Channel::Secure(Box::new(session));
        Ok(())
    }

    /// Sends a command through the channel, and returns code and data of the reply.
    fn tell(&mut self, line: &mut dyn Line, code: u8, data: &[u8]) -> Result<(u8, Vec<u8>), PanelError> {
        let Self { exchange, channel, .. } = self;
        match channel {
            Channel::Closed => Err(PanelError::NotPaired),
            Channel::Clear => {
                let packet = self.plain(code, data.to_vec(), None)?;
                let reply = self.exchange.ask(line, &packet)?;
                let (reply, _) = ParsedPacket::parse(&reply).map_err(PanelError::Packet)?;
                Ok((reply.code, reply.data.to_vec()))
            }
            Channel::Secure(session) => {
                let (address, sequence) = (exchange.address, exchange.sequence);
                let encrypt = !data.is_empty();
                let packet = seal(session, address, sequence, Direction::AcuToPd, encrypt, code, data);
                let reply = exchange.ask(line, &packet.map_err(PanelError::Packet)?)?;
                let (parsed, _) = ParsedPacket::parse(&reply).map_err(PanelError::Packet)?;
                match parsed.scb.map(|block| block.ty) {
                    Some(ScsType::Scs16 | ScsType::Scs18) => {
                        let data = unseal(session, &parsed, &reply).map_err(|_| PanelError::WrongMac)?;
                        Ok((parsed.code, data))
                    }
                    None if parsed.code == NAK => Err(PanelError::ChannelLost),
                    _ => Err(PanelError::ClearText),
                }
            }
        }
    }

    /// A packet without a MAC. `is_ours` says whether the handshake is for a key of ours, not the default one.
    fn plain(&self, code: u8, data: Vec<u8>, block: Option<(ScsType, bool)>) -> Result<Vec<u8>, PanelError> {
        let mut flags = CtrlFlags::USE_CRC;
        flags.set(CtrlFlags::HAS_SCB, block.is_some());
        let ctrl = ControlByte::new(self.exchange.sequence, flags);
        let scb = block.map(|(kind, is_ours)| Scb::new(kind, [u8::from(is_ours)]));
        PacketBuilder { addr: self.exchange.address, ctrl, scb, code, data }.encode().map_err(PanelError::Packet)
    }

    /// The next command for the lights, if they differ from what is shown.
    fn next_lights(&mut self) -> Option<(u8, Vec<u8>)> {
        let wanted = self.lights.wanted();
        let shown = self.shown.unwrap_or(LightState::OFF);
        let is_lit = wanted.green || wanted.red;
        self.light_turns = self.light_turns.saturating_sub(1);
        self.tone_turns = self.tone_turns.saturating_sub(1);
        let is_other_light = self.shown.is_none() || (wanted.green, wanted.red) != (shown.green, shown.red);
        let is_other_tone = wanted.buzzer != shown.buzzer || (wanted.buzzer && self.tone_turns == 0);
        // Light and tone take turns, so that neither keeps the other waiting.
        let is_light_next = !(is_other_tone && std::mem::take(&mut self.was_light_last));
        if is_light_next && (is_other_light || (is_lit && self.light_turns == 0)) {
            self.was_light_last = true;
            (self.shown, self.light_turns) = (Some(LightState { buzzer: shown.buzzer, ..wanted }), RENEWED_AFTER);
            return Some((LED, led(wanted)?));
        }
        if is_other_tone {
            let shown = LightState { buzzer: wanted.buzzer, ..shown };
            (self.shown, self.tone_turns) = (Some(shown), RENEWED_AFTER);
            return Some((BUZZER, buzzer(wanted.buzzer)?));
        }
        self.was_light_last = false;
        None
    }
}

/// The data of a reply of the handshake.
fn handshake_data(reply: &[u8], code: u8, kind: ScsType, is_ours: bool) -> Result<Vec<u8>, PanelError> {
    let (reply, _) = ParsedPacket::parse(reply).map_err(PanelError::Packet)?;
    let Some(block) = reply.scb else {
        return Err(if reply.code == NAK { PanelError::NoSecureChannel } else { PanelError::Unexpected });
    };
    // In the last reply, the byte says whether the reader accepts the channel.
    let is_for_key = kind == ScsType::Scs14 || block.data.first() == Some(&u8::from(is_ours));
    match reply.code == code && block.ty == kind && is_for_key {
        true => Ok(reply.data.to_vec()),
        false => Err(PanelError::WrongKey),
    }
}
