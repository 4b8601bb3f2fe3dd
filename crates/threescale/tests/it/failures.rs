//! The list of failed deliveries, whole and in pieces.

use threescale::{Error, Limits, failures};

use super::sample;

/// A list in a form that can be compared: each entry as text, and the error that ended it.
fn read_whole(list: &[u8]) -> (Vec<String>, Option<Error>) {
    match failures::parse(list) {
        Ok(entries) => (entries.iter().map(show).collect(), None),
        Err(error) => (Vec::new(), Some(error)),
    }
}

fn read_in_pieces(list: &[u8], size: usize) -> (Vec<String>, Option<Error>) {
    let mut reader = failures::Reader::new(&Limits::default());
    let mut entries = Vec::new();
    for chunk in list.chunks(size) {
        reader.push(chunk);
        loop {
            match reader.next_entry() {
                Ok(Some(entry)) => entries.push(show(&entry)),
                Ok(None) => break,
                Err(error) => return (entries, Some(error)),
            }
        }
    }
    (entries, reader.finish().err())
}

fn show(entry: &failures::Entry<'_>) -> String {
    match entry.failure() {
        Ok(failure) => {
            let event = match failure.notification() {
                Ok(notification) => notification.digest("acme").to_string(),
                Err(error) => error.to_string(),
            };
            format!(
                "{} {} {} {} {event}",
                failure.id(),
                failure.time(),
                failure.error(),
                failure.url().expose()
            )
        }
        Err(error) => error.to_string(),
    }
}

fn list(entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<webhooks-failures>{entries}</webhooks-failures>\n"
    )
}

fn entry(id: &str, event: &str) -> String {
    format!(
        "<webhooks-failure><id>{id}</id><time>2026-08-21T10:53:29Z</time><error>E</error>\
         <url>https://user:pw@hooks.example/3scale?token=s3cr3t</url>{event}</webhooks-failure>"
    )
}

const EVENT: &str = "<event><action>a</action><type>t</type><object/></event>";

#[test]
fn the_samples_are_read() {
    let list = sample("failures_two.xml");
    let entries = failures::parse(&list).unwrap();
    assert_eq!(entries.len(), 2);
    let failure = entries[0].failure().unwrap();
    assert_eq!(failure.id(), "2f1ad0a4-7b0d-4b63-9b8a-1c8f2f6f7d11");
    assert_eq!(failure.time().to_string(), "2026-08-21T10:53:29Z");
    assert_eq!(failure.error(), "WebHookWorker::ClientError");
    assert_eq!(
        failure.url().expose(),
        "https://hooks.example/3scale?token=a&b=c"
    );
    assert!(failure.event().starts_with(b"<event>") && failure.event().ends_with(b"</event>"));
    assert_eq!(failure.notification().unwrap().action(), "key_created");
    assert!(
        failures::parse(&sample("failures_empty.xml"))
            .unwrap()
            .is_empty()
    );
    assert!(failures::parse(b"<webhooks-failures/>").unwrap().is_empty());
}

#[test]
fn a_list_reads_the_same_in_pieces_of_any_size() {
    let samples = [
        sample("failures_two.xml"),
        sample("failures_empty.xml"),
        sample("error_access_denied_403.xml"),
        list(&format!(
            "<!-- <webhooks-failure> -->\n {} <?x <webhooks-failure?>\n",
            entry("1", EVENT)
        ))
        .into_bytes(),
        list(&format!(
            "{}<webhooks-failure />{}",
            entry("1", EVENT),
            entry("2", "<event/>")
        ))
        .into_bytes(),
        list(&entry(
            "1",
            "<event><![CDATA[</webhooks-failure>]]></event>",
        ))
        .into_bytes(),
        list(&entry("1", EVENT))
            .trim_end()
            .strip_suffix("</webhooks-failures>")
            .unwrap()
            .into(),
    ];
    for list in samples {
        let (entries, error) = read_whole(&list);
        for size in [1, 2, 3, 7, 64, 1000, list.len() + 1] {
            let (in_pieces, error_in_pieces) = read_in_pieces(&list, size);
            assert_eq!(error_in_pieces, error, "pieces of {size}");
            if error.is_none() {
                assert_eq!(in_pieces, entries, "pieces of {size}");
            }
        }
    }
}

#[test]
fn one_broken_entry_does_not_hide_the_others() {
    let broken = [
        ("<event><a></event>", "found `</event>`, expected `</a>`"),
        ("<event/>", "found no <type> in <event>"),
        ("<event>&x;</event>", "found `&x;`"),
        ("<event></b></event>", "found `</b>`"),
        ("<event>\u{1}</event>", "forbids"),
        ("<event><a", "found no valid <event>"),
        ("", "found no valid <event>"),
        ("<id/><event></event></x>", "found `</x>`"),
    ];
    for (event, expected) in broken {
        let list = list(&format!(
            "{}{}{}",
            entry("1", EVENT),
            entry("2", event),
            entry("3", EVENT)
        ));
        let entries = failures::parse(list.as_bytes()).unwrap();
        assert_eq!(entries.len(), 3, "{event}");
        assert!(entries[0].failure().is_ok() && entries[2].failure().is_ok());
        assert!(String::from_utf8_lossy(entries[1].raw()).contains("<id>2</id>"));
        let shown = show(&entries[1]);
        assert!(shown.contains(expected), "{event}: {shown}");
    }
}

