//! What is collected of one unit: its chain, and what may have to take the place of its end.
//!
//! Nobody between the unit and the collector can change what the unit has signed. They can forge what comes after the last
//! signature, or claim that records are gone. So:
//!
//! - Lines that contradict the unsigned end are kept as a [`Branch`] in memory until the unit's signature in one of the two
//!   decides. The other one is put aside.
//! - If records are said to be gone, those after them go to a file of their own ([`AfterGap`]), until a signed record in it
//!   says that the unit removed them. Then the chain before the gap gets another name, and the new file takes its place: each
//!   file is one chain without a gap.
//!
//! Records in a branch are not durable, and are wanted again after a restart. The unit keeps them: a [`Want`] permits it
//! nothing.

mod after_gap;

use super::chain_end::{ChainEnd, MOST_UNSIGNED, Origin, SignedEnd, Unfit};
use super::chain_file::{ChainFile, OpenError};
use super::gaps::{self, Gap};
use super::names::Names;
use super::note::Problem;
use after_gap::AfterGap;
use ed25519_dalek::VerifyingKey;
use files::Storage;
use fleet_messages::Want;
use shared::seal::Fingerprint;
use std::io;

/// What is collected of a unit.
#[derive(Debug)]
pub(crate) struct UnitLog {
    names: Names,
    key: VerifyingKey,
    own: ChainFile,
    branch: Option<Branch>,
    after_gap: Option<AfterGap>,
    /// The first record that the unit still has, as somebody says.
    kept_from: Option<u64>,
}

/// Lines that follow what the unit has signed, and contradict what else was collected.
#[derive(Debug)]
struct Branch {
    /// Up to where the unit had signed when it began.
    base: Option<SignedEnd>,
    end: ChainEnd,
    lines: Vec<u8>,
}

/// Lines of a unit's log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offer<'a> {
    /// The first record that the unit still has.
    pub(crate) kept_from: Option<u64>,
    /// The last record that the unit has.
    pub(crate) last: u64,
    /// Without line feeds.
    pub(crate) lines: Vec<&'a [u8]>,
}

/// What became of an offer, or of a sync.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Number of records that were written.
    pub(crate) records: u64,
    /// Number of files that were synced.
    pub(crate) syncs: u64,
    /// What somebody should know.
    pub(crate) problems: Vec<Problem>,
    /// Lines that were refused, to be kept beside, and why.
    pub(crate) refused: Vec<(String, Vec<u8>)>,
}

impl UnitLog {
    /// Continues what was collected, and reports what was cut off.
    ///
    /// # Errors
    /// [`OpenError`]
    pub(crate) fn open(
        storage: &mut dyn Storage,
        unit: Fingerprint,
        key: VerifyingKey,
    ) -> Result<(Self, Outcome), OpenError> {
        let names = Names::of(unit);
        after_gap::finish_replacement(storage, &names)?;
        let mut outcome = Outcome::default();
        let own = ChainFile::open(storage, &names.log(), Origin::Beginning, &key)?;
        if own.cut_bytes > 0 {
            outcome.problems.push(Problem::Torn { bytes: own.cut_bytes });
        }
        let own = own.file;
        let after_gap = AfterGap::open(storage, &names, own.next(), &key)?;
        Ok((Self { names, key, own, branch: None, after_gap, kept_from: None }, outcome))
    }

    /// Takes what fits of an offer, and writes it.
    ///
    /// # Errors
    /// The error of the disk. Then open it again.
    pub(crate) fn take(
        &mut self,
        storage: &mut dyn Storage,
        offer: &Offer<'_>,
        may_branch: bool,
    ) -> io::Result<Outcome> {
        let mut outcome = Outcome::default();
        self.kept_from = offer.kept_from;
        self.begin_after_gap(storage, offer, &mut outcome)?;
        if offer.lines.is_empty() {
            // If the unit has fewer records, somebody has perhaps forged the last ones: the unit is to say them again.
            let own = *self.own.written();
            let is_ahead = |end: &ChainEnd| end.head.is_some_and(|head| head.sequence > offer.last);
            self.branch.take_if(|branch| !branch.lines.is_empty() && is_ahead(&branch.end));
            if is_ahead(&own) && may_branch {
                self.begin_branch(&own);
            }
            if let Some(after_gap) = &mut self.after_gap {
                after_gap.doubt_after(offer.last);
            }
        }
        let mut line = Vec::new();
        let mut fitting = Fitting { end: *self.own.written(), lines: Vec::new(), records: 0 };
        for text in &offer.lines {
            line.clear();
            line.extend_from_slice(text);
            line.push(b'\n');
            if self.own.is_full_with(fitting.lines.len() + line.len()) {
                break;
            }
            match fitting.end.with(&line, self.own.origin, &self.key) {
                Ok(followed) => {
                    fitting.end = followed.end;
                    fitting.lines.extend_from_slice(&line);
                    fitting.records += 1;
                    // The unit has signed these records: what contradicted them was forged.
                    self.branch.take_if(|branch| branch.base != fitting.end.signed);
                }
                Err(unfit) => {
                    let is_branch = self.offer_to_branch(&fitting.end, &line, &unfit, may_branch, &mut outcome);
                    let is_after_gap = match &mut self.after_gap {
                        Some(after_gap) => after_gap.take(&line, &self.key),
                        None => false,
                    };
                    if !is_branch && !is_after_gap {
                        refuse(&unfit, &line, &mut outcome);
                    }
                    if self.branch.as_ref().is_some_and(|branch| branch.end.signed != branch.base) {
                        self.write(storage, &mut fitting, &mut outcome)?;
                        self.adopt(storage, &mut outcome)?;
                        fitting.end = *self.own.written();
                    }
                }
            }
        }
        self.write(storage, &mut fitting, &mut outcome)?;
        if let Some(after_gap) = &mut self.after_gap {
            outcome.records += after_gap.write(storage)?;
        }
        Ok(outcome)
    }

