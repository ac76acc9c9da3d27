//! The seeds: small synthetic files for the fuzzer to start from. Valid ones, and one for each reason to refuse a file.

use super::folder;
use crate::TARGETS;
use crate::link::{fleet_of_one, log_key};
use crate::programs::{pass_key, signing_key};
use ed25519_dalek::Signer;
use fleet_messages::BatchHeader;
use image::{DynamicImage, ImageFormat, RgbImage};
use models::onnx::pb::attribute_proto::AttributeType;
use models::onnx::pb::tensor_proto::DataType;
use models::onnx::pb::type_proto::{Tensor, Value};
use models::onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TypeProto, ValueInfoProto,
};
use models::onnx::tensor::float_tensor;
use policy::audit::{BootId, Chain, Event, HeadSignature};
use serde_json::json;
use shared::card::{CardKey, CardNumber, WiegandFormats};
use shared::delivery::Announcement;
use shared::encoding::Encoding;
use shared::gallery::{
    Audience, Calibration, DatabaseDigest, Details, GalleryBuilder, GreyThreshold, Mode, ModelHash, NewEncoding,
    NewPerson, PersonId, PersonName, PhotoDigest,
};
use shared::order::{Command, Order};
use shared::pass::{DoorTag, HostTag, Pass, PassHours, PassId};
use shared::seal::SigningKey;
use std::fs;
use std::io::Cursor;

pub(super) const HOW_TO_MAKE_THEM: &str =
    "cargo test --release --workspace --lib seeds_are_made_again -- --ignored makes them again";

#[test]
#[ignore = "writes files into fuzz/seeds"]
fn seeds_are_made_again() {
    for (name, target) in TARGETS {
        let folder = folder("seeds").join(name);
        fs::create_dir_all(&folder).unwrap();
        for (seed, bytes) in seeds_of(name) {
            println!("{name}/{seed}: {} bytes, {:?}", bytes.len(), target(&bytes));
            fs::write(folder.join(seed), bytes).unwrap();
        }
    }
}

/// The manifest of a PAD network.
const PAD_MANIFEST: &[u8] = b"kind = \"pad\"\nprofile = \"minifasnet\"\nclasses = 3\nlive-class = 0\n[network]\nfile = \"model.onnx\"\n\
sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n[input]\nchannels = \"bgr\"\nsubtract = 0.0\n\
divide = 1.0\n[crop]\nalign = \"box-in-frame\"\nside = 128\nenlarge = 2.7\n[provenance]\nname = \"a\"\nlicence = \"MIT\"\n\
source = \"b\"\nsource-sha256 = \"\"\n";

