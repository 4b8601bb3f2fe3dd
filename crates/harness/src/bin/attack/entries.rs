//! Lists of failures that are lists, with entries that are an attack.

use chrono::{DateTime, TimeDelta, Utc};

use harness::fixtures::answer::encode;
use harness::fixtures::tenant::{ACCESS_TOKEN, Fault, seconds_ago};
use harness::fixtures::{fresh_id, notification};

use crate::lists;

/// Of the source whose admin API this is.
pub(crate) const PORTAL_SECRET: &str = "p0rtal-secret/under+attack-77";
/// Of somebody else, in a foreign entry.
pub(crate) const FOREIGN_SECRET: &str = "f0reign-secret-in-a-path-88";

/// A list with hostile entries, and what it may lead to.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) fault: Fault,
    /// The latest time up to which 3scale may delete; `None` if it may delete nothing.
    pub(crate) until: Option<DateTime<Utc>>,
    /// The objects whose events are to be delivered, once each.
    pub(crate) objects: Vec<u64>,
}

#[rustfmt::skip] // A table.
pub(crate) fn entries(hook: &str) -> Vec<Hostile> {
    let hook = &hook.replace('&', "&amp;");
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (old, newer) = (seconds_ago(600), seconds_ago(300));
    let user = || {
        let id = fresh_id();
        (notification("user.created").id(id).xml(), id)
    };
    let mut all = vec![];
    let mut case = |name, fault, until, objects: &[u64]| all.push(Hostile { name, fault, until, objects: objects.to_vec() });

    let ((one, a), (two, b)) = (user(), user());
    let both = [entry("a1", &time(old), hook, &one), entry("a2", &time(newer), hook, &two)];
    case("a DELETE that lies", lists::list(&both), Some(newer), &[a, b]);
    let ((one, a), (two, b)) = (user(), user());
    let both = [entry("b1", &time(old), hook, &one), entry("b2", &time(newer), hook, &two)];
    case("a DELETE that fails", lists::list_and_then(&both, 500), Some(newer), &[a, b]);
    let ((one, a), (two, b)) = (user(), user());
    let foreign = format!("https://other.example/{FOREIGN_SECRET}/hook?token={FOREIGN_SECRET}");
    let both = [entry("c1", &time(old), hook, &one), entry("c2", &time(newer), &foreign, &two)];
    case("a foreign entry", lists::list(&both), Some(newer - TimeDelta::seconds(1)), &[a, b]);
    let (one, a) = user();
    case("a foreign entry alone", lists::list(&[entry("d1", &time(old), &foreign, &one)]), Some(old - TimeDelta::seconds(1)), &[a]);
    let (one, a) = user();
    let twice = entry("e1", &time(old), hook, &one).repeat(200);
    case("an entry two hundred times", lists::list(&[twice]), Some(old), &[a]);
    for (name, at) in [
        ("a time in the future", "2999-01-01T00:00:00Z"), ("a time tomorrow", &*time(Utc::now() + TimeDelta::days(1))), ("a time before Christ", "-0044-03-15T12:00:00Z"),
        ("no time", ""), ("a time that is none", "yesterday"), ("a time with an injection", "2021-05-15T01:37:53Z&amp;all=true"), ("a huge time", "99999999999999999999"),
    ] {
        let (one, _) = user();
        case(name, lists::list(&[entry("f1", at, hook, &one)]), Some(Utc::now()), &[]);
    }
    let (one, _) = user();
    let spelt = encode(PORTAL_SECRET);
    let with_secrets = entry(&format!("{PORTAL_SECRET}/{spelt}"), &time(old), hook, &one)
        .replace("<error>", &format!("<token>{PORTAL_SECRET}</token><error>{ACCESS_TOKEN} {spelt}"));
    case("secrets in every place", lists::list(&[with_secrets]), Some(old), &[]);
    for (name, url) in [
        ("no URL", ""), ("a URL that is none", "::"), ("a script", "javascript:alert(1)"), ("a file", "file:///etc/passwd"),
        ("a user", "https://a:b@other.example/"), ("a huge URL", &*format!("https://other.example/{}", "x".repeat(300_000))),
    ] {
        let (one, _) = user();
        case(name, lists::list(&[entry("g1", &time(old), url, &one)]), Some(old - TimeDelta::seconds(1)), &[]);
    }
    for (name, event) in [
        ("an event that is none", "<event>x</event>"), ("no event", ""), ("two events", "<event/><event/>"), ("a list in a list", "<event><webhooks-failures/></event>"),
        ("an event of edge.alert", "<event><action>alert</action><type>edge.alert</type><object/></event>"),
    ] {
        case(name, lists::list(&[entry(&format!("h{name}"), &time(old), hook, event)]), Some(old), &[]);
    }
    let many: Vec<_> = (0..2500).map(|n| entry(&format!("many{n}"), &time(old), hook, "<event>x</event>")).collect();
    case("thousands that are unreadable", lists::list(&many), Some(old), &[]);
    all
}

/// An entry, as 3scale would write it if all of this were right.
fn entry(id: &str, time: &str, url: &str, event: &str) -> String {
    let event = event
        .find("<event>")
        .map_or(event, |at| event.get(at..).unwrap_or_default());
    format!(
        "<webhooks-failure><id>{id}</id><time>{time}</time><error>WebHookWorker::ClientError</error><url>{url}</url>{event}</webhooks-failure>"
    )
}
