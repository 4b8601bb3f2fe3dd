//! `CONSOLE_TOKEN`: what operators and their programs present. A plain one may do everything; one that is written
//! `name:read:secret` or `name:write:secret` has a name for the record, and may be for reading only.

use subtle::Choice;

use crate::secret::{Presented, Secret};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleToken {
    /// Whose it is, where that is written.
    pub name: Option<String>,
    /// `true` if it may change things.
    pub may_write: bool,
    /// The secret that is presented.
    pub secret: Secret,
}

/// Says that a text is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidToken;

impl std::fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "holds a token with colons that is neither name:read:secret nor name:write:secret, with letters, digits, \
             `-`, `_` and `.` in the name",
        )
    }
}

impl std::str::FromStr for ConsoleToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let mut parts = text.splitn(3, ':');
        let (name, may_write, secret) = match (parts.next(), parts.next(), parts.next()) {
            (Some(secret), None, None) => (None, true, secret),
            (Some(name), Some(access @ ("read" | "write")), Some(secret)) if is_name(name) => {
                (Some(name.to_owned()), access == "write", secret)
            }
            _ => return Err(InvalidToken),
        };
        Ok(Self {
            name,
            may_write,
            secret: Secret::whole(secret).ok_or(InvalidToken)?,
        })
    }
}

fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// All tokens that are valid.
#[derive(Debug, Clone, Default)]
pub struct ConsoleTokens(Vec<ConsoleToken>);

impl ConsoleTokens {
    pub(crate) fn push(&mut self, token: ConsoleToken) {
        self.0.push(token);
    }

    /// `true` if there is none: then there is no API.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &ConsoleToken> {
        self.0.iter()
    }

    /// The token that was presented. Each is compared, always, so that the time tells nothing. Those of the example
    /// file count on localhost only.
    #[must_use]
    pub fn admit(&self, presented: &Presented, is_localhost: bool) -> Option<&ConsoleToken> {
        let mut admitted = None;
        for token in &self.0 {
            let counts = Choice::from(u8::from(is_localhost || !token.secret.is_example()));
            if bool::from(token.secret.equals(presented) & counts) {
                admitted = admitted.or(Some(token));
            }
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(Option<String>, bool, String)> {
        let token: ConsoleToken = text.parse().ok()?;
        Some((
            token.name,
            token.may_write,
            token.secret.reveal().to_owned(),
        ))
    }

    #[test]
    fn a_token_may_have_a_name_and_be_for_reading_only() {
        let named = |name: &str, may_write, secret: &str| {
            Some((Some(name.to_owned()), may_write, secret.to_owned()))
        };
        assert_eq!(parsed("s3cret"), Some((None, true, "s3cret".to_owned())));
        assert_eq!(
            parsed("grafana:read:s3cret"),
            named("grafana", false, "s3cret")
        );
        assert_eq!(
            parsed("ann.b:write:s3:cret"),
            named("ann.b", true, "s3:cret")
        );
    }

    #[test]
    fn a_token_that_is_almost_one_is_refused() {
        for text in [
            "",
            "ann:s3cret",
            "ann:admin:s3cret",
            "ann:read:",
            ":read:s3cret",
            "a/b:read:s3cret",
            "ann:READ:s3cret",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn a_token_is_admitted_by_its_secret_and_one_of_the_example_on_localhost_only() {
        let mut tokens = ConsoleTokens::default();
        for text in [
            "grafana:read:of-grafana",
            "ann:write:of-ann",
            "local-console-token",
        ] {
            tokens.push(text.parse().unwrap());
        }
        let admitted = |secret: &str, is_localhost| {
            let token = tokens.admit(&Presented::value(secret), is_localhost)?;
            Some((token.name.as_deref(), token.may_write))
        };
        assert_eq!(
            admitted("of-grafana", false),
            Some((Some("grafana"), false))
        );
        assert_eq!(admitted("of-ann", false), Some((Some("ann"), true)));
        assert_eq!(admitted("local-console-token", true), Some((None, true)));
        assert_eq!(admitted("local-console-token", false), None);
        assert_eq!(admitted("grafana:read:of-grafana", true), None);
        assert_eq!(admitted("", true), None);
    }
}
