//! Gives a unit the peripherals of its configuration.

use super::Unit;
use crate::clock::SystemClock;
use crate::config::{Config, Keypad, Reader};
use crate::database::trust;
use crate::door::contacts::GpioContacts;
use crate::lights::{GpioLights, LightOutputs, Lights};
use crate::part_reports::PartReports;
use crate::passes::{CameraCodes, CodeReader, PassDesk};
use crate::reader::{
    CardReader, KeyboardReader, OsdpReader, OsdpReports, ReaderLights, WantedOsdp, WantedReader, WiegandReader,
};
use anyhow::Context;
use policy::audit::Part;
use std::sync::Arc;

/// Gives a unit its card reader, contacts, lights, and the reading of visitor passes. A USB reader may be plugged in later.
///
/// # Errors
/// If a pin is not available, or a thread cannot be spawned.
pub fn equip(unit: &mut Unit, config: &Config, clock: &Arc<SystemClock>) -> anyhow::Result<()> {
    let mut outputs: Vec<Box<dyn LightOutputs>> = Vec::new();
    if let Some(reader) = &config.reader {
        let reports = OsdpReports { part: PartReports::new(Part::Reader), case: PartReports::new(Part::Reader) };
        unit.set_card_reader(start(reader, reports.clone(), &mut outputs).context("[reader]")?);
        unit.follow_part(reports.part);
        unit.follow_part(reports.case);
    }
    if config.door.passes {
        let codes = CameraCodes::start().context("cannot spawn the thread that reads codes")?;
        unit.set_passes(passes(Box::new(codes), config)?);
    }
    let pins = config.contacts.pins();
    if !pins.is_empty() {
        let contacts = GpioContacts::listen(pins, config.contacts.debounce_ms).context("[contacts]")?;
        unit.set_contacts(Box::new(contacts), config.contacts.watch_rules());
    }
    if let Some(pins) = config.lights.pins() {
        outputs.push(Box::new(GpioLights::open(pins).context("[lights]")?));
    }
    if !outputs.is_empty() {
        let lights = Lights::start(Box::new(outputs), Arc::clone(clock)).context("cannot spawn the lights thread")?;
        unit.set_lights(lights);
    }
    Ok(())
}

/// Where visitors show their passes. The unit's own key is read once: after it was made, the unit must be restarted.
///
/// # Errors
/// If the unit's own key cannot be read.
pub(crate) fn passes(codes: Box<dyn CodeReader>, config: &Config) -> anyhow::Result<PassDesk> {
    let unit = trust::fingerprint(&config.database.identity)?;
    Ok(PassDesk::new(codes, unit, &config.unit.groups))
}

/// Starts the reader. One that shows lights adds them to `outputs`.
fn start(
    reader: &Reader,
    reports: OsdpReports,
    outputs: &mut Vec<Box<dyn LightOutputs>>,
) -> anyhow::Result<Box<dyn CardReader>> {
    Ok(match reader {
        Reader::Evdev { device, usb_port, digits, keep_bits } => {
            let wanted = WantedReader { device: device.clone(), usb_port: usb_port.clone() };
            Box::new(
                KeyboardReader::start(wanted, *digits, *keep_bits, reports.part)
                    .context("cannot spawn the card reader thread")?,
            )
        }
        Reader::Wiegand { d0_pin, d1_pin, wiegand_format, keep_bits } => {
            Box::new(WiegandReader::listen([*d0_pin, *d1_pin], wiegand_format.formats().clone(), *keep_bits)?)
        }
        Reader::Osdp { device, baud, address, key_file, secure_channel, keypad, wiegand_format, keep_bits } => {
            let wanted = WantedOsdp {
                device: device.clone(),
                baud: *baud,
                address: *address,
                key_file: key_file.clone(),
                security: *secure_channel,
                keypad_types_cards: *keypad == Keypad::CardNumber,
                formats: wiegand_format.formats().clone(),
                keep_bits: *keep_bits,
            };
            let lights = ReaderLights::default();
            outputs.push(Box::new(lights.clone()));
            Box::new(OsdpReader::start(wanted, lights, reports).context("cannot spawn the card reader thread")?)
        }
    })
}
