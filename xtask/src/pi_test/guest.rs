//! Builds the file system of the emulated machine: the door unit, its configuration, people, photos for the camera, and
//! a minimal user space.

use super::archive::Archive;
use super::packages::{Packages, find};
use super::{frames, modules};
use crate::process;
use crate::programs::encoder_tool;
use crate::workspace;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

const INIT: &str = include_str!("init.sh");

/// Shared libraries of the door unit and `v4l2-ctl`.
const LIBRARIES: [&str; 12] = [
    "ld-linux-aarch64.so.1",
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libv4l2.so.0",
    "libv4lconvert.so.0",
    "libv4l2rds.so.0",
    "libjpeg.so.62",
    "libudev.so.1",
];

/// Kernel modules: the virtual camera, and the watchdog that the machine needs to power off.
const MODULES: [&str; 2] = ["vivid", "bcm2835_wdt"];

/// The unit's configuration. An emulated Pi takes seconds for a frame, so all times are long.
const CONFIGURATION: &str = r#"
[database]
path = "/etc/edge-agent/people.db"
unsigned = "accepted"
[camera]
source = "v4l"
device = "/dev/video0"
frames-per-second = 5.0
[model]
threads = 1
[door]
lock = "gpio"
pin = 17
locked-level = "low"
board = "pi-3"
unlock-seconds = 10.0
[policy]
mode = "face"
face-alone = "accepted"
consensus-window-ms = 600000
approach-gap-ms = 120000
"#;

/// What a door with a lamp has in addition.
const LAMP: &str = r#"
[lamp]
pin = 12
delay-frames = 1.0
[liveness]
required = ["lamp"]
"#;

/// The files to boot in QEMU.
pub(super) struct Guest {
    pub(super) kernel: PathBuf,
    pub(super) tree: PathBuf,
    pub(super) archive: PathBuf,
}

impl Guest {
    /// Builds the file system around the program of the door unit.
    ///
    /// # Errors
    /// If a file is missing or cannot be created.
    pub(super) fn prepare(packages: &Packages, program: &Path) -> Result<Self> {
        let version = packages.kernel_version()?;
        let mut archive = Archive::default();
        archive.put("init", INIT.as_bytes());
        ["proc", "sys", "dev", "tmp", "usr/bin"].iter().for_each(|folder| archive.put_folder(folder));
        archive.copy(&packages.of_guest("bin/busybox"), "bin/busybox")?;
        archive.copy(&packages.of_guest("usr/bin/v4l2-ctl"), "usr/bin/v4l2-ctl")?;
        archive.put("usr/bin/edge-agent", &stripped(program)?);
        put_libraries(packages, &mut archive)?;
        put_modules(&packages.of_guest(&format!("lib/modules/{version}")), &mut archive)?;
        archive.copy(Path::new("deploy/edge-agent.service"), "etc/edge-agent.service")?;
        put_configurations(&mut archive)?;
        for (name, photo) in [("enrolled", "barack_obama_speaking"), ("stranger", "eileen_collins"), ("nobody", "wall")]
        {
            let frame = frames::yuyv(&Path::new("tests/photos/door").join(photo).with_extension("jpg"))?;
            archive.put(&format!("frames/{name}.yuyv"), &frame);
        }
        let path = workspace::target().join("pi/initrd");
        fs::write(&path, archive.finish()?).with_context(|| format!("{}: cannot be written", path.display()))?;
        let tree = format!("usr/lib/linux-image-{version}/broadcom/bcm2837-rpi-3-b.dtb");
        let kernel = packages.of_guest(&format!("boot/vmlinuz-{version}"));
        Ok(Self { kernel, tree: packages.of_guest(&tree), archive: path })
    }
}

/// Adds four configurations: the normal one, one with a database of another model, one with an unlock time long enough to
/// kill the unit during it, and one that requires a lamp.
fn put_configurations(archive: &mut Archive) -> Result<()> {
    let folder = workspace::empty_folder("pi/people")?;
    let (people, others) = (folder.join("people.db"), folder.join("others.db"));
    let build = |database: &Path, model: Option<&Path>| {
        let mut build = encoder_tool(["build-db", "tests/photos/enrol", "--for", "all", "-o"]);
        build.arg(database);
        model.map(|model| build.arg("--model").arg(model));
        process::run(&mut build)
    };
    build(&people, None)?;
    build(&others, Some(&another_model(&folder)?))?;
    archive.copy(&people, "etc/edge-agent/people.db")?;
    archive.copy(&others, "etc/edge-agent/others.db")?;
    let with = |from: &str, to: &str| CONFIGURATION.replace(from, to);
    archive.put("etc/edge-agent/config.toml", CONFIGURATION.as_bytes());
    archive.put("etc/edge-agent/others.toml", with("people.db", "others.db").as_bytes());
    archive.put("etc/edge-agent/lamp.toml", format!("{CONFIGURATION}{LAMP}").as_bytes());
    archive.put("etc/edge-agent/long.toml", with("unlock-seconds = 10.0", "unlock-seconds = 60.0").as_bytes());
    Ok(())
}

/// A copy of the bundled encoder with a different nose position in its alignment template.
fn another_model(folder: &Path) -> Result<PathBuf> {
    let (bundled, model) = (Path::new("models/bundled/sface"), folder.join("model"));
    fs::create_dir(&model)?;
    for file in workspace::sorted_entries(bundled)?.iter().filter(|path| path.is_file()) {
        fs::copy(file, model.join(file.file_name().unwrap_or_default()))?;
    }
    let manifest = model.join("manifest.toml");
    let text = fs::read_to_string(&manifest)?;
    let moved = text.replace("[56.0252, 71.7366]", "[56.0252, 70.7366]");
    ensure!(moved != text, "{} has no nose position to change", manifest.display());
    fs::write(manifest, moved)?;
    Ok(model)
}

/// The program without debug symbols.
fn stripped(program: &Path) -> Result<Vec<u8>> {
    let stripped = workspace::target().join("pi/edge-agent");
    process::run(process::command("aarch64-linux-gnu-strip", ["-o"]).args([&stripped, program]))?;
    fs::read(&stripped).with_context(|| format!("{}: cannot be read", stripped.display()))
}

fn put_libraries(packages: &Packages, archive: &mut Archive) -> Result<()> {
    for name in LIBRARIES {
        let found = find(&packages.of_guest(""), &|file| file == name);
        archive.copy(&found.with_context(|| format!("no package has {name}"))?, &format!("lib/{name}"))?;
    }
    Ok(())
}

/// Adds the kernel modules. `init.sh` loads `vivid` itself, with options.
fn put_modules(folder: &Path, archive: &mut Archive) -> Result<()> {
    let mut order = Vec::new();
    for module in MODULES {
        for file in modules::in_order(folder, module)? {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            archive.copy(&file, &format!("modules/{name}"))?;
            if name != "vivid.ko" && !order.contains(&name) {
                order.push(name);
            }
        }
    }
    archive.put("modules.order", order.join("\n").as_bytes());
    Ok(())
}
