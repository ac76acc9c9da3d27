//! Sends the unit's records to the collector until it has confirmed them.
//!
//! The link keeps no position. When it connects, and now and then, it says hello with an empty batch; the collector answers
//! with the record that it wants.

use super::post::Post;
use super::window::Window;
use crate::broker::NotSent;
use crate::unit::{Beginning, Records, Unit, UnitError, UnitRecord};
use fleet_messages::{BatchHeader, Kind, MAX_BATCH_BYTES, Want};
use policy::audit::LineHash;
use shared::seal::Fingerprint;
use std::convert::Infallible;
use std::time::Duration;
use terminal::on_one_line;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long a batch waits for further records.
const LINGER: Duration = Duration::from_millis(200);
/// The longest time before the first hello on a connection: the links of a fleet connect at the same time when the broker
/// restarts.
const FIRST_HELLO: Duration = Duration::from_secs(5);
/// Between hellos to which no collector has answered at first; then twice as long, and so on.
const UNANSWERED: Duration = Duration::from_secs(20);
/// Between hellos.
const HELLO_EVERY: Duration = Duration::from_secs(5 * 60);
/// After a failure of the unit.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Room for the header of a batch, in bytes.
const HEADER_ROOM: usize = 256;
/// This many failures in a row are worth a message.
const NOTEWORTHY: u32 = 3;

/// Sends records.
pub(super) struct Outbox {
    id: Fingerprint,
    unit: Unit,
    post: Post,
    wants: watch::Receiver<Option<Want>>,
    source: Source,
    has_compared: bool,
}

/// Where records come from.
struct Source {
    records: Option<Records>,
    /// The record to ask for when the stream is opened again.
    next: u64,
    kept: Beginning,
    /// Not before this time.
    not_before: Instant,
    failures: u32,
}

/// Records on one connection.
struct Sending {
    /// `None` until a collector has said what it wants.
    window: Option<Window>,
    batch: Batch,
    /// The hash that the collector has of the record before the wanted one, until it is compared.
    compare: Option<Want>,
    hello_at: Instant,
    unanswered: Duration,
}

/// Lines that are sent together.
#[derive(Default)]
struct Batch {
    lines: Vec<u8>,
    last: u64,
    flush_at: Option<Instant>,
}

impl Outbox {
    /// Sends the records of this unit as the last of the wants says.
    pub(super) fn new(id: Fingerprint, unit: Unit, post: Post, wants: watch::Receiver<Option<Want>>) -> Self {
        let kept = Beginning { kept_from: None, last: 0 };
        let source = Source { records: None, next: 1, kept, not_before: Instant::now(), failures: 0 };
        Self { id, unit, post, wants, source, has_compared: false }
    }

    /// Never ends.
    pub(super) async fn run(mut self) -> Infallible {
        let mut connection = None;
        loop {
            let number = self.post.connection_after(connection).await;
            connection = Some(number);
            let NotSent = self.send(number).await;
        }
    }

    /// Sends on one connection until it ends.
    async fn send(&mut self, connection: u64) -> NotSent {
        let now = Instant::now();
        let known = self.wants.borrow_and_update().clone();
        let mut sending = Sending {
            window: known.as_ref().map(|want| Window::from(want.next, now)),
            batch: Batch::default(),
            compare: None,
            hello_at: now + FIRST_HELLO.mul_f64(fastrand::f64()),
            unanswered: UNANSWERED,
        };
        self.source.start(known.map_or(u64::MAX, |want| want.next));
        let mut post = self.post.clone();
        loop {
            let has_room = sending.window.as_ref().is_some_and(Window::has_room);
            let go_back_at = sending.window.as_ref().and_then(Window::go_back_at);
            let done = select! {
                wanted = next_want(&mut self.wants) => {
                    sending.want(wanted, &mut self.source);
                    Ok(())
                }
                () = sleep_until_some(go_back_at) => {
                    sending.go_back(&mut self.source);
                    Ok(())
                }
                () = sleep_until_some(sending.batch.flush_at), if has_room => self.flush(&mut sending).await,
                () = sleep_until(sending.hello_at) => self.hello(&mut sending).await,
                record = self.source.next(&self.unit), if has_room => self.take(record, &mut sending).await,
                _ = post.connection_after(Some(connection)) => Err(NotSent),
            };
            if let Err(ended) = done {
                return ended;
            }
        }
    }

