//! Everything that outsiders hand to the unit, one entrance for each kind that has no public one of its own: for fuzzing.
//!
//! What is done with it is what the commands do with it. Configuration ([`Config::parse`](crate::config::Config::parse)),
//! pictures ([`into_frame`](crate::camera::into_frame)), pulses ([`frames`](crate::reader::frames)) and a log that is
//! continued ([`AuditLog`](crate::audit_log::AuditLog)) have public entrances.

use crate::audit_log::names::{Names, names_name};
use crate::audit_log::read::{OpenFile, lines};
use crate::audit_log::verify::{Against, verify};
use crate::audit_log::{PublicKey, SignedHead};
use crate::camera::{Health, configured_size};
use crate::commands::audit::{Detail, in_words};
use crate::commands::receive::{announcement, take_in};
use crate::control::{Order, Reply, handle};
use crate::database::{Trust, read_bytes};
use crate::door::{Latch, LockLine, ScriptedDoor};
use crate::face_recognition;
use crate::link_requests::{self, Entrance, LinkReply};
use crate::lockdown;
use crate::memory_file;
use crate::reader::{AnyReply, Digits, PairingKeys, cards_heard, cards_typed};
use crate::signed_orders::is_last_order;
use crate::status::{Board, Clients, Form, Report, Wording, answer, shown};
use evdev::InputEvent;
use files::Storage;
use jiff::tz::TimeZone;
use policy::{Kind, Memory, Now, Observation, Policy, PresentedCard, Rules};
use shared::card::CardNumber;
use shared::delivery::Announcement;
use shared::gallery::{DatabaseDigest, Gallery, ModelHash, PersonId};
use shared::seal::Signer;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;

/// What a unit remembers over a restart: what another restart would remember after a frame that shows nobody.
///
/// # Errors
/// Why it cannot be used.
pub fn memory(text: &[u8], rules: Rules, now: &Now) -> Result<Memory, String> {
    let memory = memory_file::parse(text)?;
    let mut policy = Policy::new(rules).map_err(|error| error.to_string())?;
    policy.remember(&memory, now);
    let _nobody = policy.decide(&Observation::new(&[]), now);
    policy.present_card(&PresentedCard::Unknown, now);
    policy.clear_lockouts(Some(Kind::Card));
    policy.take_changed_memory().ok_or_else(|| "nothing has changed".to_owned())
}

/// A people database that was brought to a unit with that model: its people, or why it is refused.
///
/// # Errors
/// What the unit says.
pub fn people_database(file: &[u8], model: &ModelHash) -> Result<Gallery, String> {
    read_bytes(file, model, &Trust::default()).map_err(|refused| refused.to_string())
}

/// What `audit verify` and `audit show` make of one file of a log.
#[derive(Debug)]
pub struct ReadLog {
    /// Whole lines without a fault.
    pub records: u64,
    /// What is wrong with the first line that has one, or with what is missing.
    pub fault: Option<String>,
    /// Each record that can be read, in words.
    pub words: Vec<String>,
}

/// Reads a log as the commands do.
///
/// # Errors
/// None: memory can be read.
pub fn audit_log(file: &[u8]) -> io::Result<ReadLog> {
    let open = || OpenFile { name: "log".to_owned(), first: None, content: file };
    let names = Names::default();
    let mut words = Vec::new();
    for line in lines(open()) {
        words.extend(line?.record().map(|record| in_words(&record, &names, &TimeZone::UTC, Detail::Full)));
    }
    let found = verify([open()], Against::default(), |_| Ok(()))?;
    let fault = found.fault().map(|fault| fault.problem.clone());
    Ok(ReadLog { records: found.records, fault, words })
}

/// Whether the text is one of the small files that lie beside a log and a database: a signed head, a public key, names,
/// what moves the lock, the key of a reader.
#[must_use]
pub fn small_file(text: &[u8]) -> bool {
    let head = SignedHead::parse(text);
    if let Ok(head) = &head
        && let Ok(key) = head.key.parse()
    {
        let _whose_it_is = head.is_by(&key);
    }
    let line = str::from_utf8(text).unwrap_or_default();
    let names = names_in(text);
    if let Ok(names) = &names {
        let _the_person_it_means = (names.find(line), names.name(&PersonId([0; 16])));
    }
    let is_of_people = head.is_ok() || names.is_ok() || line.parse::<PublicKey>().is_ok();
    let is_of_orders = lockdown::is_order(text) || face_recognition::is_state(text) || is_last_order(text);
    let is_of_devices = PairingKeys::parse(line).is_ok();
    is_of_people || is_of_devices || LockLine::parse(text).is_ok() || is_of_orders
}

