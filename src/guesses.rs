//! A brake on whoever guesses tokens. [`edge_core::guesses`] decides; here is the memory of this instance, and the
//! platform's rate limiter, which counts across the instances of a location. It is the binding `TOKEN_GUESSES`;
//! without it, only this instance counts.

use std::cell::RefCell;

use edge_core::{
    guesses::{self, Guesses},
    problem::Problem,
};
use worker::{Env, Request};

use crate::{log, platform::now_ms};

const BINDING: &str = "TOKEN_GUESSES";

thread_local! {
    static GUESSES: RefCell<Guesses> = RefCell::default();
}

/// Tries the token that a request presents, unless its sender has presented too many wrong ones. Counts a wrong one.
///
/// # Errors
///
/// The caller has to wait, or is not admitted.
pub async fn counted<T>(
    request: &Request,
    env: &Env,
    admit: impl FnOnce() -> Result<T, Problem>,
) -> Result<T, Problem> {
    // Cloudflare sets it, and lets nobody else.
    let address = request.headers().get("cf-connecting-ip").ok().flatten();
    let caller = guesses::caller(&address.unwrap_or_default());
    GUESSES.with_borrow(|guesses| guesses.check(&caller, now_ms()))?;
    let admitted = admit();
    if matches!(admitted, Err(Problem::NoToken)) {
        let is_over_limit = is_over_limit(env, &caller).await;
        GUESSES.with_borrow_mut(|guesses| guesses.wrong(&caller, is_over_limit, now_ms()));
    }
    admitted
}

async fn is_over_limit(env: &Env, caller: &str) -> bool {
    let Ok(limiter) = env.rate_limiter(BINDING) else {
        return false;
    };
    match limiter.limit(caller.to_owned()).await {
        Ok(outcome) => !outcome.success,
        Err(error) => {
            log::error("counting wrong tokens", &error);
            false
        }
    }
}
