//! The connection to the MQTT broker, which is made again for ever.
//!
//! The broker may be broken or hostile: packets have a largest size, their rate a largest value, and each queue a largest
//! length. Nothing survives a connection: what was not acknowledged by its end is the sender's to publish again.
//! What the messages mean is decided elsewhere.

mod backoff;
mod incoming;
mod outgoing;
mod rate;
mod trouble;

pub use incoming::{Filter, Incoming, Subscription};
pub use outgoing::{Lost, Manner, NotSent, Outgoing, Receipt};

use crate::config::{self, Transport};
use crate::credentials::Credentials;
use backoff::Backoff;
use fleet_messages::{Address, Presence};
use incoming::Subscriptions;
use outgoing::Live;
use rate::Rate;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, LastWill, MqttOptions, Packet, PublishOptions,
    QoS, SubscribeReasonCode, TlsConfiguration,
};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use terminal::ShowPath;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use trouble::Trouble;

/// The largest packet from the broker, in bytes: no message for a link is larger, with its topic.
const MAX_INCOMING_BYTES: usize = 8 << 10;
/// The largest packet to the broker, in bytes: a statement with its topic.
const MAX_OUTGOING_BYTES: usize = fleet_messages::MAX_STATEMENT_BYTES + 1024;
/// A broker that says nothing for about twice this long is lost, in seconds.
const KEEP_ALIVE_SECONDS: u16 = 30;
/// Publications that wait for the connection to take them.
const MAX_WAITING: usize = 16;
/// Publications that wait for their acknowledgement.
const MAX_UNACKNOWLEDGED: u16 = 32;
/// Packets that are read before the next publication is written.
const READ_AT_ONCE: usize = 16;
/// A connection that lasts for this long was not in vain: the next one is tried soon.
const STABLE: Duration = Duration::from_secs(60);
/// How long a broker that is tried out may take.
const TRIAL: Duration = Duration::from_secs(10);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// The connection of a link to its broker.
pub struct Broker {
    /// One for each address, at least one; the first is tried next. The links of a fleet begin with different ones, and so
    /// divide themselves among the nodes of a cluster.
    ways: Vec<Way>,
    presence: String,
    subscriptions: Subscriptions,
    live: watch::Sender<Option<Live>>,
    connections: u64,
}

/// How the broker is reached at one address.
struct Way {
    options: MqttOptions,
    trouble: Trouble,
}

/// Who a link is to the broker.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The client id. No other client of the broker may have it.
    pub client: String,
    /// The topic on which the broker says whether the link is connected.
    pub presence: String,
    /// Whether the broker keeps messages with QoS 1 for the link while it is away.
    pub is_awaited: bool,
}

/// Why a connection ended or was not made.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error("it sends more than {} packets a second, which no broker of links does", Rate::PER_SECOND)]
    Flood,
}

impl Broker {
    /// The broker of this configuration. Connects to nothing yet.
    ///
    /// # Errors
    /// If the configuration names none.
    pub fn new(
        broker: &config::Broker,
        credentials: &Credentials,
        identity: Identity,
    ) -> Result<Self, config::ConfigError> {
        let Identity { client, presence, is_awaited } = identity;
        let mut ways = Vec::new();
        for (target, mut options) in targets(broker, credentials, &client)? {
            options.set_clean_session(!is_awaited);
            options.set_last_will(LastWill::new(&presence, Presence::Offline.payload(), QoS::AtLeastOnce, true));
            ways.push(Way { options, trouble: Trouble::with(target) });
        }
        let first = fastrand::usize(..ways.len());
        ways.rotate_left(first);
        let (live, _) = watch::channel(None);
        Ok(Self { ways, presence, subscriptions: Subscriptions::default(), live, connections: 0 })
    }

    /// Publishes on the connection, whichever it is.
    pub fn outgoing(&self) -> Outgoing {
        Outgoing::on(self.live.subscribe())
    }

    /// The messages on these topics, on every connection from now on.
    pub fn subscribe(&mut self, filters: impl IntoIterator<Item = Filter>) -> Subscription {
        self.subscriptions.add(filters)
    }

    /// Keeps connected until `end` resolves. Then tells the broker that the link has gone.
    pub async fn run(mut self, end: impl Future<Output = ()>) {
        let mut end = std::pin::pin!(end);
        let mut backoff = Backoff::default();
        loop {
            let began = Instant::now();
            let options = self.ways[0].options.clone();
            let (client, mut events) = AsyncClient::builder(options).capacity(MAX_WAITING).build();
            let ended = tokio::select! {
                ended = self.connection(&client, &mut events) => ended,
                () = &mut end => {
                    self.farewell(&client, &mut events).await;
                    return;
                }
            };
            let was_up = self.live.send_replace(None).is_some();
            drop((client, events));
            let trouble = &mut self.ways[0].trouble;
            if was_up && began.elapsed() >= STABLE {
                backoff = Backoff::default();
                trouble.forget();
            }
            trouble.say(&in_words(&ended));
            self.ways.rotate_left(1);
            let wait = backoff.next_wait();
            tokio::select! {
                () = sleep(wait) => {}
                () = &mut end => return,
            }
        }
    }

