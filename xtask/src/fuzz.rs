//! `cargo xtask fuzz`: runs the libFuzzer targets, one on each core.
//!
//! The stable compiler instruments the workspace's own crates (`fuzz/instrumented-rustc`), so that tract and all other
//! dependencies are shared with the ordinary build. Targets of crates that read memory without bounds checks also get
//! AddressSanitizer, and are built without the two programs.

use crate::process::{self, cargo, command};
use crate::programs::ONE_BUILD;
use crate::requirements::{self, CPLUSPLUS, LIBCLANG};
use crate::{Outcome, workspace};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const WRAPPER: &str = "fuzz/instrumented-rustc";
const SANITISING_WRAPPER: &str = "fuzz/sanitised-rustc";
const TARGETS: &str = "fuzz/targets";
const SEEDS: &str = "fuzz/seeds";

/// Targets of crates that read memory without bounds checks. They run under AddressSanitizer where it is set up.
const UNCHECKED: [&str; 1] = ["layers"];

/// Build options of the two kinds of targets. The AddressSanitizer build covers the kernels only: it shares no
/// artefacts with other builds.
const CHECKED_BUILD: [&str; 4] = [ONE_BUILD[0], ONE_BUILD[1], "--features", "fuzz/libfuzzer"];
const UNCHECKED_BUILD: [&str; 6] =
    [ONE_BUILD[0], "--package", "fuzz", "--no-default-features", "--features", "libfuzzer"];

/// Limits of time and memory; an input that exceeds one is a finding. The address space is limited as well, to catch
/// memory that is requested but not used.
const LIMITS: [&str; 3] = ["-timeout=20", "-report_slow_units=20", "-rss_limit_mb=2048"];
const ADDRESSED_KIB: &str = "4194304";
/// The same limit under AddressSanitizer, which itself uses far more address space.
const ALLOCATED: &str = "-malloc_limit_mb=4096";

/// The number of lines of libFuzzer's output that are printed after a finding.
const SHOWN_LINES: usize = 25;

/// Fuzzes the named targets, or all of them, each for `seconds`.
///
/// # Errors
/// If a target does not exist, or a target cannot be built or started.
pub(crate) fn run(named: &[String], seconds: u32) -> Result<Outcome> {
    let targets = chosen(&all_targets()?, named)?;
    build(&targets)?;
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    Ok(Outcome::as_expected_if(all_are_clean(&targets, cores, |target| fuzz(target, seconds))?))
}

