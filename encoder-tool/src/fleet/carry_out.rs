//! Carries a campaign out, and shows how far it is.

use fleet::campaign::{Campaign, Sight, clock, run};
use fleet::fleet_toml::{Fleet, Unit};
use fleet::reach::Wires;
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use terminal::{Help, Progress, Verbosity};

/// Runs the campaign until it is over or `stop` is set, with a bar for the units that are done, unless it would be in the
/// way: `is_silent`.
///
/// # Errors
/// If no connection can be tried.
pub(super) fn carry_out<C: Campaign>(
    campaign: &mut C,
    (fleet, units): (&Fleet, &[&Unit]),
    stop: &AtomicBool,
    verbosity: Verbosity,
    is_silent: bool,
    done: impl Fn(&C) -> usize,
) -> anyhow::Result<()> {
    let mut wires = Wires::to(fleet, units).help("check [broker] of fleet.toml")?;
    let progress = Progress::new("units", units.len(), verbosity.is_quiet() || is_silent);
    let (mut shown, mut sights) = (0, Sights::new(verbosity));
    run(fleet, campaign, &mut wires, stop, &clock(), &mut |campaign, sight| {
        sights.say(sight);
        let now = done(campaign);
        if now > shown {
            progress.more(now - shown);
            shown = now;
        }
    });
    progress.finish();
    Ok(())
}

/// Says what happens on the way, and the same about a unit once.
struct Sights {
    verbosity: Verbosity,
    said: HashSet<String>,
}

impl Sights {
    fn new(verbosity: Verbosity) -> Self {
        Self { verbosity, said: HashSet::new() }
    }

    fn say(&mut self, sight: &Sight) {
        match sight {
            Sight::Disconnected { why } => self.verbosity.note(&format!("the broker: {why}; it is tried again")),
            Sight::Unheard { unit, why } if self.said.insert(unit.clone()) => {
                self.verbosity.note(&format!("a statement of {unit} is not used: {why}"));
            }
            Sight::Connected if self.verbosity.is_verbose() => self.verbosity.note("connected to the broker"),
            _ => {}
        }
    }
}
