//! Guides the installer through the presentations, one after the other.

use super::presentation::Door;
use anyhow::Context;
use drill::{Outcome, Presentations};
use std::collections::BTreeMap;
use std::io::BufRead;
use terminal::say;

/// What is to be presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) people: u32,
    pub(super) instruments: Vec<String>,
    pub(super) attacks: u32,
}

/// What was presented.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Done {
    pub(super) people: Presentations,
    pub(super) attacks: BTreeMap<String, Presentations>,
    pub(super) ended_early: bool,
}

/// The dialogue.
pub(super) struct Script {
    plan: Plan,
    with_card: bool,
}

/// What the installer wants next.
enum Wish {
    Present,
    SkipKind,
    End,
}

impl Script {
    /// `with_card` if a card must be presented as well.
    pub(super) fn new(plan: Plan, with_card: bool) -> Self {
        Self { plan, with_card }
    }

    /// Asks for each presentation on stderr, and reads the installer's answers.
    ///
    /// # Errors
    /// If an answer cannot be read, or the loop fails.
    pub(super) fn play(&self, answers: &mut dyn BufRead, door: &mut dyn Door) -> anyhow::Result<Done> {
        say("The drill moves no lock. Enter begins an approach, `s` skips the rest of its kind, `q` ends the drill.");
        let card = if self.with_card { ", with the card" } else { "" };
        let mut done = Done::default();
        let person = format!("an enrolled person comes to the door{card}");
        done.ended_early = !series(&person, self.plan.people, &mut done.people, answers, door)?;
        for instrument in &self.plan.instruments {
            if done.ended_early {
                break;
            }
            let attack = format!("hold up a {instrument} that shows an enrolled person{card}");
            let counts = done.attacks.entry(instrument.clone()).or_default();
            done.ended_early = !series(&attack, self.plan.attacks, counts, answers, door)?;
        }
        Ok(done)
    }
}

/// Presentations of one kind. Returns whether the drill goes on.
fn series(
    what: &str,
    number: u32,
    counts: &mut Presentations,
    answers: &mut dyn BufRead,
    door: &mut dyn Door,
) -> anyhow::Result<bool> {
    for index in 1..=number {
        say(&format!("{index} of {number}: clear the view, press Enter, then {what}"));
        match wish(answers)? {
            Wish::Present => {}
            Wish::SkipKind => return Ok(true),
            Wish::End => return Ok(false),
        }
        let outcome = door.present()?;
        say(&format!("  {}", in_words(&outcome)));
        counts.add(&outcome);
    }
    Ok(true)
}

fn wish(answers: &mut dyn BufRead) -> anyhow::Result<Wish> {
    let mut line = String::new();
    if answers.read_line(&mut line).context("cannot read the answer")? == 0 {
        return Ok(Wish::End);
    }
    Ok(match line.trim() {
        "q" => Wish::End,
        "s" => Wish::SkipKind,
        _ => Wish::Present,
    })
}

fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::LetIn { after_ms } => format!("let in after {:.1} s", f64::from(*after_ms) / 1e3),
        Outcome::Detected => "refused: a signal took it for an attack".to_owned(),
        Outcome::Unsure => "refused: a signal could not tell".to_owned(),
        Outcome::Refused(reason) => format!("refused: {reason}"),
        Outcome::NoResponse => "no face was judged".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets in everybody.
    struct Open;

    impl Door for Open {
        fn present(&mut self) -> anyhow::Result<Outcome> {
            Ok(Outcome::LetIn { after_ms: 500 })
        }
    }

    #[test]
    fn the_plan_is_followed_until_the_installer_ends_it() {
        let plan = Plan { people: 2, instruments: vec!["print".to_owned(), "phone".to_owned()], attacks: 2 };
        for (answers, expected) in [
            ("\n\n\n\n\n\n", (2, Some(2), Some(2), false)),
            ("\ns\n\n\n\n\n", (1, Some(2), Some(2), false)),
            ("\n\n\nq\n", (2, Some(1), None, true)),
            ("\n", (1, None, None, true)),
            ("", (0, None, None, true)),
            ("q\n", (0, None, None, true)),
        ] {
            let done = Script::new(plan.clone(), true).play(&mut answers.as_bytes(), &mut Open).unwrap();
            let of = |instrument: &str| done.attacks.get(instrument).map(Presentations::all);
            let found = (done.people.all(), of("print"), of("phone"), done.ended_early);
            assert_eq!(found, expected, "{answers:?}");
        }
    }
}
