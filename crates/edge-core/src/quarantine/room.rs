//! Which bodies have a place in the quarantine. It has room for so many bytes. What was pushed is in 3scale's list as
//! well, or will be, so it may be removed to make place; what was recovered is nowhere else, so it never is: if there is
//! no place for more of it, it stays in 3scale's list.

/// How many bytes a quarantine holds.
pub const MOST_BYTES: u64 = 64 << 20;
/// What a row takes besides its body, so that small ones are bounded in number too.
const ROW_BYTES: usize = 1024;

/// How a body came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// 3scale pushed it. It is answered 422, so 3scale sends it again, and lists it in the end.
    Pushed,
    /// Recovery read it in 3scale's list, and lets 3scale delete it once it is stored.
    Recovered,
}

/// The bytes that a quarantine holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Of bodies that were only pushed.
    pub pushed: u64,
    /// Of bodies that were recovered.
    pub recovered: u64,
}

/// What is done with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is there already: it is counted.
    Known,
    /// It is there already, and from now on it counts as recovered.
    Mark,
    /// It is stored, after the oldest of those that were pushed are removed until so many bytes are free.
    Store {
        /// The bytes that have to be freed.
        evict: u64,
    },
    /// There is no place for it.
    Full,
}

impl Place {
    /// `true` if operators should hear of it: a body that came in this way is new, or cannot be stored. What recovery
    /// finds no place for is in its report.
    #[must_use]
    pub const fn is_news(self, way: Way) -> bool {
        match self {
            Self::Store { .. } => true,
            Self::Full => matches!(way, Way::Pushed),
            Self::Known | Self::Mark => false,
        }
    }

    /// `true` if the body is in the quarantine afterwards.
    #[must_use]
    pub const fn is_kept(self) -> bool {
        !matches!(self, Self::Full)
    }
}

/// How many bytes a body counts for.
#[must_use]
pub fn size(body: &[u8], detail: &str) -> u64 {
    let bytes = body.len() + detail.len() + ROW_BYTES;
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

impl Room {
    /// What is done with a body of this size. `found` is how an equal one came that is there already.
    #[must_use]
    pub const fn place(self, found: Option<Way>, way: Way, size: u64) -> Place {
        match (found, way) {
            (Some(Way::Pushed), Way::Recovered) => Place::Mark,
            (Some(_), _) => Place::Known,
            (None, _) if self.recovered.saturating_add(size) > MOST_BYTES => Place::Full,
            (None, _) => {
                let wanted = self
                    .recovered
                    .saturating_add(self.pushed)
                    .saturating_add(size);
                Place::Store {
                    evict: wanted.saturating_sub(MOST_BYTES),
                }
            }
        }
    }

    /// With a body more.
    #[must_use]
    pub const fn with(self, way: Way, size: u64) -> Self {
        match way {
            Way::Pushed => Self {
                pushed: self.pushed.saturating_add(size),
                ..self
            },
            Way::Recovered => Self {
                recovered: self.recovered.saturating_add(size),
                ..self
            },
        }
    }

    /// With a body less.
    #[must_use]
    pub const fn without(self, way: Way, size: u64) -> Self {
        match way {
            Way::Pushed => Self {
                pushed: self.pushed.saturating_sub(size),
                ..self
            },
            Way::Recovered => Self {
                recovered: self.recovered.saturating_sub(size),
                ..self
            },
        }
    }
}

#[cfg(test)]
mod tests;
