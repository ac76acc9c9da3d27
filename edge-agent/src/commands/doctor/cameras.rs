//! Lists the cameras of this computer and the stack that reads each. Opens no device.

use super::finding::Finding;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// A video node of the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Camera {
    /// The path for the configuration: in `/dev/v4l/by-id` or `/dev/v4l/by-path` if there is one, otherwise
    /// `/dev/videoN`.
    pub(super) path: PathBuf,
    pub(super) name: String,
    /// The kernel's driver; `?` if it is unknown.
    pub(super) driver: String,
    pub(super) stack: Stack,
}

/// The software that reads a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stack {
    /// Video4Linux delivers frames: `source = "v4l"`.
    V4l,
    /// libcamera converts raw sensor data to frames: `source = "rpicam"`.
    Libcamera,
    /// Not a camera: a codec or an image processor.
    None,
}

/// The video nodes with index 0, ordered by number. The other nodes of a camera carry no frames.
pub(super) fn list(root: &Path) -> Vec<Camera> {
    let Ok(entries) = fs::read_dir(root.join("sys/class/video4linux")) else { return Vec::new() };
    let mut nodes: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    nodes.sort_by_key(|node| (node.as_os_str().len(), node.clone()));
    nodes.iter().filter_map(|node| of_node(root, node)).collect()
}

fn of_node(root: &Path, node: &Path) -> Option<Camera> {
    let number = node.file_name()?.to_str()?;
    if !number.starts_with("video") || read(&node.join("index")).is_some_and(|index| index != "0") {
        return None;
    }
    let driver = fs::read_link(node.join("device/driver")).ok();
    let driver = driver.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("?").to_owned();
    let name = read(&node.join("name")).unwrap_or_else(|| number.to_owned());
    let stack = stack_of(&driver, &name);
    Some(Camera { path: lasting_name(root, number).unwrap_or(Path::new("/dev").join(number)), name, driver, stack })
}

/// The stack for a driver and a node name: libcamera for the Raspberry Pi's camera connector, none for codecs and image
/// processors, Video4Linux for everything else.
fn stack_of(driver: &str, name: &str) -> Stack {
    let any = |parts: &[&str]| parts.iter().any(|part| driver.contains(part) || name.contains(part));
    if any(&["unicam", "rp1-cfe"]) {
        Stack::Libcamera
    } else if any(&["codec", "bcm2835-isp", "pispbe", "hevc", "decoder", "encoder"]) {
        Stack::None
    } else {
        Stack::V4l
    }
}

/// The link to this node in `/dev/v4l/by-id`, which is the same at every USB port, or else in `/dev/v4l/by-path`: the
/// two cameras of one device often share the first.
fn lasting_name(root: &Path, number: &str) -> Option<PathBuf> {
    let leads_there =
        |path: &PathBuf| fs::read_link(path).is_ok_and(|target| target.file_name() == Some(number.as_ref()));
    ["dev/v4l/by-id", "dev/v4l/by-path"].into_iter().find_map(|folder| {
        let names = fs::read_dir(root.join(folder)).ok()?;
        let found = names.filter_map(|entry| Some(entry.ok()?.path())).find(leads_there)?;
        Some(Path::new("/").join(folder).join(found.file_name()?))
    })
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// One finding for each camera, or one finding that there is no camera.
pub(super) fn findings(cameras: &[Camera]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = cameras
        .iter()
        .filter_map(|camera| {
            let Camera { path, name, driver, stack } = camera;
            let shown = path.shown();
            let found = format!("{name} ({driver}) at {shown}");
            match stack {
                Stack::None => None,
                Stack::V4l => {
                    let remedy = format!("[camera] source = \"v4l\" and device = \"{shown}\" uses it");
                    Some(Finding { remedy: Some(remedy), ..Finding::good("camera", found) })
                }
                Stack::Libcamera => Some(Finding::note(
                    "camera",
                    format!("{found}: only libcamera can convert its raw sensor data to frames"),
                    "[camera] source = \"rpicam\" uses it; `rpicam-hello --list-cameras` shows whether a sensor answers",
                )),
            }
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::bad(
            "camera",
            "the kernel has found no camera",
            "plug in a USB camera; for a Raspberry Pi camera module, check its cable and reboot",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A root folder with these video nodes: number, name, driver, index.
    fn computer(nodes: &[(u32, &str, &str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (number, name, driver, index) in nodes {
            let node = root.path().join(format!("sys/class/video4linux/video{number}"));
            fs::create_dir_all(node.join("device")).unwrap();
            fs::write(node.join("name"), format!("{name}\n")).unwrap();
            fs::write(node.join("index"), format!("{index}\n")).unwrap();
            symlink(format!("../../../bus/drivers/{driver}"), node.join("device/driver")).unwrap();
        }
        root
    }

    #[test]
    fn which_stack_serves_which_camera() {
        let root = computer(&[
            (0, "HD Pro Webcam C920", "uvcvideo", "0"),
            (1, "HD Pro Webcam C920", "uvcvideo", "1"),
            (2, "unicam-image", "unicam", "0"),
            (4, "HD Pro Webcam IR", "uvcvideo", "0"),
            (3, "rp1-cfe-csi2_ch0", "rp1-cfe", "0"),
            (10, "bcm2835-codec-decode", "bcm2835-codec", "0"),
            (13, "bcm2835-isp-output0", "bcm2835-isp", "0"),
        ]);
        for (name, node) in [
            ("by-id/usb-C920-video-index0", "video0"),
            ("by-path/usb-0:1.3:1.0-video-index0", "video0"),
            ("by-path/usb-0:1.3:1.2-video-index0", "video4"),
        ] {
            let link = root.path().join("dev/v4l").join(name);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(format!("../../{node}"), link).unwrap();
        }
        let cameras = list(root.path());
        let found: Vec<_> = cameras.iter().map(|camera| (camera.path.to_str().unwrap(), camera.stack)).collect();
        let expected = [
            ("/dev/v4l/by-id/usb-C920-video-index0", Stack::V4l),
            ("/dev/video2", Stack::Libcamera),
            ("/dev/video3", Stack::Libcamera),
            ("/dev/v4l/by-path/usb-0:1.3:1.2-video-index0", Stack::V4l),
            ("/dev/video10", Stack::None),
            ("/dev/video13", Stack::None),
        ];
        assert_eq!(found, expected);
        let said = findings(&cameras);
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(said[0].remedy.as_ref().unwrap().contains("usb-C920"), "{said:?}");
        assert!(said[1].remedy.as_ref().unwrap().contains("rpicam"), "{said:?}");
    }

    #[test]
    fn a_computer_without_a_camera() {
        let root = computer(&[]);
        assert_eq!(list(root.path()), []);
        assert_eq!(findings(&[])[0].level, super::super::finding::Level::Bad);
    }
}
