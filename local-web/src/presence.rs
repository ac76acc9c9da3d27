//! Whether somebody is still there. A page counts while its request to `/presence` is answered, and so does every other request
//! of the session; the server ends when there was none for a while.

use crate::limits::Limits;
use std::cell::Cell;
use std::rc::Rc;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Counts what is open.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    open: Cell<usize>,
    had_a_page: Cell<bool>,
    changed: Notify,
}

/// Something that is open: a request, until its answer is sent or given up.
#[derive(Debug)]
pub(crate) struct Here(Rc<Presence>);

impl Presence {
    pub(crate) fn enter(self: &Rc<Self>) -> Here {
        self.open.update(|open| open + 1);
        self.changed.notify_one();
        Here(self.clone())
    }

    /// The same for a page.
    pub(crate) fn enter_page(self: &Rc<Self>) -> Here {
        self.had_a_page.set(true);
        self.enter()
    }

    /// Returns when nobody is there any more.
    pub(crate) async fn nobody_left(&self, limits: &Limits) {
        loop {
            let patience = if self.had_a_page.get() { limits.last_page } else { limits.first_page };
            if self.open.get() > 0 {
                self.changed.notified().await;
            } else if timeout(patience, self.changed.notified()).await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.0.open.update(|open| open - 1);
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// How long the server stays with these visits: when each begins, how long it is, and whether it is a page.
    async fn stays(visits: &[(u64, u64, bool)]) -> u64 {
        let (presence, began) = (Rc::new(Presence::default()), Instant::now());
        let visiting = async {
            for &(begins, lasts, is_page) in visits {
                sleep(seconds(begins).saturating_sub(began.elapsed())).await;
                let here = if is_page { presence.enter_page() } else { presence.enter() };
                sleep(seconds(lasts)).await;
                drop(here);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = presence.nobody_left(&Limits::USUAL) => {}
            () = visiting => {}
        }
        began.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_nobody_is_left() {
        for (visits, expected) in [
            (&[][..], 600),
            (&[(0, 1, false)], 601),
            (&[(0, 1, true)], 61),
            (&[(599, 7, true)], 666),
            (&[(0, 10_000, true)], 10_060),
            (&[(0, 1, true), (59, 1, true)], 120),
            (&[(0, 1, true), (59, 1, false)], 120),
            (&[(0, 1, true), (70, 1, true)], 61),
            (&[(0, 1, true), (30, 300, false)], 390),
        ] {
            assert_eq!(stays(visits).await, expected, "{visits:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_of_two_pages_is_enough() {
        let presence = Rc::new(Presence::default());
        let (one, two) = (presence.enter_page(), presence.enter_page());
        drop(one);
        assert!(timeout(seconds(10_000), presence.nobody_left(&Limits::USUAL)).await.is_err());
        drop(two);
        assert!(timeout(seconds(61), presence.nobody_left(&Limits::USUAL)).await.is_ok());
    }
}