    /// Puts a record into the batch.
    async fn take(&mut self, record: UnitRecord, sending: &mut Sending) -> Result<(), NotSent> {
        if let Some(want) = sending.compare.take_if(|want| want.next == record.sequence) {
            self.compare(&want, record.previous);
        }
        if sending.batch.lines.len() + record.line().len() + 1 > MAX_BATCH_BYTES - HEADER_ROOM {
            self.flush(sending).await?;
        }
        sending.batch.add(&record);
        Ok(())
    }

    /// Says, once, if the collector has another record before the wanted one than the unit. The collector decides what that
    /// means.
    fn compare(&mut self, want: &Want, previous: LineHash) {
        if want.previous.is_some_and(|collected| collected != previous) && !self.has_compared {
            self.has_compared = true;
            let next = want.next;
            tracing::warn!("the collector has another record before record {next} than this unit: a log was changed");
        }
    }

    /// Sends the batch.
    async fn flush(&mut self, sending: &mut Sending) -> Result<(), NotSent> {
        let batch = std::mem::take(&mut sending.batch);
        self.publish(&batch.lines).await?;
        if let Some(window) = &mut sending.window {
            window.sent(batch.last, Instant::now());
        }
        Ok(())
    }

    /// Says that the link is there and waits for a want.
    async fn hello(&mut self, sending: &mut Sending) -> Result<(), NotSent> {
        let wait = match sending.window {
            Some(_) => HELLO_EVERY,
            None => sending.next_unanswered(),
        };
        sending.hello_at = Instant::now() + wait.mul_f64(0.75 + fastrand::f64() / 2.0);
        match self.source.look(&self.unit).await {
            Ok(()) => self.publish(&[]).await,
            // The outbox finds out by itself when the unit is there again.
            Err(error) => {
                tracing::debug!("no hello to the collector: {error}");
                Ok(())
            }
        }
    }

    async fn publish(&self, lines: &[u8]) -> Result<(), NotSent> {
        let Beginning { kept_from, last } = self.source.kept;
        let header = BatchHeader::new(self.id, kept_from, last).to_line();
        let Ok(mut payload) = header else { return Ok(()) };
        payload.extend_from_slice(lines);
        self.post.publish(Kind::Records, payload).await
    }
}

impl Sending {
    /// A collector wants this.
    fn want(&mut self, want: Want, source: &mut Source) {
        let now = Instant::now();
        match &mut self.window {
            Some(window) => window.want(want.next, now),
            None => {
                source.start(want.next);
                self.window = Some(Window::from(want.next, now));
            }
        }
        self.compare = Some(want);
    }

    /// How long a collector may leave a hello unanswered.
    fn next_unanswered(&mut self) -> Duration {
        let wait = self.unanswered;
        self.unanswered = (wait * 2).min(HELLO_EVERY);
        wait
    }

    /// Sends again from the wanted record on.
    fn go_back(&mut self, source: &mut Source) {
        if let Some(window) = &mut self.window {
            window.go_back(Instant::now());
            source.start(window.wanted());
        }
        self.batch = Batch::default();
    }
}

impl Batch {
    fn add(&mut self, record: &UnitRecord) {
        self.lines.extend_from_slice(record.line());
        self.lines.push(b'\n');
        self.last = record.sequence;
        self.flush_at.get_or_insert_with(|| Instant::now() + LINGER);
    }
}

impl Source {
    /// The next record is this one, or the first one after it that there is.
    fn start(&mut self, next: u64) {
        if self.next != next {
            self.records = None;
            self.next = next;
        }
    }

    /// The next record, however long that takes. Loses nothing if it is dropped before it is ready.
    async fn next(&mut self, unit: &Unit) -> UnitRecord {
        loop {
            sleep_until(self.not_before).await;
            match self.try_next(unit).await {
                Ok(record) => {
                    self.failures = 0;
                    return record;
                }
                Err(error) => self.failed(error),
            }
        }
    }

