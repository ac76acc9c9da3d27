//! Tests of `fleet.toml` as tables of cases.

use super::*;
use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use shared::seal::Identity;
use std::fs;

pub(crate) fn log_key(number: u8) -> String {
    HEXLOWER.encode(SigningKey::from_bytes(&[number; 32]).verifying_key().as_bytes())
}

pub(crate) fn fleet_of(text: &str) -> Fleet {
    Fleet::parse(text.as_bytes()).unwrap()
}

fn unit(name: &str, id: &str, key: &str, more: &str) -> String {
    format!("[[unit]]\nname = \"{name}\"\nid = \"{id}\"\nlog-key = \"{key}\"\n{more}\n")
}

const ID: &str = "5f0c-8a71-0000-1111-2222";

#[test]
fn a_fleet_is_read() {
    let key = Identity::from_random(&[9; 32]).recipient();
    let text = format!(
        "[broker]\ntopic-prefix = \"acme/doors\"\naddress = \"broker.example:8883\"\nca = \"ca.crt\"\ncertificate = \"a.crt\"\nkey = \"a.key\"\n\
         [place]\nurl = \"https://files.example/doors/\"\nfolder = \"published\"\n{}{}",
        unit("front", ID, &log_key(1), "groups = [\"office\", \"lab\"]\nssh = \"pi@front\""),
        unit(
            "back",
            &key.fingerprint().to_string(),
            &log_key(2),
            &format!("sealing-key = \"\"\"\n{}\"\"\"", key.to_text())
        ),
    );
    let fleet = fleet_of(&text);
    assert_eq!(fleet.topics, Topics::below("acme/doors").unwrap());
    let Some(Broker { target: Target::Tls { addresses, certificate, .. }, login: None }) = &fleet.broker else {
        panic!("{:?}", fleet.broker)
    };
    assert_eq!((addresses.to_string().as_str(), certificate.is_some()), ("broker.example:8883", true));
    assert_eq!(fleet.place.as_ref().unwrap().url, "https://files.example/doors");
    let [front, back] = fleet.units() else { panic!("{:?}", fleet.units()) };
    assert_eq!((front.name.as_str(), front.groups.len(), front.ssh.as_deref()), ("front", 2, Some("pi@front")));
    assert_eq!(back.recipient(), Some(key));
    assert_eq!(fleet.unit(ID.parse().unwrap()).unwrap().name, "front");
}

