//! The scenes of the test: what happens at the door, and what the lock must do.
//!
//! The first scenes drive the pins through their registers. The others use lines of the kernel's GPIO character device;
//! for these, `/dev/mem` is removed, which is the only way to the registers with Debian's kernel. That kernel turns a
//! released line into an input.
//!
//! Card readers and the exit button are not tested here. Both need edge events, and QEMU's pins have only levels (its
//! `bcm2835_gpio` lacks the event registers). The system tests cover them with scripted events.

use super::machine::Machine;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::{Duration, Instant};

type Scene = fn(&mut Machine) -> Result<()>;

const SCENES: [(&str, Scene); 10] = [
    ("somebody enrolled is let in, and the door locks again", enrolled),
    ("a stranger is not", stranger),
    ("nobody is not", nobody),
    ("killed while the door is unlocked: what systemd runs then locks it", killed),
    ("told to end while the door is unlocked: it locks", told_to_end),
    ("people of another model: the unit does not start", another_model),
    ("a photo at a door with a lamp: its pin plays a code that differs each time, and the door stays shut", lamp),
    ("by lines: somebody enrolled is let in, and the door locks again", enrolled_by_lines),
    ("by lines: killed while the door is unlocked, the pin becomes an input, which its pull locks", killed_by_lines),
    ("by lines, on a chip that is gpiochip11 as on a Pi 5: the pin is found by the chip's label", found_by_label),
];

/// The number of frames with a face that the unit must decide about.
const FRAMES: u64 = 4;

/// Plays all scenes.
///
/// # Errors
/// The first scene that fails.
pub(super) fn play(machine: &mut Machine) -> Result<()> {
    for (name, scene) in SCENES {
        let started = Instant::now();
        scene(machine).with_context(|| format!("{name}\n{}", machine.last_words()))?;
        println!("{:7.1} s  {name}", started.elapsed().as_secs_f64());
    }
    Ok(())
}

fn enrolled(machine: &mut Machine) -> Result<()> {
    ensure!(!machine.pins().lock_is_driven()?, "the lock pin is driven before the unit starts");
    machine.run("show enrolled")?;
    machine.run("start config")?;
    machine.pins_when("the unit drives its pin", |pins| pins.lock_is_driven())?;
    ensure!(!machine.pins().lock_is_high()?, "the lock pin was at its unlocked level at the start");
    machine.pins_when("the pin goes to its unlocked level", |pins| pins.lock_is_high())?;
    machine.pins_when("the pin goes back to its locked level", |pins| Ok(!pins.lock_is_high()?))?;
    ensure!(machine.pins().lock_is_driven()?, "the lock pin is not driven");
    let log = machine.run("cat /var/log/edge-agent/audit.jsonl")?.join("\n");
    ensure!(log.contains("\"granted\""), "nothing was recorded: {log}");
    end(machine)
}

fn stranger(machine: &mut Machine) -> Result<()> {
    never_unlocked(machine, "stranger", "denied")
}

fn nobody(machine: &mut Machine) -> Result<()> {
    never_unlocked(machine, "nobody", "nobody")
}

/// Checks that the unit decides as expected about some frames and that the lock does not move.
fn never_unlocked(machine: &mut Machine, shown: &str, decided: &str) -> Result<()> {
    machine.run(&format!("show {shown}"))?;
    machine.run("start config")?;
    machine.pins_when("the unit drives its pin", |pins| pins.lock_is_driven())?;
    loop {
        ensure!(!machine.pins().lock_is_high()?, "the door was unlocked");
        let (said, _) = machine.run_to_any_end("status 2>&1; kill -0 $unit")?;
        let status = said.iter().find_map(|line| serde_json::from_str::<Value>(line).ok()).unwrap_or_default();
        ensure!(status["turns"]["granted"].as_u64().unwrap_or(0) == 0, "somebody was let in: {status}");
        let looked = status["latency_ms"]["detect"]["count"].as_u64().unwrap_or(0);
        if looked >= FRAMES && status["turns"][decided].as_u64() >= Some(FRAMES) {
            break;
        }
    }
    ensure!(!machine.pins().lock_is_high()?, "the door was unlocked");
    end(machine)
}

fn killed(machine: &mut Machine) -> Result<()> {
    machine.run("show enrolled")?;
    machine.run("start long")?;
    machine.pins_when("the pin goes to its unlocked level", |pins| pins.lock_is_high())?;
    machine.run("kill -9 $unit; wait $unit; true")?;
    ensure!(
        machine.pins().lock_is_high()?,
        "the pin lost its level when the process died, so this scene tests nothing"
    );
    machine.run("exec_stop_post")?;
    ensure!(!machine.pins().lock_is_high()? && machine.pins().lock_is_driven()?, "the door is left unlocked");
    Ok(())
}

