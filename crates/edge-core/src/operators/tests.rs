use super::*;
use crate::location::parse_url;

const NOW_S: i64 = 1_700_000_000;
const SITE: &str = "https://edge.example.com";

fn config() -> Config {
    let mut config = Config::default();
    for token in [
        "new",
        "old",
        "grafana:read:re:ader",
        "ann:write:of-ann",
        "local-console-token",
    ] {
        config.console_tokens.push(token.parse().unwrap());
    }
    config
}

fn at(url: &str) -> Location {
    parse_url(url).unwrap()
}

fn shown<'r>(url: &'r Location, authorization: Option<&'r str>) -> Credentials<'r> {
    Credentials {
        url,
        method: "GET",
        authorization,
        cookies: None,
        origin: None,
        person: None,
        now_s: NOW_S,
    }
}

/// The cookie of a session with the token of this name, begun now.
fn session(config: &Config, name: Option<&str>, url: &Location) -> String {
    let mut tokens = config.console_tokens.iter();
    let token = tokens.find(|token| token.name.as_deref() == name).unwrap();
    let cookie = session::begin(token, url, "7", NOW_S);
    cookie.split(';').next().unwrap().to_owned()
}

fn name(operator: Operator) -> Name {
    operator.name
}

fn token_name(name: &str) -> Name {
    Name::Token(Some(name.to_owned()))
}

#[test]
fn an_operator_is_admitted_by_each_token_and_by_nothing_else() {
    let (config, url) = (config(), at(SITE));
    let admitted = |url: &Location, method: &str, header: Option<&str>| {
        let shown = Credentials {
            method,
            ..shown(url, header)
        };
        admit(&config, &shown).map(name)
    };
    let none = admit(&Config::default(), &shown(&url, Some("Bearer x")));
    assert_eq!(none, Err(Problem::NotFound));
    for token in ["Bearer new", "Bearer old"] {
        let operator = admitted(&url, "POST", Some(token));
        assert_eq!(operator, Ok(Name::Token(None)), "{token}");
    }
    let reader = Some("Bearer re:ader");
    assert_eq!(admitted(&url, "GET", reader), Ok(token_name("grafana")));
    assert_eq!(admitted(&url, "HEAD", reader), Ok(token_name("grafana")));
    let refused = admitted(&url, "POST", reader);
    assert_eq!(refused, Err(Problem::ReadOnlyToken));
    let example = Some("Bearer local-console-token");
    assert_eq!(admitted(&url, "GET", example), Err(Problem::NoToken));
    let local = at("http://localhost:8787/");
    assert_eq!(admitted(&local, "GET", example), Ok(Name::Token(None)));
    for header in [
        None,
        Some(""),
        Some("new"),
        Some("Basic new"),
        Some("Bearer "),
        Some("Bearer newer"),
    ] {
        let refused = admitted(&url, "GET", header);
        assert_eq!(refused, Err(Problem::NoToken), "{header:?}");
    }
}

#[test]
fn a_scraper_may_present_the_token_as_the_password_of_any_user() {
    let (config, url) = (config(), at(SITE));
    let admitted = |header: Option<&str>| admit_scraper(&config, &shown(&url, header)).map(name);
    assert_eq!(admitted(Some("Bearer re:ader")), Ok(token_name("grafana")));
    for user in ["", "prometheus"] {
        let basic = STANDARD.encode(format!("{user}:re:ader"));
        for header in [format!("Basic {basic}"), format!("basic {basic}")] {
            assert_eq!(admitted(Some(&header)), Ok(token_name("grafana")));
            // Nowhere else: browsers send it on their own.
            let operator = admit(&config, &shown(&url, Some(&header)));
            assert_eq!(operator, Err(Problem::NoToken));
        }
    }
    for wrong in [
        None,
        Some("Basic"),
        Some("Basic !"),
        Some("Basic cmU6YWRlcg=="),
        Some("Basic eA=="),
    ] {
        assert_eq!(admitted(wrong), Err(Problem::NoToken), "{wrong:?}");
    }
    let basic = format!("Basic {}", STANDARD.encode("x:re:ader"));
    let without_tokens = admit_scraper(&Config::default(), &shown(&url, Some(&basic)));
    assert_eq!(without_tokens, Err(Problem::NotFound));
}

