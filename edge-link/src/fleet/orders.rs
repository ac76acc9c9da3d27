//! Passes signed orders on to the unit, unread.

use crate::unit::{Reply, Unit};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use terminal::on_one_line;
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;

/// Between two orders: the unit records what it is asked for.
const PAUSE: Duration = Duration::from_secs(1);
/// How many orders are remembered that the unit has carried out.
const REMEMBERED: usize = 8;

/// Passes on orders for ever. Notifies `due` after each one: a statement says what the unit did.
pub(super) async fn pass_on(unit: &Unit, mut orders: mpsc::Receiver<String>, due: &Notify) -> Infallible {
    let mut done: VecDeque<String> = VecDeque::new();
    let mut has_said = false;
    loop {
        let Some(order) = orders.recv().await else { std::future::pending().await };
        // It came twice. The unit would refuse it now, and its report would no longer say what became of it.
        if done.contains(&order) {
            due.notify_one();
            continue;
        }
        let problem = match unit.signed_order(&order).await {
            Ok(Reply::Done) => {
                tracing::info!("the unit has carried out a signed order");
                done.truncate(REMEMBERED - 1);
                done.push_front(order);
                None
            }
            Ok(Reply::Refused { why }) => Some(format!("the unit refuses an order: {why}")),
            Err(error) => Some(format!("an order was not passed on: {}", on_one_line(&error.into()))),
        };
        match problem {
            None => has_said = false,
            Some(problem) if has_said => tracing::debug!("{problem}"),
            Some(problem) => {
                tracing::warn!("{problem}");
                has_said = true;
            }
        }
        due.notify_one();
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::scripted::ScriptedUnit;
    use tokio::time::{Instant, timeout};

    #[tokio::test(start_paused = true)]
    async fn each_order_is_passed_on_once_and_not_too_fast() {
        for (answer, expected) in [
            (r#"{"schema":1,"refused":null}"#, &["a", "b"][..]),
            (r#"{"schema":1,"refused":"old"}"#, &["a", "a", "b", "a", "b"]),
            ("not a unit", &["a", "a", "b", "a", "b"]),
        ] {
            let unit = ScriptedUnit::new();
            unit.answer_link(answer);
            let (send, orders) = mpsc::channel(8);
            for order in ["a", "a", "b", "a", "b"] {
                send.send(order.to_owned()).await.unwrap();
            }
            let (client, due, began) = (unit.client(), Notify::new(), Instant::now());
            let passed = pass_on(&client, orders, &due);
            assert!(timeout(Duration::from_secs(60), passed).await.is_err());
            let texts = expected
                .iter()
                .map(|order| format!(r#"{{"request":{{"signed_order":{{"order":"{order}"}}}},"schema":1}}"#));
            assert_eq!(unit.asked_of_link(), texts.collect::<Vec<_>>(), "{answer}");
            assert!(began.elapsed() >= PAUSE * (expected.len() as u32 - 1));
            due.notified().await;
        }
    }
}
