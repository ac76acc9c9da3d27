//! Publishes the unit's signed statements: for a question, when something that matters has changed, after an order or a
//! database, when the link connects, and now and then.

use super::material::Material;
use super::post::Post;
use crate::unit::Unit;
use fleet_messages::{Kind, Nonce};
use std::convert::Infallible;
use std::time::Duration;
use terminal::on_one_line;
use tokio::select;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

/// How often the report is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// A statement without an occasion.
const STATE_EVERY: Duration = Duration::from_secs(5 * 60);
/// After the link has connected: the links of a fleet connect at the same time when the broker restarts.
const AFTER_CONNECTING: Duration = Duration::from_secs(20);
/// At least between two statements, whatever the broker sends: each costs the unit a signature.
const PAUSE: Duration = Duration::from_millis(400);

/// Makes statements for ever.
pub(super) async fn make(unit: &Unit, mut post: Post, mut asks: mpsc::Receiver<Nonce>, due: &Notify) -> Infallible {
    let mut connection = None;
    let mut known: Option<Material> = None;
    let mut look_at = Instant::now();
    let mut state_at = Instant::now() + STATE_EVERY;
    let mut has_said = false;
    loop {
        let asked = select! {
            Some(nonce) = asks.recv() => Some(nonce),
            () = due.notified() => None,
            () = sleep_until(state_at) => None,
            number = post.connection_after(connection) => {
                connection = Some(number);
                state_at = Instant::now() + by_chance(AFTER_CONNECTING, 0.0);
                continue;
            }
            () = sleep_until(look_at) => {
                look_at = Instant::now() + LOOK_EVERY;
                match has_changed(unit, &mut known).await {
                    true => None,
                    false => continue,
                }
            }
        };
        if asked.is_none() {
            state_at = Instant::now() + by_chance(STATE_EVERY, 0.75);
        }
        let nonce = asked.unwrap_or_else(by_ourselves);
        match unit.signed_statement(&nonce).await {
            Ok(statement) => {
                has_said = false;
                // Without a connection, one is made when there is one again.
                post.publish(Kind::Statement, statement).await.ok();
            }
            Err(error) if !has_said => {
                tracing::warn!("the unit makes no statement: {}", on_one_line(&error.into()));
                has_said = true;
            }
            Err(error) => tracing::debug!("the unit makes no statement: {error}"),
        }
        sleep_until(Instant::now() + PAUSE).await;
    }
}

/// Whether something that matters has changed since the last time. The first report changes nothing.
async fn has_changed(unit: &Unit, known: &mut Option<Material>) -> bool {
    let Ok(report) = unit.report().await else { return false };
    let before = known.replace(report.into());
    before.is_some_and(|before| known.as_ref() != Some(&before))
}

/// A nonce for a statement that nobody has asked for.
fn by_ourselves() -> Nonce {
    Nonce::from_random(&fastrand::u128(..).to_le_bytes())
}

/// A time by chance, from this share of it to the rest more.
fn by_chance(time: Duration, least: f64) -> Duration {
    time.mul_f64(least + 2.0 * (1.0 - least) * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::post::testing::{Reader, post};
    use crate::unit::scripted::ScriptedUnit;
    use std::sync::Arc;
    use tokio::task::JoinSet;
    use tokio::time::{sleep, timeout};

    struct Scene {
        unit: ScriptedUnit,
        reader: Reader,
        asks: mpsc::Sender<Nonce>,
        due: Arc<Notify>,
        _running: JoinSet<Infallible>,
    }

    fn scene() -> Scene {
        let unit = ScriptedUnit::new();
        unit.state();
        let (post, reader) = post();
        let (send, asks) = mpsc::channel(8);
        let due = Arc::new(Notify::new());
        let (client, notified) = (unit.client(), due.clone());
        let mut running = JoinSet::new();
        running.spawn(async move { make(&client, post, asks, &notified).await });
        Scene { unit, reader, asks: send, due, _running: running }
    }

    /// How many statements come in this time.
    async fn counted(reader: &mut Reader, within: Duration) -> usize {
        let mut count = 0;
        let counting = async {
            loop {
                reader.next(Kind::Statement).await;
                count += 1;
            }
        };
        timeout(within, counting).await.ok();
        count
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_answered_at_once_with_its_nonce() {
        let mut scene = scene();
        let began = Instant::now();
        scene.asks.send("ab".parse().unwrap()).await.unwrap();
        let statement = String::from_utf8(scene.reader.next(Kind::Statement).await).unwrap();
        assert!(statement.contains("nonce ab"), "{statement}");
        assert!(began.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_is_told_and_otherwise_a_statement_comes_now_and_then() {
        let mut scene = scene();
        let first = counted(&mut scene.reader, Duration::from_secs(60)).await;
        assert_eq!(first, 1, "after it has connected");
        scene.unit.report(r#"{"schema":1,"door":"unlocked","audit":{"sequence":9}}"#);
        assert_eq!(counted(&mut scene.reader, Duration::from_secs(30)).await, 0);
        scene.unit.report(r#"{"schema":1,"access":{"face_recognition_off":true}}"#);
        assert_eq!(counted(&mut scene.reader, Duration::from_secs(30)).await, 1);
        scene.due.notify_one();
        assert_eq!(counted(&mut scene.reader, Duration::from_secs(30)).await, 1, "what is due comes");
        let in_an_hour = counted(&mut scene.reader, Duration::from_secs(3600)).await;
        assert!((8..=16).contains(&in_an_hour), "{in_an_hour}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_questions_makes_a_few_statements_a_second() {
        let mut scene = scene();
        let (asks, due) = (scene.asks.clone(), scene.due.clone());
        let mut flooding = JoinSet::new();
        flooding.spawn(async move {
            loop {
                asks.try_send("ab".parse().unwrap()).ok();
                due.notify_one();
                sleep(Duration::from_millis(1)).await;
            }
        });
        let count = counted(&mut scene.reader, Duration::from_secs(100)).await;
        assert!((200..=250).contains(&count), "{count}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_or_a_broker_that_is_away_for_a_time_ends_nothing() {
        let mut scene = scene();
        scene.unit.go_away();
        scene.asks.send("ab".parse().unwrap()).await.unwrap();
        assert_eq!(counted(&mut scene.reader, Duration::from_secs(1000)).await, 0);
        scene.unit.state();
        scene.reader.connection.send_replace(None);
        assert_eq!(counted(&mut scene.reader, Duration::from_secs(1000)).await, 0);
        scene.reader.connection.send_replace(Some(2));
        assert_eq!(counted(&mut scene.reader, AFTER_CONNECTING * 2).await, 1);
    }
}
