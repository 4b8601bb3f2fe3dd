//! Documents as people read them: pretty, foldable, and without the credentials in them.

pub mod changes;
pub mod code;
pub mod credentials;
pub mod json;
pub mod place;
pub mod xml;
