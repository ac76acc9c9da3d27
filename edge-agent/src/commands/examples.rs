//! The examples and file lists of `--help` and the manual pages. A test of the documents parses every example.

pub(crate) const PROGRAM: &str = "\
Examples:
  edge-agent check                   check whether the unit could run
  edge-agent status                  show its status
  edge-agent audit show --today      show who came today
  edge-agent lockout clear           forgive failed attempts

Files:
  /etc/edge-agent/config.toml          the configuration, which explains every key
  /var/lib/edge-agent/people.db        the people database in use; people.db.previous is the previous one
  /var/lib/edge-agent/device.key       the unit's key; device.key.pub is its public half
  /var/lib/edge-agent/audit.key.pub    the public key of the audit log
  /var/log/edge-agent/audit.jsonl      the audit log; older files are in the same folder
  /run/edge-agent/status.sock          the status socket of a running unit
  /usr/share/doc/edge-agent/book/      the documents";

pub(crate) const CHECK: &str = "\
Examples:
  edge-agent check
  edge-agent check --config door.toml --db people.db
  edge-agent check --config door.toml --boot-config config.txt";

pub(crate) const STATUS: &str = "\
Examples:
  edge-agent status
  edge-agent status --today --grants
  edge-agent status --json
  edge-agent status --prometheus";

pub(crate) const SIMULATE: &str = "\
Examples:
  edge-agent simulate --frames photo.jpg --db people.db
  edge-agent simulate --frames photos --db people.db --card 123:45678 --json
  edge-agent simulate --frames photo.jpg --db people.db --start 2026-11-28T12:00:00Z
  edge-agent simulate --script day.toml --db people.db --config config.toml";

pub(crate) const AUDIT: &str = "\
Examples:
  edge-agent audit show --today --grants
  edge-agent audit show --person \"Ann Lee\" --since 2027-01-31
  edge-agent audit follow
  edge-agent audit report --week --csv
  edge-agent audit present --log in.jsonl --out-log out.jsonl
  edge-agent audit export --head-only
  edge-agent audit verify --log door.jsonl --head door.head --key door.pub";
