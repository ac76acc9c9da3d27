//! Brokers that try to exhaust or confuse the link.

use super::RunningLink;
use super::scripted_unit::ScriptedUnit;
use super::{HOME, eventually};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

const CONNACK: &[u8] = &[0x20, 2, 0, 0];

/// Lets the next link in.
fn accept(listener: &UnixListener) -> UnixStream {
    let (mut link, _) = listener.accept().unwrap();
    link.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(link.read(&mut [0; 1024]).unwrap() > 0);
    link.write_all(CONNACK).unwrap();
    link
}

/// Sends until the link has gone. Returns how many bytes it took.
fn flood(mut link: UnixStream, begin: &[u8], pattern: &[u8]) -> usize {
    let block = pattern.repeat((64 << 10) / pattern.len() + 1);
    if link.write_all(begin).is_err() {
        return 0;
    }
    let mut taken = 0;
    while taken < 1 << 30 {
        match link.write(&block) {
            Ok(bytes) => taken += bytes,
            Err(_) => break,
        }
    }
    taken
}

#[test]
fn nothing_that_a_broker_sends_fills_the_memory_and_each_is_told_once() {
    let unit = ScriptedUnit::start();
    let folder = tempfile::tempdir().unwrap();
    let socket: &Path = &folder.path().join("hostile.sock");
    let listener = UnixListener::bind(socket).unwrap();
    let link = RunningLink::start(&unit, &format!("socket = {socket:?}"), HOME);
    let publish = [&[0x30, 6, 0, 1][..], b"attt"].concat();
    for (told, begin, pattern) in [
        ("a message of 256 MB", &[0x30, 0xff, 0xff, 0xff, 0x7f][..], &b"x"[..]),
        ("an endless stream of messages", b"", &publish),
        ("an endless stream of pings", b"", &[0xd0, 0]),
        ("random bytes", b"\xf7\x83\x9a\x01", b"\xa7\x11\x5c\xe0\x3b\x99\x42"),
    ] {
        let taken = flood(accept(&listener), begin, pattern);
        assert!(taken < 64 << 20, "{told}: it took {taken} bytes");
    }
    // It is still there, and small.
    drop(accept(&listener));
    let lines = || link.stderr().lines().filter(|line| line.contains("hostile.sock")).count();
    eventually("five troubles", || (lines() >= 5).then_some(()), || link.stderr());
    let peak = link.peak_kilobytes();
    assert!(peak < 40_000, "{peak} kB");
    let said = link.stderr();
    let packets = said.matches("packets a second").count();
    assert!(packets <= 2, "{said}");
}
