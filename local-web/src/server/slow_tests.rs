//! Browsers that take their time, on a clock that goes forward when nothing happens.

use super::*;
use crate::answer::Kind;
use std::cell::Cell;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::time::{Instant, timeout};

const COOKIE: &str = "0202020202020202020202020202020202020202020202020202020202020202";

fn served<F: Future<Output = Answer> + 'static>(application: impl Fn(Asked) -> F + 'static) -> Served {
    Served {
        port: 4321,
        session: Session::new(&[1; 32], &[2; 32], Limits::USUAL.link).unwrap(),
        presence: Rc::default(),
        limits: Limits::USUAL,
        handler: Box::new(move |asked| Box::pin(application(asked))),
    }
}

async fn large(mut asked: Asked) -> Answer {
    match asked.bytes(1000).await {
        Ok(_) => Answer::of(Kind::Binary, vec![7; 100_000]),
        Err(refusal) => refusal.into(),
    }
}

/// Serves one connection. `browse` is the browser; how many seconds the connection lasts.
async fn lasts<F: Future<Output = ()>>(room: usize, browse: impl FnOnce(DuplexStream) -> F) -> u64 {
    let served = served(large);
    let (here, there) = duplex(room);
    let began = Instant::now();
    let serving = async {
        serve(there, Rc::new(served)).await;
        began.elapsed().as_secs()
    };
    let tasks = LocalSet::new();
    let lasted = tasks.run_until(async { tokio::join!(serving, browse(here)).0 });
    timeout(Duration::from_secs(3600), lasted).await.unwrap()
}

fn head(line: &str, more: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nHost: 127.0.0.1:4321\r\nOrigin: http://127.0.0.1:4321\r\nCookie: desk={COOKIE}\r\n{more}\r\n")
        .into_bytes()
}

/// Sends a byte each second until the server has enough, and takes what it answers.
async fn drip(here: DuplexStream, at_once: Vec<u8>, slowly: &'static [u8], expected: &'static str) {
    let (mut receiver, mut sender) = split(here);
    let sending = async {
        sender.write_all(&at_once).await.unwrap();
        for byte in slowly.iter().cycle() {
            sleep(Duration::from_secs(1)).await;
            if sender.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    };
    let mut answer = Vec::new();
    let receiving = async {
        receiver.read_to_end(&mut answer).await.unwrap();
    };
    tokio::join!(sending, receiving);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with(expected) && (!expected.is_empty() || answer.is_empty()), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_browser_is_given_up() {
    let body = head("POST /", "Content-Length: 100\r\n");
    for (at_once, slowly, expected, seconds) in [
        (b"GET / HTTP/1.1\r\n".to_vec(), &b"X: x\r\n"[..], "", 10),
        (vec![], b"GET /", "", 10),
        (body, b"x", "HTTP/1.1 408", 30),
    ] {
        let lasted = lasts(1 << 20, |here| drip(here, at_once, slowly, expected)).await;
        assert_eq!(lasted, seconds, "{expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_says_nothing_is_given_up() {
    let lasted = lasts(1 << 20, |mut here| async move {
        here.read_to_end(&mut Vec::new()).await.unwrap();
    });
    assert_eq!(lasted.await, 10);
    let lasted = lasts(1 << 20, |mut here| async move {
        here.write_all(&head("GET /", "")).await.unwrap();
        let mut answer = Vec::new();
        here.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    });
    assert_eq!(lasted.await, 10, "after its answer");
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_takes_nothing_is_given_up() {
    let lasted = lasts(1000, |mut here| async move {
        here.write_all(&head("GET /", "")).await.unwrap();
        sleep(Duration::from_secs(600)).await;
    });
    assert_eq!(lasted.await, 30);
}

#[tokio::test(start_paused = true)]
async fn a_page_stays_open_until_the_browser_has_gone() {
    let lasted = lasts(1000, |mut here| async move {
        here.write_all(&head("GET /presence", "")).await.unwrap();
        let mut taken = Vec::new();
        assert!(timeout(Duration::from_secs(900), here.read_to_end(&mut taken)).await.is_err(), "it lasts");
        let beats = String::from_utf8(taken).unwrap().matches(":\n\n").count();
        assert!((60..=61).contains(&beats), "{beats} beats in 60 times 15 seconds");
    });
    assert_eq!(lasted.await, 900);
}

#[tokio::test(start_paused = true)]
async fn a_request_is_finished_without_its_browser_and_is_no_page() {
    let finished = Rc::new(Cell::new(false));
    let noted = finished.clone();
    let served = Rc::new(served(move |_| {
        let noted = noted.clone();
        async move {
            sleep(Duration::from_secs(300)).await;
            noted.set(true);
            Answer::of(Kind::Text, "")
        }
    }));
    let (mut here, there) = duplex(1000);
    let began = Instant::now();
    let browsing = async {
        here.write_all(&head("GET /", "")).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        drop(here);
    };
    let tasks = LocalSet::new();
    tasks.run_until(async { tokio::join!(serve(there, served.clone()), browsing) }).await;
    assert!(!finished.get() && began.elapsed().as_secs() == 1);
    tasks.run_until(served.presence.nobody_left(&Limits::USUAL)).await;
    assert!(finished.get());
    assert_eq!(began.elapsed().as_secs(), 300 + 600, "no page was opened yet");
}
