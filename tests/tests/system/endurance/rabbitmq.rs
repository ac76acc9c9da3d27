//! A cluster of RabbitMQ nodes. Each is a host of its own: a network, a name and processes that nothing else is in.

use serde_json::{Value, json};
use std::fs::{self, File, Permissions};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How many nodes there are: a queue outlives the loss of one.
pub(super) const NODES: usize = 3;
/// The user of the workstation. It may read and write everything.
pub(super) const OFFICE: &str = "office";
const BRIDGE: &str = "edge-rabbits";
const PORT: u16 = 8883;
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CONTROL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";
/// A node starts in 10 s; a busy computer takes longer.
const PATIENCE: Duration = Duration::from_secs(240);

/// The nodes, and the certificates of their clients. All ends with it.
pub(super) struct Cluster {
    folder: TempDir,
    nodes: [Option<Child>; NODES],
}

/// Why there can be no cluster here; `None` if there can.
pub(super) fn impossible() -> Option<String> {
    if !Path::new(SERVER).exists() {
        return Some("RabbitMQ is not there: `cargo xtask endurance` installs it".to_owned());
    }
    let mut made = ip(&["netns", "add", "edge-rabbit-trial"]);
    if !made.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return Some("this user may not make network namespaces".to_owned());
    }
    run(&mut ip(&["netns", "del", "edge-rabbit-trial"]));
    None
}

impl Cluster {
    /// A cluster for these units, each with a certificate of its own and its own topics.
    pub(super) fn start(units: &[String]) -> Self {
        remove_network();
        let mut cluster = Self { folder: tempfile::tempdir().unwrap(), nodes: [const { None }; NODES] };
        cluster.make_certificates(units);
        cluster.write_files(units);
        make_network();
        // The others find the first one and join it.
        for nodes in [0..1, 1..NODES] {
            nodes.clone().for_each(|node| cluster.spawn(node));
            nodes.for_each(|node| cluster.wait_for(node));
        }
        assert_eq!(cluster.running(), NODES);
        cluster
    }

    /// Where clients reach a node, from 0.
    pub(super) fn address(node: usize) -> SocketAddr {
        SocketAddr::from(([10, 77, 0, node as u8 + 1], PORT))
    }

    /// A file with a certificate or a key: `house.crt`, or `NAME.crt` and `NAME.key` of a client.
    pub(super) fn certificate(&self, name: &str) -> PathBuf {
        self.folder.path().join("certificates").join(name)
    }

    /// Ends a node and everything on its host without a warning.
    pub(super) fn kill(&mut self, node: usize) {
        let mut child = self.nodes[node].take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        wait_until_empty(node);
    }

    /// Starts a node again, and waits until it takes clients.
    pub(super) fn start_again(&mut self, node: usize) {
        self.spawn(node);
        self.wait_for(node);
    }

    /// How many nodes run, as the first one of them sees it.
    pub(super) fn running(&self) -> usize {
        let status = self.control(&["cluster_status", "--formatter", "json"]);
        let status: Value = serde_json::from_str(&status[status.find('{').unwrap()..]).unwrap();
        status["running_nodes"].as_array().unwrap().len()
    }

    /// What a node that runs answers.
    pub(super) fn control(&self, words: &[&str]) -> String {
        let node = self.nodes.iter().position(Option::is_some).unwrap();
        let said = self.on_host(node, CONTROL).args(["--quiet"]).args(words).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap()
    }

