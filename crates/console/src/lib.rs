//! The console's pages: what a template gets, made from the API's own answers, and how documents, times and figures are
//! shown. Templates are in `templates/` at the repository's root, and are checked when this is compiled.
//!
//! A page is one file here in [`pages`], one template, and one file in the Worker's `src/console`. It has no rules of
//! its own: what an operator may see and do is the API's business (`edge_core::api`).

pub mod chart;
pub mod form;
pub mod frame;
pub mod icon;
pub mod link;
pub mod markup;
pub mod moment;
pub mod pages;
pub mod text;
