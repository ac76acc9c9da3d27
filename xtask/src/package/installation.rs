//! Tests the packages in a folder that stands for a computer: install, inspect, remove, purge.

use super::{Packages, make, sandbox};
use crate::args::Architecture;
use crate::process::{self, command};
use crate::requirements::{self, BUSYBOX, MAN, SUDO};
use crate::workspace;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// The services, and the maximum exposure level of each by systemd-analyze, of 10; below 2 it says "OK", below 1 "SAFE".
/// The link has a network.
const SERVICES: [(&str, f64); 3] =
    [("edge-agent.service", 1.0), ("edge-agent-receive@.service", 1.0), ("edge-link.service", 1.4)];

/// Files that the package of the unit must install.
const INSTALLED: [&str; 14] = [
    "usr/bin/edge-agent",
    "usr/lib/systemd/system/edge-agent.service",
    "usr/lib/systemd/system/edge-agent-receive.socket",
    "usr/lib/systemd/system/edge-agent-receive@.service",
    "usr/lib/sysusers.d/edge-agent.conf",
    "usr/lib/tmpfiles.d/edge-agent.conf",
    "usr/share/man/man1/edge-agent.1.gz",
    "usr/share/man/man1/edge-agent-run.1.gz",
    "usr/share/bash-completion/completions/edge-agent",
    "usr/share/doc/edge-agent/book/index.html",
    "usr/share/doc/edge-agent/config.toml",
    "usr/share/doc/edge-agent/edge-agent.cdx.json",
    "etc/edge-agent/config.toml",
    "etc/sudoers.d/edge-agent",
];

/// Files that the package of the link must install.
const INSTALLED_FOR_LINK: [&str; 7] = [
    "usr/bin/edge-link",
    "usr/lib/systemd/system/edge-link.service",
    "usr/lib/sysusers.d/edge-link.conf",
    "usr/share/man/man1/edge-link-run.1.gz",
    "usr/share/doc/edge-link/config.toml",
    "usr/share/doc/edge-link/edge-link.cdx.json",
    "etc/edge-link/config.toml",
];

/// Data of the unit: `remove` keeps it, `purge` deletes it.
const KEPT: [&str; 2] = ["var/lib/edge-agent/people.db", "var/log/edge-agent/audit.jsonl"];

/// Builds the packages for this computer and tests them.
///
/// # Errors
/// If a test fails.
pub(crate) fn run() -> Result<()> {
    requirements::ensure(&[BUSYBOX, MAN, SUDO])?;
    let Packages { unit, link } = make(Architecture::Amd64, None)?;
    for (service, most_exposed) in SERVICES {
        is_hardened(service, most_exposed)?;
    }
    let root = computer()?;
    for package in [&unit, &link] {
        dpkg(&root, &["--force-depends", "--install"], &package.display().to_string())?;
    }
    for path in INSTALLED.iter().chain(&INSTALLED_FOR_LINK) {
        ensure!(root.join(path).exists(), "the packages do not install {path}");
    }
    program_runs(&root)?;
    process::run(&mut command(&root.join("usr/bin/edge-link").display().to_string(), ["--version"]))?;
    sudo_allows_fixed_commands(&root)?;
    sandbox::the_clock_can_be_asked(&root.join("usr/bin/edge-agent"))?;
    sandbox::the_link_reaches_its_broker_only(&root.join("usr/bin/edge-link"))?;
    pages_are_sound(&root)?;
    completions_load(&root, "edge-agent")?;
    completions_load(&root, "edge-link")?;
    dpkg(&root, &["--purge"], "edge-link")?;
    let is_left = ["etc/edge-link", "usr/bin/edge-link"].iter().any(|path| root.join(path).exists());
    ensure!(!is_left, "`purge` left files of the link");
    for path in KEPT {
        fs::create_dir_all(root.join(path).parent().unwrap_or(&root))?;
        fs::write(root.join(path), "faces")?;
    }
    upgrade_without_configuration(&root, &unit)?;
    dpkg(&root, &["--remove"], "edge-agent")?;
    ensure!(KEPT.iter().all(|path| root.join(path).exists()), "`remove` deleted people or logs");
    ensure!(!root.join("usr/bin/edge-agent").exists(), "`remove` left the program");
    dpkg(&root, &["--purge"], "edge-agent")?;
    let left: Vec<&str> = ["etc/edge-agent", "var/lib/edge-agent", "var/log/edge-agent"]
        .into_iter()
        .filter(|path| root.join(path).exists())
        .collect();
    ensure!(left.is_empty(), "`purge` left {}", left.join(", "));
    println!("Install, remove and purge work.");
    Ok(())
}

/// Reinstalls the package after an administrator has deleted the configuration. dpkg does not restore it, and the
/// maintainer scripts must work without it.
fn upgrade_without_configuration(root: &Path, package: &Path) -> Result<()> {
    let config = root.join("etc/edge-agent/config.toml");
    fs::remove_file(&config)?;
    dpkg(root, &["--force-depends", "--install"], &package.display().to_string())?;
    ensure!(!config.exists(), "the package restored a deleted configuration");
    Ok(())
}

