//! A fleet on a cluster: each door from a script has a real link. A people database goes to all of them while a node is
//! lost, then all do for ten minutes what they usually do.

use super::crowd;
use super::memory::Resident;
use super::rabbitmq::{Cluster, NODES, OFFICE, impossible};
use crate::edge_link::RunningLink;
use crate::edge_link::mosquitto::Certificates;
use crate::fleet::doors::Doors;
use crate::fleet::workstation::Workstation;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use shared::gallery::{Audience, DatabaseDigest, Protection};
use shared::seal::SigningKey;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Unless `FLEET_DOORS` says another number.
const DOORS: u16 = 1000;
const PEOPLE: usize = 10_000;
const DIMENSIONS: usize = 128;
const SEQUENCE: u64 = 1_800_000_000;
/// The records of each door before it has a link.
const BEFORE: usize = 20;
/// Between two records of a door, on average: a decision, or the door opens or closes.
const RECORD_EVERY: Duration = Duration::from_secs(20);
/// How long the fleet runs after all doors have the database.
const USUAL: Duration = Duration::from_secs(600);
const SAMPLE_EVERY: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(900);

#[test]
#[ignore = "takes minutes: cargo xtask endurance"]
fn a_database_reaches_every_door_and_no_record_is_lost_while_a_node_is() {
    if let Some(why) = impossible() {
        return eprintln!("SKIPPED: {why}");
    }
    allow_many_files();
    let count = env::var("FLEET_DOORS").map_or(DOORS, |text| text.parse().unwrap());
    let doors = Doors::start(count, BEFORE);
    let known = doors.known();
    let ids: Vec<String> = known.iter().map(|unit| unit.id.clone()).collect();
    let began = Instant::now();
    let mut cluster = Cluster::start(&ids);
    println!("{count} doors; the cluster started, with certificates for all, in {} s", seconds(began));
    println!("nodes, MB: {:?}", memory_of_nodes());
    let site = Certificates::make();
    let published = tempfile::tempdir().unwrap();
    let files = FileServer::start(&site, published.path());
    let place = format!(
        "[place]\nurl = \"https://127.0.0.1:{}\"\nfolder = {:?}\nallow-unsealed = true\n",
        files.port,
        published.path()
    );
    let office = Workstation::new(&format!("[broker]\n{}{place}", client(&cluster, OFFICE)), known);
    let mut collector = office.collector(&[]);
    let began = Instant::now();
    let links: Vec<RunningLink> =
        (1..).zip(&ids).map(|(number, id)| doors.link(number, &client(&cluster, id), &site)).collect();
    wait_until("all are connected", || connections().iter().sum::<usize>() > links.len());
    println!("all links connected after {} s: {:?} on the nodes", seconds(began), connections());
    let collected = |number: usize| {
        fs::metadata(office.log(number, ".jsonl")).is_ok_and(|file| file.len() == doors.log(number).len() as u64)
    };
    let all = 1..=links.len();
    wait_until("all is collected", || all.clone().all(collected));
    println!("their first records collected after {} s", seconds(began));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _over = Over(&is_over);
        scope.spawn(|| usual_traffic(&doors, links.len(), &is_over));
        ship(&office, &doors, links.len(), &mut cluster);
        watch(&links, collector.process());
        let began = Instant::now();
        let status = office.fleet(&["status", "--json"]);
        assert_eq!(status.code, 0, "{}", &status.stdout[..status.stdout.len().min(2000)]);
        println!("fleet status: all {} answered in {} s", links.len(), seconds(began));
    });
    let began = Instant::now();
    wait_until("all is collected", || all.clone().all(collected));
    println!("the last records collected after {} s", seconds(began));
    assert_eq!(collector.terminate(), Some(0));
    let mut records = 0;
    for number in all {
        assert!(office.collected(number, ".jsonl") == doors.log(number), "door {number}");
        assert_eq!(office.verify(number, ".jsonl").code, 0, "door {number}");
        records += doors.len(number);
    }
    println!("{records} records, byte for byte those of the doors: 0 lost, 0 twice");
}

