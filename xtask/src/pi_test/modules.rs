//! Kernel modules and their dependencies, in load order.

use super::packages::find;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a module and of its dependencies, dependencies first.
///
/// # Errors
/// If a file is missing or cannot be read.
pub(super) fn in_order(folder: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    add(folder, name, &mut files)?;
    Ok(files)
}

fn add(folder: &Path, name: &str, files: &mut Vec<PathBuf>) -> Result<()> {
    let plain = |name: &str| name.replace('-', "_");
    let is_module = |file: &str| file.strip_suffix(".ko").is_some_and(|file| plain(file) == plain(name));
    let file = find(folder, &is_module).with_context(|| format!("the kernel has no module {name}"))?;
    if files.contains(&file) {
        return Ok(());
    }
    let module = fs::read(&file).with_context(|| format!("{}: cannot be read", file.display()))?;
    needs(&module).iter().try_for_each(|needed| add(folder, needed, files))?;
    files.push(file);
    Ok(())
}

/// The dependencies of a module: `depends=a,b`, terminated by a zero byte.
fn needs(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = module.windows(KEY.len()).position(|window| window == KEY) else { return Vec::new() };
    let value = module[at + KEY.len()..].split(|&byte| byte == 0).next().unwrap_or_default();
    let names = String::from_utf8_lossy(value);
    names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_is_loaded_first() {
        let folder = tempfile::tempdir().unwrap();
        let module = |name: &str, needs: &str| {
            fs::write(folder.path().join(format!("{name}.ko")), format!("ELF\0depends={needs}\0name=x\0")).unwrap();
        };
        module("vivid", "video-common,mc");
        module("video_common", "mc");
        module("mc", "");
        let files = in_order(folder.path(), "vivid").unwrap();
        let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["mc.ko", "video_common.ko", "vivid.ko"]);
        assert!(in_order(folder.path(), "sound").is_err());
    }
}