    /// Syncs what was written. Afterwards, [`UnitLog::want`] moves on.
    ///
    /// # Errors
    /// The error of the disk. Then open it again.
    pub(crate) fn settle(&mut self, storage: &mut dyn Storage, utc_ms: i64) -> io::Result<Outcome> {
        let mut outcome = Outcome::default();
        if self.own.is_dirty() {
            self.own.sync(storage)?;
            outcome.syncs += 1;
        }
        let next = if self.branch.is_some() { 0 } else { self.own.next() };
        let Some(after_gap) = &mut self.after_gap else { return Ok(outcome) };
        if after_gap.file.is_dirty() {
            after_gap.file.sync(storage)?;
            outcome.syncs += 1;
        }
        if next > after_gap.first() {
            // There was no gap: the records came after all.
            self.after_gap.take().map_or(Ok(()), |after_gap| after_gap.remove(storage))?;
        } else if let Some(removed_by) = after_gap.proof() {
            self.replace_by_after_gap(storage, removed_by, utc_ms, &mut outcome)?;
        }
        Ok(outcome)
    }

    /// Gives up what is not on the disk, as far as the disk permits. Then open it again.
    pub(crate) fn give_up(mut self, storage: &mut dyn Storage) {
        let _unknown = self.own.take_back(storage);
        if let Some(mut after_gap) = self.after_gap {
            let _unknown = after_gap.file.take_back(storage);
        }
    }

    /// The record that is wanted next, after what is on the disk.
    pub(crate) fn want(&self) -> Want {
        let (end, origin) = match (&self.after_gap, &self.branch) {
            (Some(after_gap), _) if self.lacks_records() => (after_gap.file.durable(), after_gap.file.origin),
            (_, Some(branch)) => (&branch.end, self.own.origin),
            (_, None) => (self.own.durable(), self.own.origin),
        };
        Want::new(end.next(origin), end.head.map(|head| head.hash))
    }

    /// Whether it holds a branch in memory.
    pub(crate) fn has_branch(&self) -> bool {
        self.branch.is_some()
    }

    /// Whether it must be settled before this many bytes can be taken.
    pub(crate) fn is_full_with(&self, bytes: usize) -> bool {
        let after_gap = self.after_gap.as_ref().is_some_and(|after_gap| after_gap.file.is_full_with(bytes));
        after_gap || self.own.is_full_with(bytes)
    }

    /// The record that comes next, after what is not in doubt.
    fn next(&self) -> u64 {
        self.branch.as_ref().map_or(self.own.next(), |branch| branch.end.next(self.own.origin))
    }

    /// Whether that record is said to be gone.
    fn lacks_records(&self) -> bool {
        self.kept_from.is_some_and(|kept_from| kept_from > self.next())
    }

    /// Begins a chain after a gap, if one is claimed.
    fn begin_after_gap(
        &mut self,
        storage: &mut dyn Storage,
        offer: &Offer<'_>,
        outcome: &mut Outcome,
    ) -> io::Result<()> {
        let Some(kept_from) = offer.kept_from.filter(|_| self.lacks_records()) else { return Ok(()) };
        match self.after_gap.take() {
            Some(after_gap) if (after_gap.first()..=after_gap.file.next()).contains(&kept_from) => {
                self.after_gap = Some(after_gap);
                return Ok(());
            }
            // The unit has older records than those.
            Some(after_gap) if kept_from < after_gap.first() => after_gap.remove(storage)?,
            Some(after_gap) => after_gap.put_aside(storage, &self.names)?,
            None => {}
        }
        outcome.problems.push(Problem::Missing { from: self.next(), through: kept_from - 1 });
        self.after_gap = Some(AfterGap::at(&self.names, kept_from));
        Ok(())
    }

