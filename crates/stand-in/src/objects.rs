//! The objects of a notification: account, user, application and plan, element by element as porta writes them.
//!
//! Values are text where 3scale's own printing matters (times with the tenant's offset, decimals).
#![expect(
    missing_docs,
    reason = "a field is the XML element of its name; anything more is documented at the field"
)]

use crate::xml::Builder;

/// A plan, inside an application or an account.
#[derive(Clone, Debug)]
pub struct Plan {
    pub id: u64,
    pub name: String,
    /// `application_plan`, `service_plan` or `account_plan`.
    pub r#type: &'static str,
    pub state: &'static str,
    pub custom: bool,
    pub default: bool,
    pub approval_required: bool,
    pub setup_fee: String,
    pub cost_per_month: String,
    pub trial_period_days: Option<u32>,
    pub cancellation_period: u32,
    /// Application and service plans only.
    pub service_id: Option<u64>,
}

impl Plan {
    /// An account plan without fees.
    pub fn account(id: u64, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            r#type: "account_plan",
            state: "published",
            custom: false,
            default: false,
            approval_required: false,
            setup_fee: "0.0".into(),
            cost_per_month: "0.0".into(),
            trial_period_days: None,
            cancellation_period: 0,
            service_id: None,
        }
    }

    /// A service plan of the product without fees.
    pub fn service(id: u64, name: &str, service_id: u64) -> Self {
        Self {
            r#type: "service_plan",
            service_id: Some(service_id),
            ..Self::account(id, name)
        }
    }

    /// An application plan of the product without fees.
    pub fn application(id: u64, name: &str, service_id: u64) -> Self {
        Self {
            r#type: "application_plan",
            service_id: Some(service_id),
            ..Self::account(id, name)
        }
    }

    fn write(&self, xml: &mut Builder) {
        let flag = |on: bool| if on { "true" } else { "false" };
        let attributes = match self.r#type {
            "application_plan" => vec![
                ("custom", flag(self.custom)),
                ("default", flag(self.default)),
            ],
            _ if self.default => vec![("default", "true")],
            _ => vec![],
        };
        xml.element_with("plan", &attributes, |xml| {
            xml.text("id", self.id);
            xml.text("name", &self.name);
            xml.text("type", self.r#type);
            xml.text("state", self.state);
            xml.text("approval_required", self.approval_required);
            xml.text("setup_fee", &self.setup_fee);
            xml.text("cost_per_month", &self.cost_per_month);
            xml.optional("trial_period_days", self.trial_period_days);
            xml.text("cancellation_period", self.cancellation_period);
            if let Some(service_id) = self.service_id {
                xml.text("service_id", service_id);
            }
        });
    }
}

/// Names and values in their order; a name may repeat (a choice of several).
pub type Fields = Vec<(String, String)>;

fn write_fields(xml: &mut Builder, fields: &Fields) {
    for (name, value) in fields {
        xml.text(name, value);
    }
}

/// A developer account with its plans and users.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: u64,
    pub created_at: String,
    pub updated_at: String,
    pub state: String,
    pub annotations: Fields,
    /// `org_name` and the other fields that the tenant defined, in the tenant's order.
    pub builtin_fields: Fields,
    /// `None`: not defined by the tenant. A value of `None` inside prints `<zip/>`.
    pub billing_address: Option<Vec<(&'static str, Option<String>)>>,
    pub extra_fields: Fields,
    /// Partial number and expiry date of the stored card.
    pub credit_card: Option<(String, String)>,
    pub plans: Vec<Plan>,
    pub users: Vec<User>,
}

impl Account {
    pub(crate) fn write(&self, xml: &mut Builder, destroyed: bool) {
        xml.element("account", |xml| {
            xml.text("id", self.id);
            xml.text("created_at", &self.created_at);
            xml.text("updated_at", &self.updated_at);
            xml.text("state", &self.state);
            xml.element("annotations", |xml| write_fields(xml, &self.annotations));
            if !destroyed {
                self.write_rest(xml);
            }
        });
    }

    fn write_rest(&self, xml: &mut Builder) {
        write_fields(xml, &self.builtin_fields);
        if let Some(address) = &self.billing_address {
            xml.element("billing_address", |xml| {
                for (name, value) in address {
                    xml.optional(name, value.as_ref());
                }
            });
        }
        xml.element("extra_fields", |xml| write_fields(xml, &self.extra_fields));
        if !matches!(self.state.as_str(), "suspended" | "scheduled_for_deletion") {
            xml.text("monthly_billing_enabled", true);
            xml.text("monthly_charging_enabled", true);
        }
        xml.text("credit_card_stored", self.credit_card.is_some());
        if let Some((partial_number, expires_on)) = &self.credit_card {
            xml.text("credit_card_partial_number", partial_number);
            xml.text("credit_card_expires_on", expires_on);
        }
        xml.element("plans", |xml| {
            self.plans.iter().for_each(|plan| plan.write(xml));
        });
        xml.element("users", |xml| {
            self.users.iter().for_each(|user| user.write(xml, false));
        });
    }
}

