use super::*;
use crate::config::tests::config;

const ID: &str = "0192f3c4-0000-7000-8000-000000000000";

fn read(method: &str, path: &str, body: &str) -> Result<Call, Problem> {
    let path: Vec<_> = path.split('/').collect();
    let config = config();
    let reading = Reading {
        config: &config,
        now_ms: 0,
    };
    Call::read(method, &path, "", body.as_bytes(), reading)
}

#[test]
fn each_path_is_one_call() {
    let crm: DestinationName = "crm".parse().unwrap();
    let pause = |paused| {
        let destination = crm.clone();
        Ok(Call::Pause(PauseDestination {
            destination,
            paused,
        }))
    };
    assert_eq!(read("POST", "destinations/crm/pause", ""), pause(true));
    assert_eq!(read("POST", "destinations/crm/resume", ""), pause(false));
    assert_eq!(
        read("GET", &format!("events/{ID}"), ""),
        Ok(Call::Event(GetEvent {
            id: ID.parse().unwrap()
        }))
    );
    assert!(matches!(
        read("GET", "events", ""),
        Ok(Call::Events(None, _))
    ));
    assert!(matches!(read("GET", "replays", ""), Ok(Call::Replays(_))));
    assert!(matches!(
        read("POST", "replays", r#"{"all":true}"#),
        Ok(Call::Replay(_))
    ));
    assert_eq!(read("GET", "recoveries", ""), Ok(Call::Recoveries));
    assert_eq!(read("POST", "recoveries", ""), Ok(Call::Recover(None)));
    assert!(matches!(
        read("POST", "sources/acme/register", ""),
        Ok(Call::Register(..))
    ));
}

#[test]
fn what_is_not_there_is_named_with_the_choices() {
    for (method, path, words) in [
        (
            "POST",
            "destinations/crn/pause",
            &["`crn`", "archive, crm", "`crm`?"][..],
        ),
        (
            "POST",
            "sources/acne/register",
            &["`acne`", "acme, other", "`acme`?"],
        ),
        ("GET", "events/2", &["`2`", "UUID"]),
        (
            "POST",
            "destinations/C R M/drop",
            &["`C R M`", "lower-case"],
        ),
        (
            "GET",
            "event",
            &["destinations/{name}/pause", "events/{id}"],
        ),
    ] {
        let problem = read(method, path, "").unwrap_err();
        assert_eq!((problem.status(), problem.code()), (404, "not_found"));
        let detail = problem.to_string();
        for word in words {
            assert!(detail.contains(word), "{path}: {detail}");
        }
        assert!(!detail.contains("CONSOLE_TOKEN"), "{detail}");
    }
}

#[test]
fn an_unknown_path_is_not_found() {
    for (method, path) in [
        ("POST", ""),
        ("POST", "nothing"),
        ("GET", "events/2"),
        ("GET", "events/"),
        ("POST", "events/2/replay"),
        ("POST", "destinations/nobody/pause"),
        ("POST", "destinations/nobody/test"),
        ("POST", "destinations/crm/start"),
        ("POST", "destinations/C R M/drop"),
        ("POST", "sources/nobody/register"),
        ("GET", "sources/acme"),
        ("GET", "replays/2"),
        ("POST", "replays/2/cancel"),
        ("GET", "objects/user"),
    ] {
        let problem = read(method, path, "").unwrap_err();
        assert_eq!(problem.code(), "not_found", "{path}");
    }
}

#[test]
fn another_method_is_refused_with_the_allowed_ones() {
    for (path, allow) in [
        ("destinations", "GET"),
        ("destinations/crm/pause", "POST"),
        ("destinations/old/drop", "POST"),
        ("events", "GET"),
        (&format!("events/{ID}/replay"), "POST"),
        ("replays", "GET, POST"),
        ("recoveries", "GET, POST"),
        ("sources/acme/register", "POST"),
        // Before what the path names is looked up.
        ("events/2", "GET"),
        ("destinations/nobody/pause", "POST"),
    ] {
        let refused = Err(Problem::MethodNotAllowed { allow });
        assert_eq!(read("DELETE", path, ""), refused, "{path}");
    }
}

#[test]
fn only_a_destination_that_is_not_configured_is_dropped() {
    assert!(matches!(
        read("POST", "destinations/old/drop", ""),
        Ok(Call::Drop(_))
    ));
    let refused = read("POST", "destinations/crm/drop", "").unwrap_err();
    assert!(
        refused.to_string().contains("is still configured"),
        "{refused}"
    );
}

#[test]
fn a_source_without_an_admin_api_has_no_recovery() {
    let refused = read("POST", "recoveries", r#"{"source":"acme"}"#).unwrap_err();
    assert!(
        refused.to_string().contains("SOURCE_ACME_ACCESS_TOKEN"),
        "{refused}"
    );
    let unknown = read("POST", "recoveries", r#"{"source":"acne"}"#).unwrap_err();
    assert!(unknown.to_string().contains("acme, other"), "{unknown}");
}
