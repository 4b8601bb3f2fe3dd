//! 3scale's admin API as its caller sees it: the calls, the settings of the webhook, and what each refusal means.

pub mod trouble;
pub mod webhook;
