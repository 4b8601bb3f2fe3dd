//! One rule for the strength of secrets, and those that everybody knows.

use super::*;

const EXAMPLE_KEY: &str = "whsec_bG9jYWwtc2lnbmluZy1zZWNyZXQtMzItYnl0ZXMhIQ==";

fn with(variable: &'static str, value: &'static str, allow_local: bool) -> Setup {
    read(|fake| {
        fake.texts.insert(variable, value);
        if allow_local {
            fake.texts.insert("ALLOW_LOCAL_TARGETS", "true");
        }
    })
}

fn items<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<&'f str> {
    let items = findings.into_iter().map(|finding| finding.item.as_str());
    items
        .filter(|item| *item != "ALLOW_LOCAL_TARGETS")
        .collect()
}

#[test]
fn every_value_of_every_secret_of_ours_is_held_against_one_rule() {
    for variable in ["SOURCE_ACME_SECRET", CONSOLE_TOKEN] {
        for allow_local in [false, true] {
            let guessable = with(variable, "a-long-enough-secret x", allow_local);
            assert_eq!(items(&guessable.mistakes), [variable]);
            let short = with(variable, "a-long-enough-secret rather-short", allow_local);
            assert_eq!(
                (items(&short.mistakes), items(&short.warnings)),
                (vec![], vec![variable])
            );
        }
    }
    let variable = "DESTINATION_CRM_SIGNING_SECRET";
    assert_eq!(
        items(&with(variable, "whsec_c2VjcmU=", true).mistakes),
        [variable]
    );
    let short = with(variable, "whsec_c2VjcmV0LWtleS1vZi0yMA==", false);
    assert_eq!(
        (items(&short.mistakes), items(&short.warnings)),
        (vec![], vec![variable])
    );
    assert!(with(variable, EXAMPLE_KEY, true).mistakes.is_empty());
}

#[test]
fn a_token_that_can_be_guessed_does_not_count_and_the_others_do() {
    let setup = with(
        CONSOLE_TOKEN,
        "correct horse bob:read:x ann:write:a-long-enough-secret",
        false,
    );
    assert_eq!(items(&setup.mistakes), [CONSOLE_TOKEN; 3]);
    let names: Vec<_> = setup
        .config
        .console_tokens
        .iter()
        .map(|token| token.name.as_deref())
        .collect();
    assert_eq!(names, [Some("ann")]);
    assert!(!setup.has_faulty_tokens());
    let none = with(CONSOLE_TOKEN, "x", false);
    assert!(none.config.console_tokens.is_empty() && none.has_faulty_tokens());
    assert!(!read(|_| {}).has_faulty_tokens());
    let odd = with(CONSOLE_TOKEN, "ann:admin:a-long-enough-secret", false);
    assert_eq!(items(&odd.mistakes), [CONSOLE_TOKEN]);
    assert!(
        odd.config
            .secrets()
            .any(|secret| secret.reveal().contains("ann:admin"))
    );
}

#[test]
fn what_the_example_file_holds_is_a_mistake_anywhere_but_on_localhost() {
    let at = |url: &str| crate::location::parse_url(url).unwrap();
    for (variable, value) in [
        ("SOURCE_ACME_SECRET", "a-long-enough-secret local-secret"),
        ("CONSOLE_TOKEN", "local-console-token"),
        ("SOURCE_ACME_ACCESS_TOKEN", "local-access-token"),
        ("DESTINATION_CRM_SIGNING_SECRET", EXAMPLE_KEY),
    ] {
        let deployed = with(variable, value, false);
        assert_eq!(items(&deployed.mistakes), [variable]);
        let local = with(variable, value, true);
        assert_eq!(
            items(local.mistakes_at(&at("http://localhost:8787/healthz"))),
            Vec::<&str>::new()
        );
        // All of `.dev.vars` was uploaded, `ALLOW_LOCAL_TARGETS` with it.
        assert_eq!(
            items(local.mistakes_at(&at("https://edge.example.com/healthz"))),
            [variable]
        );
    }
}

fn access(team: &'static str, audiences: &'static str, local: bool) -> Setup {
    read(|fake| {
        fake.texts.insert("ACCESS_TEAM", team);
        fake.texts.insert("ACCESS_AUD", audiences);
        if local {
            fake.texts.insert("ALLOW_LOCAL_TARGETS", "true");
        }
    })
}

#[test]
fn a_team_of_access_is_given_by_its_name_or_its_address() {
    for team in [
        "acme",
        " acme ",
        "acme.cloudflareaccess.com",
        "https://acme.cloudflareaccess.com/",
    ] {
        let setup = access(team, "console-tag  api-tag", false);
        assert_eq!(items(&setup.mistakes), Vec::<&str>::new(), "{team}");
        assert_eq!(items(&setup.warnings), Vec::<&str>::new(), "{team}");
        let access = setup.config.access.clone().unwrap();
        assert_eq!(access.issuer, "https://acme.cloudflareaccess.com");
        assert_eq!(access.audiences, ["console-tag", "api-tag"]);
    }
    let stand_in = access("http://127.0.0.1:4000", "tag", true);
    let issuer = stand_in.config.access.clone().unwrap().issuer;
    assert_eq!(issuer, "http://127.0.0.1:4000");
}

#[test]
fn keys_come_from_cloudflare_and_nobody_else() {
    for team in [
        "https://evil.example",
        "http://acme.cloudflareaccess.com",
        "http://127.0.0.1:4000",
        "https://acme.cloudflareaccess.com/path",
        "https://evil.example/?.cloudflareaccess.com",
        "evil.example/",
        "a b",
    ] {
        let setup = access(team, "tag", false);
        assert_eq!(items(&setup.mistakes), ["ACCESS_TEAM"], "{team}");
        assert_eq!(setup.config.access, None);
    }
}

#[test]
fn one_setting_of_access_without_the_other_is_a_mistake() {
    for (team, audiences, missing) in [("acme", " ", "ACCESS_AUD"), ("", "tag", "ACCESS_TEAM")] {
        let setup = access(team, audiences, false);
        assert_eq!(items(&setup.mistakes), [missing]);
        assert_eq!(setup.config.access, None);
    }
    assert_eq!(access("", "", false).config.access, None);
}