/// Ships a database to all, and kills the node that most clients use when a third of the doors have it.
fn ship(office: &Workstation, doors: &Doors, count: usize, cluster: &mut Cluster) {
    let path = office.path("people.db");
    let mut builder = crowd::strangers(PEOPLE, SEQUENCE, DIMENSIONS);
    builder.set_audience(Audience::AllDoors);
    let key = SigningKey::from_random(&[5; 32]);
    let bytes = builder.build().encode_protected(&Protection { sign: Some(&key), seal: None }).unwrap();
    let digest = DatabaseDigest::from_file(&bytes);
    fs::write(&path, &bytes).unwrap();
    let have_it = || (1..=count).filter(|number| !doors.received(*number).is_empty()).count();
    let began = Instant::now();
    let words = ["ship", path.to_str().unwrap(), "--to", "all", "--within", "30m", "--json"];
    let shipped = thread::scope(|scope| {
        let shipping = scope.spawn(|| office.fleet(&words));
        wait_until("a third of the doors have it", || have_it() * 3 >= count);
        let used = connections();
        let busiest = (0..NODES).max_by_key(|node| used[*node]).unwrap();
        println!(
            "{} doors have the database after {} s: node {} is killed, of {used:?}",
            have_it(),
            seconds(began),
            busiest + 1
        );
        let killed = Instant::now();
        cluster.kill(busiest);
        wait_until("all are connected again", || connections().iter().sum::<usize>() > count);
        println!("all clients connected again after {} s", seconds(killed));
        let again = Instant::now();
        cluster.start_again(busiest);
        println!("the node was back after {} s", seconds(again));
        shipping.join().unwrap()
    });
    println!(
        "shipped {} bytes, {PEOPLE} people, to {} of {count} doors in {} s",
        bytes.len(),
        have_it(),
        seconds(began)
    );
    let report = shipped.json();
    let confirmed = |unit: &&serde_json::Value| unit["delivered"] == "confirmed";
    let units = report["units"].as_array().unwrap();
    println!("confirmed: {}; stopped: {}", units.iter().filter(confirmed).count(), report["stopped"]);
    let received: Vec<_> = (1..=count).map(|number| doors.received(number)).collect();
    let wrong = received.iter().flatten().filter(|database| **database != (digest, SEQUENCE)).count();
    let more = received.iter().map(|databases| databases.len().saturating_sub(1)).sum::<usize>();
    println!("wrong: {wrong}; handed over once more: {more}");
    assert_eq!((shipped.code, wrong), (0, 0), "{:?}", units.iter().find(|unit| !confirmed(unit)));
}

/// Says how much memory all take, and whether that grows.
fn watch(links: &[RunningLink], collector: u32) {
    let until = Instant::now() + USUAL;
    let worked = worked();
    println!("clients of the nodes: {:?}", connections());
    println!("nodes, MB | links, kB: median, largest | collector, kB");
    loop {
        let mut now: Vec<u64> = links.iter().map(|link| Resident::new(&link.process().to_string()).now).collect();
        now.sort_unstable();
        let collector = Resident::new(&collector.to_string()).now;
        println!("{:?} | {}, {} | {collector}", memory_of_nodes(), now[now.len() / 2], now[now.len() - 1]);
        if Instant::now() >= until {
            break;
        }
        thread::sleep(SAMPLE_EVERY);
    }
    let most = links.iter().map(|link| link.peak_kilobytes()).max().unwrap();
    let share = worked_since(&worked) / USUAL.as_secs_f64();
    println!("the most that a link ever took: {most} kB; processors in use by the nodes: {share:.2}");
}

/// Every door writes a record now and then.
fn usual_traffic(doors: &Doors, count: usize, is_over: &AtomicBool) {
    let pause = RECORD_EVERY / count as u32;
    let began = Instant::now();
    let mut written = 0;
    while !is_over.load(Ordering::Relaxed) {
        let due = began.elapsed().as_nanos() / pause.as_nanos();
        while written < due {
            doors.write(fastrand::usize(1..=count), 1);
            written += 1;
        }
        thread::sleep(pause.max(Duration::from_millis(10)));
    }
}

/// `[broker]` for this client of the cluster.
fn client(cluster: &Cluster, name: &str) -> String {
    let addresses: Vec<String> = (0..NODES).map(|node| Cluster::address(node).to_string()).collect();
    let [ca, certificate, key] =
        ["house.crt", &format!("{name}.crt"), &format!("{name}.key")].map(|name| cluster.certificate(name));
    format!("address = {addresses:?}\nca = {ca:?}\ncertificate = {certificate:?}\nkey = {key:?}\n")
}

fn connections() -> [usize; NODES] {
    std::array::from_fn(Cluster::connections)
}

/// In megabytes.
fn memory_of_nodes() -> [u64; NODES] {
    std::array::from_fn(|node| {
        Cluster::process(node).map_or(0, |process| Resident::new(&process.to_string()).now / 1000)
    })
}

/// How long the nodes have worked, in seconds of a processor.
fn worked() -> [f64; NODES] {
    std::array::from_fn(|node| {
        let stat = fs::read_to_string(format!("/proc/{}/stat", Cluster::process(node).unwrap())).unwrap();
        let after_name: Vec<&str> = stat[stat.rfind(')').unwrap()..].split(' ').collect();
        // In hundredths of a second: in the program, and in the kernel for it.
        after_name[12..14].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
    })
}

fn worked_since(before: &[f64; NODES]) -> f64 {
    worked().iter().zip(before).map(|(now, before)| now - before).sum()
}

fn seconds(since: Instant) -> String {
    format!("{:.1}", since.elapsed().as_secs_f64())
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "{what}: not within {} s", PATIENCE.as_secs());
        thread::sleep(Duration::from_millis(500));
    }
}

/// A thousand doors have some thousand sockets.
fn allow_many_files() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}

/// Ends the traffic, also when the trial fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Shows the files of a folder to everybody.
struct FileServer {
    child: Child,
    port: u16,
}

impl FileServer {
    fn start(certificates: &Certificates, folder: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/folder_server.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(certificates.file("")).arg(folder).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim_end().strip_prefix("port ").unwrap().parse().unwrap() }
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
