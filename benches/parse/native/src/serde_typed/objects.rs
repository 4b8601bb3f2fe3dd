//! The objects of 3scale as structs.

use serde::{Deserialize, Serialize, Serializer};

use super::values::{Boolean, Decimal, Fields, Integer, Text, Time};

/// A struct whose fields are all optional: missing stays missing.
macro_rules! object {
    ($object:ident { $($field:ident $(= $sent:literal)?: $kind:ident,)* }) => {
        #[derive(Deserialize, Serialize)]
        pub(super) struct $object<'x> {$(
            #[serde(borrow, default, skip_serializing_if = "Option::is_none" $(, rename(deserialize = $sent))?)]
            pub(super) $field: Option<$kind<'x>>,
        )*}
    };
}

/// A list: `<plans><plan>…</plan></plans>` becomes an array, even if empty.
macro_rules! list {
    ($list:ident $item:ident $kind:ident) => {
        #[derive(Deserialize)]
        pub(super) struct $list<'x> {
            #[serde(borrow, default)]
            $item: Vec<$kind<'x>>,
        }

        impl Serialize for $list<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.$item.serialize(serializer)
            }
        }
    };
}

list!(Plans plan Plan);
list!(Users user User);
list!(Keys key Text);
list!(ReferrerFilters referrer_filter Text);

object!(Account {
    id: Integer,
    created_at: Time,
    updated_at: Time,
    state: Text,
    annotations: Fields,
    deletion_date: Time,
    admin_domain: Text,
    domain: Text,
    admin_base_url: Text,
    base_url: Text,
    from_email: Text,
    support_email: Text,
    finance_support_email: Text,
    site_access_code: Text,
    org_name: Text,
    org_legaladdress: Text,
    org_legaladdress_cont: Text,
    telephone_number: Text,
    vat_code: Text,
    vat_rate: Decimal,
    fiscal_code: Text,
    state_region: Text,
    city: Text,
    country: Text,
    zip: Text,
    primary_business: Text,
    business_category: Text,
    po_number: Text,
    billing_address: BillingAddress,
    extra_fields: Fields,
    monthly_billing_enabled: Boolean,
    monthly_charging_enabled: Boolean,
    credit_card_stored: Boolean,
    credit_card_partial_number: Text,
    credit_card_expires_on: Text,
    plans: Plans,
    users: Users,
});

object!(User {
    id: Integer,
    created_at: Time,
    updated_at: Time,
    account_id: Integer,
    state: Text,
    role: Text,
    cas_identifier: Text,
    open_id: Text,
    username: Text,
    email: Text,
    title: Text,
    first_name: Text,
    last_name: Text,
    job_role: Text,
    extra_fields: Fields,
});

object!(Application {
    id: Integer,
    created_at: Time,
    updated_at: Time,
    state: Text,
    user_account_id: Integer,
    first_traffic_at: Time,
    first_daily_traffic_at: Time,
    service_id: Integer,
    end_user_required: Boolean,
    user_key: Text,
    provider_verification_key: Text,
    application_id: Text,
    redirect_url: Text,
    keys: Keys,
    plan: Plan,
    oidc_configuration: OidcConfiguration,
    name: Text,
    description: Text,
    extra_fields: Fields,
    referrer_filters: ReferrerFilters,
});

// `custom` and `default` are attributes in XML.
object!(Plan {
    custom = "@custom": Boolean,
    default = "@default": Boolean,
    id: Integer,
    name: Text,
    r#type: Text,
    state: Text,
    approval_required: Boolean,
    end_user_required: Boolean,
    setup_fee: Decimal,
    cost_per_month: Decimal,
    trial_period_days: Integer,
    cancellation_period: Integer,
    service_id: Integer,
});

object!(BillingAddress {
    company: Text,
    address: Text,
    address1: Text,
    address2: Text,
    phone_number: Text,
    city: Text,
    country: Text,
    state: Text,
    zip: Text,
});

object!(OidcConfiguration {
    id: Integer,
    standard_flow_enabled: Boolean,
    implicit_flow_enabled: Boolean,
    service_accounts_enabled: Boolean,
    direct_access_grants_enabled: Boolean,
});