fn names_in(text: &[u8]) -> anyhow::Result<Names> {
    let mut storage = files::Memory::default();
    storage.append(&names_name("log"), text)?;
    Names::read(&mut storage, "log")
}

/// The cards that a USB reader types: of each event its type, code and value as the kernel has them.
pub fn typed_cards(events: &[(u16, u16, i32)], digits: Digits) -> Vec<CardNumber> {
    cards_typed(events.iter().map(|&(kind, code, value)| InputEvent::new(kind, code, value)), digits)
}

/// The cards that a unit reads from replies on the line of an OSDP reader: with a key that the sender does not know, or in
/// clear text.
pub fn osdp_cards(replies: Vec<AnyReply>, has_key: bool) -> Vec<CardNumber> {
    cards_heard(replies, has_key)
}

/// The size of pictures that a line of `rpicam-vid` tells of.
pub fn rpicam_size(line: &str) -> Option<(u32, u32)> {
    configured_size(line)
}

/// The status socket of a unit.
pub struct StatusSocket {
    board: Board,
}

impl StatusSocket {
    /// Of a unit that has just started.
    ///
    /// # Errors
    /// None: a scripted door locks.
    pub fn new(gallery: &Gallery) -> io::Result<Self> {
        let latch = Latch::close(Box::new(ScriptedDoor::default()), 1000).map_err(io::Error::other)?;
        let board = Board::new(Health::default(), latch, Path::new("people.db"), gallery, DatabaseDigest([0; 32]));
        Ok(Self { board })
    }

    /// What somebody is answered who sends these bytes and hangs up.
    ///
    /// # Errors
    /// What the system says.
    pub fn answer(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        exchanged(request, |unit| answer(unit, &self.board, &Clients::default()))
    }
}

/// What somebody gets who sends this and hangs up.
fn exchanged(request: &[u8], answer: impl FnOnce(UnixStream) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let (mut asker, unit) = UnixStream::pair()?;
    asker.write_all(request)?;
    asker.shutdown(Shutdown::Write)?;
    answer(unit)?;
    let mut answered = Vec::new();
    // What was not asked to its end is a connection that was cut.
    match asker.read_to_end(&mut answered) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
        _ => Ok(answered),
    }
}

/// What somebody is answered on the control socket who sends these bytes and hangs up, and whether the unit was asked for
/// something.
///
/// # Errors
/// What the system says.
pub fn control_request(request: &[u8]) -> io::Result<(Vec<u8>, bool)> {
    let (orders, asked) = channel();
    // The loop does whatever it is asked for.
    let unit = thread::spawn(move || asked.iter().map(|order: Order| order.answer(Reply::done())).count());
    let answer = exchanged(request, |client| handle(client, &orders));
    drop(orders);
    let asked = unit.join().map_err(|_| io::Error::other("the loop ended"))?;
    Ok((answer?, asked > 0))
}

/// What somebody is answered on the socket of the link who sends these bytes and hangs up, and whether the loop was asked for
/// something. Orders are genuine if this key has signed them.
///
/// # Errors
/// What the system says.
pub fn link_request(request: &[u8], signer: Signer) -> io::Result<(Vec<u8>, bool)> {
    let (entrance, asked) = Entrance::for_signers(vec![signer]);
    let unit = thread::spawn(move || asked.iter().map(|asked| asked.answer(LinkReply::done("done"))).count());
    let answer = exchanged(request, |client| link_requests::handle(client, &entrance).map(drop));
    drop(entrance);
    let asked = unit.join().map_err(|_| io::Error::other("the loop ended"))?;
    Ok((answer?, asked > 0))
}

/// What is kept of what somebody sends to `edge-agent receive`, and how it was announced.
///
/// # Errors
/// Why it is not handed over.
pub fn received(bytes: &[u8]) -> io::Result<(Announcement, Vec<u8>)> {
    let mut input = bytes;
    let announced = announcement(&mut input)?;
    let mut kept = Vec::new();
    take_in(&mut input, &announced, &mut kept)?;
    Ok((announced, kept))
}

/// What `edge-agent status` prints of a unit's answer: in words, as JSON, for Prometheus.
///
/// # Errors
/// If the answer is not a report.
pub fn status_answer(answer: &[u8]) -> anyhow::Result<[String; 3]> {
    let report: Report = serde_json::from_slice(answer)?;
    Ok([
        shown(&report, Form::Words(&Wording::default()))?,
        shown(&report, Form::Json)?,
        shown(&report, Form::Prometheus)?,
    ])
}
