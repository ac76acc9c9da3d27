//! Simulated trials of the coded lamp.
use liveness::lamp::*;
use testbed::*;
fn main() {
    let faces = faces::drawn(60, 1);
    let start = std::time::Instant::now();
    for instrument in instrument::Instrument::ALL {
        for n in 0..4 {
            let conditions = experiment::Conditions { instrument, lux: 150.0, distance: 0.6, kind: LampKind::White };
            let mut e = experiment::Experiment::new(conditions, &faces, [1280.0, 720.0], false, chance::Chance::new(n));
            let trial = e.run();
            println!("{instrument} {:?}", trial.judge());
        }
    }
    println!("{:?}", start.elapsed());
}
