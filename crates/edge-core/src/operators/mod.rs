//! Who may use the API, the figures and the console: by a token of `CONSOLE_TOKEN`, by the session of somebody who
//! signed in with one, or by Cloudflare Access.

pub mod session;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq as _;

use crate::{
    access::Person,
    config::{Config, ConsoleToken},
    location::Location,
    problem::Problem,
    secret::Presented,
};

/// Everything that a request shows of who sends it.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'r> {
    /// The address that is called.
    pub url: &'r Location,
    /// The request's method.
    pub method: &'r str,
    /// The header `Authorization`.
    pub authorization: Option<&'r str>,
    /// The header `Cookie`.
    pub cookies: Option<&'r str>,
    /// The header `Origin`: the site whose page makes a browser send this.
    pub origin: Option<&'r str>,
    /// Whom Cloudflare Access let in, where its word was verified.
    pub person: Option<&'r Person>,
    /// Seconds since 1970.
    pub now_s: i64,
}

/// Whoever was admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// How the record calls them.
    pub name: Name,
    /// `true` if they may change things.
    pub may_write: bool,
    /// What the console's forms must send back. `None` if the credentials are such as no browser sends on its own, so
    /// that no other site's page could have made it send the form.
    pub form_token: Option<String>,
}

/// How the record calls an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// By the token's name, if it has one.
    Token(Option<String>),
    /// As Cloudflare Access does.
    Person(String),
}

impl Operator {
    /// Takes a form with this token, if it comes from a page that this operator was shown.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn sent_form(&self, form_token: &str) -> Result<(), Problem> {
        let is_own = |own: &str| own.as_bytes().ct_eq(form_token.as_bytes()).into();
        if self.form_token.as_deref().is_none_or(is_own) {
            Ok(())
        } else {
            Err(Problem::StaleForm)
        }
    }

    /// The name, if there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.name {
            Name::Token(name) => name.as_deref(),
            Name::Person(name) => Some(name),
        }
    }

    /// The operator, if they may do what this method does.
    ///
    /// # Errors
    ///
    /// They may only read, and the method changes something.
    fn doing(self, method: &str) -> Result<Self, Problem> {
        if self.may_write || is_read(method) {
            Ok(self)
        } else {
            Err(Problem::ReadOnlyToken)
        }
    }
}

impl From<&ConsoleToken> for Operator {
    fn from(token: &ConsoleToken) -> Self {
        Self {
            name: Name::Token(token.name.clone()),
            may_write: token.may_write,
            form_token: None,
        }
    }
}

/// Admits an operator. A token that is presented decides, right or wrong; without one a session counts, and then the
/// word of Cloudflare Access.
///
/// # Errors
///
/// No `CONSOLE_TOKEN` is set, so that there is nothing to use; nobody is shown to be there, or somebody wrong; they may
/// only read; or a page of another site made their browser send this.
pub fn admit(config: &Config, shown: &Credentials<'_>) -> Result<Operator, Problem> {
    if config.console_tokens.is_empty() {
        return Err(Problem::NotFound);
    }
    if let Some(authorization) = shown.authorization {
        return Operator::from(by_token(config, shown, bearer(authorization))?).doing(shown.method);
    }
    let operator = by_session(config, shown)
        .or_else(|| by_access(config, shown))
        .ok_or(Problem::NoToken)?;
    // A browser adds both by itself, whichever page makes it send a request.
    own_page(shown)?;
    operator.doing(shown.method)
}

/// Admits a program that reads figures: as an operator, or by `Basic` with the token as the password of any user, which
/// every scraper can send.
///
/// # Errors
///
/// As for an operator.
pub fn admit_scraper(config: &Config, shown: &Credentials<'_>) -> Result<Operator, Problem> {
    match shown.authorization.and_then(password) {
        Some(password) if !config.console_tokens.is_empty() => {
            Ok(Operator::from(by_token(config, shown, &password)?))
        }
        _ => admit(config, shown),
    }
}

/// Begins a session for whoever presents a token in a form: the header `Set-Cookie`. `nonce` makes two sessions differ.
///
/// # Errors
///
/// No `CONSOLE_TOKEN` is set, the token is wrong, or the form is another site's.
pub fn sign_in(
    config: &Config,
    shown: &Credentials<'_>,
    token: &str,
    nonce: &str,
) -> Result<String, Problem> {
    if config.console_tokens.is_empty() {
        return Err(Problem::NotFound);
    }
    own_page(shown)?;
    let token = by_token(config, shown, token.trim())?;
    Ok(session::begin(token, shown.url, nonce, shown.now_s))
}

/// `true` if the caller may see what the configuration is. Nobody but this machine's users can call localhost; everybody
/// else must be an operator.
///
/// # Errors
///
/// A token is presented, and it is wrong.
pub fn sees_details(config: &Config, shown: &Credentials<'_>) -> Result<bool, Problem> {
    match admit(config, shown) {
        Ok(_) => Ok(true),
        Err(problem) if shown.authorization.is_some() && !config.console_tokens.is_empty() => {
            Err(problem)
        }
        Err(_) => Ok(shown.url.is_localhost()),
    }
}

/// A browser says whose page makes it send a request, where that could matter.
fn own_page(shown: &Credentials<'_>) -> Result<(), Problem> {
    match shown.origin {
        Some(origin) if origin != shown.url.origin => Err(Problem::CrossSite),
        _ => Ok(()),
    }
}

/// `true` for the methods that change nothing.
fn is_read(method: &str) -> bool {
    matches!(method, "GET" | "HEAD")
}

/// The token of a header `Authorization: Bearer …`; empty, which is nobody's, if it is another header.
fn bearer(authorization: &str) -> &str {
    authorization.strip_prefix("Bearer ").unwrap_or_default()
}

fn by_token<'c>(
    config: &'c Config,
    shown: &Credentials<'_>,
    token: &str,
) -> Result<&'c ConsoleToken, Problem> {
    config
        .console_tokens
        .admit(&Presented::value(token), shown.url.is_localhost())
        .ok_or(Problem::NoToken)
}

fn by_session(config: &Config, shown: &Credentials<'_>) -> Option<Operator> {
    let session = session::presented(shown.cookies?, shown.url)?;
    let token = session::admit(&config.console_tokens, session, shown.url, shown.now_s)?;
    Some(Operator {
        form_token: Some(session::form_token(token, session)),
        ..Operator::from(token)
    })
}

/// Access has a policy of its own for who gets as far as this, so whoever does may do everything.
fn by_access(config: &Config, shown: &Credentials<'_>) -> Option<Operator> {
    let person = shown.person?;
    let token = config.console_tokens.iter().next()?;
    Some(Operator {
        name: Name::Person(person.name.clone()),
        may_write: true,
        form_token: Some(session::form_token(token, &person.name)),
    })
}

/// The password in a header `Authorization: Basic …`.
fn password(authorization: &str) -> Option<String> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = STANDARD.decode(credentials.trim()).ok()?;
    let credentials = String::from_utf8(credentials).ok()?;
    credentials
        .split_once(':')
        .map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests;
