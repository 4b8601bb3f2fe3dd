use super::*;
use crate::{config::RecoverFrom, location::parse_url, secret::Secrets};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// 3scale answers at this time by its own clock, and the step begins at it by ours.
const DATE: &str = "Sun, 22 Nov 2026 12:00:00 GMT";
const NOW: i64 = 1_795_348_800_000;

fn source(shards: u32) -> Source {
    Source {
        vpc: None,
        is_closed: false,
        name: "acme".parse().unwrap(),
        secret_param: "token".to_owned(),
        secrets: Secrets::from_text("n3w-s3cret"),
        admin_url: None,
        recover_from: RecoverFrom::default(),
        access_token: None,
        silent_after_ms: None,
        shards,
        path: String::new(),
    }
}

/// A list with an entry for each of these accounts, given up an hour before `NOW`.
fn list(accounts: &[u32]) -> String {
    let entries = accounts.iter().map(|account| {
        format!(
            "<webhooks-failure><id>f-{account}</id><time>2026-11-22T11:00:00Z</time><error>x</error>\
             <url>https://edge.example/hooks/acme?token=n3w-s3cret</url><event><action>updated</action>\
             <type>user</type><object><user><id>{account}</id><account_id>{account}</account_id></user></object>\
             </event></webhooks-failure>"
        )
    });
    let entries: String = entries.collect();
    format!("<webhooks-failures>{entries}</webhooks-failures>")
}

/// The configuration of most tests.
static CONFIG: std::sync::LazyLock<Config> = std::sync::LazyLock::new(Config::default);

fn begin(source: &Source, before: Ledger) -> Step<'_> {
    let mut step = Step::begin(parse_url, &CONFIG, source, before, BTreeSet::new(), NOW);
    step.answered(DATE);
    step
}

fn read(step: &mut Step<'_>, list: &str, known: &[&str]) {
    for entry in failures::parse(list.as_bytes()).unwrap() {
        let id = entry::id(&entry);
        let known = known.iter().any(|known| hashed(known) == id);
        step.read(id, &entry, known);
    }
}

/// The id under which the entry of this id is known.
fn hashed(id: &str) -> String {
    let list = list(&[1]).replace("f-1", id);
    entry::id(&failures::parse(list.as_bytes()).unwrap()[0])
}

/// Hands over every batch; each inbox holds these ids back. Returns the ids that count as seen.
fn hand_over(step: &mut Step<'_>, held: &[&str]) -> Vec<String> {
    let mut seen = Vec::new();
    for shard in 0..step.inboxes() {
        if let Some(sending) = step.take_batch(shard) {
            let ids = sending.entries.iter().map(|entry| entry.id.clone());
            let is_held = |id: &String| held.iter().any(|held| hashed(held) == *id);
            let held: Vec<_> = ids.filter(is_held).collect();
            let taken_in = u32::try_from(sending.entries.len() - held.len()).unwrap();
            let receipt = BatchReceipt {
                taken_in,
                held,
                ..BatchReceipt::default()
            };
            seen.extend(step.committed(sending, &receipt));
        }
    }
    seen
}

#[test]
fn a_step_takes_in_the_list_and_lets_3scale_drop_it() {
    let source = source(4);
    let mut step = begin(&source, Ledger::default());
    read(&mut step, &list(&[1, 2, 3]), &[]);
    let mut seen = hand_over(&mut step, &[]);
    seen.sort();
    let mut expected = ["f-1", "f-2", "f-3"].map(hashed);
    expected.sort();
    assert_eq!(seen, expected);
    step.finished_reading(true);
    // All are of one second, which guards entries that may be added to it unseen.
    assert_eq!(step.delete_up_to(), None);
    assert_eq!(step.check_progress(), Ok(()));
    let (report, after) = step.end(None);
    assert_eq!(
        (report.state, report.read, report.taken_in),
        (State::Ok, 3, 3)
    );
    assert_eq!(after.swept_at, NOW);
    assert!(!report.more, "the whole list is taken in");

    // A day later.
    let mut next = Step::begin(
        parse_url,
        &CONFIG,
        &source,
        after,
        BTreeSet::new(),
        NOW + DAY,
    );
    next.answered("Mon, 23 Nov 2026 12:00:00 GMT");
    read(&mut next, &list(&[1, 2, 3]), &["f-1", "f-2", "f-3"]);
    assert!(hand_over(&mut next, &[]).is_empty());
    next.finished_reading(true);
    let up_to = next.delete_up_to().unwrap();
    next.deleted(up_to);
    let (report, _) = next.end(None);
    assert_eq!(
        report.deleted_up_to.as_deref(),
        Some("2026-11-22T11:00:00Z")
    );
    assert_eq!(report.known, 3);
}

