//! What the workstation reads of a fleet: `fleet.toml`, records that come from a broker, collected files.

use crate::Answer;
use crate::choices::Choices;
use ed25519_dalek::{Signer, SigningKey};
use files::{Memory, Storage};
use fleet::collector::{Collector, Moment, collected};
use fleet::fleet_toml::{Fleet, FleetTomlError};
use fleet_messages::BatchHeader;
use policy::audit::{BootId, Chain, Event, Head, HeadSignature};
use shared::seal::Fingerprint;
use std::collections::HashSet;
use std::fmt::Write;

/// The id of the unit of the seeds.
pub(crate) const UNIT: &str = "5f0c-8a71-0000-1111-2222";

/// The key of its log.
pub(crate) fn log_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A fleet of this unit.
pub(crate) fn fleet_of_one() -> String {
    let mut key = String::new();
    log_key().verifying_key().as_bytes().iter().for_each(|byte| write!(key, "{byte:02x}").unwrap_or_default());
    format!("[[unit]]\nname = \"front\"\nid = \"{UNIT}\"\nlog-key = \"{key}\"\nssh = \"pi@front\"\n")
}

/// Parses a `fleet.toml`. Names, ids and keys of an accepted one are unique, and every unit can be named; a refusal says
/// where.
pub fn fleet_toml(bytes: &[u8]) -> Answer {
    match Fleet::parse(bytes) {
        Ok(fleet) => {
            let units = fleet.units();
            let unique = |texts: HashSet<String>| assert_eq!(texts.len(), units.len());
            unique(units.iter().map(|unit| unit.name.clone()).collect());
            unique(units.iter().map(|unit| unit.id.to_string()).collect());
            unique(units.iter().map(|unit| format!("{:?}", unit.log_key.to_bytes())).collect());
            for unit in units {
                assert!(fleet.unit(unit.id).is_some_and(|found| found.name == unit.name));
                let Ok(chosen) = fleet.select(&[&unit.name]) else { panic!("a unit cannot be named") };
                assert!(chosen.units.len() == 1 && chosen.units[0].id == unit.id);
            }
            Answer::Accepted
        }
        Err(error) => {
            let has_no_place = match &error {
                FleetTomlError::NotUtf8 | FleetTomlError::UnitCount(_) => true,
                FleetTomlError::NotToml(error) => error.span().is_none(),
                _ => false,
            };
            assert!(has_no_place || error.to_string().contains("line "), "{error}");
            assert!(!error.help().is_empty());
            Answer::Refused
        }
    }
}

/// Gives a collector a message of a unit, twice. Each file that it writes is one chain, no record is in two of them, and what
/// the unit has signed stays.
///
/// The second time may add records: a message from a stranger can have its lines in any order.
pub fn collected_batch(bytes: &[u8]) -> Answer {
    let mut disk = Memory::default();
    let Some(mut collector) = collector(&disk) else { panic!("memory can be read") };
    let mut now = Moment::default();
    collector.take(unit(), bytes, now);
    collector.settle(now);
    let signed = signed_lines(&mut disk);
    now.monotonic_ms += 60_000;
    collector.take(unit(), bytes, now);
    collector.settle(now);
    let written = chains(&mut disk).concat();
    let sequences: Vec<u64> = written.iter().map(|line| sequence(line)).collect();
    assert!(sequences.is_sorted_by(|before, after| before < after), "a record was written twice");
    assert!(signed.iter().all(|line| written.contains(line)), "a signed record is gone");
    if written.is_empty() { Answer::Refused } else { Answer::Accepted }
}

