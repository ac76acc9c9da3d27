//! Where a unit's messages go.

use crate::broker::{Manner, NotSent, Outgoing};
use fleet_messages::{Kind, Topics};
use shared::seal::Fingerprint;

/// Publishes messages of one unit. Copies of it publish on the same connection.
#[derive(Debug, Clone)]
pub(super) struct Post {
    to: To,
    topics: Topics,
    id: Fingerprint,
}

#[derive(Debug, Clone)]
enum To {
    Broker(Outgoing),
    #[cfg(test)]
    Test(testing::Mailbox),
}

impl Post {
    pub(super) fn on(outgoing: Outgoing, topics: Topics, id: Fingerprint) -> Self {
        Self { to: To::Broker(outgoing), topics, id }
    }

    /// Publishes a message with QoS 1. Waits while the connection has more than it can take. That the broker has it is not
    /// awaited: it may lose it all the same, so only an answer counts.
    pub(super) async fn publish(&self, kind: Kind, payload: Vec<u8>) -> Result<(), NotSent> {
        match &self.to {
            To::Broker(outgoing) => {
                let topic = self.topics.of(self.id, kind);
                outgoing.publish(&topic, payload, Manner::Passing).await.map(|_receipt| ())
            }
            #[cfg(test)]
            To::Test(mailbox) => mailbox.publish(kind, payload),
        }
    }

    /// Waits until there is a connection with another number than this, and returns its number.
    pub(super) async fn connection_after(&mut self, number: Option<u64>) -> u64 {
        match &mut self.to {
            To::Broker(outgoing) => outgoing.connection_after(number).await,
            #[cfg(test)]
            To::Test(mailbox) => mailbox.connection_after(number).await,
        }
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use tokio::sync::{mpsc, watch};

    /// Where messages arrive in a test.
    #[derive(Debug, Clone)]
    pub(crate) struct Mailbox {
        arrived: mpsc::UnboundedSender<(Kind, Vec<u8>)>,
        connection: watch::Receiver<Option<u64>>,
    }

    /// The other end.
    pub(crate) struct Reader {
        pub(crate) arrived: mpsc::UnboundedReceiver<(Kind, Vec<u8>)>,
        pub(crate) connection: watch::Sender<Option<u64>>,
    }

    impl Mailbox {
        pub(super) fn publish(&self, kind: Kind, payload: Vec<u8>) -> Result<(), NotSent> {
            let is_connected = self.connection.borrow().is_some();
            is_connected.then(|| self.arrived.send((kind, payload)).unwrap()).ok_or(NotSent)
        }

        pub(super) async fn connection_after(&mut self, number: Option<u64>) -> u64 {
            let found = self.connection.wait_for(|found| found.is_some() && *found != number).await;
            found.unwrap().unwrap()
        }
    }

    pub(crate) fn id() -> Fingerprint {
        "5f0c-8a71-0000-1111-2222".parse().unwrap()
    }

    /// A post, connected with number 1, and its other end.
    pub(crate) fn post() -> (Post, Reader) {
        let (sender, arrived) = mpsc::unbounded_channel();
        let (connection, number) = watch::channel(Some(1));
        let to = To::Test(Mailbox { arrived: sender, connection: number });
        (Post { to, topics: Topics::below("p").unwrap(), id: id() }, Reader { arrived, connection })
    }

    impl Reader {
        /// The next message of this kind.
        pub(crate) async fn next(&mut self, kind: Kind) -> Vec<u8> {
            loop {
                let (found, payload) = self.arrived.recv().await.unwrap();
                if found == kind {
                    return payload;
                }
            }
        }
    }
}
