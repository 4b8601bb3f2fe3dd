//! The kinds of events that 3scale's webhooks have, and the actions among them.

/// The type and the action of each of them: 3scale has a switch for each (`app/models/web_hook.rb`).
///
/// Other types and actions are accepted all the same: see [`Notification`](crate::Notification).
pub const KINDS: [(&str, &str); 16] = [
    ("account", "created"),
    ("account", "updated"),
    ("account", "plan_changed"),
    ("account", "deleted"),
    ("user", "created"),
    ("user", "updated"),
    ("user", "deleted"),
    ("application", "created"),
    ("application", "updated"),
    ("application", "suspended"),
    ("application", "plan_changed"),
    ("application", "user_key_updated"),
    ("application", "key_created"),
    ("application", "key_deleted"),
    ("application", "key_updated"),
    ("application", "deleted"),
];

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident $name:literal)*) => {
        /// An action that 3scale has a switch for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$doc])* $action,)*
        }

        impl Action {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// The action as 3scale writes it: `key_created`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$action => $name,)* }
            }

            /// The action that 3scale writes like this, if it is a known one.
            #[must_use]
            pub fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$action),)*
                    _ => None,
                }
            }
        }
    };
}

actions! {
    /// The object is new.
    Created "created"
    /// The object has changed.
    Updated "updated"
    /// The object is gone.
    Deleted "deleted"
    /// The account or application has another plan.
    PlanChanged "plan_changed"
    /// The application was suspended.
    Suspended "suspended"
    /// The application has another user key.
    UserKeyUpdated "user_key_updated"
    /// The application has a key more.
    KeyCreated "key_created"
    /// The application has a key less.
    KeyDeleted "key_deleted"
    /// A key of the application was replaced.
    KeyUpdated "key_updated"
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
