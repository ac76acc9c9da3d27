//! What a command needs on this computer beyond cargo and a C compiler, and how it gets there: said aloud, and only if
//! it is missing.

use crate::process::{self, command, succeeds};
use anyhow::{Context, Result};

/// Something that must be there.
pub(crate) struct Requirement {
    /// Succeeds if it is.
    probe: &'static [&'static str],
    source: Source,
}

/// Where it comes from.
enum Source {
    DebianPackage(&'static str),
    RustupComponent(&'static str),
}

pub(crate) const RUSTFMT: Requirement =
    Requirement { probe: &["cargo", "fmt", "--version"], source: Source::RustupComponent("rustfmt") };
pub(crate) const CLIPPY: Requirement =
    Requirement { probe: &["cargo", "clippy", "--version"], source: Source::RustupComponent("clippy") };
/// With the modules that a virtual environment needs, which Debian packages apart.
pub(crate) const PYTHON: Requirement =
    Requirement { probe: &["python3", "-c", "import venv, ensurepip"], source: Source::DebianPackage("python3-venv") };

/// Bindings to the kernel's video interface are made from its headers while the door unit is built.
pub(crate) const LIBCLANG: Requirement = Requirement {
    probe: &["sh", "-c", "PATH=$PATH:/sbin:/usr/sbin; ldconfig -p | grep -q 'libclang[-.][0-9s]'"],
    source: Source::DebianPackage("libclang-dev"),
};

/// Installs what is missing.
///
/// # Errors
/// If that does not work; says what was missing.
pub(crate) fn ensure(requirements: &[Requirement]) -> Result<()> {
    requirements.iter().try_for_each(|requirement| {
        if is_there(requirement) {
            return Ok(());
        }
        match requirement.source {
            Source::DebianPackage(package) => install_package(package),
            Source::RustupComponent(component) => {
                println!("{component} is missing: installing it");
                process::run(&mut command("rustup", ["component", "add", component]))
            }
        }
    })
}

fn is_there(requirement: &Requirement) -> bool {
    let (program, arguments) = requirement.probe.split_first().unwrap_or((&"true", &[]));
    succeeds(&mut command(program, arguments))
}

fn install_package(package: &str) -> Result<()> {
    println!("The Debian package {package} is missing: installing it");
    let apt_get = |arguments: &[&str]| {
        let mut words: Vec<&str> = if is_root() { vec![] } else { vec!["sudo"] };
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]);
        words.extend(arguments);
        process::run(&mut command(words[0], &words[1..]))
    };
    apt_get(&["update"])
        .and_then(|()| apt_get(&["install", "--yes", "--no-install-recommends", package]))
        .with_context(|| format!("{package} could not be installed: install it by hand"))
}

fn is_root() -> bool {
    let id = process::answer_of(&mut command("id", ["-u"]), &[0]);
    id.is_ok_and(|id| id.trim() == "0")
}
