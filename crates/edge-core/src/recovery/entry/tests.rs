use super::*;
use crate::{location::parse_url, secret::Secrets};

fn source() -> Source {
    Source {
        vpc: None,
        is_closed: false,
        name: "acme".parse().unwrap(),
        secret_param: "token".to_owned(),
        secrets: Secrets::from_text("n3w-s3cret 0ld-s3cret"),
        admin_url: None,
        recover_from: RecoverFrom::default(),
        access_token: None,
        silent_after_ms: None,
        shards: 4,
        path: String::new(),
    }
}

const EVENT: &str = "<event><action>updated</action><type>user</type><object><user><id>9</id>\
    <account_id>7</account_id></user></object></event>";

fn entry(url: &str, event: &str) -> String {
    format!(
        "<webhooks-failure><id>f-1</id><time>2026-11-22T10:00:00Z</time><error>x</error><url>{url}</url>{event}\
         </webhooks-failure>"
    )
}

fn sorter<'c>(config: &'c Config, source: &'c Source) -> Sorter<'c> {
    Sorter::new(parse_url, config, source, BTreeSet::new())
}

fn with_entry<T>(entry: &str, use_it: impl FnOnce(&failures::Entry<'_>) -> T) -> T {
    let list = format!("<webhooks-failures>{entry}</webhooks-failures>");
    let entries = failures::parse(list.as_bytes()).unwrap();
    use_it(&entries[0])
}

fn item(sorter: &mut Sorter<'_>, entry: &str) -> Item {
    with_entry(entry, |entry| {
        let receiver = sorter.receiver(entry);
        sorter.item(id(entry), entry, &receiver, 5)
    })
}

fn receiver(sorter: &mut Sorter<'_>, url: &str) -> Receiver {
    with_entry(&entry(url, EVENT), |entry| sorter.receiver(entry))
}

fn foreign(origin: &str) -> Receiver {
    Receiver::Foreign(Some(origin.to_owned()))
}

const OURS: &str = "https://edge.example/hooks/acme?token=n3w-s3cret";

#[test]
fn an_entry_becomes_an_intake_for_its_accounts_inbox() {
    let (config, source) = (Config::default(), source());
    let item = item(&mut sorter(&config, &source), &entry(OURS, EVENT));
    assert_eq!(item.shard, shard::of_account(Some("7"), 4));
    assert_eq!(*item.entry.document, *EVENT.as_bytes());
    assert_eq!(item.entry.given_up_at, 1_795_341_600_999);
    let Content::Notification(intake) = item.entry.content else {
        panic!("not understood")
    };
    assert_eq!(
        (intake.base.as_str(), intake.kind.as_str()),
        ("https://edge.example", "user")
    );
}

#[test]
fn without_a_public_url_our_secret_says_whose_an_entry_is() {
    let (config, source) = (Config::default(), source());
    let ours = Receiver::Ours("https://edge.example".to_owned());
    for (url, expected) in [
        (
            "https://edge.example/hooks/acme?token=0ld-s3cret",
            ours.clone(),
        ),
        (
            "https://edge.example/hooks/acme?token=guess",
            foreign("https://edge.example"),
        ),
        (
            "https://edge.example/hooks/other?token=n3w-s3cret",
            foreign("https://edge.example"),
        ),
        (
            "https://old.example/3scale/s3cret",
            foreign("https://old.example"),
        ),
        ("no url", Receiver::Foreign(None)),
    ] {
        let mut sorter = sorter(&config, &source);
        for _ in 0..2 {
            assert_eq!(receiver(&mut sorter, url), expected, "{url}");
        }
    }
    // An entry that is older than the secret, at an address that was seen with one.
    let mut sorter = sorter(&config, &source);
    receiver(&mut sorter, OURS);
    let older = "https://edge.example/hooks/acme?token=0lder-s3cret";
    assert_eq!(receiver(&mut sorter, older), ours);
    let mut next = Sorter::new(parse_url, &config, &source, sorter.seen().clone());
    assert_eq!(receiver(&mut next, older), ours);
}

/// A staging deployment may have the secrets of production.
#[test]
fn with_a_public_url_the_address_says_whose_an_entry_is() {
    let config = Config {
        public_url: Some("https://staging.example".to_owned()),
        ..Config::default()
    };
    let mut source = source();
    assert_eq!(
        receiver(&mut sorter(&config, &source), OURS),
        foreign("https://edge.example")
    );
    let staging = "https://staging.example/hooks/acme?token=of-last-year";
    let ours = Receiver::Ours("https://staging.example".to_owned());
    assert_eq!(receiver(&mut sorter(&config, &source), staging), ours);
    // The operator says so.
    let edge = Receiver::Ours("https://edge.example".to_owned());
    source.recover_from = RecoverFrom::Origins(["https://edge.example".to_owned()].into());
    assert_eq!(receiver(&mut sorter(&config, &source), OURS), edge);
    source.recover_from = RecoverFrom::Any;
    assert_eq!(receiver(&mut sorter(&config, &source), OURS), edge);
    let item = item(&mut sorter(&config, &source), &entry(OURS, EVENT));
    let Content::Notification(intake) = item.entry.content else {
        panic!("not understood")
    };
    assert_eq!(intake.base, "https://staging.example");
}

/// Wherever 3scale, or whoever answers in its place, puts a secret.
#[test]
fn no_secret_of_an_entry_is_stored_wherever_it_is() {
    let (config, source) = (Config::default(), source());
    let url = "https://e.example/hooks/acme?token=n3w-s3cret&amp;x=";
    let whole = entry(url, EVENT);
    let in_event = EVENT.replace("<id>9</id>", "<id>n3w%2Ds3cret</id><broken>");
    for (kind, raw) in [
        ("an id", whole.replace("f-1", "n3w-s3cret")),
        ("a broken entry", whole.replace("f-1", "")),
        ("<URL>", whole.replace("url>", "URL>")),
        ("another element", whole.replace("url>", "address>")),
        (
            "an attribute",
            whole
                .replace("<error>", "<error at='n3w-s3cret'>")
                .replace("f-1", ""),
        ),
        ("no end", whole.replace("</url>", "").replace("f-1", "")),
        (
            "behind the event",
            format!("{}<url>{url}</url>", whole.replace("f-1", "")),
        ),
        ("an event in a URL", entry(&format!("{url}<event"), EVENT)),
        ("a broken event", entry("https://e.example/", &in_event)),
        (
            "an event without an end",
            entry(url, "<event><url>n3w-s3cret").replace("f-1", ""),
        ),
    ] {
        let list = format!("<webhooks-failures>{raw}</webhooks-failures>");
        // What breaks the list is not taken in at all.
        let Ok(entries) = failures::parse(list.as_bytes()) else {
            continue;
        };
        let mut sorter = sorter(&config, &source);
        for entry in &entries {
            let receiver = sorter.receiver(entry);
            let Item { entry, .. } = sorter.item(id(entry), entry, &receiver, 5);
            let kept = String::from_utf8_lossy(&entry.document);
            let stored = format!("{kept} {entry:?}");
            for secret in ["s3cret", "n3w%2D"] {
                assert!(!stored.contains(secret), "{kind}: {stored}");
            }
        }
    }
}

#[test]
fn a_broken_entry_is_stored_as_its_event() {
    let (config, source) = (Config::default(), source());
    let broken_event = item(
        &mut sorter(&config, &source),
        &entry("https://e/?token=s3cret", "<event><type></event>"),
    );
    assert_eq!(*broken_event.entry.document, *b"<event><type></event>");
    let raw = entry("https://e/?a=1&token=s3cret", EVENT).replace("f-1", "");
    let broken_entry = item(&mut sorter(&config, &source), &raw);
    assert_eq!(*broken_entry.entry.document, *EVENT.as_bytes());
    let Content::Unparsable(unparsable) = &broken_entry.entry.content else {
        panic!("understood")
    };
    assert!(!unparsable.detail.contains("s3cret"), "{unparsable:?}");
}
