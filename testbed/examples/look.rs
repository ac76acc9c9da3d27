use liveness::lamp::*;
use testbed::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let faces = if a[1] == "p" {
        faces::from_photos(std::path::Path::new("/work/shared/london/images"), 400).unwrap()
    } else {
        faces::drawn(100, 5)
    };
    let kinds: Vec<usize> = a[2].split(',').map(|x| x.parse().unwrap()).collect();
    let lux: Vec<f32> = a[3].split(',').map(|x| x.parse().unwrap()).collect();
    let n: u64 = a[4].parse().unwrap();
    for k in kinds {
        let instrument = instrument::Instrument::ALL[k];
        for lux in &lux {
            for distance in [0.4, 0.6, 0.8] {
                for i in 0..n {
                    let conditions = experiment::Conditions { instrument, lux: *lux, distance, kind: LampKind::White };
                    let mut e = experiment::Experiment::new(
                        conditions,
                        &faces,
                        [1280.0, 720.0],
                        false,
                        chance::Chance::new(1000 + i * 77 + k as u64),
                    );
                    let j = e.run().judge();
                    let f = j.figures;
                    println!(
                        "{instrument};{lux};{distance};{i};{:?};n={} snr={:.1} ex={:.2} share={:.2} late={:.2} K={:.2} Kl={:.2} head={:.1}",
                        j.finding,
                        f.frames,
                        f.signal_to_noise,
                        f.explained,
                        f.lamp_share,
                        f.late_by,
                        f.skin_likeness,
                        f.late_texture,
                        f.head_likeness
                    );
                }
            }
        }
    }
}
