//! The 16 kinds of event: three types, each with its actions.

use std::fmt;
use std::str::FromStr;

/// One of the 16 pairs of type and action, each with a switch of its own in 3scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// `account`, `user` or `application`; also the name of the object's root element.
    pub object: &'static str,
    /// The action on the object, such as `created`.
    pub action: &'static str,
}

impl Kind {
    /// All of them, by type and in the order of an object's life.
    pub const ALL: [Self; 16] = [
        Self::new("account", "created"),
        Self::new("account", "updated"),
        Self::new("account", "plan_changed"),
        Self::new("account", "deleted"),
        Self::new("user", "created"),
        Self::new("user", "updated"),
        Self::new("user", "deleted"),
        Self::new("application", "created"),
        Self::new("application", "updated"),
        Self::new("application", "suspended"),
        Self::new("application", "plan_changed"),
        Self::new("application", "user_key_updated"),
        Self::new("application", "key_created"),
        Self::new("application", "key_deleted"),
        Self::new("application", "key_updated"),
        Self::new("application", "deleted"),
    ];

    const fn new(object: &'static str, action: &'static str) -> Self {
        Self { object, action }
    }

    /// The switch that turns this kind on, a column of porta's `web_hooks`.
    pub fn switch(self) -> String {
        format!("{}_{}_on", self.object, self.action)
    }

    /// A destroyed record is serialised with fewer elements.
    pub fn is_deletion(self) -> bool {
        self.action == "deleted"
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad`, so that a width in the caller's format string works.
        f.pad(&format!("{}.{}", self.object, self.action))
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.to_string() == text)
            .ok_or_else(|| {
                let all: Vec<_> = Self::ALL.iter().map(Self::to_string).collect();
                format!("not one of the 16 kinds: {}", all.join(", "))
            })
    }
}
