//! One attempt to fetch a file.

use super::answer::{Asked, Body, judge};
use super::connection::{Answer, Dial, ask, over_tcp};
use super::error::FetchError;
use super::limits::Limits;
use super::pace::Pace;
use super::partial::{self, Partial};
use super::place::Place;
use files::{Directory, Folder, Storage};
use fleet_messages::DatabaseNotice;
use hyper::Request;
use hyper::header::{ACCEPT_ENCODING, CONNECTION, HOST, IF_RANGE, RANGE, USER_AGENT};
use rustls::ClientConfig;
use shared::gallery::MAX_DATABASE_BYTES;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::select;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

/// How much is collected before it is written, in bytes.
const CHUNK: usize = 256 << 10;

/// Fetches files into a folder, one at a time.
#[derive(Clone)]
pub struct Fetcher {
    folder: PathBuf,
    tls: Arc<ClientConfig>,
    hosts: Vec<String>,
    limits: Limits,
    dial: Dial,
    storage: Arc<dyn Fn() -> Box<dyn Storage> + Send + Sync>,
}

/// What has arrived. Only a thread that may wait for the disk works on it.
#[derive(Clone)]
struct Kept(Arc<Mutex<Partial>>);

impl Fetcher {
    /// Keeps what arrives in this folder, which nobody else uses. Believes and shows what `tls` says. Only these hosts are
    /// asked; any if there are none.
    pub fn new(folder: &Path, tls: Arc<ClientConfig>, hosts: Vec<String>, limits: Limits) -> Self {
        let path = folder.to_owned();
        let storage = move || Box::new(Folder::at(&path)) as Box<dyn Storage>;
        Self { folder: folder.to_owned(), tls, hosts, limits, dial: over_tcp(), storage: Arc::new(storage) }
    }

    /// Opens connections in another way.
    #[cfg(test)]
    pub(super) fn with_dial(self, dial: Dial) -> Self {
        Self { dial, ..self }
    }

    /// Keeps what arrives elsewhere.
    #[cfg(test)]
    pub(super) fn with_storage(self, storage: impl Fn() -> Box<dyn Storage> + Send + Sync + 'static) -> Self {
        Self { storage: Arc::new(storage), ..self }
    }

    /// Fetches what is missing of the announced file. The file has the announced digest then.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Replaced`] soon after `stop`.
    pub(super) async fn fetch(&self, notice: &DatabaseNotice, stop: &Notify) -> Result<(), FetchError> {
        let place = self.place(notice)?;
        let (storage, wanted) = (self.storage.clone(), notice.clone());
        let partial = on_disk(move || Partial::take_up(storage(), &wanted)).await?;
        let kept = Kept(Arc::new(Mutex::new(partial)));
        let fetched = self.fetch_and_check(&place, notice, &kept, stop).await;
        if fetched.as_ref().is_err_and(FetchError::spoils_what_arrived) {
            kept.work(Partial::discard).await?;
        }
        fetched
    }

    /// The file that was fetched, for reading.
    ///
    /// # Errors
    /// [`FetchError::Disk`]
    pub(super) async fn fetched(&self) -> Result<File, FetchError> {
        let folder = self.folder.clone();
        on_disk(move || Directory::open(&folder)?.file(partial::BYTES)).await
    }

    /// Removes what has arrived of any file.
    ///
    /// # Errors
    /// [`FetchError::Disk`]
    pub(super) async fn remove(&self) -> Result<(), FetchError> {
        let storage = self.storage.clone();
        on_disk(move || partial::remove(&mut *storage())).await
    }

