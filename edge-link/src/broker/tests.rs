use super::*;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

const CONNACK: &[u8] = &[0x20, 2, 0, 0];
const HOME: &str = "p/home/lockdown";

/// A broker at the other end of a Unix socket, which sends what a test says.
struct Scripted {
    listener: UnixListener,
}

/// One connection of a link.
struct Client {
    stream: UnixStream,
    connect: Vec<u8>,
}

impl Scripted {
    fn at(path: &Path) -> Self {
        Self { listener: UnixListener::bind(path).unwrap() }
    }

    /// Waits for the link, and accepts it with an empty session.
    async fn accept(&self) -> Client {
        let mut client = self.accept_silently().await;
        client.send(CONNACK).await;
        client
    }

    async fn accept_silently(&self) -> Client {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut client = Client { stream, connect: Vec::new() };
        client.connect = client.packet().await.unwrap();
        client
    }
}

impl Client {
    async fn send(&mut self, bytes: &[u8]) {
        // The link may have gone in the middle of it.
        self.stream.write_all(bytes).await.ok();
    }

    /// The next packet of the link; `None` if it has gone.
    async fn packet(&mut self) -> Option<Vec<u8>> {
        let mut packet = vec![self.stream.read_u8().await.ok()?];
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.stream.read_u8().await.ok()?;
            packet.push(byte);
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let begin = packet.len();
        packet.resize(begin + length, 0);
        self.stream.read_exact(&mut packet[begin..]).await.ok()?;
        Some(packet)
    }

    /// Acknowledges what the link subscribes to and publishes, until it has published this.
    async fn until_published(&mut self, topic: &str, payload: &str) -> u8 {
        let text = |bytes: &[u8]| usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        loop {
            let packet = self.packet().await.unwrap();
            let body = &packet[2..];
            match packet[0] >> 4 {
                3 => {
                    let (found, rest) = body[2..].split_at(text(body));
                    self.send(&[0x40, 2, rest[0], rest[1]]).await;
                    if found == topic.as_bytes() && &rest[2..] == payload.as_bytes() {
                        return packet[0];
                    }
                }
                8 => {
                    let (mut at, mut granted) = (2, Vec::new());
                    while at < body.len() {
                        at += 2 + text(&body[at..]) + 1;
                        granted.push(1);
                    }
                    self.send(&[&[0x90, 2 + granted.len() as u8, body[0], body[1]][..], &granted].concat()).await;
                }
                _ => {}
            }
        }
    }
}

fn publish(topic: &str, payload: &[u8], is_retained: bool) -> Vec<u8> {
    let body = [&[0, topic.len() as u8][..], topic.as_bytes(), payload].concat();
    assert!(body.len() < 128);
    [&[0x30 | u8::from(is_retained), body.len() as u8][..], &body].concat()
}

fn broker_at(socket: &Path) -> Broker {
    let config = config::Broker { socket: Some(socket.to_owned()), ..config::Broker::default() };
    let identity = Identity { client: "link".to_owned(), presence: "p/presence".to_owned(), is_awaited: true };
    Broker::new(&config, &Credentials { tls: None, login: None }, identity).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_link_subscribes_and_tells_that_it_is_there_and_when_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("m.sock");
    let scripted = Scripted::at(&socket);
    let mut broker = broker_at(&socket);
    let mut home = broker.subscribe([Filter::at_most_once(HOME)]);
    let mut fleet = broker.subscribe([Filter::at_least_once("p/want"), Filter::at_least_once("p/ask")]);
    let mut outgoing = broker.outgoing();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(broker.run(async { ended.await.unwrap() }));

    let mut client = scripted.accept().await;
    let text = String::from_utf8_lossy(&client.connect).into_owned();
    assert!(text.contains("MQTT\u{4}") && text.contains("p/presence\0\u{7}offline"), "{text:?}");
    let flags = client.connect[9];
    assert_eq!((flags & 0b10, flags & 0b100, flags & 0b10_0000), (0, 0b100, 0b10_0000), "session kept, will retained");
    assert_eq!(outgoing.connection_after(None).await, 1);
    let online = client.until_published("p/presence", "online").await;
    assert_eq!(online & 1, 1, "retained");
    for (topic, payload, is_retained) in [
        ("p/unlock", "x", false),
        (HOME, "old", true),
        (HOME, "PRESS", false),
        ("p/ask", "\u{0}", false),
        ("p/home/lockdown/more", "x", false),
        ("\u{1b}", "x", false),
    ] {
        client.send(&publish(topic, payload.as_bytes(), is_retained)).await;
    }
    let message = |topic: &str, payload: &str, is_retained| Incoming {
        topic: topic.to_owned(),
        payload: payload.into(),
        is_retained,
    };
    assert_eq!(home.next().await, message(HOME, "old", true));
    assert_eq!(home.next().await, message(HOME, "PRESS", false));
    assert_eq!(fleet.next().await, message("p/ask", "\0", false));

    end.send(()).unwrap();
    client.until_published("p/presence", "offline").await;
    assert_eq!(client.packet().await.unwrap(), [0xe0, 0], "it says that it goes");
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_message_is_acknowledged_or_lost_with_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("m.sock");
    let broker = broker_at(&socket);
    let mut outgoing = broker.outgoing();
    tokio::spawn(broker.run(std::future::pending()));
    assert_eq!(outgoing.publish("p/x", b"0".to_vec(), Manner::Passing).await.unwrap_err(), NotSent);

    let scripted = Scripted::at(&socket);
    let mut client = scripted.accept().await;
    assert_eq!(outgoing.connection_after(None).await, 1);
    let receipt = outgoing.publish("p/x", b"1".to_vec(), Manner::Passing).await.unwrap();
    assert_eq!(client.until_published("p/x", "1").await & 1, 0, "not retained");
    receipt.acknowledged().await.unwrap();
    let receipt = outgoing.publish("p/x", b"2".to_vec(), Manner::Passing).await.unwrap();
    drop(client);
    assert_eq!(receipt.acknowledged().await, Err(Lost));
    let mut client = scripted.accept().await;
    assert_eq!(outgoing.connection_after(Some(1)).await, 2);
    let receipt = outgoing.publish("p/x", b"3".to_vec(), Manner::Retained).await.unwrap();
    assert_eq!(client.until_published("p/x", "3").await & 1, 1, "retained; and what was lost is not sent again");
    receipt.acknowledged().await.unwrap();
}

