//! One builder of notifications, for the stand-in and for the tests.
//!
//! ```text
//! Notification::of(kind).id(12).updated_at("2026-11-21T20:00:00Z").keys(["s3cret"]).xml()
//! ```
//!
//! Its defaults are the values of 3scale's samples, so that a plain `of(kind)` equals the sample of its kind.

use crate::kinds::Kind;
use crate::objects::{Account, Application, Backend, Plan, User};
use crate::xml::Builder;

/// An event that can be serialised.
#[derive(Clone, Debug)]
#[must_use]
pub struct Notification {
    kind: Kind,
    object: Object,
}

#[derive(Clone, Debug)]
enum Object {
    Account(Account),
    User(User),
    Application(Application),
}

impl Notification {
    /// A notification of this kind about the sample's object.
    pub fn of(kind: Kind) -> Self {
        let object = match kind.object {
            "account" => Object::Account(sample_account(kind.action)),
            "user" => Object::User(sample_user()),
            _ => Object::Application(sample_application(kind.action)),
        };
        Self { kind, object }
    }

    /// The kind of event.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The document as 3scale pushes it: one line, no newline at its end.
    pub fn xml(&self) -> String {
        let mut xml = Builder::document();
        let destroyed = self.kind.is_deletion();
        xml.element("event", |xml| {
            xml.text("action", self.kind.action);
            xml.text("type", self.kind.object);
            xml.element("object", |xml| match &self.object {
                Object::Account(account) => account.write(xml, destroyed),
                Object::User(user) => user.write(xml, destroyed),
                Object::Application(application) => application.write(xml, destroyed),
            });
        });
        xml.into_string()
    }

    /// The object's id.
    pub fn id(mut self, id: u64) -> Self {
        match &mut self.object {
            Object::Account(Account { id: field, .. })
            | Object::User(User { id: field, .. })
            | Object::Application(Application { id: field, .. }) => *field = id,
        }
        self
    }

    /// When the object was created, as 3scale prints a time: `2021-05-14T20:22:53Z`, or with the tenant's offset.
    pub fn created_at(mut self, time: &str) -> Self {
        match &mut self.object {
            Object::Account(Account {
                created_at: field, ..
            })
            | Object::User(User {
                created_at: field, ..
            })
            | Object::Application(Application {
                created_at: field, ..
            }) => time.clone_into(field),
        }
        self
    }

    /// When the object was last changed, as 3scale prints a time.
    pub fn updated_at(mut self, time: &str) -> Self {
        match &mut self.object {
            Object::Account(Account {
                updated_at: field, ..
            })
            | Object::User(User {
                updated_at: field, ..
            })
            | Object::Application(Application {
                updated_at: field, ..
            }) => time.clone_into(field),
        }
        self
    }

    /// The object's state, such as `approved`.
    pub fn state(mut self, state: &str) -> Self {
        match &mut self.object {
            Object::Account(Account { state: field, .. })
            | Object::User(User { state: field, .. })
            | Object::Application(Application { state: field, .. }) => state.clone_into(field),
        }
        self
    }

    /// Adds an extra field; the same name again makes a choice of several.
    pub fn extra_field(mut self, name: &str, value: &str) -> Self {
        match &mut self.object {
            Object::Account(Account {
                extra_fields: fields,
                ..
            })
            | Object::User(User {
                extra_fields: fields,
                ..
            })
            | Object::Application(Application {
                extra_fields: fields,
                ..
            }) => {
                fields.push((name.to_owned(), value.to_owned()));
            }
        }
        self
    }

