//! Access to the admin API: an access token with its scopes, or the provider key.

use std::fmt;
use std::str::FromStr;

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The scope that the webhook endpoints require.
const SCOPE: &str = "account_management";

/// An access token and its permissions.
#[derive(Clone)]
#[must_use]
pub struct AccessToken {
    value: String,
    scopes: Vec<String>,
    /// Its owner is an admin, or a member with the permission `web_hooks`.
    manages_webhooks: bool,
}

impl AccessToken {
    /// A token of an admin, with the required scope.
    pub fn admin(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            scopes: vec![SCOPE.to_owned()],
            manages_webhooks: true,
        }
    }

    /// The same token with these scopes instead.
    pub fn scopes(self, scopes: &[&str]) -> Self {
        Self {
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            ..self
        }
    }

    /// The same token, of a member without the permission `web_hooks`.
    pub fn of_a_member(self) -> Self {
        Self {
            manages_webhooks: false,
            ..self
        }
    }
}

/// `TOKEN`, `TOKEN=scope,scope`, or `TOKEN=member`.
impl FromStr for AccessToken {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once('=') {
            None => Self::admin(text),
            Some((value, "member")) => Self::admin(value).of_a_member(),
            Some((value, scopes)) => {
                Self::admin(value).scopes(&scopes.split(',').collect::<Vec<_>>())
            }
        })
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// All valid credentials of one tenant.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// Tokens of the tenant's admins and members.
    pub access_tokens: Vec<AccessToken>,
    /// The tenant's own key, which may do everything.
    pub provider_key: Option<String>,
}

/// The reason why a request is refused; always 403, never 401.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// No credential, or an unknown one.
    Credentials,
    /// A token without the scope.
    Scope,
    /// A token of a member without the permission.
    Ability,
}

impl Credentials {
    /// `params` are the decoded parameters of query and form body.
    pub(crate) fn check(
        &self,
        params: &[(String, String)],
        headers: &HeaderMap,
    ) -> Result<(), Denied> {
        let basic = basic(headers);
        let given = |name: &'static str| {
            params
                .iter()
                .filter(move |(key, _)| key == name)
                .map(|(_, value)| value)
                .chain(&basic)
        };
        if given("provider_key").any(|value| self.provider_key.as_ref() == Some(value)) {
            // The provider key is the tenant's own: scopes and permissions do not apply.
            return Ok(());
        }
        let token = given("access_token")
            .find_map(|value| {
                self.access_tokens
                    .iter()
                    .find(|token| &token.value == value)
            })
            .ok_or(Denied::Credentials)?;
        if !token.scopes.iter().any(|scope| scope == SCOPE) {
            return Err(Denied::Scope);
        }
        if token.manages_webhooks {
            Ok(())
        } else {
            Err(Denied::Ability)
        }
    }
}

/// Basic carries the credential as the user or as the password.
fn basic(headers: &HeaderMap) -> Vec<String> {
    let decode = || {
        let header = headers.get("authorization")?.to_str().ok()?;
        let decoded = STANDARD
            .decode(header.strip_prefix("Basic ")?.trim())
            .ok()?;
        let (user, password) = std::str::from_utf8(&decoded)
            .ok()?
            .split_once(':')?
            .to_owned();
        Some(
            [user, password]
                .into_iter()
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    };
    decode().unwrap_or_default()
}