    /// The place of a notice that may be fetched.
    fn place(&self, notice: &DatabaseNotice) -> Result<Place, FetchError> {
        let place: Place = notice.place.parse()?;
        if !(1..=MAX_DATABASE_BYTES).contains(&notice.bytes) {
            return Err(FetchError::Length { announced: notice.bytes });
        }
        match self.hosts.is_empty() || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(place.host())) {
            true => Ok(place),
            false => Err(FetchError::Host { host: place.host().to_owned() }),
        }
    }

    async fn fetch_and_check(
        &self,
        place: &Place,
        notice: &DatabaseNotice,
        kept: &Kept,
        stop: &Notify,
    ) -> Result<(), FetchError> {
        if !kept.look(Partial::is_complete) {
            let whole = Instant::now() + self.limits.whole;
            let answer = self.answer(place, kept, stop).await?;
            self.take_in(answer, notice.bytes, kept, whole, stop).await?;
        }
        match kept.work(Partial::digest).await? {
            found if found != notice.digest => Err(FetchError::Digest { found, announced: notice.digest }),
            _ => Ok(()),
        }
    }

    /// Asks for what is missing.
    async fn answer(&self, place: &Place, kept: &Kept, stop: &Notify) -> Result<Answer, FetchError> {
        let request = kept.look(|partial| request(place, partial))?;
        let asking = timeout(self.limits.header, ask(place, &self.dial, &self.tls, request));
        select! {
            biased;
            () = stop.notified() => Err(FetchError::Replaced),
            answer = asking => answer.unwrap_or(Err(FetchError::NoAnswer { seconds: self.limits.header.as_secs() })),
        }
    }

    /// Takes in the body of an answer. Keeps what has arrived when it breaks off.
    async fn take_in(
        &self,
        mut answer: Answer,
        bytes: u64,
        kept: &Kept,
        whole: Instant,
        stop: &Notify,
    ) -> Result<(), FetchError> {
        let (status, header) = (answer.response.status(), answer.response.headers());
        let body = kept.look(|partial| judge(status, header, &asked(partial)))?;
        if let Body::Whole { validator } = body {
            kept.work(move |partial| partial.begin(validator)).await?;
        }
        let mut left = bytes - kept.look(Partial::length);
        let mut pace = Pace::new(self.limits, whole, bytes);
        let mut chunk = Vec::new();
        while left > 0 {
            let next = select! {
                biased;
                () = stop.notified() => Err(FetchError::Replaced),
                next = pace.next(answer.response.body_mut(), bytes - left) => next,
            };
            let arrived = match next {
                Ok(Some(arrived)) => arrived,
                Ok(None) => break,
                Err(error) => {
                    kept.append(&mut chunk).await?;
                    return Err(error);
                }
            };
            left = left.checked_sub(arrived.len() as u64).ok_or(FetchError::Endless { announced: bytes })?;
            chunk.extend_from_slice(&arrived);
            if chunk.len() >= CHUNK {
                let began = Instant::now();
                kept.append(&mut chunk).await?;
                pace.wait_for_the_disk(began.elapsed());
            }
        }
        kept.append(&mut chunk).await?;
        if left > 0 { Err(FetchError::CutOff { arrived: bytes - left, announced: bytes }) } else { Ok(()) }
    }
}

impl Kept {
    fn look<T>(&self, at: impl FnOnce(&Partial) -> T) -> T {
        at(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn work<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Partial) -> io::Result<T> + Send + 'static,
    ) -> Result<T, FetchError> {
        let partial = self.0.clone();
        on_disk(move || act(&mut partial.lock().unwrap_or_else(PoisonError::into_inner))).await
    }

    /// Appends what was collected.
    async fn append(&self, chunk: &mut Vec<u8>) -> Result<(), FetchError> {
        let bytes = std::mem::take(chunk);
        match bytes.is_empty() {
            true => Ok(()),
            false => self.work(move |partial| partial.append(&bytes)).await,
        }
    }
}

fn asked(partial: &Partial) -> Asked<'_> {
    Asked { from: partial.length(), bytes: partial.bytes(), validator: partial.validator() }
}