    fn replace_by_after_gap(
        &mut self,
        storage: &mut dyn Storage,
        removed_by: u64,
        utc_ms: i64,
        outcome: &mut Outcome,
    ) -> io::Result<()> {
        let Some(after_gap) = self.after_gap.take() else { return Ok(()) };
        if self.branch.take().is_some() || self.own.durable().signed.is_none() {
            let why = "nobody can say whether the unit wrote these records: it has removed them";
            self.put_unsigned_aside(storage, why, outcome)?;
            if storage.length(&self.own.name)?.is_some() {
                self.own.sync(storage)?;
            }
        }
        let before = self.own.durable();
        let unsigned_from = (before.unsigned > 1).then(|| before.signed_part().next(self.own.origin) + 1);
        let gap =
            Gap { from: self.own.next(), through: after_gap.first().saturating_sub(1), unsigned_from, removed_by };
        gaps::write(storage, &self.names, gap, utc_ms)?;
        let last = self.own.durable().head.map(|head| head.sequence);
        self.own = after_gap.replace(storage, &self.names, last)?;
        outcome.problems.push(Problem::Gap(gap));
        Ok(())
    }

    /// Begins a branch after what the unit has signed, if there are records after that.
    fn begin_branch(&mut self, own: &ChainEnd) {
        if self.branch.is_none() && own.unsigned > 0 {
            self.branch = Some(Branch { base: own.signed, end: own.signed_part(), lines: Vec::new() });
        }
    }

    /// Whether a line that does not fit belongs to a branch.
    fn offer_to_branch(
        &mut self,
        own: &ChainEnd,
        line: &[u8],
        unfit: &Unfit,
        may_branch: bool,
        outcome: &mut Outcome,
    ) -> bool {
        if matches!(unfit, Unfit::Strange { .. }) && may_branch {
            self.begin_branch(own);
        }
        let Some(branch) = &mut self.branch else { return false };
        match branch.end.with(line, self.own.origin, &self.key) {
            Ok(followed) => {
                branch.end = followed.end;
                branch.lines.extend_from_slice(line);
                // The same records again: what contradicted them was forged.
                self.branch.take_if(|branch| branch.end.head == own.head);
                true
            }
            Err(Unfit::Unsigned { .. }) => {
                let lines = self.branch.take().map(|branch| branch.lines).unwrap_or_default();
                outcome
                    .problems
                    .push(Problem::Forged { problem: format!("{MOST_UNSIGNED} records without a signature") });
                outcome.refused.push(("none of these records is signed".to_owned(), lines));
                false
            }
            // It may come in order later: the branch says which record it wants.
            Err(Unfit::Old(_) | Unfit::Later { .. }) => true,
            // It contradicts even what the unit has signed.
            Err(_) if branch.lines.is_empty() => {
                self.branch = None;
                false
            }
            // One of the two is forged: all are wanted again.
            Err(Unfit::Strange { .. }) => {
                self.branch = None;
                self.begin_branch(own);
                true
            }
            Err(_) => false,
        }
    }

    /// Puts the branch in the place of the unsigned end.
    fn adopt(&mut self, storage: &mut dyn Storage, outcome: &mut Outcome) -> io::Result<()> {
        let Some(Branch { end, lines, .. }) = self.branch.take() else { return Ok(()) };
        let (signed, records) = (self.own.written().signed_part(), self.own.written().unsigned);
        self.put_unsigned_aside(storage, "the unit has signed other records instead", outcome)?;
        self.own.append(storage, &lines, end)?;
        outcome.problems.push(Problem::Replaced { from: signed.next(self.own.origin), records: records.into() });
        outcome.records += lines.iter().filter(|&&byte| byte == b'\n').count() as u64;
        Ok(())
    }

    /// Cuts off what the unit has not signed.
    fn put_unsigned_aside(&mut self, storage: &mut dyn Storage, why: &str, outcome: &mut Outcome) -> io::Result<()> {
        let (end, signed) = (self.own.written().bytes, self.own.written().signed_part().bytes);
        if end > signed {
            let length = usize::try_from(end - signed).unwrap_or(usize::MAX);
            outcome.refused.push((why.to_owned(), storage.read_from(&self.own.name, signed, length)?));
        }
        self.own.cut_unsigned(storage)
    }

    fn write(&mut self, storage: &mut dyn Storage, fitting: &mut Fitting, outcome: &mut Outcome) -> io::Result<()> {
        let lines = std::mem::take(&mut fitting.lines);
        if lines.is_empty() {
            return Ok(());
        }
        self.own.append(storage, &lines, fitting.end)?;
        outcome.records += std::mem::take(&mut fitting.records);
        Ok(())
    }
}

/// Lines that follow the chain and are not written yet.
struct Fitting {
    end: ChainEnd,
    lines: Vec<u8>,
    records: u64,
}

fn refuse(unfit: &Unfit, line: &[u8], outcome: &mut Outcome) {
    if matches!(unfit, Unfit::Old(_) | Unfit::Later { .. }) {
        return;
    }
    let problem = unfit.to_string();
    outcome.problems.push(Problem::Forged { problem: problem.clone() });
    outcome.refused.push((problem, line.to_vec()));
}
