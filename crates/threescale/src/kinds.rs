//! The kinds of events that 3scale's webhooks have.

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
