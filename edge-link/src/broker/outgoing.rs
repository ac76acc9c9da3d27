//! What the link publishes.

use rumqttc::{AsyncClient, PublishNotice, PublishOptions};
use tokio::sync::watch;

/// Publishes messages. Copies of it publish on the same connection.
#[derive(Debug, Clone)]
pub struct Outgoing {
    live: watch::Receiver<Option<Live>>,
}

/// The current connection.
#[derive(Debug, Clone)]
pub(super) struct Live {
    /// From 1.
    pub(super) number: u64,
    pub(super) client: AsyncClient,
}

/// How a message is published. All have QoS 1: the broker acknowledges them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// For the current subscribers; the broker does not keep it for others.
    Passing,
    /// The broker keeps it for those who come later, in place of an earlier one on the same topic.
    Retained,
}

/// A message that the connection has taken.
#[derive(Debug)]
#[must_use]
pub struct Receipt(PublishNotice);

/// There is no connection to the broker, or it has just ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no connection to the broker")]
pub struct NotSent;

/// The connection ended before the broker had acknowledged the message. The broker may have it or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection to the broker ended before it acknowledged the message")]
pub struct Lost;

impl Outgoing {
    pub(super) fn on(live: watch::Receiver<Option<Live>>) -> Self {
        Self { live }
    }

    /// Publishes a message. Waits while the connection has more than it can take.
    ///
    /// # Errors
    /// [`NotSent`]
    pub async fn publish(&self, topic: &str, payload: Vec<u8>, manner: Manner) -> Result<Receipt, NotSent> {
        let client = self.live.borrow().as_ref().map(|live| live.client.clone()).ok_or(NotSent)?;
        let options = match manner {
            Manner::Passing => PublishOptions::at_least_once(),
            Manner::Retained => PublishOptions::at_least_once().retained(),
        };
        client.publish_tracked(topic, payload, options).await.map(Receipt).map_err(|_| NotSent)
    }

    /// The number of the current connection, from 1; `None` if there is none.
    pub fn connection(&self) -> Option<u64> {
        self.live.borrow().as_ref().map(|live| live.number)
    }

    /// Waits until there is a connection with another number than this, and returns its number. Waits for ever if there
    /// will be none.
    pub async fn connection_after(&mut self, number: Option<u64>) -> u64 {
        let is_other = |live: &Option<Live>| live.as_ref().is_some_and(|live| Some(live.number) != number);
        let found = self.live.wait_for(is_other).await.ok().and_then(|live| live.as_ref().map(|live| live.number));
        match found {
            Some(found) => found,
            None => std::future::pending().await,
        }
    }
}

impl Receipt {
    /// Waits until the broker has acknowledged the message.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn acknowledged(self) -> Result<(), Lost> {
        self.0.wait_completion_async().await.map_err(|_| Lost)
    }
}
