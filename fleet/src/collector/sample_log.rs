//! A unit's log for tests, with the unit's signatures.

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use policy::audit::{BootId, Chain, Event, Head, HeadSignature};

pub(crate) struct SampleLog {
    chain: Chain,
    key: SigningKey,
    lines: Vec<Vec<u8>>,
}

impl SampleLog {
    /// A log of the unit with this number.
    pub(crate) fn new(number: u8) -> Self {
        Self { chain: Chain::new(), key: SigningKey::from_bytes(&[number; 32]), lines: Vec::new() }
    }

    pub(crate) fn public(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    pub(crate) fn add(&mut self, event: Event) {
        let utc_ms = 1_800_000_000_000 + self.lines.len() as i64;
        let line = self.chain.next_line(utc_ms, BootId([7; 16]), event).unwrap();
        self.lines.push(line.text().as_bytes().to_vec());
        line.commit();
    }

    pub(crate) fn started(&mut self) {
        self.add(Event::started("test"));
    }

    /// Adds this many records that are all alike.
    pub(crate) fn stopped(&mut self, records: usize) {
        (0..records).for_each(|_| self.add(Event::Stopped));
    }

    pub(crate) fn sign(&mut self) {
        let signature = self.key.sign(&self.chain.head().signed_bytes()).to_bytes();
        self.add(Event::HeadSigned { signature: HeadSignature(signature) });
    }

    /// Records that everything up to this record is removed, and signs.
    pub(crate) fn prune(&mut self, through: u64) {
        let Head { sequence, hash } = self.head_at(through);
        self.add(Event::Pruned { pruned_through: sequence, pruned_hash: hash });
        self.sign();
    }

    /// All lines, with their line feeds.
    pub(crate) fn lines(&self) -> &[Vec<u8>] {
        &self.lines
    }

    /// The lines from record `first` to record `last`.
    pub(crate) fn between(&self, first: u64, last: u64) -> &[Vec<u8>] {
        let last = self.lines.len().min(last as usize);
        &self.lines[(first as usize - 1).min(last)..last]
    }

    pub(crate) fn head_at(&self, sequence: u64) -> Head {
        let line = &self.lines[sequence as usize - 1];
        Head::at(line.strip_suffix(b"\n").unwrap()).unwrap()
    }

    pub(crate) fn last(&self) -> u64 {
        self.lines.len() as u64
    }

    /// A log that has the same first records.
    pub(crate) fn forged_after(&self, sequence: u64) -> Self {
        let lines = self.lines[..sequence as usize].to_vec();
        let chain = match sequence {
            0 => Chain::new(),
            _ => Chain::from_head(self.head_at(sequence)),
        };
        Self { chain, key: self.key.clone(), lines }
    }
}
