//! What is under way: one build or one shipment at a time, with a line for each step.

use super::lock::lock;
use super::page::why_and_help;
use super::texts::Texts;
use anyhow::bail;
use maud::{Markup, html};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// The work, and its lines.
#[derive(Default)]
pub(super) struct Work {
    title: &'static str,
    lines: Vec<(Tone, String)>,
    state: State,
    /// What carries it out.
    pub(super) thread: Option<JoinHandle<()>>,
}

/// What a line is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Step,
    Good,
    Bad,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Nothing,
    Running,
    Done,
}

/// Takes the lines of the work.
pub(super) struct Log(Arc<Mutex<Work>>);

impl Log {
    pub(super) fn say(&self, line: &str) {
        lock(&self.0).lines.push((Tone::Step, line.to_owned()));
    }

    pub(super) fn warn(&self, line: &str) {
        lock(&self.0).lines.push((Tone::Bad, line.to_owned()));
    }
}

/// Begins work on a thread of its own. It returns the last line.
///
/// # Errors
/// If other work is under way.
pub(super) fn begin(
    state: &Arc<Mutex<Work>>,
    t: &'static Texts,
    title: &'static str,
    work: impl FnOnce(&Log) -> anyhow::Result<String> + Send + 'static,
) -> anyhow::Result<()> {
    {
        let mut now = lock(state);
        now.require_idle(t)?;
        *now = Work { title, lines: Vec::new(), state: State::Running, thread: None };
    }
    let worker = Arc::clone(state);
    let thread = thread::spawn(move || {
        let state = worker;
        let log = Log(Arc::clone(&state));
        // Work that panicked must not seem to go on for ever.
        let done = catch_unwind(AssertUnwindSafe(|| work(&log)));
        let (tone, line) = match done {
            Ok(Ok(line)) => (Tone::Good, line),
            Ok(Err(error)) => (Tone::Bad, why_and_help(&error).join("\n")),
            Err(_) => (Tone::Bad, t.failed.to_owned()),
        };
        let mut now = lock(&state);
        now.lines.push((tone, line));
        now.state = State::Done;
    });
    lock(state).thread = Some(thread);
    Ok(())
}

impl Work {
    /// # Errors
    /// If work is under way.
    pub(super) fn require_idle(&self, t: &Texts) -> anyhow::Result<()> {
        if self.state == State::Running {
            bail!("{}", t.busy);
        }
        Ok(())
    }

    /// The lines, for the page. While it runs, the page asks again.
    pub(super) fn render(&self, t: &Texts) -> Markup {
        let is_running = self.state == State::Running;
        html! {
            div data-running[is_running] {
                @if self.state == State::Nothing { p.soft { (t.nothing_under_way) } }
                @else { p { strong { (self.title) } @if is_running { " " (t.under_way) } } }
                @if is_running { progress aria-label=(self.title) {} }
                ol.log {
                    @for (tone, line) in &self.lines {
                        li .good[*tone == Tone::Good] .bad[*tone == Tone::Bad] { (line) }
                    }
                }
            }
        }
    }
}
