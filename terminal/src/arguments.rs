//! Parses the command line with clap. clap prints invalid arguments unchanged; this module escapes their control
//! characters.

use crate::visible::ShowPath;
use clap::{Error, Parser};
use std::env;
use std::ffi::OsString;

/// Parses the arguments of this process. Exits after printing help, the version or an error.
pub fn arguments<A: Parser>() -> A {
    parse(env::args_os().collect()).unwrap_or_else(|error| error.exit())
}

fn parse<A: Parser>(given: Vec<OsString>) -> Result<A, Error> {
    A::try_parse_from(&given).map_err(|error| {
        let shown = given.iter().map(|argument| argument.shown().to_string());
        // The escaped arguments give the same error.
        A::try_parse_from(shown).err().unwrap_or(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[derive(Debug, Parser)]
    struct Example {
        path: PathBuf,
        #[arg(long)]
        number: Option<u8>,
    }

    #[test]
    fn refused_arguments_are_repeated_with_control_characters_escaped() {
        for (surplus, shown) in [
            (&["a", "b\nerror: forged\u{1b}[31m"][..], r"b\u000aerror: forged\u001b[31m"),
            (&["a", "--number", "1\u{202e}"], r"1\u202e"),
            (&["--wrong\n"], r"--wrong\u000a"),
        ] {
            let given = ["example"].iter().chain(surplus).map(OsString::from).collect();
            let said = parse::<Example>(given).unwrap_err().to_string();
            assert!(said.contains(shown), "{said}");
            assert!(!said.contains("\nerror: forged"), "{said}");
        }
    }

    #[test]
    fn accepted_arguments_are_unchanged() {
        let given = ["example", "a\nb"].map(OsString::from).to_vec();
        assert_eq!(parse::<Example>(given).unwrap().path, PathBuf::from("a\nb"));
    }
}