fn told_to_end(machine: &mut Machine) -> Result<()> {
    machine.run("show enrolled")?;
    machine.run("start long")?;
    machine.pins_when("the pin goes to its unlocked level", |pins| pins.lock_is_high())?;
    end(machine)?;
    ensure!(!machine.pins().lock_is_high()? && machine.pins().lock_is_driven()?, "the door is left unlocked");
    Ok(())
}

fn another_model(machine: &mut Machine) -> Result<()> {
    let (said, code) = machine.run_to_any_end("edge-agent run --config /etc/edge-agent/others.toml 2>&1")?;
    let said = said.join("\n");
    ensure!(code == "2" && said.contains("model"), "the unit ended with {code}: {said}");
    ensure!(!machine.pins().lock_is_high()? && machine.pins().lock_is_driven()?, "the door is left unlocked");
    Ok(())
}

/// A lamp that has not changed for this time has played its code: symbols are shorter, and the rest between two codes is
/// longer.
const CODE_IS_OVER: Duration = Duration::from_millis(900);

fn lamp(machine: &mut Machine) -> Result<()> {
    let (first, second) = (played(machine)?, played(machine)?);
    ensure!(first != second, "the unit has played {first} twice, which is one of 1189 codes");
    Ok(())
}

/// Starts a unit in front of a photo. Returns the code that the unit says it has played, if its pin changed as often.
fn played(machine: &mut Machine) -> Result<String> {
    machine.run("show enrolled")?;
    machine.run("start lamp")?;
    machine.pins_when("the lamp lights the face", |pins| pins.lamp_is_on())?;
    machine.pins_when("the lamp begins a code", |pins| Ok(!pins.lamp_is_on()?))?;
    let (mut changes, mut is_on, mut since) = (1, false, Instant::now());
    while !is_on || since.elapsed() < CODE_IS_OVER {
        ensure!(!machine.pins().lock_is_high()?, "a photo has opened the door");
        if machine.pins().lamp_is_on()? != is_on {
            (changes, is_on, since) = (changes + 1, !is_on, Instant::now());
        }
        ensure!(changes < 100, "the lamp does not rest after a code");
        ensure!(since.elapsed() < 10 * CODE_IS_OVER, "the lamp stays dark in the middle of a code");
    }
    let lines = machine.run("until grep -m 1 '\\[lamp\\] played' /tmp/unit.log; do sleep 0.2; done")?;
    let code =
        lines.iter().find_map(|line| line.split_once("played ")).context("the unit does not say what it played")?.1;
    end(machine)?;
    ensure!(!machine.pins().lamp_is_on()?, "the lamp stays on when the unit has ended");
    println!("          the unit played {code}; its pin changed {changes} times");
    ensure!(
        changes == changes_of(code),
        "{code} has {} changes, but the pin changed {changes} times",
        changes_of(code)
    );
    Ok(code.to_owned())
}

/// How often a lamp changes that is on, plays the code, and is on again.
fn changes_of(code: &str) -> usize {
    let lit = format!("1{code}1");
    lit.as_bytes().windows(2).filter(|pair| pair[0] != pair[1]).count()
}

fn enrolled_by_lines(machine: &mut Machine) -> Result<()> {
    machine.run("without_registers")?;
    // The previous scenes left the pin driven. A program that requests and releases it as a line ends that.
    machine.run("exec_stop_post")?;
    enrolled(machine)?;
    ensure!(!machine.pins().lock_is_driven()?, "the kernel keeps a released line driven, so this scene tests nothing");
    Ok(())
}

fn killed_by_lines(machine: &mut Machine) -> Result<()> {
    machine.run("show enrolled")?;
    machine.run("start long")?;
    machine.pins_when("the pin goes to its unlocked level", |pins| pins.lock_is_high())?;
    machine.run("kill -9 $unit; wait $unit; true")?;
    ensure!(!machine.pins().lock_is_driven()?, "the lock pin is still driven to its unlocked level");
    machine.run("exec_stop_post")?;
    ensure!(!machine.pins().lock_is_driven()?, "a line without an owner is driven");
    Ok(())
}

fn found_by_label(machine: &mut Machine) -> Result<()> {
    machine.run("mv /dev/gpiochip0 /dev/gpiochip11")?;
    machine.run("show enrolled")?;
    machine.run("start config")?;
    machine.pins_when("the unit drives its pin", |pins| pins.lock_is_driven())?;
    machine.pins_when("the pin goes to its unlocked level", |pins| pins.lock_is_high())?;
    end(machine)
}

/// Stops the unit as systemd does, and waits for it to exit.
fn end(machine: &mut Machine) -> Result<()> {
    machine.run("kill -TERM $unit; wait $unit").map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted_from_light_to_light() {
        for (code, expected) in [("", 0), ("11", 0), ("0", 2), ("1011", 2), ("0110", 4)] {
            assert_eq!(changes_of(code), expected, "{code}");
        }
    }
}