fn request(place: &Place, partial: &Partial) -> Result<Request<String>, FetchError> {
    let mut request = Request::get(place.path())
        .header(HOST, place.authority())
        .header(USER_AGENT, concat!("edge-link/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close");
    if partial.length() > 0 {
        request = request.header(RANGE, format!("bytes={}-", partial.length()));
        if let Some(validator) = partial.validator() {
            request = request.header(IF_RANGE, validator);
        }
    }
    request.body(String::new()).map_err(|error| FetchError::Connection(io::Error::other(error)))
}

async fn on_disk<T: Send + 'static>(act: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, FetchError> {
    let done = spawn_blocking(act).await;
    done.unwrap_or_else(|error| Err(error.into())).map_err(FetchError::Disk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::hostile::{Script, Server, Step};
    use files::Memory;
    use shared::gallery::DatabaseDigest;
    use std::time::Duration;

    const PLACE: &str = "https://files.example/p.db";

    fn file(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|number| (number % 251) as u8).collect()
    }

    fn notice_of(file: &[u8]) -> DatabaseNotice {
        DatabaseNotice::new(7, DatabaseDigest::from_file(file), file.len() as u64, PLACE.to_owned(), 0)
    }

    fn at(place: &str, mut notice: DatabaseNotice) -> DatabaseNotice {
        notice.place = place.to_owned();
        notice
    }

    async fn fetched(fetcher: &Fetcher, notice: &DatabaseNotice) -> String {
        match fetcher.fetch(notice, &Notify::new()).await {
            Ok(()) => "fetched".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    fn answer(header: &str, more: Vec<Step>) -> Script {
        let header = format!("HTTP/1.1 200 OK\r\n{header}\r\n").into_bytes();
        Script([vec![Step::Send(header)], more].into_iter().flatten().collect())
    }

    /// Sends this number of bytes every second.
    fn drip(bytes: usize) -> Vec<Step> {
        vec![Step::SendForEver(vec![7; bytes], Duration::from_secs(1))]
    }

    #[tokio::test(start_paused = true)]
    async fn a_hostile_server_ends_with_an_error_and_in_time() {
        let file = file(10_000_000);
        let notice = notice_of(&file);
        let flood = || vec![Step::SendForEver(vec![7; 60_000], Duration::ZERO)];
        let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec();
        for (script, expected) in [
            (Script::file(&file), "fetched"),
            (answer("content-length: 9\r\n", vec![]), "9 bytes instead of 10000000"),
            (answer("content-length: 99999999999999\r\n", flood()), "instead of 10000000"),
            (answer("", flood()), "more than the announced 10000000 bytes"),
            (answer("transfer-encoding: chunked\r\n", vec![Step::Send(b"ffffffffffffffffff\r\n".to_vec())]), "broke"),
            (answer("", vec![Step::Send(file[..10].to_vec())]), "broke off after 10 of 10000000 bytes"),
            (answer("content-length: 10000000\r\n", vec![Step::Send(file[..10].to_vec())]), "broke"),
            (answer("", vec![Step::Send(vec![7; file.len()])]), "has the SHA-256"),
            (answer("", drip(1)), "too slow: 30 bytes in 30 s"),
            (answer("", drip(2000)), "has not arrived within 1800 s"),
            (answer("", vec![Step::Hang]), "too slow: 0 bytes in 30 s"),
            (answer("content-encoding: gzip\r\n", vec![]), "compression"),
            (Script(vec![Step::Hang]), "no answer within 30 s"),
            (Script(vec![Step::SendForEver(b"H".to_vec(), Duration::from_secs(1))]), "no answer within 30 s"),
            (answer("", vec![]), "broke off after 0"),
            (Script(vec![Step::SendForEver(interim, Duration::from_millis(100))]), "no answer within 30 s"),
            (
                Script(vec![
                    Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()),
                    Step::SendForEver(b"a: b\r\n".to_vec(), Duration::ZERO),
                ]),
                "connection",
            ),
            (
                Script(vec![Step::Send([b"HTTP/1.1 200 OK\r\na: ".to_vec(), vec![b'x'; 200_000]].concat())]),
                "connection",
            ),
            (Script::raw("\0\0\0\0"), "connection"),
            (
                Script::raw("HTTP/1.1 302 Found\r\nlocation: https://a.example/p\r\ncontent-length: 0\r\n\r\n"),
                "redirects",
            ),
            (Script::raw("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"), "status 503"),
            (Script(vec![]), "connection"),
        ] {
            let disk = Memory::default();
            let (server, kept) = (Server::new(vec![script]), disk.clone());
            let folder = tempfile::tempdir().unwrap();
            let fetcher = server.fetcher(folder.path()).with_storage(move || Box::new(kept.clone()));
            let found = fetched(&fetcher, &notice).await;
            assert!(found.contains(expected), "{expected}: {found}");
            assert!(disk.used() <= notice.bytes + 1000, "{expected}: {} bytes are kept", disk.used());
            assert_eq!(server.requests().len(), 1, "no redirect is followed");
        }
        let stranger = Server::of_a_stranger(vec![]);
        let folder = tempfile::tempdir().unwrap();
        let found = fetched(&stranger.fetcher(folder.path()), &notice).await;
        assert!(found.contains("invalid peer certificate"), "{found}");
        let elsewhere = at("https://files.other/p.db", notice);
        let found = fetched(&Server::new(vec![]).fetcher(folder.path()), &elsewhere).await;
        assert!(found.contains("certificate"), "{found}");
    }

    /// What a server sends after the first part, and how the second and the third attempt end.
    #[tokio::test(start_paused = true)]
    async fn a_file_that_broke_off_is_continued_only_if_it_is_the_same() {
        let file = file(1_000_000);
        let notice = notice_of(&file);
        let other = vec![9; file.len()];
        let unlike = |header: &str| Script::raw(&format!("HTTP/1.1 206 Partial Content\r\n{header}\r\n"));
        for (second, expected, third) in [
            (Script::rest(&file, 600_000, "\"1\""), "fetched", None),
            (Script::file(&file), "fetched", None),
            (Script::rest(&file, 600_000, "\"2\""), "has changed", Some(Script::file(&file))),
            (Script::rest(&file, 500_000, "\"1\""), "another part", Some(Script::file(&file))),
            (Script::rest(&other, 600_000, "\"1\""), "SHA-256", Some(Script::file(&file))),
            (Script::rest(&file[..999_999], 600_000, "\"1\""), "999999 bytes instead", None),
            (unlike(""), "another part", Some(Script::file(&file))),
            (
                unlike("content-range: bytes 600000-999999/1000000\r\ncontent-range: bytes 0-1/2\r\n"),
                "another part",
                None,
            ),
            (Script::raw("HTTP/1.1 416 No\r\ncontent-length: 0\r\n\r\n"), "another part", Some(Script::file(&file))),
            (
                Script::raw("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n"),
                "404",
                Some(Script::rest(&file, 600_000, "\"1\"")),
            ),
        ] {
            let first =
                Script(vec![Step::Send(Script::header(file.len(), "\"1\"")), Step::Send(file[..600_000].to_vec())]);
            let has_third = third.is_some();
            let server = Server::new([Some(first), Some(second), third].into_iter().flatten().collect());
            let folder = tempfile::tempdir().unwrap();
            let found = fetched(&server.fetcher(folder.path()), &notice).await;
            assert!(found.contains("broke"), "{found}");
            // As after a restart of the link.
            let fetcher = server.fetcher(folder.path());
            let found = fetched(&fetcher, &notice).await;
            assert!(found.contains(expected), "{expected}: {found}");
            assert!(server.requests()[1].contains("range: bytes=600000-\r\nif-range: \"1\"\r\n"));
            if has_third {
                assert_eq!(fetched(&fetcher, &notice).await, "fetched", "after {expected}");
            }
            if expected == "fetched" || has_third {
                let kept = std::fs::read(folder.path().join(partial::BYTES)).unwrap();
                assert!(kept == file, "after {expected}");
                assert_eq!(fetched(&fetcher, &notice).await, "fetched", "it is there already");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_disk_is_told_and_the_fetch_goes_on_later() {
        let file = file(1_000_000);
        let disk = Memory::default();
        disk.set_capacity(Some(700_000));
        let kept = disk.clone();
        let server = Server::new(vec![Script::file(&file), Script::file(&file)]);
        let fetcher = server.fetcher(Path::new("/nowhere")).with_storage(move || Box::new(kept.clone()));
        let found = fetched(&fetcher, &notice_of(&file)).await;
        assert!(found.contains("free some space"), "{found}");
        disk.set_capacity(None);
        assert_eq!(fetched(&fetcher, &notice_of(&file)).await, "fetched");
        let asked = server.requests().remove(1);
        assert!(asked.contains("range: bytes=6"), "{asked}");
    }

    #[tokio::test]
    async fn a_file_comes_over_real_connections() {
        let file = file(3_000_000);
        let server = Server::new(vec![Script::file(&file)]);
        let address = server.listen().await;
        let folder = tempfile::tempdir().unwrap();
        let fetcher = Fetcher::new(folder.path(), server.believed(), Vec::new(), Limits::default());
        let notice = at(&format!("https://localhost:{}/p.db", address.port()), notice_of(&file));
        assert_eq!(fetched(&fetcher, &notice).await, "fetched");
        assert!(std::fs::read(folder.path().join(partial::BYTES)).unwrap() == file);
    }

    #[tokio::test]
    async fn only_allowed_hosts_and_possible_lengths_are_asked_for() {
        let server = Server::new(vec![]);
        let folder = tempfile::tempdir().unwrap();
        let hosts = vec!["files.example".to_owned()];
        let fetcher = Fetcher::new(folder.path(), server.believed(), hosts, Limits::default());
        for (place, bytes, expected) in [
            ("https://a.example/p", 1, "does not allow files from a.example"),
            ("http://files.example/p", 1, "not an https address"),
            (PLACE, 0, "0 bytes are announced"),
            (PLACE, MAX_DATABASE_BYTES + 1, "bytes are announced"),
        ] {
            let notice = DatabaseNotice::new(7, DatabaseDigest([7; 32]), bytes, place.to_owned(), 0);
            let found = fetched(&fetcher, &notice).await;
            assert!(found.contains(expected), "{found}");
        }
        assert_eq!(server.requests().len(), 0);
    }
}