    async fn try_next(&mut self, unit: &Unit) -> Result<UnitRecord, UnitError> {
        let records = match &mut self.records {
            Some(records) => records,
            None => {
                let records = unit.records(self.next).await?;
                self.kept = records.beginning;
                self.records.insert(records)
            }
        };
        let record = records.next().await?;
        self.next = record.sequence.saturating_add(1);
        self.kept.last = self.kept.last.max(record.sequence);
        Ok(record)
    }

    fn failed(&mut self, error: UnitError) {
        self.records = None;
        self.failures = self.failures.saturating_add(1);
        let pause = (FIRST_PAUSE * 2_u32.saturating_pow(self.failures - 1)).min(LONGEST_PAUSE);
        self.not_before = Instant::now() + pause.mul_f64(0.5 + fastrand::f64() / 2.0);
        match self.failures {
            // The unit ends a stream that nobody reads for a time; and it may be restarted.
            NOTEWORTHY => tracing::warn!("the unit's records cannot be read: {}", on_one_line(&error.into())),
            _ => tracing::debug!("the unit's records cannot be read: {error}"),
        }
    }

    /// What the unit keeps now.
    async fn look(&mut self, unit: &Unit) -> Result<(), UnitError> {
        self.kept = unit.records(u64::MAX).await?.beginning;
        Ok(())
    }
}

async fn next_want(wants: &mut watch::Receiver<Option<Want>>) -> Want {
    loop {
        if wants.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Some(want) = wants.borrow_and_update().clone() {
            return want;
        }
    }
}