/// Creates a folder with the few files that maintainer scripts need.
fn computer() -> Result<PathBuf> {
    let root = std::path::absolute(workspace::empty_folder("package/root")?)?;
    for folder in ["bin", "dev", "etc", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::write(root.join("var/lib/dpkg/status"), "")?;
    // Output to /dev/null goes into this file.
    fs::write(root.join("dev/null"), "")?;
    fs::write(
        root.join("etc/passwd"),
        "root:x:0:0::/:/bin/sh\nedge-agent:x:990:990::/:/bin/false\nedge-link:x:991:991::/:/bin/false\n",
    )?;
    fs::write(root.join("etc/group"), "root:x:0:\nedge-agent:x:990:\nedge-link:x:991:\n")?;
    for program in ["sh", "rm", "chown", "chmod"] {
        fs::copy("/bin/busybox", root.join("bin").join(program)).context("/bin/busybox cannot be copied")?;
    }
    Ok(root)
}

fn dpkg(root: &Path, how: &[&str], what: &str) -> Result<()> {
    let mut dpkg = command("dpkg", [format!("--root={}", root.display())]);
    // dpkg looks for its tools on the path of this computer, not in the folder.
    process::run(dpkg.arg("--force-not-root").args(how).arg(what))
}

/// Checks that the program runs, and reports what is missing in a configuration without a lock.
fn program_runs(root: &Path) -> Result<()> {
    let program = root.join("usr/bin/edge-agent").display().to_string();
    process::run(&mut command(&program, ["--version"]))?;
    let config = root.join("etc/edge-agent/config.toml");
    let check = command(&program, ["check", "--config"]).arg(config).output().context("check cannot be started")?;
    let said = String::from_utf8_lossy(&check.stderr).into_owned();
    ensure!(check.status.code() == Some(2) && said.contains("error:"), "`check` of a new unit said {said}");
    Ok(())
}

/// Checks that `sudo` accepts the file and that it allows only fixed commands.
fn sudo_allows_fixed_commands(root: &Path) -> Result<()> {
    let file = root.join("etc/sudoers.d/edge-agent");
    process::run(command("visudo", ["--check", "--strict", "--file"]).arg(&file))?;
    let text = fs::read_to_string(&file)?;
    ensure!(are_fixed(&allowed(&text)), "sudo would allow more than fixed commands: {text}");
    Ok(())
}

/// The arguments of each command of this program that a sudoers file allows.
fn allowed(sudoers: &str) -> Vec<&str> {
    let lines = sudoers.lines().filter(|line| !line.starts_with('#'));
    lines
        .flat_map(|line| line.split("/usr/bin/edge-agent").skip(1))
        .map(|rest| rest.trim_matches([' ', ',', '\\']))
        .collect()
}

/// Whether every command is fixed: sudo allows any arguments for a command without arguments or with a pattern.
fn are_fixed(allowed: &[&str]) -> bool {
    !allowed.is_empty()
        && allowed.iter().all(|arguments| !arguments.is_empty() && !arguments.contains(['*', '?', '[', '^']))
}

fn pages_are_sound(root: &Path) -> Result<()> {
    for page in workspace::sorted_entries(&root.join("usr/share/man/man1"))? {
        let rendered = command("man", ["--warnings", "--local-file"]).arg(&page).env("MANPAGER", "cat").output()?;
        let warned = String::from_utf8_lossy(&rendered.stderr).into_owned();
        ensure!(rendered.status.success() && warned.is_empty(), "{}: {warned}", page.display());
    }
    Ok(())
}

fn completions_load(root: &Path, program: &str) -> Result<()> {
    let file = root.join("usr/share/bash-completion/completions").join(program);
    let script = format!("source '{}' && complete -p {program}", file.display());
    process::run(&mut command("bash", ["--norc", "-c", &script]))
}

/// Checks that systemd finds no fault in the unit file and rates its exposure as low.
fn is_hardened(service: &str, most_exposed: f64) -> Result<()> {
    let file = format!("deploy/{service}");
    let mut security = command("systemd-analyze", ["security", "--offline=true", "--no-pager", &file]);
    let said = process::answer_of(&mut security, &[0])?;
    // It gives an instance to a template.
    let name = service.replace("@.", "@i.");
    let level = said.lines().find_map(|line| line.split_once(&format!("exposure level for {name}: ")));
    let level = level.and_then(|(_, level)| level.split(' ').next()?.parse::<f64>().ok());
    let level = level.with_context(|| format!("systemd-analyze printed {said}"))?;
    println!("exposure level of {service} by systemd-analyze: {level} of 10");
    ensure!(level <= most_exposed, "{service} has more rights than it needs: {said}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A user who may deliver databases may run only fixed commands as the door unit's user.
    #[test]
    fn sudo_is_given_fixed_commands_and_the_first_one_receives() {
        let packaged = include_str!("../../../deploy/debian/edge-agent.sudoers");
        assert_eq!(
            allowed(packaged),
            ["receive --json", "receive", "status", "status --json", "audit export --head-only"]
        );
        for (sudoers, expected) in [
            (packaged, true),
            ("", false),
            ("%g ALL = (u) /usr/bin/edge-agent", false),
            ("%g ALL = (u) /usr/bin/edge-agent receive, /usr/bin/edge-agent", false),
            ("%g ALL = (u) /usr/bin/edge-agent receive --config *", false),
        ] {
            assert_eq!(are_fixed(&allowed(sudoers)), expected, "{sudoers}");
        }
    }
}
