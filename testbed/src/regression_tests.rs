//! A few hundred trials with fixed seeds: a judge that no longer tells people from instruments fails here. The rates are in
//! `docs/coded-lamp.md`; the bounds here are those of small samples.

use crate::campaign::Campaign;
use crate::faces::drawn;
use crate::instrument::Instrument;
use crate::tally::Tally;
use liveness::lamp::LampKind;

fn trials(instrument: Instrument, lux: &[f32], trials: usize) -> Tally {
    let campaign = Campaign { lux: lux.to_vec(), distances: vec![0.5, 0.7], kind: LampKind::White, trials, seed: 9 };
    campaign.run(instrument, &drawn(20, 77)).iter().fold(Tally::default(), |mut sum, cell| {
        sum.join(&cell.tally);
        sum
    })
}

#[test]
fn people_are_live_and_instruments_are_not() {
    use Instrument::{BentPrint, DimScreen, EyesCutOut, GlossyPrint, Injected, LateScreen, MattePrint, Phone, Tablet};
    let people = trials(Instrument::Person, &[150.0, 500.0], 60);
    assert!(people.live >= 54, "{people:?}");
    for (instrument, most) in [
        (MattePrint, 2),
        (GlossyPrint, 4),
        (BentPrint, 3),
        (EyesCutOut, 3),
        (Phone, 0),
        (Tablet, 0),
        (DimScreen, 0),
        (LateScreen, 0),
        (Injected, 0),
    ] {
        let found = trials(instrument, &[150.0, 500.0], 32);
        assert!(found.live <= most, "{instrument}: {found:?}");
    }
}

#[test]
fn in_the_sun_the_lamp_cannot_tell() {
    let people = trials(Instrument::Person, &[5000.0, 50_000.0], 32);
    assert_eq!((people.live, people.trials), (0, 32), "{people:?}");
    assert!(people.cannot_tell >= 31, "{people:?}");
}

/// Expected: a mask has the shape of a head and reflects like one.
#[test]
fn a_paper_mask_passes() {
    let masks = trials(Instrument::PaperMask, &[150.0, 500.0], 16);
    assert!(masks.live >= 12, "{masks:?}");
}

#[test]
fn the_same_seed_gives_the_same_counts() {
    let twice = [0, 1].map(|_| trials(Instrument::GlossyPrint, &[500.0], 8));
    assert_eq!((twice[0].live, &twice[0].reasons), (twice[1].live, &twice[1].reasons));
}
