//! Progress of long tasks: a bar with the rate and the remaining time if stderr is a terminal, otherwise a plain line
//! every few seconds. Prints nothing for tasks shorter than a second.

use crate::logging::say;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const BAR_AFTER: Duration = Duration::from_secs(1);
const LINE_EVERY: Duration = Duration::from_secs(5);
const STYLE: &str = "{bar:30} {pos}/{len} {msg}";

/// The progress of a task on a known number of items. Any thread may report progress.
pub struct Progress {
    things: &'static str,
    total: usize,
    done: AtomicUsize,
    /// Number of done items that needed no work, such as cached encodings. They do not count for the speed.
    found: AtomicUsize,
    started: Instant,
    shown: Mutex<Shown>,
}

enum Shown {
    Nothing,
    Bar(Option<ProgressBar>),
    Lines { last: Instant },
}

impl Progress {
    /// Starts the clock. `things` is a plural noun, such as `photos`.
    pub fn new(things: &'static str, total: usize, quiet: bool) -> Self {
        let started = Instant::now();
        let shown = match (quiet, io::stderr().is_terminal()) {
            (true, _) => Shown::Nothing,
            (false, true) => Shown::Bar(None),
            (false, false) => Shown::Lines { last: started },
        };
        Self { things, total, done: AtomicUsize::new(0), found: AtomicUsize::new(0), started, shown: Mutex::new(shown) }
    }

    /// Counts one more item as done.
    pub fn one_more(&self) {
        self.more(1);
    }

    /// Counts one more item as done that needed no work.
    pub fn one_found(&self) {
        self.found.fetch_add(1, Ordering::Relaxed);
        self.more(1);
    }

    /// Counts this many more items as done.
    pub fn more(&self, count: usize) {
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        let elapsed = self.started.elapsed();
        let speed = || speed(done, self.found.load(Ordering::Relaxed), self.total, elapsed);
        match &mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner) {
            Shown::Nothing => {}
            Shown::Bar(bar) if elapsed >= BAR_AFTER => {
                let bar = bar.get_or_insert_with(|| bar_of(self.total));
                bar.set_message(format!("{}{}", self.things, speed()));
                bar.set_position(done as u64);
            }
            Shown::Bar(_) => {}
            Shown::Lines { last } => {
                if last.elapsed() >= LINE_EVERY && done < self.total {
                    *last = Instant::now();
                    say(&format!("{done} of {} {}{}", self.total, self.things, speed()));
                }
            }
        }
    }

    /// Removes the bar.
    pub fn finish(self) {
        if let Shown::Bar(Some(bar)) = self.shown.into_inner().unwrap_or_else(PoisonError::into_inner) {
            bar.finish_and_clear();
        }
    }
}

fn bar_of(total: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(STYLE) {
        bar.set_style(style);
    }
    bar
}

/// Formats the mean speed since the start: `, 10.0 a second, 30 s left`. Empty while no done item needed work.
fn speed(done: usize, found: usize, total: usize, elapsed: Duration) -> String {
    let worked = done.saturating_sub(found);
    if worked == 0 {
        return String::new();
    }
    let rate = worked as f64 / elapsed.as_secs_f64().max(1e-3);
    let left = total.saturating_sub(done) as f64 / rate;
    format!(", {rate:.1} a second, {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A regression: a second evaluation, with most encodings cached, showed hundreds of photos a second and almost no
    /// remaining time.
    #[test]
    fn cached_entries_do_not_count_as_work() {
        for (done, found, expected) in [
            (100, 0, ", 10.0 a second, 30 s left"),
            (100, 90, ", 1.0 a second, 300 s left"),
            (100, 100, ""),
            (0, 0, ""),
        ] {
            assert_eq!(speed(done, found, 400, Duration::from_secs(10)), expected, "{done}, {found}");
        }
    }

    #[test]
    fn the_style_is_one_that_indicatif_reads() {
        ProgressStyle::with_template(STYLE).unwrap();
    }
}
