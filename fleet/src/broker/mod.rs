//! The connection of the workstation to the MQTT broker, on a thread of its own. It is made again for ever.
//!
//! The broker may be broken or hostile. A packet has a largest size and the inbox a largest length: while it is full, nothing
//! more is read from the network. What a connection had not delivered at its end is not sent again here: those who sent it do
//! that, because only a unit's answer confirms anything.

mod credentials;

use crate::fleet_toml::{Broker, Target};
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Error as PacketError, Event, EventLoop, MqttOptions, Packet,
    PublishOptions, QoS, StateError, SubscribeFilter, SubscribeReasonCode, TlsConfiguration,
};
use std::io;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use terminal::ShowPath;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

/// A broker that says nothing for about twice this long is lost, in seconds.
const KEEP_ALIVE_SECONDS: u16 = 60;
/// Messages that wait to be written to the network.
const MOST_WAITING: usize = 256;
/// Messages that wait for the broker's acknowledgement.
const MOST_UNACKNOWLEDGED: u16 = 64;
/// Room for a topic and a packet's header, in bytes.
const TOPIC_ROOM: usize = 1024;
/// Waits between connections.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// A connection that lasts for this long was not in vain: the next one is tried soon.
const STABLE: Duration = Duration::from_secs(10);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The client id. A second client with the same id ends the first one's connection.
    pub client: String,
    /// Whether the broker keeps messages with QoS 1 while the client is away.
    pub is_durable: bool,
    /// The topics to subscribe to, with QoS 1.
    pub filters: Vec<String>,
    /// The largest payload of their messages, in bytes.
    pub most_bytes: usize,
}

/// What happens on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// There is a connection, and the topics are subscribed to.
    Connected,
    /// There is none.
    Disconnected {
        /// Why.
        why: String,
    },
    /// A message.
    Message {
        /// Its topic.
        topic: String,
        /// Its payload.
        payload: Vec<u8>,
    },
}

/// How a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Once, and only to a receiver that is connected. The sender repeats it.
    Now,
    /// The broker acknowledges it, and keeps it for a receiver that is away.
    Kept,
}

/// Why a connection cannot even be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// A file of the configuration cannot be used.
    #[error("{0}")]
    Credentials(String),
    /// The operating system starts no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

/// There is no connection, or it has more to send than it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection to the broker takes nothing now")]
pub struct NotTaken;

/// A connection. It ends when this is dropped.
#[derive(Debug)]
pub struct Connection {
    live: Live,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The client of the current connection.
type Live = Arc<Mutex<Option<AsyncClient>>>;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error("it refuses a subscription: see its access rules")]
    Subscription,
    /// Nobody reads what arrives.
    #[error("nobody listens")]
    Deaf,
}

impl Ended {
    /// Whether the broker sent a packet that cannot be read. It would send what it keeps again on the next connection.
    fn would_come_again(&self) -> bool {
        let Self::Connection(ConnectionError::MqttState(state)) = self else { return false };
        match state {
            StateError::Deserialization(error) => !matches!(error, PacketError::Io(_)),
            _ => false,
        }
    }
}

impl Connection {
    /// Connects for ever, and puts what arrives into an inbox. Waits while the inbox is full.
    ///
    /// # Errors
    /// [`BrokerError`]
    pub fn open<T: From<Arrival> + Send + 'static>(
        broker: &Broker,
        session: Session,
        inbox: SyncSender<T>,
    ) -> Result<Self, BrokerError> {
        let mut ways = ways(broker, &session)?;
        let first = fastrand::usize(..ways.len());
        ways.rotate_left(first);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let live = Live::default();
        let (end, ended) = oneshot::channel();
        let here = live.clone();
        let thread = thread::Builder::new().name("broker".to_owned()).spawn(move || {
            let keeper = Keeper { ways, session, inbox, live: here, drops_session: false };
            runtime.block_on(keeper.run(ended));
        })?;
        Ok(Self { live, end: Some(end), thread: Some(thread) })
    }

    /// Sends a message, if there is a connection that takes it now.
    ///
    /// # Errors
    /// [`NotTaken`]
    pub fn send(&self, topic: String, payload: Vec<u8>, delivery: Delivery) -> Result<(), NotTaken> {
        let options = match delivery {
            Delivery::Now => PublishOptions::at_most_once(),
            Delivery::Kept => PublishOptions::at_least_once(),
        };
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let client = live.as_ref().ok_or(NotTaken)?;
        client.try_publish(topic, payload, options).map_err(|_| NotTaken)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It ends after its farewell; a panic of it was reported when it happened.
            let _ended = thread.join();
        }
    }
}

/// How to connect to the broker at each of its addresses, of which there is at least one.
fn ways(broker: &Broker, session: &Session) -> Result<Vec<MqttOptions>, BrokerError> {
    let targets = match &broker.target {
        Target::Socket(path) => vec![rumqttc::Broker::unix(path)],
        Target::ClearText(addresses) | Target::Tls { addresses, .. } => {
            addresses.iter().map(|address| rumqttc::Broker::tcp(address.host(), address.port())).collect()
        }
    };
    targets.into_iter().map(|target| options(broker, target, session)).collect()
}

