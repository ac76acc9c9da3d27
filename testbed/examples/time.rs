use liveness::lamp::*;
use testbed::*;
fn main() {
    let faces = faces::drawn(4, 5);
    for k in [0, 1, 6] {
        let instrument = instrument::Instrument::ALL[k];
        let conditions = experiment::Conditions { instrument, lux: 150.0, distance: 0.6, kind: LampKind::White };
        let (mut a, mut b, mut c) = (0.0, 0.0, 0.0);
        for i in 0..10 {
            let t = std::time::Instant::now();
            let mut e = experiment::Experiment::new(conditions, &faces, [1280.0, 720.0], false, chance::Chance::new(i));
            a += t.elapsed().as_secs_f64();
            let t = std::time::Instant::now();
            let trial = e.run();
            b += t.elapsed().as_secs_f64();
            let t = std::time::Instant::now();
            let _ = trial.judge();
            c += t.elapsed().as_secs_f64();
        }
        println!("{instrument} new {:.1} run {:.1} judge {:.1} ms", a * 100.0, b * 100.0, c * 100.0);
    }
}
