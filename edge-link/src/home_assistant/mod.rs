//! The door in Home Assistant: its events, its states, and the two requests that Home Assistant may make.
//!
//! Terms: a *discovery message* tells Home Assistant that an entity exists; the *birth message* says that Home Assistant
//! has started. Discovery messages are not kept by the broker: everything is published again when the link connects and at
//! each birth message, so a door that is gone does not come back out of a broker's memory. States are kept, events never
//! are, and requests that the broker had kept are dropped.
//!
//! There is no request to unlock: nothing in this process could make one.

mod discovery;
mod door;
mod events;
mod feed;
mod problems;
mod requests;
mod seldom;
mod states;

pub use door::Door;
pub(crate) use events::event;
pub(crate) use requests::{Request as Asks, asked};
pub(crate) use states::states_of;

use crate::broker::{Broker, Filter, Outgoing, Subscription};
use crate::identity::OtherUnit;
use crate::unit::Unit;
use feed::Followers;
use tokio::sync::{Notify, mpsc, watch};

/// Events that wait to be published. More are dropped.
const MAX_WAITING_EVENTS: usize = 256;

/// Presents a door to Home Assistant.
pub struct HomeAssistant {
    door: Door,
    unit: Unit,
    /// The unit's last record when the link started: those after it are events.
    last_record: u64,
    outgoing: Outgoing,
    births: Subscription,
    requests: Subscription,
}

impl HomeAssistant {
    /// Presents this door on the broker. Records after `last_record` are events.
    pub fn new(door: Door, unit: Unit, last_record: u64, broker: &mut Broker) -> Self {
        let births = broker.subscribe([Filter::at_most_once(door.birth_topic())]);
        // QoS 0: a request that nobody is there to carry out must not wait in a queue.
        let requests = broker.subscribe(requests::TOPICS.map(|name| Filter::at_most_once(door.topic(name))));
        Self { door, unit, last_record, outgoing: broker.outgoing(), births, requests }
    }

    /// Runs until another unit answers.
    pub async fn run(self) -> OtherUnit {
        let Self { door, unit, last_record, outgoing, births, requests } = self;
        let (events, waiting) = mpsc::channel(MAX_WAITING_EVENTS);
        let (last_decision, decided) = watch::channel(None);
        let changed = Notify::new();
        let followers = Followers { events, last_decision, changed: &changed };
        tokio::select! {
            other = states::publish(&door, &unit, outgoing.clone(), births, decided, &changed) => other,
            never = feed::follow(&unit, last_record, &followers) => match never {},
            never = events::publish(&door, outgoing, waiting) => match never {},
            never = requests::carry_out(&door, &unit, requests, &changed) => match never {},
        }
    }
}
