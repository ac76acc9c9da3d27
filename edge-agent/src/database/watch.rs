//! The thread that looks for a new database, so that the loop never waits for the disk or the self-test.

use super::Refused;
use super::store::{InUse, Refusal, Store};
use crate::part_reports::PartReports;
use models::self_test::Tested;
use shared::gallery::{DatabaseDigest, Gallery};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Polling interval. A new database is in use within a second of its arrival; a poll costs two queries to the file
/// system.
const CHECK_EVERY: Duration = Duration::from_millis(200);

/// A message to the loop.
#[derive(Debug)]
pub(crate) enum News {
    /// Use this database from now on.
    Use {
        database: Box<InUse>,
        /// It comes from a rollback.
        is_asked_for: bool,
    },
    /// A database was refused.
    Refused {
        refusal: Refusal,
        /// It was named in a rollback.
        is_asked_for: bool,
    },
    /// Whether the unit can look for new databases; if not, the reason.
    Checking(Result<(), String>),
    /// The result of the last self-test.
    SelfTest(Result<Tested, String>),
}

/// The thread's messages to the loop, and the loop's requests to the thread.
pub(crate) struct Watch {
    news: Receiver<News>,
    rollbacks: Sender<DatabaseDigest>,
}

impl Watch {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(crate) fn start(
        mut store: Store,
        part: PartReports,
        mut taken: impl FnMut(&Gallery) + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, news) = channel();
        let (rollbacks, requested) = channel();
        let check = move || {
            let mut wanted = None;
            while check_once(&mut store, wanted, &part, &sender, &mut taken) {
                wanted = match requested.recv_timeout(CHECK_EVERY) {
                    Ok(wanted) => Some(wanted),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
            }
        };
        thread::Builder::new().name("database".to_owned()).spawn(check)?;
        Ok(Self { news, rollbacks })
    }

    /// Requests a rollback to the previous database; `false` if the thread has ended.
    pub(crate) fn roll_back(&self, wanted: DatabaseDigest) -> bool {
        self.rollbacks.send(wanted).is_ok()
    }

    /// The next message, without waiting.
    pub(crate) fn next(&self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

/// Polls once. `false` when the receiver is gone.
fn check_once(
    store: &mut Store,
    wanted: Option<DatabaseDigest>,
    part: &PartReports,
    sender: &Sender<News>,
    taken: &mut impl FnMut(&Gallery),
) -> bool {
    let mut news = Vec::new();
    if let Some(wanted) = wanted {
        news.extend(news_of(store.roll_back(wanted).map(Some), true));
    }
    news.extend(take_new(store, part));
    news.into_iter().all(|news| {
        if let News::Use { database, .. } = &news {
            taken(&database.gallery);
        }
        sender.send(news).is_ok()
    })
}

/// Looks for a new database. If the folder cannot be read or written, that is reported as a failed part and not as a
/// refused database.
fn take_new(store: &mut Store, part: &PartReports) -> Vec<News> {
    match store.take_in() {
        Err(Refusal { digest: None, why: Refused::Disk(error) }) => {
            let message = format!("cannot look for a new people database: {error}");
            let is_news = part.failed("disk", None, &message);
            is_news.then_some(News::Checking(Err(message))).into_iter().collect()
        }
        outcome => {
            let is_news = part.still_works(&"new people databases can be looked for again");
            let works = is_news.then_some(News::Checking(Ok(())));
            works.into_iter().chain(news_of(outcome, false)).collect()
        }
    }
}

fn news_of(outcome: Result<Option<InUse>, Refusal>, is_asked_for: bool) -> Vec<News> {
    match outcome {
        Ok(None) => Vec::new(),
        Ok(Some(database)) => {
            vec![News::SelfTest(Ok(Tested::Passed)), News::Use { database: Box::new(database), is_asked_for }]
        }
        Err(refusal) => {
            let failed = match &refusal.why {
                Refused::SelfTest(error) => Some(News::SelfTest(Err(error.to_string()))),
                _ => None,
            };
            failed.into_iter().chain([News::Refused { refusal, is_asked_for }]).collect()
        }
    }
}

/// The digest as text, or a note that the file is unreadable.
pub(crate) fn shown(digest: Option<DatabaseDigest>) -> String {
    digest.map_or_else(|| "an unreadable file".to_owned(), |digest| digest.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, judge, put};
    use super::*;
    use files::Memory;
    use policy::audit::{Event, Part};

    /// Regression test: a folder that had become read-only caused five records a second, which filled the log within
    /// half a day.
    #[test]
    fn a_read_only_folder_is_reported_once_and_its_recovery_once() {
        let storage = Memory::default();
        put(&storage, "db", &file(1));
        let mut store = Store::open(Box::new(storage.clone()), "db", judge()).unwrap().store;
        let (part, (sender, news)) = (PartReports::new(Part::Database), channel());
        for is_read_only in [false, true, false] {
            storage.set_read_only(is_read_only);
            for _ in 0..100 {
                assert!(check_once(&mut store, None, &part, &sender, &mut |_| {}));
            }
        }
        let received: Vec<News> = news.try_iter().collect();
        assert!(matches!(received[..], [News::Checking(Err(_)), News::Checking(Ok(()))]), "{received:?}");
        let recorded = part.take();
        let [failed, Event::PartWorks { tries: 100, .. }] = &recorded[..] else { panic!("{recorded:?}") };
        assert_eq!(*failed, Event::part_failed(Part::Database, "disk", None, 0));
    }
}