/// A user of a developer account.
#[derive(Clone, Debug)]
pub struct User {
    pub id: u64,
    pub created_at: String,
    pub updated_at: String,
    pub account_id: u64,
    pub state: String,
    pub role: &'static str,
    pub cas_identifier: Option<String>,
    pub open_id: Option<String>,
    /// `username`, `email`, and the other fields that the tenant defined.
    pub builtin_fields: Fields,
    pub extra_fields: Fields,
}

impl User {
    pub(crate) fn write(&self, xml: &mut Builder, destroyed: bool) {
        xml.element("user", |xml| {
            xml.text("id", self.id);
            xml.text("created_at", &self.created_at);
            xml.text("updated_at", &self.updated_at);
            xml.text("account_id", self.account_id);
            xml.text("state", &self.state);
            xml.text("role", self.role);
            if let Some(cas_identifier) = &self.cas_identifier {
                xml.text("cas_identifier", cas_identifier);
            }
            if let Some(open_id) = &self.open_id {
                xml.text("open_id", open_id);
            }
            if !destroyed {
                write_fields(xml, &self.builtin_fields);
                xml.element("extra_fields", |xml| write_fields(xml, &self.extra_fields));
            }
        });
    }
}

/// How a product identifies its applications: 3scale's `backend_version`.
#[derive(Clone, Debug)]
pub enum Backend {
    /// Version 1: one user key.
    UserKey {
        user_key: String,
        provider_verification_key: String,
    },
    /// Version 2: an id, and keys in the clear.
    AppIdAndKeys {
        application_id: String,
        keys: Vec<String>,
    },
    /// OAuth and `OpenID` Connect: an id, one key as the client's secret, and a redirect URL.
    Oauth {
        client_id: String,
        keys: Vec<String>,
        redirect_url: Option<String>,
    },
}

/// An application, which porta calls a `Cinstance`.
#[derive(Clone, Debug)]
pub struct Application {
    pub id: u64,
    pub created_at: String,
    pub updated_at: String,
    pub state: String,
    pub user_account_id: u64,
    pub first_traffic_at: Option<String>,
    pub first_daily_traffic_at: Option<String>,
    pub service_id: u64,
    pub backend: Backend,
    pub plan: Plan,
    /// `name` and `description`, if the tenant defined them.
    pub builtin_fields: Fields,
    pub extra_fields: Fields,
    /// `None`: the product does not ask for referrers.
    pub referrer_filters: Option<Vec<String>>,
}

impl Application {
    pub(crate) fn write(&self, xml: &mut Builder, destroyed: bool) {
        xml.element("application", |xml| {
            xml.text("id", self.id);
            xml.text("created_at", &self.created_at);
            xml.text("updated_at", &self.updated_at);
            xml.text("state", &self.state);
            xml.text("user_account_id", self.user_account_id);
            xml.optional("first_traffic_at", self.first_traffic_at.as_ref());
            xml.optional(
                "first_daily_traffic_at",
                self.first_daily_traffic_at.as_ref(),
            );
            xml.text("service_id", self.service_id);
            self.backend.write(xml, destroyed);
            self.plan.write(xml);
            if matches!(self.backend, Backend::Oauth { .. }) {
                write_oidc_configuration(xml);
            }
            if destroyed {
                return;
            }
            write_fields(xml, &self.builtin_fields);
            xml.element("extra_fields", |xml| write_fields(xml, &self.extra_fields));
            if let Some(filters) = &self.referrer_filters {
                write_list(xml, "referrer_filters", "referrer_filter", filters);
            }
        });
    }
}

impl Backend {
    fn write(&self, xml: &mut Builder, destroyed: bool) {
        match self {
            Self::UserKey {
                user_key,
                provider_verification_key,
            } => {
                xml.text("user_key", user_key);
                xml.text("provider_verification_key", provider_verification_key);
            }
            Self::AppIdAndKeys {
                application_id,
                keys,
            } => {
                xml.text("application_id", application_id);
                if !destroyed {
                    write_list(xml, "keys", "key", keys);
                }
            }
            Self::Oauth {
                client_id,
                keys,
                redirect_url,
            } => {
                xml.text("application_id", client_id);
                xml.optional("redirect_url", redirect_url.as_ref());
                if !destroyed {
                    write_list(xml, "keys", "key", keys);
                }
            }
        }
    }
}

fn write_list(xml: &mut Builder, list: &str, item: &str, values: &[String]) {
    xml.element(list, |xml| {
        for value in values {
            xml.text(item, value);
        }
    });
}

fn write_oidc_configuration(xml: &mut Builder) {
    xml.element("oidc_configuration", |xml| {
        xml.text("id", 3);
        xml.text("standard_flow_enabled", true);
        xml.text("implicit_flow_enabled", false);
        xml.text("service_accounts_enabled", false);
        xml.text("direct_access_grants_enabled", false);
    });
}