    /// One connection, until it ends.
    async fn connection(&mut self, client: &AsyncClient, events: &mut EventLoop) -> Ended {
        let mut rate = Rate::starting_at(Instant::now());
        loop {
            let packet = match events.poll().await {
                Err(error) => return error.into(),
                Ok(Event::Outgoing(_)) => continue,
                Ok(Event::Incoming(packet)) => packet,
            };
            if !rate.allows_one_more(Instant::now()) {
                return Ended::Flood;
            }
            match packet {
                Packet::ConnAck(_) => self.connected(client),
                Packet::Publish(publish) => self.subscriptions.deliver(publish),
                Packet::SubAck(answer) if answer.return_codes.contains(&SubscribeReasonCode::Failure) => {
                    self.ways[0].trouble.say("it refuses a subscription: see its access rules");
                }
                _ => {}
            }
        }
    }

    fn connected(&mut self, client: &AsyncClient) {
        self.connections += 1;
        self.ways[0].trouble.connected();
        let filters = self.subscriptions.filters();
        let online = PublishOptions::at_least_once().retained();
        // The queues of a new connection have room for both.
        let subscribed = filters.is_empty() || client.try_subscribe_many(filters).is_ok();
        let told = client.try_publish(self.presence.as_str(), Presence::Online.payload(), online).is_ok();
        if !subscribed || !told {
            tracing::error!("the connection to the broker takes no requests");
        }
        self.live.send_replace(Some(Live { number: self.connections, client: client.clone() }));
    }

    async fn farewell(&self, client: &AsyncClient, events: &mut EventLoop) {
        if self.live.send_replace(None).is_none() {
            return;
        }
        let offline = PublishOptions::at_least_once().retained();
        let leave = async {
            let said = client.publish(self.presence.as_str(), Presence::Offline.payload(), offline).await;
            if said.is_ok() && client.disconnect_with_timeout(FAREWELL).await.is_ok() {
                std::future::pending::<()>().await;
            }
        };
        let drain = async { while events.poll().await.is_ok() {} };
        let left = async {
            tokio::select! {
                () = leave => {}
                () = drain => {}
            }
        };
        if timeout(FAREWELL, left).await.is_err() {
            tracing::info!("the broker did not take leave: it will notice by itself");
        }
    }
}

/// Connects to each address once and leaves again, as a client of its own beside a link that runs. Changes nothing in the
/// broker.
///
/// # Errors
/// Why the broker does not let the link in, at the first address where it does not.
pub async fn try_out(broker: &config::Broker, credentials: &Credentials) -> anyhow::Result<()> {
    let client = format!("edge-link-check-{:08x}", fastrand::u32(..));
    for (target, options) in targets(broker, credentials, &client)? {
        let (client, mut events) = AsyncClient::builder(options).build();
        let connected = timeout(TRIAL, async {
            while !matches!(events.poll().await?, Event::Incoming(Packet::ConnAck(_))) {}
            client.disconnect_now().await.ok();
            while events.poll().await.is_ok() {}
            Ok(())
        });
        let refused = match connected.await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => in_words(&Ended::Connection(error)),
            Err(_) => format!("it does not answer within {} s", TRIAL.as_secs()),
        };
        return Err(anyhow::anyhow!("the broker {}: {}", target, refused.shown()));
    }
    Ok(())
}

/// Where the broker is, in words, and how to connect to it there: at least one.
fn targets(
    broker: &config::Broker,
    credentials: &Credentials,
    client: &str,
) -> Result<Vec<(String, MqttOptions)>, config::ConfigError> {
    let targets = match broker.transport()? {
        Transport::Socket(path) => vec![(path.shown().to_string(), rumqttc::Broker::unix(path))],
        Transport::ClearText(addresses) | Transport::Tls { addresses, .. } => {
            let at = |address: &Address| (address.to_string(), rumqttc::Broker::tcp(address.host(), address.port()));
            addresses.iter().map(at).collect()
        }
    };
    let with_options = |(target, broker)| (target, options(broker, credentials, client));
    Ok(targets.into_iter().map(with_options).collect())
}

fn options(broker: rumqttc::Broker, credentials: &Credentials, client: &str) -> MqttOptions {
    let mut options = MqttOptions::new(client, broker);
    if let Some(tls) = &credentials.tls {
        let tls = TlsConfiguration::Rustls(Arc::clone(tls));
        options.set_transport(rumqttc::Transport::tls_with_config(tls));
    }
    if let Some((user, password)) = &credentials.login {
        options.set_credentials(user, password.clone());
    }
    options.set_keep_alive(KEEP_ALIVE_SECONDS);
    options.set_max_packet_size(MAX_INCOMING_BYTES, MAX_OUTGOING_BYTES);
    options.set_inflight(MAX_UNACKNOWLEDGED);
    options.set_read_batch_size(READ_AT_ONCE);
    options
}

fn in_words(ended: &Ended) -> String {
    match ended {
        Ended::Connection(ConnectionError::ConnectionRefused(code)) => {
            let hint = match code {
                ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
                    ": check [broker] user, password-file or certificate, and the broker's access rules"
                }
                _ => "",
            };
            format!("it refuses the link ({code:?}){hint}")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