    /// The keys of an application in the clear; its product becomes one of version 2 if it has no keys.
    pub fn keys<'k>(self, new: impl IntoIterator<Item = &'k str>) -> Self {
        let new = new.into_iter().map(str::to_owned).collect();
        self.application(|application| match &mut application.backend {
            Backend::AppIdAndKeys { keys, .. } | Backend::Oauth { keys, .. } => *keys = new,
            Backend::UserKey { .. } => {
                application.backend = Backend::AppIdAndKeys {
                    application_id: "8d754b83".into(),
                    keys: new,
                };
            }
        })
    }

    /// Any other change to an application; other types are not affected.
    pub fn application(mut self, change: impl FnOnce(&mut Application)) -> Self {
        if let Object::Application(application) = &mut self.object {
            change(application);
        }
        self
    }

    /// Any other change to an account; other types are not affected.
    pub fn account(mut self, change: impl FnOnce(&mut Account)) -> Self {
        if let Object::Account(account) = &mut self.object {
            change(account);
        }
        self
    }

    /// Any other change to a user; other types are not affected.
    pub fn user(mut self, change: impl FnOnce(&mut User)) -> Self {
        if let Object::User(user) = &mut self.object {
            change(user);
        }
        self
    }
}

/// The user of the samples.
pub fn sample_user() -> User {
    User {
        id: 9,
        created_at: "2021-05-14T20:22:53Z".into(),
        updated_at: "2021-05-14T20:22:53Z".into(),
        account_id: 6,
        state: "pending".into(),
        role: "admin",
        cas_identifier: None,
        open_id: None,
        builtin_fields: fields(&[("username", "admin"), ("email", "admin@acme.org")]),
        extra_fields: vec![],
    }
}

/// Backend version 1 as the samples have it.
pub fn user_key_backend(user_key: &str) -> Backend {
    Backend::UserKey {
        user_key: user_key.to_owned(),
        provider_verification_key: "3758600979422b1b697583de17d4e8a7".into(),
    }
}

/// Names and values, in their order.
pub fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn sample_account(action: &str) -> Account {
    let plan = match action {
        "plan_changed" => Plan::account(44, "Premium"),
        _ => Plan {
            default: true,
            state: "hidden",
            ..Plan::account(6, "Default")
        },
    };
    Account {
        id: 6,
        created_at: "2021-05-14T20:22:53Z".into(),
        updated_at: "2021-05-14T20:22:53Z".into(),
        state: if action == "created" {
            "created"
        } else {
            "approved"
        }
        .into(),
        annotations: vec![],
        builtin_fields: fields(&[("org_name", "TestAccount")]),
        billing_address: None,
        extra_fields: vec![],
        credit_card: None,
        plans: vec![plan],
        users: vec![sample_user()],
    }
}

fn sample_application(action: &str) -> Application {
    // Key events exist only where there are keys, `user_key_updated` only where there is a user key.
    let keys = action.starts_with("key_") || action == "deleted";
    let plan = match action {
        "plan_changed" => Plan {
            custom: true,
            approval_required: true,
            setup_fee: "5.0".into(),
            cost_per_month: "2.99".into(),
            trial_period_days: Some(30),
            cancellation_period: 7,
            ..Plan::application(91, "Unlimited (custom)", 34)
        },
        _ => Plan {
            default: true,
            ..Plan::application(8, "Unlimited", 34)
        },
    };
    Application {
        id: 11,
        created_at: "2021-05-14T21:08:26Z".into(),
        updated_at: "2021-05-15T01:37:53Z".into(),
        state: if action == "suspended" {
            "suspended"
        } else {
            "live"
        }
        .into(),
        user_account_id: 7,
        first_traffic_at: None,
        first_daily_traffic_at: None,
        service_id: if keys { 40 } else { 34 },
        backend: if keys {
            sample_keys()
        } else {
            sample_user_key(action)
        },
        plan,
        builtin_fields: fields(&[
            ("name", "TestAccount's App"),
            ("description", "App to the Echo API"),
        ]),
        extra_fields: vec![],
        referrer_filters: None,
    }
}

/// Backend version 2 as the samples have it.
pub fn sample_keys() -> Backend {
    Backend::AppIdAndKeys {
        application_id: "8d754b83".into(),
        keys: vec![
            "f8e34f35fbd7763117f4e07e7a87c3c5".into(),
            r#"a<b&c>"d'"#.into(),
        ],
    }
}

fn sample_user_key(action: &str) -> Backend {
    user_key_backend(match action {
        "user_key_updated" => "ffffffffffffffffffffffffffffffff",
        _ => "24dfa552d2b54907db559a47362bc9a8",
    })
}
