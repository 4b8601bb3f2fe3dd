//! Plain variables, and secrets: [`Reader`]'s tools for them.

use super::{
    CONSOLE_TOKEN, ConsoleToken, ConsoleTokens, Destination, Environment, Finding, Reader, Source,
    Transport,
    access::{ACCESS_AUD, ACCESS_TEAM},
    nearest::{did_you_mean, nearest},
};
use crate::{
    name::DestinationName,
    secret::{Secret, Secrets, Weakness},
    target,
};

/// The variables whose names are not made of others.
const VARIABLES: [&str; 13] = [
    "SOURCES",
    "DESTINATIONS",
    "ALERTS",
    CONSOLE_TOKEN,
    ACCESS_TEAM,
    ACCESS_AUD,
    "PUBLIC_URL",
    "DEDUP_WINDOW_SECONDS",
    "MAX_BODY_BYTES",
    "RETENTION_DAYS",
    "OVERDUE_AFTER_MINUTES",
    "TIME_FACTOR",
    "ALLOW_LOCAL_TARGETS",
];

/// The longest that `RETENTION_DAYS` may say.
const MOST_RETENTION_DAYS: u64 = 3650;

impl<E: Environment> Reader<'_, E> {
    pub(super) fn allow_local_targets(&mut self) -> bool {
        match self
            .env
            .text("ALLOW_LOCAL_TARGETS")
            .as_deref()
            .map(str::trim)
        {
            None | Some("" | "false") => false,
            Some("true") => {
                self.warn(
                    "ALLOW_LOCAL_TARGETS",
                    "is true: targets may be plain http and private addresses. For development only",
                );
                self.local_only.push(Finding::new(
                    "ALLOW_LOCAL_TARGETS",
                    "is true, which is for development: notifications are then taken on localhost only",
                ));
                true
            }
            Some(_) => {
                self.mistake("ALLOW_LOCAL_TARGETS", "must be true or false");
                false
            }
        }
    }

    /// Makes the waits of delivery shorter, for tests and for trying out.
    pub(super) fn time_factor(&mut self) -> u32 {
        let factor = self.number("TIME_FACTOR", 1, 1, 1_000_000);
        if factor > 1 && !self.allow_local {
            self.mistake(
                "TIME_FACTOR",
                "is for development only: it needs ALLOW_LOCAL_TARGETS",
            );
            return 1;
        }
        if factor > 1 {
            self.warn(
                "TIME_FACTOR",
                format!("is {factor}: deliveries are tried again that many times as fast"),
            );
        }
        u32::try_from(factor).unwrap_or(1)
    }

    /// `ALERTS`: names of destinations, separated by spaces.
    pub(super) fn alerts(
        &mut self,
        names: &[&str],
        destinations: &[Destination],
    ) -> Vec<DestinationName> {
        let mut alerts = Vec::new();
        for name in names {
            match destinations.iter().find(|known| known.name.as_str() == *name) {
                Some(destination)
                    if destination
                        .transport
                        .as_ref()
                        .is_none_or(Transport::takes_alerts) =>
                {
                    alerts.push(destination.name.clone());
                }
                Some(_) => self.mistake(
                    "ALERTS",
                    format!("names {name}, whose format = \"xml\" or keep = \"objects\" has no room for an alert"),
                ),
                None => {
                    let known = destinations.iter().map(|known| known.name.as_str());
                    let near = did_you_mean(name, known);
                    self.mistake("ALERTS", format!("names {name}, which is no destination{near}"));
                }
            }
        }
        alerts
    }

    /// A whole number in a plain variable.
    pub(super) fn number(&mut self, variable: &str, default: u64, least: u64, most: u64) -> u64 {
        let Some(text) = self.env.text(variable) else {
            return default;
        };
        match text.trim().parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.mistake(
                    variable,
                    format!("must be a whole number from {least} to {most}"),
                );
                default
            }
        }
    }

    /// While it cannot be read nothing is forgotten: what was to be kept for long would be gone.
    pub(super) fn retention_days(&mut self) -> u64 {
        let mistakes_before = self.findings.mistakes.len();
        let days = self.number("RETENTION_DAYS", 30, 0, MOST_RETENTION_DAYS);
        if self.findings.mistakes.len() > mistakes_before {
            MOST_RETENTION_DAYS
        } else {
            days
        }
    }

    /// `PUBLIC_URL`: an origin, checked as what others are told to call.
    pub(super) fn public_url(&mut self) -> Option<String> {
        let text = self.env.text("PUBLIC_URL")?;
        let (url, parse_url) = (text.trim(), self.env.parse_url());
        if url.is_empty() {
            return None;
        }
        let problem = match target::check(parse_url, url, self.allow_local) {
            Err(problem) => problem.to_string(),
            Ok(()) => match parse_url(url) {
                Some(location) if location.path == "/" && location.query.is_empty() => {
                    return Some(location.origin);
                }
                _ => "must have no path and no query: https://edge.example.com".to_owned(),
            },
        };
        self.mistake("PUBLIC_URL", problem);
        None
    }

    /// `CONSOLE_TOKEN`. A token that is faulty does not count; the others do.
    pub(super) fn console_tokens(&mut self) -> ConsoleTokens {
        let mut tokens = ConsoleTokens::default();
        let values = Secrets::from_text(&self.env.text(CONSOLE_TOKEN).unwrap_or_default());
        for value in values.iter() {
            self.secrets.push(value.clone());
            match value.reveal().parse::<ConsoleToken>() {
                Ok(token) => {
                    self.secrets.push(token.secret.clone());
                    if self.is_strong_enough(CONSOLE_TOKEN, &token.secret) {
                        tokens.push(token);
                    }
                }
                Err(problem) => self.mistake(CONSOLE_TOKEN, problem.to_string()),
            }
        }
        tokens
    }

    /// A secret of which several values may be valid. Each is held against the rule for secrets.
    pub(super) fn secrets(&mut self, variable: &str) -> Secrets {
        let values = Secrets::from_text(&self.env.text(variable).unwrap_or_default());
        for value in values.iter() {
            self.secrets.push(value.clone());
            self.is_strong_enough(variable, value);
        }
        values
    }

    /// A secret of one value that is not of our making, and may hold spaces.
    pub(super) fn whole_secret(&mut self, variable: &str) -> Option<Secret> {
        let value = Secret::whole(&self.env.text(variable)?)?;
        self.secrets.push(value.clone());
        if value.is_example() {
            self.is_strong_enough(variable, &value);
        }
        Some(value)
    }

    /// `true` if the value may count at all. Reports the weakness of the value without showing it.
    fn is_strong_enough(&mut self, variable: &str, value: &Secret) -> bool {
        if value.is_example() {
            let problem = "holds a value of .dev.vars.example, which everybody knows: it works on localhost only. \
                           `openssl rand -hex 32` makes a good one";
            if self.allow_local {
                self.local_only.push(Finding::new(variable, problem));
            } else {
                self.mistake(variable, problem);
            }
            return self.allow_local;
        }
        match value.weakness() {
            None => true,
            Some(Weakness::Short) => {
                self.warn(
                    variable,
                    "holds a value of fewer than 16 characters, or one that repeats itself: `openssl rand -hex 32` \
                     makes a good one",
                );
                true
            }
            Some(Weakness::Guessable) => {
                self.mistake(
                    variable,
                    "holds a value that can be guessed, of fewer than 8 characters or a repetition of so many. Values \
                     are separated by spaces, so a phrase is several. `openssl rand -hex 32` makes a good one",
                );
                false
            }
        }
    }

    /// Warns of variables that look like ours but are not known: they do nothing.
    pub(super) fn unknown_variables(&mut self, sources: &[Source], destinations: &[Destination]) {
        let of_sources = sources.iter().flat_map(|source| {
            let name = source.name.env_name();
            ["SECRET", "ACCESS_TOKEN"].map(|what| format!("SOURCE_{name}_{what}"))
        });
        let of_destinations = destinations.iter().flat_map(|destination| {
            let name = destination.name.env_name();
            ["SIGNING_SECRET", "AUTHORIZATION", "URL"]
                .map(|what| format!("DESTINATION_{name}_{what}"))
        });
        let secrets: Vec<String> = of_sources.chain(of_destinations).collect();
        for name in self.env.names() {
            if VARIABLES.contains(&name.as_str()) || secrets.contains(&name) {
                continue;
            }
            let capitals = name.to_ascii_uppercase();
            if capitals.starts_with("SOURCE_") || capitals.starts_with("DESTINATION_") {
                let near = did_you_mean(&capitals, secrets.iter().map(String::as_str));
                self.warn(
                    &name,
                    format!("belongs to no source and no destination that is configured, and does nothing{near}"),
                );
            } else if let Some(near) = nearest_variable(&capitals, &name) {
                self.warn(
                    &name,
                    format!("is not known and does nothing; did you mean `{near}`?"),
                );
            }
        }
    }
}

fn nearest_variable(capitals: &str, name: &str) -> Option<&'static str> {
    let exact = VARIABLES
        .into_iter()
        .find(|known| *known == capitals && *known != name);
    exact.or_else(|| nearest(capitals, VARIABLES))
}
