//! The digest: equal for documents that are the same event, different for all others.

use threescale::{Notification, failures};

use super::{event, sample};

#[track_caller]
fn digest(document: &str) -> String {
    Notification::parse(document.as_bytes())
        .unwrap()
        .digest("acme")
        .to_string()
}

fn account(inside: &str) -> String {
    event(
        "account",
        "updated",
        &format!("<account>{inside}</account>"),
    )
}

#[test]
fn a_listed_event_has_the_digest_of_the_pushed_body() {
    let list = sample("failures_two.xml");
    let entries = failures::parse(&list).unwrap();
    let pushed = ["application_key_created_v2.xml", "user_deleted.xml"].map(sample);
    for (entry, pushed) in entries.into_iter().zip(&pushed) {
        let listed = entry.into_failure().unwrap();
        let listed = listed.notification().unwrap();
        assert_eq!(
            listed.digest("acme"),
            Notification::parse(pushed).unwrap().digest("acme")
        );
    }
}

#[test]
fn equal_content_has_one_digest_however_it_is_written() {
    let original = digest(&account(
        r#"<id>6</id><x a="1" b="2">a &lt; b</x><keys><key/></keys>"#,
    ));
    for same in [
        r#"<id>6</id><x b="2" a="1">a &lt; b</x><keys><key/></keys>"#,
        r"<id>6</id><x  a = '1' b='2' >a &#60; b</x ><keys><key></key></keys>",
        r#"<id>6</id><x a="&#49;" b="2"><![CDATA[a < b]]></x><keys><key/></keys>"#,
        "\n  <id>6</id>\r\n  <x a=\"1\" b=\"2\">a &lt; b</x>\n  <keys>\n    <key/>\n  </keys>\n",
        r#"<!-- c --><id>6</id><?pi?><x a="1" b="2">a <!-- -->&lt; b</x><keys><key><!-- --></key></keys>"#,
    ] {
        assert_eq!(digest(&account(same)), original, "{same}");
    }
    let body = account("<x>a\nb</x>");
    assert_eq!(digest(&body), digest(&account("<x>a\r\nb</x>")));
    assert_eq!(
        digest(&body),
        digest(
            body.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
                .unwrap()
        )
    );
    assert_eq!(digest(&body), digest(&format!("\u{FEFF}{body}\n")));
}

#[test]
fn each_change_of_content_changes_the_digest() {
    let variants = [
        "<id>6</id><keys><key>a</key><key>b</key></keys>",
        "<id>7</id><keys><key>a</key><key>b</key></keys>",
        "<id>6</id><keys><key>b</key><key>a</key></keys>",
        "<keys><key>a</key><key>b</key></keys><id>6</id>",
        "<id>6</id><keys><key>a</key></keys><key>b</key>",
        "<id>6</id><keys><key>a</key></keys><keys><key>b</key></keys>",
        "<id>6</id><keys><key>ab</key></keys>",
        "<id>6</id><keys><key>a</key><key>b</key><key/></keys>",
        "<id>6</id><keys><key>a</key><key>b </key></keys>",
        "<id>6</id><keys><key>a</key><key>\nb</key></keys>",
        "<id>6</id><keys><key>a</key><key>B</key></keys>",
        "<id>6</id><keys><key>a</key>b</keys>",
        "<id>6</id><keys><key>a</key></keys>b",
        "<id>6</id><keys>b<key>a</key></keys>",
        "<id>6</id>b<keys><key>a</key></keys>",
        "<id>6</id><keys><key x=\"\">a</key><key>b</key></keys>",
        "<id>6</id><keys><key>a</key><key x=\"\">b</key></keys>",
        "<id>6</id><keys x=\"1\"><key>a</key><key>b</key></keys>",
        "<id>6</id><keys x=\"2\"><key>a</key><key>b</key></keys>",
        "<id>6</id><keys y=\"1\"><key>a</key><key>b</key></keys>",
        "<id>6</id><keys/>",
        "<id>6</id><keys> </keys>",
        "<id>6</id><keys>  </keys>",
        "<id>6</id>",
        "<id/>",
        "",
    ];
    let mut digests: Vec<_> = variants
        .iter()
        .map(|inside| digest(&account(inside)))
        .collect();
    let body = account("<id>6</id>");
    digests.push(digest(&body.replace("updated", "created")));
    digests.push(digest(&event(
        "user",
        "updated",
        "<account><id>6</id></account>",
    )));
    digests.push(
        Notification::parse(body.as_bytes())
            .unwrap()
            .digest("acm")
            .to_string(),
    );
    digests.push(
        Notification::parse(body.as_bytes())
            .unwrap()
            .digest("")
            .to_string(),
    );
    digests.push(digest("<event><type>account</type><action>updated</action><object><account><id>6</id></account></object></event>"));
    let count = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn the_digest_stays_the_same_from_version_to_version() {
    // Deployed inboxes have stored digests: a new value here is a change of their format.
    let body = sample("application_key_created_v2.xml");
    let digest = Notification::parse(&body).unwrap().digest("acme");
    assert_eq!(
        digest.to_string(),
        "0d5e01e267aaf17547d264ea294464f46b03fa0764f58bc55d8e01c892ae1b90"
    );
    assert_eq!(digest.as_bytes()[..3], [0x0d, 0x5e, 0x01]);
}
