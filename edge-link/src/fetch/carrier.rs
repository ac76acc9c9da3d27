//! Carries the database of the newest notice from the server to the unit, one at a time.

use super::download::Fetcher;
use super::error::FetchError;
use super::rank::takes_the_place;
use crate::unit::{Unit, quoted};
use fleet_messages::DatabaseNotice;
use shared::delivery::{Announcement, Outcome, Receipt};
use shared::gallery::DatabaseDigest;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use terminal::{ShowPath, on_one_line};
use tokio::select;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// The longest wait before a fetch, whatever a notice says.
const LONGEST_DELAY: Duration = Duration::from_secs(60 * 60);
/// At least between the beginnings of two errands, so that notices cannot make the link flood a server.
const BETWEEN_ERRANDS: Duration = Duration::from_secs(5);
/// At least between two looks at what the unit has.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// After the first failure; twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// A notice that fails for so long is dropped. The workstation sends it again if it still counts.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// What has arrived is removed if no notice asks for it.
const KEPT_WITHOUT_NOTICE: Duration = Duration::from_secs(2 * 60 * 60);
/// How long the unit may take for its verdict, in seconds.
const VERDICT_SECONDS: u16 = 300;
/// A database that the unit has refused is not fetched again for this long.
const REFUSED_FOR: Duration = Duration::from_secs(60 * 60);
/// How many refused databases, and how many failed notices, are remembered.
const REMEMBERED: usize = 16;

/// Works on notices for ever.
pub struct Carrier {
    unit: Unit,
    fetcher: Fetcher,
    notices: watch::Receiver<Option<DatabaseNotice>>,
    answered: Arc<Notify>,
    refused: VecDeque<(DatabaseDigest, Instant)>,
    reported: VecDeque<DatabaseNotice>,
    not_before: Instant,
    look_at: Instant,
}

/// How an attempt ended.
enum Ended {
    /// The unit has judged the database, or nobody ever can.
    Over,
    /// A further attempt may succeed.
    Failed(String),
    /// This notice takes its place.
    Replaced(DatabaseNotice),
}

impl Carrier {
    /// Works on the last of these notices. Notifies `answered` when the unit has judged a database, or has it already: a
    /// statement is due.
    pub fn new(
        unit: Unit,
        fetcher: Fetcher,
        notices: watch::Receiver<Option<DatabaseNotice>>,
        answered: Arc<Notify>,
    ) -> Self {
        let now = Instant::now();
        let (refused, reported) = (VecDeque::new(), VecDeque::new());
        Self { unit, fetcher, notices, answered, refused, reported, not_before: now, look_at: now }
    }

    /// Never ends.
    pub async fn run(mut self) -> Infallible {
        let mut next = None;
        loop {
            let notice = match next.take() {
                Some(notice) => notice,
                None => self.wait_for_notice().await,
            };
            next = self.work_on(&notice).await;
        }
    }

    async fn wait_for_notice(&mut self) -> DatabaseNotice {
        loop {
            match timeout(KEPT_WITHOUT_NOTICE, next_notice(&mut self.notices)).await {
                Ok(notice) => return notice,
                Err(_) => self.remove().await,
            }
        }
    }