fn options(broker: &Broker, target: rumqttc::Broker, session: &Session) -> Result<MqttOptions, BrokerError> {
    let mut options = MqttOptions::new(session.client.clone(), target);
    if let Target::Tls { ca, certificate, .. } = &broker.target {
        let tls: TlsConfiguration = credentials::tls(ca, certificate.as_ref()).map_err(BrokerError::Credentials)?;
        options.set_transport(rumqttc::Transport::tls_with_config(tls));
    }
    if let Some(login) = &broker.login {
        let password = credentials::password(&login.password_file).map_err(BrokerError::Credentials)?;
        options.set_credentials(login.user.clone(), password);
    }
    options.set_keep_alive(KEEP_ALIVE_SECONDS);
    options.set_max_packet_size(session.most_bytes + TOPIC_ROOM, fleet_messages::MAX_BATCH_BYTES);
    options.set_inflight(MOST_UNACKNOWLEDGED);
    Ok(options)
}

struct Keeper<T> {
    /// One for each address of the broker; the first is tried next.
    ways: Vec<MqttOptions>,
    session: Session,
    inbox: SyncSender<T>,
    live: Live,
    /// Whether the next connection makes the broker forget what it keeps for this client: something in it cannot be read, and
    /// would come again for ever.
    drops_session: bool,
}

impl<T: From<Arrival>> Keeper<T> {
    async fn run(mut self, ended: oneshot::Receiver<()>) {
        let mut ended = std::pin::pin!(ended);
        let mut wait = FIRST_WAIT;
        loop {
            let began = Instant::now();
            let mut options = self.ways[0].clone();
            options.set_clean_session(!self.session.is_durable || self.drops_session);
            let (client, mut events) = AsyncClient::builder(options).capacity(MOST_WAITING).build();
            let why = tokio::select! {
                why = self.connection(&client, &mut events) => why,
                _ = &mut ended => return farewell(&client, &mut events).await,
            };
            if matches!(why, Ended::Deaf) {
                return farewell(&client, &mut events).await;
            }
            let was_live = self.live.lock().unwrap_or_else(PoisonError::into_inner).take().is_some();
            drop((client, events));
            // The broker forgets only if it lets the client in.
            self.drops_session = why.would_come_again() || self.drops_session && !was_live;
            // What a broker says may contain anything.
            let why = in_words(&why).shown().to_string();
            if self.tell(Arrival::Disconnected { why }).is_err() {
                return;
            }
            self.ways.rotate_left(1);
            wait = if was_live && began.elapsed() >= STABLE { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
            tokio::select! {
                () = sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)) => {}
                _ = &mut ended => return,
            }
        }
    }

    async fn connection(&self, client: &AsyncClient, events: &mut EventLoop) -> Ended {
        loop {
            let packet = match events.poll().await {
                Err(error) => return error.into(),
                Ok(Event::Outgoing(_)) => continue,
                Ok(Event::Incoming(packet)) => packet,
            };
            let told = match packet {
                Packet::ConnAck(_) => self.subscribe(client),
                Packet::SubAck(answer) if answer.return_codes.contains(&SubscribeReasonCode::Failure) => {
                    return Ended::Subscription;
                }
                Packet::SubAck(_) => self.connected(client),
                Packet::Publish(publish) => match String::from_utf8(publish.topic.to_vec()) {
                    Ok(topic) => self.tell(Arrival::Message { topic, payload: publish.payload.to_vec() }),
                    Err(_) => Ok(()),
                },
                _ => Ok(()),
            };
            if let Err(ended) = told {
                return ended;
            }
        }
    }

    fn subscribe(&self, client: &AsyncClient) -> Result<(), Ended> {
        if self.session.filters.is_empty() {
            return self.connected(client);
        }
        let filters = self.session.filters.iter();
        let filters = filters.map(|filter| SubscribeFilter::new(filter.clone(), QoS::AtLeastOnce));
        // The queue of a new connection has room.
        client.try_subscribe_many(filters).map_err(|_| Ended::Subscription)
    }

    fn connected(&self, client: &AsyncClient) -> Result<(), Ended> {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(client.clone());
        self.tell(Arrival::Connected)
    }

    /// Waits while the inbox is full; until then, nothing more is read from the network.
    fn tell(&self, arrival: Arrival) -> Result<(), Ended> {
        self.inbox.send(arrival.into()).map_err(|_| Ended::Deaf)
    }
}

/// Sends what waits, and ends the connection.
async fn farewell(client: &AsyncClient, events: &mut EventLoop) {
    if client.try_disconnect_with_timeout(FAREWELL).is_err() {
        return;
    }
    let drain = async { while events.poll().await.is_ok() {} };
    let _too_late = timeout(FAREWELL, drain).await;
}

fn in_words(ended: &Ended) -> String {
    match ended {
        Ended::Connection(ConnectionError::ConnectionRefused(code)) => {
            let hint = match code {
                ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
                    ": check user, password-file or certificate of [broker], and the broker's access rules"
                }
                _ => "",
            };
            format!("it refuses the connection ({code:?}){hint}")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_broker_keeps_is_dropped_only_if_it_cannot_be_read() {
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        let state = |error: StateError| Ended::Connection(ConnectionError::MqttState(error));
        for (ended, would_come_again) in [
            (state(PacketError::PayloadSizeLimitExceeded(1 << 20).into()), true),
            (state(PacketError::MalformedPacket.into()), true),
            (state(PacketError::Io(reset()).into()), false),
            (state(reset().into()), false),
            (state(StateError::ConnectionAborted), false),
            (state(StateError::AwaitPingResp), false),
            (Ended::Connection(ConnectionError::Io(reset())), false),
            (Ended::Subscription, false),
        ] {
            assert_eq!(ended.would_come_again(), would_come_again, "{ended:?}");
        }
    }
}
