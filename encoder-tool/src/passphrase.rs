//! Passphrases of a backup and of a locked key: from the terminal, made up, or from a file.

use anyhow::{Context, bail, ensure};
use data_encoding::BASE32_NOPAD;
use files::key_file;
use signal_hook::consts::SIGINT;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use terminal::{Help, ShowPath};
use zeroize::Zeroizing;

/// The fewest characters of a new passphrase.
pub(crate) const FEWEST_CHARACTERS: usize = 12;
/// The option that names the file of a command's only passphrase.
pub(crate) const PASSPHRASE_FILE: &str = "--passphrase-file";
/// How often a passphrase may be typed once more.
const ATTEMPTS: usize = 3;
/// 120 bits: six groups of four letters and digits.
const MADE_UP_BYTES: usize = 15;

type Passphrase = Zeroizing<String>;

/// A new passphrase. On the terminal, it is asked for twice, or made up and asked for once.
///
/// # Errors
/// If it is too short, is typed differently, or there is neither a file nor a terminal.
pub(crate) fn new(file: Option<&Path>) -> anyhow::Result<Passphrase> {
    if let Some(file) = file {
        return long_enough(in_file(file)?);
    }
    let prompt = format!("Passphrase of at least {FEWEST_CHARACTERS} characters, or Enter to have one made up: ");
    let typed = ask(&prompt, PASSPHRASE_FILE)?;
    let (passphrase, again) = match typed.is_empty() {
        true => {
            let made_up = made_up()?;
            let again = format!(
                "The passphrase is  {}\nWrite it down now, and keep it in another place than what it opens.\nType it: ",
                *made_up
            );
            (made_up, Zeroizing::new(again))
        }
        false => (long_enough(typed)?, Zeroizing::new("The same passphrase again: ".to_owned())),
    };
    let mut prompt = again;
    for _ in 0..ATTEMPTS {
        if *ask(&prompt, PASSPHRASE_FILE)? == *passphrase {
            return Ok(passphrase);
        }
        prompt = Zeroizing::new("That is another one. Type it once more: ".to_owned());
    }
    bail!("the two passphrases differ, so nothing was written")
}

/// A passphrase that exists. `prompt` says which, and `option` is the one that names the file.
///
/// # Errors
/// If there is neither a file nor a terminal.
pub(crate) fn known(prompt: &str, option: &str, file: Option<&Path>) -> anyhow::Result<Passphrase> {
    match file {
        Some(file) => in_file(file),
        None => ask(prompt, option),
    }
}

/// Asks on the terminal. Ctrl-C then ends the question and not the program: that would leave the terminal without echo.
fn ask(prompt: &str, option: &str) -> anyhow::Result<Passphrase> {
    let ends_the_program = ctrl_c_ends_the_program().context("cannot handle Ctrl-C")?;
    ends_the_program.store(false, Relaxed);
    let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
    ends_the_program.store(true, Relaxed);
    match typed {
        Err(error) if error.kind() == ErrorKind::Interrupted => bail!("interrupted: nothing was written"),
        typed => typed
            .context("cannot ask for the passphrase on the terminal")
            .help(&format!("give it in a file, with {option} FILE")),
    }
}

fn ctrl_c_ends_the_program() -> io::Result<&'static Arc<AtomicBool>> {
    static IT_DOES: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(it_does) = IT_DOES.get() {
        return Ok(it_does);
    }
    let it_does = IT_DOES.get_or_init(|| Arc::new(AtomicBool::new(true)));
    signal_hook::flag::register_conditional_default(SIGINT, Arc::clone(it_does))?;
    Ok(it_does)
}

fn in_file(file: &Path) -> anyhow::Result<Passphrase> {
    let text = key_file::read_secret(file).context("the file of the passphrase").help(&format!(
        "it must be a file of your own, not a link, that only you can read: chmod 600 {}",
        file.shown()
    ))?;
    let first = Zeroizing::new(text.lines().next().unwrap_or_default().to_owned());
    ensure!(!first.is_empty(), "the first line of {} is empty: it must be the passphrase", file.shown());
    Ok(first)
}

fn long_enough(passphrase: Passphrase) -> anyhow::Result<Passphrase> {
    let characters = passphrase.chars().count();
    if characters < FEWEST_CHARACTERS {
        return Err(anyhow::anyhow!(
            "the passphrase has {characters} characters: it must have at least {FEWEST_CHARACTERS}"
        ))
        .help("use five words that you draw at random, or press Enter instead: then one is made up for you");
    }
    Ok(passphrase)
}

fn made_up() -> anyhow::Result<Passphrase> {
    let mut random = Zeroizing::new([0; MADE_UP_BYTES]);
    getrandom::fill(&mut random[..]).context("cannot get random numbers from the system")?;
    let mut letters = Zeroizing::new(BASE32_NOPAD.encode(&random[..]));
    letters.make_ascii_lowercase();
    let mut grouped = Zeroizing::new(String::with_capacity(2 * letters.len()));
    for (index, letter) in letters.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            grouped.push('-');
        }
        grouped.push(letter);
    }
    Ok(grouped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_made_up_passphrase_is_long_and_new() {
        let (one, other) = (made_up().unwrap(), made_up().unwrap());
        assert_ne!(*one, *other);
        assert!(one.split('-').count() == 6 && one.split('-').all(|group| group.len() == 4), "{}", *one);
        assert!(one.bytes().all(|byte| b"abcdefghijklmnopqrstuvwxyz234567-".contains(&byte)), "{}", *one);
        long_enough(one).unwrap();
    }

    #[test]
    fn a_file_gives_its_first_line_if_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("passphrase");
        for (text, mode, expected) in [
            ("zwölf Zeichen\nmore", 0o600, Ok("zwölf Zeichen")),
            (" spaces count \r\n", 0o600, Ok(" spaces count ")),
            ("zwölf Zeichen\n", 0o640, Err("chmod 600")),
            ("elf letters", 0o600, Err("has 11 characters: it must have at least 12\nhelp: use five words")),
            ("\nzwölf Zeichen", 0o600, Err("is empty")),
        ] {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            match (new(Some(&file)), expected) {
                (Ok(passphrase), Ok(expected)) => assert_eq!(*passphrase, expected),
                (Err(refused), Err(expected)) => {
                    let said = terminal::in_words(&refused);
                    assert!(said.contains(expected), "{said}");
                }
                (found, _) => panic!("{text:?}: {found:?}"),
            }
        }
    }
}