async fn sleep_until_some(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::post::testing::{Reader, id, post};
    use crate::unit::scripted::{ScriptedUnit, record};
    use fleet_messages::RecordBatch;
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    struct Scene {
        unit: ScriptedUnit,
        reader: Reader,
        wants: watch::Sender<Option<Want>>,
        _running: JoinSet<Infallible>,
    }

    /// A unit with this many records.
    fn scene(records: u64) -> Scene {
        let unit = ScriptedUnit::new();
        unit.state();
        unit.append(records);
        let (post, reader) = post();
        let (send, wants) = watch::channel(None);
        let mut running = JoinSet::new();
        running.spawn(Outbox::new(id(), unit.client(), post, wants).run());
        Scene { unit, reader, wants: send, _running: running }
    }

    impl Scene {
        fn want(&self, next: u64) {
            self.wants.send_replace(Some(Want::new(next, None)));
        }

        /// The header and the sequence numbers of the next batch.
        async fn batch(&mut self) -> (BatchHeader, Vec<u64>) {
            let payload = self.reader.next(Kind::Records).await;
            let batch = RecordBatch::parse(&payload).unwrap();
            let sequences = batch.lines.iter().map(|line| sequence(line)).collect();
            (batch.header, sequences)
        }

        /// The same, without hellos; `None` if none comes in this time.
        async fn records(&mut self, within: u64) -> Option<Vec<u64>> {
            let full = async {
                loop {
                    let (_, sequences) = self.batch().await;
                    if !sequences.is_empty() {
                        return sequences;
                    }
                }
            };
            timeout(Duration::from_secs(within), full).await.ok()
        }
    }

    fn sequence(line: &[u8]) -> u64 {
        let value: serde_json::Value = serde_json::from_slice(line).unwrap();
        let sequence = value["sequence"].as_u64().unwrap();
        assert_eq!(line, record(sequence).as_bytes(), "byte for byte");
        sequence
    }

    #[tokio::test(start_paused = true)]
    async fn a_hello_is_answered_with_a_want_and_that_with_records() {
        let mut scene = scene(3);
        let (header, hello) = scene.batch().await;
        assert_eq!((header, hello), (BatchHeader::new(id(), Some(1), 3), vec![]));
        assert!(timeout(Duration::from_secs(120), scene.batch()).await.is_ok(), "it says it again");
        assert_eq!(scene.records(1000).await, None, "nobody wants any");
        scene.want(2);
        assert_eq!(scene.records(1).await.unwrap(), [2, 3]);
        scene.want(4);
        scene.unit.append(1);
        assert_eq!(scene.records(1).await.unwrap(), [4]);
        scene.want(5);
        assert_eq!(scene.records(1000).await, None, "the collector has everything");
        assert!(timeout(Duration::from_secs(400), scene.batch()).await.is_ok(), "a hello now and then");
    }

    #[tokio::test(start_paused = true)]
    async fn a_collector_that_does_not_move_on_gets_the_records_again() {
        let mut scene = scene(3);
        scene.want(1);
        assert_eq!(scene.records(10).await.unwrap(), [1, 2, 3]);
        let began = Instant::now();
        assert_eq!(scene.records(60).await.unwrap(), [1, 2, 3]);
        assert!(began.elapsed() >= Duration::from_secs(30));
        scene.want(2);
        assert_eq!(scene.records(60).await.unwrap(), [2, 3], "it has got one of them only");
        scene.want(2);
        assert_eq!(scene.records(10).await.unwrap(), [2, 3], "it says so");
        scene.want(1);
        assert_eq!(scene.records(20).await.unwrap(), [1, 2, 3], "it has lost one");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_log_goes_out_in_batches_and_few_of_them_are_on_their_way() {
        let mut scene = scene(20_000);
        scene.want(1);
        let mut next = 1;
        while next <= 20_000 {
            let mut last = 0;
            for _ in 0..8 {
                let Some(batch) = scene.records(20).await else { break };
                assert_eq!(batch[0], if last == 0 { next } else { last + 1 });
                last = *batch.last().unwrap();
            }
            assert_eq!(scene.records(5).await, None, "it waits for the collector");
            next = last + 1;
            scene.want(next);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_pruned_and_what_is_not_there_yet_is_told() {
        let mut scene = scene(100);
        scene.unit.prune(50);
        scene.want(10);
        loop {
            let (header, sequences) = scene.batch().await;
            assert_eq!((header.kept_from, header.last), (Some(50), 100));
            if !sequences.is_empty() {
                assert_eq!(sequences, (50..=100).collect::<Vec<_>>());
                break;
            }
        }
        scene.want(u64::MAX);
        assert_eq!(scene.records(1000).await, None);
        scene.want(0);
        assert_eq!(scene.records(20).await.unwrap()[0], 50);
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_or_a_broker_that_is_away_for_a_time_loses_nothing() {
        let mut scene = scene(3);
        scene.want(1);
        assert_eq!(scene.records(10).await.unwrap(), [1, 2, 3]);
        scene.want(4);
        scene.unit.go_away();
        scene.unit.append(1);
        assert_eq!(scene.records(100).await, None);
        scene.unit.state();
        assert_eq!(scene.records(100).await.unwrap(), [4]);
        scene.reader.connection.send_replace(None);
        scene.unit.append(1);
        assert_eq!(scene.records(100).await, None);
        scene.reader.connection.send_replace(Some(2));
        assert_eq!(scene.records(100).await.unwrap(), [4, 5], "the collector has not confirmed record 4");
    }

    /// A broker that loses every fifth message in both directions, and a unit that is restarted.
    #[tokio::test(start_paused = true)]
    async fn a_collector_gets_each_record_in_order_over_a_broker_that_loses_messages() {
        let mut scene = scene(5000);
        let mut random = fastrand::Rng::with_seed(7);
        let mut next = 1;
        let collecting = async {
            while next <= 6000 {
                let payload = scene.reader.next(Kind::Records).await;
                if random.u8(0..5) == 0 {
                    continue;
                }
                for line in &RecordBatch::parse(&payload).unwrap().lines {
                    next += u64::from(sequence(line) == next);
                }
                match random.u8(0..40) {
                    0 => {
                        scene.unit.go_away();
                        scene.unit.state();
                    }
                    1 => scene.unit.append(1000),
                    // The collector has lost what it had not synced.
                    2 => next -= next / 10,
                    _ => {}
                }
                if random.u8(0..5) > 0 {
                    scene.wants.send_replace(Some(Want::new(next, None)));
                }
            }
        };
        timeout(Duration::from_secs(24 * 3600), collecting).await.unwrap();
    }
}