#[test]
fn held_entries_stay_in_the_list_and_are_judged_at_once_when_they_can_be() {
    let source = source(1);
    let mut step = begin(&source, Ledger::default());
    read(&mut step, &list(&[1, 2]), &[]);
    assert_eq!(hand_over(&mut step, &["f-2"]), [hashed("f-1")]);
    step.finished_reading(true);
    assert_eq!(step.delete_up_to(), None);
    let (report, _) = step.end(None);
    assert_eq!(report.held, 1);
    assert!(
        report.more,
        "the list was read long after they were given up"
    );
}

/// A list of these entries: a readable one is `r`, one that cannot be parsed `u`, one whose time is unreadable `x`. Each
/// is a minute later than the one before.
fn mixed(kinds: &str) -> String {
    let entries = kinds.char_indices().map(|(number, kind)| {
        let time = match kind {
            'x' => "soon".to_owned(),
            _ => format!("2026-11-22T10:{number:02}:00Z"),
        };
        let event = match kind {
            'r' => format!(
                "<event><action>updated</action><type>user</type><object><user><id>{number}</id></user></object></event>"
            ),
            _ => format!("<event>{number}</event>"),
        };
        format!(
            "<webhooks-failure><id>{number}</id><time>{time}</time><error>x</error>\
             <url>https://edge.example/hooks/acme?token=n3w-s3cret</url>{event}</webhooks-failure>"
        )
    });
    let entries: String = entries.collect();
    format!("<webhooks-failures>{entries}</webhooks-failures>")
}

/// Hands over every batch to an inbox whose quarantine is full.
fn hand_over_to_full(step: &mut Step<'_>, list: &str) -> Vec<String> {
    let entries = failures::parse(list.as_bytes()).unwrap();
    let of_notifications = entries.iter().filter(|entry| {
        let failure = entry.failure();
        failure.is_ok_and(|failure| failure.notification().is_ok())
    });
    let sound: Vec<_> = of_notifications.map(entry::id).collect();
    let sending = step.take_batch(0).unwrap();
    let ids = sending.entries.iter().map(|entry| entry.id.clone());
    let (taken, no_place): (Vec<_>, Vec<_>) = ids.partition(|id| sound.contains(id));
    let receipt = BatchReceipt {
        taken_in: u32::try_from(taken.len()).unwrap(),
        no_place,
        ..BatchReceipt::default()
    };
    assert_eq!(step.committed(sending, &receipt), taken);
    taken
}

#[test]
fn an_entry_without_a_place_in_the_quarantine_stays_in_the_list_and_guards_what_is_behind_it() {
    let source = source(1);
    for (kinds, no_place, up_to) in [
        ("rrurr", 1, Some("2026-11-22T10:01:59Z")),
        ("rruru", 2, Some("2026-11-22T10:01:59Z")),
        ("urr", 1, None),
        // Its time is unknown, but not its place: the one before it is a guard.
        ("rrxrr", 1, Some("2026-11-22T10:00:59Z")),
        ("rxrr", 1, None),
        ("xrr", 1, None),
        ("rrr", 0, Some("2026-11-22T10:01:59Z")),
    ] {
        let mut step = begin(&source, Ledger::default());
        let list = mixed(kinds);
        read(&mut step, &list, &[]);
        hand_over_to_full(&mut step, &list);
        step.finished_reading(true);
        let deleted = step.delete_up_to().map(Timestamp::to_rfc3339);
        assert_eq!(deleted.as_deref(), up_to, "{kinds}");
        assert_eq!(step.check_progress(), Ok(()));
        let (report, _) = step.end(None);
        assert_eq!(report.no_place, no_place, "{kinds}");
        assert_eq!(report.held, 0, "nothing to decide");
        assert!(!report.more, "{kinds}: it would find no place either");
        assert_eq!(report.detail.is_some(), no_place > 0);
    }
}