#[test]
fn details_are_for_operators_and_for_this_machine() {
    let local = at("http://localhost:8787/healthz");
    let public = at("https://edge.example.com/healthz");
    let config = config();
    let sees = |url: &Location, header| sees_details(&config, &shown(url, header));
    let without_tokens = |url| sees_details(&Config::default(), &shown(url, Some("Bearer new")));
    assert_eq!(without_tokens(&public), Ok(false));
    assert_eq!(without_tokens(&local), Ok(true));
    assert_eq!(sees(&public, None), Ok(false));
    assert_eq!(sees(&local, None), Ok(true));
    assert_eq!(sees(&public, Some("Bearer new")), Ok(true));
    assert_eq!(sees(&public, Some("Bearer re:ader")), Ok(true));
    for url in [&public, &local] {
        let wrong = sees(url, Some("Bearer guess"));
        assert_eq!(wrong, Err(Problem::NoToken));
    }
}

#[test]
fn a_session_is_its_tokens_for_twelve_hours() {
    let (config, url) = (config(), at(SITE));
    let cookie = session(&config, Some("grafana"), &url);
    let admitted = |config: &Config, url: &Location, cookies: &str, now_s| {
        let shown = Credentials {
            cookies: Some(cookies),
            now_s,
            ..shown(url, None)
        };
        admit(config, &shown).map(|operator| (operator.name, operator.may_write))
    };
    let grafana = Ok((token_name("grafana"), false));
    let last_second = NOW_S + 12 * 3600 - 1;
    assert_eq!(admitted(&config, &url, &cookie, NOW_S), grafana);
    assert_eq!(admitted(&config, &url, &cookie, last_second), grafana);
    let among_others = format!("theme=dark; {cookie}; other=1");
    assert_eq!(admitted(&config, &url, &among_others, NOW_S), grafana);
    let refused = Err(Problem::NoToken);
    assert_eq!(admitted(&config, &url, &cookie, last_second + 1), refused);
    // The clock went back, or somebody made up an end.
    assert_eq!(admitted(&config, &url, &cookie, NOW_S - 1), refused);
    let mut without = Config::default();
    without.console_tokens.push("new".parse().unwrap());
    assert_eq!(admitted(&without, &url, &cookie, NOW_S), refused);
}

#[test]
fn a_session_that_was_changed_is_none() {
    let (config, url) = (config(), at(SITE));
    let cookie = session(&config, Some("ann"), &url);
    let value = cookie.strip_prefix("__Host-session=").unwrap();
    let (claim, mac) = value.rsplit_once('.').unwrap();
    let (ends_at, nonce) = claim.split_once('.').unwrap();
    let later: i64 = ends_at.parse::<i64>().unwrap() - 1;
    for forged in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        claim.to_owned(),
        format!("{claim}."),
        format!("{later}.{nonce}.{mac}"),
        format!("{ends_at}.{nonce}A.{mac}"),
        format!("{claim}.{}", mac.chars().rev().collect::<String>()),
        format!("{claim}.{}", &mac[..mac.len() - 2]),
        format!("-9223372036854775808.{nonce}.{mac}"),
    ] {
        let cookies = format!("__Host-session={forged}");
        let shown = Credentials {
            cookies: Some(&cookies),
            ..shown(&url, None)
        };
        assert_eq!(admit(&config, &shown), Err(Problem::NoToken), "{forged}");
    }
}

#[test]
fn a_session_of_the_examples_token_is_of_use_on_localhost_only() {
    let (local, public) = (at("http://localhost:8787/"), at(SITE));
    let mut config = Config::default();
    let token = "local-console-token".parse().unwrap();
    config.console_tokens.push(token);
    let admitted = |url: &Location| {
        let cookie = session(&config, None, url);
        let shown = Credentials {
            cookies: Some(&cookie),
            ..shown(url, None)
        };
        admit(&config, &shown).map(name)
    };
    assert_eq!(admitted(&local), Ok(Name::Token(None)));
    assert_eq!(admitted(&public), Err(Problem::NoToken));
}

#[test]
fn a_cookie_is_as_safe_as_its_address_permits() {
    let config = config();
    let token = config.console_tokens.iter().next().unwrap();
    let rest = "; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict";
    let cookie = session::begin(token, &at(SITE), "7", NOW_S);
    assert!(cookie.starts_with("__Host-session=") && cookie.ends_with(&format!("{rest}; Secure")));
    let local = session::begin(token, &at("http://localhost:8787/"), "7", NOW_S);
    assert!(local.starts_with("session=") && local.ends_with(rest));
    assert_eq!(
        session::end(&at(SITE)),
        "__Host-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure"
    );
}

