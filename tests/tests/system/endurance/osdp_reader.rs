//! Five minutes with an OSDP reader that others wrote: a card each second, noise, a cut line.

use crate::edge_agent::osdp::{CARD, ForeignReader, KEY, configured, entries, h10301, is_granted, log, state};
use crate::edge_agent::running::RunningUnit;
use std::thread;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
#[ignore = "takes five minutes: cargo xtask endurance"]
fn five_minutes_with_an_osdp_reader() {
    let mut reader = ForeignReader::start(KEY);
    let unit = RunningUnit::start_configured(configured(&reader, KEY));
    unit.status_when(state("there"));
    for (noise, count) in [("noise 0", 60), ("noise 40", 120), ("noise 0", 60)] {
        reader.does(noise);
        let (until, before) = (Instant::now() + Duration::from_secs(count), entries(&unit));
        while Instant::now() < until {
            reader.does(&format!("card {}", h10301(CARD)));
            thread::sleep(Duration::from_secs(1));
        }
        let read = entries(&unit) - before;
        println!("{noise}: {read} entries of {count} cards");
        assert!(read * 10 >= count as usize * 9, "{noise}");
    }
    for _ in 0..6 {
        reader.does("unplug");
        unit.status_when(state("lost"));
        thread::sleep(MINUTE / 12);
        reader.does("plug");
        unit.status_when(state("there"));
        let before = entries(&unit);
        reader.does(&format!("card {}", h10301(CARD)));
        unit.status_when(|_| entries(&unit) > before);
    }
    unit.status_when(is_granted);
    assert!(!log(&unit).contains("\"refused\""), "{}", log(&unit));
}