#[test]
fn a_full_quarantine_is_asked_once_in_a_step_and_hides_no_entry() {
    let source = source(1);
    let mut step = begin(&source, Ledger::default());
    let begins = mixed("ru");
    read(&mut step, &begins, &[]);
    hand_over_to_full(&mut step, &begins);
    let rest = mixed("uuuxuur").replace("<id>", "<id>2-");
    read(&mut step, &rest, &[]);
    let sending = step.take_batch(0).unwrap();
    assert_eq!(sending.entries.len(), 1, "the one that can be parsed");
    let receipt = BatchReceipt {
        taken_in: 1,
        ..BatchReceipt::default()
    };
    step.committed(sending, &receipt);
    step.finished_reading(false);
    assert_eq!(step.check_progress(), Ok(()));
    let (report, _) = step.end(None);
    assert_eq!((report.taken_in, report.no_place), (2, 7));
}

#[test]
fn a_step_without_progress_is_not_followed_by_another() {
    let source = source(1);
    let mut step = begin(&source, Ledger::default());
    read(&mut step, &list(&[1]), &["f-1"]);
    step.finished_reading(false);
    let stuck = step.check_progress().unwrap_err();
    assert_eq!(stuck.code, Code::Stuck);
    let (report, after) = step.end(None);
    assert!(!report.more);
    // Only up to the last entry that was read.
    assert_eq!(after.swept_at, NOW - 60 * MINUTE);

    let mut step = begin(&source, Ledger::default());
    read(&mut step, &list(&[2]), &[]);
    hand_over(&mut step, &[]);
    step.finished_reading(false);
    assert!(
        step.end(None).0.more,
        "it took something in, and there is more"
    );
}

#[test]
fn after_a_failure_the_cron_waits_longer_each_time() {
    let source = source(1);
    let mut ledger = Ledger::default();
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let error = AdminApiError::new(Code::AccessDenied, "no");
        let (report, after) = begin(&source, ledger).end(Some(error));
        assert_eq!(report.state, State::Failed(Code::AccessDenied));
        assert_eq!(report.next_at, Some(UnixMillis(after.next_at)));
        assert!(report.failed() && !report.more);
        pauses.push((after.next_at - NOW) / MINUTE);
        ledger = after;
    }
    assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
    let (report, after) = begin(&source, ledger).end(None);
    assert_eq!((after.failures, after.next_at), (0, 0));
    assert_eq!(report.failures_in_a_row, 0);
}

#[test]
fn a_step_ends_when_it_has_done_enough() {
    let source = source(1);
    let mut step = begin(&source, Ledger::default());
    assert!(!step.is_enough(NOW + MINUTE));
    assert!(step.is_enough(NOW + 3 * MINUTE), "too slow");
    let accounts: Vec<u32> = (0..2000).collect();
    read(&mut step, &list(&accounts), &[]);
    assert!(step.is_enough(NOW), "enough entries");
}

#[test]
fn a_list_that_never_ends_is_read_up_to_a_limit() {
    let source = source(1);
    let mut step = begin(&source, Ledger::default());
    step.arrived(63 << 20);
    assert!(!step.is_enough(NOW));
    step.arrived(1 << 20);
    assert!(step.is_enough(NOW));
    step.finished_reading(false);
    assert_eq!(step.check_progress().unwrap_err().code, Code::Stuck);
}

#[test]
fn entries_for_another_receiver_are_taken_in_and_guard_the_list_from_then_on() {
    let source = source(1);
    let theirs = list(&[1, 2]).replace("edge.example/hooks/acme?", "production.example/3scale?");
    let both = list(&[3]).replace(
        "</webhooks-failures>",
        theirs.trim_start_matches("<webhooks-failures>"),
    );
    for known in [&[][..], &["f-1", "f-2", "f-3"]] {
        let mut step = Step::begin(
            parse_url,
            &CONFIG,
            &source,
            Ledger::default(),
            BTreeSet::new(),
            NOW + DAY,
        );
        step.answered("Mon, 23 Nov 2026 12:00:00 GMT");
        read(&mut step, &both, known);
        assert_eq!(hand_over(&mut step, &[]).len(), 3 - known.len());
        step.finished_reading(true);
        assert_eq!(step.delete_up_to(), None);
        let (report, _) = step.end(None);
        assert_eq!(report.foreign, 2);
        let origin = report.foreign_origin.unwrap();
        assert_eq!(origin, "https://production.example");
    }
}

#[test]
fn a_page_that_is_no_list_is_distinguished_from_a_broken_list() {
    let source = source(1);
    let mut step = begin(&source, Ledger::default());
    let error = failures::parse(b"<html></html>").unwrap_err();
    assert_eq!(step.list_error(&error, "text/html").code, Code::NotAList);
    read(&mut step, &list(&[1]), &[]);
    assert_eq!(step.list_error(&error, "text/html").code, Code::BrokenList);
}
