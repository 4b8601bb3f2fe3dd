//! Signing in.

use askama::Template;
use edge_core::problem::Problem;

use crate::frame::Frame;

/// The page on which an operator presents a token.
#[derive(Debug, Template)]
#[template(path = "sign-in.html")]
pub struct SignInPage {
    /// What is around it.
    pub frame: Frame,
    /// What was wrong with the last try; empty at the first.
    pub refusal: &'static str,
    /// Where to go afterwards, a path of the console.
    pub to: String,
}

impl SignInPage {
    /// What is said of a try that failed.
    #[must_use]
    pub fn refusal(problem: &Problem) -> &'static str {
        match problem {
            Problem::NoToken => "This is none of the console's tokens.",
            Problem::TooManyGuesses => {
                "Too many wrong tokens came from this address. Wait a minute, then try again."
            }
            Problem::Misconfigured => {
                "CONSOLE_TOKEN has mistakes, and no valid token is left. The Worker's log names them."
            }
            Problem::CrossSite => "This came from a page of another site. Sign in here.",
            _ => "That did not work. Try again.",
        }
    }
}
