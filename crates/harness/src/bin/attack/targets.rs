//! Spellings of addresses that must not be called, each held against the Worker's own rule; and some of them as
//! destinations and admin URLs of a real Worker, beside listeners that count who calls.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use edge_core::location::Location;
use edge_core::target;
use serde_json::Value;

use crate::arena::{Arena, TOKEN};
use crate::client::Answer;
use crate::tally::{Tally, Verdict};

/// As long as a first attempt could take to begin.
const WAIT: Duration = Duration::from_secs(3);

/// Hosts. An IPv6 address has its brackets.
#[rustfmt::skip] // A table.
const PRIVATE: &[&str] = &[
    // Loopback, in the spellings of the URL standard: decimal, octal, hexadecimal, short, with a dot at the end.
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.255.255.254", "2130706433", "2130706433.", "017700000001", "0x7f000001",
    "0X7F000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "0177.1", "0177.0.0.0x1", "127.0.0.0x1", "127.0.0.01", "0000177.0.0.1",
    "0x7f.0x0.0x0.0x1", "00000000000000000000000177.0.0.1", "127.0x1", "0x0000007f.1", "%31%32%37.0.0.1", "127%2e0%2e0%2e1",
    "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "１２７.0.0.1", "①②⑦.⓪.⓪.①", "𝟏𝟐𝟕.0.0.1", "0x７f.1",
    "12\t7.0.0.1", "127.0.0.1\n",
    // This network, private blocks, link-local, carriers, documentation, benchmarks, multicast, reserved.
    "0", "0.0.0.0", "0x0", "00", "0.1.2.3", "0.0.0.0.", "10.0.0.1", "10.1", "167772161", "0xa000001", "012.0.0.1", "10.255.255.255",
    "172.16.0.1", "172.31.255.255", "0xac100001", "2886729729", "192.168.0.1", "192.168.1", "192.168.257", "0xc0a80001",
    "3232235521", "169.254.169.254", "169.254.43518", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.170.2",
    "169.254.0.1", "0xa9.0xfe.0xa9.0xfe", "425.1", "100.64.0.1", "100.100.100.200", "100.127.255.255", "192.0.0.192", "192.0.0.1", "192.0.2.1",
    "198.51.100.1", "203.0.113.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "4294967295", "0xffffffff", "168.63.129.16", "0xa83f8110", "2822734096",
    // IPv6, and IPv4 inside it: mapped, compatible, translated, 6to4, Teredo.
    "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0001]", "[::]", "[0::0]", "[::127.0.0.1]", "[::7f00:1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:7F00:0001]", "[0:0:0:0:0:ffff:10.0.0.1]", "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]", "[::ffff:0:127.0.0.1]", "[::ffff:0:a9fe:a9fe]", "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2002:c0a8:101::1]", "[2001:0:7f00:1::]",
    "[2001:10::1]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[fe80::1]", "[febf::1]", "[fec0::1]", "[fc00::1]", "[fd00::1]",
    "[fd00:ec2::254]", "[fd20:ce::254]", "[ff02::1]", "[ff05::2]", "[::2]", "[5f00::1]", "[4000::1]", "[1::1]",
    // Names that lead into a machine or a network.
    "localhost", "LOCALHOST", "LocalHost.", "localhost..", "a.localhost", "a.b.localhost.", "localhost.localdomain", "local", "printer.local",
    "ｌｏｃａｌｈｏｓｔ", "loc%61lhost", "local\u{ad}host", "localhost。", "ⓛocalhost", "printer", "router", "intranet", "kubernetes", "wpad",
    "kubernetes.default.svc", "crm.prod.svc.cluster.local", "db.internal", "metadata", "metadata.google.internal", "METADATA.GOOGLE.INTERNAL.",
    "metadata.goog", "instance-data", "instance-data.ec2.internal", "metadata.tencentyun.com",
];