/// Each broker lets the link in and then does something that no broker does. The link leaves it and comes back.
#[tokio::test(start_paused = true)]
async fn a_hostile_broker_is_left_and_tried_again() {
    let flood = publish(HOME, b"PRESS", false).repeat(3000);
    for (told, bytes) in [
        ("a message of 256 MB", &[0x30, 0xff, 0xff, 0xff, 0x7f][..]),
        ("a message of 8 kB and one byte", &[0x30, 0x81, 0x40, 0, 1, b'a']),
        ("no packet", &[0xf7, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("a topic that is not UTF-8", &[0x30, 4, 0, 1, 0xff, b'x']),
        ("an acknowledgement of nothing", &[0x40, 2, 0x12, 0x34]),
        ("more messages than it should", &flood),
        ("a packet that never ends", &[0x30, 0x10, 0, 1]),
        ("nothing", &[]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("m.sock");
        let scripted = Scripted::at(&socket);
        let mut broker = broker_at(&socket);
        let mut home = broker.subscribe([Filter::at_most_once(HOME)]);
        let mut outgoing = broker.outgoing();
        tokio::spawn(broker.run(std::future::pending()));
        let mut client = scripted.accept().await;
        client.send(bytes).await;
        let mut again = scripted.accept().await;
        let after = outgoing.connection_after(Some(1)).await;
        assert_eq!(after, 2, "{told}");
        while let Ok(Some(_)) = timeout(Duration::ZERO, async { Some(home.next().await) }).await {}
        again.send(&publish(HOME, b"PRESS", false)).await;
        assert_eq!(home.next().await.payload, b"PRESS", "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_does_not_let_the_link_in_is_tried_again() {
    for answer in [
        &[][..],
        &[0x20, 2, 0, 5],
        &[0x20, 2, 0, 0x77],
        &[0x20, 2, 1, 0, 0x30, 0xff, 0xff, 0xff, 0x7f],
        b"HTTP/1.1 400",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("m.sock");
        let scripted = Scripted::at(&socket);
        let broker = broker_at(&socket);
        let mut outgoing = broker.outgoing();
        tokio::spawn(broker.run(std::future::pending()));
        for _ in 0..3 {
            let mut client = scripted.accept_silently().await;
            client.send(answer).await;
        }
        let mut client = scripted.accept().await;
        outgoing.connection_after(None).await;
        client.until_published("p/presence", "online").await;
    }
}

#[test]
fn a_refusal_says_what_to_look_at() {
    for (code, expected) in [
        (ConnectReturnCode::BadUserNamePassword, "password-file"),
        (ConnectReturnCode::NotAuthorized, "certificate"),
        (ConnectReturnCode::ServiceUnavailable, "ServiceUnavailable"),
    ] {
        let said = in_words(&Ended::Connection(ConnectionError::ConnectionRefused(code)));
        assert!(said.contains(expected), "{said}");
    }
}
