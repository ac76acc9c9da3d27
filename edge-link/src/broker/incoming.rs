//! What arrives from the broker, and who reads it.

use rumqttc::{Publish, QoS, SubscribeFilter};
use std::collections::HashMap;
use tokio::sync::mpsc::{self, error::TrySendError};

/// Messages that wait for their reader. More are dropped: those who need an answer ask again.
const MAX_WAITING: usize = 64;

/// A message from the broker. Anybody on the broker may have made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The topic: one of the subscription's.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// Whether the broker had kept it: somebody published it before the subscription, perhaps long ago.
    pub is_retained: bool,
}

/// A topic to subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    topic: String,
    quality: QoS,
}

/// The messages on some topics.
#[derive(Debug)]
pub struct Subscription {
    messages: mpsc::Receiver<Incoming>,
}

/// Everybody's topics.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    readers: HashMap<String, (QoS, mpsc::Sender<Incoming>)>,
    is_full: bool,
}

impl Filter {
    /// QoS 0: a message that is published while the link is away is lost, on purpose.
    pub fn at_most_once(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), quality: QoS::AtMostOnce }
    }

    /// QoS 1: may arrive twice, and may wait in the broker while the link is away.
    pub fn at_least_once(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), quality: QoS::AtLeastOnce }
    }
}

impl Subscription {
    /// The next message. Waits for ever if none comes.
    pub async fn next(&mut self) -> Incoming {
        match self.messages.recv().await {
            Some(message) => message,
            None => std::future::pending().await,
        }
    }
}

impl Subscriptions {
    pub(super) fn add(&mut self, filters: impl IntoIterator<Item = Filter>) -> Subscription {
        let (sender, messages) = mpsc::channel(MAX_WAITING);
        for Filter { topic, quality } in filters {
            self.readers.insert(topic, (quality, sender.clone()));
        }
        Subscription { messages }
    }

    pub(super) fn filters(&self) -> Vec<SubscribeFilter> {
        self.readers.iter().map(|(topic, (quality, _))| SubscribeFilter::new(topic.clone(), *quality)).collect()
    }

    /// Hands a message to its reader. A message without a reader, or whose reader has too many, is dropped.
    pub(super) fn deliver(&mut self, publish: Publish) {
        let Ok(topic) = str::from_utf8(&publish.topic) else { return };
        let Some((_, reader)) = self.readers.get(topic) else { return };
        let message =
            Incoming { topic: topic.to_owned(), payload: publish.payload.to_vec(), is_retained: publish.retain };
        match reader.try_send(message) {
            Ok(()) => self.is_full = false,
            Err(TrySendError::Full(_)) if !self.is_full => {
                self.is_full = true;
                tracing::warn!("more messages arrive from the broker than can be worked on: some are dropped");
            }
            Err(_) => {}
        }
    }
}
