use liveness::lamp::*;
use testbed::*;
fn main() {
    let photos = std::env::args().nth(1).is_some();
    let faces = if photos {
        faces::from_photos(std::path::Path::new("/work/shared/london/images"), 12).unwrap()
    } else {
        faces::drawn(60, 1)
    };
    let all = instrument::Instrument::ALL;
    let (w, h) = (320usize, 240usize);
    let mut out = vec![0u8; 3 * w * 5 * h * all.len()];
    for (k, instrument) in all.into_iter().enumerate() {
        let conditions = experiment::Conditions { instrument, lux: 150.0, distance: 0.6, kind: LampKind::White };
        let e = experiment::Experiment::new(conditions, &faces, pipeline::SIZE, true, chance::Chance::new(5));
        for (j, s) in [-1, 3, 4, 6, 8].into_iter().enumerate() {
            let f = e.rendered(s, 1).unwrap();
            for y in 0..h {
                for x in 0..w {
                    for c in 0..3 {
                        out[3 * ((k * h + y) * w * 5 + j * w + x) + c] = f.pixels()[3 * (2 * y * 640 + 2 * x) + c];
                    }
                }
            }
        }
    }
    image::save_buffer(
        format!("/tmp/lampx/m{}.png", photos as u8),
        &out,
        (w * 5) as u32,
        (h * all.len()) as u32,
        image::ExtendedColorType::Rgb8,
    )
    .unwrap();
}