    /// The process of a node.
    pub(super) fn process(node: usize) -> Option<u32> {
        let is_server = |process: &u32| {
            fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim_end() == "beam.smp")
        };
        processes(node).into_iter().find(is_server)
    }

    /// How many clients are connected to a node.
    pub(super) fn connections(node: usize) -> usize {
        let mut command = ip(&["netns", "exec", &host(node), "ss", "-Htn", "state", "established"]);
        let said = command.arg(format!("sport = :{PORT}")).output().unwrap();
        String::from_utf8(said.stdout).unwrap().lines().count()
    }

    fn spawn(&mut self, node: usize) {
        let log = File::options().create(true).append(true).open(self.log(node)).unwrap();
        let mut server = self.on_host(node, SERVER);
        server.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.nodes[node] = Some(server.spawn().unwrap());
    }

    fn wait_for(&mut self, node: usize) {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect_timeout(&Self::address(node), Duration::from_secs(1)).is_err() {
            let ended = self.nodes[node].as_mut().is_none_or(|child| child.try_wait().unwrap().is_some());
            let said = || fs::read_to_string(self.log(node)).unwrap_or_default();
            assert!(!ended && Instant::now() < until, "node {node} does not start: {}", said());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// A program on the host of a node. If it is killed, so is everything that it has started.
    fn on_host(&self, node: usize, program: &str) -> Command {
        let (host, folder) = (host(node), self.folder.path());
        let script = format!(
            "hostname {host}; mount --bind {}/hosts /etc/hosts; ulimit -n 65536; exec \"$@\"",
            folder.display()
        );
        let mut command = ip(&["netns", "exec", &host, "unshare", "--uts", "--pid", "--mount-proc", "--kill-child"]);
        if program == CONTROL {
            // It looks for processes of the node.
            command = ip(&["netns", "exec", &host, "unshare", "--uts"]);
        }
        let own = folder.join(&host);
        command
            .args(["sh", "-c", &script, "sh", program])
            .env("HOME", folder)
            .env("RABBITMQ_NODENAME", format!("rabbit@{host}"))
            .env("RABBITMQ_MNESIA_BASE", own.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", own.join("log"))
            .env("RABBITMQ_CONFIG_FILE", own.join("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            // Three nodes share the processors: none waits for work busily.
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+sbwt none +sbwtdcpu none +sbwtdio none");
        command
    }

    fn log(&self, node: usize) -> PathBuf {
        self.folder.path().join(host(node)).join("output")
    }

    fn make_certificates(&self, units: &[String]) {
        let folder = self.folder.path().join("certificates");
        fs::create_dir(&folder).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/cluster_certificates.sh");
        let addresses: Vec<String> = (0..NODES).map(|node| Self::address(node).ip().to_string()).collect();
        let mut command = Command::new("sh");
        run(command.arg(script).arg(folder).arg(addresses.join(" ")).arg(OFFICE).args(units));
    }

    fn write_files(&self, units: &[String]) {
        let folder = self.folder.path();
        let hosts: String = (0..NODES).map(|node| format!("{} {}\n", Self::address(node).ip(), host(node))).collect();
        fs::write(folder.join("hosts"), format!("127.0.0.1 localhost\n{hosts}")).unwrap();
        fs::write(folder.join("plugins"), "[rabbitmq_mqtt].\n").unwrap();
        fs::write(folder.join(".erlang.cookie"), "a secret of the nodes").unwrap();
        fs::set_permissions(folder.join(".erlang.cookie"), Permissions::from_mode(0o400)).unwrap();
        fs::write(folder.join("definitions.json"), definitions(units).to_string()).unwrap();
        for node in 0..NODES {
            let own = folder.join(host(node));
            fs::create_dir(&own).unwrap();
            fs::write(own.join("rabbitmq.conf"), self.configuration(node)).unwrap();
        }
    }

    fn configuration(&self, node: usize) -> String {
        let [authority, certificate, key] =
            ["house.crt", "broker.crt", "broker.key"].map(|name| self.certificate(name).display().to_string());
        let mut text = format!(
            "listeners.tcp = none\n\
             mqtt.listeners.tcp = none\n\
             mqtt.listeners.ssl.default = {PORT}\n\
             mqtt.allow_anonymous = false\n\
             mqtt.ssl_cert_login = true\n\
             mqtt.durable_queue_type = quorum\n\
             raft.wal_max_size_bytes = 33554432\n\
             ssl_cert_login_from = common_name\n\
             ssl_options.cacertfile = {authority}\n\
             ssl_options.certfile = {certificate}\n\
             ssl_options.keyfile = {key}\n\
             ssl_options.verify = verify_peer\n\
             ssl_options.fail_if_no_peer_cert = true\n"
        );
        text += &match node {
            0 => format!("load_definitions = {}/definitions.json\n", self.folder.path().display()),
            _ => format!(
                "cluster_formation.peer_discovery_backend = classic_config\n\
                 cluster_formation.classic_config.nodes.1 = rabbit@{}\n\
                 cluster_formation.randomized_startup_delay_range.min = 0\n\
                 cluster_formation.randomized_startup_delay_range.max = 2\n",
                host(0)
            ),
        };
        text
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.nodes.iter_mut().flatten() {
            child.kill().ok();
            child.wait().ok();
        }
        remove_network();
    }
}

/// The users. A unit writes and reads its own topics only, and has no other queues than its own.
fn definitions(units: &[String]) -> Value {
    let user = |name: &str| json!({"name": name, "password_hash": "", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ""});
    let may = |name: &str, queue: &str| {
        let both = format!("^({queue}|amq\\.topic)$");
        json!({"user": name, "vhost": "/", "configure": format!("^{queue}$"), "write": both, "read": both})
    };
    let on_topics = |name: &str, write: &str, read: &str| json!({"user": name, "vhost": "/", "exchange": "amq.topic", "write": write, "read": read});
    let mut users = vec![user(OFFICE)];
    let mut permissions = vec![may(OFFICE, ".*")];
    let mut topics = vec![on_topics(OFFICE, ".*", ".*")];
    for unit in units {
        let own = format!("^edge-agent\\.{}\\.{unit}\\.", &unit[..2]);
        users.push(user(unit));
        permissions.push(may(unit, &format!("mqtt-subscription-edge-link-{unit}qos[01]")));
        topics.push(on_topics(unit, &format!("{own}(records|statement|presence)$"), &own));
    }
    json!({
        "vhosts": [{"name": "/"}],
        "users": users,
        "permissions": permissions,
        "topic_permissions": topics,
    })
}

fn host(node: usize) -> String {
    format!("edge-rabbit-{}", node + 1)
}

fn make_network() {
    run(&mut ip(&["link", "add", BRIDGE, "type", "bridge"]));
    run(&mut ip(&["addr", "add", "10.77.0.254/24", "dev", BRIDGE]));
    run(&mut ip(&["link", "set", BRIDGE, "up"]));
    for node in 0..NODES {
        let (host, cable) = (host(node), format!("edge-rabbit{}", node + 1));
        run(&mut ip(&["netns", "add", &host]));
        run(&mut ip(&["link", "add", &cable, "type", "veth", "peer", "name", "eth0", "netns", &host]));
        run(&mut ip(&["link", "set", &cable, "master", BRIDGE, "up"]));
        let address = format!("{}/24", Cluster::address(node).ip());
        run(&mut ip(&["-n", &host, "addr", "add", &address, "dev", "eth0"]));
        run(&mut ip(&["-n", &host, "link", "set", "eth0", "up"]));
        run(&mut ip(&["-n", &host, "link", "set", "lo", "up"]));
    }
}

/// Also what a test left that was killed.
fn remove_network() {
    for node in 0..NODES {
        for process in processes(node) {
            Command::new("kill").args(["-9", &process.to_string()]).stderr(Stdio::null()).status().ok();
        }
        wait_until_empty(node);
        for words in [["netns", "del", &host(node)], ["link", "del", &format!("edge-rabbit{}", node + 1)]] {
            ip(&words).stderr(Stdio::null()).status().ok();
        }
    }
    ip(&["link", "del", BRIDGE]).stderr(Stdio::null()).status().ok();
}

fn wait_until_empty(node: usize) {
    let until = Instant::now() + Duration::from_secs(20);
    while !processes(node).is_empty() && Instant::now() < until {
        thread::sleep(Duration::from_millis(20));
    }
}

/// The processes on the host of a node.
fn processes(node: usize) -> Vec<u32> {
    let said = ip(&["netns", "pids", &host(node)]).stderr(Stdio::null()).output();
    let text = said.map(|said| String::from_utf8(said.stdout).unwrap()).unwrap_or_default();
    text.split_whitespace().filter_map(|process| process.parse().ok()).collect()
}

fn ip(words: &[&str]) -> Command {
    let program = ["/usr/sbin/ip", "/usr/bin/ip", "/sbin/ip"].into_iter().find(|path| Path::new(path).exists());
    let mut command = Command::new(program.unwrap_or("ip"));
    command.args(words);
    command
}

fn run(command: &mut Command) {
    let status = command.stdout(Stdio::null()).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{command:?}: {status:?}");
}
