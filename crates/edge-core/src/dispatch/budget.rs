//! How many attempts one invocation may begin. The platform counts what an invocation calls, and the next alarm begins
//! another.

/// The free plan allows 50 subrequests.
const MOST: usize = 45;
/// Cloudflare allows 32 calls of other Workers, through service bindings.
const MOST_OF_SERVICES: usize = 32;

/// The attempts that may still begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    all: usize,
    of_services: usize,
}

/// What an invocation may begin.
impl Default for Budget {
    fn default() -> Self {
        Self::from(MOST)
    }
}

/// So many, of which no more are calls of other Workers than the platform allows.
impl From<usize> for Budget {
    fn from(all: usize) -> Self {
        Self {
            all,
            of_services: MOST_OF_SERVICES,
        }
    }
}

impl Budget {
    /// Nothing may begin.
    pub const NONE: Self = Self {
        all: 0,
        of_services: 0,
    };

    /// `true` if an attempt may begin. `is_service`: it calls another Worker.
    #[must_use]
    pub const fn allows(self, is_service: bool) -> bool {
        self.all > 0 && (!is_service || self.of_services > 0)
    }

    /// The rest, after one attempt more.
    #[must_use]
    pub const fn after(self, is_service: bool) -> Self {
        Self {
            all: self.all.saturating_sub(1),
            of_services: self.of_services.saturating_sub(is_service as usize),
        }
    }

    /// `true` if another invocation should go on, since there may be attempts that this one may not begin.
    #[must_use]
    pub const fn is_spent(self) -> bool {
        self.all == 0 || self.of_services == 0
    }
}
