//! Bytes to JSON, beside the floor: quick-xml's bare event loop over the same bytes.
//!
//! `CARGO_PROFILE_BENCH_OPT_LEVEL=3 cargo bench -p threescale`: without the variable, the floor,
//! whose generic code is compiled here, would be built for size and look slow. The figures of one
//! row are measured in turns, so that a change of the machine's clock affects all of them alike:
//! the ratio is the result.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use quick_xml::Reader;
use quick_xml::events::Event;
use threescale::{Notification, Redact};

const GOAL: f64 = 1.6;
const ROUNDS: usize = 60;
const ROUND: Duration = Duration::from_millis(4);

fn main() {
    println!(
        "{:>9}  {:>12}  {:>10}  {:>10}  {:>7}  {:>10}",
        "bytes", "floor µs", "parse", "to JSON", "ratio", "digest"
    );
    for (name, body) in bodies() {
        let mut out = Vec::new();
        let mut cases: [Box<dyn FnMut()>; 4] = [
            Box::new(|| event_loop(&body)),
            Box::new(|| drop(black_box(Notification::parse(&body)))),
            Box::new(|| {
                out.clear();
                if let Ok(notification) = Notification::parse(&body) {
                    notification.write_data(&mut out, &Redact::none());
                }
                black_box(&out);
            }),
            Box::new(|| {
                drop(black_box(
                    Notification::parse(&body).map(|n| n.digest("acme")),
                ));
            }),
        ];
        let [floor, parse, json, digest] = quickest(&mut cases);
        let ratio = json / floor;
        let verdict = if body.len() >= 900 && ratio > GOAL {
            "over the goal"
        } else {
            ""
        };
        println!(
            "{:>9}  {floor:>12.2}  {parse:>10.2}  {json:>10.2}  {ratio:>6.2}x  {digest:>10.2}  {name} {verdict}",
            body.len()
        );
    }
}

/// The cost of using quick-xml at all.
fn event_loop(body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else {
        return;
    };
    let mut reader = Reader::from_str(text);
    while !matches!(black_box(reader.read_event()), Ok(Event::Eof) | Err(_)) {}
}

/// Microseconds for each case, in its quickest round: others were slowed down by the machine.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark runs natively and has to measure time"
)]
fn quickest<const N: usize>(cases: &mut [Box<dyn FnMut() + '_>; N]) -> [f64; N] {
    let mut times = [(); N].map(|()| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let start = Instant::now();
            let mut runs = 0_u32;
            while start.elapsed() < ROUND {
                case();
                runs += 1;
            }
            times.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(runs));
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times.first().copied().unwrap_or(f64::NAN)
    })
}

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let sample = |name: &str| {
        let path = format!("{}/tests/samples/{name}.xml", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap_or_default()
    };
    vec![
        ("user deleted", sample("user_deleted")),
        ("application", sample("application_key_created_v2")),
        ("account with all", sample("account_updated_full")),
        ("account, 100 users", account(100)),
        ("account, 2100 users", account(2100)),
    ]
}

/// An account as 3scale writes it, with that many users.
fn account(users: u32) -> Vec<u8> {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><event><action>updated</action><type>account</type><object>\
         <account><id>6</id><created_at>2021-05-14T20:22:53Z</created_at>\
         <updated_at>2021-05-14T20:22:54Z</updated_at><state>approved</state><annotations></annotations>\
         <org_name>Acme &amp; Sons</org_name><extra_fields></extra_fields><plans></plans><users>",
    );
    for id in 0..users {
        let _ = write!(
            xml,
            "<user><id>{id}</id><created_at>2021-05-14T20:22:53Z</created_at>\
             <updated_at>2021-05-14T20:22:53+02:00</updated_at><account_id>6</account_id><state>active</state>\
             <role>admin</role><username>user{id}</username><email>user{id}@acme.example</email>\
             <first_name>Zoë</first_name><last_name>O'Neil &amp; Co</last_name>\
             <extra_fields><department>R&amp;D</department></extra_fields></user>"
        );
    }
    xml.push_str("</users></account></object></event>");
    xml.into_bytes()
}
