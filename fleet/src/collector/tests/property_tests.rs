//! Whatever is lost, repeated, reordered or forged on the way, and whenever the collector is killed or its disk fails: in the
//! end each record is there once and in order.

use super::*;
use files::power_cut::{Loss, PowerCut};
use proptest::collection::vec;
use proptest::prelude::*;

/// What happens.
#[derive(Debug, Clone)]
enum Step {
    /// The unit writes records, and perhaps signs them.
    Write {
        records: u8,
        signs: bool,
    },
    /// The unit removes its oldest records.
    Prune {
        records: u8,
    },
    /// A batch arrives, whether it is wanted or not.
    Batch {
        first: u8,
        records: u8,
    },
    /// What is wanted arrives.
    Wanted {
        records: u8,
    },
    /// Somebody sends records that follow what was collected.
    ForgedEnd {
        records: u8,
    },
    /// Somebody sends records that contradict what the unit has written.
    ForgedRecord {
        place: u8,
    },
    /// Somebody claims that records are gone.
    ForgedGap {
        records: u8,
    },
    Settle,
    /// An operation of the disk fails.
    DiskFails {
        operation: u8,
    },
    /// The collector is killed; its disk loses what was not synced.
    Killed {
        operation: u8,
        does_it: bool,
        loss: u8,
    },
}

fn steps(may_forge: bool) -> impl Strategy<Value = Vec<Step>> {
    let forged = prop_oneof![
        (1..40_u8).prop_map(|records| Step::ForgedEnd { records }),
        any::<u8>().prop_map(|place| Step::ForgedRecord { place }),
        any::<u8>().prop_map(|records| Step::ForgedGap { records }),
    ];
    let step = prop_oneof![
        3 => (0..40_u8, any::<bool>()).prop_map(|(records, signs)| Step::Write { records, signs }),
        1 => any::<u8>().prop_map(|records| Step::Prune { records }),
        4 => any::<(u8, u8)>().prop_map(|(first, records)| Step::Batch { first, records }),
        4 => any::<u8>().prop_map(|records| Step::Wanted { records }),
        u32::from(may_forge) * 3 => forged,
        4 => Just(Step::Settle),
        1 => (0..8_u8).prop_map(|operation| Step::DiskFails { operation }),
        2 => (0..8_u8, any::<bool>(), any::<u8>())
            .prop_map(|(operation, does_it, loss)| Step::Killed { operation, does_it, loss }),
    ];
    vec(step, 1..60)
}

struct World {
    log: SampleLog,
    kept_from: u64,
    disk: PowerCut,
    collector: Collector,
    now: Moment,
    wanted: u64,
    /// Everything before this record was confirmed to the unit.
    confirmed: u64,
}

impl World {
    fn new() -> Self {
        let disk = PowerCut::default();
        let collector = Collector::open(Box::new(disk.clone()), &fleet()).unwrap();
        let mut log = SampleLog::new(1);
        log.started();
        log.sign();
        let now = Moment::default();
        Self { log, kept_from: 1, disk, collector, now, wanted: 1, confirmed: 0 }
    }

    fn batch(&self, first: u64, records: u64) -> Vec<u8> {
        let first = first.max(self.kept_from);
        payload(self.kept_from, self.log.last(), self.log.between(first, first + records.min(60)))
    }

    fn take(&mut self, payload: &[u8]) {
        self.collector.take(unit(), payload, self.now);
    }

    fn settle(&mut self) {
        self.now.monotonic_ms += RETRY_MS;
        let settled = self.collector.settle(self.now);
        for (_, want) in settled.wants {
            self.wanted = want.next;
            if want.next <= self.log.last() + 1 && want.previous.is_none_or(|hash| self.has(want.next - 1, hash)) {
                self.confirmed = self.confirmed.max(want.next - 1);
            }
        }
    }

    fn has(&self, sequence: u64, hash: LineHash) -> bool {
        sequence <= self.log.last() && self.log.head_at(sequence).hash == hash
    }

