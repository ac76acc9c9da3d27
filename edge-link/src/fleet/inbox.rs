//! Reads what arrives for the unit and gives it to those who act on it. Their queues are short: a message that does not fit
//! is dropped, because those who need an answer ask again.

use super::message::{Message, NotForUs, read};
use crate::broker::{Incoming, Subscription};
use fleet_messages::{DatabaseNotice, Nonce, Topics, Want};
use shared::seal::Fingerprint;
use std::convert::Infallible;
use tokio::sync::{mpsc, watch};

/// Questions that wait for their statement.
const MAX_ASKS: usize = 8;
/// Orders that wait for the unit.
const MAX_ORDERS: usize = 8;

/// Where messages go.
pub(super) struct Senders {
    wants: watch::Sender<Option<Want>>,
    notices: watch::Sender<Option<DatabaseNotice>>,
    asks: mpsc::Sender<Nonce>,
    orders: mpsc::Sender<String>,
}

/// Where messages come out. Of wants and notices, the last one counts.
pub(super) struct Queues {
    pub(super) wants: watch::Receiver<Option<Want>>,
    pub(super) notices: watch::Receiver<Option<DatabaseNotice>>,
    pub(super) asks: mpsc::Receiver<Nonce>,
    pub(super) orders: mpsc::Receiver<String>,
}

/// What was said about messages that are dropped: each thing once.
#[derive(Debug, Default)]
struct Said {
    retained: bool,
    unreadable: bool,
    full: bool,
}

/// Empty queues.
pub(super) fn queues() -> (Senders, Queues) {
    let (to_wants, wants) = watch::channel(None);
    let (to_notices, notices) = watch::channel(None);
    let (to_asks, asks) = mpsc::channel(MAX_ASKS);
    let (to_orders, orders) = mpsc::channel(MAX_ORDERS);
    let senders = Senders { wants: to_wants, notices: to_notices, asks: to_asks, orders: to_orders };
    (senders, Queues { wants, notices, asks, orders })
}

/// Sorts messages for ever.
pub(super) async fn sort(
    id: Fingerprint,
    topics: &Topics,
    mut messages: Subscription,
    senders: &Senders,
) -> Infallible {
    let mut said = Said::default();
    loop {
        let message = messages.next().await;
        senders.put(id, topics, &message, &mut said);
    }
}

impl Senders {
    fn put(&self, id: Fingerprint, topics: &Topics, message: &Incoming, said: &mut Said) {
        if message.is_retained {
            // Nobody who is to be answered retains a message: it would come again and again.
            if once(&mut said.retained) {
                tracing::warn!("the broker keeps messages for this unit (retained): they are dropped; remove them");
            }
            return;
        }
        let is_taken = match read(topics, id, &message.topic, &message.payload) {
            Ok(Message::Want(want)) => {
                self.wants.send_replace(Some(want));
                true
            }
            Ok(Message::Notice(notice)) => {
                self.notices.send_replace(Some(notice));
                true
            }
            Ok(Message::Ask(nonce)) => self.asks.try_send(nonce).is_ok(),
            Ok(Message::Order(order)) => self.orders.try_send(order).is_ok(),
            Err(why) => {
                said.unreadable(&why);
                true
            }
        };
        if !is_taken && once(&mut said.full) {
            tracing::warn!("more questions or orders come than can be worked on: some are dropped");
        }
    }
}

impl Said {
    fn unreadable(&mut self, why: &NotForUs) {
        match once(&mut self.unreadable) {
            true => tracing::warn!("a message for this unit is dropped, and so are further ones like it: {why}"),
            false => tracing::debug!("a message for this unit is dropped: {why}"),
        }
    }
}

/// Whether it has not been said before.
fn once(said: &mut bool) -> bool {
    !std::mem::replace(said, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet_messages::Kind;
    use shared::gallery::DatabaseDigest;

    #[test]
    fn messages_are_sorted_and_floods_and_retained_ones_are_dropped() {
        let topics = Topics::below("p").unwrap();
        let id: Fingerprint = "5f0c-8a71-0000-1111-2222".parse().unwrap();
        let (senders, mut queues) = queues();
        let mut said = Said::default();
        let mut put = |kind, payload: &[u8], is_retained| {
            let message = Incoming { topic: topics.of(id, kind), payload: payload.to_vec(), is_retained };
            senders.put(id, &topics, &message, &mut said);
        };
        let want = |next| serde_json::to_vec(&Want::new(next, None)).unwrap();
        let notice = DatabaseNotice::new(7, DatabaseDigest([1; 32]), 8, "https://a/p".to_owned(), 0);
        let ask = br#"{"schema":1,"nonce":"ab"}"#;
        for (kind, payload) in [(Kind::Want, want(1)), (Kind::Ask, ask.to_vec()), (Kind::Order, b"order".to_vec())] {
            put(kind, &payload, true);
        }
        assert!(queues.wants.borrow().is_none() && queues.asks.is_empty() && queues.orders.is_empty());
        for number in 0..1000 {
            put(Kind::Want, &want(number), false);
            put(Kind::Notice, &serde_json::to_vec(&notice).unwrap(), false);
            put(Kind::Ask, ask, false);
            put(Kind::Order, b"order", false);
            put(Kind::Ask, b"\xff", false);
        }
        assert_eq!(queues.wants.borrow_and_update().as_ref().map(|want| want.next), Some(999));
        assert_eq!(queues.notices.borrow_and_update().as_ref(), Some(&notice));
        assert_eq!((queues.asks.len(), queues.orders.len()), (MAX_ASKS, MAX_ORDERS));
        assert!(queues.asks.try_recv().is_ok() && queues.orders.try_recv().is_ok());
    }
}
