use liveness::lamp::*;
use testbed::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let faces = faces::from_photos(std::path::Path::new("/tmp/lampx/test"), 40).unwrap();
    let mut r = models::Recogniser::bundled().unwrap();
    let instrument = instrument::Instrument::ALL[a[1].parse::<usize>().unwrap()];
    for i in 0..a[2].parse().unwrap() {
        let lux = [50.0, 150.0, 500.0, 1000.0][i % 4];
        let conditions = experiment::Conditions { instrument, lux, distance: 0.5, kind: LampKind::White };
        let mut e =
            experiment::Experiment::new(conditions, &faces, pipeline::SIZE, true, chance::Chance::new(1000 + i as u64));
        let t = e.film(&mut r, 1).unwrap();
        let j = t.judge();
        let f = j.figures;
        println!(
            "PIPE {instrument};{lux};{i};{:?};n={} snr={:.1} ex={:.2} share={:.2} late={:.2} K={:.2} Kl={:.2} head={:.1} {:.2?}",
            j.finding,
            f.frames,
            f.signal_to_noise,
            f.explained,
            f.lamp_share,
            f.late_by,
            f.skin_likeness,
            f.late_texture,
            f.head_likeness,
            t.shape().map(|s| s.features)
        );
        let t = e.run();
        let j = t.judge();
        let f = j.figures;
        println!(
            "DIRE {instrument};{lux};{i};{:?};n={} snr={:.1} ex={:.2} share={:.2} late={:.2} K={:.2} Kl={:.2} head={:.1} {:.2?}",
            j.finding,
            f.frames,
            f.signal_to_noise,
            f.explained,
            f.lamp_share,
            f.late_by,
            f.skin_likeness,
            f.late_texture,
            f.head_likeness,
            t.shape().map(|s| s.features)
        );
    }
}