/// Continues a collected file whose end was torn or overwritten: the first bytes choose the log, the others the damage.
///
/// If the collector continues it, every record is there once and in order in the end. If it does not, it leaves the file as
/// it is. What was damaged counts as refused.
pub fn collected_log(bytes: &[u8]) -> Answer {
    let mut choices = Choices::new(bytes);
    let log = log(&mut choices);
    let whole = log.concat();
    let mut file = whole[..choices.place(whole.len() + 1)].to_vec();
    for _ in 0..choices.below(3) {
        let place = choices.place(file.len() + 1);
        file.truncate(place);
        file.extend((0..choices.below(40)).map(|_| choices.byte()));
    }
    let (mut disk, name) = (Memory::default(), format!("{UNIT}.jsonl"));
    if disk.append(&name, &file).is_err() {
        panic!("memory can be written");
    }
    let Some(mut collector) = collector(&disk) else { panic!("memory can be read") };
    let mut now = Moment::default();
    let Ok(header) = BatchHeader::new(unit(), Some(1), log.len() as u64).to_line() else {
        panic!("a header is printed")
    };
    collector.take(unit(), &header, now);
    let mut next = collector.settle(now).wants.first().map(|(_, want)| want.next);
    if next.is_none() {
        assert_eq!(
            disk.read(&name).ok().flatten().unwrap_or_default(),
            file,
            "a file that is not continued was changed"
        );
        return Answer::Refused;
    }
    for _ in 0..8 {
        let Some(first) = next else { break };
        let lines = log.get(first as usize - 1..).unwrap_or_default().concat();
        now.monotonic_ms += 60_000;
        collector.take(unit(), &[&header[..], &lines].concat(), now);
        next = collector.settle(now).wants.first().map(|(_, want)| want.next);
    }
    assert_eq!(disk.read(&name).ok().flatten().unwrap_or_default(), whole, "a record is missing or there twice");
    let Ok(found) = collected(&mut disk, unit(), &log_key().verifying_key()) else { panic!("it cannot be read") };
    assert_eq!(found.last, log.len() as u64);
    if whole.starts_with(&file) { Answer::Accepted } else { Answer::Refused }
}

/// The lines of the unit's log before each gap, in order, and those of the log that is continued.
fn chains(disk: &mut Memory) -> Vec<Vec<Vec<u8>>> {
    let before_gap = format!("{UNIT}.to-");
    let mut names = disk.list().unwrap_or_default();
    names.retain(|name| name.starts_with(&before_gap));
    names.sort_by_key(|name| {
        name[before_gap.len()..].split('.').next().and_then(|last| last.parse::<u64>().ok()).unwrap_or_default()
    });
    names.push(format!("{UNIT}.jsonl"));
    let files = names.iter().map(|name| disk.read(name).ok().flatten().unwrap_or_default());
    let chains = files.inspect(|file| assert!(policy::audit::verify(file).is_ok(), "what was written is no chain"));
    chains.map(|file| file.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect()).collect()
}

/// The number of the record in this line, which has its line feed.
fn sequence(line: &[u8]) -> u64 {
    match line.strip_suffix(b"\n").map(Head::at) {
        Some(Ok(head)) => head.sequence,
        _ => panic!("a line of a chain is no record"),
    }
}

/// What was written so far and is signed.
fn signed_lines(disk: &mut Memory) -> Vec<Vec<u8>> {
    let Ok(found) = collected(disk, unit(), &log_key().verifying_key()) else { panic!("it cannot be read") };
    let mut lines = chains(disk).concat();
    lines.retain(|line| sequence(line) <= found.signed);
    lines
}

fn unit() -> Fingerprint {
    match UNIT.parse() {
        Ok(unit) => unit,
        Err(error) => panic!("{error}"),
    }
}

fn collector(disk: &Memory) -> Option<Collector> {
    let fleet = Fleet::parse(fleet_of_one().as_bytes()).ok()?;
    Collector::open(Box::new(disk.clone()), &fleet).ok()
}

/// The lines of a log that the unit wrote and signed.
fn log(choices: &mut Choices<'_>) -> Vec<Vec<u8>> {
    let (mut chain, mut lines) = (Chain::new(), Vec::new());
    let records = 1 + choices.below(30);
    for number in 0..records {
        let is_signature = number > 0 && (choices.below(4) == 0 || number + 1 == records);
        let event = match is_signature {
            true => signature(&chain.head()),
            false => Event::TornLineCut { bytes: choices.byte().into() },
        };
        if let Ok(line) = chain.next_line(1_800_000_000_000, BootId([7; 16]), event) {
            lines.push(line.text().as_bytes().to_vec());
            line.commit();
        }
    }
    lines
}

fn signature(head: &Head) -> Event {
    Event::HeadSigned { signature: HeadSignature(log_key().sign(&head.signed_bytes()).to_bytes()) }
}