fn seeds_of(target: &str) -> Vec<(&'static str, Vec<u8>)> {
    match target {
        "aim-picture" => {
            let picture = |words: &str| {
                let line = format!("{{\"schema\":1,\"picture\":{{\"width\":640,\"height\":360,\"boxes\":[{{\"x\":300.0,\"y\":100.0,\"width\":80.0,\"height\":100.0}}],\"face\":{{\"pixels\":160.0,\"minimum\":40.0,\"is_too_small\":false,\"brightness\":null}},\"light\":{{\"brightness\":110.5,\"clipped\":0.25,\"words\":\"{words}\"}},\"sharpness\":{{\"of\":\"face\",\"now\":80.0,\"best\":100.0,\"words\":\"c\"}},\"gate\":{{\"refused_because\":\"too_dark\",\"words\":\"b\"}},\"rotate\":90,\"seconds_left\":600,\"jpeg_bytes\":4}}}}\n");
                [line.as_bytes(), &[0xff, 0xd8, 0xff, 0xd9]].concat()
            };
            let end = &b"{\"schema\":1,\"no_picture\":{}}\n{\"schema\":1,\"ended\":{\"because\":\"time_over\"}}\n"[..];
            vec![
                ("two-pictures", [&picture("a")[..], &picture("b"), end].concat()),
                ("cut", picture("a")[..300].to_vec()),
                ("escape", picture("\\u001b[2J")),
                ("another-schema", b"{\"schema\":2,\"no_picture\":{}}\n".to_vec()),
            ]
        }
        "audit-log" => vec![("three-records", log()), ("torn", log()[..400].to_vec()), ("diary", b"dear diary\n".to_vec())],
        "bundle" => vec![
            ("golden", golden()),
            ("detector", [b"\x01", &include_bytes!("../../../models/bundled/yunet/manifest.toml")[..]].concat()),
            ("encoder", [b"\x01", &include_bytes!("../../../models/bundled/sface/manifest.toml")[..]].concat()),
            ("calibration", b"\x02threshold = 1.1\nthreshold-from = \"made up\"\n".to_vec()),
            ("pad", [&b"\x01"[..], PAD_MANIFEST].concat()),
            ("pad-calibration", b"\x04threshold = 0.5\nthreshold-from = \"made up\"\n".to_vec()),
            ("distances", distances()),
            ("gate", gate()),
            ("nothing", b"\x01kind = 7".to_vec()),
        ],
        "camera-frame" => frames(),
        "cards" => vec![
            ("full", b"id,name,groups,mode,valid_from,valid_to,cards,note\ne17,Zo\xc3\xab,staff;night,card_and_face,2027-01-31,2027-02-01T12:00:00Z,0008108654;123:47726;0xff,\"says \"\"hi\"\"\"\n,Bo,,,,,,\n".to_vec()),
            ("semicolons", b"\xef\xbb\xbfname;cards\r\nBo;1\r\n".to_vec()),
            ("from-a-spreadsheet", b"sep=;\r\nname;mode;note;\r\nBo;card-or-face;\"a\r\nb\";\r\n;;;\r\n".to_vec()),
            ("no-name", b"note\nx\n".to_vec()),
        ],
        "changed-audit-log" => vec![
            ("untouched", [&[11][..], &[3, 7, 1, 9, 5, 4, 2, 1].repeat(6), &[0; 8]].concat()),
            ("touched", [&[11][..], &[3, 7, 1, 9, 5].repeat(11), &[9, 1, 1, 1, 2, 0, 2, 8]].concat()),
        ],
        "collected-batch" => collected_batches(),
        "collected-log" => vec![
            ("cut-between-writes", [&[12][..], &[5; 24], &[0xff, 0xff, 0]].concat()),
            ("cut", [&[20][..], &[5, 9, 2, 7].repeat(20), &[9, 2, 0]].concat()),
            ("overwritten", [&[25][..], &[4, 1].repeat(25), &[0xff, 0xff, 1, 50, 1, 9, 123, 34, 10, 0, 0]].concat()),
            ("of-another-unit", [&[8][..], &[5, 9, 2, 7].repeat(8), &[0xff, 0xff, 1, 0, 0, 39], &[b'x'; 39]].concat()),
        ],
        "config" => vec![
            ("sample.toml", include_bytes!("../../../deploy/config.toml").to_vec()),
            ("door.toml", b"[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\nwiring = \"maglock\"\n[contacts]\nexit-pin = 23\ndoor-pin = 24\nheld-seconds = 20.5\n[reader]\nkind = \"wiegand\"\nd0-pin = 26\nd1-pin = 27\nkeep-bits = 24\n[camera]\nsource = \"v4l\"\ndevice = \"/dev/video0\"\nformat = \"yuyv\"\n[policy]\nthreshold = 1.1\nmode = \"card-and-face\"\n".to_vec()),
            ("unknown.toml", b"[doors]\n".to_vec()),
        ],
        "control-request" => vec![
            ("rollback", format!("{{\"schema\":1,\"request\":{{\"rollback\":{{\"digest\":\"{}\"}}}}}}\n", "07".repeat(32)).into_bytes()),
            ("lockouts", b"{\"schema\":1,\"request\":{\"list_lockouts\":{}}}\n".to_vec()),
            ("clear", format!("{{\"schema\":1,\"request\":{{\"clear_lockouts\":{{\"of\":{{\"person\":\"{}\"}}}}}}}}", "ad".repeat(16)).into_bytes()),
            ("aim", b"{\"schema\":1,\"request\":{\"aim\":{\"seconds\":600}}}\n".to_vec()),
            ("unlock", b"{\"schema\":1,\"request\":{\"unlock\":{}}}\n".to_vec()),
            ("cut", b"{\"schema\":1,\"requ".to_vec()),
        ],
        "database" => vec![
            ("two-people", database()),
            ("nobody", nobody()),
            ("for-all-doors", nobody_for(Audience::AllDoors)),
            ("for-a-group", nobody_for(Audience::Group("office".parse().unwrap()))),
            ("for-two-units", nobody_for(units())),
            ("units-out-of-order", {
                let mut file = nobody_for(units());
                let last = file.windows(10).position(|id| id == [0xbb; 10]).unwrap();
                file[last..last + 10].fill(0x11);
                file
            }),
            ("magic", b"PEOPLEDB".to_vec()),
        ],
        "desk-request" => desk_requests(),
        "doors-toml" => vec![
            ("full.toml", b"[[door]]\nname = \"Front \\\"door\\\"\"\nhost = \"pi@front-door\"\nport = 2222\nidentity = \"/home/ann/key\"\nssh-options = [\"ProxyJump=gate\"]\nsudo = true\nconfig = \"/etc/a 'b'.toml\"\n[[door]]\nname = \"Lab\"\nhost = \"lab\"\n".to_vec()),
            ("an-option.toml", b"[[door]]\nname = \"a\"\nhost = \"-oProxyCommand=touch x\"\n".to_vec()),
            ("twice.toml", b"[[door]]\nname = \"a\"\nhost = \"a\"\n[[door]]\nname = \"a\"\nhost = \"b\"\n".to_vec()),
        ],
        "drill-report" => vec![
            ("unsigned.json", drill_report("")),
            ("markup.json", drill_report("<script>")),
            ("control.json", drill_report("\n")),
            ("no-report.json", b"{\"schema\":1}".to_vec()),
        ],
        "file-server" => file_answers(),
        "fleet-request" => vec![
            ("want", br#"{"schema":1,"next":7,"previous":null}"#.to_vec()),
            ("ask", br#"{"schema":1,"nonce":"00ff"}"#.to_vec()),
            ("notice", notice("https://files.example:8443/a/people.db?v=7")),
            ("notice-of-a-number", notice("https://[2001:db8::7]/p")),
            ("notice-in-clear-text", notice("http://files.example/p")),
            ("another-schema", br#"{"schema":2,"next":7,"previous":null}"#.to_vec()),
        ],
        "fleet-toml" => vec![
            ("one-unit.toml", fleet_of_one().into_bytes()),
            ("broker.toml", format!("[broker]\naddress = \"broker.example:8883\"\nca = \"ca.crt\"\ncertificate = \"a.crt\"\nkey = \"a.key\"\ntopic-prefix = \"acme\"\n[place]\nurl = \"https://files.example/doors\"\nfolder = \"published\"\ncommand = [\"cp\", \"{{file}}\", \"/srv/{{name}}\"]\n{}groups = [\"office\"]\nsealing-key = \"front.pub\"\n", fleet_of_one()).into_bytes()),
            ("twice.toml", [fleet_of_one(), fleet_of_one()].concat().into_bytes()),
            ("unknown.toml", b"[[units]]\n".to_vec()),
        ],
        "layers" => layers(),
        "link-message" => link_messages(),
        "link-request" => {
            let line = |request: serde_json::Value| json!({"schema": 1, "request": request}).to_string().into_bytes();
            let order = Order::new(1, Audience::AllDoors, 2, Command::LockdownOff).unwrap();
            let signed = |key: &SigningKey| line(json!({"signed_order": {"order": order.sign(key)}}));
            vec![
                ("lockdown", line(json!({"lock_down": {}}))),
                ("faces", line(json!({"turn_off_face_recognition": {}}))),
                ("order", signed(&signing_key())),
                ("order-of-another", signed(&SigningKey::from_random(&[8; 32]))),
                ("admits", line(json!({"lock_down": {"admits": "wardens"}}))),
                ("cut", b"{\"schema\":1,\"requ".to_vec()),
            ]
        }
        "memory" => vec![
            ("with-passes", br#"{"schema":1,"memory":{"failures":[],"openings":[],"passages":[],"passes":[{"pass":"010203040506","uses":3,"until_utc_ms":1800000000000}],"pass_uses_lost_utc_ms":9223372036854775807}}"#.to_vec()),
            ("remembered", br#"{"schema":1,"memory":{"failures":[{"kind":"face","failures":51,"unmatched":3},{"kind":{"card_of":"01010101010101010101010101010101"},"failures":50,"cards":[7],"database":9}],"openings":[{"schedule":"day","utc_ms":1}],"passages":[{"person":"01010101010101010101010101010101","direction":"in","utc_ms":9223372036854775807,"clock_was_right":true}]}}"#.to_vec()),
            ("of-an-earlier-version", br#"{"schema":1,"memory":{"failures":[{"kind":"card","failures":4}],"openings":[],"passages":[]}}"#.to_vec()),
            ("another-schema", br#"{"schema":2,"memory":{"failures":[],"openings":[],"passages":[]}}"#.to_vec()),
        ],
        "onnx" => vec![("encoder", [&[0][..], &network(true)].concat()), ("no-end", [&[1][..], &network(false)].concat())],
        "pass-text" => {
            let pass = |uses, doors: &[DoorTag], host| {
                let hours = PassHours { from_minute: 30_000_000, minutes: 60 };
                Pass::new(PassId([1, 2, 3, 4, 5, 6]), hours, uses, doors, host).unwrap().sign(&pass_key()).into_bytes()
            };
            let doors = ["a", "b", "c", "d"].map(DoorTag::of_group);
            let host = Some(HostTag::of(&PersonId([1; 16])));
            let mut changed = pass(Some(1), &doors[..1], None);
            changed[40] = if changed[40] == b'7' { b'8' } else { b'7' };
            vec![
                ("one-use", pass(Some(1), &doors[..1], None)),
                ("longest", pass(None, &doors, host)),
                ("changed", changed),
                ("address", b"https://example.org/".to_vec()),
            ]
        }
        "passes" => {
            let key = format!(
                "[[key]]\npublic = \"{}\"\nfingerprint = \"{}\"\n",
                pass_key().issuer(),
                pass_key().issuer().fingerprint()
            );
            let pass = "[[pass]]\nid = \"010203040506\"\nname = \"Vera\"\ndoors = [\"office\"]\nfrom = \"2027-01-31T08:00:00Z\"\nto = \"2027-01-31T17:00:00Z\"\nuses = 1\nhost = \"00\"\nissued = \"2027-01-30T08:00:00Z\"\nrevoked = \"2027-01-30T09:00:00Z\"\n";
            vec![
                ("full.toml", format!("{key}{pass}").into_bytes()),
                ("twice.toml", format!("{key}{pass}{pass}").into_bytes()),
                ("other-key.toml", key.replace("fingerprint = \"", "fingerprint = \"0").into_bytes()),
            ]
        }
        "photo" => photos(),
        "schedules" => vec![
            ("full.toml", b"[[schedule]]\nname = \"cleaning\"\ngroups = [\"cleaners\"]\npeople = [\"Ann Lee\"]\nhours = [\"mon-fri 06:00-08:30\", \"sat,sun 22:00-02:00\", \"daily 12:00-13:00\"]\nfrom = \"2026-11-23\"\nto = \"2027-11-23\"\nclosed = [\"2026-12-24..2027-01-06\"]\nafter-first-of = \"staff\"\n".to_vec()),
            ("two.toml", b"\xef\xbb\xbf[[schedule]]\r\nname = \"a\"\r\ngroups = [\"a\"]\r\nhours = [\"0:00-24:00\"]\r\n[[schedule]]\r\nname = \"b\"\r\npeople = [\"Bo\"]\r\nhours = [\"mon 1:00-1:00\"]\r\n".to_vec()),
            ("doors.toml", b"[[door]]\nname = \"reception\"\ndoors = [\"front\", \"5f0c-8a71-0123-4567-89ab\"]\nmode = \"free\"\nafter-first-of = \"staff\"\nhours = [\"mon-fri 09:00-17:00\"]\n[[door]]\nname = \"night\"\nmode = \"card-and-face\"\nhours = [\"20:00-06:00\"]\n".to_vec()),
            ("one-line.toml", b"schedule = [{ name = \"a\", people = [\"Bo\"], hours = [\"9:00-10:00\"], closed = [\"2026-12-24\"] }] # a\ndoor = []\n".to_vec()),
            ("no-hours.toml", b"[[schedule]]\nname = \"a\"\ngroups = [\"a\"]\nhours = [\"6-8\"]\n".to_vec()),
        ],
        "received" => {
            let database = nobody();
            let announced = Announcement {
                length: database.len() as u64,
                digest: DatabaseDigest::from_file(&database),
                wait_seconds: 30,
            };
            let whole = [announced.to_string().as_bytes(), &database].concat();
            vec![("cut", whole[..whole.len() - 1].to_vec()), ("whole", whole), ("nothing", b"PEOPLEDB".to_vec())]
        }
        "signed-order" => {
            let order = |doors: Audience, command: Command| {
                let order = Order::new(1_800_000_000_000, doors, 1_800_003_600_000, command).unwrap();
                order.sign(&signing_key()).into_bytes()
            };
            let group = || Audience::Group("office".parse().unwrap());
            let admits = Some("wardens".to_owned());
            let contents = |command: &str| {
                format!("\0{{\"schema\":1,\"number\":1,\"expires_utc_ms\":2,\"doors\":{{\"all\":{{}}}},\"command\":{{{command}}}}}").into_bytes()
            };
            let changed = order(group(), Command::LockdownOff);
            let changed = String::from_utf8(changed).unwrap().replace("lockdown_off", "clear_lockouts").into_bytes();
            vec![
                ("lockdown", order(Audience::AllDoors, Command::LockdownOn { admits })),
                ("forget", order(units(), Command::Forget { person: PersonId([0xad; 16]) })),
                ("clear", order(group(), Command::ClearLockouts)),
                ("signed-here", contents("\"face_recognition_off\":{}")),
                ("signed-here-unknown", contents("\"unlock\":{}")),
                ("changed", changed),
                ("nothing", b"{}".to_vec()),
            ]
        }
        "small-files" => vec![
            ("head.json", json!({"sequence": 7, "hash": "05".repeat(32), "key": "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", "signature": "00".repeat(64)}).to_string().into_bytes()),
            ("names.json", json!({"schema": 1, "people": {"01".repeat(16): {"name": "Ada", "gone_utc_ms": null}}}).to_string().into_bytes()),
            ("lock.toml", b"lock = \"gpio\"\npin = 17\nlocked = \"low\"\n".to_vec()),
            ("lockdown.json", b"{\"schema\":1,\"lockdown\":{\"admits\":\"wardens\"}}".to_vec()),
            ("face-recognition.json", b"{\"schema\":1,\"off\":true}".to_vec()),
            ("last-order.json", b"{\"schema\":1,\"last\":{\"number\":5,\"command\":\"forget\",\"refused\":null,\"outcome\":\"\"}}".to_vec()),
            ("reader.key", b"5af3091c2be87d4460a1f7932cdd158e\n".to_vec()),
            ("key", b"3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29\n".to_vec()),
            ("nothing", b"nothing".to_vec()),
        ],
        "status-report" => vec![("report.json", report()), ("error.json", br#"{"schema":1,"error":"no"}"#.to_vec())],
        "status-request" => {
            vec![("status", b"status\n".to_vec()), ("other", b"open\n".to_vec()), ("cut", b"stat".to_vec())]
        }
        "osdp-reader" => osdp_replies(),
        "usb-reader" => vec![
            // 1 2 3 Enter; then a key with Shift, a released key, and a missed event.
            ("decimal", vec![0, 2, 3, 4, 28]),
            ("hexadecimal", vec![1, 42, 30, 48, 2, 28, 200, 30, 0, 0, 28]),
            ("missed", vec![0, 2, 230, 0, 3, 0, 0, 3, 28]),
        ],
        "record-batch" => {
            let header = br#"{"schema":1,"unit":"5f0c-8a71-0000-1111-2222","kept_from":1,"last":3}"#;
            let batch = |lines: &[u8]| [&header[..], b"\n", lines].concat();
            vec![
                ("three-records", batch(&log())),
                ("hello", batch(b"")),
                ("cut", batch(&log()[..400])),
                ("no-record", batch(b"{}\n")),
            ]
        }
        "statement" => {
            let zeros = "0".repeat(64);
            let text = format!(
                r#"{{"schema":1,"unit":"5f0c-8a71-0000-1111-2222","nonce":"ab","utc_ms":5,"log_hash":"{zeros}","report":{{"schema":1,"door":"locked","lockouts":[{{"kind":"face"}}]}}}}"#
            );
            let signed = |text: &str| json!({"schema": 1, "statement": text, "signature": "00".repeat(64)});
            vec![
                ("unsigned", signed(&text).to_string().into_bytes()),
                ("no-statement", signed("{}").to_string().into_bytes()),
                ("cut", signed(&text).to_string().into_bytes()[..100].to_vec()),
            ]
        }
        "topic" => vec![
            ("want", b"p/5f/5f0c-8a71-0000-1111-2222/want".to_vec()),
            ("presence", b"p/00/0000-8a71-0000-1111-2222/presence".to_vec()),
            ("another-shard", b"p/00/5f0c-8a71-0000-1111-2222/want".to_vec()),
        ],
        "unit-answer" => {
            let answer = |kind: u8, text: &str| [&[kind][..], text.as_bytes()].concat();
            vec![
                ("done", answer(0, r#"{"schema":1,"refused":null}"#)),
                ("refused", answer(0, r#"{"schema":1,"refused":"too\nold"}"#)),
                ("no-reply", answer(0, r#"{"schema":1}"#)),
                ("running", answer(1, r#"{"schema":1,"outcome":"running","reason":null,"digest":null,"sequence":7}"#)),
                ("no-receipt", answer(1, r#"{"schema":1,"outcome":"eaten"}"#)),
                ("report", [&[2][..], &report()].concat()),
            ]
        }
        "unit-records" => unit_records(),
        "weights" => vec![
            ("one.npy", npy()),
            ("two.zip", zip(&[("a.npy", npy()), ("folder/b.npy", npy())])),
            ("one.safetensors", safetensors()),
            ("text", b"no weights".to_vec()),
        ],
        "wiegand" => {
            let pulses = |card: u64| {
                let frame = WiegandFormats::default().encode(CardNumber::new(card).unwrap()).unwrap();
                frame.iter().map(|&one| 40 | u8::from(one)).collect::<Vec<u8>>()
            };
            vec![
                ("26-bits", pulses(8_108_654)),
                ("34-bits", pulses(0x7bba_6e01)),
                ("two-cards", [pulses(1), vec![252], pulses(2)].concat()),
                ("too-few-bits", pulses(8_108_654)[..20].to_vec()),
            ]
        }
        "wiegand-format" => {
            let own = "[[reader.wiegand-format]]\nname = \"own\"\nfields = \"FFFFFFFFNNNNNNNNNNNNNNNNPP\"\nparity = [\"XXXXXXXXXXXX............E.\", \"............XXXXXXXXXXXX.O\"]\n";
            let known = "[[reader.wiegand-format]]\nname = \"h10306\"\nbyte-order = \"least-significant-first\"\n";
            let frame = |bits: &str| bits.bytes().map(|bit| bit & 1).collect::<Vec<u8>>();
            let seed = |text: &str, bits| [text.as_bytes(), &[0], &frame(bits)].concat();
            vec![
                ("own", seed(own, "01111011101110100110111001")),
                ("known", seed(known, "1011110111011101001101110000000011")),
                ("default", seed("", "10111101100010001110101110")),
                ("twice", seed(&own.repeat(2), "")),
            ]
        }
        other => panic!("{other} has no seeds"),
    }
}

fn notice(place: &str) -> Vec<u8> {
    let digest = DatabaseDigest([7; 32]).to_string();
    json!({"schema": 1, "sequence": 7, "digest": digest, "bytes": 1000, "place": place, "within_seconds": 60})
        .to_string()
        .into_bytes()
}

/// Whether it was retained, the topic, and the payload.
fn link_messages() -> Vec<(&'static str, Vec<u8>)> {
    let message = |flag: u8, level: &str, payload: &[u8]| {
        [&[flag][..], format!("p/5f/5f0c-8a71-0000-1111-2222/{level}\n").as_bytes(), payload].concat()
    };
    vec![
        ("want", message(0, "want", br#"{"schema":1,"next":7,"previous":null}"#)),
        ("ask", message(0, "ask", br#"{"schema":1,"nonce":"00ff"}"#)),
        ("notice", message(0, "notice", &notice("https://files.example/p"))),
        ("order", message(0, "order", b"an order")),
        ("lockdown", message(0, "home/lockdown/set", b"PRESS")),
        ("face-recognition-off", message(0, "home/face_recognition/set", b"OFF")),
        ("face-recognition-on", message(0, "home/face_recognition/set", b"ON")),
        ("retained", message(1, "home/lockdown/set", b"PRESS")),
        ("of-another-kind", message(0, "records", b"{}")),
        ("unlock", message(0, "home/unlock/set", b"PRESS")),
    ]
}

/// What the link has, the length of the file, the status, the validator, and the header.
fn file_answers() -> Vec<(&'static str, Vec<u8>)> {
    let answer = |from: u8, status: u16, header: &str| {
        [&[from, 100][..], &status.to_le_bytes(), b"\"1\"\n", header.as_bytes()].concat()
    };
    vec![
        ("whole", answer(0, 200, "content-length: 100\netag: \"1\"")),
        ("rest", answer(40, 206, "content-range: bytes 40-99/100\netag: \"1\"")),
        ("changed", answer(40, 206, "content-range: bytes 40-99/100\netag: \"2\"")),
        ("another-part", answer(40, 206, "content-range: bytes 0-99/100")),
        ("compressed", answer(0, 200, "content-encoding: gzip")),
        ("elsewhere", answer(0, 302, "location: https://a.example/")),
    ]
}

/// Requests to the local web server, with the secrets that its target has.
fn desk_requests() -> Vec<(&'static str, Vec<u8>)> {
    let (token, cookie) = ("01".repeat(32), "02".repeat(32));
    let head = |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: 127.0.0.1:4321\r\n{more}\r\n");
    let session = format!("Cookie: desk={cookie}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\n");
    let form = |length: &str| {
        let lines = "Origin: http://127.0.0.1:4321\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        head("POST /people/Zo%C3%AB", &format!("{session}{lines}{length}\r\n"))
    };
    let page = head("GET /people?from=1", &session);
    vec![
        ("page", page.clone().into_bytes()),
        ("form", (form("Content-Length: 15") + "name=Zo%C3%AB+M").into_bytes()),
        ("link", head(&format!("GET /?token={token}"), "Sec-Fetch-Site: none\r\n").into_bytes()),
        ("two-pages", [&page[..], &head("HEAD /", &session)].concat().into_bytes()),
        ("presence", head("GET /presence", &session).into_bytes()),
        ("chunked", (form("Transfer-Encoding: chunked") + "3\r\na=b\r\n0\r\n\r\n").into_bytes()),
        ("expects", form("Content-Length: 3\r\nExpect: 100-continue").into_bytes()),
        ("no-cookie", head("GET /", "").into_bytes()),
        ("another-host", page.replace("127.0.0.1", "evil.example").into_bytes()),
        ("another-folder", page.replace("/people", "/%2e%2e/a").into_bytes()),
    ]
}

/// What a unit sends that was asked for its records.
fn unit_records() -> Vec<(&'static str, Vec<u8>)> {
    let beginning = "{\"schema\":1,\"kept_from\":1,\"last\":9}\n";
    let log = String::from_utf8(log()).unwrap();
    let told = |line: &str| format!("{{\"schema\":1,\"record\":{line},\"names\":{{\"00\":\"Ada\"}}}}\n");
    let third = log.lines().nth(2).unwrap();
    let unknown = format!(r#"{{"sequence": 4, "event":"sang", "previous":"{}"}}"#, "0".repeat(64));
    vec![
        ("two", [beginning, "\n", &told(third), &told(&unknown)].concat().into_bytes()),
        ("one-that-is-not-due", [beginning, &told(log.lines().next().unwrap())].concat().into_bytes()),
        ("too-many-clients", b"{\"schema\":1,\"error\":\"too many clients\"}\n".to_vec()),
    ]
}

/// A report without a genuine signature, with this text in place of each name.
fn osdp_replies() -> Vec<(&'static str, Vec<u8>)> {
    let reply = |made: u8, code: u8, data: &[u8]| [&[made, code, data.len() as u8][..], data].concat();
    let clear = |code, data: &[u8]| reply(64, code, data);
    let begin = [clear(0x45, &[0; 12]), clear(0x48, &[0, 0]), clear(0x40, &[])].concat();
    let card = clear(0x50, &[0, 1, 26, 0, 0xbd, 0x88, 0xeb, 0x80]);
    let keys = clear(0x53, &[0, 2, b'4', 0x0d]);
    vec![
        ("card", [&[0][..], &begin, &card, &keys].concat()),
        ("card-with-key", [&[1][..], &begin, &card].concat()),
        ("handshake", [&[1][..], &clear(0x45, &[0; 12]), &reply(129, 0x76, &[7; 32])].concat()),
        ("noise", vec![0, 0, 0, 4, 0x53, 0x53, 0xff, 0]),
    ]
}

fn drill_report(text: &str) -> Vec<u8> {
    let counts = |code: &str| json!({"let_in": 1, "detected": 2, "unsure": 0, "refused": {format!("{code}{text}"): 3}, "no_response": 1, "entry_ms": [900]});
    json!({"schema": 1, "report": {
        "began_utc_ms": 1_800_000_000_000_i64, "ended_utc_ms": 1_800_000_600_000_i64, "unit_id": format!("11{text}"),
        "basis": {"version": "1", "configuration": "ab", "model": "cd", "pad_network": null, "threshold": 1.05},
        "opens_to": format!("a face{text}"), "required": ["lamp"], "ended_early": true,
        "people": counts("not_known"), "attacks": {format!("print{text}"): counts("no_match")},
    }, "key": "00".repeat(32), "signature": "00".repeat(64)})
    .to_string()
    .into_bytes()
}

/// Postcard: exact; one sample of 1x1 pixels, three bytes, one number.
fn golden() -> Vec<u8> {
    [&[0, 1, 1, 1, 3, 10, 20, 30, 1][..], &0.5_f32.to_le_bytes()].concat()
}

/// A calibration with the distances of strangers, in colour and in grey.
fn distances() -> Vec<u8> {
    let table = |name: &str| {
        let row = |rate: f64, distance: f64| {
            format!(
                "[[{name}.quantiles]]\nrate = {rate}\ndistance = {distance}\nlow = {}\nhigh = {}\n",
                rate / 2.0,
                rate * 2.0
            )
        };
        let rows = [row(0.01, 1.2), row(0.001, 1.1)].concat();
        format!("[{name}]\nformat = 2\nsource = \"made up\"\npeople = 40\npairs = 1560\n{rows}")
    };
    let tables = ["non-mated", "non-mated-grey"].map(table).concat();
    format!("\x02threshold = 1.1\nthreshold-from = \"made up\"\n{tables}").into_bytes()
}

fn gate() -> Vec<u8> {
    let floats = |floats: &[f32]| floats.iter().flat_map(|float| float.to_le_bytes()).collect::<Vec<u8>>();
    let terms = floats(&[12.0, 1.5, 1.0, 0.9, 0.02, 1.0, 0.0, 0.15, 0.75]);
    [&[3][..], &[0; 32], b"\x01x\x01", &floats(&[0.1]), &[1], &floats(&[2.0]), &terms, &[1, 127]].concat()
}

fn nobody() -> Vec<u8> {
    GalleryBuilder::new(7, ModelHash([1; 32]), 3).unwrap().encode().unwrap()
}

fn units() -> Audience {
    let ids = ["aaaa", "bbbb"].map(|group| [group; 5].join("-").parse().unwrap());
    Audience::units(ids).unwrap()
}

fn nobody_for(audience: Audience) -> Vec<u8> {
    let mut builder = GalleryBuilder::new(7, ModelHash([1; 32]), 3).unwrap();
    builder.set_audience(audience);
    builder.encode().unwrap()
}

fn database() -> Vec<u8> {
    let mut builder = GalleryBuilder::new(7, ModelHash([1; 32]), 3).unwrap();
    builder.set_threshold(1.1, None).unwrap();
    let calibration = Calibration { fpir: 0.001, people: 2 };
    builder.set_grey_threshold(GreyThreshold { threshold: 1.12, calibration }).unwrap();
    let key = CardKey([9; 32]);
    builder.set_card_key(key).unwrap();
    let ids = [PersonId([1; 16]), PersonId([2; 16])];
    for (id, name, cards) in [(ids[0], "Ada", vec![key.hash(CardNumber::new(5).unwrap())]), (ids[1], "Zoë", vec![])] {
        let encoding = |first| NewEncoding {
            encoding: Encoding::from_network(&[first, f32::from(id.0[0]), -0.5]).unwrap(),
            photo: PhotoDigest(*b"made up!"),
            made_at: 1_800_000_000,
            is_plain: true,
        };
        let details = match cards.is_empty() {
            true => Details::default(),
            false => Details {
                note: "a note".to_owned(),
                groups: vec!["staff".to_owned()],
                mode: Mode::CardOrFace,
                valid_from: Some(0),
                valid_until: Some(2_000_000_000),
                cards,
            },
        };
        let name = PersonName::parse(name).unwrap();
        builder.add_person(NewPerson { id, name, details, encodings: vec![encoding(1.0), encoding(0.25)] }).unwrap();
    }
    builder.add_look_alikes(&ids[0], &ids[1], 0.5).unwrap();
    builder.encode().unwrap()
}

fn log() -> Vec<u8> {
    let mut chain = Chain::new();
    let mut log = Vec::new();
    let (database_sequence, model) = (7, ModelHash([1; 32]));
    let loaded = Event::DatabaseLoaded { database_sequence, model, threshold: 1.1, threshold_grey: Some(1.05) };
    for event in [Event::started("1.2.3"), loaded, Event::DoorHeld { open_ms: 31_000 }] {
        let line = chain.next_line(1_800_000_000_000, BootId([4; 16]), event).unwrap();
        log.extend(line.text().as_bytes());
        line.commit();
    }
    log
}

/// Pixel format, width and height, padding; then the picture.
fn frames() -> Vec<(&'static str, Vec<u8>)> {
    let frame = |format: u8, bytes: &[u8]| [&[format, 4, 0, 2, 0, 0][..], bytes].concat();
    let jpeg = encoded(ImageFormat::Jpeg);
    vec![
        ("yuyv", frame(0, &[81; 16])),
        ("nv12", frame(1, &[81; 12])),
        ("yu12", frame(2, &[81; 12])),
        ("grey", frame(3, &[81; 8])),
        ("rgb3", frame(4, &[81; 24])),
        ("mjpg", [&[5, 8, 0, 6, 0, 0][..], &jpeg].concat()),
        ("cut", frame(0, &[81; 3])),
    ]
}

fn photos() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("small.jpg", encoded(ImageFormat::Jpeg)),
        ("small.png", encoded(ImageFormat::Png)),
        ("small.webp", encoded(ImageFormat::WebP)),
        ("cut.png", encoded(ImageFormat::Png)[..40].to_vec()),
    ]
}

/// A picture with a few colours.
fn encoded(format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(8, 6, |x, y| image::Rgb([x as u8 * 30, y as u8 * 40, 128]));
    let mut file = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn report() -> Vec<u8> {
    let latency = json!({"count": 2, "sum": 40.0, "p50": 18.9, "p99": 20.0, "longest": 20.0,
        "at_most": [{"ms": 25.1, "count": 2}]});
    let answer = crate::programs::answered(b"status\n");
    let mut report: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    report["last_turn_seconds_ago"] = 0.1.into();
    report["latency_ms"]["detect"] = latency;
    report["decisions"] = json!([{"utc_ms": 1_800_000_000_000_i64, "decision": "deny", "reason": "not_known",
        "person_id": null, "distance": 1.25, "frames": 5}]);
    // Independent of the computer and the time.
    (report["database"]["path"], report["database"]["loaded_at"]) = ("people.db".into(), "2027-01-15T08:00:00Z".into());
    report["temperatures"] = json!([{"sensor": "cpu-thermal", "celsius": 51.5}]);
    report.to_string().into_bytes()
}

/// One layer of each kind, for pictures of 5 or more pixels a side; then invalid shapes.
fn layers() -> Vec<(&'static str, Vec<u8>)> {
    let picture = [7, 9, 32];
    let window = [3, 3, 1, 1, 1, 1, 1, 1];
    let of = |kind: u8, more: &[u8]| [&[kind][..], &picture, &window, more].concat();
    vec![
        ("floats", of(0, &[48, 1])),
        ("bytes", of(1, &[20, 1])),
        ("depthwise-floats", of(2, &[1])),
        ("depthwise-bytes", of(3, &[1])),
        ("largest", vec![4, 7, 10, 16, 2, 2, 2, 2, 0, 0, 0, 0]),
        ("window-of-nothing", vec![4, 7, 10, 16, 0, 0, 2, 2, 0, 0, 0, 0]),
        (
            "chain",
            [&[5, 9, 12, 3, 0, 0, 2, 0, 1, 1, 1, 1, 0, 0, 0, 0, 3, 1][..], &window, &[16], &[4], &window].concat(),
        ),
        ("mean", vec![6, 7, 10, 16]),
        ("rows", vec![7, 128, 10, 1]),
        ("too-large", vec![0, 255, 0, 255, 0, 255, 0]),
    ]
}

fn npy() -> Vec<u8> {
    let header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header, &[0, 0, 128, 63, 0, 0, 0, 64]].concat()
}

fn safetensors() -> Vec<u8> {
    let header = br#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    [&(header.len() as u64).to_le_bytes()[..], header, &[0, 0, 128, 63, 0, 0, 0, 64]].concat()
}

/// A zip archive of stored files.
fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let length = content.len() as u32;
        let sizes = [crc.checksum(content), length, length].map(u32::to_le_bytes).concat();
        let common =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &sizes, &(name.len() as u16).to_le_bytes(), &[0; 2]].concat();
        let at = (archive.len() as u32).to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\x00", &common[..], &[0; 10], &at, name.as_bytes()].concat());
        archive.extend([b"PK\x03\x04", &common[..], name.as_bytes(), content].concat());
    }
    let count = (files.len() as u16).to_le_bytes();
    let place = [directory.len() as u32, archive.len() as u32].map(u32::to_le_bytes).concat();
    [&archive[..], &directory, b"PK\x05\x06\x00\x00\x00\x00", &count, &count, &place, &[0, 0]].concat()
}

/// A small encoder with every kind of layer of a real one; or, if not `whole`, one without an output.
fn network(whole: bool) -> Vec<u8> {
    let ramp = |count: usize| -> Vec<f32> { (0..count).map(|index| (index % 13) as f32 / 13.0 - 0.4).collect() };
    let blocks = [("axis", 1), ("block_size", 9)];
    let node = vec![
        node("DequantizeLinear", &["narrow", "scales", "zeros"], "flat", &blocks),
        node("Reshape", &["flat", "kernel"], "kernels", &[]),
        node("Sub", &["x", "mean_pixel"], "centred", &[]),
        node("Mul", &["centred", "share"], "normalised", &[]),
        node("Conv", &["normalised", "kernels"], "convolved", &[]),
        node("BatchNormalization", &["convolved", "gamma", "beta", "mean", "variance"], "normed", &[]),
        node("PRelu", &["normed", "slopes"], "activated", &[]),
        node("GlobalAveragePool", &["activated"], "pooled", &[]),
        node("Flatten", &["pooled"], "row", &[]),
        node("Gemm", &["row", "matrix"], "encoding", &[("transB", 1)]),
    ];
    let bytes = |name: &str, dims: &[i64], count: u8| TensorProto {
        raw_data: (0..count).collect(),
        data_type: DataType::Int8.into(),
        ..float_tensor(name, dims, &[])
    };
    let initializer = vec![
        bytes("narrow", &[4, 27], 108),
        float_tensor("scales", &[4, 3], &ramp(12)),
        bytes("zeros", &[4, 3], 12),
        TensorProto {
            data_type: DataType::Int64.into(),
            int64_data: vec![4, 3, 3, 3],
            raw_data: Vec::new(),
            ..float_tensor("kernel", &[4], &[])
        },
        float_tensor("mean_pixel", &[1], &[127.5]),
        float_tensor("share", &[1], &[0.007_812_5]),
        float_tensor("gamma", &[4], &[2.0, 0.5, -2.0, 1.0]),
        float_tensor("beta", &[4], &[0.1, 0.5, -0.1, 1.0]),
        float_tensor("mean", &[4], &[-0.3, 0.5, 0.3, 1.0]),
        float_tensor("variance", &[4], &[1.0, 2.0, 0.5, 0.1]),
        float_tensor("slopes", &[4, 1, 1], &[0.1, 0.2, -0.3, 0.4]),
        float_tensor("matrix", &[128, 4], &ramp(512)),
    ];
    let output = if whole { vec![value("encoding")] } else { Vec::new() };
    let graph = GraphProto { node, initializer, input: vec![value("x")], output, ..GraphProto::default() };
    let operators = OperatorSetIdProto { domain: String::new(), version: 21 };
    models::onnx::encode(ModelProto {
        ir_version: 10,
        opset_import: vec![operators],
        graph: Some(graph),
        ..ModelProto::default()
    })
}

fn value(name: &str) -> ValueInfoProto {
    let floats = Tensor { elem_type: DataType::Float.into(), shape: None };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto { value: Some(Value::TensorType(floats)), ..TypeProto::default() }),
        ..ValueInfoProto::default()
    }
}

fn node(operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, i64)]) -> NodeProto {
    let attribute = |&(name, i): &(&str, i64)| AttributeProto {
        name: name.to_owned(),
        i,
        r#type: AttributeType::Int.into(),
        ..AttributeProto::default()
    };
    NodeProto {
        op_type: operator.to_owned(),
        input: inputs.iter().map(|name| (*name).to_owned()).collect(),
        output: vec![output.to_owned()],
        attribute: attributes.iter().map(attribute).collect(),
        ..NodeProto::default()
    }
}

/// Batches of the unit of `fleet-toml`: signed records, the same without their beginning, backwards, and none.
fn collected_batches() -> Vec<(&'static str, Vec<u8>)> {
    let (mut chain, mut lines) = (Chain::new(), Vec::new());
    for number in 0..6 {
        let signature = HeadSignature(log_key().sign(&chain.head().signed_bytes()).to_bytes());
        let event = if number % 3 == 2 { Event::HeadSigned { signature } } else { Event::Stopped };
        let line = chain.next_line(1_800_000_000_000, BootId([7; 16]), event).unwrap();
        lines.push(line.text().to_owned());
        line.commit();
    }
    let batch = |kept_from, lines: &[String]| {
        let header =
            BatchHeader::new("5f0c-8a71-0000-1111-2222".parse().unwrap(), Some(kept_from), 6).to_line().unwrap();
        [header, lines.concat().into_bytes()].concat()
    };
    let backwards: Vec<String> = lines.iter().rev().cloned().collect();
    vec![
        ("records", batch(1, &lines)),
        ("after-a-gap", batch(3, &lines[2..])),
        ("backwards", batch(1, &backwards)),
        ("none", batch(1, &[])),
    ]
}
