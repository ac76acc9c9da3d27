//! USB readers that act as keyboards. The reader is grabbed, so that no card number ends up in a login prompt or a
//! shell, and grabbed again after it was unplugged.

use super::inbox::{Cards, Inbox, inbox};
use super::typed::{Digits, Key, Typed};
use super::{CardReader, ReaderState, code_of};
use crate::part_reports::PartReports;
use crate::usb_port::UsbPort;
use evdev::raw_stream::RawDevice;
use evdev::{EventSummary, InputEvent, KeyCode, SynchronizationCode};
use shared::card::CardNumber;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// How long to wait before a missing reader is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How long to wait for keys to be released before the reader is grabbed: a held key would stay pressed on the console.
const RELEASE_WITHIN: Duration = Duration::from_secs(2);
const POLL_KEYS: Duration = Duration::from_millis(20);
/// A number typed within this time after the grab may have begun before it.
const JOINED_LATE: Duration = Duration::from_millis(500);
/// Readers type a number within a tenth of a second. After this pause, another number begins.
const SAME_NUMBER_WITHIN: Duration = Duration::from_secs(2);

/// A reader that acts as a keyboard.
pub struct KeyboardReader {
    cards: Cards,
    is_lost: Arc<AtomicBool>,
}

/// Which reader to use.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The device, such as `/dev/input/by-id/usb-…-event-kbd`.
    pub(crate) device: PathBuf,
    /// The port that it must be plugged into, if any.
    pub(crate) usb_port: Option<UsbPort>,
}

impl KeyboardReader {
    /// Reads from a device such as `/dev/input/by-id/usb-…-event-kbd`, even if it is not plugged in yet. Only the
    /// lowest `keep_bits` bits of each card number count. The thread runs until the program exits.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(crate) fn start(wanted: Wanted, digits: Digits, keep_bits: u32, part: PartReports) -> io::Result<Self> {
        let (inbox, cards) = inbox(keep_bits);
        let is_lost = Arc::new(AtomicBool::new(true));
        let lost = Arc::clone(&is_lost);
        thread::Builder::new()
            .name("card reader".to_owned())
            .spawn(move || listen(&wanted, digits, &inbox, &lost, &part))?;
        Ok(Self { cards, is_lost })
    }
}

impl CardReader for KeyboardReader {
    fn next_card(&mut self) -> Option<CardNumber> {
        self.cards.next_card()
    }

    fn state(&self) -> ReaderState {
        if self.is_lost.load(Ordering::Relaxed) { ReaderState::Lost } else { ReaderState::There }
    }
}

/// Never returns: waits for a reader that is missing.
fn listen(wanted: &Wanted, digits: Digits, inbox: &Inbox, is_lost: &AtomicBool, part: &PartReports) {
    let Wanted { device: path, usb_port: wanted_port } = wanted;
    let shown = path.shown();
    loop {
        match open(path) {
            Ok((_, found)) if wanted_port.as_ref().is_some_and(|wanted| found.as_ref() != Some(wanted)) => {
                let [wanted, at] =
                    [wanted_port, &found].map(|port| port.as_ref().map_or("no USB port", UsbPort::as_str));
                let message = format_args!(
                    "the card reader {shown} is not used: it is at {at}, but [reader] usb-port is {wanted}"
                );
                part.failed("other_port", found.as_ref(), &message);
            }
            Ok((device, port)) => match grab(device) {
                Ok(device) => {
                    part.works(port.as_ref(), &format_args!("the card reader {shown} works"));
                    is_lost.store(false, Ordering::Relaxed);
                    let lost = read(device, digits, inbox);
                    is_lost.store(true, Ordering::Relaxed);
                    let message =
                        format_args!("the card reader {shown} is lost: {lost}; it is used again when it is back");
                    part.failed("unplugged", port.as_ref(), &message);
                }
                Err(error) => {
                    part.failed(code_of(&error), port.as_ref(), &trouble(path, &error));
                }
            },
            Err(error) => {
                part.failed(code_of(&error), None, &trouble(path, &error));
            }
        }
        thread::sleep(RETRY);
    }
}

