//! The thread that looks for a new database, so that the loop never waits for a disk or for the self-test.

use super::Refused;
use super::store::{InUse, Refusal, Store};
use crate::part_reports::PartReports;
use models::golden::Tested;
use shared::gallery::{DatabaseDigest, Gallery};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// A new database is used within a second of its arrival; to look costs two questions to the file system.
const EVERY: Duration = Duration::from_millis(200);

/// What the loop has to know.
#[derive(Debug)]
pub(crate) enum News {
    /// To be used from now on.
    Use {
        database: Box<InUse>,
        /// Somebody went back to it by name.
        is_asked_for: bool,
    },
    /// Not used.
    Refused {
        refusal: Refusal,
        /// Somebody asked for it by name.
        is_asked_for: bool,
    },
    /// Whether new databases can be looked for; if not, why.
    Looking(Result<(), String>),
    /// How the networks did in their last self-test.
    SelfTest(Result<Tested, String>),
}

/// What the thread found, for the loop; and what the loop asks of it.
pub(crate) struct Watch {
    news: Receiver<News>,
    asks: Sender<DatabaseDigest>,
}

impl Watch {
    /// Begins to look.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(crate) fn start(
        mut store: Store,
        part: PartReports,
        mut taken: impl FnMut(&Gallery) + Send + 'static,
    ) -> io::Result<Self> {
        let (tell, news) = channel();
        let (asks, asked) = channel();
        let look = move || {
            let mut wanted = None;
            while look_once(&mut store, wanted, &part, &tell, &mut taken) {
                wanted = match asked.recv_timeout(EVERY) {
                    Ok(wanted) => Some(wanted),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
            }
        };
        thread::Builder::new().name("database".to_owned()).spawn(look)?;
        Ok(Self { news, asks })
    }

    /// Asks for the previous database; `false` if nobody looks any more.
    pub(crate) fn roll_back(&self, wanted: DatabaseDigest) -> bool {
        self.asks.send(wanted).is_ok()
    }

    /// The next piece of news, without waiting.
    pub(crate) fn next(&self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

/// `false` when nobody listens any more.
fn look_once(
    store: &mut Store,
    wanted: Option<DatabaseDigest>,
    part: &PartReports,
    tell: &Sender<News>,
    taken: &mut impl FnMut(&Gallery),
) -> bool {
    let mut news = Vec::new();
    if let Some(wanted) = wanted {
        news.extend(news_of(store.roll_back(wanted).map(Some), true));
    }
    news.extend(look_for_new(store, part));
    news.into_iter().all(|news| {
        if let News::Use { database, .. } = &news {
            taken(&database.gallery);
        }
        tell.send(news).is_ok()
    })
}

/// A folder that cannot be read or written fails at each look: that is a part that fails, and no database was refused.
fn look_for_new(store: &mut Store, part: &PartReports) -> Vec<News> {
    match store.take_in() {
        Err(Refusal { digest: None, why: Refused::Disk(error) }) => {
            let said = format!("no people database can be taken in: {error}");
            let is_news = part.failed("disk", None, &said);
            is_news.then_some(News::Looking(Err(said))).into_iter().collect()
        }
        outcome => {
            let is_news = part.still_works(&"people databases can be taken in again");
            let works = is_news.then_some(News::Looking(Ok(())));
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

/// The digest in words, or that there is none.
pub(crate) fn shown(digest: Option<DatabaseDigest>) -> String {
    digest.map_or_else(|| "an unreadable file".to_owned(), |digest| digest.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{file, judge, put};
    use super::*;
    use files::Memory;
    use policy::audit::{Event, Part};

    /// A folder that had become read-only made five records a second: in half a day the log held nothing else.
    #[test]
    fn a_folder_that_stays_read_only_is_told_of_once_and_once_when_it_is_not() {
        let storage = Memory::default();
        put(&storage, "db", &file(1));
        let mut store = Store::open(Box::new(storage.clone()), "db", judge()).unwrap().store;
        let (part, (tell, news)) = (PartReports::new(Part::Database), channel());
        for is_read_only in [false, true, false] {
            storage.set_read_only(is_read_only);
            for _ in 0..100 {
                assert!(look_once(&mut store, None, &part, &tell, &mut |_| {}));
            }
        }
        let told: Vec<News> = news.try_iter().collect();
        assert!(matches!(told[..], [News::Looking(Err(_)), News::Looking(Ok(()))]), "{told:?}");
        let recorded = part.take();
        let [failed, Event::PartWorks { tries: 100, .. }] = &recorded[..] else { panic!("{recorded:?}") };
        assert_eq!(*failed, Event::part_failed(Part::Database, "disk", None, 0));
    }
}
