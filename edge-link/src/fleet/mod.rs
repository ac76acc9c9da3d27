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
        let messages = broker.subscribe(filters(id, topics));
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

/// What a workstation says to the unit. It may wait in the broker for a link that is away.
///
/// All with QoS 1: a cluster of RabbitMQ keeps a subscription with QoS 0 on one node, and takes it from a link that stays
/// connected when that node is lost. The link would hear no more questions, and not know.
fn filters(id: Fingerprint, topics: &Topics) -> [Filter; 4] {
    [Kind::Want, Kind::Ask, Kind::Notice, Kind::Order].map(|kind| Filter::at_least_once(topics.of(id, kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subscription_outlives_the_node_of_a_cluster() {
        let (id, topics) = (post::testing::id(), Topics::below("acme").unwrap());
        for (filter, kind) in filters(id, &topics).into_iter().zip([Kind::Want, Kind::Ask, Kind::Notice, Kind::Order]) {
            assert_eq!(filter, Filter::at_least_once(topics.of(id, kind)));
        }
    }
}
