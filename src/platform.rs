//! What the rules take as arguments and only the platform knows: the time, chance, the configuration.

use std::{cell::RefCell, rc::Rc};

use worker::{Date, Env};

use crate::{config::Setup, delivery::timing::Jitter};

/// The time in milliseconds since 1970. In the runtime it stands still between I/O.
#[must_use]
pub fn now_ms() -> i64 {
    i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX)
}

/// A new event id: UUID version 7, which sorts by time.
///
/// # Errors
///
/// The platform has no randomness to give.
pub fn new_id(now_ms: i64) -> Result<String, getrandom::Error> {
    let mut random = [0; 10];
    getrandom::fill(&mut random)?;
    let id = uuid::Builder::from_unix_timestamp_millis(now_ms.max(0).cast_unsigned(), &random);
    Ok(id.into_uuid().to_string())
}

/// What sorts before every id of this time and later.
#[must_use]
pub fn first_id(time_ms: i64) -> String {
    let ms = time_ms.max(0);
    format!("{:08x}-{:04x}", ms >> 16, ms & 0xffff)
}

/// How far an attempt is put off. Nothing secret hangs on it, so any chance will do.
#[must_use]
pub fn jitter() -> Jitter {
    Jitter::new(getrandom::u32().map_or(0.0, |chance| f64::from(chance) / f64::from(u32::MAX)))
}

/// Ends once others have had their turn: long work in an inbox does not keep what comes in waiting.
pub async fn others_first() {
    worker::Delay::from(std::time::Duration::ZERO).await;
}

thread_local! {
    static SETUP: RefCell<Option<Rc<Setup>>> = const { RefCell::new(None) };
}

/// The configuration, read once for each instance of the Worker: variables and secrets do not
/// change while one lives.
#[must_use]
pub fn setup(env: &Env) -> Rc<Setup> {
    SETUP.with_borrow_mut(|setup| Rc::clone(setup.get_or_insert_with(|| Rc::new(Setup::read(env)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time() {
        let now = 1_700_000_000_123;
        let id = new_id(now).unwrap();
        assert!(first_id(now) < id && id < first_id(now + 1), "{id}");
        assert!(new_id(now - 1).unwrap() < first_id(now));
        assert_eq!(id.len(), 36);
    }
}
