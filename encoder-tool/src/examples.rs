//! Examples and files in `--help` and in the manual pages. Every example is parsed by the tests of the documents.

pub(crate) const PROGRAM: &str = "\
Examples:
  encoder-tool keygen
  encoder-tool build-db people -o people.db --sign ~/.config/encoder-tool/signing.key --for all
  encoder-tool identify photo.jpg --db people.db
  encoder-tool ship people.db pi@door --sudo

Files:
  ~/.config/encoder-tool/signing.key   signs people databases; signing.key.pub is for the units
  ~/.config/encoder-tool/sealing.key   opens sealed people databases
  ~/.cache/encoder-tool/               encodings and faces cached by build-db and evaluate: biometric data
  PHOTOS/people.csv                    groups, cards, dates and modes of people
  PHOTOS/schedules.toml                when people may enter
  PHOTOS/passes.toml                   visitor passes, with visitors' names
  ~/.config/encoder-tool/pass.key      signs visitor passes";

pub(crate) const DESK: &str = "\
Examples:
  encoder-tool desk
  encoder-tool desk people --db people.db
  encoder-tool desk people --no-browser --port 8765

Files:
  doors.toml   beside the database: the doors, and how to reach them over ssh";

pub(crate) const KEYGEN: &str = "\
Examples:
  encoder-tool keygen
  encoder-tool keygen --backup /media/usb/keys.age
  encoder-tool keygen --restore /media/usb/keys.age
  encoder-tool keygen --lock
  encoder-tool keygen --unlock";

pub(crate) const BUILD_DB: &str = "\
Examples:
  encoder-tool build-db people -o people.db --for all
  encoder-tool build-db people -o people.db --sign ~/.config/encoder-tool/signing.key --encrypt-to door-device.pub
  encoder-tool build-db people -o people.db --html look.html --strict";

pub(crate) const PASS_ISSUE: &str = "\
Examples:
  encoder-tool pass issue --photos people --name 'Vera Visitor' --door door.pub --from 2099-03-02T09:00 --to 2099-03-02T17:00 -o pass.png
  encoder-tool pass issue --photos people --name Bo --door lab --uses any --from 2099-03-02 --to 2099-03-06 -o pass.png
  encoder-tool pass issue --photos people --name Cy --door door.pub --from 2099-03-02 --to 2099-03-02 --with-host Ada --db people.db -o pass.png";

pub(crate) const IDENTIFY: &str = "\
Examples:
  encoder-tool identify photo.jpg --db people.db
  encoder-tool identify one.jpg two.jpg --db people.db --threshold 0.9 --json";

pub(crate) const AIM: &str = "\
Examples:
  encoder-tool aim pi@door --sudo
  encoder-tool aim pi@door --sudo --picture /tmp/door.jpg";

pub(crate) const SHIP: &str = "\
Examples:
  encoder-tool ship people.db pi@door --sudo
  encoder-tool ship people.db pi@door --sudo --port 2222 --wait 60";

pub(crate) const FLEET_STATUS: &str = "\
Examples:
  encoder-tool fleet status
  encoder-tool fleet status --of office --collected logs --json";

pub(crate) const FLEET_SHIP: &str = "\
Examples:
  encoder-tool fleet ship people.db --to office
  encoder-tool fleet ship people.db --to all --canary 2 --within 30m";

pub(crate) const FLEET_COLLECT: &str = "\
Examples:
  encoder-tool fleet collect --to logs
  encoder-tool fleet collect --to logs-1 --shard 1/4";

pub(crate) const FLEET_LOCKDOWN: &str = "\
Examples:
  encoder-tool fleet lockdown on --to all
  encoder-tool fleet lockdown on --to office --admit security
  encoder-tool fleet lockdown off --to all";

pub(crate) const FLEET_FORGET: &str = "\
Examples:
  encoder-tool fleet forget 3fa29c0d6b1e4f7a8d5c2b9e0f1a6d47 --to all --receipts receipts
  encoder-tool fleet forget 'Ann Lee' --db people-before.db --to all";

pub(crate) const EVALUATE_PAD: &str = "\
Examples:
  encoder-tool model import fr_liveness.onnx --profile minifasnet -o pad
  encoder-tool evaluate-pad --real real --attack attack --model pad --html pad.html
  encoder-tool evaluate-pad --real real --attack attack --model pad --frames-of-one-approach 5 --write-threshold";
