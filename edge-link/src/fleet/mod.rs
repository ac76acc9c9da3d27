//! The unit in a fleet: its records go to a collector, its statements to a workstation, and what a workstation sends goes
//! to the unit.
//!
//! Anybody on the broker may have made a message. None of them is trusted: they can only make the link send something
//! again, fetch a file that the unit then judges, or pass on an order that the unit then judges. Each queue has a largest
//! length, each kind of answer a largest rate, and messages that the broker had kept are dropped.

mod inbox;
mod material;
mod message;
mod orders;
mod outbox;
mod post;
mod statements;
mod window;

pub(crate) use message::{Message, read};

use crate::broker::{Broker, Filter, Subscription};
use crate::fetch::{Carrier, Fetcher};
use crate::unit::Unit;
use fleet_messages::{Kind, Topics};
use outbox::Outbox;
use post::Post;
use shared::seal::Fingerprint;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::Notify;

/// Connects a unit to its fleet.
pub struct Fleet {
    id: Fingerprint,
    topics: Topics,
    unit: Unit,
    fetcher: Fetcher,
    post: Post,
    messages: Subscription,
}

impl Fleet {
    /// Connects the unit with this id on the broker.
    pub fn new(id: Fingerprint, topics: &Topics, unit: Unit, fetcher: Fetcher, broker: &mut Broker) -> Self {
        let messages = broker.subscribe([
            // Those who need an answer to these ask again.
            Filter::at_most_once(topics.of(id, Kind::Want)),
            Filter::at_most_once(topics.of(id, Kind::Ask)),
            // These may wait in the broker for a link that is away.
            Filter::at_least_once(topics.of(id, Kind::Notice)),
            Filter::at_least_once(topics.of(id, Kind::Order)),
        ]);
        let post = Post::on(broker.outgoing(), topics.clone(), id);
        Self { id, topics: topics.clone(), unit, fetcher, post, messages }
    }

    /// Never ends.
    pub async fn run(self) -> Infallible {
        let Self { id, topics, unit, fetcher, post, messages } = self;
        let due = Arc::new(Notify::new());
        let (senders, queues) = inbox::queues();
        let carrier = Carrier::new(unit.clone(), fetcher, queues.notices, due.clone());
        let outbox = Outbox::new(id, unit.clone(), post.clone(), queues.wants);
        tokio::select! {
            never = inbox::sort(id, &topics, messages, &senders) => match never {},
            never = carrier.run() => match never {},
            never = outbox.run() => match never {},
            never = orders::pass_on(&unit, queues.orders, &due) => match never {},
            never = statements::make(&unit, post, queues.asks, &due) => match never {},
        }
    }
}
