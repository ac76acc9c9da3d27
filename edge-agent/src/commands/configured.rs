//! Creates the configured camera, networks, lock and audit log. Nothing else creates them.

use crate::audit_log::{AuditLog, Journal, LogKey};
use crate::camera::{
    Adjustments, Device, LiveCamera, OnFrame, Orientation, PhotoCamera, RpicamCamera, RpicamSettings, V4lCamera,
    Wanted, may_be_renumbered,
};
use crate::config::{self, Config, Lock, Source, WHERE_KEYS_ARE_EXPLAINED};
use crate::door::{Door, GpioDoor, LockLine, LockPin, ScriptedDoor};
use crate::lamp::{GpioLamp, LampPlayer};
use anyhow::{Context, bail};
use models::Recogniser;
use models::bundle::Bundles;
use models::pad::Pad;
use policy::{Now, Signal};
use std::path::PathBuf;
use std::time::Duration;
use terminal::{Help, ShowPath};

/// Starts the capture thread of a camera, which switches the lamp in step with the frames.
///
/// # Errors
/// If the thread cannot be spawned.
pub(crate) fn start_camera(
    device: Box<dyn Device>,
    config: &config::Camera,
    lamp: Option<&LampPlayer>,
) -> anyhow::Result<LiveCamera> {
    let on_frame = lamp.cloned().map(|lamp| -> OnFrame { Box::new(move |at| lamp.frame_captured(at)) });
    let live = LiveCamera::start(device, on_frame).context("cannot spawn the camera thread")?;
    Ok(live.oriented(config.orientation()))
}

/// The configured camera, not opened.
///
/// # Errors
/// If none is configured.
pub(crate) fn camera_device(config: &config::Camera) -> anyhow::Result<Box<dyn Device>> {
    let Some(source) = config.source else {
        return Err(anyhow::anyhow!("[camera] source is not set")).help(
            "\"v4l\" is a USB camera, \"rpicam\" a Raspberry Pi camera module, \"files\" photos; `edge-agent doctor` \
             lists the cameras",
        );
    };
    Ok(match source {
        Source::V4l => Box::new(v4l(config)?),
        Source::Rpicam => Box::new(RpicamCamera::new(rpicam(config))),
        Source::Files => {
            let path = required(config.files.as_ref(), "files")?;
            let each = Duration::from_secs_f64(config.files_seconds);
            Box::new(PhotoCamera::new(path, each, config.frames_per_second))
        }
    })
}

/// The configured infrared camera, not opened; `None` if there is none.
///
/// # Errors
/// None in practice: the configuration was checked.
pub(crate) fn infrared_device(config: &config::Camera) -> anyhow::Result<Option<Box<dyn Device>>> {
    config.second().map(|camera| camera_device(&camera).context("[camera.infrared]")).transpose()
}

/// Starts the capture thread of the infrared camera.
///
/// # Errors
/// If the thread cannot be spawned.
pub(crate) fn start_infrared(device: Box<dyn Device>, config: &config::Infrared) -> anyhow::Result<LiveCamera> {
    let live = LiveCamera::start_infrared(device, config.frame_wait());
    let live = live.context("cannot spawn the thread of the infrared camera")?;
    Ok(live.oriented(Orientation { rotation: config.rotate, mirror: config.mirror }))
}

/// The configured lamp, switched off; `None` if there is none.
///
/// # Errors
/// If its pin is not available.
pub(crate) fn lamp(config: &config::Lamp) -> anyhow::Result<Option<LampPlayer>> {
    let Some(pin) = config.pin() else { return Ok(None) };
    let lamp = GpioLamp::open(pin).context("[lamp] pin")?;
    Ok(Some(LampPlayer::new(Box::new(lamp))))
}

/// The configured audit log, signed with its key.
///
/// # Errors
/// If the log cannot be continued or its key cannot be used; nothing is written then.
pub(crate) fn audit_log(config: &config::Audit, now: &Now) -> anyhow::Result<AuditLog> {
    examine_audit_log(config)?;
    let key = LogKey::read_or_create(&config.key).context("[audit] key")?;
    let mut log = AuditLog::open(&config.path, Some(key), config.upkeep(), now)?;
    if let Some(socket) = &config.journal {
        log.send_to(Journal::at(socket).context("[audit] journal")?);
    }
    Ok(log)
}

/// Checks that the log can be opened, without writing to it.
///
/// # Errors
/// As [`audit_log`].
pub(crate) fn examine_audit_log(config: &config::Audit) -> anyhow::Result<()> {
    LogKey::require_possible(&config.key).context("[audit] key")?;
    AuditLog::examine(&config.path)
}