/// Fuzzes all targets, as many at a time as there are cores. `true` if nothing was found.
fn all_are_clean(targets: &[String], cores: usize, fuzz: impl Fn(&str) -> Result<bool> + Sync) -> Result<bool> {
    let begun = AtomicUsize::new(0);
    let one_after_the_other = || {
        let mut are_clean = true;
        while let Some(target) = targets.get(begun.fetch_add(1, Ordering::Relaxed)) {
            are_clean &= fuzz(target)?;
        }
        anyhow::Ok(are_clean)
    };
    thread::scope(|scope| {
        let started: Vec<_> = (0..cores).map(|_| scope.spawn(one_after_the_other)).collect();
        started.into_iter().try_fold(true, |are_clean, thread| match thread.join() {
            Ok(result) => Ok(result? && are_clean),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

fn all_targets() -> Result<Vec<String>> {
    let sources = workspace::sorted_entries(Path::new(TARGETS))?;
    Ok(sources.iter().filter_map(|source| Some(source.file_stem()?.to_str()?.to_owned())).collect())
}

fn chosen(all: &[String], named: &[String]) -> Result<Vec<String>> {
    if let Some(unknown) = named.iter().find(|name| !all.contains(name)) {
        bail!("there is no target {unknown:?}; there are: {}", all.join(", "));
    }
    Ok(if named.is_empty() { all.to_vec() } else { named.to_vec() })
}

fn build(targets: &[String]) -> Result<()> {
    requirements::ensure(&[LIBCLANG, CPLUSPLUS])?;
    let (sanitised, plain): (Vec<&String>, Vec<&String>) = targets.iter().partition(|target| is_sanitised(target));
    if !plain.is_empty() {
        build_with(WRAPPER, &CHECKED_BUILD, &plain)?;
    }
    if !sanitised.is_empty() {
        build_with(SANITISING_WRAPPER, &UNCHECKED_BUILD, &sanitised)?;
    }
    Ok(())
}

fn is_sanitised(target: &str) -> bool {
    cfg!(target_arch = "x86_64") && UNCHECKED.contains(&target)
}

fn build_with(wrapper: &str, options: &[&str], targets: &[&String]) -> Result<()> {
    let wrapper = fs::canonicalize(wrapper).context(wrapper.to_owned())?;
    let mut build = cargo(["build"]);
    build.args(options).env("RUSTC_WORKSPACE_WRAPPER", wrapper).env("CARGO_INCREMENTAL", "0");
    // Build scripts are instrumented as well, and they exit without freeing all memory.
    build.env("ASAN_OPTIONS", "detect_leaks=0");
    targets.iter().for_each(|target| {
        build.args(["--bin", &program(target)]);
    });
    process::run(&mut build)
}

fn program(target: &str) -> String {
    format!("fuzz-{target}")
}

/// Fuzzes one target. `true` if nothing was found.
fn fuzz(target: &str, seconds: u32) -> Result<bool> {
    let folder = workspace::target().join("fuzz");
    let [corpus, findings] = ["corpus", "findings"].map(|name| folder.join(name).join(target));
    for folder in [&corpus, &findings] {
        fs::create_dir_all(folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
    }
    let before = workspace::sorted_entries(&findings)?;
    let log = folder.join(format!("{target}.log"));
    let mut fuzzer = fuzzer(target, seconds, &corpus, &findings);
    let said = File::create(&log).with_context(|| log.display().to_string())?;
    fuzzer.stdout(said.try_clone()?).stderr(said);
    let status = process::run_to_any_end(&mut fuzzer)?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if status.success() {
        println!("{target}: {}", summary(&said));
        return Ok(true);
    }
    let lines: Vec<&str> = said.lines().collect();
    println!("{}", lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n"));
    let mut found = workspace::sorted_entries(&findings)?;
    found.retain(|file| !before.contains(file));
    println!("{}", in_words(target, &found, &log));
    Ok(false)
}

fn fuzzer(target: &str, seconds: u32, corpus: &Path, findings: &Path) -> Command {
    let program = workspace::target().join("release").join(program(target));
    let bounded = match is_sanitised(target) {
        true => "exec \"$0\" \"$@\"".to_owned(),
        false => format!("ulimit -v {ADDRESSED_KIB}; exec \"$0\" \"$@\""),
    };
    let mut fuzzer = command("sh", ["-c", &bounded]);
    fuzzer.arg(program).arg(format!("-max_total_time={seconds}")).args(LIMITS);
    fuzzer.arg(format!("-artifact_prefix={}/", findings.display()));
    if is_sanitised(target) {
        fuzzer.arg(ALLOCATED);
    }
    // libFuzzer writes new inputs to the first folder and only reads the others.
    fuzzer.arg(corpus).arg(Path::new(SEEDS).join(target));
    fuzzer
}

/// The last status line: runs, branches covered, files in the corpus.
fn summary(said: &str) -> &str {
    said.lines().rev().find(|line| line.contains("DONE")).unwrap_or("libFuzzer printed no status line").trim()
}

fn in_words(target: &str, found: &[PathBuf], log: &Path) -> String {
    let log = log.display();
    match found.first() {
        Some(file) => format!(
            "{target}: FOUND {}; fix the bug and keep the file as {SEEDS}/{target}/finding-WHAT; see {log}",
            file.display()
        ),
        None => format!("{target}: FAILED without a file; see {log}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn targets_are_all_or_those_that_are_named() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let all = names(&["config", "database"]);
        assert_eq!(chosen(&all, &[]).unwrap(), all);
        assert_eq!(chosen(&all, &names(&["database"])).unwrap(), names(&["database"]));
        let refused = chosen(&all, &names(&["databases"])).unwrap_err().to_string();
        assert!(refused.contains("databases") && refused.contains("config, database"), "{refused}");
    }

    #[test]
    fn every_target_is_fuzzed_and_one_finding_is_enough() {
        let targets: Vec<String> = ["config", "database", "photo"].map(str::to_owned).to_vec();
        for cores in [1, 2, 8] {
            for found in ["", "config", "database", "photo"] {
                let fuzzed = Mutex::new(Vec::new());
                let fuzz = |target: &str| {
                    fuzzed.lock().unwrap().push(target.to_owned());
                    Ok(target != found)
                };
                assert_eq!(all_are_clean(&targets, cores, fuzz).unwrap(), found.is_empty(), "{cores} {found}");
                let mut fuzzed = fuzzed.into_inner().unwrap();
                fuzzed.sort();
                assert_eq!(fuzzed, targets, "{cores} {found}");
            }
            assert!(all_are_clean(&targets, cores, |_| bail!("cannot be started")).is_err());
        }
    }

    #[test]
    fn unchecked_targets_exist() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(TARGETS);
        assert!(UNCHECKED.iter().all(|target| sources.join(format!("{target}.rs")).is_file()));
    }

    #[test]
    fn libfuzzer_output_is_summarised() {
        let said = "INFO: seed\n#7\tDONE   cov: 930 ft: 3308\nDone 7 runs in 1 second(s)\n";
        assert_eq!(summary(said), "#7\tDONE   cov: 930 ft: 3308");
        let (found, log) = ([PathBuf::from("target/fuzz/findings/onnx/crash-1")], Path::new("onnx.log"));
        assert!(in_words("onnx", &found, log).contains("onnx: FOUND target/fuzz/findings/onnx/crash-1"));
        assert!(in_words("onnx", &[], log).contains("onnx.log"));
    }
}
