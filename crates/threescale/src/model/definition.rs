//! The elements of 3scale's notifications, each listed once.
//!
//! The notation: a shape has the name of its view, the name of its element, its attributes in
//! parentheses and its elements in braces. An element is `name: Kind`, where `[item Kind]` is a
//! list of `<item>`; `kind = "type"` is for a name that Rust reserves. The comments become the
//! documentation of the views and the descriptions in the JSON Schemas.
//!
//! The source is 3scale's own code, 3scale/porta at ecd60bd (2026-08-21): each shape names its
//! file there. An element without a remark to the contrary is in every notification about that
//! object.

use super::define::{kind, read, sent, shapes, view};
use super::element::Element;
use super::names::NameTable;
use super::shape::{Field, Kind, Shape};
use super::values::{self, Decimal, Fields, Id};
use crate::time::{Date, Timestamp};
use crate::xml::Tag;

shapes! {
    /// A developer account, or on a master's hook a tenant.
    /// Source: `app/models/account.rb`, `to_xml`.
    Account "account" () {
        /// The account's id.
        id: Id,
        /// When it was created.
        created_at: Time,
        /// When it was last changed.
        updated_at: Time,
        /// created, pending, approved, rejected, suspended or `scheduled_for_deletion`.
        state: Text,
        /// Annotations by name; 3scale 2.15 and later. Only `managed_by` is in use.
        annotations: Fields,
        /// When a tenant that is scheduled for deletion will be deleted.
        deletion_date: Time,
        /// Tenants only: the domain of the admin portal.
        admin_domain: Text,
        /// Tenants only: the domain of the developer portal.
        domain: Text,
        /// Tenants only: the URL of the admin portal.
        admin_base_url: Text,
        /// Tenants only: the URL of the developer portal.
        base_url: Text,
        /// Tenants only: the sender of its mails.
        from_email: Text,
        /// Tenants only: where its developers find help.
        support_email: Text,
        /// Tenants only: where its developers find help with invoices.
        finance_support_email: Text,
        /// Tenants only, a secret: opens a developer portal that is not public yet.
        site_access_code: Text,
        /// The organization's name. Like every field down to `billing_address`, only if the provider
        /// defined it and it is not blank; never of a deleted account.
        org_name: Text,
        /// First line of the legal address.
        org_legaladdress: Text,
        /// Second line of the legal address.
        org_legaladdress_cont: Text,
        /// Telephone number.
        telephone_number: Text,
        /// VAT code.
        vat_code: Text,
        /// VAT rate in percent.
        vat_rate: Decimal,
        /// Fiscal code.
        fiscal_code: Text,
        /// State or region.
        state_region: Text,
        /// City.
        city: Text,
        /// The country's name, not its code.
        country: Text,
        /// Postal code.
        zip: Text,
        /// Primary business.
        primary_business: Text,
        /// Business category.
        business_category: Text,
        /// Purchase order number.
        po_number: Text,
        /// Where invoices go.
        billing_address: BillingAddress,
        /// Values of the fields that the provider defined. Missing from a deleted account.
        extra_fields: Fields,
        /// Whether it is billed monthly. Missing while it is suspended or scheduled for deletion.
        monthly_billing_enabled: Boolean,
        /// Whether it is charged monthly. Missing while it is suspended or scheduled for deletion.
        monthly_charging_enabled: Boolean,
        /// Whether a credit card is stored.
        credit_card_stored: Boolean,
        /// The card's last digits, if one is stored.
        credit_card_partial_number: Text,
        /// The card's last day, if one is stored.
        credit_card_expires_on: Date,
        /// The plans it is on: account, service and application plans, mixed.
        plans: [plan Plan],
        /// All of its users.
        users: [user User],
    }

    /// A user of an account.
    /// Source: `app/models/user.rb`, `to_xml`.
    User "user" () {
        /// The user's id.
        id: Id,
        /// When it was created.
        created_at: Time,
        /// When it was last changed.
        updated_at: Time,
        /// The account it belongs to.
        account_id: Id,
        /// pending, active, suspended or `email_unverified`.
        state: Text,
        /// admin, member or contributor.
        role: Text,
        /// The identifier in the CAS server, if there is one.
        cas_identifier: Text,
        /// The `OpenID`, if there is one.
        open_id: Text,
        /// The user's name. Missing from a deleted user.
        username: Text,
        /// The e-mail address. Missing from a deleted user.
        email: Text,
        /// Title. Like the next ones, only if the provider defined it and it is not blank.
        title: Text,
        /// First name.
        first_name: Text,
        /// Last name.
        last_name: Text,
        /// Job role.
        job_role: Text,
        /// Values of the fields that the provider defined. Missing from a deleted user.
        extra_fields: Fields,
    }

    /// An application of an account.
    /// Source: `app/models/cinstance.rb`, `to_xml`.
    Application "application" () {
        /// The application's id. What an API calls App ID is `application_id`.
        id: Id,
        /// When it was created.
        created_at: Time,
        /// When it was last changed. Adding or removing a key does not touch it.
        updated_at: Time,
        /// pending, live, suspended or deprecated.
        state: Text,
        /// The account it belongs to.
        user_account_id: Id,
        /// The first call to the API.
        first_traffic_at: Time,
        /// The first call to the API on the latest day with traffic.
        first_daily_traffic_at: Time,
        /// The product it is an application of.
        service_id: Id,
        /// Whether end users were required; 3scale up to 2.7.
        end_user_required: Boolean,
        /// Authentication by API key, a secret: the key.
        user_key: Text,
        /// Authentication by API key, a secret: the key that the provider verifies with.
        provider_verification_key: Text,
        /// Authentication by App ID or `OpenID` Connect: the App ID or client id.
        application_id: Text,
        /// OAuth and `OpenID` Connect: the redirect URL.
        redirect_url: Text,
        /// Authentication by App ID or `OpenID` Connect, secrets: the App Keys or the client secret.
        /// Missing from a deleted application.
        keys: [key Text],
        /// The plan it is on.
        plan: Plan,
        /// `OpenID` Connect: the enabled flows; 3scale 2.5 and later.
        oidc_configuration: OidcConfiguration,
        /// The application's name. Missing from a deleted application.
        name: Text,
        /// The description, if it is not blank.
        description: Text,
        /// Values of the fields that the provider defined. Missing from a deleted application.
        extra_fields: Fields,
        /// Domains and addresses that calls may come from, if the product asks for them.
        referrer_filters: [referrer_filter Text],
    }

    /// A plan: of an account, of a subscription to a product, or of an application.
    /// Source: `app/models/plan.rb`, `app/models/application_plan.rb`, `app/models/service_plan.rb`, `to_xml`.
    Plan "plan" (
        /// Whether it was made for one application. Application plans only.
        custom: Boolean,
        /// Whether new ones are put on it. Of account and service plans only if it is so.
        default: Boolean,
    ) {
        /// The plan's id.
        id: Id,
        /// The plan's name.
        name: Text,
        /// `application_plan`, `service_plan` or `account_plan`.
        kind = "type": Text,
        /// hidden or published.
        state: Text,
        /// Whether the provider has to approve; 3scale 2.5 and later.
        approval_required: Boolean,
        /// Whether end users were required; 3scale up to 2.7.
        end_user_required: Boolean,
        /// Paid once.
        setup_fee: Decimal,
        /// Paid each month.
        cost_per_month: Decimal,
        /// Free days at the start.
        trial_period_days: Integer,
        /// Days of notice.
        cancellation_period: Integer,
        /// The product of an application or service plan.
        service_id: Id,
    }

    /// Where an account's invoices go.
    /// Source: `app/models/account/billing_address.rb`, `to_xml`.
    BillingAddress "billing_address" () {
        /// The organization's name.
        company: Text,
        /// Both lines of the address.
        address: Text,
        /// First line of the address.
        address1: Text,
        /// Second line of the address.
        address2: Text,
        /// Telephone number.
        phone_number: Text,
        /// City.
        city: Text,
        /// The country's code.
        country: Text,
        /// State or region.
        state: Text,
        /// Postal code.
        zip: Text,
    }

    /// The `OpenID` Connect flows of an application.
    /// Source: `app/models/oidc_configuration.rb`, `to_xml`.
    OidcConfiguration "oidc_configuration" () {
        /// The configuration's id.
        id: Id,
        /// Authorization code flow.
        standard_flow_enabled: Boolean,
        /// Implicit flow.
        implicit_flow_enabled: Boolean,
        /// Client credentials flow.
        service_accounts_enabled: Boolean,
        /// Resource owner password flow.
        direct_access_grants_enabled: Boolean,
    }
}

/// The number of an element's or attribute's name.
#[inline]
pub(crate) fn tag(name: &str) -> Tag {
    static TABLE: NameTable = NAMES;
    TABLE.tag(name)
}

/// Names that are in no shape: the elements around the object, and the items of lists of texts.
const OTHERS: &[&str] = &[
    "event",
    "action",
    "type",
    "object",
    "key",
    "referrer_filter",
];