/// More names, and public services that answer with the address that a name spells.
#[rustfmt::skip] // A table.
const NAMES: &[&str] = &[
    "home.arpa", "router.home.arpa", "router.lan", "nas.home", "mail.corp", "crm.test", "crm.invalid", "crm.onion", "crm.alt",
    "host.docker.internal", "gateway.docker.internal", "consul.service.consul", "web.pod", "crm.private", "crm.intranet",
    "server.domain", "server.workgroup", "a.localdomain6", "127.0.0.1.nip.io", "7f000001.nip.io", "10-0-0-1.sslip.io", "127.0.0.1.xip.io",
    "localtest.me", "a.localtest.me", "lvh.me", "a.lvh.me",
];

/// Whole URLs: other schemes, credentials, tricks with the host's end.
#[rustfmt::skip] // A table.
const URLS: &[&str] = &[
    "http://crm.example.com/", "ftp://crm.example.com/", "file:///etc/passwd", "data:text/plain,x", "javascript:alert(1)",
    "blob:https://crm.example.com/x", "gopher://127.0.0.1:6379/_x", "ws://crm.example.com/", "wss://crm.example.com/", "//crm.example.com/",
    "crm.example.com", "/hook", "", " ", "https://", "https:", "https:///", "https://:443/", "https://user@crm.example.com/",
    "https://user:pw@crm.example.com/", "https://:pw@crm.example.com/", "https://crm.example.com@127.0.0.1/",
    "https://crm.example.com:pw@[::1]/", "https://127.0.0.1#@crm.example.com/", "https://127.0.0.1?@crm.example.com/",
    "https://127.0.0.1\\@crm.example.com/", "https:\\\\127.0.0.1/", "https:127.0.0.1", "https:/127.0.0.1/", "https://127.0.0.1:99999/",
    "https://[::1", "https://[::1%25lo]/",
];

/// The rule must not refuse everything.
#[rustfmt::skip] // A table.
const PUBLIC: &[&str] = &[
    "https://crm.example.com/", "https://crm.example.com:8443/hook?x=y", "https://CRM.EXAMPLE.COM/", "https://münchen.example/",
    "https://localhost.example.com/", "https://notlocalhost.example/", "https://internal.example.com/", "https://metadata.example.com/",
    "https://93.184.216.34/", "https://[2606:2800:220:1::1]/", "https://172.15.0.1/", "https://127.0.0.1.example.com/",
];

pub(crate) async fn run(tally: &mut Tally) -> anyhow::Result<()> {
    tally.says("spellings of private addresses, and the rule");
    let of_host = |host: &&str| format!("https://{host}/");
    let of_port = |host: &&str| format!("https://{host}:8443/x?y#z");
    let refused = PRIVATE.iter().chain(NAMES);
    let refused = refused.clone().map(of_host).chain(refused.map(of_port));
    for url in refused.chain(URLS.iter().map(|url| (*url).to_owned())) {
        let verdict = match target::check(parse_url, &url, false) {
            Err(_) => Ok(()),
            Ok(()) => Err(format!("may be called: {url:?} is {:?}", parse_url(&url))),
        };
        tally.holds(&format!("target {url:?}"), verdict);
    }
    for url in PUBLIC {
        let verdict = target::check(parse_url, url, false);
        let verdict = verdict.map_err(|refused| refused.to_string());
        tally.holds(&format!("target {url:?} passes"), verdict);
    }
    tally.says(
        "not decidable from a name: a public one whose DNS says 127.0.0.1, now or later, and `crm.prod` of a cluster's \
         own. Cloudflare's edge resolves them, outside of any network of yours, and refuses such answers",
    );
    tally.says("some of them in a Worker, with listeners that count");
    in_a_worker(tally).await
}

