//! 3scale's admin API as its caller sees it: the settings of the webhook, and what each refusal means.

pub mod error;
pub mod webhook;