#[test]
fn a_broken_event_still_has_its_id_and_time() {
    let list = list(&entry("2", "<event><a></event>"));
    let entries = failures::parse(list.as_bytes()).unwrap();
    let failure = entries[0].failure().unwrap();
    assert_eq!(
        (failure.id(), failure.time().unix_seconds()),
        ("2", 1_787_309_609)
    );
    let error = failure.notification().unwrap_err();
    let mismatch = list.find("</event>").unwrap();
    assert_eq!((error.offset(), error.line()), (mismatch, 2));
    assert_eq!(error.column(), mismatch - list.find('\n').unwrap());
}

#[test]
fn an_entry_without_id_time_or_event_says_so() {
    let good = entry("1", EVENT);
    for (from, to) in [
        ("<id>1</id>", ""),
        ("<id>1</id>", "<id> </id>"),
        ("10:53:29Z", "noon"),
        (EVENT, ""),
    ] {
        let list = list(&good.replace(from, to));
        let entries = failures::parse(list.as_bytes()).unwrap();
        assert_eq!(
            entries[0].failure().unwrap_err().code(),
            "not_a_failures_list"
        );
    }
}

#[test]
fn a_document_that_is_not_a_list_is_refused() {
    let cases = [
        ("<error>Access denied</error>", "not_a_failures_list"),
        (EVENT, "not_a_failures_list"),
        ("", "malformed_xml"),
        ("<html><body>502", "malformed_xml"),
        ("<webhooks-failures>", "malformed_xml"),
        ("<webhooks-failures><webhooks-failure>", "malformed_xml"),
        (
            "<webhooks-failures></webhooks-failures><a/>",
            "malformed_xml",
        ),
        ("<!DOCTYPE x><webhooks-failures/>", "doctype_forbidden"),
        (
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?><webhooks-failures/>",
            "invalid_encoding",
        ),
        (
            "<webhooks-failures>\u{1}</webhooks-failures>",
            "invalid_character",
        ),
    ];
    for (list, code) in cases {
        assert_eq!(
            failures::parse(list.as_bytes()).unwrap_err().code(),
            code,
            "{list}"
        );
    }
    let two = format!("<webhooks-failures/>{}", entry("1", EVENT));
    assert_eq!(
        failures::parse(two.as_bytes()).unwrap_err().code(),
        "malformed_xml"
    );
    let before = format!(
        "<!DOCTYPE x><webhooks-failures>{}</webhooks-failures>",
        entry("1", EVENT)
    );
    assert_eq!(
        read_in_pieces(before.as_bytes(), 10),
        (vec![], failures::parse(before.as_bytes()).err())
    );
}

#[test]
fn an_error_after_the_entries_has_its_position_in_the_list() {
    let list =
        list(&entry("1", EVENT)).replace("</webhooks-failures>", "\n &x; </webhooks-failures>");
    let error = failures::parse(list.as_bytes()).unwrap_err();
    assert_eq!(
        (error.code(), error.line(), error.column()),
        ("unknown_entity", 3, 2)
    );
    assert_eq!(error.offset(), list.find("&x;").unwrap());
}

#[test]
fn an_entry_that_is_too_large_is_truncated_and_the_next_ones_are_read() {
    let large = format!("<event>{}</event>", "<a>x</a>".repeat(200_000));
    let list = list(&format!(
        "{}{}{}",
        entry("1", EVENT),
        entry("2", &large),
        entry("3", EVENT)
    ));
    let (entries, error) = read_in_pieces(list.as_bytes(), 50_000);
    assert_eq!((entries.len(), error), (3, None));
    assert!(
        entries[1].contains("an entry has more than 1114112 bytes"),
        "{}",
        entries[1]
    );
    assert_eq!(read_whole(list.as_bytes()).0, entries);
}

#[test]
fn fifty_megabytes_pass_through_a_bounded_buffer() {
    let one = entry("1", EVENT);
    let count = 50_000_000 / one.len();
    let mut reader = failures::Reader::new(&Limits::default());
    reader.push(b"<webhooks-failures>");
    let batch = one.repeat(500);
    let mut entries = 0;
    for _ in 0..count / 500 {
        for chunk in batch.as_bytes().chunks(65_536) {
            reader.push(chunk);
            while reader.next_entry().unwrap().is_some() {
                entries += 1;
            }
            assert!(reader.buffered() < 70_000);
        }
    }
    reader.push(b"</webhooks-failures>");
    reader.finish().unwrap();
    assert_eq!(entries, count / 500 * 500);
}

#[test]
fn endless_white_space_is_refused() {
    let mut reader = failures::Reader::new(&Limits::default());
    let error = loop {
        reader.push(&[b' '; 10_000]);
        match reader.next_entry() {
            Ok(_) => assert!(reader.buffered() < 100_000),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "limit_exceeded");
}

#[test]
fn debug_output_shows_no_secret() {
    let list = list(&entry(
        "1",
        &EVENT.replace("<object/>", "<object>k3y</object>"),
    ));
    let entries = failures::parse(list.as_bytes()).unwrap();
    let shown = format!("{entries:?}");
    assert!(
        shown.contains("https://…@hooks.example/3scale?…"),
        "{shown}"
    );
    assert!(
        !shown.contains("s3cr3t") && !shown.contains("pw") && !shown.contains("k3y"),
        "{shown}"
    );
}