    fn kill(&mut self, loss: u8) {
        let kinds: Vec<Loss> = Loss::kinds(self.disk.last_append()).collect();
        self.disk = self.disk.after(kinds[usize::from(loss) * kinds.len() / 256]);
        self.collector = Collector::open(Box::new(self.disk.clone()), &fleet()).unwrap();
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Write { records, signs } => {
                self.log.stopped(usize::from(records));
                if signs {
                    self.log.sign();
                }
            }
            Step::Prune { records } => {
                let through = self.kept_from + u64::from(records) / 4;
                if through < self.log.last() {
                    self.log.prune(through);
                    self.kept_from = through + 1;
                }
            }
            Step::Batch { first, records } => {
                let first = 1 + u64::from(first) * self.log.last() / 256;
                let batch = self.batch(first, u64::from(records));
                self.take(&batch);
            }
            Step::Wanted { records } => {
                let batch = self.batch(self.wanted, u64::from(records));
                self.take(&batch);
            }
            Step::ForgedEnd { records } => {
                let after = (self.wanted - 1).min(self.log.last());
                let mut forged = self.log.forged_after(after);
                forged.add(Event::DoorForced);
                forged.stopped(usize::from(records));
                let lines = forged.between(after + 1, forged.last()).to_vec();
                self.take(&payload(self.kept_from, forged.last(), &lines));
            }
            Step::ForgedRecord { place } => {
                let after = u64::from(place) * self.log.last() / 256;
                let mut forged = self.log.forged_after(after);
                forged.add(Event::DoorForced);
                let lines = forged.between(after + 1, after + 1).to_vec();
                self.take(&payload(self.kept_from, self.log.last(), &lines));
            }
            Step::ForgedGap { records } => {
                let first = self.wanted + 1 + u64::from(records);
                let lines = self.log.between(first.min(self.log.last()), self.log.last()).to_vec();
                self.take(&payload(first, self.log.last(), &lines[..lines.len().min(50)]));
            }
            Step::Settle => self.settle(),
            Step::DiskFails { operation } => self.disk.fail_at(usize::from(operation)),
            Step::Killed { operation, does_it, loss } => {
                self.disk.cut_at(usize::from(operation), does_it);
                let batch = self.batch(self.wanted, 20);
                self.take(&batch);
                self.settle();
                self.kill(loss);
            }
        }
    }

    /// Lets the unit send what is wanted until everything is collected. It goes on writing, so that a forged end which happens
    /// to be as long as the true one is contradicted.
    fn finish(&mut self) {
        for _ in 0..3 {
            self.log.sign();
            let is_collected = (0..300).any(|_| {
                self.take(&payload(self.kept_from, self.log.last(), &[]));
                self.settle();
                let batch = self.batch(self.wanted, 60);
                self.take(&batch);
                self.settle();
                self.wanted == self.log.last() + 1
            });
            assert!(is_collected, "record {} is still wanted of {}", self.wanted, self.log.last());
        }
    }

    fn gaps(&mut self) -> Vec<Gap> {
        let gaps = self.disk.read(&Names::of(unit()).gaps()).unwrap().unwrap_or_default();
        let lines = gaps.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    fn is_complete(&mut self) {
        let names = Names::of(unit());
        let gaps = self.gaps();
        let mut collected = Vec::new();
        let mut files: Vec<String> = self.disk.list().unwrap();
        files.retain(|name| names.last_before_gap(name).is_some());
        files.push(names.log());
        for file in files {
            let bytes = self.disk.read(&file).unwrap().unwrap_or_default();
            for line in bytes.split_inclusive(|&byte| byte == b'\n') {
                let sequence = policy::audit::Head::at(line.strip_suffix(b"\n").unwrap()).unwrap().sequence;
                // Only before a gap, nobody can say what is true of what was not signed.
                let may_be_forged = gaps.iter().any(|gap| {
                    gap.unsigned_from.is_some_and(|unsigned_from| (unsigned_from..gap.from).contains(&sequence))
                });
                let is_true = self.log.lines().get(sequence as usize - 1).is_some_and(|written| line == *written);
                assert!(is_true || may_be_forged, "record {sequence} is not what the unit wrote");
                collected.push(sequence);
            }
        }
        assert!(collected.windows(2).all(|pair| pair[0] < pair[1]), "{collected:?}");
        let in_a_gap = |sequence: &u64| gaps.iter().any(|gap| (gap.from..=gap.through).contains(sequence));
        let lost: Vec<u64> = (1..=self.log.last())
            .filter(|sequence| collected.binary_search(sequence).is_err())
            .filter(|sequence| *sequence >= self.kept_from || !in_a_gap(sequence))
            .collect();
        assert!(lost.is_empty(), "{lost:?} are lost, gaps {gaps:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn each_record_is_collected_once_and_in_order(steps in steps(false)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
            if matches!(step, Step::Killed { .. }) {
                // What the unit was told to be there is there.
                world.take(&payload(world.kept_from, world.log.last(), &[]));
                world.settle();
                prop_assert!(world.wanted > world.confirmed || world.wanted == world.kept_from, "{} {}", world.wanted, world.confirmed);
            }
        }
        world.finish();
        world.is_complete();
    }

    #[test]
    fn nothing_that_is_forged_is_left_and_nothing_is_lost(steps in steps(true)) {
        let mut world = World::new();
        steps.iter().for_each(|step| world.step(step));
        world.finish();
        world.is_complete();
    }
}