async fn in_a_worker(tally: &mut Tally) -> anyhow::Result<()> {
    let listener = Listener::start()?;
    let port = listener.port;
    #[rustfmt::skip] // A table.
    let urls = [
        format!("https://127.0.0.1:{port}/"), format!("http://127.0.0.1:{port}/"), format!("https://2130706433:{port}/"),
        format!("https://0x7f.1:{port}/"), format!("https://0177.0.0.1:{port}/"), format!("https://localhost:{port}/"),
        format!("https://LOCALHOST.:{port}/"), format!("https://a.localhost:{port}/"), format!("https://0:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"), format!("https://[::1]:{port}/"), format!("https://１２７.0.0.1:{port}/"),
        format!("https://user:pw@localhost:{port}/"), format!("https://127。0。0。1:{port}/"), format!("HTTP://127.0.0.1:{port}/"), format!(" https://127.0.0.1:{port}/ "),
    ];
    let arena = Arena::start(false, |setup| {
        let admin = format!("admin_url = \"https://127.1:{port}\"");
        let setup = setup
            .source("hostile", "h00k-secret-of-hostile-1234567", &admin)
            .secret("SOURCE_HOSTILE_ACCESS_TOKEN", "adm1n-token-of-hostile-1234");
        (0..).zip(&urls).fold(setup, |setup, (number, url)| {
            setup.destination(&format!("d{number}"), &format!("url = \"{url}\""))
        })
    })
    .await;
    let health = health(&arena).await;
    for (number, url) in urls.iter().enumerate() {
        let named = health
            .iter()
            .any(|item| item.contains(&format!("DESTINATIONS.d{number}.")));
        let verdict: Verdict = if named {
            Ok(())
        } else {
            Err(format!("not called a mistake: {health:?}"))
        };
        tally.holds(&format!("a destination {url}"), verdict);
    }
    let event = arena.accept().await;
    tally.holds("events are accepted all the same", event.map(|_| ()));
    let recovery = arena
        .api("POST", "/recoveries", "{\"source\":\"hostile\"}")
        .await;
    let verdict = recovery.and_then(|answer| answer.is_safe_json());
    tally.holds("a recovery answers", verdict);
    let register = arena.api("POST", "/sources/hostile/register", "{}").await;
    let verdict = register.and_then(|answer| match answer.status {
        400..=502 => answer.is_safe_json(),
        status => Err(format!("{status} {}", answer.body)),
    });
    tally.holds("register calls nobody", verdict);
    tokio::time::sleep(WAIT).await;
    let verdict = match listener.calls.load(Ordering::Relaxed) {
        0 => Ok(()),
        calls => Err(format!("{calls} connections")),
    };
    tally.holds("nobody on this machine was called", verdict);
    arena.survives(tally).await;
    Ok(())
}

/// The items that `/healthz` calls mistakes.
async fn health(arena: &Arena) -> Vec<String> {
    let request = reqwest::Client::new()
        .get(arena.worker.url("/healthz"))
        .bearer_auth(TOKEN);
    let Ok(answer) = request.send().await else {
        return vec![];
    };
    let answer = Answer::of(answer).await;
    let json = answer.map(|answer| answer.json()).unwrap_or_default();
    let mistakes = json.get("mistakes").and_then(Value::as_array);
    let items = mistakes.into_iter().flatten();
    items
        .filter_map(|mistake| Some(mistake.get("item")?.as_str()?.to_owned()))
        .collect()
}

/// Counts connections on every address of this machine that the spellings name.
struct Listener {
    port: u16,
    calls: Arc<AtomicUsize>,
}

impl Listener {
    fn start() -> anyhow::Result<Self> {
        let calls = Arc::new(AtomicUsize::new(0));
        let first = TcpListener::bind("127.0.0.1:0")?;
        let port = first.local_addr()?.port();
        // Not every machine has IPv6.
        let listeners = [Some(first), TcpListener::bind(("::1", port)).ok()];
        for listener in listeners.into_iter().flatten() {
            let calls = Arc::clone(&calls);
            thread::spawn(move || {
                for _ in listener.incoming() {
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Ok(Self { port, calls })
    }
}

/// In place of the runtime's parser: both follow the WHATWG standard.
fn parse_url(url: &str) -> Option<Location> {
    let url = url::Url::parse(url).ok()?;
    Some(Location {
        scheme: url.scheme().to_owned(),
        host: url.host_str().unwrap_or_default().to_owned(),
        origin: url.origin().ascii_serialization(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        credentials: !url.username().is_empty() || url.password().is_some(),
    })
}
