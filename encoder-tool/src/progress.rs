//! How far a long piece of work is: a bar with a rate and the remaining time if stderr is a terminal, a plain line
//! every few seconds otherwise, and nothing for work that is over in a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use terminal::say;

const BAR_AFTER: Duration = Duration::from_secs(1);
const LINE_EVERY: Duration = Duration::from_secs(5);
const STYLE: &str = "{bar:30} {pos}/{len} {msg}, {per_sec}, {eta} left";

/// The progress of work on a known number of things. May be told of from any thread.
pub(crate) struct Progress {
    things: &'static str,
    total: usize,
    done: AtomicUsize,
    started: Instant,
    shown: Mutex<Shown>,
}

enum Shown {
    Nothing,
    Bar(Option<ProgressBar>),
    Lines { last: Instant },
}

impl Progress {
    /// Starts the clock, for photos.
    pub(crate) fn new(total: usize, quiet: bool) -> Self {
        Self::of("photos", total, quiet)
    }

    /// Starts the clock, for what is called by that plural.
    pub(crate) fn of(things: &'static str, total: usize, quiet: bool) -> Self {
        let started = Instant::now();
        let shown = match (quiet, io::stderr().is_terminal()) {
            (true, _) => Shown::Nothing,
            (false, true) => Shown::Bar(None),
            (false, false) => Shown::Lines { last: started },
        };
        Self { things, total, done: AtomicUsize::new(0), started, shown: Mutex::new(shown) }
    }

    /// One more is done.
    pub(crate) fn one_more(&self) {
        self.more(1);
    }

    /// So many more are done.
    pub(crate) fn more(&self, count: usize) {
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        let elapsed = self.started.elapsed();
        match &mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner) {
            Shown::Nothing => {}
            Shown::Bar(Some(bar)) => bar.set_position(done as u64),
            Shown::Bar(bar) if elapsed >= BAR_AFTER => *bar = Some(bar_at(done, self.total, self.things, elapsed)),
            Shown::Bar(None) => {}
            Shown::Lines { last } => {
                if last.elapsed() >= LINE_EVERY && done < self.total {
                    *last = Instant::now();
                    say(&line(done, self.total, self.things, elapsed));
                }
            }
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Shown::Bar(Some(bar)) = self.shown.into_inner().unwrap_or_else(PoisonError::into_inner) {
            bar.finish_and_clear();
        }
    }
}

fn bar_at(done: usize, total: usize, things: &'static str, elapsed: Duration) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr()).with_elapsed(elapsed);
    if let Ok(style) = ProgressStyle::with_template(STYLE) {
        bar.set_style(style);
    }
    bar.set_message(things);
    bar.set_position(done as u64);
    bar
}

fn line(done: usize, total: usize, things: &str, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64().max(1e-3);
    let left = (total - done) as f64 / rate;
    format!("{done} of {total} {things}, {rate:.1} a second, {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_rate_and_remaining_time() {
        let said = line(100, 400, "photos", Duration::from_secs(10));
        assert_eq!(said, "100 of 400 photos, 10.0 a second, 30 s left");
    }

    #[test]
    fn the_style_is_one_that_indicatif_reads() {
        ProgressStyle::with_template(STYLE).unwrap();
    }
}