#[test]
fn whoever_presents_a_token_in_a_form_gets_a_session() {
    let (config, url) = (config(), at(SITE));
    let begun = |config: &Config, token: &str| sign_in(config, &shown(&url, None), token, "7");
    let cookie = begun(&config, " of-ann\n").unwrap();
    assert!(cookie.starts_with(&session(&config, Some("ann"), &url)));
    for wrong in ["", "of-bob", "ann:write:of-ann", "local-console-token"] {
        let refused = begun(&config, wrong);
        assert_eq!(refused, Err(Problem::NoToken), "{wrong}");
    }
    let refused = begun(&Config::default(), "new");
    assert_eq!(refused, Err(Problem::NotFound));
    // Else somebody could work in another's name without knowing it.
    let another_sites = Credentials {
        origin: Some("https://evil.example"),
        ..shown(&url, None)
    };
    let refused = sign_in(&config, &another_sites, "of-ann", "7");
    assert_eq!(refused, Err(Problem::CrossSite));
}

#[test]
fn a_wrong_token_is_not_made_up_for_by_a_session() {
    let (config, url) = (config(), at(SITE));
    let cookie = session(&config, Some("ann"), &url);
    let shown = Credentials {
        cookies: Some(&cookie),
        ..shown(&url, Some("Bearer guess"))
    };
    assert_eq!(admit(&config, &shown), Err(Problem::NoToken));
}

#[test]
fn a_page_of_another_site_makes_no_browser_do_anything() {
    let (config, url) = (config(), at(SITE));
    let cookie = session(&config, Some("ann"), &url);
    let person = Person {
        name: "ann@example.com".to_owned(),
    };
    let with_session = Credentials {
        cookies: Some(&cookie),
        ..shown(&url, None)
    };
    let by_access = Credentials {
        person: Some(&person),
        ..shown(&url, None)
    };
    for credentials in [with_session, by_access] {
        let from = |origin| {
            let shown = Credentials {
                origin,
                method: "POST",
                ..credentials
            };
            admit(&config, &shown).map(|operator| operator.may_write)
        };
        assert_eq!(from(None), Ok(true));
        assert_eq!(from(Some(SITE)), Ok(true));
        for other in [
            "https://evil.example",
            "null",
            "http://edge.example.com",
            "",
        ] {
            assert_eq!(from(Some(other)), Err(Problem::CrossSite), "{other}");
        }
    }
    // No browser sends a token by itself.
    let token = Credentials {
        origin: Some("https://evil.example"),
        ..shown(&url, Some("Bearer new"))
    };
    assert!(admit(&config, &token).is_ok());
}

#[test]
fn a_form_comes_from_a_page_of_the_same_session() {
    let (config, url) = (config(), at(SITE));
    let admitted = |cookies: Option<&str>, person: Option<&Person>| {
        let shown = Credentials {
            cookies,
            person,
            ..shown(&url, None)
        };
        admit(&config, &shown).unwrap()
    };
    let ann = Person {
        name: "ann@example.com".to_owned(),
    };
    let operators = [
        admitted(Some(&session(&config, Some("ann"), &url)), None),
        admitted(Some(&session(&config, None, &url)), None),
        admitted(None, Some(&ann)),
    ];
    for operator in &operators {
        for other in &operators {
            let token = other.form_token.as_deref().unwrap();
            assert_eq!(operator.sent_form(token).is_ok(), operator == other);
        }
        assert_eq!(operator.sent_form(""), Err(Problem::StaleForm));
    }
    let program = admit(&config, &shown(&url, Some("Bearer new"))).unwrap();
    assert_eq!(program.sent_form(""), Ok(()));
}

#[test]
fn whom_access_lets_in_may_do_everything_once_there_is_a_console() {
    let (config, url) = (config(), at(SITE));
    let person = Person {
        name: "ann@example.com".to_owned(),
    };
    let shown = Credentials {
        person: Some(&person),
        method: "POST",
        ..shown(&url, None)
    };
    let operator = admit(&config, &shown).unwrap();
    let expected = Name::Person("ann@example.com".to_owned());
    assert_eq!((operator.name, operator.may_write), (expected, true));
    assert_eq!(admit(&Config::default(), &shown), Err(Problem::NotFound));
}

#[test]
fn a_link_from_another_site_is_called_again_by_a_page_of_ours() {
    assert!(session::is_withheld("GET", Some("cross-site")));
    for (method, site) in [
        ("GET", Some("same-origin")),
        ("GET", Some("none")),
        ("GET", None),
        ("POST", Some("cross-site")),
    ] {
        assert!(!session::is_withheld(method, site), "{method} {site:?}");
    }
}