#[test]
fn a_mistake_is_found_with_its_line_and_help() {
    let other = "ffff-8a71-0000-1111-2222";
    let ssh = "ssh = \"a\"";
    let good = unit("front", ID, &log_key(1), ssh);
    for (text, expected) in [
        ("units = 3".to_owned(), "line 1"),
        ("[broker]\nsocket = \"s\"\ntopic-prefix = \"a//b\"".to_owned(), "\"a//b\" cannot begin a topic"),
        ("\n[broker]\nsocket = \"s\"\naddress = \"a:1\"".to_owned(), "line 2: the [broker] needs either"),
        ("[broker]\naddress = \"a:1\"".to_owned(), "line 1: the [broker] has no ca"),
        ("[broker]\naddress = \"a:0\"".to_owned(), "\"a:0\" is not an address"),
        ("[broker]\naddress = \"a:1\"\nca = \"c\"".to_owned(), "who this is"),
        ("[broker]\naddress = \"a:1\"\nca = \"c\"\nkey = \"k\"".to_owned(), "but not both"),
        ("[broker]\nsocket = \"s\"\nuser = \"a\"".to_owned(), "but not both"),
        ("[broker]\nsocket = \"s\"\nca = \"a\"".to_owned(), "needs either"),
        ("[place]\nurl = \"http://a\"\nfolder = \"f\"".to_owned(), "not an https address"),
        ("[place]\nurl = \"https://\"\nfolder = \"f\"".to_owned(), "not an https address"),
        ("[place]\nurl = \"https://a\"\nfolder = \"f\"\ncommand = []".to_owned(), "command of the [place] is empty"),
        (
            good.clone() + &unit("front", other, &log_key(2), ssh),
            "line 7: the name \"front\" is also that of the unit in line 2",
        ),
        (
            good.clone() + &unit("back", ID, &log_key(2), ssh),
            "line 8: the id 5f0c-8a71-0000-1111-2222 is also that of the unit in line 3",
        ),
        (
            good.clone() + &unit("back", other, &log_key(1), ssh),
            "line 9: the log-key is also that of the unit in line 4",
        ),
        (
            good.clone() + &unit("lab", other, &log_key(2), "groups = [\"lab\"]\nssh = \"a\""),
            "line 7: the name \"lab\" is also that of a group",
        ),
        (unit("all", ID, &log_key(1), ssh), "line 2: the name \"all\" is not possible"),
        (unit("", ID, &log_key(1), ssh), "the name \"\" is not possible"),
        (unit(ID, ID, &log_key(1), ssh), "is not possible"),
        (unit("a,b", ID, &log_key(1), ssh), "is not possible"),
        (unit("front", &ID[1..], &log_key(1), ssh), "line 3: \"f0c-8a71-0000-1111-2222\" is not the id"),
        (unit("front", ID, &log_key(1)[1..], ssh), "line 4: "),
        (unit("front", ID, &"0".repeat(64), ssh), "is not the public key of an audit log"),
        (unit("front", ID, &log_key(1), "ssh = \"-oProxyCommand=x\""), "is not a host for ssh"),
        (unit("front", ID, &log_key(1), ""), "nothing says how the unit \"front\" is reached"),
        (unit("front", ID, &log_key(1), "groups = [\"Office\"]\nssh = \"a\""), "line 5: \"Office\" is neither"),
        (unit("front", ID, &log_key(1), "sealing-key = \"a\\nb\"\nssh = \"a\""), "the sealing-key cannot be used"),
        (unit("front", ID, &log_key(1), "lock = true"), "unknown field `lock`"),
        (good.replace("id =", "unit-id ="), "unknown field `unit-id`"),
    ] {
        let error = Fleet::parse(text.as_bytes()).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(expected) && said.contains("line "), "{text}\n{said}");
        assert!(!error.help().is_empty());
    }
    assert!(matches!(Fleet::parse(b"\xff\xfe"), Err(FleetTomlError::NotUtf8)));
    let nested = Fleet::parse(format!("[broker]\naddress{} = 1", ".a".repeat(300)).as_bytes()).unwrap_err();
    assert!(nested.to_string().contains("cannot be read as a whole"), "{nested}");
}

#[test]
fn paths_are_relative_to_the_file_and_sealing_keys_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let key = Identity::from_random(&[9; 32]).recipient();
    fs::write(folder.path().join("front.pub"), key.to_text()).unwrap();
    let path = folder.path().join("fleet.toml");
    let text = |id: &str, file: &str| {
        let broker = "[broker]\nsocket = \"run/mqtt.sock\"\n";
        format!("{broker}{}", unit("front", id, &log_key(1), &format!("sealing-key = \"{file}\"")))
    };
    fs::write(&path, text(&key.fingerprint().to_string(), "front.pub")).unwrap();
    let fleet = Fleet::read(&path).unwrap();
    let target = Target::Socket(folder.path().join("run/mqtt.sock"));
    assert_eq!(fleet.broker, Some(Broker { target, login: None }));
    assert_eq!(fleet.units()[0].recipient(), Some(key));
    for (id, file, expected) in [
        (ID.to_owned(), "front.pub", "but the unit's id is"),
        (key.fingerprint().to_string(), "none.pub", "none.pub"),
        (key.fingerprint().to_string(), "fleet.toml", "does not begin with the line"),
    ] {
        fs::write(&path, text(&id, file)).unwrap();
        let refused = Fleet::read(&path).unwrap_err().to_string();
        assert!(refused.contains("the sealing key of front") && refused.contains(expected), "{refused}");
    }
}