fn trouble(path: &Path, error: &io::Error) -> String {
    let path = path.shown();
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "there is no card reader {path}: plug it in, or set [reader] device to another one in /dev/input/by-id"
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("no permission to read the card reader {path}: run as a user of the group input")
        }
        io::ErrorKind::ResourceBusy => format!("another program has grabbed the card reader {path}: stop it"),
        _ => format!("the card reader {path} cannot be used: {error}"),
    }
}

/// Opens the reader, and finds its port.
fn open(path: &Path) -> io::Result<(RawDevice, Option<UsbPort>)> {
    let device = RawDevice::open(path)?;
    let port = UsbPort::from_device(&device);
    Ok((device, port))
}

/// Grabs the reader, once all its keys are released.
fn grab(mut device: RawDevice) -> io::Result<RawDevice> {
    let started = Instant::now();
    while device.get_key_state()?.iter().next().is_some() && started.elapsed() < RELEASE_WITHIN {
        thread::sleep(POLL_KEYS);
    }
    device.grab()?;
    Ok(device)
}

/// Passes cards on until the reader is lost, and returns the error.
fn read(mut device: RawDevice, digits: Digits, inbox: &Inbox) -> io::Error {
    let mut typing = Typing { typed: Typed::new(digits), taken: Instant::now(), last_key: Instant::now() };
    loop {
        match device.fetch_events() {
            Ok(events) => events.for_each(|event| typing.take(event, inbox)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return error,
        }
    }
}

/// The cards in these events of a reader that was grabbed long ago.
pub(crate) fn cards_typed(events: impl IntoIterator<Item = InputEvent>, digits: Digits) -> Vec<CardNumber> {
    let (inbox, mut cards) = inbox(u64::BITS);
    let taken = Instant::now().checked_sub(JOINED_LATE).unwrap_or_else(Instant::now);
    let mut typing = Typing { typed: Typed::new(digits), taken, last_key: Instant::now() };
    let mut read = Vec::new();
    for event in events {
        typing.take(event, &inbox);
        read.extend(cards.next_card());
    }
    read
}

struct Typing {
    typed: Typed,
    taken: Instant,
    last_key: Instant,
}

impl Typing {
    fn take(&mut self, event: InputEvent, inbox: &Inbox) {
        let code = match event.destructure() {
            // 1 is pressed, 0 released, 2 held down.
            EventSummary::Key(_, code, 1) => code,
            EventSummary::Synchronization(_, SynchronizationCode::SYN_DROPPED, _) => return self.typed.miss(),
            _ => return,
        };
        if self.last_key.elapsed() > SAME_NUMBER_WITHIN {
            self.typed.forget();
        }
        self.last_key = Instant::now();
        if self.taken.elapsed() < JOINED_LATE {
            self.typed.miss();
        }
        match self.typed.press(key(code)) {
            Some(Ok(card)) => {
                if let Err(error) = inbox.put(card) {
                    inbox.warn(format_args!("the card reader sent an invalid card number: {error}"));
                }
            }
            Some(Err(error)) => inbox.warn(error),
            None => {}
        }
    }
}

/// Maps a key code with the English layout, the default of card readers.
fn key(code: KeyCode) -> Key {
    const CHARACTERS: [(KeyCode, char); 26] = [
        (KeyCode::KEY_0, '0'),
        (KeyCode::KEY_1, '1'),
        (KeyCode::KEY_2, '2'),
        (KeyCode::KEY_3, '3'),
        (KeyCode::KEY_4, '4'),
        (KeyCode::KEY_5, '5'),
        (KeyCode::KEY_6, '6'),
        (KeyCode::KEY_7, '7'),
        (KeyCode::KEY_8, '8'),
        (KeyCode::KEY_9, '9'),
        (KeyCode::KEY_KP0, '0'),
        (KeyCode::KEY_KP1, '1'),
        (KeyCode::KEY_KP2, '2'),
        (KeyCode::KEY_KP3, '3'),
        (KeyCode::KEY_KP4, '4'),
        (KeyCode::KEY_KP5, '5'),
        (KeyCode::KEY_KP6, '6'),
        (KeyCode::KEY_KP7, '7'),
        (KeyCode::KEY_KP8, '8'),
        (KeyCode::KEY_KP9, '9'),
        (KeyCode::KEY_A, 'a'),
        (KeyCode::KEY_B, 'b'),
        (KeyCode::KEY_C, 'c'),
        (KeyCode::KEY_D, 'd'),
        (KeyCode::KEY_E, 'e'),
        (KeyCode::KEY_F, 'f'),
    ];
    match code {
        KeyCode::KEY_ENTER | KeyCode::KEY_KPENTER => Key::Enter,
        KeyCode::KEY_LEFTSHIFT | KeyCode::KEY_RIGHTSHIFT | KeyCode::KEY_CAPSLOCK | KeyCode::KEY_NUMLOCK => {
            Key::Modifier
        }
        other => CHARACTERS
            .iter()
            .find(|(code, _)| *code == other)
            .map_or(Key::Other, |(_, character)| Key::Character(*character)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evdev::EventType;

    #[test]
    fn keys_are_digits_enter_or_others() {
        for (code, expected) in [
            (KeyCode::KEY_1, Key::Character('1')),
            (KeyCode::KEY_0, Key::Character('0')),
            (KeyCode::KEY_KP7, Key::Character('7')),
            (KeyCode::KEY_F, Key::Character('f')),
            (KeyCode::KEY_G, Key::Other),
            (KeyCode::KEY_F1, Key::Other),
            (KeyCode::KEY_ENTER, Key::Enter),
            (KeyCode::KEY_KPENTER, Key::Enter),
            (KeyCode::KEY_LEFTSHIFT, Key::Modifier),
        ] {
            assert_eq!(key(code), expected, "{code:?}");
        }
    }

    #[test]
    fn a_card_is_typed_in_full_or_not_read() {
        let event = |code: KeyCode, value| InputEvent::new(EventType::KEY.0, code.code(), value);
        let typed = |code| [event(code, 1), event(code, 0)];
        let dropped = InputEvent::new(EventType::SYNCHRONIZATION.0, SynchronizationCode::SYN_DROPPED.0, 0);
        let five = typed(KeyCode::KEY_5);
        let (held, enter) = ([event(KeyCode::KEY_5, 2)], typed(KeyCode::KEY_ENTER));
        let old = Instant::now().checked_sub(JOINED_LATE).unwrap();
        for (events, taken, expected) in [
            ([&five[..], &held[..], &five[..], &enter[..]].concat(), old, Some(55)),
            ([&five[..], &[dropped], &five[..], &enter[..]].concat(), old, None),
            ([&five[..], &enter[..]].concat(), Instant::now() + JOINED_LATE, None),
        ] {
            let (inbox, mut cards) = inbox(64);
            let mut typing = Typing { typed: Typed::new(Digits::Decimal), taken, last_key: Instant::now() };
            events.into_iter().for_each(|event| typing.take(event, &inbox));
            assert_eq!(cards.next_card().map(CardNumber::value), expected);
        }
    }

    #[test]
    fn the_unit_waits_for_a_missing_reader() {
        let mut reader = {
            let wanted = Wanted { device: "/nowhere/event-kbd".into(), usb_port: None };
            KeyboardReader::start(wanted, Digits::Decimal, 64, PartReports::new(policy::audit::Part::Reader)).unwrap()
        };
        assert_eq!(reader.next_card(), None);
        let refused = open(Path::new("/nowhere/event-kbd")).map(drop).unwrap_err();
        let message = trouble(Path::new("/nowhere/event-kbd"), &refused);
        assert!(message.contains("plug it in") && message.contains("/nowhere/event-kbd"), "{message}");
    }

    #[test]
    fn a_file_that_is_not_an_input_device_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(open(file.path()).is_err());
    }
}