    /// Works on a notice until that is over. Returns the notice that takes its place, if one does.
    async fn work_on(&mut self, notice: &DatabaseNotice) -> Option<DatabaseNotice> {
        sleep_until(self.look_at).await;
        self.look_at = Instant::now() + BETWEEN_LOOKS;
        if self.is_judged(notice).await {
            self.answered.notify_one();
            return None;
        }
        let within = Duration::from_secs(u64::from(notice.within_seconds)).min(LONGEST_DELAY);
        let mut begin = (Instant::now() + within.mul_f64(fastrand::f64())).max(self.not_before);
        let give_up = begin + GIVE_UP_AFTER;
        let (mut pause, mut has_failed) = (FIRST_PAUSE, false);
        loop {
            select! {
                other = next_in_place(&mut self.notices, notice, has_failed) => return Some(other),
                () = sleep_until(begin) => {}
            }
            self.not_before = Instant::now() + BETWEEN_ERRANDS;
            match self.attempt(notice, has_failed).await {
                Ended::Over => {
                    self.answered.notify_one();
                    return None;
                }
                Ended::Replaced(other) => return Some(other),
                Ended::Failed(why) => self.report(notice, &why),
            }
            if Instant::now() >= give_up {
                tracing::warn!("people database {}: it is given up until it is announced again", notice.sequence);
                self.remove().await;
                return None;
            }
            has_failed = true;
            begin = Instant::now() + pause.mul_f64(0.5 + 0.5 * fastrand::f64());
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Whether the unit has this database, or has refused it lately.
    async fn is_judged(&mut self, notice: &DatabaseNotice) -> bool {
        let now = Instant::now();
        self.refused.retain(|(_, until)| *until > now);
        if self.refused.iter().any(|(digest, _)| *digest == notice.digest) {
            return true;
        }
        // A unit that does not answer now may do so when the file has arrived.
        self.unit.report().await.is_ok_and(|report| report.database.digest == Some(notice.digest))
    }

    async fn attempt(&mut self, notice: &DatabaseNotice, has_failed: bool) -> Ended {
        let (fetched, replacement) = self.fetch(notice, has_failed).await;
        match (replacement, fetched) {
            (Some(other), _) => Ended::Replaced(other),
            (None, Ok(())) => self.hand_over(notice).await,
            (None, Err(error)) if error.is_final() => {
                self.report(notice, &on_one_line(&error.into()));
                Ended::Over
            }
            (None, Err(error)) => Ended::Failed(on_one_line(&error.into())),
        }
    }

    /// Fetches the file, unless another notice takes its place.
    async fn fetch(
        &mut self,
        notice: &DatabaseNotice,
        has_failed: bool,
    ) -> (Result<(), FetchError>, Option<DatabaseNotice>) {
        let stop = Notify::new();
        let mut fetching = pin!(self.fetcher.fetch(notice, &stop));
        let mut replacement = None;
        loop {
            select! {
                fetched = &mut fetching => return (fetched, replacement),
                other = next_in_place(&mut self.notices, notice, has_failed), if replacement.is_none() => {
                    replacement = Some(other);
                    // It ends when it no longer works on the file.
                    stop.notify_one();
                }
            }
        }
    }

    async fn hand_over(&mut self, notice: &DatabaseNotice) -> Ended {
        let announced = Announcement { length: notice.bytes, digest: notice.digest, wait_seconds: VERDICT_SECONDS };
        let receipt = match self.fetcher.fetched().await {
            Ok(file) => self.unit.hand_over(file, &announced).await.map_err(|error| on_one_line(&error.into())),
            Err(error) => Err(on_one_line(&error.into())),
        };
        match receipt {
            Ok(receipt) => self.judged(notice, &receipt).await,
            Err(why) => Ended::Failed(why),
        }
    }

    async fn judged(&mut self, notice: &DatabaseNotice, receipt: &Receipt) -> Ended {
        let reason = receipt.reason.as_deref().unwrap_or("it gives no reason").shown();
        match receipt.outcome {
            Outcome::Running => {
                self.remove().await;
                tracing::info!("the unit uses people database {}", notice.sequence);
                Ended::Over
            }
            Outcome::Refused => {
                self.report(notice, &format!("the unit refuses it: {reason}"));
                if self.refused.len() == REMEMBERED {
                    self.refused.pop_front();
                }
                self.refused.push_back((notice.digest, Instant::now() + REFUSED_FOR));
                self.remove().await;
                Ended::Over
            }
            // It stays: if it is announced again, only the unit is asked again.
            Outcome::NoVerdict => {
                self.report(notice, &format!("the unit has it and gives no verdict: {reason}"));
                Ended::Over
            }
            Outcome::BadInput => {
                self.remove().await;
                Ended::Failed(format!("the unit did not get it as announced: {reason}"))
            }
            other => Ended::Failed(format!("the unit did not take it ({other:?}): {reason}")),
        }
    }

    /// Says what is wrong, once for each notice.
    fn report(&mut self, notice: &DatabaseNotice, why: &str) {
        // A server chooses the names in its certificate, which an error may list.
        let (place, why) = (notice.place.shown(), quoted(why));
        if self.reported.contains(notice) {
            tracing::debug!("people database {} at {place}: {why}", notice.sequence);
            return;
        }
        tracing::warn!("people database {} at {place}: {why}", notice.sequence);
        if self.reported.len() == REMEMBERED {
            self.reported.pop_front();
        }
        self.reported.push_back(notice.clone());
    }

    async fn remove(&self) {
        if let Err(error) = self.fetcher.remove().await {
            tracing::debug!("what was fetched is still there: {error}");
        }
    }
}

impl FetchError {
    /// Whether no further attempt can succeed.
    fn is_final(&self) -> bool {
        matches!(self, Self::Place(_) | Self::Host { .. } | Self::Length { .. })
    }
}

async fn next_notice(notices: &mut watch::Receiver<Option<DatabaseNotice>>) -> DatabaseNotice {
    loop {
        if notices.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Some(notice) = notices.borrow_and_update().clone() {
            return notice;
        }
    }
}

/// Waits for a notice that takes the place of this one.
async fn next_in_place(
    notices: &mut watch::Receiver<Option<DatabaseNotice>>,
    of: &DatabaseNotice,
    has_failed: bool,
) -> DatabaseNotice {
    loop {
        let other = next_notice(notices).await;
        if takes_the_place(of, has_failed, &other) {
            return other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::hostile::{Script, Server, Step};
    use crate::unit::scripted::{Delivery, ScriptedUnit};
    use std::path::Path;

    const FILE: &[u8] = b"PEOPLEDB and more";

    fn notice(sequence: u64, place: &str) -> DatabaseNotice {
        let digest = DatabaseDigest::from_file(FILE);
        DatabaseNotice::new(sequence, digest, FILE.len() as u64, place.to_owned(), 60)
    }

    fn receipt(outcome: &str) -> String {
        format!(r#"{{"schema":1,"outcome":"{outcome}","reason":"because","digest":null,"sequence":null}}"#)
    }

    fn report(digest: DatabaseDigest) -> String {
        format!(r#"{{"schema":1,"database":{{"sequence":6,"digest":"{digest}"}}}}"#)
    }

    struct Scene {
        unit: ScriptedUnit,
        server: Server,
        folder: tempfile::TempDir,
        send: watch::Sender<Option<DatabaseNotice>>,
        answered: Arc<Notify>,
        _running: tokio::task::JoinSet<Infallible>,
    }

    fn scene(server: Server) -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let unit = ScriptedUnit::new();
        unit.answer_status("status\n", Some(&report(DatabaseDigest([0; 32]))));
        let (send, notices) = watch::channel(None);
        let answered = Arc::new(Notify::new());
        let fetcher = server.fetcher(folder.path());
        let carrier = Carrier::new(unit.client(), fetcher, notices, answered.clone());
        let mut running = tokio::task::JoinSet::new();
        running.spawn(carrier.run());
        Scene { unit, server, folder, send, answered, _running: running }
    }

    fn left_in(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_announced_is_fetched_and_handed_over_and_answered() {
        for (outcome, attempts, left) in [("running", 1, 0), ("refused", 1, 0), ("no_verdict", 1, 2)] {
            let scene = scene(Server::new(vec![Script::file(FILE)]));
            let receipt = receipt(outcome);
            scene.unit.receive(Delivery::Receipt(&receipt));
            scene.send.send_replace(Some(notice(7, "https://files.example/p.db")));
            scene.answered.notified().await;
            assert_eq!(scene.server.requests().len(), attempts);
            assert!(scene.unit.received()[0].ends_with(FILE), "{outcome}");
            assert_eq!(left_in(scene.folder.path()), left, "{outcome}");
            // The same notice again: the unit has judged it, or is asked again without a fetch.
            if outcome == "running" {
                scene.unit.answer_status("status\n", Some(&report(DatabaseDigest::from_file(FILE))));
            }
            scene.send.send_replace(Some(notice(7, "https://files.example/p.db")));
            scene.answered.notified().await;
            assert_eq!(scene.server.requests().len(), attempts, "{outcome}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_unit_has_is_answered_without_a_fetch() {
        let scene = scene(Server::new(vec![]));
        scene.unit.answer_status("status\n", Some(&report(DatabaseDigest::from_file(FILE))));
        let began = Instant::now();
        scene.send.send_replace(Some(notice(7, "https://files.example/p.db")));
        scene.answered.notified().await;
        assert_eq!((scene.server.requests().len(), began.elapsed()), (0, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_is_tried_again_and_continued() {
        let half = Script(vec![Step::Send(Script::header(FILE.len(), "\"1\"")), Step::Send(FILE[..5].to_vec())]);
        let scene = scene(Server::new(vec![half, Script::rest(FILE, 5, "\"1\"")]));
        let busy = receipt("busy");
        scene.unit.receive(Delivery::EarlyReceipt(&busy));
        scene.send.send_replace(Some(notice(7, "https://files.example/p.db")));
        while scene.server.requests().len() < 2 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        // The unit has no time, so the hand-over alone is tried again.
        tokio::time::sleep(Duration::from_secs(600)).await;
        let running = receipt("running");
        scene.unit.receive(Delivery::Receipt(&running));
        scene.answered.notified().await;
        assert_eq!(scene.server.requests().len(), 2);
        assert!(scene.server.requests()[1].contains("range: bytes=5-\r\nif-range: \"1\"\r\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_newer_notice_ends_a_fetch_that_hangs_and_an_older_one_does_not() {
        let hangs = Script(vec![Step::Hang]);
        let scene = scene(Server::new(vec![hangs, Script::file(FILE)]));
        let running = receipt("running");
        scene.unit.receive(Delivery::Receipt(&running));
        let other = DatabaseNotice::new(7, DatabaseDigest([7; 32]), 9, "https://a.example/p".to_owned(), 0);
        scene.send.send_replace(Some(other.clone()));
        while scene.server.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        scene.send.send_replace(Some(notice(6, "https://files.example/old.db")));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(scene.server.requests().len(), 1);
        scene.send.send_replace(Some(notice(8, "https://files.example/p.db")));
        scene.answered.notified().await;
        assert!(scene.server.requests()[1].starts_with("GET /p.db HTTP/1.1\r\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_bad_notice_gives_way_to_any_other_one_and_is_given_up_after_a_day() {
        let missing = || Script::raw("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        let scene = scene(Server::new((0..100).map(|_| missing()).collect()));
        scene.send.send_replace(Some(notice(u64::MAX, "https://files.example/p.db")));
        tokio::time::sleep(GIVE_UP_AFTER * 2).await;
        let asked = scene.server.requests().len();
        assert!((25..60).contains(&asked), "{asked} times");
        scene.send.send_replace(Some(notice(u64::MAX, "https://files.example/p.db")));
        tokio::time::sleep(Duration::from_secs(120)).await;
        scene.send.send_replace(Some(notice(6, "https://files.example/old.db")));
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert!(scene.server.requests().last().unwrap().starts_with("GET /old.db"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_notice_that_nobody_can_follow_is_answered_at_once() {
        for place in ["http://files.example/p.db", "", "https://u@files.example/p.db"] {
            let scene = scene(Server::new(vec![]));
            scene.send.send_replace(Some(notice(7, place)));
            scene.answered.notified().await;
            assert_eq!(scene.server.requests().len(), 0);
        }
    }
}