/// The configured networks, on the configured cores: the recogniser, and the PAD network if there is one. Notes the PAD
/// network's threshold in the configuration.
///
/// # Errors
/// If a bundle cannot be read or does not run, or `[liveness]` names the PAD network and there is none.
pub(crate) fn networks(config: &mut Config) -> anyhow::Result<(Recogniser, Option<Pad>)> {
    let (context, threads) = ("[model] bundles", config.model.threads());
    let bundles = Bundles::open(&config.model.bundles).context(context)?;
    let recogniser = Recogniser::on_threads(&bundles, threads).context(context)?;
    let pad = bundles.pad.as_ref().map(|pad| Pad::on_threads(pad, threads)).transpose().context(context)?;
    config.liveness.network_threshold = pad.as_ref().map(Pad::threshold);
    if pad.is_none() && config.rules_with_threshold(1.0).liveness.measured().contains(Signal::Network) {
        return Err(anyhow::anyhow!("[liveness] names \"network\", but no bundle in [model] bundles is a PAD network"))
            .help("import one with `encoder-tool model import FILE --profile minifasnet`, and add its folder to [model] bundles");
    }
    Ok((recogniser, pad))
}

/// The configured lock. Lock it before doing anything else.
///
/// # Errors
/// If none is configured.
pub(crate) fn door(config: &config::Door) -> anyhow::Result<Box<dyn Door>> {
    match lock(config)? {
        Lock::Gpio => Ok(Box::new(GpioDoor::open(pin(config)?)?)),
        Lock::Scripted => Ok(Box::new(ScriptedDoor::default())),
    }
}

/// The pin that `edge-agent lock` must drive for this lock.
///
/// # Errors
/// If none is configured.
pub(crate) fn lock_line(config: &config::Door) -> anyhow::Result<LockLine> {
    match lock(config)? {
        Lock::Gpio => Ok(LockLine::Gpio(pin(config)?)),
        Lock::Scripted => Ok(LockLine::Scripted),
    }
}

fn lock(config: &config::Door) -> anyhow::Result<Lock> {
    config
        .lock
        .context("[door] lock is not set")
        .help(&format!("set it to what moves the lock; {WHERE_KEYS_ARE_EXPLAINED}"))
}

fn pin(config: &config::Door) -> anyhow::Result<LockPin> {
    config.lock_pin().context("[door] pin and locked-level are not both set")
}

fn v4l(config: &config::Camera) -> anyhow::Result<V4lCamera> {
    let path = required(config.device.as_ref(), "device")?;
    if may_be_renumbered(&path) {
        tracing::warn!(
            "[camera] device = {}: this number can change when a device is plugged in; use the camera's name in \
             /dev/v4l/by-id, which `edge-agent doctor` lists",
            path.shown()
        );
    }
    let &config::Camera { width, height, frames_per_second: rate, format, buffers, exposure_us, gain, focus, .. } =
        config;
    let power_line = config.power_line_hz;
    let whole = |value: f32| value.round() as i64;
    let adjustments = Adjustments { exposure_us, gain: gain.map(whole), focus: focus.map(whole), power_line };
    Ok(V4lCamera::new(path, Wanted { width, height, rate, format }, buffers, adjustments)
        .at_port(config.usb_port.clone()))
}

fn rpicam(config: &config::Camera) -> RpicamSettings {
    let config::Camera { rpicam_program, width, height, frames_per_second, exposure_us, gain, focus, .. } = config;
    RpicamSettings {
        program: rpicam_program.clone(),
        width: *width,
        height: *height,
        rate: *frames_per_second,
        exposure_us: *exposure_us,
        gain: *gain,
        focus: *focus,
        number: config.rpicam_camera,
        power_line: config.power_line_hz,
        more: config.rpicam_arguments.clone(),
    }
}

fn required(path: Option<&PathBuf>, key: &str) -> anyhow::Result<PathBuf> {
    match path {
        Some(path) => Ok(path.clone()),
        None => bail!("[camera] {key} is not set"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_guessed() {
        let config = Config::default();
        let refusal = camera_device(&config.camera).map(drop).unwrap_err().to_string();
        assert!(refusal.contains("[camera] source"), "{refusal}");
        let refusal = door(&config.door).map(drop).unwrap_err().to_string();
        assert!(refusal.contains("[door] lock"), "{refusal}");
    }
}
